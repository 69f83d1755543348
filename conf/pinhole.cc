// SPDX-License-Identifier: Apache-2.0
#include "conf/pinhole.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "conf/key_values.h"
#include "net/domain_name.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

constexpr std::string_view kDuidPrefix = "duid:";

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 6> kProtocols{{
    {"tcp", 6},
    {"udp", 17},
    {"dccp", 33},
    {"gre", 47},
    {"sctp", 132},
    {"udplite", 136},
}};

// What the firewall lets pass by rules of its own (ICMPv6), or what is no protocol but a header before one.
constexpr std::array<std::uint8_t, 6> kNoProtocols{0, 43, 44, 58, 59, 60};

Expected<std::uint8_t> parse_protocol(std::string_view text) {
  std::vector<std::string_view> known;
  for (const auto& [name, number] : kProtocols) {
    if (name == text) return number;
    known.push_back(name);
  }
  known.insert(known.end(), {"tcp+udp", "41"});
  const auto number = parse_decimal(text);
  if (!number) return fail(unknown_word(text, known));
  const bool usable = *number <= 255 && std::find(kNoProtocols.begin(), kNoProtocols.end(),
                                                  *number) == kNoProtocols.end();
  if (!usable) return fail(cat(printable(text), " is no protocol that a pinhole can be for"));
  return static_cast<std::uint8_t>(*number);
}

std::string protocol_text(std::uint8_t protocol) {
  for (const auto& [name, number] : kProtocols) {
    if (number == protocol) return std::string(name);
  }
  return cat(protocol);
}

struct HostText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const HostSuffix& host) const {
    return Ip6Address::from_halves(0, host.id).to_string();
  }
  std::string operator()(const Ip6Address& host) const { return host.to_string(); }
  std::string operator()(const MacAddress& host) const { return host.to_string(); }
  std::string operator()(const dhcp6::Duid& host) const { return cat(kDuidPrefix, host); }
  std::string operator()(const HostName& host) const { return host.label; }
};

}  // namespace

Expected<PinholeHost> parse_pinhole_host(std::string_view text) {
  if (text.starts_with(kDuidPrefix)) {
    const auto duid = dhcp6::Duid::parse(text.substr(kDuidPrefix.size()));
    if (duid) return PinholeHost(*duid);
    return fail(cat("\"", printable(text), "\" has no DUID after \"duid:\": hexadecimal digits"));
  }
  if (const auto address = Ip6Address::parse(text)) {
    if (address->high() == 0 && address->low() > 1 && !address->is_v4_mapped())
      return PinholeHost(HostSuffix{address->low()});
    if (address->is_unspecified() || address->is_loopback() || address->is_multicast() ||
        address->is_link_local() || address->is_v4_mapped()) {
      return fail(cat(*address, " is no host that the Internet could reach"));
    }
    return PinholeHost(*address);
  }
  if (const auto mac = MacAddress::parse(text)) return PinholeHost(*mac);
  const std::string label = lower_case(text);
  const auto name = DomainName::parse(label);
  if (name && !name->is_root() && label.find('.') == std::string::npos &&
      label.find(':') == std::string::npos) {
    return PinholeHost(HostName{label});
  }
  return fail(cat("\"", printable(text),
                  "\" is no host: a suffix such as \"::77\", an address, a MAC address, \"duid:\" "
                  "and a DUID, or a name without a domain"));
}

std::string to_string(const PinholeHost& host) { return std::visit(HostText{}, host); }

Expected<std::vector<std::uint8_t>> parse_protocols(std::string_view text) {
  std::vector<std::uint8_t> protocols;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('+', at), text.size());
    const auto protocol = parse_protocol(text.substr(at, end - at));
    if (!protocol) return Unexpected<Error>(protocol.error());
    if (std::find(protocols.begin(), protocols.end(), *protocol) == protocols.end())
      protocols.push_back(*protocol);
    at = end + 1;
  }
  return protocols;
}

std::string protocols_text(const std::vector<std::uint8_t>& protocols) {
  std::string text;
  for (const std::uint8_t protocol : protocols)
    text += cat(text.empty() ? "" : "+", protocol_text(protocol));
  return text;
}

Expected<PortRange> parse_ports(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_decimal(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_decimal(text.substr(dash + 1));
  if (!first || !last || *last > 65535 || *first > *last || *first == 0) {
    return fail(cat("\"", printable(text),
                    "\" is no port and no range such as \"8000-8010\"; several are a list: [22, "
                    "\"8000-8010\"]"));
  }
  return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::string to_string(const PortRange& ports) {
  return ports.first == ports.last ? cat(ports.first) : cat(ports.first, "-", ports.last);
}

}  // namespace sixgate::conf
