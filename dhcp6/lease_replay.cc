// SPDX-License-Identifier: Apache-2.0
// What a journal makes of an empty table. Records of one clock's run are taken as they are; when another run
// begins, what remained of each lease at the last record of the old one is counted from the start of the new
// one: how long the house was without power nobody knows, and a lease kept too long harms nobody.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "dhcp6/lease_table.h"

namespace sixgate::dhcp6 {

class LeaseReplay {
 public:
  LeaseReplay(LeaseTable& table, std::string_view boot, Instant now)
      : table_(table), boot_(boot), now_(now) {}

  void take(const JournalRecord& record, Instant at) {
    last_ = std::max(last_, at);
    std::visit([this](const auto& one) { apply(one); }, record);
  }

  void finish() {
    change_clock(boot_, now_);
    // Numbers in the journal that follows are the table's own.
    // What a client said last is true of all its leases: only one of them was written anew then, and that one may be over.
    std::vector<const Lease*> in_order;
    in_order.reserve(leases_.size() + ended_.size());
    for (const auto& [number, lease] : leases_) in_order.push_back(&lease);
    for (const Lease& lease : ended_) in_order.push_back(&lease);
    std::ranges::sort(in_order, {}, &Lease::written);
    for (const Lease* one : in_order) {
      const BoundRecord& lease = one->record;
      const bool over = one->ended || lease.valid_until <= now_;
      if (over && table_.find_client(lease.duid) == kNoNumber) continue;
      const ClientNumber client = table_.meet(lease.duid, lease.client_address,
                                              lease.accepts_reconfigure, lease.relayed, lease.name);
      if (over) continue;
      const LinkNumber link = table_.link_number(lease.link);
      if (!fits(client, link, lease)) {
        forget_if_empty(client);
        continue;
      }
      table_.occupy(table_.allocate(client, lease.type, lease.iaid),
                    {link, lease.interface_id, LeaseList(lease.prefixes), lease.valid_until});
    }
    for (auto& [duid, path] : paths_) {
      const ClientNumber client = table_.find_client(duid);
      if (client == kNoNumber || !table_.client(client).relayed) continue;
      if (table_.client(client).accepts_reconfigure && table_.has_room_for_path(client))
        table_.paths_[client] = std::move(path);
    }
    for (const auto& [place, until] : declined_) {
      if (until > now_) table_.declined_[{table_.link_number(place.first), place.second}] = until;
    }
    for (const auto& [address, one] : registered_) {
      if (one.until > now_ && !table_.registrations_.is_full())
        table_.registrations_.put(address, one);
    }
  }

 private:
  struct Lease {
    BoundRecord record;
    std::uint64_t written;  // in which order
    bool ended = false;
  };
  void apply(const SessionRecord& session) {
    table_.epoch_ = std::max(table_.epoch_, session.epoch);
    change_clock(session.boot, session.now);
    last_ = session.now;
    clock_ = session.boot;
  }
  void apply(const BoundRecord& lease) {
    leases_.insert_or_assign(lease.number, Lease{lease, written_++});
    if (!lease.relayed || !lease.accepts_reconfigure) paths_.erase(lease.duid);
  }
  void apply(const PathRecord& record) { paths_.insert_or_assign(record.duid, record.path); }
  void apply(const ExtendedRecord& record) {
    const auto found = leases_.find(record.number);
    if (found != leases_.end()) found->second.record.valid_until = record.valid_until;
  }
  void apply(const EndedRecord& record) {
    const auto found = leases_.find(record.number);
    if (found == leases_.end()) return;
    found->second.ended = true;
    ended_.push_back(std::move(found->second));
    leases_.erase(found);
  }
  void apply(const DeclinedRecord& record) {
    declined_[{record.link, record.interface_id}] = record.until;
  }
  void apply(const RegisteredRecord& record) {
    registered_.insert_or_assign(record.address,
                                 Registration{record.link, record.duid, record.name, record.until});
  }

  void change_clock(std::string_view boot, Instant now) {
    if (clock_ == boot) return;
    const auto moved = [&](Instant until) {
      return until.is_never() ? until : now + std::max<Duration>(until - last_, Duration{});
    };
    for (auto& [number, lease] : leases_)
      lease.record.valid_until = moved(lease.record.valid_until);
    for (auto& [place, until] : declined_) until = moved(until);
    for (auto& [address, one] : registered_) one.until = moved(one.until);
  }

  // Rot may have eaten the record that took something from its earlier owner: the first one keeps it.
  bool fits(ClientNumber client, LinkNumber link, const BoundRecord& lease) const {
    if (table_.find(client, lease.type, lease.iaid) != kNoNumber) return false;
    if (lease.type == AssociationType::kAddresses)
      return table_.find_address(link, lease.interface_id) == kNoNumber;
    for (const Prefix& prefix : lease.prefixes) {
      const std::uint64_t first = prefix.address().high();
      const std::uint64_t last =
          first | (prefix.length() >= 64 ? 0 : (std::uint64_t{1} << (64 - prefix.length())) - 1);
      if (prefix.length() == 0 || table_.delegated_after(first, last)) return false;
    }
    return true;
  }
  void forget_if_empty(ClientNumber client) {
    if (table_.clients_[client].first != kNoNumber) return;
    table_.client_index_.erase(table_.hash_of(table_.clients_[client].duid.bytes()), client);
    table_.free_clients_.push_back(client);
  }

  LeaseTable& table_;
  std::string boot_;
  Instant now_;
  std::string clock_;
  Instant last_;
  std::map<std::uint32_t, Lease> leases_;
  std::vector<Lease> ended_;
  std::uint64_t written_ = 0;
  std::map<Duid, RelayPath> paths_;
  std::map<std::pair<std::string, std::uint64_t>, Instant> declined_;
  std::map<Ip6Address, Registration> registered_;
};

JournalReading LeaseTable::restore(std::span<const std::uint8_t> journal, std::string_view boot,
                                   Instant now, std::uint32_t first) {
  LeaseReplay replay(*this, boot, now);
  const JournalReading reading = read_journal(
      journal, [&](const JournalRecord& record, Instant at) { replay.take(record, at); });
  replay.finish();
  boot_ = boot;
  epoch_ = epoch_ == 0 ? first : epoch_ + 1;
  return reading;
}

}  // namespace sixgate::dhcp6
