// SPDX-License-Identifier: Apache-2.0
// The names of clients (RFC 4704): what they say, what is reserved for them, what they are told, and what is
// published.
#include <algorithm>
#include <map>
#include <utility>

#include "dhcp6/server.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// A label that can stand in a hosts file: what a client says of itself is anybody's text.
std::string usable_name(const ClientFqdn& fqdn) {
  const std::string whole = fqdn.name.to_string();
  std::string name = lower_case(whole.substr(0, whole.find('.')));
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), plain) || name.front() == '-' ||
      name.back() == '-')
    return {};
  return name;
}

}  // namespace

void Server::learn_name(Query& query) const {
  if (const auto fqdn = query.message.options.find<ClientFqdn>())
    query.said_name = usable_name(*fqdn);
  const Reservation* mine = reservation_for(query, std::nullopt);
  if (mine != nullptr && !mine->name.empty()) {
    query.name = mine->name;
    return;
  }
  const bool of_another =
      std::any_of(query.link->reservations.begin(), query.link->reservations.end(),
                  [&](const Reservation& one) { return one.name == query.said_name; });
  if (!of_another) query.name = query.said_name;
}

// Section 6. Our resolver's AAAA record is what S asks for; who asks for none with N gets one all the same, for
// it is not the DNS of the world, and hears so.
void Server::add_name(ByteWriter& reply, const Query& query) const {
  const auto asked = query.message.options.find<ClientFqdn>();
  if (!asked) return;
  const bool wants = (asked->flags & ClientFqdn::kServerUpdates) != 0;
  const bool publishes = query.link->domain && !query.name.empty();
  ClientFqdn said{.flags = 0, .name = asked->name, .partial = asked->partial};
  if (publishes) {
    said.flags = ClientFqdn::kServerUpdates;
    if (!wants) said.flags |= ClientFqdn::kOverridden;
  } else if (wants) {
    said.flags = ClientFqdn::kOverridden;
  } else {
    said.flags = asked->flags & ClientFqdn::kNoServerUpdate;
  }
  if (publishes) {
    if (auto whole = DomainName::parse(cat(query.name, ".", query.link->domain->to_string()))) {
      said.name = std::move(*whole);
      said.partial = false;
    }
  }
  emit_option(reply, said);
}

std::vector<NamedAddress> Server::named_addresses() const {
  std::vector<NamedAddress> out;
  // Who bears a name: the first that has it on its link.
  std::map<std::pair<std::string_view, std::string_view>, const Duid*> owners;
  each_address([&](const std::string& link, const Duid& duid, const std::string& name,
                   const Ip6Address& address) {
    const ServerLink* served = link_named(link);
    if (name.empty() || served == nullptr || !served->domain) return;
    const auto owner = owners.try_emplace({link, name}, &duid).first;
    if (*owner->second == duid) out.push_back({address, link, name});
  });
  return out;
}

}  // namespace sixgate::dhcp6
