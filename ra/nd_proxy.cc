// SPDX-License-Identifier: Apache-2.0
#include "ra/nd_proxy.h"

#include <algorithm>
#include <utility>

#include "net/text.h"

namespace sixgate::ra {
namespace {

// A host that was asked for on its own segment this long after it was last heard may have left it.
constexpr Duration kStale = seconds(30);

// RFC 4291 section 2.7.1
Ip6Address solicited_node(const Ip6Address& target) {
  return Ip6Address::from_halves(0xff02000000000000, 0x1ff000000 | (target.low() & 0xffffff));
}

// RFC 2464 section 7
MacAddress multicast_station(const Ip6Address& group) {
  const Ip6Address::Bytes& octets = group.bytes();
  return MacAddress({0x33, 0x33, octets[12], octets[13], octets[14], octets[15]});
}

template <class Option>
std::optional<MacAddress> said_station(const Options& options) {
  const Option* option = find<Option>(options);
  return option == nullptr ? std::nullopt : option->mac();
}

}  // namespace

const ProxySegment* NdProxy::segment(const std::string& interface) const {
  for (const ProxySegment& one : settings_.segments) {
    if (one.interface == interface) return &one;
  }
  return nullptr;
}

bool NdProxy::working(const ProxySegment& segment) const {
  return segment.ready && !guard_.blocked(segment.interface);
}

bool NdProxy::concerns(const Ip6Address& address) const {
  return any_contains(settings_.prefixes, address) && address.low() != 0 &&
         std::none_of(settings_.excluded.begin(), settings_.excluded.end(),
                      [&](const Prefix& one) { return one.contains(Prefix(address, 128)); });
}

void NdProxy::configure(ProxySettings settings, Instant now) {
  settings_ = std::move(settings);
  std::set<std::string> names;
  for (const ProxySegment& one : settings_.segments) {
    if (!guard_.blocked(one.interface)) names.insert(one.interface);
  }
  std::vector<FixedHost> fixed;
  for (const FixedHost& one : settings_.fixed) {
    if (any_contains(settings_.prefixes, one.address)) fixed.push_back(one);
  }
  table_.configure(names, fixed, now);
  for (const ProxySegment& one : settings_.segments)
    if (names.contains(one.interface)) table_.set_ready(one.interface, one.ready, now);
  for (auto question = questions_.begin(); question != questions_.end();) {
    const auto here = question++;
    std::erase_if(here->second.heard_on, [&](const auto& one) { return !names.contains(one); });
    if (!concerns(here->first) || here->second.heard_on.empty()) close(here);
  }
}

void NdProxy::restore(const Ip6Address& address, const std::string& segment, Instant now) {
  if (concerns(address) && !settings_.own.contains(address)) table_.restore(address, segment, now);
}

void NdProxy::heard_router(const std::string& segment, const RouterAdvertisement& message,
                           const Ip6Address& from, Instant heard, Instant now) {
  guard_.hear_router(settings_.segments, segment, settings_.prefixes, message, from, heard, now);
  follow_guard(now);
}

// Hosts of a segment that takes no part are not known any more.
void NdProxy::follow_guard(Instant now) {
  if (!guard_.take_changed()) return;
  out_.changed = true;
  configure(ProxySettings(settings_), now);
}

void NdProxy::receive(const Overheard& overheard, Instant now) {
  if (overheard.packet.payload.empty()) return;
  switch (overheard.packet.payload[0]) {
    case RouterAdvertisement::kType:
      receive_router(overheard, now);
      break;
    case NeighborSolicitation::kType:
      receive_solicitation(overheard, now);
      break;
    case NeighborAdvertisement::kType:
      if (!overheard.outgoing) receive_advertisement(overheard, now);
      break;
    default:
      break;
  }
  expire(now);
}

void NdProxy::receive_router(const Overheard& overheard, Instant now) {
  const auto message = accept_router_advertisement(overheard.packet);
  if (!message) return;  // whose business it is counts them
  const ProxySegment* on = segment(overheard.segment);
  if (on == nullptr || overheard.packet.source == on->link_local) return;
  heard_router(overheard.segment, *message, overheard.packet.source, now, now);
}

void NdProxy::receive_solicitation(const Overheard& overheard, Instant now) {
  const ProxySegment* on = segment(overheard.segment);
  if (on == nullptr || !working(*on)) return;
  const auto message = accept_neighbor_solicitation(overheard.packet);
  if (!message) return counters_.discarded.count(message.error());
  if (!concerns(message->target) && !concerns(overheard.packet.source)) return;
  const auto said = said_station<SourceLinkLayerAddress>(message->options);
  if (!overheard.outgoing) {
    const auto& segments = settings_.segments;
    const Nonce* nonce = find<Nonce>(message->options);
    if (nonce != nullptr && !guard_.hear_nonce(segments, overheard.segment, *nonce, now)) return;
    if (!guard_.hear_station(segments, overheard.segment, overheard.station, said, now)) return;
  }
  const MacAddress station = said.value_or(overheard.station);
  const Ip6Address& source = overheard.packet.source;
  // Who asks is there, and so is, in a second, whose DAD this is.
  if (!overheard.outgoing && concerns(source) && !settings_.own.contains(source))
    table_.suspect(source, overheard.segment, station, now, now);
  if (!concerns(message->target)) return;
  ++counters_.solicitations;
  if (const auto own = settings_.own.find(message->target); own != settings_.own.end()) {
    // On the interface itself the kernel answers.
    if (!overheard.outgoing && !own->second.contains(overheard.segment))
      advertise({overheard.segment, station, source}, message->target, true);
    return;
  }
  if (overheard.outgoing && (source.is_unspecified() || table_.find(message->target) != nullptr ||
                             questions_.contains(message->target)))
    return;
  ask(overheard, *message, station, now);
  if (source.is_unspecified())
    table_.suspect(message->target, overheard.segment, station, now + kAfterDad, now);
}

void NdProxy::ask(const Overheard& overheard, const NeighborSolicitation& message,
                  const MacAddress& station, Instant now) {
  const Ip6Address& target = message.target;
  const std::string& from = overheard.segment;
  const bool dad = overheard.packet.source.is_unspecified();
  const ProxiedHost* host = table_.find(target);
  if (host != nullptr && host->segment == from && !dad) {
    // It answers there itself (RFC 4389 section 4.1: never back out of the same interface).
    if (now >= host->last_seen + kStale) table_.doubt(target, now);
    return;
  }
  auto question = questions_.find(target);
  if (question == questions_.end()) {
    const bool known = host != nullptr && host->segment != from;
    const std::string account = overheard.outgoing ? std::string() : from;
    if (!known && !allowed(account, now)) {
      ++counters_.withheld;
      return;
    }
    question = questions_.emplace(target, Question{}).first;
    question->second.account = account;
    question->second.known = known;
    question->second.until = now + kAnswerTime;
    if (!known) ++allowances_[account].open;
  }
  Question& open = question->second;
  const Asker asker{from, station, overheard.packet.source};
  if (!overheard.outgoing && open.askers.size() < kMaxAskers &&
      std::find(open.askers.begin(), open.askers.end(), asker) == open.askers.end())
    open.askers.push_back(asker);
  // A DAD is asked as such, whatever is under way.
  const bool first_there = open.heard_on.insert(from).second;
  if (!first_there && now < open.last + kRepeat && (!dad || open.dad)) return;
  open.last = now;
  open.dad = open.dad || dad;
  std::vector<const ProxySegment*> where;
  for (const ProxySegment& one : settings_.segments) {
    const bool elsewhere = host != nullptr && !dad && one.interface != host->segment;
    if (one.interface != from && working(one) && !elsewhere) where.push_back(&one);
  }
  // RFC 7527 section 4.1: by its nonce a host knows its own DAD, should it come back.
  const Nonce* theirs = find<Nonce>(message.options);
  const bool keep = theirs != nullptr && !theirs->octets.empty();
  // A question to one station (RFC 4861 section 7.3.3) stays one: it shall wake nobody else.
  const bool alone = !overheard.packet.destination.is_multicast() && host != nullptr;
  for (const ProxySegment* one : where) {
    if (keep) guard_.passed_on(*theirs, one->interface);
    solicit(*one, target, alone ? host->station : std::nullopt, dad,
            keep ? *theirs : guard_.make_nonce(*rng_, one->interface, now));
    open.asked.insert(one->interface);
    ++counters_.asked;
  }
}

// RFC 6583 section 6.2: so many open questions about addresses nobody has been heard at, and so many a second.
bool NdProxy::allowed(const std::string& account, Instant now) {
  Allowance& allowance = allowances_[account];
  if (allowance.open >= kMaxProxyQuestions) return false;
  const Instant paid = std::max(allowance.paid_until, now);
  if (paid > now + kQuestionGap * static_cast<int>(kQuestionBurst - 1)) return false;
  allowance.paid_until = paid + kQuestionGap;
  return true;
}

void NdProxy::close(std::map<Ip6Address, Question>::iterator question) {
  if (!question->second.known) --allowances_[question->second.account].open;
  questions_.erase(question);
}

void NdProxy::receive_advertisement(const Overheard& overheard, Instant now) {
  if (overheard.outgoing) return;  // our kernel says what we know
  const ProxySegment* on = segment(overheard.segment);
  if (on == nullptr || !working(*on)) return;
  const auto message = accept_neighbor_advertisement(overheard.packet);
  if (!message) return counters_.discarded.count(message.error());
  const Ip6Address& target = message->target;
  if (!concerns(target) || settings_.own.contains(target)) return;
  const auto said = said_station<TargetLinkLayerAddress>(message->options);
  if (!guard_.hear_station(settings_.segments, overheard.segment, overheard.station, said, now))
    return;
  ++counters_.advertisements;
  const auto question = questions_.find(target);
  const bool asked =
      question != questions_.end() && question->second.asked.contains(overheard.segment);
  table_.answered(target, overheard.segment, said.value_or(overheard.station), message->router,
                  asked, now);
  const ProxiedHost* host = table_.find(target);
  if (!asked || host == nullptr || host->segment != overheard.segment) return;
  for (const Asker& asker : std::exchange(question->second.askers, {})) {
    if (asker.segment == overheard.segment) continue;
    if (asker.source.is_unspecified()) ++counters_.duplicates;
    advertise(asker, target, host->router);
  }
  close(question);
}

// RFC 4861 section 7.2.8: without Override, so that a host that answers for itself prevails. R is the
// host's own (RFC 4389 section 4.1.3.2).
void NdProxy::advertise(const Asker& asker, const Ip6Address& target, bool router) {
  const ProxySegment* on = segment(asker.segment);
  if (on == nullptr || !working(*on)) return;
  NeighborAdvertisement message;
  message.router = router;
  message.target = target;
  message.options.emplace_back(TargetLinkLayerAddress(on->station));
  // RFC 4861 section 7.2.4: who is unspecified hears it with all others.
  const bool everybody = asker.source.is_unspecified();
  message.solicited = !everybody;
  ++counters_.answered;
  out_.packets.push_back({on->interface, everybody ? multicast_station(kAllNodes) : asker.station,
                          on->link_local, everybody ? kAllNodes : asker.source, to_bytes(message)});
}

// In our own name, with our own link-layer address (RFC 4389 section 4.1.3.1). A DAD has neither.
void NdProxy::solicit(const ProxySegment& on, const Ip6Address& target,
                      const std::optional<MacAddress>& station, bool dad, const Nonce& nonce) {
  NeighborSolicitation message;
  message.target = target;
  if (!dad) message.options.emplace_back(SourceLinkLayerAddress(on.station));
  message.options.emplace_back(nonce);
  const Ip6Address group = solicited_node(target);
  out_.packets.push_back({on.interface, station.value_or(multicast_station(group)),
                          dad ? Ip6Address() : on.link_local, station ? target : group,
                          to_bytes(message)});
}

void NdProxy::expire(Instant now) {
  guard_.expire(now);
  follow_guard(now);
  for (auto question = questions_.begin(); question != questions_.end();) {
    const auto here = question++;
    const Question& open = here->second;
    const bool known = open.known && !open.askers.empty();
    if (known && now >= open.last + ProxyTable::kRetransmission) table_.doubt(here->first, now);
    if (now >= open.until || (known && now >= open.last + ProxyTable::kRetransmission)) close(here);
  }
  table_.expire(now);
}

std::optional<Instant> NdProxy::next_deadline() const {
  std::optional<Instant> next = earlier(guard_.next_deadline(), table_.next_deadline());
  for (const auto& [target, open] : questions_) {
    next = earlier(next, std::optional(open.until));
    if (open.known && !open.askers.empty())
      next = earlier(next, std::optional(open.last + ProxyTable::kRetransmission));
  }
  return next;
}

ProxyOutputs NdProxy::drain(Instant now) {
  ProxyTable::Outputs table = table_.drain();
  for (const ProxyTable::Probe& probe : table.probes) {
    const ProxySegment* on = segment(probe.segment);
    if (on == nullptr || !working(*on)) continue;
    ++counters_.probes;
    solicit(*on, probe.target, probe.station, false, guard_.make_nonce(*rng_, probe.segment, now));
  }
  // Who knew the host where it was asks anew (RFC 4861 section 7.2.5: another address, O clear).
  for (const ProxyTable::Move& move : table.moves) {
    advertise({move.from, MacAddress(), Ip6Address()}, move.address,
              table_.find(move.address) != nullptr && table_.find(move.address)->router);
  }
  out_.changed = table.changed || out_.changed;
  for (LogLine& line : table.log) out_.log.push_back(std::move(line));
  for (LogLine& line : guard_.take_log()) out_.log.push_back(std::move(line));
  return std::exchange(out_, ProxyOutputs{});
}

}  // namespace sixgate::ra
