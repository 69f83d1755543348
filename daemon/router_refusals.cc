// SPDX-License-Identifier: Apache-2.0
// Router and strangers who begin flows to hosts that nobody opened to them (firewall/refusals.h).
#include <algorithm>

#include "daemon/router.h"

namespace sixgate::daemon {

// Nothing is heard where it would not be answered: without rules of ours nobody is refused, and what is full has time.
bool Router::hears_strangers() const {
  return config_.firewall.answer_refused &&
         config_.firewall.backend != conf::FirewallConfig::Choice::kNone && !stopping_ &&
         applied_ruleset_ && !refusals_.is_full() &&
         std::any_of(config_.lans.begin(), config_.lans.end(), [](const conf::LanConfig& lan) {
           return firewall::is_guarded(lan.zone) || lan.downstream == conf::Downstream::kFiltered;
         });
}

void Router::hear_stranger(const PacketIn& packet, Instant now) {
  if (packet.outgoing || !hears_strangers()) return;
  const auto flow = firewall::Refusals::begins(packet.payload);
  if (!flow) return;
  const auto is_ours = [&](const Ip6Address& address) {
    const auto& lans = desired_.ruleset.lans;
    const auto& translations = desired_.ruleset.translations;
    return std::any_of(lans.begin(), lans.end(),
                       [&](const firewall::FirewallLan& lan) {
                         return any_contains(lan.assigned, address);
                       }) ||
           std::any_of(translations.begin(), translations.end(),
                       [&](const firewall::FirewallTranslation& one) {
                         return one.external.contains(address);
                       });
  };
  // A source of our own comes from nobody who could be told (RFC 6092 REC-6).
  if (is_ours(flow->destination) && !is_ours(flow->source))
    refusals_.add(*flow, packet.payload, now);
}

void Router::answer_strangers(Instant now) {
  if (stopping_ || !config_.firewall.answer_refused) refusals_.clear();
  for (firewall::Refusal& refusal : refusals_.due(now)) out_.refusals.push_back(std::move(refusal));
  if (hears_strangers() == heard_strangers_) return;
  heard_strangers_ = !heard_strangers_;
  out_.sockets_changed = true;
}

}  // namespace sixgate::daemon
