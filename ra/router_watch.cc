// SPDX-License-Identifier: Apache-2.0
#include "ra/router_watch.h"

#include <algorithm>

#include "net/text.h"
#include "ra/describe.h"
#include "ra/option_lifetimes.h"

namespace sixgate::ra {

namespace {

constexpr std::uint32_t kClockSkew = 10;  // seconds, RFC 4861 section 6.2.7 "some time skew"
constexpr Duration kShortestMemory = minutes(30);

// What a router says, apart from how long it is still true.
RouterAdvertisement kernel_of(RouterAdvertisement message) {
  // A lifetime of zero is a change of meaning, any other is not.
  message.router_lifetime = seconds(message.router_lifetime > seconds(0) ? 1 : 0);
  for (Option& option : message.options) option = without_lifetimes(std::move(option));
  return message;
}

}  // namespace

std::vector<std::string> inconsistencies(const RouterAdvertisement& theirs,
                                         const RouterAdvertisement& ours) {
  std::vector<std::string> out;
  const auto complain = [&](std::string_view what, const auto& their_value, const auto& our_value) {
    out.push_back(cat(what, " ", their_value, ", here it is ", our_value));
  };
  const auto differ = [](auto a, auto b) { return a != 0 && b != 0 && a != b; };
  if (differ(theirs.hop_limit, ours.hop_limit)) {
    complain("hop limit", unsigned{theirs.hop_limit}, unsigned{ours.hop_limit});
  }
  if (theirs.managed != ours.managed) complain("M", int{theirs.managed}, int{ours.managed});
  if (theirs.other != ours.other) complain("O", int{theirs.other}, int{ours.other});
  if (differ(theirs.reachable.count(), ours.reachable.count())) {
    complain("reachable time", theirs.reachable.count(), ours.reachable.count());
  }
  if (differ(theirs.retrans.count(), ours.retrans.count())) {
    complain("retransmission timer", theirs.retrans.count(), ours.retrans.count());
  }
  const Mtu* their_mtu = find<Mtu>(theirs.options);
  const Mtu* our_mtu = find<Mtu>(ours.options);
  if (their_mtu && our_mtu && their_mtu->mtu != our_mtu->mtu) {
    complain("MTU", their_mtu->mtu, our_mtu->mtu);
  }
  const auto apart = [](Lifetime a, Lifetime b) {
    return std::max(a.count(), b.count()) - std::min(a.count(), b.count()) > kClockSkew;
  };
  for (const PrefixInformation& their_prefix : find_all<PrefixInformation>(theirs.options)) {
    for (const PrefixInformation& our_prefix : find_all<PrefixInformation>(ours.options)) {
      if (our_prefix.prefix != their_prefix.prefix) continue;
      if (apart(their_prefix.valid, our_prefix.valid)) {
        complain("valid lifetime", cat(their_prefix.prefix, " ", their_prefix.valid.count()),
                 our_prefix.valid.count());
      }
      if (apart(their_prefix.preferred, our_prefix.preferred)) {
        complain("preferred lifetime",
                 cat(their_prefix.prefix, " ", their_prefix.preferred.count()),
                 our_prefix.preferred.count());
      }
    }
  }
  // RFC 8781 section 5.2: hosts would translate by the one or the other.
  const Pref64* their_translation = find<Pref64>(theirs.options);
  const Pref64* our_translation = find<Pref64>(ours.options);
  if (their_translation && our_translation && their_translation->lifetime > 0 &&
      our_translation->lifetime > 0 && their_translation->prefix != our_translation->prefix) {
    complain("PREF64", their_translation->prefix, our_translation->prefix);
  }
  return out;
}

std::size_t RouterWatch::hear(const RouterAdvertisement& theirs, const Ip6Address& from,
                              const RouterAdvertisement& ours, Instant now, LogLines& log) {
  expire(now);
  std::vector<std::string> differences = inconsistencies(theirs, ours);
  const std::size_t found = differences.size();
  auto known = routers_.find(from);
  const bool is_new = known == routers_.end();
  if (is_new && routers_.size() == kMaxForeignRouters) {
    ++crowded_out_;
    return found;
  }
  if (is_new) known = routers_.emplace(from, ForeignRouter{}).first;
  ForeignRouter& router = known->second;
  const bool changed = is_new || kernel_of(theirs) != kernel_of(router.last);
  if (changed) {
    budget_.say(LogLevel::kWarning,
                cat("another router, ", from,
                    is_new ? ", advertises here: " : ", advertises now: ", summary(theirs)),
                now, log);
  }
  for (const std::string& difference : differences) {
    const auto& before = router.differences;
    if (std::find(before.begin(), before.end(), difference) != before.end()) continue;
    budget_.say(LogLevel::kWarning, cat("router ", from, " on this link advertises ", difference),
                now, log);
  }
  router.address = from;
  router.last = theirs;
  router.heard = now;
  ++router.advertisements;
  router.differences = std::move(differences);
  return found;
}

void RouterWatch::expire(Instant now) {
  std::erase_if(routers_, [&](const auto& entry) {
    const ForeignRouter& router = entry.second;
    return router.heard + std::max<Duration>(router.last.router_lifetime, kShortestMemory) <= now;
  });
}

std::vector<ForeignRouter> RouterWatch::routers() const {
  std::vector<ForeignRouter> out;
  for (const auto& [address, router] : routers_) out.push_back(router);
  return out;
}

}  // namespace sixgate::ra
