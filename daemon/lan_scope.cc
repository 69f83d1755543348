// SPDX-License-Identifier: Apache-2.0
#include "daemon/lan_scope.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/server_options.h"
#include "dhcp6/options.h"

namespace sixgate::daemon {
namespace {

// The delegations outside the LANs (RFC 9818 LPD-2, LPD-4). Of a block that is this LAN's own only the
// on-link /64 is taken: the rest is there for the routers behind it.
std::vector<dhcp6::DelegableSpace> spaces(const House& house, const conf::LanConfig& lan,
                                          Instant now) {
  std::vector<dhcp6::DelegableSpace> spaces;
  for (const delegation::Delegation& delegation : house.delegations) {
    if (delegation.valid_until <= now || !lan.takes_from(delegation.origin)) continue;
    // Of an uplink without a way out nobody is to prefer anything.
    const bool dead =
        std::any_of(house.uplinks.begin(), house.uplinks.end(), [&](const UplinkView& uplink) {
          return uplink.dead && uplink.config->name == delegation.origin;
        });
    dhcp6::DelegableSpace space{.prefix = delegation.prefix,
                                .preferred_until = dead ? now : delegation.preferred_until,
                                .valid_until = delegation.valid_until,
                                .taken = {}};
    for (const delegation::Assignment& assignment : house.assignments) {
      if (!delegation.prefix.overlaps(assignment.prefix)) continue;
      space.taken.push_back(assignment.lan == lan.name ? assignment.on_link() : assignment.prefix);
    }
    // What a LAN has beside the plan, static prefixes say.
    for (const LanView& other : house.lans) {
      for (const LanPrefix& prefix : other.prefixes) {
        if (delegation.prefix.overlaps(prefix.prefix)) space.taken.push_back(prefix.prefix);
      }
    }
    for (const delegation::Delegation& other : house.delegations) {
      // RFC 6603 section 4.1; and of a delegation inside another only one gives.
      if (other.excluded && other.excluded->overlaps(delegation.prefix))
        space.taken.push_back(*other.excluded);
      if (other.prefix != delegation.prefix && delegation.prefix.contains(other.prefix))
        space.taken.push_back(other.prefix);
    }
    std::sort(space.taken.begin(), space.taken.end());
    space.taken.erase(std::unique(space.taken.begin(), space.taken.end()), space.taken.end());
    spaces.push_back(std::move(space));
  }
  // RFC 9818 LPD-9: global ones first.
  std::stable_partition(spaces.begin(), spaces.end(), [](const dhcp6::DelegableSpace& space) {
    return !kUniqueLocal.contains(space.prefix);
  });
  return spaces;
}

// The upper half of its last address.
std::uint64_t last_64(const Prefix& prefix) {
  const unsigned length = std::min(prefix.length(), 64U);
  return length == 0 ? ~std::uint64_t{0}
                     : prefix.address().high() | ((std::uint64_t{1} << (64 - length)) - 1);
}

// A /64 of this space that nobody has.
bool has_room(const dhcp6::DelegableSpace& space,
              const std::vector<dhcp6::DelegatedPrefix>& delegated) {
  if (space.prefix.length() > 64) return false;
  // By the upper halves of addresses, in order.
  std::vector<Prefix> used = space.taken;
  for (const dhcp6::DelegatedPrefix& one : delegated) used.push_back(one.prefix);
  std::sort(used.begin(), used.end());
  std::uint64_t next = space.prefix.address().high();
  const std::uint64_t last = last_64(space.prefix);
  for (const Prefix& one : used) {
    if (!one.overlaps(space.prefix)) continue;
    if (one.address().high() > next) return true;
    if (last_64(one) >= last) return false;
    next = std::max(next, last_64(one) + 1);
  }
  return true;
}

// What a person gives takes the place of what the providers tell under the same code.
dhcp6::Options options_with(dhcp6::Options told, const conf::LanConfig& lan) {
  dhcp6::Options own = conf::to_options(lan.served);
  const auto given = [&](std::uint16_t code) {
    return std::any_of(own.begin(), own.end(), [&](const dhcp6::Option& option) {
      return dhcp6::option_code(option) == code;
    });
  };
  std::erase_if(told, [&](const dhcp6::Option& option) {
    const std::uint16_t code = dhcp6::option_code(option);
    const auto& withheld = lan.withheld_options;
    return given(code) || std::find(withheld.begin(), withheld.end(), code) != withheld.end();
  });
  std::move(own.begin(), own.end(), std::back_inserter(told));
  return told;
}

std::optional<Lifetime> refresh_of(const conf::ServedOptions& served) {
  if (served.information_refresh == seconds(0)) return std::nullopt;
  return Lifetime(static_cast<std::uint32_t>(served.information_refresh.count()));
}

}  // namespace

void settle_delegation_flags(ra::Advertisement& said, const dhcp6::ServerLink& link,
                             const House& house, Instant now) {
  const bool wanted = std::any_of(said.prefixes.begin(), said.prefixes.end(),
                                  [](const auto& one) { return one.delegation_preferred; });
  if (!wanted) return;
  if (link.delegates && !said.managed) said.other = true;
  const bool room = std::any_of(link.spaces.begin(), link.spaces.end(), [&](const auto& space) {
    return space.preferred_until > now && has_room(space, house.subdelegations);
  });
  const auto given = static_cast<std::size_t>(
      std::count_if(house.subdelegations.begin(), house.subdelegations.end(),
                    [&](const dhcp6::DelegatedPrefix& one) { return one.link == link.name; }));
  if (link.delegates && room && given < link.delegations) return;
  for (ra::AdvertisedPrefix& prefix : said.prefixes) prefix.delegation_preferred = false;
}

dhcp6::ServerLink server_link(const House& house, const Services& services, const LanView& lan,
                              const ra::Advertisement& said, Instant now) {
  const conf::LanConfig& config = *lan.config;
  dhcp6::ServerLink link = config.dhcp6;
  link.name = config.name;
  link.addresses = said.managed;
  link.settled = house.settled;
  for (const LanPrefix& prefix : lan.prefixes) {
    if (prefix.valid_until <= now) continue;
    link.prefixes.push_back({prefix.prefix, prefix.preferred_until, prefix.valid_until});
    link.in_use.push_back(prefix.address);
  }
  // What a host of another link has of a shared /64 is not given out here.
  for (const SharedLinks& shared : house.shared) {
    for (const ra::ProxiedHost& host : shared.hosts) {
      if (host.segment != config.interface && link.range.contains(host.address.low()))
        link.in_use.push_back(host.address);
    }
  }
  if (link.delegates) link.spaces = spaces(house, config, now);
  // Resolvers are the LAN's own matter: what its advertisement says.
  Services told = without_link_local(services);
  const bool current = said.dns_valid_until > now;
  told.dns_servers = current ? said.dns_servers : std::vector<Ip6Address>();
  told.search_domains = current ? said.search_domains : std::vector<DomainName>();
  // So are secret ones, and the portal.
  told.encrypted_dns.clear();
  for (const ra::AdvertisedResolver& one : said.encrypted_dns) {
    if (one.valid_until > now)
      told.encrypted_dns.push_back({one.option.priority, one.option.name, one.option.addresses,
                                    one.option.service_parameters});
  }
  // RFC 9463 section 4.1: in the order of their Service Priority.
  std::stable_sort(told.encrypted_dns.begin(), told.encrypted_dns.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  told.captive_portal = said.captive_portal;
  link.options = options_with(server_options(told), config);
  for (const conf::ReservationConfig& reservation : house.config->reservations) {
    if (!reservation.lan.empty() && reservation.lan != config.name) continue;
    dhcp6::Reservation kept = reservation.kept;
    kept.options = conf::to_options(reservation.served);
    kept.information_refresh = refresh_of(reservation.served);
    link.reservations.push_back(std::move(kept));
  }
  // RFC 9096 section 3.4: what is told without a lifetime of its own is asked for again as often.
  link.information_refresh =
      refresh_of(config.served).value_or(std::max(link.valid, Lifetime(600)));
  return link;
}

}  // namespace sixgate::daemon
