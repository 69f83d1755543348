// SPDX-License-Identifier: Apache-2.0
// LeaseTable: every client with its IAs, by number. Finding a client by DUID, an IA by client, type and IAID,
// and the owner of an address or prefix takes the same time however many there are; an IA with one address
// costs about 200 octets. Every change is written into the journal the moment it is made, and the owner puts
// the journal on its medium before anybody hears of the change.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/delegated_runs.h"
#include "dhcp6/duid.h"
#include "dhcp6/lease_journal.h"
#include "dhcp6/number_index.h"
#include "dhcp6/registrations.h"
#include "dhcp6/relay_path.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/short_list.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

using ClientNumber = std::uint32_t;
using BindingNumber = std::uint32_t;
using LinkNumber = std::uint16_t;
inline constexpr std::uint32_t kNoNumber = NumberIndex::kNone;

// Addresses as /128, or prefixes: of one IA. In most houses one of the provider's and one unique local.
using LeaseList = ShortList<Prefix, 2>;

struct LeaseClient {
  Duid duid;
  Ip6Address address;  // where it was last heard from; of a relayed one the relay agent's
  std::string name;    // its own idea, or what was reserved for it
  BindingNumber first = kNoNumber;
  bool accepts_reconfigure = false;
  bool relayed = false;
};

struct Binding {
  ClientNumber client = kNoNumber;  // kNoNumber: this place is free
  BindingNumber next = kNoNumber;   // of the same client; of a free place the next free one
  std::uint32_t iaid = 0;
  LinkNumber link = 0;
  AssociationType type = AssociationType::kAddresses;
  std::uint16_t set = 0;           // of addresses: in which prefixes, see LeaseTable::prefixes()
  std::uint64_t interface_id = 0;  // of addresses
  std::vector<Prefix> delegated;   // of prefixes
  Instant valid_until;
  Instant queued = Instant::never();  // where it stands in the queue of ends, or earlier
};

// What is to be written of a binding.
struct BindingContent {
  LinkNumber link = 0;
  std::uint64_t interface_id = 0;
  LeaseList prefixes;  // on-link ones that the address lies in, or what is delegated
  Instant valid_until;
};

class LeaseTable {
 public:
  // `seed` keeps strangers from choosing DUIDs that all fall into one place.
  explicit LeaseTable(std::uint64_t seed = 0) : seed_(seed) {}

  // Names of links become numbers, and stay so.
  LinkNumber link_number(std::string_view name);
  const std::string& link_name(LinkNumber number) const { return links_[number]; }

  ClientNumber find_client(const Duid& duid) const;
  BindingNumber find(ClientNumber client, AssociationType type, std::uint32_t iaid) const;
  // Who has this identifier on the link.
  BindingNumber find_address(LinkNumber link, std::uint64_t interface_id) const;
  const LeaseClient& client(ClientNumber number) const { return clients_[number]; }
  const Binding& binding(BindingNumber number) const { return bindings_[number]; }
  const std::vector<Prefix>& prefixes(const Binding& binding) const;
  LeaseList leases(const Binding& binding) const;
  // How many IAs of a type a client has.
  unsigned count(ClientNumber client, AssociationType type) const;
  // How many IAs of prefixes a link has.
  unsigned delegations_on(LinkNumber link) const {
    return link < delegated_on_.size() ? delegated_on_[link] : 0;
  }

  // What a client says of itself. The name only when it is not empty.
  ClientNumber meet(const Duid& duid, const Ip6Address& address, bool accepts_reconfigure,
                    bool relayed, std::string_view name);
  // Where a relayed one that accepts Reconfigure is told, as its last message came. Clients that somebody makes up
  // behind a relay agent take no more memory than so many paths.
  static constexpr std::size_t kMostPaths = 1024;
  bool has_room_for_path(ClientNumber client) const {
    return paths_.size() < kMostPaths || paths_.contains(client);
  }
  void reach_by(ClientNumber client, RelayPath path, Instant now);
  const RelayPath* path(ClientNumber client) const;
  // It accepts Reconfigure, and the way to it is known.
  bool can_be_told(ClientNumber client) const;
  // Gives a client an IA, or changes the one it has. An extension alone is a short record.
  BindingNumber put(ClientNumber client, AssociationType type, std::uint32_t iaid,
                    const BindingContent& content, Instant now);
  void end(BindingNumber number, Instant now);
  // Nobody gets this identifier on the link before `until`.
  void decline(LinkNumber link, std::uint64_t interface_id, Instant until, Instant now);
  bool is_declined(LinkNumber link, std::uint64_t interface_id, Instant now) const;

  // What hosts tell of their own addresses; `until` not after `now` takes it away.
  void register_address(const Ip6Address& address, Registration registration, Instant now);
  const Registrations& registrations() const { return registrations_; }

  // The last /64 of what is delegated in one piece around the last part of first..last, or none when nothing there is:
  // a search goes on behind it. Numbers are the upper halves of addresses.
  std::optional<std::uint64_t> delegated_after(std::uint64_t first, std::uint64_t last) const {
    return delegated_.in_the_way(first, last);
  }

  // The binding whose time is over at `now`, or kNoNumber.
  BindingNumber next_ended(Instant now);
  // May be early: then nothing has ended.
  std::optional<Instant> next_end() const;

  std::size_t binding_count() const { return binding_count_; }
  std::size_t client_count() const { return client_index_.size(); }
  // Goes up whenever something becomes free.
  std::uint64_t freed() const { return freed_; }
  template <class Take>  // (BindingNumber, const Binding&)
  void each(Take take) const {
    for (BindingNumber i = 0; i < bindings_.size(); ++i) {
      if (bindings_[i].client != kNoNumber) take(i, bindings_[i]);
    }
  }

  // What an earlier run wrote, and the beginning of this one. Without a journal the table is empty.
  // `first`: the epoch of this run when the journal tells none.
  JournalReading restore(std::span<const std::uint8_t> journal, std::string_view boot, Instant now,
                         std::uint32_t first = 1);
  std::uint32_t epoch() const { return epoch_; }
  // Octets to be appended since the last call; the next ones go into `next`, whose memory is used again.
  std::vector<std::uint8_t> take_journal(std::vector<std::uint8_t> next) {
    next.clear();
    return std::exchange(journal_, std::move(next));
  }
  // The whole table as a journal of its own, which replaces what was written before.
  std::vector<std::uint8_t> snapshot(Instant now) const;

 private:
  struct End {
    Instant at;
    BindingNumber number;
    bool operator>(const End& other) const { return at > other.at; }
  };
  std::uint64_t hash_of(std::span<const std::uint8_t> bytes) const;
  std::uint64_t hash_of(LinkNumber link, std::uint64_t interface_id) const;
  std::uint16_t set_number(const LeaseList& prefixes);
  BindingNumber allocate(ClientNumber client, AssociationType type, std::uint32_t iaid);
  void occupy(BindingNumber number, const BindingContent& content);
  void vacate(BindingNumber number);
  void remove(BindingNumber number);
  void watch(BindingNumber number);
  BoundRecord record_of(BindingNumber number) const;
  void write(const JournalRecord& record, Instant now);

  std::deque<std::string> links_;
  std::deque<LeaseClient> clients_;
  std::map<ClientNumber, RelayPath> paths_;  // of those relayed ones that accept Reconfigure
  std::vector<ClientNumber> free_clients_;
  std::deque<Binding> bindings_;
  BindingNumber free_binding_ = kNoNumber;
  std::size_t binding_count_ = 0;
  NumberIndex client_index_;
  NumberIndex address_index_;
  // Of on-link prefixes, shared by those whose address lies in them.
  std::vector<std::vector<Prefix>> sets_{{}};
  DelegatedRuns delegated_;
  std::vector<unsigned> delegated_on_;  // by link
  std::map<std::pair<LinkNumber, std::uint64_t>, Instant> declined_;
  Registrations registrations_;
  std::vector<End> ends_;  // a heap, the earliest on top
  std::uint64_t freed_ = 0;
  std::uint64_t seed_;
  bool client_changed_ = false;  // by meet(): put() writes all of it
  std::uint32_t epoch_ = 0;
  std::string boot_;
  std::vector<std::uint8_t> journal_;

  friend class LeaseReplay;
};

}  // namespace sixgate::dhcp6
