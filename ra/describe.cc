// SPDX-License-Identifier: Apache-2.0
#include "ra/describe.h"

#include <type_traits>

#include "net/service_parameters.h"
#include "net/text.h"

namespace sixgate::ra {

namespace {

std::string time(Lifetime lifetime) {
  return lifetime.is_infinite() ? "infinite" : cat(lifetime.count(), " s");
}

std::string time(milliseconds value) {
  return value == milliseconds(0) ? "unspecified" : cat(value.count(), " ms");
}

template <class T>
std::string list(const std::vector<T>& values) {
  std::string out;
  for (const T& value : values) out += cat(out.empty() ? "" : ", ", value);
  return out;
}

void add(std::string& to, bool condition, std::string_view word) {
  if (condition) to += cat(to.empty() ? "" : ", ", word);
}

std::string flags_of(const RouterAdvertisement& message) {
  std::string flags;
  add(flags, message.managed, "managed");
  add(flags, message.other, "other");
  add(flags, message.home_agent, "home agent");
  add(flags, message.proxy, "proxy");
  return flags.empty() ? "none" : flags;
}

std::string text_of(const PrefixInformation& option) {
  std::string out;
  add(out, option.on_link, "on-link");
  add(out, option.autonomous, "autonomous");
  add(out, option.delegation_preferred, "delegation preferred");
  if (option.router_address) add(out, true, cat("router ", *option.router_address));
  add(out, true, cat("preferred ", time(option.preferred)));
  add(out, true, cat("valid ", time(option.valid)));
  return out;
}

std::string text_of(const EncryptedDns& option) {
  std::string out = cat("priority ", option.priority, ", ", time(option.lifetime));
  add(out, !option.addresses.empty(), list(option.addresses));
  const std::string parameters = service_parameters_text(option.service_parameters);
  add(out, !parameters.empty(), parameters);
  return out;
}

DescribedField field(const Option& option) {
  return std::visit(
      [](const auto& o) -> DescribedField {
        using T = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<T, SourceLinkLayerAddress>) {
          return {"source link-layer address", to_hex(o.octets, ':')};
        } else if constexpr (std::is_same_v<T, TargetLinkLayerAddress>) {
          return {"target link-layer address", to_hex(o.octets, ':')};
        } else if constexpr (std::is_same_v<T, PrefixInformation>) {
          return {cat("prefix ", o.prefix), text_of(o)};
        } else if constexpr (std::is_same_v<T, Mtu>) {
          return {"MTU", std::to_string(o.mtu)};
        } else if constexpr (std::is_same_v<T, AdvertisementInterval>) {
          return {"advertisement interval", time(o.interval)};
        } else if constexpr (std::is_same_v<T, HomeAgentInformation>) {
          return {"home agent", cat("preference ", o.preference, ", ", o.lifetime.count(), " s")};
        } else if constexpr (std::is_same_v<T, Nonce>) {
          return {"nonce", to_hex(o.octets)};
        } else if constexpr (std::is_same_v<T, RouteInformation>) {
          return {cat("route ", o.prefix), cat(o.preference ? to_string(*o.preference) : "reserved",
                                               ", ", time(o.lifetime))};
        } else if constexpr (std::is_same_v<T, RecursiveDnsServers>) {
          return {cat("DNS ", list(o.addresses)), time(o.lifetime)};
        } else if constexpr (std::is_same_v<T, DnsSearchList>) {
          return {cat("search ", printable(list(o.names))), time(o.lifetime)};
        } else if constexpr (std::is_same_v<T, CaptivePortal>) {
          return {"captive portal", printable(o.uri)};
        } else if constexpr (std::is_same_v<T, Pref64>) {
          return {cat("PREF64 ", o.prefix), time(o.seconds_left())};
        } else if constexpr (std::is_same_v<T, EncryptedDns>) {
          return {cat("encrypted DNS ", printable(o.name.to_string())), text_of(o)};
        } else if constexpr (std::is_same_v<T, UnknownOption>) {
          return {cat("option ", unsigned{o.code}), to_hex(o.payload)};
        } else {
          static_assert(std::is_same_v<T, MalformedOption>);
          return {cat("malformed option ", unsigned{o.code}), o.why};
        }
      },
      option);
}

}  // namespace

std::vector<DescribedField> describe(const RouterAdvertisement& message) {
  std::vector<DescribedField> out{
      {"router lifetime", cat(message.router_lifetime.count(), " s")},
      {"preference", std::string(to_string(message.preference))},
      {"flags", flags_of(message)},
      {"hop limit", message.hop_limit == 0 ? "unspecified" : cat(unsigned{message.hop_limit})},
      {"reachable time", time(message.reachable)},
      {"retransmission timer", time(message.retrans)},
  };
  for (const Option& option : message.options) out.push_back(field(option));
  return out;
}

std::string summary(const RouterAdvertisement& message) {
  std::string out = cat("router lifetime ", message.router_lifetime.count(), " s");
  const std::string flags = flags_of(message);
  if (flags != "none") out += cat(", ", flags);
  std::vector<Prefix> prefixes;
  for (const Option& option : message.options) {
    if (const auto* prefix = std::get_if<PrefixInformation>(&option))
      prefixes.push_back(prefix->prefix);
  }
  return prefixes.empty() ? cat(out, ", no prefix") : cat(out, ", prefixes ", list(prefixes));
}

}  // namespace sixgate::ra
