// SPDX-License-Identifier: Apache-2.0
#include "ra/proxy_guard.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::ra {

void ProxyGuard::block(const std::string& interface, std::string why, Instant until) {
  const auto [entry, fresh] = blocks_.try_emplace(interface);
  entry->second.until = std::max(entry->second.until, until);
  if (!fresh) return;
  log_.push_back(
      {LogLevel::kWarning, cat(interface, " takes no part in the sharing for an hour: ", why)});
  entry->second.why = std::move(why);
  changed_ = true;
}

void ProxyGuard::hear_router(const Segments& segments, const std::string& on,
                             const std::vector<Prefix>& shared, const RouterAdvertisement& message,
                             const Ip6Address& from, Instant heard, Instant now) {
  const auto segment = std::find_if(segments.begin(), segments.end(),
                                    [&](const ProxySegment& one) { return one.interface == on; });
  if (segment == segments.end() || heard + kBlocked <= now) return;
  if (message.proxy)
    return block(on,
                 cat("a Router Advertisement of ", from,
                     " there has the Proxy bit: it came through another proxy"),
                 heard + kBlocked);
  if (segment->upstream) return;
  const auto prefixes = find_all<PrefixInformation>(message.options);
  const bool of_shared =
      std::any_of(prefixes.begin(), prefixes.end(), [&](const PrefixInformation& option) {
        return std::any_of(shared.begin(), shared.end(),
                           [&](const Prefix& one) { return option.prefix.overlaps(one); });
      });
  if (message.router_lifetime > seconds(0) || of_shared)
    block(on, cat("another router, ", from, ", advertises there"), heard + kBlocked);
}

void ProxyGuard::loop(const Segments& segments, const std::set<std::string>& from,
                      const std::string& on, std::string_view sign, Instant now) {
  // Of two, the later gives way, and the upstream never. Of more, one that has nothing to do with the loop
  // shall not: if this is the upstream, we wait for what tells more, the next question with a nonce of ours.
  const std::string* victim = nullptr;
  for (const ProxySegment& one : segments) {
    const bool may = one.interface == on || (from.size() == 1 && from.contains(one.interface));
    if (may && !one.upstream) victim = &one.interface;
  }
  if (victim == nullptr) return;
  const std::string ends =
      from.size() == 1 ? cat("between ", *from.begin(), " and ", on) : cat("to ", on);
  block(*victim, cat("there is another way ", ends, ": ", sign), now + kBlocked);
}

bool ProxyGuard::hear_station(const Segments& segments, const std::string& on,
                              const MacAddress& station, const std::optional<MacAddress>& said,
                              Instant now) {
  const auto ours = [&](const MacAddress& mac, bool here) {
    const auto found = std::find_if(segments.begin(), segments.end(), [&](const ProxySegment& one) {
      return one.station == mac && (one.interface == on) == here;
    });
    return found == segments.end() ? nullptr : &*found;
  };
  for (const std::optional<MacAddress>& mac : {std::optional(station), said}) {
    if (!mac) continue;
    if (ours(*mac, true) != nullptr) return false;  // a link that gives back what it gets
    if (const ProxySegment* other = ours(*mac, false)) {
      loop(segments, {other->interface}, on,
           cat("what we sent on ", other->interface, " arrives on ", on), now);
      return false;
    }
  }
  return true;
}

bool ProxyGuard::hear_nonce(const Segments& segments, const std::string& on, const Nonce& nonce,
                            Instant now) {
  if (nonce.octets.empty()) return true;
  const auto known = nonces_.find(nonce.octets);
  if (known == nonces_.end() || known->second.at + kNonceMemory <= now) {
    remember(nonce, {false, on, {}, now}, now);
    return true;
  }
  const Heard& heard = known->second;
  if (heard.on == on) return !heard.ours;
  std::set<std::string> from = heard.passed_on;
  from.insert(heard.on);
  from.erase(on);
  loop(segments, from, on, cat("a solicitation that was sent on ", heard.on, " arrives on ", on),
       now);
  return false;
}

// RFC 3971 section 5.3.2: six random octets at least.
Nonce ProxyGuard::make_nonce(Rng& rng, std::string to, Instant now) {
  Nonce nonce;
  nonce.octets.resize(6);
  rng.fill(nonce.octets);
  remember(nonce, {true, std::move(to), {}, now}, now);
  return nonce;
}

void ProxyGuard::passed_on(const Nonce& nonce, std::string to) {
  const auto known = nonces_.find(nonce.octets);
  if (known != nonces_.end()) known->second.passed_on.insert(std::move(to));
}

void ProxyGuard::remember(const Nonce& nonce, Heard heard, Instant now) {
  if (nonces_.size() >= kMaxNonces) {
    std::erase_if(nonces_, [&](const auto& one) { return one.second.at + kNonceMemory <= now; });
    // A flood: the oldest must go, the young ones are still under way.
    if (nonces_.size() >= kMaxNonces)
      nonces_.erase(
          std::min_element(nonces_.begin(), nonces_.end(),
                           [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  }
  nonces_[nonce.octets] = std::move(heard);
}

void ProxyGuard::expire(Instant now) {
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    if (block->second.until > now) {
      ++block;
      continue;
    }
    log_.push_back({LogLevel::kInfo, cat(block->first, " may take part in the sharing again")});
    block = blocks_.erase(block);
    changed_ = true;
  }
}

std::optional<Instant> ProxyGuard::next_deadline() const {
  std::optional<Instant> next;
  for (const auto& [interface, block] : blocks_) next = earlier(next, std::optional(block.until));
  return next;
}

}  // namespace sixgate::ra
