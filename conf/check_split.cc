// SPDX-License-Identifier: Apache-2.0
#include "conf/check_split.h"

#include "net/interface_id.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

using Where = Problem::Where;

std::string bits_text(unsigned length) {
  return cat("the ", 128 - length, " bits that ip6assign = ", length, " leaves to hosts");
}

}  // namespace

bool is_assignable(const LanConfig& lan) {
  return lan.request.assign_length >= 48 && lan.request.assign_length <= delegation::kLongestAssign;
}

std::vector<Problem> check_split(const Config& config, std::size_t index) {
  const LanConfig& lan = config.lans[index];
  if (!is_assignable(lan) || !lan.request.splits_slash64()) return {};
  std::vector<Problem> problems;
  const auto add = [&](std::string_view key, std::string text, bool is_error = true) {
    problems.push_back({Where::kLan, index, key, std::move(text), is_error});
  };
  const unsigned length = lan.request.assign_length;
  const Prefix part(Ip6Address(), length);
  const LanAdvertising& said = lan.advertising;
  if (lan.addressing != Addressing::kDhcpv6 && lan.addressing != Addressing::kSlaacDhcpv6) {
    add("ip6assign",
        cat(length,
            " splits a /64, and hosts make addresses of their own in whole ones only (RFC 4862 "
            "section 5.5.3): it needs addressing = \"dhcpv6\""));
  } else if (lan.addressing == Addressing::kSlaacDhcpv6 && said.static_prefixes.empty()) {
    add("addressing",
        cat("is as \"dhcpv6\" with ip6assign = ", length,
            ": hosts make no addresses of their own in less than a /64"),
        false);
  }
  using Kind = delegation::InterfaceIdPolicy::Kind;
  const Ip6Address& suffix = lan.interface_id.fixed;
  if (lan.interface_id.kind == Kind::kFixed && suffix.low() > part.last_interface_id())
    add("ip6ifaceid", cat(suffix, " does not fit into ", bits_text(length)));
  else if (lan.interface_id.kind == Kind::kFixed && is_reserved_interface_id(part, suffix.low()))
    add("ip6ifaceid", cat(suffix, " is reserved in a /", length, " (RFC 2526)"));
  const Ip6Address last = Ip6Address::from_halves(0, lan.dhcp6.range.last);
  if (!lan.is_relayed() && last.low() > part.last_interface_id())
    add("dhcpv6_range", cat(last, " does not fit into ", bits_text(length)));
  if (!lan.share_hosts.empty())
    add("share_hosts", cat("is of no use with ip6assign = ", length,
                           ": what links share is a whole /64, with SLAAC"));
  if (said.delegation_preferred && said.static_prefixes.empty())
    add("dhcpv6_pd_preferred", cat("is said of whole /64s only, not with ip6assign = ", length),
        false);
  for (const PrefixRule& rule : said.rules) {
    const bool may_be_whole = rule.origin.empty() || rule.origin == delegation::kOriginStatic;
    const bool asks = rule.autonomous.value_or(false) || rule.delegation_preferred.value_or(false);
    if (asks && !may_be_whole)
      add("ra_prefix", cat("slaac=yes and pd=yes have no effect with ip6assign = ", length), false);
  }
  return problems;
}

std::vector<Problem> check_suffix(const Config& config, std::size_t index) {
  const ReservationConfig& reservation = config.reservations[index];
  const std::optional<std::uint64_t>& id = reservation.kept.interface_id;
  std::vector<Problem> problems;
  for (const LanConfig& lan : config.lans) {
    const bool meant = reservation.lan.empty() || reservation.lan == lan.name;
    if (!meant || !id || !is_assignable(lan) || !lan.request.splits_slash64()) continue;
    const Prefix part(Ip6Address(), lan.request.assign_length);
    if (*id <= part.last_interface_id() && !is_reserved_interface_id(part, *id)) continue;
    problems.push_back({Where::kReservation, index, "suffix",
                        cat(Ip6Address::from_halves(0, *id), " does not fit into ",
                            bits_text(lan.request.assign_length), " of LAN ", lan.name),
                        // Where it is for any LAN, the others keep it.
                        reservation.lan == lan.name});
  }
  return problems;
}

}  // namespace sixgate::conf
