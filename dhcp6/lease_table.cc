// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/lease_table.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "net/byte_reader.h"

namespace sixgate::dhcp6 {
namespace {

// What clients decline is remembered for so many addresses; a client that declines all it gets must not make
// us keep them all.
constexpr std::size_t kMostDeclined = 1024;

// The finaliser of splitmix64.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

std::uint64_t first_of(const Prefix& prefix) { return prefix.address().high(); }
std::uint64_t last_of(const Prefix& prefix) {
  return prefix.length() >= 64
             ? first_of(prefix)
             : first_of(prefix) + ((std::uint64_t{1} << (64 - prefix.length())) - 1);
}

}  // namespace

LinkNumber LeaseTable::link_number(std::string_view name) {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i] == name) return static_cast<LinkNumber>(i);
  }
  links_.emplace_back(name);
  return static_cast<LinkNumber>(links_.size() - 1);
}

std::uint64_t LeaseTable::hash_of(std::span<const std::uint8_t> bytes) const {
  std::uint64_t hash = seed_ ^ bytes.size();
  ByteReader reader(bytes);
  while (reader.left() >= 8) hash = mix(hash ^ reader.u64()) + 0x9e3779b97f4a7c15U;
  std::uint64_t rest = 0;
  while (!reader.at_end()) rest = rest << 8 | reader.u8();
  return mix(hash ^ rest);
}

std::uint64_t LeaseTable::hash_of(LinkNumber link, std::uint64_t interface_id) const {
  return mix(mix(interface_id ^ seed_) + link);
}

ClientNumber LeaseTable::find_client(const Duid& duid) const {
  return client_index_.find(hash_of(duid.bytes()),
                            [&](ClientNumber number) { return clients_[number].duid == duid; });
}

BindingNumber LeaseTable::find(ClientNumber client, AssociationType type,
                               std::uint32_t iaid) const {
  if (client == kNoNumber) return kNoNumber;
  BindingNumber at = clients_[client].first;
  while (at != kNoNumber && (bindings_[at].type != type || bindings_[at].iaid != iaid))
    at = bindings_[at].next;
  return at;
}

BindingNumber LeaseTable::find_address(LinkNumber link, std::uint64_t interface_id) const {
  return address_index_.find(hash_of(link, interface_id), [&](BindingNumber number) {
    return bindings_[number].link == link && bindings_[number].interface_id == interface_id;
  });
}

const std::vector<Prefix>& LeaseTable::prefixes(const Binding& binding) const {
  return binding.type == AssociationType::kPrefixes ? binding.delegated : sets_[binding.set];
}

LeaseList LeaseTable::leases(const Binding& binding) const {
  if (binding.type == AssociationType::kPrefixes) return LeaseList(binding.delegated);
  LeaseList addresses;
  for (const Prefix& prefix : sets_[binding.set]) {
    addresses.push_back(
        Prefix(prefix.with_suffix(Ip6Address::from_halves(0, binding.interface_id)), 128));
  }
  return addresses;
}

unsigned LeaseTable::count(ClientNumber client, AssociationType type) const {
  if (client == kNoNumber) return 0;
  unsigned count = 0;
  for (BindingNumber at = clients_[client].first; at != kNoNumber; at = bindings_[at].next)
    count += bindings_[at].type == type ? 1U : 0U;
  return count;
}

ClientNumber LeaseTable::meet(const Duid& duid, const Ip6Address& address, bool accepts_reconfigure,
                              bool relayed, std::string_view name) {
  ClientNumber number = find_client(duid);
  if (number == kNoNumber) {
    LeaseClient fresh{.duid = duid, .address = address, .name = {}};
    if (free_clients_.empty()) {
      number = static_cast<ClientNumber>(clients_.size());
      clients_.push_back(std::move(fresh));
    } else {
      number = free_clients_.back();
      free_clients_.pop_back();
      clients_[number] = std::move(fresh);
    }
    client_index_.insert(hash_of(duid.bytes()), number);
  }
  LeaseClient& client = clients_[number];
  client_changed_ = client.address != address ||
                    client.accepts_reconfigure != accepts_reconfigure ||
                    client.relayed != relayed || (!name.empty() && client.name != name);
  client.address = address;
  client.accepts_reconfigure = accepts_reconfigure;
  client.relayed = relayed;
  if (!name.empty() && client.name != name) client.name = name;
  if (!relayed || !accepts_reconfigure) paths_.erase(number);
  return number;
}

void LeaseTable::reach_by(ClientNumber client, RelayPath path, Instant now) {
  RelayPath& kept = paths_[client];
  if (kept == path) return;
  kept = std::move(path);
  write(PathRecord{clients_[client].duid, kept}, now);
}

const RelayPath* LeaseTable::path(ClientNumber client) const {
  const auto found = paths_.find(client);
  return found == paths_.end() ? nullptr : &found->second;
}

bool LeaseTable::can_be_told(ClientNumber client) const {
  return clients_[client].accepts_reconfigure &&
         (!clients_[client].relayed || paths_.contains(client));
}

std::uint16_t LeaseTable::set_number(const LeaseList& prefixes) {
  const auto found =
      std::find_if(sets_.begin(), sets_.end(), [&](const auto& set) { return prefixes == set; });
  if (found != sets_.end()) return static_cast<std::uint16_t>(found - sets_.begin());
  // A house renumbered 65,000 times since the start: those that nobody has any more make room.
  if (sets_.size() > 0xfff0) {
    std::vector<bool> used(sets_.size());
    used[0] = true;
    for (const Binding& one : bindings_) {
      if (one.client != kNoNumber) used[one.set] = true;
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i]) continue;
      sets_[i].assign(prefixes.begin(), prefixes.end());
      return static_cast<std::uint16_t>(i);
    }
    return 0;
  }
  sets_.emplace_back(prefixes.begin(), prefixes.end());
  return static_cast<std::uint16_t>(sets_.size() - 1);
}

BindingNumber LeaseTable::allocate(ClientNumber client, AssociationType type, std::uint32_t iaid) {
  BindingNumber number = free_binding_;
  if (number == kNoNumber) {
    number = static_cast<BindingNumber>(bindings_.size());
    bindings_.emplace_back();
  } else {
    free_binding_ = bindings_[number].next;
  }
  Binding& binding = bindings_[number];
  const Instant queued = binding.queued;  // an end of its last owner may still be there
  binding = Binding{};
  binding.queued = queued;
  binding.client = client;
  binding.type = type;
  binding.iaid = iaid;
  binding.next = clients_[client].first;
  clients_[client].first = number;
  ++binding_count_;
  return number;
}

// What the binding stands for becomes findable and taken.
void LeaseTable::occupy(BindingNumber number, const BindingContent& content) {
  Binding& binding = bindings_[number];
  binding.link = content.link;
  binding.valid_until = content.valid_until;
  if (binding.type == AssociationType::kAddresses) {
    binding.interface_id = content.interface_id;
    binding.set = set_number(content.prefixes);
    address_index_.insert(hash_of(binding.link, binding.interface_id), number);
  } else {
    if (delegated_on_.size() <= binding.link) delegated_on_.resize(binding.link + std::size_t{1});
    ++delegated_on_[binding.link];
    binding.delegated.assign(content.prefixes.begin(), content.prefixes.end());
    for (const Prefix& prefix : binding.delegated)
      delegated_.add(first_of(prefix), last_of(prefix));
  }
  watch(number);
}

void LeaseTable::vacate(BindingNumber number) {
  Binding& binding = bindings_[number];
  if (binding.type == AssociationType::kAddresses) {
    address_index_.erase(hash_of(binding.link, binding.interface_id), number);
  } else {
    for (const Prefix& prefix : binding.delegated)
      delegated_.remove(first_of(prefix), last_of(prefix));
    binding.delegated.clear();
    --delegated_on_[binding.link];
  }
  ++freed_;
}

void LeaseTable::watch(BindingNumber number) {
  Binding& binding = bindings_[number];
  // Later ends are seen to when the queue comes to the earlier one.
  if (binding.queued <= binding.valid_until) return;
  binding.queued = binding.valid_until;
  ends_.push_back({binding.valid_until, number});
  std::push_heap(ends_.begin(), ends_.end(), std::greater<>());
}

BindingNumber LeaseTable::put(ClientNumber client, AssociationType type, std::uint32_t iaid,
                              const BindingContent& content, Instant now) {
  BindingNumber number = find(client, type, iaid);
  if (number != kNoNumber) {
    Binding& binding = bindings_[number];
    if (binding.link == content.link && binding.interface_id == content.interface_id &&
        content.prefixes == prefixes(binding)) {
      binding.valid_until = content.valid_until;
      watch(number);
      if (std::exchange(client_changed_, false)) {
        write(record_of(number), now);
      } else {
        write(ExtendedRecord{number, content.valid_until}, now);
      }
      return number;
    }
    vacate(number);
  } else {
    number = allocate(client, type, iaid);
  }
  occupy(number, content);
  client_changed_ = false;
  write(record_of(number), now);
  return number;
}

void LeaseTable::remove(BindingNumber number) {
  vacate(number);
  Binding& binding = bindings_[number];
  LeaseClient& client = clients_[binding.client];
  BindingNumber* link = &client.first;
  while (*link != number) link = &bindings_[*link].next;
  *link = binding.next;
  if (client.first == kNoNumber) {
    client_index_.erase(hash_of(client.duid.bytes()), binding.client);
    free_clients_.push_back(binding.client);
    client.name = std::string();
    paths_.erase(binding.client);
  }
  binding.client = kNoNumber;
  binding.next = free_binding_;
  free_binding_ = number;
  --binding_count_;
}

void LeaseTable::end(BindingNumber number, Instant now) {
  remove(number);
  write(EndedRecord{number}, now);
}

void LeaseTable::decline(LinkNumber link, std::uint64_t interface_id, Instant until, Instant now) {
  std::erase_if(declined_, [&](const auto& entry) { return entry.second <= now; });
  if (declined_.size() >= kMostDeclined) {
    declined_.erase(
        std::min_element(declined_.begin(), declined_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  declined_[{link, interface_id}] = until;
  write(DeclinedRecord{links_[link], interface_id, until}, now);
}

bool LeaseTable::is_declined(LinkNumber link, std::uint64_t interface_id, Instant now) const {
  const auto found = declined_.find({link, interface_id});
  return found != declined_.end() && found->second > now;
}

void LeaseTable::register_address(const Ip6Address& address, Registration registration,
                                  Instant now) {
  write(RegisteredRecord{address, registration.link, registration.duid, registration.name,
                         registration.until},
        now);
  if (registration.until <= now) {
    registrations_.remove(address);
    ++freed_;
  } else {
    registrations_.put(address, std::move(registration));
  }
}

BindingNumber LeaseTable::next_ended(Instant now) {
  while (!ends_.empty() && ends_.front().at <= now) {
    const auto [at, number] = ends_.front();
    std::pop_heap(ends_.begin(), ends_.end(), std::greater<>());
    ends_.pop_back();
    Binding& binding = bindings_[number];
    if (binding.queued != at) continue;  // it stands there a second time, earlier
    binding.queued = Instant::never();
    if (binding.client == kNoNumber) continue;
    if (binding.valid_until <= now) return number;
    watch(number);
  }
  return kNoNumber;
}

std::optional<Instant> LeaseTable::next_end() const {
  const std::optional<Instant> registered = registrations_.next_end();
  return ends_.empty() ? registered : earlier(registered, std::optional(ends_.front().at));
}

BoundRecord LeaseTable::record_of(BindingNumber number) const {
  const Binding& binding = bindings_[number];
  const LeaseClient& client = clients_[binding.client];
  return {.number = number,
          .type = binding.type,
          .iaid = binding.iaid,
          .duid = client.duid,
          .link = links_[binding.link],
          .interface_id = binding.interface_id,
          .prefixes = prefixes(binding),
          .valid_until = binding.valid_until,
          .client_address = client.address,
          .accepts_reconfigure = client.accepts_reconfigure,
          .relayed = client.relayed,
          .name = client.name};
}

void LeaseTable::write(const JournalRecord& record, Instant now) {
  emit_journal_record(journal_, record, now);
}

std::vector<std::uint8_t> LeaseTable::snapshot(Instant now) const {
  std::vector<std::uint8_t> bytes;
  // What a lease takes with a DUID and a name of usual length: thousands of them are not copied again and again.
  constexpr std::size_t kUsualRecord = 128;
  bytes.reserve((binding_count_ + 4) * kUsualRecord);
  emit_journal_header(bytes);
  emit_journal_record(bytes, SessionRecord{boot_, epoch_, now}, now);
  each([&](BindingNumber number, const Binding&) {
    emit_journal_record(bytes, record_of(number), now);
  });
  for (const auto& [client, path] : paths_)
    emit_journal_record(bytes, PathRecord{clients_[client].duid, path}, now);
  for (const auto& [place, until] : declined_) {
    if (until > now)
      emit_journal_record(bytes, DeclinedRecord{links_[place.first], place.second, until}, now);
  }
  for (const auto& [address, one] : registrations_.all())
    emit_journal_record(bytes, RegisteredRecord{address, one.link, one.duid, one.name, one.until},
                        now);
  return bytes;
}

}  // namespace sixgate::dhcp6
