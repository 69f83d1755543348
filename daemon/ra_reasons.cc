// SPDX-License-Identifier: Apache-2.0
#include "daemon/ra_reasons.h"

#include <algorithm>

#include "net/text.h"
#include "ra/describe.h"

namespace sixgate::daemon {
namespace {

constexpr std::string_view kWithdrawn = "no longer there; said while hosts may still hold it";

class Reasons {
 public:
  Reasons(const conf::LanConfig& config, const std::vector<LanPrefix>& prefixes,
          std::uint32_t link_mtu)
      : config_(config), prefixes_(prefixes), link_mtu_(link_mtu) {}

  std::string operator()(const ra::PrefixInformation& option) const {
    if (option.valid.is_zero()) return std::string(kWithdrawn);
    const auto known =
        std::find_if(prefixes_.begin(), prefixes_.end(),
                     [&](const LanPrefix& prefix) { return prefix.prefix == option.prefix; });
    if (known == prefixes_.end()) return {};
    const std::string source =
        known->origin == delegation::kOriginStatic || known->origin == delegation::kOriginUla
            ? std::string("of its time")
        : known->shared ? cat("of the /64 shared with ", known->origin)
                        : cat("of what ", known->origin, " delegates");
    if (option.preferred.is_zero()) {
      return known->standing == delegation::Standing::kDeprecated
                 ? cat("deprecated: the preferred time ", source, " is over")
                 : "deprecated by the configuration";
    }
    if (option.valid < config_.ra.max_valid || option.preferred < config_.ra.max_preferred)
      return cat("what is left ", source, ", or the limit set for it");
    return {};
  }
  std::string operator()(const ra::RouteInformation& option) const {
    return of_lifetime(option.lifetime);
  }
  std::string operator()(const ra::RecursiveDnsServers& option) const {
    return of_lifetime(option.lifetime);
  }
  std::string operator()(const ra::DnsSearchList& option) const {
    return of_lifetime(option.lifetime);
  }
  std::string operator()(const ra::EncryptedDns& option) const {
    return of_lifetime(option.lifetime);
  }
  std::string operator()(const ra::Pref64& option) const {
    if (option.lifetime == 0) return std::string(kWithdrawn);
    return config_.advertising.pref64 ? "" : "learnt from an uplink";
  }
  std::string operator()(const ra::CaptivePortal& option) const {
    return option.uri != config_.advertising.captive_portal ? "there is no portal any more" : "";
  }
  std::string operator()(const ra::Mtu& option) const {
    if (config_.ra.mtu || option.mtu >= link_mtu_) return {};
    return cat("an uplink takes no more; this link has ", link_mtu_);
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }

 private:
  std::string of_lifetime(Lifetime lifetime) const {
    if (lifetime.is_zero()) return std::string(kWithdrawn);
    return lifetime < config_.ra.max_valid
               ? "as long as what it depends on, or the limit set for it"
               : "";
  }

  const conf::LanConfig& config_;
  const std::vector<LanPrefix>& prefixes_;
  std::uint32_t link_mtu_;
};

}  // namespace

std::vector<StatusField> explain(const ra::RouterAdvertisement& next, const conf::LanConfig& config,
                                 const std::vector<LanPrefix>& prefixes, std::uint32_t link_mtu,
                                 const std::string& not_default) {
  const Reasons reasons(config, prefixes, link_mtu);
  const std::vector<ra::DescribedField> fields = ra::describe(next);
  const std::size_t header = fields.size() - next.options.size();
  std::vector<StatusField> out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::string why;
    if (i >= header) {
      why = std::visit(reasons, next.options[i - header]);
    } else if (fields[i].name == "router lifetime" && next.router_lifetime == seconds(0)) {
      why = not_default;
    }
    out.push_back({fields[i].name, fields[i].value, std::move(why)});
  }
  return out;
}

}  // namespace sixgate::daemon
