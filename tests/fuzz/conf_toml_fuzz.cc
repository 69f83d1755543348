// SPDX-License-Identifier: Apache-2.0
// Any text as configuration: no crash; what is refused is refused at a line; what is accepted is a house that
// can be, and describing it reads back equal.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "conf/config.h"

namespace {

using namespace sixgate;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// What every consumer of a Config relies on, written without looking at conf/check.cc.
void check_house(const conf::Config& config) {
  require(!config.uplinks.empty() || !config.lans.empty(), "some interface");
  require(config.socket.starts_with('/') && config.socket.size() < 108, "socket fits sun_path");
  require(config.state_dir.starts_with('/'), "state_dir is absolute");
  std::set<std::string> interfaces;
  std::set<std::string> names;
  std::set<std::string> origins{"ula"};
  for (const conf::UplinkConfig& uplink : config.uplinks) {
    require(interfaces.insert(uplink.interface).second, "an interface has one role");
    require(origins.insert(uplink.name).second, "uplink names differ, also from ula");
    require(!uplink.interface.empty() && uplink.interface.size() < 16, "IFNAMSIZ");
    require(uplink.interface.find('/') == std::string::npos, "an interface name has no slash");
    for (const Prefix& wish : uplink.request_prefix.wishes) {
      require(wish.length() >= 1 && wish.length() <= 64, "wish is usable");
    }
    for (const std::uint16_t code : uplink.request_options) require(code != 0, "option code");
  }
  for (const conf::LanConfig& lan : config.lans) {
    require(interfaces.insert(lan.interface).second, "an interface has one role");
    require(names.insert(lan.name).second, "LAN names differ");
    require(!lan.interface.empty() && lan.interface.size() < 16, "IFNAMSIZ");
    require(lan.name == lan.request.name && lan.interface == lan.request.interface, "request");
    require(lan.request.assign_length >= 48 && lan.request.assign_length <= 112, "ip6assign");
    for (const std::string& origin : lan.request.classes) {
      require(origins.contains(origin), "ip6class names an origin");
    }
    const auto longest = lan.ra.max_interval.count();
    const auto shortest = lan.ra.min_interval.count();
    const auto lifetime = lan.ra.router_lifetime.count();
    require(longest >= 4 && longest <= 1800, "MaxRtrAdvInterval");
    require(shortest >= 3 && shortest * 4 <= longest * 3, "MinRtrAdvInterval");
    require(lifetime == 0 || (lifetime >= longest && lifetime <= 9000), "AdvDefaultLifetime");
    require(lan.ra.reachable.count() >= 0 && lan.ra.reachable.count() <= 3600000, "reachable");
    require(lan.ra.retrans.count() >= 0 && lan.ra.retrans.count() <= 0xffffffff, "retrans");
    require(!lan.ra.mtu || *lan.ra.mtu == 0 || *lan.ra.mtu >= 1280, "mtu");
    require(lan.ra.max_preferred <= lan.ra.max_valid, "preferred within valid");
    for (const Ip6Address& server : lan.dns_servers) require(!server.is_multicast(), "dns");
  }
  if (config.ula.mode == conf::UlaConfig::Mode::kPrefix) {
    require(config.ula.prefix.address().bytes()[0] == 0xfd, "ULA with L = 1");
    require(config.ula.prefix.length() >= 48 && config.ula.prefix.length() <= 64, "ULA length");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const conf::ReadResult result = conf::read_toml(text, "fuzz");
  require(result.config.has_value() == result.errors.empty(), "a Config or errors");
  for (const auto* list : {&result.errors, &result.warnings}) {
    for (const conf::Diagnostic& diagnostic : *list) {
      require(diagnostic.line > 0 && diagnostic.column > 0, "a place");
      require(!diagnostic.text.empty(), "a reason");
    }
  }
  if (!result.config) return 0;
  check_house(*result.config);
  const std::string described = conf::describe(*result.config);
  const conf::ReadResult again = conf::read_toml(described, "described");
  require(again.config.has_value(), "describe() is readable");
  require(*again.config == *result.config, "describe() reads back equal");
  return 0;
}
