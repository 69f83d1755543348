// SPDX-License-Identifier: Apache-2.0
#include "ra/proxy_table.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::ra {
namespace {

// Many that are to be asked at one time are asked one after the other.
constexpr Duration kStagger = milliseconds(20);

}  // namespace

void ProxyTable::configure(const std::set<std::string>& segments,
                           const std::vector<FixedHost>& fixed, Instant now) {
  segments_ = segments;
  std::erase_if(ready_, [&](const std::string& one) { return !segments_.contains(one); });
  for (auto& [address, entry] : entries_) {
    const auto is_it = [&](const FixedHost& one) { return one.address == address; };
    const bool still_fixed = std::any_of(fixed.begin(), fixed.end(), is_it);
    if (entry.host &&
        (!segments_.contains(entry.host->segment) || (entry.host->fixed && !still_fixed)))
      forget(entry);
    if (entry.candidate && !segments_.contains(entry.candidate->segment)) drop_candidate(entry);
  }
  for (const FixedHost& one : fixed) {
    if (!segments_.contains(one.segment)) continue;
    Entry& entry = entries_[one.address];
    if (entry.host && entry.host->fixed && entry.host->segment == one.segment) continue;
    if (entry.host) forget(entry);
    drop_candidate(entry);
    entry.host = ProxiedHost{one.address, one.segment, std::nullopt, false, true, now};
    ++hosts_;
    ++hosts_of_[one.segment];
    out_.changed = true;
  }
  reckon();
}

void ProxyTable::set_ready(const std::string& segment, bool ready, Instant now) {
  if (!ready) {
    ready_.erase(segment);
    return reckon();
  }
  if (!ready_.insert(segment).second) return;
  Instant at = now;
  for (auto& [address, entry] : entries_) {
    if (!entry.host || entry.host->segment != segment) continue;
    at = at + kStagger;
    verify(entry, at);
  }
  reckon();
}

void ProxyTable::restore(const Ip6Address& address, const std::string& segment, Instant now) {
  if (!segments_.contains(segment) || hosts_ >= kMaxProxiedHosts ||
      hosts_of_[segment] >= kMaxProxiedHostsOfSegment)
    return;
  Entry& entry = entries_[address];
  if (entry.host) return;
  entry.host = ProxiedHost{address, segment, std::nullopt, false, false, now};
  ++hosts_;
  ++hosts_of_[segment];
  verify(entry, now + kStagger * static_cast<std::int64_t>(hosts_));
  out_.changed = true;
  reckon();
}

void ProxyTable::verify(Entry& entry, Instant at) {
  if (!entry.host->fixed && !entry.verification) entry.verification = Asking{0, at};
}

void ProxyTable::answered(const Ip6Address& address, const std::string& segment,
                          const MacAddress& station, bool router, bool asked, Instant now) {
  if (!segments_.contains(segment)) return;
  const auto found = entries_.find(address);
  if (found == entries_.end()) {
    if (!asked) return suspect(address, segment, station, now, now);
    Entry fresh;
    if (make_host(address, fresh, segment, station, router, now))
      entries_.emplace(address, std::move(fresh));
    return reckon();
  }
  Entry& entry = found->second;
  if (entry.host && entry.host->segment == segment) {
    entry.host->station = station;
    entry.host->router = router;
    entry.host->last_seen = now;
    entry.verification.reset();
    return reckon();
  }
  if (entry.host && entry.host->fixed) return;
  const bool candidate_speaks = entry.candidate && entry.candidate->segment == segment;
  if (entry.host) {
    // Where it was it has been asked, and is silent.
    if (candidate_speaks && !entry.candidate->elsewhere)
      make_host(address, entry, segment, station, router, now);
    else
      suspect(address, segment, station, now, now);
  } else if (asked || (candidate_speaks && entry.candidate->asking.sent > 0)) {
    make_host(address, entry, segment, station, router, now);
  }
  reckon();
}

// False where there is no room.
bool ProxyTable::make_host(const Ip6Address& address, Entry& entry, const std::string& segment,
                           const MacAddress& station, bool router, Instant now) {
  drop_candidate(entry);
  const std::size_t rest = hosts_ - (entry.host ? 1U : 0U);
  if (rest >= kMaxProxiedHosts || hosts_of_[segment] >= kMaxProxiedHostsOfSegment) {
    ++counters_.full;
    return false;
  }
  if (entry.host) {
    out_.moves.push_back({address, entry.host->segment, segment});
    out_.log.push_back({LogLevel::kDebug, cat("host ", address, ": ", entry.host->segment, " -> ",
                                              segment, ": it answers there only")});
    --hosts_of_[entry.host->segment];
    --hosts_;
    ++counters_.moved;
  } else {
    out_.log.push_back({LogLevel::kDebug, cat("host ", address, " is on ", segment)});
    ++counters_.learned;
  }
  entry.host = ProxiedHost{address, segment, station, router, false, now};
  entry.verification.reset();
  ++hosts_;
  ++hosts_of_[segment];
  out_.changed = true;
  return true;
}

void ProxyTable::forget(Entry& entry) {
  --hosts_of_[entry.host->segment];
  --hosts_;
  entry.host.reset();
  entry.verification.reset();
  out_.changed = true;
}

void ProxyTable::drop_candidate(Entry& entry) {
  if (!entry.candidate) return;
  --candidates_of_[entry.candidate->segment];
  entry.candidate.reset();
}

void ProxyTable::suspect(const Ip6Address& address, const std::string& segment,
                         const MacAddress& station, Instant at, Instant now) {
  if (!segments_.contains(segment)) return;
  const auto found = entries_.find(address);
  if (found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.candidate) {
      // Its Duplicate Address Detection goes on (RFC 4862 section 5.1, DupAddrDetectTransmits): it answers nobody yet.
      if (at > now && entry.candidate->segment == segment && !entry.candidate->elsewhere) {
        entry.candidate->asking = {0, at};
        reckon();
      }
      return;
    }
    if (entry.host && (entry.host->fixed || entry.host->segment == segment)) return;
  }
  if (candidates_of_[segment] >= kMaxProxyCandidates) {
    ++counters_.full;
    return;
  }
  Entry& entry = entries_[address];
  ++candidates_of_[segment];
  entry.candidate = Candidate{segment, station, now, false, {0, at}};
  if (entry.host && ready(entry.host->segment)) {
    entry.candidate->elsewhere = true;
    Asking once;
    ask(*entry.host, once, now);
    entry.candidate->asking.next = std::max(at, now + kRetransmission);
  }
  reckon();
}

void ProxyTable::doubt(const Ip6Address& address, Instant now) {
  const auto found = entries_.find(address);
  if (found == entries_.end() || !found->second.host) return;
  verify(found->second, now);
  reckon();
}

// To the station that was heard first, the last time to everybody: the host may have another one by now.
void ProxyTable::ask(const ProxiedHost& host, Asking& asking, Instant now) {
  const bool last = asking.sent + 1 >= kProbes;
  out_.probes.push_back({host.segment, host.address, last ? std::nullopt : host.station});
  ++asking.sent;
  asking.next = now + kRetransmission;
}

void ProxyTable::step_candidate(const Ip6Address& address, Entry& entry, Instant now) {
  Candidate& candidate = *entry.candidate;
  if (candidate.asking.next > now || !ready(candidate.segment)) return;
  if (candidate.elsewhere) {
    if (entry.host && entry.host->last_seen >= candidate.since) {
      // RFC 4862 section 5.4: both of them have heard so.
      ++counters_.conflicts;
      out_.log.push_back(
          {LogLevel::kDebug, cat("host ", address, " answers on ", entry.host->segment,
                                 ", and is claimed on ", candidate.segment)});
      return drop_candidate(entry);
    }
    candidate.elsewhere = false;
  }
  if (candidate.asking.sent >= kProbes) return drop_candidate(entry);
  ask({address, candidate.segment, candidate.station, false, false, {}}, candidate.asking, now);
}

void ProxyTable::step_host(Entry& entry, Instant now) {
  ProxiedHost& host = *entry.host;
  if (host.fixed || !ready(host.segment)) return;
  if (!entry.verification) {
    if (now < host.last_seen + kQuiet) return;
    entry.verification = Asking{0, now};
  }
  if (entry.verification->next > now) return;
  if (entry.verification->sent < kProbes) return ask(host, *entry.verification, now);
  out_.log.push_back({LogLevel::kDebug, cat("host ", host.address, " is on ", host.segment,
                                            " no more: it does not answer")});
  ++counters_.gone;
  forget(entry);
}

void ProxyTable::expire(Instant now) {
  if (!next_ || *next_ > now) return;
  for (auto& [address, entry] : entries_) {
    if (entry.candidate) step_candidate(address, entry, now);
    if (entry.host) step_host(entry, now);
  }
  reckon();
}

std::optional<Instant> ProxyTable::deadline_of(const Entry& entry) const {
  std::optional<Instant> next;
  if (entry.candidate && ready(entry.candidate->segment)) next = entry.candidate->asking.next;
  if (entry.host && !entry.host->fixed && ready(entry.host->segment)) {
    next = earlier(next, std::optional(entry.verification ? entry.verification->next
                                                          : entry.host->last_seen + kQuiet));
  }
  return next;
}

// Lets go of what is empty, and finds the next thing to do.
void ProxyTable::reckon() {
  next_.reset();
  std::erase_if(entries_, [&](const auto& one) {
    if (!one.second.host && !one.second.candidate) return true;
    next_ = earlier(next_, deadline_of(one.second));
    return false;
  });
}

ProxyTable::Outputs ProxyTable::drain() { return std::exchange(out_, Outputs{}); }

const ProxiedHost* ProxyTable::find(const Ip6Address& address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() || !found->second.host ? nullptr : &*found->second.host;
}

std::vector<ProxiedHost> ProxyTable::hosts() const {
  std::vector<ProxiedHost> out;
  for (const auto& [address, entry] : entries_) {
    if (entry.host) out.push_back(*entry.host);
  }
  return out;
}

std::size_t ProxyTable::candidates() const {
  std::size_t count = 0;
  for (const auto& [segment, of_it] : candidates_of_) count += of_it;
  return count;
}

}  // namespace sixgate::ra
