// SPDX-License-Identifier: Apache-2.0
#include "conf/check_firewall.h"

#include <utility>

#include "net/text.h"

namespace sixgate::conf {

namespace {

using Where = Problem::Where;

}  // namespace

std::vector<Problem> check_firewall(const Config& config) {
  using Choice = FirewallConfig::Choice;
  const FirewallConfig& firewall = config.firewall;
  std::vector<Problem> problems;
  const auto add = [&](Where where, std::size_t index, std::string_view key, std::string text,
                       bool is_error = true) {
    problems.push_back({where, index, key, std::move(text), is_error});
  };
  const auto only_with = [&](std::string_view key, const std::string& file, Choice choice) {
    if (!file.empty() && firewall.backend != Choice::kAuto && firewall.backend != choice)
      add(Where::kFirewall, 0, key,
          cat("goes with backend = \"", to_string(choice), "\", and the backend is \"",
              to_string(firewall.backend), "\""));
  };
  only_with("include_nft", firewall.include_nft, Choice::kNft);
  only_with("include_ip6tables", firewall.include_ip6tables, Choice::kIp6tables);
  if (firewall.accept_mark != 0 && firewall.backend == Choice::kIp6tables)
    add(Where::kFirewall, 0, "accept_mark",
        "is of nft alone: what ip6tables accepts has passed its table, and others see no mark");
  if (config.knock && (config.knock->mark & firewall.accept_mark) != 0)
    add(Where::kKnock, 0, "mark", "has bits of accept_mark: each needs its own");
  if (firewall.backend != Choice::kNone) return problems;

  const std::string needed = "is done by the firewall, and backend = \"none\"";
  const std::string idle = "has no effect: backend = \"none\"";
  for (std::size_t i = 0; i < config.uplinks.size(); ++i) {
    if (config.uplinks[i].nptv6) add(Where::kUplink, i, "nptv6", needed);
  }
  for (std::size_t i = 0; i < config.lans.size(); ++i) {
    if (config.lans[i].pcp) add(Where::kLan, i, "pcp", needed);
    if (config.lans[i].any_endpoint) add(Where::kLan, i, "filtering", idle, false);
  }
  if (config.knock) add(Where::kKnock, 0, "", cat("[ipsec_knock] ", needed));
  if (!config.pinholes.empty()) add(Where::kPinhole, 0, "", cat("[[pinhole]] ", idle), false);
  if (firewall.accept_mark != 0) add(Where::kFirewall, 0, "accept_mark", idle, false);
  if (firewall.log != FirewallConfig::Log::kNone) add(Where::kFirewall, 0, "log", idle, false);
  return problems;
}

}  // namespace sixgate::conf
