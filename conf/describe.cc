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

void explain(std::string& out, std::string_view about, std::string_view mark) {
  while (!about.empty()) {
    const std::size_t end = std::min(about.find('\n'), about.size());
    out += cat(mark, about.substr(0, end), "\n");
    about.remove_prefix(std::min(end + 1, about.size()));
  }
}

// Comments are "# words", settings that may be uncommented "#key = value".
template <class T>
void explain_all(std::string& out, std::span<const Key<T>> keys, const T& section) {
  for (const Key<T>& key : keys) {
    out += '\n';
    explain(out, key.about, "# ");
    const bool is_default = key.name != kInterfaceKey;
    out += cat(is_default ? "#" : "", key.name, " = ", key.write(section), "\n");
  }
}

// A table that is not there unless somebody writes it: "# key = value" under "#   words".
template <class T>
void explain_optional(std::string& out, std::span<const Key<T>> keys, const T& section) {
  for (const Key<T>& key : keys) {
    explain(out, key.about, "#   ");
    out += cat("# ", key.name, " = ", key.write(section), "\n");
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
  for (const PinholeConfig& pinhole : config.pinholes) {
    out += "\n[[pinhole]]\n";
    write_all(out, pinhole_keys(), pinhole);
  }
  if (config.knock) {
    out += "\n[ipsec_knock]\n";
    write_all(out, knock_keys(), *config.knock);
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
  explain_optional(out, reservation_keys(), ReservationConfig());
  out +=
      "\n# What the Internet may open to one host of a protected or isolated LAN, wherever the "
      "host's prefix\n"
      "# moves: write one such table for each, without the \"# \".\n"
      "#\n"
      "# [[pinhole]]\n";
  explain_optional(out, pinhole_keys(), PinholeConfig());
  out +=
      "\n# Who may open what the firewall keeps closed: whoever holds a key, by an IPsec AH tunnel "
      "to "
      "this\n"
      "# router. `sixgate knock client-config` says what the other machine needs.\n"
      "#\n"
      "# [ipsec_knock]\n";
  explain_optional(out, knock_keys(), KnockConfig());
  return out;
}

}  // namespace sixgate::conf
