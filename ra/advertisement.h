// SPDX-License-Identifier: Apache-2.0
// What a router says on one LAN, as a value: the input of the Advertiser. Ends are instants; each is
// said as what is left of it, and never as more than its limit (RFC 9096 sections 3.3 and 3.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/log.h"
#include "net/mac_address.h"
#include "ra/messages.h"

namespace sixgate::ra {

inline constexpr std::uint32_t kMinLinkMtu = 1280;                      // RFC 8200 section 5
inline constexpr Duration kMinDelayBetweenAdvertisements = seconds(3);  // MIN_DELAY_BETWEEN_RAS
inline constexpr std::size_t kMaxRoutes = 17;                           // RFC 4191 section 4
inline constexpr Lifetime kPreferredLimit{2700};                        // ND_PREFERRED_LIMIT
inline constexpr Lifetime kValidLimit{5400};                            // ND_VALID_LIMIT
// RFC 8910 section 2: "there is no captive portal here".
inline constexpr std::string_view kUnrestrictedPortal = "urn:ietf:params:capport:unrestricted";

struct AdvertisedPrefix {
  Prefix prefix;
  bool on_link = true;
  bool autonomous = true;
  Instant preferred_until;
  Instant valid_until;
  bool delegation_preferred = false;         // P of RFC 9762
  std::optional<Ip6Address> router_address;  // R of RFC 6275: our whole address in it
  // Limits of its own instead of those of the settings.
  std::optional<Lifetime> max_preferred;
  std::optional<Lifetime> max_valid;
  bool operator==(const AdvertisedPrefix&) const = default;
};

struct AdvertisedRoute {
  Prefix prefix;
  RouterPreference preference = RouterPreference::kMedium;
  Instant valid_until;
  std::optional<Lifetime> max_valid;
  bool operator==(const AdvertisedRoute&) const = default;
};

// The prefix that a NAT64 translates from (RFC 8781).
struct AdvertisedTranslation {
  Prefix prefix;
  Instant valid_until;
  bool operator==(const AdvertisedTranslation&) const = default;
};

// A resolver that is spoken to in secret (RFC 9463). `option.lifetime` is not looked at.
struct AdvertisedResolver {
  EncryptedDns option;
  Instant valid_until;
  bool operator==(const AdvertisedResolver&) const = default;
};

// RFC 4861 section 6.2.1
struct AdvertiserSettings {
  seconds max_interval{600};                                // MaxRtrAdvInterval
  seconds min_interval{200};                                // MinRtrAdvInterval
  RouterPreference preference = RouterPreference::kMedium;  // RFC 4191 section 2.2
  std::uint8_t hop_limit = 64;                              // AdvCurHopLimit
  // AdvLinkMTU. Unset: the link's own MTU is said. 0: no MTU option. Else this, where the link can.
  std::optional<std::uint32_t> mtu;
  milliseconds reachable{0};                   // AdvReachableTime
  milliseconds retrans{0};                     // AdvRetransTimer
  Lifetime router_lifetime = kPreferredLimit;  // AdvDefaultLifetime (RFC 9096 L-16)
  Lifetime max_preferred = kPreferredLimit;
  Lifetime max_valid = kValidLimit;
  bool home_agent = false;       // the H flag of RFC 6275
  bool interval_option = false;  // say MaxRtrAdvInterval (RFC 6275 section 7.3)
  // Answer a host by unicast (RFC 7772 section 5.1), not the whole link.
  bool unicast_solicited = true;
  // A link without multicast: whoever has solicited is spoken to one by one.
  bool unicast_only = false;
  // The air that advertisements may take. Multicasts, which sleeping hosts wake up for and which are sent
  // slowly, are this far apart; unicast answers are at most so many in a second over ten seconds (0: no
  // limit), and who comes beyond that is answered by one multicast together with the others.
  seconds multicast_gap{3};
  unsigned unicast_rate = 20;
  // The longest random wait before a solicitation is answered (MAX_RA_DELAY_TIME). It keeps several routers from
  // answering as one; 0 is for a link where there is one only.
  milliseconds solicited_delay{500};
  bool operator==(const AdvertiserSettings&) const = default;
};

// RFC 8781 section 4: 96, 64, 56, 48, 40 or 32.
bool is_translation_length(unsigned length);

// What is outside the limits of RFC 4861 section 6.2.1, for whoever reads a configuration.
struct SettingProblem {
  std::string_view setting;  // the member's name above
  std::string_view why;
  bool operator==(const SettingProblem&) const = default;
};
std::vector<SettingProblem> check(const AdvertiserSettings& settings);

struct Advertisement {
  AdvertiserSettings settings;
  bool managed = false;
  bool other = false;
  bool default_router = false;  // false: Router Lifetime 0
  bool proxy = false;           // told on from another link: the P flag of RFC 4389
  std::optional<MacAddress> link_layer;
  std::uint32_t link_mtu = 1500;
  std::vector<AdvertisedPrefix> prefixes;
  std::vector<AdvertisedRoute> routes;
  std::vector<Ip6Address> dns_servers;     // in order of preference
  std::vector<DomainName> search_domains;  // in order of preference
  Instant dns_valid_until;
  std::vector<AdvertisedTranslation> translations;
  std::vector<AdvertisedResolver> encrypted_dns;
  std::string captive_portal;                  // a URI, or empty
  std::vector<UnknownOption> further_options;  // as they are
  bool operator==(const Advertisement&) const = default;
};

// The one form that is compared and sent: sorted, without repetitions, without what may not be said.
Advertisement normalised(Advertisement next, LogLines& log);

// The fields and the options that say it, in the order in which they are sent. What is over is not among
// them. `link_options` repeat in each packet, `live_options` may be divided over several.
RouterAdvertisement header(const Advertisement& said);
Options link_options(const Advertisement& said);
Options live_options(const Advertisement& said, Instant now);

// The last moment at which nothing of it has another number of seconds left than at `now`.
Instant unchanged_until(const Advertisement& said, Instant now);

// Servers and names in options small enough to find room in a packet beside others.
Options server_options(const std::vector<Ip6Address>& servers, Lifetime lifetime);
Options domain_options(const std::vector<DomainName>& names, Lifetime lifetime);

}  // namespace sixgate::ra
