// SPDX-License-Identifier: Apache-2.0
// Which leases an IA gets (RFC 9915 sections 13, 18.3.2, 18.3.4, 18.3.5; RFC 8168; RFC 9096 section 3.5).
#include <algorithm>
#include <utility>

#include "dhcp6/lease_choice.h"
#include "dhcp6/server.h"
#include "net/interface_id.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// IA_NAs of one client: nobody has more interfaces in one DUID.
constexpr std::size_t kMostAddresses = 16;

// How long a link that was found full is not looked through again, unless something is given back.
constexpr Duration kFullFor = seconds(10);

template <class List>
bool listed(const List& all, const typename List::value_type& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::string text_of(std::span<const Prefix> leases) {
  std::string text;
  for (const Prefix& lease : leases) {
    text += cat(text.empty() ? "" : ", ",
                lease.length() == 128 ? lease.address().to_string() : lease.to_string());
  }
  return text;
}

}  // namespace

const Reservation* Server::reservation_for(const Query& query,
                                           std::optional<std::uint32_t> iaid) const {
  const auto find = [&](const std::optional<MacAddress>& mac) -> const Reservation* {
    for (const Reservation& one : query.link->reservations) {
      if (one.duid && (query.duid == nullptr || *one.duid != *query.duid)) continue;
      if (one.mac && one.mac != mac) continue;
      if (!one.hostname.empty() && one.hostname != query.said_name) continue;
      if (one.iaid && one.iaid != iaid) continue;
      return &one;
    }
    return nullptr;
  };
  if (query.link->reservations.empty()) return nullptr;
  if (const Reservation* found = find(query.mac)) return found;
  // The DUID may tell of another interface of the same device (RFC 9915 section 11).
  const auto inside = query.duid == nullptr ? std::nullopt : query.duid->link_layer();
  return inside && inside != query.mac ? find(inside) : nullptr;
}

// As far as is known when it does not speak: where it was heard lately, the name as it was.
const Reservation* Server::reservation_of(const Binding& binding, const ServerLink& link,
                                          Instant now) const {
  const LeaseClient& client = table_.client(binding.client);
  Query query;
  query.link = &link;
  query.duid = &client.duid;
  if (heard_ && !client.relayed) query.mac = heard_(link.name, client.address, now);
  query.said_name = client.name;
  return reservation_for(query, binding.iaid);
}

std::pair<Lifetime, Lifetime> Server::lifetimes(const Query& query, std::uint32_t iaid,
                                                Instant preferred_until,
                                                Instant valid_until) const {
  Lifetime preferred = query.link->preferred;
  Lifetime valid = query.link->valid;
  const Reservation* reserved = reservation_for(query, iaid);
  if (reserved != nullptr && reserved->lifetime) {
    valid = *reserved->lifetime;
    preferred = valid.is_infinite() ? valid : Lifetime(valid.count() / 2);
  }
  valid = std::min(valid, remaining(valid_until, query.now));
  preferred = std::min({preferred, valid, remaining(preferred_until, query.now)});
  return {preferred, valid};
}

bool Server::may_have(const Query& query, std::uint64_t interface_id, BindingNumber known,
                      const Given& given) const {
  if (is_reserved_interface_id(interface_id) || listed(given.interface_ids, interface_id) ||
      table_.is_declined(query.link_number, interface_id, query.now))
    return false;
  const BindingNumber owner = table_.find_address(query.link_number, interface_id);
  if (owner != kNoNumber && owner != known) return false;
  for (const Ip6Address& address : query.link->in_use) {
    if (query.link->interface_id_of(address) == interface_id) return false;
  }
  for (const ScopePrefix& one : query.link->prefixes) {
    if (interface_id > one.prefix.last_interface_id() ||
        is_reserved_interface_id(one.prefix, interface_id))
      return false;
  }
  return !is_registered_by_another(query, interface_id);
}

bool Server::is_heard_of_another(const Query& query, std::uint64_t interface_id) const {
  if (!heard_) return false;
  return std::any_of(
      query.link->prefixes.begin(), query.link->prefixes.end(), [&](const ScopePrefix& one) {
        const auto station =
            heard_(query.link->name,
                   one.prefix.with_suffix(Ip6Address::from_halves(0, interface_id)), query.now);
        return station && station != query.station;
      });
}

std::optional<std::uint64_t> Server::interface_id_for(const Query& query, std::uint32_t iaid,
                                                      BindingNumber known,
                                                      std::span<const Ip6Address> named,
                                                      const Given& given) {
  const auto reserved_for_others = [&](std::uint64_t id) {
    return std::any_of(query.link->reservations.begin(), query.link->reservations.end(),
                       [&](const Reservation& one) { return one.interface_id == id; });
  };
  const Reservation* mine = reservation_for(query, iaid);
  if (mine != nullptr && mine->interface_id && may_have(query, *mine->interface_id, known, given))
    return mine->interface_id;
  const auto is_to_be_had = [&](std::uint64_t id) {
    return !reserved_for_others(id) && may_have(query, id, known, given);
  };
  const auto is_free = [&](std::uint64_t id) {
    return is_to_be_had(id) && !released_.withholds(*query.duid, query.link->name, id, query.now);
  };
  if (known != kNoNumber && is_free(table_.binding(known).interface_id))
    return table_.binding(known).interface_id;
  // Who has made itself an address of the range, or a person did, keeps it.
  const auto is_quiet = [&](std::uint64_t id) {
    return is_free(id) && !is_heard_of_another(query, id);
  };
  for (const Ip6Address& address : named) {
    const bool on_link =
        std::any_of(query.link->prefixes.begin(), query.link->prefixes.end(),
                    [&](const ScopePrefix& prefix) { return prefix.prefix.contains(address); });
    const std::uint64_t id = query.link->interface_id_of(address);
    if (!on_link || !query.link->range.contains(id)) continue;
    // Heard of somebody whose station we do not know: it may be this client itself.
    if (query.station ? is_quiet(id) : is_free(id)) return id;
  }
  const auto full = full_.find(query.link_number);
  if (full != full_.end() && full->second.freed == table_.freed() && query.now < full->second.until)
    return std::nullopt;
  const std::uint64_t seed =
      choice_seed(configuration_.secret, *query.duid, AssociationType::kAddresses, iaid);
  auto chosen = choose_interface_id(query.link->range, seed, is_quiet);
  // Whoever was heard there may be gone since: better than none, and the client looks itself (RFC 4862 section 5.4).
  if (!chosen) chosen = choose_interface_id(query.link->range, seed, is_free);
  // What was taken from it is better than nothing.
  if (!chosen && released_.knows(*query.duid, query.now))
    chosen = choose_interface_id(query.link->range, seed, is_to_be_had);
  if (!chosen && given.interface_ids.empty()) {
    if (full == full_.end() || full->second.freed != table_.freed())
      say(LogLevel::kWarning, cat("lan ", query.link->name, ": no address is left of ",
                                  Ip6Address::from_halves(0, query.link->range.first), " to ",
                                  Ip6Address::from_halves(0, query.link->range.last)));
    full_[query.link_number] = {table_.freed(), query.now + kFullFor};
  }
  return chosen;
}

Server::Answer Server::assign_addresses(const Query& query, const IaNaView& ia, Intent intent,
                                        Given& given) {
  const ServerLink& link = *query.link;
  Answer answer{.type = AssociationType::kAddresses, .iaid = ia.iaid};
  ShortList<Ip6Address, 4> named;
  ia.options.each<IaAddress>([&](const IaAddress& one) {
    if (!one.address.is_unspecified()) named.push_back(one.address);
  });
  BindingNumber known = table_.find(query.client, AssociationType::kAddresses, ia.iaid);
  if (known != kNoNumber && table_.binding(known).link != query.link_number) known = kNoNumber;
  LeaseList held;
  if (known != kNoNumber) held = LeaseList(table_.prefixes(table_.binding(known)));
  const auto is_live = [&](const Prefix& prefix) {
    return std::any_of(link.prefixes.begin(), link.prefixes.end(), [&](const ScopePrefix& one) {
      return one.prefix == prefix && one.valid_until > query.now;
    });
  };
  const auto is_on_link = [&](const Ip6Address& address) {
    return std::any_of(link.prefixes.begin(), link.prefixes.end(), [&](const ScopePrefix& one) {
      return one.prefix.contains(address) && one.valid_until > query.now;
    });
  };

  // Section 18.3.2. What the client had from us in a prefix that is gone is not its mistake.
  if (intent == Intent::kRequest && link.settled) {
    for (const Ip6Address& address : named) {
      if (!is_on_link(address) && !any_contains(held, address)) {
        answer.status = Status::kNotOnLink;
        return answer;
      }
    }
  }
  const bool renewing = intent == Intent::kRenew || intent == Intent::kRebind;
  const bool may_create = intent != Intent::kRebind || link.rapid_commit;
  const bool has_room =
      known != kNoNumber ||
      table_.count(query.client, AssociationType::kAddresses) + given.interface_ids.size() <
          kMostAddresses;
  std::optional<std::uint64_t> id;
  if (link.addresses && has_room && (known != kNoNumber || may_create))
    id = interface_id_for(query, ia.iaid, known, named, given);
  if (id) {
    for (const ScopePrefix& prefix : link.prefixes) {
      const auto [preferred, valid] =
          lifetimes(query, ia.iaid, prefix.preferred_until, prefix.valid_until);
      // A prefix that is only running out is extended for those who have it.
      if (valid.is_zero() || (preferred.is_zero() && !listed(held, prefix.prefix))) continue;
      const Ip6Address address = prefix.prefix.with_suffix(Ip6Address::from_halves(0, *id));
      answer.grants.push_back({Prefix(address, 128), prefix.prefix, preferred, valid});
    }
  }
  const auto granted = [&](const Prefix& lease) {
    return std::any_of(answer.grants.begin(), answer.grants.end(),
                       [&](const Grant& grant) { return grant.prefix == lease; });
  };
  const auto withdraw = [&](const Prefix& lease) {
    // Before all prefixes are known, one that is not among them may yet come.
    if (granted(lease) || listed(answer.withdrawn, lease)) return;
    const bool live = is_on_link(lease.address());
    if (!link.settled && !live) return;
    // Section 18.3.5: what somebody else may have given is not ours to take back.
    if (live && known == kNoNumber && !may_create) return;
    answer.withdrawn.push_back(lease);
  };
  if (intent != Intent::kOffer) {
    if (renewing || intent == Intent::kRequest) {
      for (const Ip6Address& address : named) withdraw(Prefix(address, 128));
    }
    if (known != kNoNumber) {
      for (const Prefix& lease : table_.leases(table_.binding(known))) withdraw(lease);
    }
  }
  if (answer.grants.empty()) {
    if (link.addresses && !link.settled && (named.empty() || !is_on_link(named.front())))
      return answer;
    if (known != kNoNumber && link.settled && intent != Intent::kOffer)
      end(known, LeaseEvent::Kind::kReleased, query.now);
    if (renewing && !answer.withdrawn.empty()) return answer;
    answer.withdrawn.clear();
    answer.status = intent == Intent::kRebind && !may_create && known == kNoNumber
                        ? Status::kNoBinding
                        : Status::kNoAddrsAvail;
    return answer;
  }
  if (intent != Intent::kOffer) {
    LeaseList kept;
    for (const Prefix& prefix : held) {
      if (!link.settled && !is_live(prefix)) kept.push_back(prefix);
    }
    commit(query, answer, *id, kept);
  }
  return answer;
}

std::optional<Prefix> Server::prefix_for(const Query& query, std::uint32_t iaid,
                                         const DelegableSpace& space, std::span<const Prefix> named,
                                         const Given& given) const {
  const unsigned shortest = std::max(query.link->shortest_delegation, 1U);
  const Reservation* mine = reservation_for(query, iaid);
  std::vector<Prefix> others(given.prefixes.begin(), given.prefixes.end());
  for (const Reservation& one : query.link->reservations) {
    const auto kept = one.subnet ? space.prefix.subnet(64, *one.subnet) : std::nullopt;
    if (kept && &one != mine) others.push_back(*kept);
  }
  unsigned wished = 64;
  for (const Prefix& one : named) {
    if (one.address().is_unspecified() && one.length() != 0) wished = one.length();
  }
  if (mine != nullptr && mine->subnet) {
    // As large as was asked for and as begins there.
    const auto first = space.prefix.subnet(64, *mine->subnet);
    for (unsigned length = std::clamp(wished, shortest, 64U); first && length <= 64; ++length) {
      const Prefix kept(first->address(), length);
      if (kept.address() == first->address() && is_delegable(space, kept, table_, others))
        return kept;
    }
  }
  const std::uint64_t seed =
      choice_seed(configuration_.secret, *query.duid, AssociationType::kPrefixes, iaid);
  const auto choose = [&]() -> std::optional<Prefix> {
    for (const Prefix& one : named) {
      if (!one.address().is_unspecified() && one.length() >= shortest &&
          is_delegable(space, one, table_, others))
        return one;
    }
    // RFC 8168 section 3.2: what was wished, else what comes nearest. A smaller prefix is better than none
    // (RFC 7084 WPD-3: the client takes any).
    for (unsigned length = std::clamp(wished, shortest, 64U); length <= 64; ++length) {
      if (auto found = choose_prefix(space, length, seed, table_, others)) return found;
    }
    return std::nullopt;
  };
  const std::vector<Prefix> withheld = released_.withheld(*query.duid, query.now);
  if (withheld.empty()) return choose();
  const std::size_t before = others.size();
  others.insert(others.end(), withheld.begin(), withheld.end());
  if (auto found = choose()) return found;
  others.resize(before);  // what was taken from it is better than nothing
  return choose();
}

Server::Answer Server::assign_prefixes(const Query& query, const IaPdView& ia, Intent intent,
                                       Given& given) {
  const ServerLink& link = *query.link;
  Answer answer{.type = AssociationType::kPrefixes, .iaid = ia.iaid};
  LeaseList named;
  ia.options.each<IaPrefix>([&](const IaPrefix& one) { named.push_back(one.prefix); });
  BindingNumber known = table_.find(query.client, AssociationType::kPrefixes, ia.iaid);
  if (known != kNoNumber && table_.binding(known).link != query.link_number) known = kNoNumber;
  LeaseList held;
  if (known != kNoNumber) held = LeaseList(table_.binding(known).delegated);
  const bool renewing = intent == Intent::kRenew || intent == Intent::kRebind;
  const bool may_create = intent != Intent::kRebind || link.rapid_commit;
  const auto may_have_more = [&] {
    if (table_.delegations_on(query.link_number) >= link.delegations) return false;
    // Of the IAs before this one what is committed is in the table, what is only offered is not.
    const bool offered = intent == Intent::kOffer;
    const ClientNumber client = offered ? query.client : table_.find_client(*query.duid);
    return table_.count(client, AssociationType::kPrefixes) + (offered ? given.delegations : 0) <
           link.delegations_per_client;
  };
  const bool has_room = known != kNoNumber || may_have_more();
  LeaseList kept;  // of a space that may yet come
  if (link.delegates) {
    for (const DelegableSpace& space : link.spaces) {
      const auto [preferred, valid] =
          lifetimes(query, ia.iaid, space.preferred_until, space.valid_until);
      if (valid.is_zero()) continue;
      bool has_one = false;
      for (const Prefix& lease : held) {
        const bool taken = std::any_of(space.taken.begin(), space.taken.end(),
                                       [&](const Prefix& one) { return one.overlaps(lease); });
        if (!space.prefix.contains(lease) || taken) continue;
        has_one = true;
        answer.grants.push_back({lease, {}, preferred, valid});
      }
      if (has_one || preferred.is_zero() || !has_room || (known == kNoNumber && !may_create))
        continue;
      if (const auto fresh = prefix_for(query, ia.iaid, space, named, given))
        answer.grants.push_back({*fresh, {}, preferred, valid});
    }
  }
  const auto withdraw = [&](const Prefix& lease) {
    const bool granted = std::any_of(answer.grants.begin(), answer.grants.end(),
                                     [&](const Grant& grant) { return grant.prefix == lease; });
    if (granted || lease.address().is_unspecified() || listed(answer.withdrawn, lease)) return;
    const bool in_space =
        std::any_of(link.spaces.begin(), link.spaces.end(),
                    [&](const DelegableSpace& space) { return space.prefix.contains(lease); });
    if (!link.settled && !in_space) {
      if (listed(held, lease) && !listed(kept, lease)) kept.push_back(lease);
      return;
    }
    if (in_space && known == kNoNumber && !may_create) return;
    answer.withdrawn.push_back(lease);
  };
  if (intent != Intent::kOffer) {
    if (renewing) {
      for (const Prefix& lease : named) withdraw(lease);
    }
    for (const Prefix& lease : held) withdraw(lease);
  }
  if (answer.grants.empty()) {
    if (link.delegates && !link.settled && answer.withdrawn.empty()) return answer;
    if (known != kNoNumber && link.settled && intent != Intent::kOffer)
      end(known, LeaseEvent::Kind::kReleased, query.now);
    if (renewing && !answer.withdrawn.empty()) return answer;
    answer.withdrawn.clear();
    answer.status = intent == Intent::kRebind && !may_create && known == kNoNumber
                        ? Status::kNoBinding
                        : Status::kNoPrefixAvail;
    if (link.delegates && intent != Intent::kOffer && has_room)
      say(LogLevel::kError, cat("lan ", link.name, ": no prefix is left for ", *query.duid));
    return answer;
  }
  if (known == kNoNumber) ++given.delegations;
  if (intent != Intent::kOffer) commit(query, answer, 0, kept);
  return answer;
}

void Server::commit(const Query& query, const Answer& answer, std::uint64_t interface_id,
                    const LeaseList& kept) {
  BindingContent content{query.link_number, interface_id, {}, query.now};
  for (const Grant& grant : answer.grants) {
    content.prefixes.push_back(answer.type == AssociationType::kPrefixes ? grant.prefix
                                                                         : grant.on_link);
    content.valid_until = std::max(content.valid_until, expiry(query.now, grant.valid));
  }
  for (const Prefix& prefix : kept) content.prefixes.push_back(prefix);
  const BindingNumber before = table_.find(query.client, answer.type, answer.iaid);
  // One that moved to another link has another lease now.
  const bool renewed = before != kNoNumber && table_.binding(before).link == query.link_number;
  if (before != kNoNumber && !renewed) record(LeaseEvent::Kind::kReleased, before, query.now);
  const bool changed =
      !renewed || content.prefixes != table_.prefixes(table_.binding(before)) ||
      table_.client(table_.binding(before).client).address != query.from ||
      (!query.name.empty() && table_.client(table_.binding(before).client).name != query.name);
  if (answer.type == AssociationType::kPrefixes) out_.delegations_changed = true;
  const bool accepts = accepts_reconfigure(query);
  const ClientNumber client =
      table_.meet(*query.duid, query.from, accepts, query.way != nullptr, query.name);
  const BindingNumber number = table_.put(client, answer.type, answer.iaid, content, query.now);
  if (accepts && query.way != nullptr) {
    if (auto path = RelayPath::of(*query.way)) table_.reach_by(client, std::move(*path), query.now);
  }
  record(renewed ? LeaseEvent::Kind::kRenewed : LeaseEvent::Kind::kAdded, number, query.now);
  if (!changed) return;
  out_.names_changed = true;
  const std::string& name = table_.client(client).name;
  say(LogLevel::kInfo,
      cat("lan ", query.link->name, ": ", text_of(table_.leases(table_.binding(number))), " to ",
          name.empty() ? cat("DUID ", *query.duid) : name,
          renewed ? ", instead of what it had" : ""));
}

LeaseEvent Server::event_of(LeaseEvent::Kind kind, BindingNumber number, Instant now) const {
  const Binding& binding = table_.binding(number);
  const LeaseClient& client = table_.client(binding.client);
  return {.kind = kind,
          .link = table_.link_name(binding.link),
          .type = binding.type,
          .duid = client.duid,
          .iaid = binding.iaid,
          .leases = table_.leases(binding),
          .valid = remaining(binding.valid_until, now),
          .name = client.name};
}

void Server::record(LeaseEvent::Kind kind, BindingNumber number, Instant now) {
  out_.events.push_back(event_of(kind, number, now));
}

void Server::end(BindingNumber number, LeaseEvent::Kind kind, Instant now) {
  record(kind, number, now);
  const Binding& binding = table_.binding(number);
  const ClientNumber client = binding.client;
  if (binding.type == AssociationType::kPrefixes) out_.delegations_changed = true;
  out_.names_changed = true;
  const LogLevel level = kind == LeaseEvent::Kind::kDeclined ? LogLevel::kWarning : LogLevel::kInfo;
  say(level, cat("lan ", table_.link_name(binding.link), ": ", text_of(table_.leases(binding)), " ",
                 to_string(kind), ", DUID ", table_.client(client).duid));
  table_.end(number, now);
  // Its number may soon be another's.
  if (table_.client(client).first == kNoNumber) reconfigure_.remove(client);
}

}  // namespace sixgate::dhcp6
