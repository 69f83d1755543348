// SPDX-License-Identifier: Apache-2.0
// The keys of what our DHCPv6 server hands out beyond addresses and prefixes: on a LAN, or to one client.
#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

// Seconds, or 0 for none.
void read_unless_zero(const Value& value, seconds& out, std::int64_t low, std::int64_t high,
                      Complaints& complaints) {
  const bool none = value.kind == Value::Kind::kInteger && value.integer == 0;
  read_duration(value, out, none ? 0 : low, high, complaints);
}

// What a LAN has and a reservation may have otherwise.
template <class Section>
std::vector<Key<Section>> common_keys() {
  return {
      Key<Section>{"ntp",
                   "NTP servers to tell by DHCPv6 (RFC 5908): addresses, multicast groups or "
                   "names. []: the\n"
                   "providers'.",
                   [](const Value& v, Section& c, Complaints& e) {
                     read_list(v, c.served.ntp, parse_time_source, e);
                   },
                   [](const Section& c) { return list_text(c.served.ntp); }},
      Key<Section>{"sntp", "SNTP servers to tell by DHCPv6 (RFC 4075). []: the providers'.",
                   [](const Value& v, Section& c, Complaints& e) {
                     read_servers(v, c.served.sntp, "time server", e);
                   },
                   [](const Section& c) { return quoted_texts(c.served.sntp); }},
      Key<Section>{"posix_timezone",
                   "The time zone as POSIX writes it (RFC 4833), such as\n"
                   "\"CET-1CEST,M3.5.0,M10.5.0/3\". \"\": not told.",
                   [](const Value& v, Section& c, Complaints& e) {
                     read_parsed(v, c.served.posix_timezone, parse_posix_timezone, e);
                   },
                   [](const Section& c) { return quoted(c.served.posix_timezone); }},
      Key<Section>{
          "tzdb_timezone",
          "The time zone's name in the TZ database (RFC 4833), such as \"Europe/Vienna\".\n"
          "\"\": not told.",
          [](const Value& v, Section& c, Complaints& e) {
            read_parsed(v, c.served.tzdb_timezone, parse_tzdb_timezone, e);
          },
          [](const Section& c) { return quoted(c.served.tzdb_timezone); }},
      Key<Section>{
          "boot_file_url",
          "From where hosts boot (RFC 5970), such as \"tftp://[2001:db8::69]/boot.efi\". \"\":\n"
          "not told.",
          [](const Value& v, Section& c, Complaints& e) {
            read_parsed(v, c.served.boot_file_url, parse_boot_file_url, e);
          },
          [](const Section& c) { return quoted(c.served.boot_file_url); }},
      Key<Section>{
          "sol_max_rt",
          "How rarely clients solicit at last (SOL_MAX_RT), in seconds (60..86400). 0: theirs\n"
          "to say.",
          [](const Value& v, Section& c, Complaints& e) {
            read_unless_zero(v, c.served.sol_max_rt, 60, 86400, e);
          },
          [](const Section& c) { return cat(c.served.sol_max_rt.count()); }},
      Key<Section>{"inf_max_rt", "The same of Information-requests (INF_MAX_RT).",
                   [](const Value& v, Section& c, Complaints& e) {
                     read_unless_zero(v, c.served.inf_max_rt, 60, 86400, e);
                   },
                   [](const Section& c) { return cat(c.served.inf_max_rt.count()); }},
      Key<Section>{
          "information_refresh",
          "After how many seconds who has settings alone asks again (600..86400). 0: as long\n"
          "as leases last, and 600 at least.",
          [](const Value& v, Section& c, Complaints& e) {
            read_unless_zero(v, c.served.information_refresh, 600, 86400, e);
          },
          [](const Section& c) { return cat(c.served.information_refresh.count()); }},
      Key<Section>{
          "vendor_options",
          "Vendor-specific options as \"ENTERPRISE:CODE:HEX\", such as \"32473:1:0a0b0c\".",
          [](const Value& v, Section& c, Complaints& e) {
            read_list(v, c.served.vendor_options, parse_vendor_option, e);
          },
          [](const Section& c) { return list_text(c.served.vendor_options); }},
      Key<Section>{
          "dhcpv6_option",
          "Further DHCPv6 options as \"CODE:HEX\", such as \"60:00026162\": told to who asks.",
          [](const Value& v, Section& c, Complaints& e) {
            read_list(v, c.served.raw, parse_served_option, e);
          },
          [](const Section& c) { return list_text(c.served.raw); }},
  };
}

const std::vector<Key<LanConfig>>& lan_rows() {
  static const std::vector<Key<LanConfig>> rows{Key<LanConfig>{
      "dhcpv6_withhold",
      "What the providers tell is told to who asks for it by DHCPv6, the ways to IPv4 (aftr,\n"
      "map-e, map-t, lw4o6) too: but for these options, by name or code.",
      [](const Value& v, LanConfig& c, Complaints& e) {
        read_option_codes(v, c.withheld_options, e);
      },
      [](const LanConfig& c) { return option_codes_text(c.withheld_options); }}};
  return rows;
}

using Of = ReservationConfig;
const std::vector<Key<Of>>& reservation_rows() {
  static const std::vector<Key<Of>> rows{
      Key<Of>{"dns",
              "DNS servers to tell it by DHCPv6. []: those of the LAN; so with all that follow.",
              [](const Value& v, Of& c, Complaints& e) {
                read_servers(v, c.served.dns_servers, "DNS server", e);
              },
              [](const Of& c) { return quoted_texts(c.served.dns_servers); }},
      Key<Of>{
          "search", "Search domains to tell it.",
          [](const Value& v, Of& c, Complaints& e) { read_domains(v, c.served.search_domains, e); },
          [](const Of& c) { return quoted_texts(c.served.search_domains); }},
      Key<Of>{"dnr", "Encrypted resolvers to tell it, as a LAN's dnr has them.",
              [](const Value& v, Of& c, Complaints& e) {
                read_list(v, c.served.encrypted_dns, parse_encrypted_dns, e);
              },
              [](const Of& c) { return list_text(c.served.encrypted_dns); }},
      Key<Of>{"captive_portal_uri", "The API of a captive portal to tell it (RFC 8910).",
              [](const Value& v, Of& c, Complaints& e) {
                read_parsed(v, c.served.captive_portal, parse_captive_portal, e);
              },
              [](const Of& c) { return quoted(c.served.captive_portal); }},
  };
  return rows;
}

}  // namespace

std::span<const Key<LanConfig>> served_lan_keys() {
  static const auto all =
      joined(std::span<const Key<LanConfig>>(common_keys<LanConfig>()), lan_rows());
  return all;
}

std::span<const Key<ReservationConfig>> served_reservation_keys() {
  static const auto all = joined(std::span<const Key<Of>>(reservation_rows()), common_keys<Of>());
  return all;
}

}  // namespace sixgate::conf
