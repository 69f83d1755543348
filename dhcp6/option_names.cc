// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_names.h"

#include <algorithm>
#include <array>

namespace sixgate::dhcp6 {
namespace {

// After the IANA registry "DHCPv6 Option Codes".
constexpr std::array kNames{
    OptionName{"vendor-options", 17},
    OptionName{"sip-domains", 21},
    OptionName{"sip-servers", 22},
    OptionName{"dns", 23},
    OptionName{"search", 24},
    OptionName{"nis-servers", 27},
    OptionName{"nisp-servers", 28},
    OptionName{"nis-domain", 29},
    OptionName{"nisp-domain", 30},
    OptionName{"sntp", 31},
    OptionName{"refresh-time", 32},
    OptionName{"bcmcs-domains", 33},
    OptionName{"bcmcs-servers", 34},
    OptionName{"civic-location", 36},
    OptionName{"fqdn", 39},
    OptionName{"pana-agent", 40},
    OptionName{"posix-timezone", 41},
    OptionName{"tzdb-timezone", 42},
    OptionName{"capwap-ac", 52},
    OptionName{"ntp", 56},
    OptionName{"access-domain", 57},
    OptionName{"sip-user-agents", 58},
    OptionName{"bootfile-url", 59},
    OptionName{"bootfile-param", 60},
    OptionName{"geolocation", 63},
    OptionName{"aftr", 64},
    OptionName{"pd-exclude", 67},
    OptionName{"rdnss-selection", 74},
    OptionName{"sol-max-rt", 82},
    OptionName{"inf-max-rt", 83},
    OptionName{"address-select", 84},
    OptionName{"pcp-servers", 86},
    OptionName{"4o6-servers", 88},
    OptionName{"map-e", 94},
    OptionName{"map-t", 95},
    OptionName{"lw4o6", 96},
    OptionName{"captive-portal", 103},
    OptionName{"mud-url", 112},
    OptionName{"prefix64", 113},
    OptionName{"sztp-redirect", 136},
    OptionName{"s46-bind-prefix", 137},
    OptionName{"dots-agent", 141},
    OptionName{"dnr", 144},
};

}  // namespace

std::span<const OptionName> option_names() { return kNames; }

std::string_view option_name(std::uint16_t code) {
  const auto it = std::find_if(kNames.begin(), kNames.end(),
                               [&](const OptionName& one) { return one.code == code; });
  return it == kNames.end() ? std::string_view() : it->name;
}

std::optional<std::uint16_t> option_code_of(std::string_view name) {
  const auto it = std::find_if(kNames.begin(), kNames.end(),
                               [&](const OptionName& one) { return one.name == name; });
  return it == kNames.end() ? std::nullopt : std::optional(it->code);
}

}  // namespace sixgate::dhcp6
