// SPDX-License-Identifier: Apache-2.0
#include "conf/lan_relay.h"

#include "conf/config.h"
#include "conf/suggest.h"
#include "net/text.h"

namespace sixgate::conf {

std::string RelayTo::to_string() const {
  return network.empty() ? address.to_string() : cat(address, '%', network);
}

Expected<RelayTo> parse_relay_to(std::string_view text) {
  const std::size_t percent = text.find('%');
  const auto address = Ip6Address::parse(text.substr(0, percent));
  if (!address) {
    return fail(cat("\"", printable(text),
                    "\" is no address such as \"2001:db8::547\" or \"ff05::1:3%wan\""));
  }
  if (address->is_unspecified() || address->is_loopback() || address->is_v4_mapped())
    return fail(cat(*address, " can be no DHCPv6 server's address"));
  RelayTo to{*address, {}};
  if (percent == std::string_view::npos) return to;
  to.network = text.substr(percent + 1);
  if (to.network.empty()) return fail(cat("\"", printable(text), "\" says no network after \"%\""));
  return to;
}

Expected<std::string> relay_interface(const Config& config, const RelayTo& to) {
  if (to.network.empty()) {
    if (config.uplinks.size() == 1) return config.uplinks[0].interface;
    if (config.uplinks.empty())
      return fail(cat("there is no uplink: say on which LAN ", to.address, " is, such as \"",
                      to.address, "%NAME\""));
    return fail(cat("there are several uplinks: say which leads to ", to.address, ", such as \"",
                    to.address, '%', config.uplinks[0].name, '"'));
  }
  std::vector<std::string_view> known;
  for (const UplinkConfig& uplink : config.uplinks) {
    if (uplink.name == to.network) return uplink.interface;
    known.push_back(uplink.name);
  }
  for (const LanConfig& lan : config.lans) {
    if (lan.name == to.network) return lan.interface;
    known.push_back(lan.name);
  }
  const auto is_interface = [&](const auto& one) { return one.interface == to.network; };
  for (const UplinkConfig& uplink : config.uplinks) {
    if (is_interface(uplink)) return uplink.interface;
  }
  for (const LanConfig& lan : config.lans) {
    if (is_interface(lan)) return lan.interface;
  }
  return fail(cat("there is no uplink or LAN named \"", printable(to.network), "\"",
                  suggestion(to.network, known)));
}

}  // namespace sixgate::conf
