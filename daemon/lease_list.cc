// SPDX-License-Identifier: Apache-2.0
#include "daemon/lease_list.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "daemon/json.h"

namespace sixgate::daemon {

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
    json.end_array().member("valid", remaining(binding->valid_until, now)).end_object();
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

}  // namespace sixgate::daemon
