// SPDX-License-Identifier: Apache-2.0
// A pinhole: what of one host the Internet may reach, whatever prefix the host is in at the moment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dhcp6/duid.h"
#include "net/expected.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"

namespace sixgate::conf {

// Who the host is. A suffix is the lower half of its addresses, and so is a MAC address, which stands for the
// one made of it (RFC 4291 appendix A), for what DHCPv6 gave to it, and for what it was heard with; a DUID and a name
// stand for what DHCPv6 gave or was told of (RFC 9686).
struct HostSuffix {
  std::uint64_t id = 0;
  bool operator==(const HostSuffix&) const = default;
};
struct HostName {
  std::string label;  // lower case, without the domain
  bool operator==(const HostName&) const = default;
};
using PinholeHost =
    std::variant<std::monostate, HostSuffix, Ip6Address, MacAddress, dhcp6::Duid, HostName>;

Expected<PinholeHost> parse_pinhole_host(std::string_view text);
std::string to_string(const PinholeHost& host);

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  bool operator==(const PortRange&) const = default;
};

struct PinholeConfig {
  std::string lan;  // empty: on every LAN
  PinholeHost host;
  std::vector<std::uint8_t> protocols{6};  // as IANA numbers them
  std::vector<PortRange> ports;            // of TCP and UDP; none: all
  std::vector<Prefix> sources;             // none: from everywhere
  bool operator==(const PinholeConfig&) const = default;
};

// "tcp", "tcp+udp", "sctp", "41".
Expected<std::vector<std::uint8_t>> parse_protocols(std::string_view text);
std::string protocols_text(const std::vector<std::uint8_t>& protocols);
// "22", "8000-8010".
Expected<PortRange> parse_ports(std::string_view text);
std::string to_string(const PortRange& ports);

}  // namespace sixgate::conf
