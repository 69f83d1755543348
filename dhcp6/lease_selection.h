// SPDX-License-Identifier: Apache-2.0
// Which leases a person means when he wants them ended (RFC 8987 O-2).
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "dhcp6/duid.h"
#include "net/prefix.h"

namespace sixgate::dhcp6 {

// One of the three is given.
struct LeaseSelection {
  std::string client;           // all of a client, by its name or the digits of its DUID
  std::optional<Prefix> lease;  // what this prefix, or address as /128, belongs to
  std::string link;             // all of a link

  bool operator==(const LeaseSelection&) const = default;
  bool takes(const std::string& on, const Duid& duid, const std::string& name,
             std::span<const Prefix> leases) const {
    if (lease) return std::find(leases.begin(), leases.end(), *lease) != leases.end();
    if (!link.empty()) return on == link;
    return !client.empty() && (name == client || duid.to_string() == client);
  }
};

}  // namespace sixgate::dhcp6
