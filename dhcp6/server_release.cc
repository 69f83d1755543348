// SPDX-License-Identifier: Apache-2.0
// Leases that a person ends.
#include <utility>

#include "dhcp6/server.h"

namespace sixgate::dhcp6 {

std::vector<LeaseEvent> Server::release(const LeaseSelection& which, Instant now) {
  std::vector<BindingNumber> chosen;
  table_.each([&](BindingNumber number, const Binding& binding) {
    const LeaseClient& client = table_.client(binding.client);
    if (which.takes(table_.link_name(binding.link), client.duid, client.name,
                    table_.leases(binding)))
      chosen.push_back(number);
  });
  std::vector<LeaseEvent> ended;
  for (const BindingNumber number : chosen) {
    const Binding& binding = table_.binding(number);
    const LeaseClient& client = table_.client(binding.client);
    const bool address = binding.type == AssociationType::kAddresses;
    const ServerLink* link = link_named(table_.link_name(binding.link));
    ReleasedLease lease{.client = client.duid,
                        .link = table_.link_name(binding.link),
                        .address = client.address,
                        .interface_id = {},
                        .prefixes = {},
                        .until = binding.valid_until,
                        .accepts_reconfigure = client.accepts_reconfigure,
                        .path = {}};
    if (const RelayPath* path = table_.path(binding.client)) lease.path = *path;
    if (address)
      lease.interface_id = binding.interface_id;
    else
      lease.prefixes = binding.delegated;
    // Of a link that we do not serve yet, for we have just been started, it is told when we do.
    const bool tell = table_.can_be_told(binding.client) && (link == nullptr || link->reconfigure);
    ended.push_back(event_of(LeaseEvent::Kind::kReleased, number, now));
    end(number, LeaseEvent::Kind::kReleased, now);
    released_.add(std::move(lease), tell, now);
  }
  return ended;
}

}  // namespace sixgate::dhcp6
