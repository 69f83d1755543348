// SPDX-License-Identifier: Apache-2.0
// Router and its DHCPv6 server: its links bear the names of LANs. What happens to leases goes to whoever listens, and
// to the script for them.
#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/named_hosts.h"
#include "daemon/router.h"

namespace sixgate::daemon {
namespace {

// What deriving and comparing one route takes, or a line of a hosts file, is a hundredth of this.
constexpr Duration kGapForEach = Duration(500);
constexpr Duration kLongestGap = seconds(5);

// The first change is told at once. When many come in a row several are told together, and the more there is to tell, the
// more of them, so that however many there are one of them costs the same.
Duration gap_of(std::size_t count, Duration least) {
  return std::clamp(kGapForEach * static_cast<std::int64_t>(count), least, kLongestGap);
}

}  // namespace

dhcp6::JournalReading Router::restore_leases(std::span<const std::uint8_t> journal,
                                             std::string_view boot, Instant now) {
  const dhcp6::JournalReading reading =
      server_.restore(journal, boot, now, std::max(state_.lease_epochs, 1U));
  constexpr std::uint32_t kInAdvance = 64;
  const std::uint32_t epoch = server_.table().epoch();
  if (epoch >= state_.lease_epochs && epoch <= ~kInAdvance) {
    state_.lease_epochs = epoch + kInAdvance;
    keep_ = true;
  }
  lease_events_.begin(server_.table().epoch());
  return reading;
}

// An uplink that asks for a prefix has it, or has been waited for: before, a DHCPv6 client that names an
// address we do not know is not told that it is wrong.
bool Router::delegations_known(Instant now) const {
  if (now >= started_ + kGrace) return true;
  return std::all_of(uplinks_.begin(), uplinks_.end(), [](const auto& uplink) {
    if (!uplink->lease_is_learnt()) return true;
    return uplink->config().request_prefix.wanted() ? uplink->lease().verified
                                                    : uplink->heard().any;
  });
}

// What it has to say.
void Router::collect_server(Instant now) {
  dhcp6::ServerOutputs said = server_.drain();
  out_.lease_journal.insert(out_.lease_journal.end(), said.journal.begin(), said.journal.end());
  for (dhcp6::ServerPacket& packet : said.packets) {
    for (const auto& lan : lans_) {
      if (lan->config().name != packet.link) continue;
      out_.packets.push_back({.interface = lan->config().interface,
                              .channel = Channel::kDhcp6Server,
                              .destination = packet.destination,
                              .payload = std::move(packet.payload),
                              .source = {},
                              .port = packet.port});
      break;
    }
  }
  for (LogLine& line : said.log) out_.log.push_back(std::move(line));
  for (const dhcp6::LeaseEvent& event : said.events) {
    const bool ended = event.kind == dhcp6::LeaseEvent::Kind::kReleased ||
                       event.kind == dhcp6::LeaseEvent::Kind::kExpired ||
                       event.kind == dhcp6::LeaseEvent::Kind::kDeclined;
    if (ended && event.type == dhcp6::AssociationType::kAddresses) {
      for (const Prefix& lease : event.leases) pcp_.forget(lease.address());
    }
    lease_hook_.add(event);
    lease_events_.add(event);
    out_.lease_events = true;
  }
  for (const auto& [name, duid] : said.foreign_servers) {
    for (const auto& lan : lans_) {
      if (lan->config().name == name) lan->server_watch().overhear(duid, now);
    }
  }
  names_changed_ = names_changed_ || said.names_changed;
  if (said.names_changed && learnt_hosts_ != learn_hosts(config_.pinholes, server_)) dirty_ = true;
  if (said.delegations_changed) subdelegations_changed(now);
  server_.reuse(std::move(said));
}

std::vector<dhcp6::LeaseEvent> Router::release_lease(const dhcp6::LeaseSelection& which,
                                                     Instant now) {
  std::vector<dhcp6::LeaseEvent> ended = server_.release(which, now);
  for (const dhcp6::RelayedDelegation& one : relay_.clear(which)) {
    ended.push_back({.kind = dhcp6::LeaseEvent::Kind::kReleased,
                     .link = one.link,
                     .type = dhcp6::AssociationType::kPrefixes,
                     .duid = one.client,
                     .iaid = one.iaid,
                     .leases = {one.prefix},
                     .valid = remaining(one.valid_until, now),
                     .name = {}});
  }
  settle(now);
  return ended;
}

void Router::lease_hook_ended(std::uint64_t number, const HookResult& result, Instant now) {
  for (LogLine& line : lease_hook_.ended(number, result)) out_.log.push_back(std::move(line));
  settle(now);
}

std::vector<dhcp6::NamedAddress> Router::named_addresses(Instant now) {
  std::vector<NamedLan> lans;
  for (const auto& lan : lans_)
    lans.push_back({&lan->config(), &lan->hosts(), prefixes_[lan->config().name]});
  NamedHosts named = named_hosts(server_, config_.reservations, lans, now);
  names_due_ = named.until;
  return std::move(named.addresses);
}

Instant Router::names_wait_until() const {
  if (!names_told_ || stopping_) return started_;
  return *names_told_ + gap_of(server_.table().binding_count(), kNamesGap);
}

void Router::tell_names(Instant now) {
  if (!names_changed_ || now < names_wait_until()) return;
  names_changed_ = false;
  names_told_ = now;
  out_.names_changed = true;
}

void Router::subdelegations_changed(Instant now) {
  const Duration gap = gap_of(desired_.routes.size(), kSubdelegationGap);
  if (now >= subdelegations_taken_ + gap) {
    dirty_ = true;
  } else if (!subdelegations_due_) {
    subdelegations_due_ = subdelegations_taken_ + gap;
  }
}

}  // namespace sixgate::daemon
