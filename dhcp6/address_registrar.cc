// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/address_registrar.h"

#include <algorithm>
#include <utility>

#include "dhcp6/message.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Global scope has ULA too (section 4.2).
bool is_of_global_scope(const Ip6Address& address) {
  return address.is_global_unicast() || address.is_unique_local();
}

// "by more than 1%": of what the server believes is left.
bool is_clearly_changed(Instant told, Instant valid_until, Instant now) {
  if (told == valid_until) return false;
  if (told.is_never() || valid_until.is_never()) return true;
  const Duration moved = told < valid_until ? valid_until - told : told - valid_until;
  return moved > std::max<Duration>(told - now, Duration{}) / 100;
}

}  // namespace

void AddressRegistrar::start(const Duid& own) {
  if (own_ == own) return;
  stop();
  own_ = own;
  // AddrRegDesyncMultiplier: 0.9 to 1.1, chosen once (section 4.6.1).
  desync_ = 900 + static_cast<unsigned>(rng_->below(201));
}

void AddressRegistrar::stop() {
  own_.reset();
  entries_.clear();
  out_.packets.clear();
}

void AddressRegistrar::look(const std::vector<OwnAddress>& addresses, Instant now) {
  if (!own_) return;
  const auto is_there = [&](const Ip6Address& address) {
    return std::any_of(addresses.begin(), addresses.end(), [&](const OwnAddress& one) {
      return one.address == address && one.valid_until > now;
    });
  };
  std::erase_if(entries_, [&](const auto& entry) { return !is_there(entry.first); });
  for (const OwnAddress& one : addresses) {
    if (one.valid_until <= now || !is_of_global_scope(one.address)) continue;
    const auto [at, is_new] = entries_.try_emplace(one.address);
    Entry& entry = at->second;
    entry.own = one;
    if (!is_new) {
      reschedule(entry, now);
    } else {
      entry.told_valid_until = one.valid_until;
      entry.next_refresh = now + kOpening;
      entry.scheduled = entry.next_refresh;
    }
  }
}

// AddrRegRefreshInterval, or what section 4.6.2 has for addresses that last for ever.
Duration AddressRegistrar::refresh_interval(const Entry& entry, Instant now) const {
  if (entry.own.valid_until.is_never()) return kStaticRefresh;
  // 80% of what is left, times the multiplier.
  return (entry.own.valid_until - now) / 1250 * desync_;
}

// Section 4.6.1: only when the network has changed the end that the server knows.
void AddressRegistrar::reschedule(Entry& entry, Instant now) const {
  if (entry.telling || !is_clearly_changed(entry.told_valid_until, entry.own.valid_until, now))
    return;
  entry.scheduled = std::min(now + refresh_interval(entry, now), entry.next_refresh);
}

// A registration, or its refresh: a transaction of its own (section 4.6.3).
void AddressRegistrar::tell(Entry& entry, Instant now) {
  entry.transaction_id = rng_->u32() & kTransactionIdMask;
  entry.telling.emplace(kRegistrationTiming);
  entry.answered = false;
  entry.next_refresh = now + refresh_interval(entry, now);
  entry.scheduled.reset();
  if (entry.own.valid_until.is_never()) entry.scheduled = entry.next_refresh;
  transmit(entry, now);
}

// Section 4.2; the lifetimes are those of this moment, also when it is sent again (section 4.5).
void AddressRegistrar::transmit(Entry& entry, Instant now) {
  Message message{.type = MessageType::kAddrRegInform, .transaction_id = entry.transaction_id};
  message.options.push_back(ClientId{*own_});
  message.options.push_back(
      entry.telling->sent() ? ElapsedTime::since(entry.telling->first_sent(), now) : ElapsedTime{});
  message.options.push_back(IaAddress{.address = entry.own.address,
                                      .preferred = remaining(entry.own.preferred_until, now),
                                      .valid = remaining(entry.own.valid_until, now),
                                      .options = {}});
  out_.packets.push_back({entry.own.address, message.to_bytes()});
  entry.telling->transmitted(now, *rng_);
  entry.told_valid_until = entry.own.valid_until;
}

// Section 4.3. Whoever sent it: it proves nothing, and nothing depends on it.
void AddressRegistrar::receive(std::span<const std::uint8_t> payload, const Ip6Address& to,
                               Instant now) {
  const auto message = Message::parse(payload);
  if (!message || message->type != MessageType::kAddrRegReply) return;
  const auto found = entries_.find(to);
  const IaAddress* named = find_single<IaAddress>(message->options);
  if (found == entries_.end() || named == nullptr || named->address != to) return;
  Entry& entry = found->second;
  if (message->transaction_id != entry.transaction_id || entry.answered) return;
  const ClientId* client = find_single<ClientId>(message->options);
  if (client != nullptr && client->duid != *own_) return;
  entry.answered = true;
  entry.telling.reset();
  if (!std::exchange(entry.known, true))
    out_.log.push_back({LogLevel::kInfo, cat(to, " is registered with the DHCPv6 server")});
  // What the network said meanwhile.
  reschedule(entry, now);
}

void AddressRegistrar::expire(Instant now) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.own.valid_until <= now; });
  for (auto& [address, entry] : entries_) {
    if (entry.telling && entry.telling->next() <= now) {
      if (entry.telling->fails_at() > now) {
        transmit(entry, now);
      } else {
        entry.telling.reset();
        entry.known = false;
        out_.log.push_back({LogLevel::kDebug, cat("nobody answers the registration of ", address)});
        reschedule(entry, now);
      }
    }
  }
  const auto is_due = [&](const Entry& entry, Duration early) {
    return !entry.telling && entry.scheduled && *entry.scheduled <= now + early;
  };
  const bool any = std::any_of(entries_.begin(), entries_.end(),
                               [&](const auto& entry) { return is_due(entry.second, Duration{}); });
  if (!any) return;
  for (auto& [address, entry] : entries_) {
    if (is_due(entry, kCoalesce)) tell(entry, now);
  }
}

std::optional<Instant> AddressRegistrar::next_deadline() const {
  std::optional<Instant> next;
  for (const auto& [address, entry] : entries_) {
    if (entry.telling)
      next = earlier(next, std::optional(entry.telling->next()));
    else
      next = earlier(next, entry.scheduled);
  }
  return next;
}

AddressRegistrar::Outputs AddressRegistrar::drain() { return std::exchange(out_, {}); }

std::vector<Ip6Address> AddressRegistrar::registered() const {
  std::vector<Ip6Address> out;
  for (const auto& [address, entry] : entries_) {
    if (entry.known) out.push_back(address);
  }
  return out;
}

}  // namespace sixgate::dhcp6
