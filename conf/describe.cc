// SPDX-License-Identifier: Apache-2.0
// The table of keys written out: as the settings in force, and as the commented example.
#include "conf/config.h"
#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

template <class T>
void write_all(std::string& out, std::span<const Key<T>> keys, const T& section) {
  for (const Key<T>& key : keys) out += cat(key.name, " = ", key.write(section), "\n");
}

std::string key_text(std::string_view name) {
  const bool bare = name.find('.') == std::string_view::npos;
  return bare ? std::string(name) : quoted(name);
}

// Comments are "# words", settings that may be uncommented "#key = value".
template <class T>
void explain_all(std::string& out, std::span<const Key<T>> keys, const T& section) {
  for (const Key<T>& key : keys) {
    out += '\n';
    std::string_view about = key.about;
    while (!about.empty()) {
      const std::size_t end = std::min(about.find('\n'), about.size());
      out += cat("# ", about.substr(0, end), "\n");
      about.remove_prefix(std::min(end + 1, about.size()));
    }
    const bool is_default = key.name != kInterfaceKey;
    out += cat(is_default ? "#" : "", key.name, " = ", key.write(section), "\n");
  }
}

}  // namespace

std::string describe(const Config& config) {
  std::string out;
  write_all(out, global_keys(), config);
  out += "\n[ula]\n";
  write_all(out, ula_keys(), config.ula);
  out += "\n[firewall]\n";
  write_all(out, firewall_keys(), config.firewall);
  for (const UplinkConfig& uplink : config.uplinks) {
    out += cat("\n[uplink.", key_text(uplink.name), "]\n");
    write_all(out, uplink_keys(), uplink);
  }
  for (const LanConfig& lan : config.lans) {
    out += cat("\n[lan.", key_text(lan.name), "]\n");
    write_all(out, lan_keys(), lan);
  }
  for (const ReservationConfig& reservation : config.reservations) {
    out += "\n[[reservation]]\n";
    write_all(out, reservation_keys(), reservation);
  }
  return out;
}

std::string example_toml() {
  UplinkConfig uplink;
  uplink.interface = "eth0";
  LanConfig lan;
  lan.interface = "eth1";
  std::string out =
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# sixgate's configuration: /etc/sixgate/sixgate.toml. Every key is here with what it is "
      "when it is\n"
      "# not given; remove the \"#\" before a key to change it. `sixgate check FILE` looks a file "
      "over.\n";
  explain_all(out, global_keys(), Config());
  out += "\n[ula]\n";
  explain_all(out, ula_keys(), UlaConfig());
  out += "\n[firewall]\n";
  explain_all(out, firewall_keys(), FirewallConfig());
  out +=
      "\n# An uplink: a way to the Internet. The name is yours; ip6class and `sixgate status` use "
      "it.\n"
      "[uplink.wan]\n";
  explain_all(out, uplink_keys(), uplink);
  out +=
      "\n# A LAN: a link with hosts. Write one such table for each; the name is yours, and a LAN "
      "that keeps\n"
      "# its name or its interface keeps its prefixes.\n"
      "[lan.home]\n";
  explain_all(out, lan_keys(), lan);
  out +=
      "\n# What is kept for one DHCPv6 client: write one such table for each, without the \"# \". "
      "Who it\n"
      "# is must be said, by duid, mac or hostname.\n"
      "#\n"
      "# [[reservation]]\n";
  const ReservationConfig reservation;
  for (const Key<ReservationConfig>& key : reservation_keys()) {
    std::string_view about = key.about;
    while (!about.empty()) {
      const std::size_t end = std::min(about.find('\n'), about.size());
      out += cat("#   ", about.substr(0, end), "\n");
      about.remove_prefix(std::min(end + 1, about.size()));
    }
    out += cat("# ", key.name, " = ", key.write(reservation), "\n");
  }
  return out;
}

}  // namespace sixgate::conf
