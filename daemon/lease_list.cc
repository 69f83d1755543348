// SPDX-License-Identifier: Apache-2.0
#include "daemon/lease_list.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "conf/key_values.h"
#include "daemon/json.h"
#include "daemon/lease_events.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// The number of the /64 where a delegated prefix begins in its space: what a reservation calls `subnet`.
std::optional<std::uint64_t> subnet_of(const dhcp6::Server& server, const std::string& lan,
                                       const Prefix& prefix) {
  for (const dhcp6::ServerLink& link : server.configuration().links) {
    if (link.name != lan) continue;
    for (const dhcp6::DelegableSpace& space : link.spaces) {
      if (space.prefix.contains(prefix))
        return prefix.address().high() - space.prefix.address().high();
    }
  }
  return std::nullopt;
}

}  // namespace

std::string leases_json(const dhcp6::Server& server, Instant now) {
  const dhcp6::LeaseTable& table = server.table();
  std::vector<const dhcp6::Binding*> bindings;
  table.each(
      [&](dhcp6::BindingNumber, const dhcp6::Binding& binding) { bindings.push_back(&binding); });
  const auto place = [&](const dhcp6::Binding* one) {
    return std::tuple(table.link_name(one->link), one->type, table.leases(*one));
  };
  std::sort(bindings.begin(), bindings.end(),
            [&](const auto* a, const auto* b) { return place(a) < place(b); });
  JsonWriter json;
  json.begin_object().member("schema", 1).key("leases").begin_array();
  for (const dhcp6::Binding* binding : bindings) {
    const dhcp6::LeaseClient& client = table.client(binding->client);
    const bool prefixes = binding->type == dhcp6::AssociationType::kPrefixes;
    json.begin_object()
        .member("lan", table.link_name(binding->link))
        .member("type", prefixes ? "prefix" : "address")
        .member("duid", client.duid)
        .member("iaid", binding->iaid)
        .member("name", client.name)
        .member("from", client.address)
        .member("reconfigure", client.accepts_reconfigure)
        .key("leases")
        .begin_array();
    for (const Prefix& lease : table.leases(*binding)) {
      if (prefixes) {
        json.value(lease);
      } else {
        json.value(lease.address());
      }
    }
    json.end_array();
    // What a reservation would keep of it.
    if (!prefixes) {
      json.member("suffix", Ip6Address::from_halves(0, binding->interface_id));
    } else if (!binding->delegated.empty()) {
      if (const auto subnet =
              subnet_of(server, table.link_name(binding->link), binding->delegated.front()))
        json.member("subnet", conf::hint_text(*subnet));
    }
    json.member("valid", remaining(binding->valid_until, now)).end_object();
  }
  // What hosts told of themselves (RFC 9686): no leases, and for people as good as.
  for (const auto& [address, one] : table.registrations().all()) {
    json.begin_object()
        .member("lan", one.link)
        .member("type", "registered")
        .member("duid", one.duid)
        .member("name", one.name)
        .key("leases")
        .begin_array()
        .value(address)
        .end_array()
        .member("valid", remaining(one.until, now))
        .end_object();
  }
  json.end_array().end_object();
  return json.take();
}

dhcp6::LeaseSelection lease_selection(std::string_view text) {
  constexpr std::string_view kLan = "lan:";
  if (text.starts_with(kLan)) return {{}, {}, std::string(text.substr(kLan.size()))};
  if (const auto address = Ip6Address::parse(text)) return {{}, Prefix(*address, 128), {}};
  if (const auto prefix = Prefix::parse(text)) return {{}, *prefix, {}};
  return {lower_case(text), {}, {}};
}

std::string released_json(const std::vector<dhcp6::LeaseEvent>& released) {
  JsonWriter json;
  json.begin_object().member("schema", 1).key("released").begin_array();
  for (const dhcp6::LeaseEvent& one : released) {
    json.begin_object();
    write_event(json, one);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace sixgate::daemon
