// SPDX-License-Identifier: Apache-2.0
#include "daemon/softwire_text.h"

#include "net/text.h"

namespace sixgate::daemon {
namespace {

using dhcp6::Options;

std::string ip4_text(std::uint32_t address) {
  return cat(address >> 24, '.', address >> 16 & 0xff, '.', address >> 8 & 0xff, '.',
             address & 0xff);
}

std::string ports_text(const Options& options) {
  std::string out;
  for (const auto& ports : dhcp6::find_all<dhcp6::S46PortParameters>(options)) {
    out += cat("offset=", unsigned{ports.offset}, ",psidlen=", unsigned{ports.psid_length},
               ",psid=", ports.psid, ',');
  }
  return out;
}

std::string relays_text(const Options& options) {
  std::string out;
  for (const auto& relay : dhcp6::find_all<dhcp6::S46BorderRelay>(options))
    out += cat("br=", relay.address, ',');
  return out;
}

// `ways` lead out of the mapping domain: border relays, or the default mapping rule.
std::string rules_text(const Options& options, std::string_view type, const std::string& ways) {
  std::string out;
  for (const auto& rule : dhcp6::find_all<dhcp6::S46Rule>(options)) {
    out +=
        cat((rule.flags & dhcp6::S46Rule::kForwardingRule) != 0 ? "fmr," : "", "type=", type,
            ",ealen=", unsigned{rule.ea_length}, ",prefix4len=", unsigned{rule.ipv4_length},
            ",prefix6len=", rule.ipv6_prefix.length(), ",ipv4prefix=", ip4_text(rule.ipv4_prefix),
            ",ipv6prefix=", rule.ipv6_prefix.address(), ',', ports_text(rule.options), ways, ' ');
  }
  return out;
}

}  // namespace

std::string softwire_text(const dhcp6::S46MapE& map) {
  return rules_text(map.options, "map-e", relays_text(map.options));
}

std::string softwire_text(const dhcp6::S46MapT& map) {
  std::string ways;
  for (const auto& rule : dhcp6::find_all<dhcp6::S46DefaultRule>(map.options))
    ways += cat("dmr=", rule.prefix, ',');
  return rules_text(map.options, "map-t", ways);
}

std::string softwire_text(const dhcp6::S46Lightweight& lightweight) {
  std::string out;
  for (const auto& bind : dhcp6::find_all<dhcp6::S46Binding>(lightweight.options)) {
    out +=
        cat("type=lw4o6,prefix4len=32,prefix6len=", bind.bind_prefix.length(),
            ",ipv4prefix=", ip4_text(bind.ipv4_address), ",ipv6prefix=", bind.bind_prefix.address(),
            ',', ports_text(bind.options), relays_text(lightweight.options), ' ');
  }
  return out;
}

}  // namespace sixgate::daemon
