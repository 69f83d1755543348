// SPDX-License-Identifier: Apache-2.0
// A LAN whose DHCPv6 server is another machine: where to relay to, as a person writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/expected.h"
#include "net/ip6_address.h"

namespace sixgate::conf {

struct Config;

struct RelayTo {
  Ip6Address address;
  std::string
      network;  // the name of an uplink or a LAN, or of an interface; empty: the only uplink
  std::string to_string() const;  // "ff05::1:3%wan"
  bool operator==(const RelayTo&) const = default;
};

struct LanRelay {
  std::vector<RelayTo> servers;  // none: the LAN is served by us
  unsigned limit = 64;           // of prefixes that are routed behind it
  bool operator==(const LanRelay&) const = default;
};

// "2001:db8::1", "ff05::1:3%wan".
Expected<RelayTo> parse_relay_to(std::string_view text);

// The interface that leads to it, or why there is none.
Expected<std::string> relay_interface(const Config& config, const RelayTo& to);

}  // namespace sixgate::conf
