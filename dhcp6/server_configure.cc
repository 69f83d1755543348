// SPDX-License-Identifier: Apache-2.0
// What happens when the server is told something new: clients that hold what is no longer true are made to ask
// again (RFC 9096 section 3.5, RFC 9915 section 18.3.11).
#include <algorithm>
#include <utility>

#include "dhcp6/server.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Between the clients of a full house, so that they do not all ask in the same moment.
constexpr Duration kBetweenClients = milliseconds(5);
// An end that moves back by less is noise.
constexpr Duration kShortened = seconds(10);

const ServerLink* named(const ServerConfiguration& configuration, std::string_view name) {
  for (const ServerLink& link : configuration.links) {
    if (link.name == name) return &link;
  }
  return nullptr;
}

// One that was there before with an end that is now clearly earlier: clients were promised more.
template <class T>
bool shortened(const std::vector<T>& before, const T& after) {
  return std::any_of(before.begin(), before.end(), [&](const T& one) {
    return one.prefix == after.prefix && !one.valid_until.is_never() &&
           after.valid_until + kShortened < one.valid_until;
  });
}

}  // namespace

void Server::configure(ServerConfiguration configuration, Instant now) {
  for (ServerLink& link : configuration.links) {
    link.options = written_out(link.options);
    for (Reservation& kept : link.reservations) kept.options = written_out(kept.options);
  }
  if (configuration == configuration_) return;
  const ServerConfiguration before = std::exchange(configuration_, std::move(configuration));
  for (const ServerLink& link : configuration_.links) counters_.try_emplace(link.name);
  full_.clear();
  out_.names_changed = true;
  call_up(before, now);
}

void Server::call_up(const ServerConfiguration& before, Instant now) {
  Instant at = now;
  std::vector<ClientNumber> called;
  table_.each([&](BindingNumber, const Binding& binding) {
    if (!table_.can_be_told(binding.client)) return;
    const ServerLink* link = named(configuration_, table_.link_name(binding.link));
    if (link == nullptr || !link->reconfigure || !link->settled) return;
    if (!must_ask(binding, *link, named(before, link->name), now)) return;
    if (std::find(called.end() - std::min<std::ptrdiff_t>(std::ssize(called), 1), called.end(),
                  binding.client) != called.end())
      return;
    called.push_back(binding.client);
    reconfigure_.add(binding.client, at);
    at = at + kBetweenClients;
  });
  if (called.empty()) return;
  say(LogLevel::kInfo, cat("DHCPv6: ", called.size(), " clients are asked to renew"));
}

bool Server::must_ask(const Binding& binding, const ServerLink& link, const ServerLink* before,
                      Instant now) const {
  const std::vector<Prefix>& held = table_.prefixes(binding);
  if (before != nullptr && before->options != link.options) return true;
  if (before != nullptr && before->reservations != link.reservations) {
    const Reservation* was = reservation_of(binding, *before, now);
    const Reservation* is = reservation_of(binding, link, now);
    if ((was == nullptr) != (is == nullptr) || (is != nullptr && *was != *is)) return true;
  }
  if (binding.type == AssociationType::kAddresses) {
    if (!link.addresses) return true;
    for (const ScopePrefix& prefix : link.prefixes) {
      const bool has = std::find(held.begin(), held.end(), prefix.prefix) != held.end();
      if (!has && prefix.preferred_until > now) return true;
      if (has && before != nullptr && shortened(before->prefixes, prefix)) return true;
    }
    return std::any_of(held.begin(), held.end(), [&](const Prefix& prefix) {
      return std::none_of(link.prefixes.begin(), link.prefixes.end(),
                          [&](const ScopePrefix& one) { return one.prefix == prefix; });
    });
  }
  for (const DelegableSpace& space : link.spaces) {
    const auto inside = std::find_if(held.begin(), held.end(), [&](const Prefix& prefix) {
      return space.prefix.contains(prefix);
    });
    if (inside != held.end()) {
      if (before != nullptr && shortened(before->spaces, space)) return true;
      continue;
    }
    // It may have got nothing of a space that is full: only one that is new is a reason.
    const bool known =
        before != nullptr &&
        std::any_of(before->spaces.begin(), before->spaces.end(),
                    [&](const DelegableSpace& one) { return one.prefix == space.prefix; });
    if (!known && space.preferred_until > now) return true;
  }
  return std::any_of(held.begin(), held.end(), [&](const Prefix& prefix) {
    return std::none_of(link.spaces.begin(), link.spaces.end(), [&](const DelegableSpace& space) {
      return space.prefix.contains(prefix) &&
             std::none_of(space.taken.begin(), space.taken.end(),
                          [&](const Prefix& taken) { return taken.overlaps(prefix); });
    });
  });
}

// Higher than every earlier one, also of earlier runs, whose epochs were lower (section 20.3).
std::uint64_t Server::next_replay_value() {
  return std::uint64_t{table_.epoch()} << 32 | ++replay_;
}

void Server::send_reconfigure(ClientNumber number) {
  const LeaseClient& client = table_.client(number);
  if (client.first == kNoNumber) return;
  send_reconfigure(table_.link_name(table_.binding(client.first).link), client.duid, client.address,
                   table_.path(number));
}

// A client behind relay agents whose way back is not kept is told nothing, and so promises nothing.
bool Server::can_keep_way_back(const Query& query) const {
  if (query.way == nullptr) return true;
  // Its lease may be new, and kept by now.
  if (!table_.has_room_for_path(table_.find_client(*query.duid))) return false;
  return RelayPath::of(*query.way).has_value();
}

// Clients say so in Solicit and Request (RFC 9915 sections 18.2.1 and 18.2.2); of Renew and Rebind that is not asked, and
// one that says nothing there has not changed its mind.
bool Server::accepts_reconfigure(const Query& query) const {
  const MessageType type = query.message.type;
  const auto has_accepted = [&] {
    return query.client != kNoNumber ? table_.client(query.client).accepts_reconfigure
                                     : released_.accepts_reconfigure(*query.duid, query.now);
  };
  const bool renews = type == MessageType::kRenew || type == MessageType::kRebind;
  return (query.message.options.contains<ReconfigureAccept>() || (renews && has_accepted())) &&
         can_keep_way_back(query);
}

void Server::send_reconfigure(const std::string& link, const Duid& client,
                              const Ip6Address& address, const RelayPath* path) {
  if (!configuration_.duid) return;
  ServerPacket packet{.link = link, .destination = address, .payload = {}};
  packet.payload =
      make_reconfigure(*configuration_.duid, client,
                       reconfigure_key_of(configuration_.secret, client), next_replay_value());
  if (path != nullptr) {
    packet.link = path->link;
    packet.port = path->port;
    packet.payload = path->around(std::move(packet.payload));
    if (packet.payload.empty()) return;
  }
  ++counters_[link].reconfigures;
  out_.packets.push_back(std::move(packet));
}

}  // namespace sixgate::dhcp6
