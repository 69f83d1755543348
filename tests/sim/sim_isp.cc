// SPDX-License-Identifier: Apache-2.0
#include "sim_isp.h"

#include <algorithm>

namespace sixgate::sim {
namespace {

// The /64 of the uplink itself: the first of the pool, also of one that has no other.
Prefix link_prefix(const Prefix& pool) { return {pool.address(), 64}; }

dhcp6::Duid some_duid(Rng& rng) {
  std::array<std::uint8_t, 16> uuid{};
  rng.fill(uuid);
  return dhcp6::Duid::uuid(uuid);
}

}  // namespace

SimIsp::SimIsp(World& world, IspBehaviour behaviour, std::uint64_t number)
    : world_(world),
      behaviour_(std::move(behaviour)),
      duid_(some_duid(world.rng())),
      address_(Ip6Address::from_halves(0xfe80000000000000, number)),
      alarm_(world, [this] { advertise(); }) {}

void SimIsp::start() { alarm_.set(world_.now() + world_.rng().between(Duration{}, seconds(3))); }

void SimIsp::set_router(bool router) {
  behaviour_.router = router;
  if (!router) {
    ra::RouterAdvertisement last;
    last.router_lifetime = seconds(0);
    if (send_icmp) send_icmp(ra::to_bytes(last), address_, kAllNodes);
  } else {
    advertise();
  }
}

void SimIsp::advertise() {
  alarm_.set(world_.now() + world_.rng().between(behaviour_.advertisement_interval / 3,
                                                 behaviour_.advertisement_interval));
  if (!behaviour_.router || silent_) return;
  ra::RouterAdvertisement said;
  said.hop_limit = 64;
  said.managed = behaviour_.managed;
  said.other = behaviour_.other;
  said.router_lifetime = seconds(behaviour_.router_lifetime);
  if (behaviour_.slaac) {
    ra::PrefixInformation prefix;
    prefix.prefix = link_prefix(behaviour_.pool);
    prefix.autonomous = prefix.on_link = true;
    prefix.valid = behaviour_.valid;
    prefix.preferred = behaviour_.preferred;
    said.options.push_back(prefix);
  }
  send_icmp(ra::to_bytes(said), address_, kAllNodes);
}

void SimIsp::receive_icmp(const std::vector<std::uint8_t>& packet) {
  if (packet.empty() || packet[0] != ra::RouterSolicitation::kType) return;
  world_.after(world_.rng().between(Duration{}, milliseconds(500)), [this] { advertise(); });
}

void SimIsp::receive_echo(const std::vector<std::uint8_t>& packet, const Ip6Address& source) {
  if (silent_ || !behaviour_.router || !behaviour_.answers_echo || packet.empty()) return;
  const auto holds = [&](const Prefix& prefix) { return prefix.contains(source); };
  const std::vector<Prefix> there = routed();
  if (!source.is_link_local() && !holds(link_prefix(behaviour_.pool)) &&
      std::none_of(there.begin(), there.end(), holds))
    return;
  std::vector<std::uint8_t> reply = packet;
  reply[0] = 129;  // Echo Reply (RFC 4443 section 4.2)
  send_echo(reply, address_, source);
}

template <class Ia>
void SimIsp::set_times(Ia& ia) const {
  if (behaviour_.times_inverted) {
    ia.t1 = behaviour_.t2;
    ia.t2 = behaviour_.t1;
    return;
  }
  switch (behaviour_.times) {
    case IspBehaviour::Times::kNamed:
      ia.t1 = behaviour_.t1;
      ia.t2 = behaviour_.t2;
      return;
    case IspBehaviour::Times::kLeftToClient:
      return;
    case IspBehaviour::Times::kOnlyT1:
      ia.t1 = behaviour_.t1;
      return;
  }
}

Prefix SimIsp::pool_of(unsigned length) const {
  const auto& more = behaviour_.more_lengths;
  const auto at = std::find(more.begin(), more.end(), length);
  if (length == behaviour_.delegated_length || at == more.end()) return behaviour_.pool;
  // From the upper end, which the usual pool does not reach.
  return *behaviour_.pool.subnet(behaviour_.pool.length() + 3,
                                 7 - static_cast<std::uint64_t>(at - more.begin()));
}

std::optional<unsigned> SimIsp::length_for(const dhcp6::IaPd& asked) const {
  std::vector<unsigned> lengths{behaviour_.delegated_length};
  lengths.insert(lengths.end(), behaviour_.more_lengths.begin(), behaviour_.more_lengths.end());
  std::optional<unsigned> wished;
  for (const dhcp6::IaPrefix& one : dhcp6::find_all<dhcp6::IaPrefix>(asked.options)) {
    if (!wished || !one.prefix.address().is_unspecified()) wished = one.prefix.length();
    if (!one.prefix.address().is_unspecified()) break;
  }
  const bool has = wished && std::find(lengths.begin(), lengths.end(), *wished) != lengths.end();
  switch (behaviour_.hints) {
    case IspBehaviour::Hints::kIgnored: {
      const auto* named = dhcp6::find<dhcp6::IaPrefix>(asked.options);
      if (has && named && !named->prefix.address().is_unspecified()) return wished;
      return lengths[offered_ % lengths.size()];
    }
    case IspBehaviour::Hints::kFollowed:
      return has ? *wished : behaviour_.delegated_length;
    case IspBehaviour::Hints::kExact:
      return has ? wished : std::nullopt;
  }
  return std::nullopt;
}

// What was offered and is asked for by name is given when it is still free.
std::optional<Prefix> SimIsp::free_prefix(const dhcp6::IaPd& asked, unsigned length) {
  const Prefix pool = pool_of(length);
  for (const dhcp6::IaPrefix& one : dhcp6::find_all<dhcp6::IaPrefix>(asked.options)) {
    const bool ours = one.prefix.length() == length && pool.contains(one.prefix);
    const bool taken = std::any_of(delegations_.begin(), delegations_.end(), [&](const auto& held) {
      return held.second.prefix == one.prefix;
    });
    const auto index = pool.subnet_index(one.prefix);
    if (ours && !taken && index.value_or(0) >= next_subnet_) {
      next_subnet_ = *index + 1;
      return one.prefix;
    }
  }
  return pool.subnet(length, next_subnet_++);
}

dhcp6::IaPd SimIsp::answer(const dhcp6::IaPd& asked, Giving giving) {
  dhcp6::IaPd ia;
  ia.iaid = asked.iaid;
  auto bound = delegations_.find(asked.iaid);
  std::optional<Prefix> given;
  if (bound != delegations_.end()) {
    given = bound->second.prefix;
  } else if (const auto length = length_for(asked); !length || !gives_prefixes_) {
    given = std::nullopt;
  } else if (giving == Giving::kOffer) {
    given = pool_of(*length).subnet(*length, next_subnet_ + offered_++);
  } else if (giving == Giving::kCommit) {
    given = free_prefix(asked, *length);
    if (given) bound = delegations_.emplace(asked.iaid, Binding{*given, Instant()}).first;
  }
  if (!given) {
    ia.options.push_back(dhcp6::StatusCode{
        giving == Giving::kKnownOnly ? dhcp6::Status::kNoBinding : dhcp6::Status::kNoPrefixAvail,
        ""});
    return ia;
  }
  set_times(ia);
  dhcp6::IaPrefix prefix;
  prefix.prefix = *given;
  prefix.preferred = behaviour_.preferred;
  prefix.valid = behaviour_.valid;
  if (behaviour_.never_extends && bound != delegations_.end() &&
      bound->second.valid_until > world_.now()) {
    prefix.valid = remaining(bound->second.valid_until, world_.now());
    prefix.preferred = std::min(prefix.preferred, prefix.valid);
  }
  if (behaviour_.preferred_above_valid) prefix.preferred = Lifetime(prefix.valid.count() + 1);
  ia.options.push_back(prefix);
  // What the customer believes to hold and does not.
  for (const dhcp6::IaPrefix& held : dhcp6::find_all<dhcp6::IaPrefix>(asked.options)) {
    if (held.prefix == prefix.prefix || held.prefix.address().is_unspecified()) continue;
    dhcp6::IaPrefix gone;
    gone.prefix = held.prefix;
    ia.options.push_back(gone);
  }
  if (bound != delegations_.end() && giving != Giving::kOffer) {
    bound->second.valid_until = expiry(world_.now(), prefix.valid);
    granted_.push_back(bound->second);
  }
  return ia;
}

dhcp6::IaNa SimIsp::answer(const dhcp6::IaNa& asked, bool may_create) {
  dhcp6::IaNa ia;
  ia.iaid = asked.iaid;
  auto bound = addresses_.find(asked.iaid);
  if (bound == addresses_.end() && may_create && behaviour_.managed) {
    bound = addresses_
                .emplace(asked.iaid, link_prefix(behaviour_.pool)
                                         .with_suffix(Ip6Address::from_halves(
                                             0, 0x1000 + (asked.iaid & 0xfff) + declined_)))
                .first;
  }
  if (bound == addresses_.end()) {
    ia.options.push_back(dhcp6::StatusCode{
        may_create ? dhcp6::Status::kNoAddrsAvail : dhcp6::Status::kNoBinding, ""});
    return ia;
  }
  set_times(ia);
  ia.options.push_back(dhcp6::IaAddress{bound->second, behaviour_.preferred, behaviour_.valid, {}});
  for (const dhcp6::IaAddress& held : dhcp6::find_all<dhcp6::IaAddress>(asked.options)) {
    if (held.address != bound->second)
      ia.options.push_back(dhcp6::IaAddress{held.address, Lifetime(0), Lifetime(0), {}});
  }
  return ia;
}

void SimIsp::receive_dhcp(const std::vector<std::uint8_t>& datagram) {
  if (silent_) return;
  const auto parsed = dhcp6::Message::parse(datagram);
  if (!parsed) return;
  const dhcp6::Message& asked = *parsed;
  const auto* client = dhcp6::find_single<dhcp6::ClientId>(asked.options);
  const auto* server = dhcp6::find_single<dhcp6::ServerId>(asked.options);
  if (client == nullptr || (server != nullptr && server->duid != duid_)) return;
  dhcp6::Message reply;
  reply.transaction_id = asked.transaction_id;
  reply.type = asked.type == dhcp6::MessageType::kSolicit ? dhcp6::MessageType::kAdvertise
                                                          : dhcp6::MessageType::kReply;
  reply.options.push_back(*client);
  reply.options.push_back(dhcp6::ServerId{duid_});
  bool with_leases = false;
  bool may_create = false;
  switch (asked.type) {
    case dhcp6::MessageType::kSolicit:
    case dhcp6::MessageType::kRequest:
      with_leases = may_create = true;
      break;
    case dhcp6::MessageType::kRenew:
      with_leases = true;
      break;
    case dhcp6::MessageType::kRebind: {
      with_leases = true;
      // A server that cannot tell stays silent (RFC 9915 section 18.3.5).
      bool known = false;
      for (const auto& ia : dhcp6::find_all<dhcp6::IaPd>(asked.options))
        known = known || delegations_.contains(ia.iaid);
      if (!known) return;
      break;
    }
    case dhcp6::MessageType::kRelease:
      for (const auto& ia : dhcp6::find_all<dhcp6::IaPd>(asked.options))
        delegations_.erase(ia.iaid);
      break;
    case dhcp6::MessageType::kDecline:
      for (const auto& ia : dhcp6::find_all<dhcp6::IaNa>(asked.options)) addresses_.erase(ia.iaid);
      ++declined_;  // never offered again
      break;
    case dhcp6::MessageType::kConfirm:
    case dhcp6::MessageType::kInformationRequest:
      break;
    case dhcp6::MessageType::kAdvertise:
    case dhcp6::MessageType::kReply:
    case dhcp6::MessageType::kReconfigure:
    case dhcp6::MessageType::kRelayForward:
    case dhcp6::MessageType::kRelayReply:
    case dhcp6::MessageType::kAddrRegInform:
    case dhcp6::MessageType::kAddrRegReply:
      return;
  }
  if (behaviour_.preference > 0 && reply.type == dhcp6::MessageType::kAdvertise)
    reply.options.push_back(dhcp6::Preference{behaviour_.preference});
  if (with_leases && behaviour_.unspec_fail > 0 && world_.rng().chance(behaviour_.unspec_fail)) {
    reply.options.push_back(dhcp6::StatusCode{dhcp6::Status::kUnspecFail, ""});
  } else if (with_leases) {
    Giving giving = may_create ? Giving::kCommit : Giving::kKnownOnly;
    if (asked.type == dhcp6::MessageType::kSolicit) giving = Giving::kOffer;
    offered_ = 0;
    unsigned asked_for = 0;
    for ([[maybe_unused]] const auto& ia : dhcp6::find_all<dhcp6::IaPd>(asked.options)) ++asked_for;
    gives_prefixes_ =
        !(behaviour_.one_delegation && asked_for > 1) &&
        !(behaviour_.address_kills_prefix && dhcp6::contains<dhcp6::IaNa>(asked.options));
    for (const auto& ia : dhcp6::find_all<dhcp6::IaPd>(asked.options))
      reply.options.push_back(answer(ia, giving));
    if (behaviour_.no_addresses_for_all && !dhcp6::find_all<dhcp6::IaNa>(asked.options).empty()) {
      reply.options.push_back(dhcp6::StatusCode{dhcp6::Status::kNoAddrsAvail, ""});
      send_dhcp(reply.to_bytes(), address_, Ip6Address());
      return;
    }
    for (const auto& ia : dhcp6::find_all<dhcp6::IaNa>(asked.options))
      reply.options.push_back(answer(ia, may_create));
  }
  ++replies_;
  send_dhcp(reply.to_bytes(), address_, Ip6Address());
}

void SimIsp::renumber(const Prefix& pool) {
  behaviour_.pool = pool;
  delegations_.clear();
  addresses_.clear();
  duid_ = some_duid(world_.rng());
}

void SimIsp::forget() {
  delegations_.clear();
  addresses_.clear();
}

std::vector<Prefix> SimIsp::routed() const {
  std::vector<Prefix> out;
  for (const auto& [iaid, binding] : delegations_) out.push_back(binding.prefix);
  return out;
}

std::optional<Instant> SimIsp::valid_until(const Prefix& inner) const {
  std::optional<Instant> latest;
  for (const Binding& granted : granted_) {
    if (granted.prefix.contains(inner) && (!latest || *latest < granted.valid_until))
      latest = granted.valid_until;
  }
  return latest;
}

}  // namespace sixgate::sim
