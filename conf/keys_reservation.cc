// SPDX-License-Identifier: Apache-2.0
// The keys of what is kept for one DHCPv6 client.
#include <array>

#include "conf/keys.h"
#include "net/interface_id.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

std::optional<std::uint64_t> parse_suffix(std::string_view text) {
  const auto address = Ip6Address::parse(text);
  if (!address || address->high() != 0 || is_reserved_interface_id(address->low()))
    return std::nullopt;
  return address->low();
}

const std::array kReservationKeys{
    Key<ReservationConfig>{
        "lan", "On which LAN. \"\": on each.",
        [](const Value& v, ReservationConfig& c, Complaints& e) { read_into(v, c.lan, e); },
        [](const ReservationConfig& c) { return quoted(c.lan); }},
    Key<ReservationConfig>{"duid", "The client's DUID in hexadecimal digits. \"\": any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             read_unless_empty(v, c.kept.duid, dhcp6::Duid::parse,
                                               "is no DUID: 1 to 130 octets in hexadecimal digits",
                                               e);
                           },
                           [](const ReservationConfig& c) {
                             return quoted(c.kept.duid ? c.kept.duid->to_string() : "");
                           }},
    Key<ReservationConfig>{"iaid", "Only this IA of the client, as a number. -1: any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             const auto n = read_number(v, -1, kMax32, e);
                             if (!n) return;
                             c.kept.iaid.reset();
                             if (*n >= 0) c.kept.iaid = static_cast<std::uint32_t>(*n);
                           },
                           [](const ReservationConfig& c) {
                             return c.kept.iaid ? cat(*c.kept.iaid) : std::string("-1");
                           }},
    Key<ReservationConfig>{
        "mac",
        "The client's MAC address: from its DUID, its link-local address or the relay agent.\n"
        "\"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_unless_empty(v, c.kept.mac, MacAddress::parse,
                            "is no MAC address such as 02:00:5e:00:53:01", e);
        },
        [](const ReservationConfig& c) {
          return quoted(c.kept.mac ? c.kept.mac->to_string() : "");
        }},
    Key<ReservationConfig>{"hostname",
                           "The name that the client says of itself, without a domain. \"\": any.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             if (const auto text = read_text(v, e))
                               c.kept.hostname = lower_case(*text);
                           },
                           [](const ReservationConfig& c) { return quoted(c.kept.hostname); }},
    Key<ReservationConfig>{
        "suffix", "The lower half of its addresses, such as \"::77\". \"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_unless_empty(v, c.kept.interface_id, parse_suffix,
                            "is no suffix such as \"::77\" that an interface may have", e);
        },
        [](const ReservationConfig& c) {
          return quoted(c.kept.interface_id
                            ? Ip6Address::from_halves(0, *c.kept.interface_id).to_string()
                            : "");
        }},
    Key<ReservationConfig>{
        "subnet",
        "The hexadecimal number of the /64 in each delegation where its prefix begins, when it\n"
        "is a router. \"\": any.",
        [](const Value& v, ReservationConfig& c, Complaints& e) {
          read_parsed(v, c.kept.subnet, parse_hint, e);
        },
        [](const ReservationConfig& c) { return quoted(hint_text(c.kept.subnet)); }},
    Key<ReservationConfig>{"lease_time", "For how long, in seconds. 0: as everybody on the LAN.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             const auto n = read_number(v, 0, kMax32, e);
                             if (!n) return;
                             c.kept.lifetime.reset();
                             if (*n > 0) c.kept.lifetime = Lifetime(static_cast<std::uint32_t>(*n));
                           },
                           [](const ReservationConfig& c) {
                             return cat(c.kept.lifetime ? c.kept.lifetime->count() : 0U);
                           }},
    Key<ReservationConfig>{"name", "What the host is called.",
                           [](const Value& v, ReservationConfig& c, Complaints& e) {
                             if (const auto text = read_text(v, e)) c.kept.name = lower_case(*text);
                           },
                           [](const ReservationConfig& c) { return quoted(c.kept.name); }},
    Key<ReservationConfig>{
        "ignore", "Never answer it.",
        [](const Value& v, ReservationConfig& c, Complaints& e) { read_into(v, c.kept.ignore, e); },
        [](const ReservationConfig& c) { return boolean(c.kept.ignore); }},
};

}  // namespace

std::span<const Key<ReservationConfig>> reservation_keys() {
  static const auto all =
      joined(std::span<const Key<ReservationConfig>>(kReservationKeys), served_reservation_keys());
  return all;
}

}  // namespace sixgate::conf
