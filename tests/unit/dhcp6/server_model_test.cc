// SPDX-License-Identifier: Apache-2.0
// Random clients, relay agents, restarts, crashes and renumberings against the server, and a model beside it that knows
// which leases must exist: what was said in a Reply, is not over, not given back and of a live prefix; which must be taken
// back in the next Renew, because their prefix is gone; and who must hear of that, by the way he came last, at once.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>

#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

unsigned seeds() {
  const char* wanted = std::getenv("SIXGATE_SIM_SEEDS");
  return wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : 200;
}

class Model {
 public:
  explicit Model(std::uint64_t seed) : dice_(seed) {
    run_.home().range = {0x1000, 0x1007};  // too small for all: exhaustion is usual
    renumber();
    run_.begin();
  }

  unsigned orders_through_relay_agents() const { return orders_; }

  void play() {
    for (int step = 0; step < 150 && !::testing::Test::HasFailure(); ++step) {
      act();
      judge();
    }
  }

 private:
  struct Lease {
    Instant until;
    unsigned client = 0;
    std::uint32_t iaid = 0;
  };
  // What is known of a client that was given something.
  struct Told {
    std::optional<bool> accepts;  // Reconfigure; none: not certain
    bool relayed = false;
  };
  static constexpr unsigned kClients = 12;

  void act() {
    switch (dice_.below(16)) {
      case 0:
        run_.run_for(seconds(dice_.below(4000)));
        break;
      case 1:
        crash();
        break;
      case 2:
        if (dice_.chance(0.3)) renumber();
        break;
      case 3:
        if (dice_.chance(0.3)) reboot();
        break;
      case 4:
        give_back(MessageType::kRelease);
        break;
      case 5:
        if (dice_.chance(0.3)) give_back(MessageType::kDecline);
        break;
      case 6:
      case 7:
        ask(MessageType::kRebind);
        break;
      case 8:
      case 9:
        ask(MessageType::kRenew);
        break;
      case 10:
        ask(MessageType::kSolicit);
        break;
      case 11:
        run_.run_for(seconds(dice_.below(60)));
        break;
      default:
        ask(MessageType::kRequest);
        break;
    }
  }

  // The journal may end anywhere after what was last promised.
  void crash() {
    if (dice_.chance(0.3)) {
      for (int i = 0; i < 5; ++i)
        run_.journal.push_back(static_cast<std::uint8_t>(dice_.below(256)));
    }
    run_.begin(boot_);
  }
  void reboot() {
    const Instant before = run_.now;
    boot_ += "x";
    run_.now = Instant::from_micros(static_cast<std::int64_t>(dice_.below(1'000'000'000)));
    run_.begin(boot_);
    // The time without power is nobody's: leases last at least as long as they would have.
    for (auto* leases : {&addresses_, &prefixes_}) {
      for (auto& [lease, of] : *leases)
        of.until = run_.now + std::max(of.until - before, Duration{});
    }
  }
  void renumber() {
    ++number_;
    const std::uint64_t high = 0x20010db800000000 | number_ << 8;
    const Prefix whole(Ip6Address::from_halves(high, 0), 60);
    const Prefix first(Ip6Address::from_halves(high, 0), 64);
    // The house's own stays.
    run_.home().prefixes = {{first}, {prefix("fd00:0:0:1::/64")}};
    run_.home().spaces = {{.prefix = whole, .taken = {first}},
                          {.prefix = prefix("fd00::/48"), .taken = {prefix("fd00:0:0:1::/64")}}};
    std::set<unsigned> concerned;
    for (auto* leases : {&addresses_, &prefixes_}) {
      for (const auto& [lease, of] : *leases) {
        if (!kUniqueLocal.contains(lease)) gone_[lease] = of;
      }
      for (const auto& [lease, of] : *leases) {
        if (!kUniqueLocal.contains(lease) && of.until > run_.now) concerned.insert(of.client);
      }
      std::erase_if(*leases, [](const auto& one) { return !kUniqueLocal.contains(one.first); });
    }
    run_.packets.clear();
    run_.configure();
    run_.run_for(milliseconds(900));  // they are told one after the other
    judge_orders(concerned);
  }

  // Each Reconfigure goes to a client that accepts it, by the way that he came.
  void judge_orders(const std::set<unsigned>& concerned) {
    std::set<unsigned> reached;
    for (const ServerPacket& packet : run_.packets) {
      const auto back = RelayedExchange::parse(packet.payload);
      const auto direct = Message::parse(packet.payload);
      const bool relayed = back && !back->relays.empty();
      if (!relayed && !direct) continue;
      if ((relayed ? back->message : *direct).type != MessageType::kReconfigure) continue;
      const Ip6Address to = relayed ? back->relays[0].peer_address : packet.destination;
      const auto client = static_cast<unsigned>(to.low() - client_address(0).low());
      EXPECT_NE(told_[client].accepts, false) << "client " << client;
      if (told_[client].accepts) {
        EXPECT_EQ(relayed, told_[client].relayed) << "client " << client;
      }
      EXPECT_EQ(packet.link, relayed ? "guests" : "home");
      reached.insert(client);
    }
    for (const unsigned client : concerned) {
      if (told_[client].accepts == true) {
        EXPECT_TRUE(reached.contains(client)) << "client " << client;
        orders_ += told_[client].relayed ? 1 : 0;
      }
    }
  }

  // Directly, or through a relay agent whose address tells the link.
  std::optional<Message> exchange(const Message& message, unsigned client) {
    relayed_ = !dice_.chance(0.7);
    if (!relayed_) return run_.ask(message, "home", client_address(client));
    RelayedExchange through{.relays = {}, .inner = {}, .message = message};
    through.relays.push_back({.link_address = Ip6Address::from_halves(
                                  run_.home().prefixes[0].prefix.address().high(), 9),
                              .peer_address = client_address(client),
                              .options = {}});
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    EXPECT_TRUE(through.emit(writer));
    (void)run_.ask(bytes, "guests", address("fe80::9"), address("fe80::1"));
    if (run_.packets.empty()) return std::nullopt;
    auto back = RelayedExchange::parse(run_.packets[0].payload);
    EXPECT_TRUE(back && back->relays.size() == 1 &&
                back->relays[0].peer_address == client_address(client));
    return back ? std::optional(back->message) : std::nullopt;
  }

  Asked asked(MessageType type, unsigned client) {
    Asked asked{.type = type, .client = client};
    asked.rapid_commit = type == MessageType::kSolicit;
    if (type != MessageType::kRebind && type != MessageType::kSolicit)
      asked.server = run_.configuration.duid;
    asked.accepts_reconfigure = dice_.chance(0.5);
    return asked;
  }

  void ask(MessageType type) {
    const auto client = static_cast<unsigned>(1 + dice_.below(kClients));
    Asked message = asked(type, client);
    const auto iaid = static_cast<std::uint32_t>(dice_.below(2));
    if (dice_.chance(0.7)) message.addresses = {ia_na(iaid, named_addresses(client, iaid))};
    if (dice_.chance(0.6)) message.prefixes = {ia_pd(iaid, named_prefixes(client, iaid))};
    // A client that renews names what it had of the provider's last prefix too.
    std::vector<Prefix> dead;
    for (const auto& [lease, of] : gone_) {
      if (type != MessageType::kRenew || of.client != client || of.iaid != iaid) continue;
      if (lease.length() == 128 && !message.addresses.empty())
        message.addresses[0].options.push_back(IaAddress{.address = lease.address()});
      else if (lease.length() != 128 && !message.prefixes.empty())
        message.prefixes[0].options.push_back(IaPrefix{.prefix = lease});
      else
        continue;
      dead.push_back(lease);
    }
    const bool known = has_something(client);
    const auto reply = exchange(message_of(message), client);
    if (!reply || reply->type != MessageType::kReply) return;
    if (!addresses_in(*reply).empty() || !prefixes_in(*reply).empty()) {
      const bool renews = type == MessageType::kRenew || type == MessageType::kRebind;
      Told& told = told_[client];
      if (message.accepts_reconfigure || !renews)
        told.accepts = message.accepts_reconfigure;
      else if (!known)
        told.accepts.reset();
      told.relayed = relayed_;
    }
    // RFC 9096 section 3.5, whatever else the IA gets.
    const auto taken_back = addresses_in(*reply, false);
    const auto prefixes_back = prefixes_in(*reply, false);
    for (const Prefix& lease : dead) {
      EXPECT_TRUE(std::count(taken_back.begin(), taken_back.end(), lease.address()) == 1 ||
                  std::count(prefixes_back.begin(), prefixes_back.end(), lease) == 1)
          << lease.to_string() << " of client " << client;
      gone_.erase(lease);
    }
    for (const IaNa& ia : find_all<IaNa>(reply->options)) {
      forget(addresses_, client, ia.iaid);
      for (const IaAddress& one : find_all<IaAddress>(ia.options)) {
        if (one.valid.is_zero()) continue;
        take(addresses_, Prefix(one.address, 128), client, ia.iaid, one.valid);
        EXPECT_TRUE(run_.home().prefixes[0].prefix.contains(one.address) ||
                    run_.home().prefixes[1].prefix.contains(one.address));
      }
    }
    for (const IaPd& ia : find_all<IaPd>(reply->options)) {
      forget(prefixes_, client, ia.iaid);
      for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) {
        if (one.valid.is_zero()) continue;
        take(prefixes_, one.prefix, client, ia.iaid, one.valid);
        EXPECT_TRUE(run_.home().spaces[0].prefix.contains(one.prefix) ||
                    run_.home().spaces[1].prefix.contains(one.prefix));
        for (const ScopePrefix& own : run_.home().prefixes)
          EXPECT_FALSE(own.prefix.overlaps(one.prefix));
      }
    }
  }

  void give_back(MessageType type) {
    const auto client = static_cast<unsigned>(1 + dice_.below(kClients));
    Asked message = asked(type, client);
    for (std::uint32_t iaid = 0; iaid < 2; ++iaid) {
      auto held = held_addresses(client, iaid);
      // One of two goes back, the other stays (RFC 9915 section 18.3.7).
      if (type == MessageType::kRelease && held.size() > 1 && dice_.chance(0.5)) {
        message.addresses.push_back(ia_na(iaid, {held.back()}));
        addresses_.erase(Prefix(held.back(), 128));
        continue;
      }
      if (!held.empty()) message.addresses.push_back(ia_na(iaid, held));
      if (type == MessageType::kDecline) {
        // Of a lease that is over the server knows nothing any more.
        for (const Ip6Address& one : held) {
          if (addresses_.at(Prefix(one, 128)).until > run_.now)
            declined_[one.low()] = run_.now + hours(24);
        }
      } else {
        message.prefixes.push_back(ia_pd(iaid, held_prefixes(client, iaid)));
        forget(prefixes_, client, iaid);
      }
      forget(addresses_, client, iaid);
    }
    EXPECT_TRUE(exchange(message_of(message), client));
  }

  bool has_something(unsigned client) const {
    return std::ranges::any_of(std::array{&addresses_, &prefixes_}, [&](const auto* leases) {
      return std::ranges::any_of(*leases, [&](const auto& one) {
        return one.second.client == client && one.second.until > run_.now;
      });
    });
  }

  // What a client names: what it has, what another has, or anything.
  std::vector<Ip6Address> named_addresses(unsigned client, std::uint32_t iaid) {
    auto named = held_addresses(client, iaid);
    if (dice_.chance(0.2)) {
      named.push_back(Ip6Address::from_halves(run_.home().prefixes[0].prefix.address().high(),
                                              0x1000 + dice_.below(9)));
    }
    return named;
  }
  std::vector<Prefix> named_prefixes(unsigned client, std::uint32_t iaid) {
    auto named = held_prefixes(client, iaid);
    if (dice_.chance(0.2)) {
      if (const auto one = run_.home().spaces[0].prefix.subnet(64, dice_.below(16)))
        named.push_back(*one);
    }
    return named;
  }
  std::vector<Ip6Address> held_addresses(unsigned client, std::uint32_t iaid) const {
    std::vector<Ip6Address> held;
    for (const auto& [lease, of] : addresses_) {
      if (of.client == client && of.iaid == iaid) held.push_back(lease.address());
    }
    return held;
  }
  std::vector<Prefix> held_prefixes(unsigned client, std::uint32_t iaid) const {
    std::vector<Prefix> held;
    for (const auto& [lease, of] : prefixes_) {
      if (of.client == client && of.iaid == iaid) held.push_back(lease);
    }
    return held;
  }

  void take(std::map<Prefix, Lease>& all, const Prefix& lease, unsigned client, std::uint32_t iaid,
            Lifetime valid) {
    const auto other = all.find(lease);
    EXPECT_TRUE(other == all.end() || other->second.until <= run_.now)
        << lease.to_string() << " is client " << (other == all.end() ? 0 : other->second.client)
        << "'s";
    const auto declined = declined_.find(lease.address().low());
    EXPECT_TRUE(lease.length() != 128 || declined == declined_.end() ||
                declined->second <= run_.now || !boot_.empty())
        << "declined";
    all[lease] = {expiry(run_.now, valid), client, iaid};
  }
  static void forget(std::map<Prefix, Lease>& all, unsigned client, std::uint32_t iaid) {
    std::erase_if(all, [&](const auto& entry) {
      return entry.second.client == client && entry.second.iaid == iaid;
    });
  }

  void judge() {
    const LeaseTable& table = run_.server->table();
    for (const auto* leases : {&addresses_, &prefixes_}) {
      const auto type =
          leases == &addresses_ ? AssociationType::kAddresses : AssociationType::kPrefixes;
      for (const auto& [lease, of] : *leases) {
        if (of.until <= run_.now) continue;
        const BindingNumber number =
            table.find(table.find_client(client_duid(of.client)), type, of.iaid);
        ASSERT_NE(number, kNoNumber) << lease.to_string() << " of client " << of.client;
        const auto known = table.leases(table.binding(number));
        EXPECT_NE(std::find(known.begin(), known.end(), lease), known.end()) << lease.to_string();
        EXPECT_GE(table.binding(number).valid_until, of.until);
      }
    }
    std::set<std::uint64_t> ids;
    std::vector<Prefix> delegated;
    std::size_t count = 0;
    table.each([&](BindingNumber, const Binding& binding) {
      ++count;
      EXPECT_GT(binding.valid_until, run_.now - seconds(1));
      if (binding.type == AssociationType::kAddresses) {
        EXPECT_TRUE(ids.insert(binding.interface_id).second);
      }
      for (const Prefix& one : binding.delegated) {
        for (const Prefix& other : delegated) EXPECT_FALSE(one.overlaps(other));
        delegated.push_back(one);
      }
    });
    EXPECT_EQ(count, table.binding_count());
    const auto next = run_.server->next_deadline();
    if (next) {
      EXPECT_GT(*next + seconds(1), run_.now);
    }
  }

  Rng dice_;
  ServerRun run_;
  std::string boot_;
  std::uint64_t number_ = 0;
  std::map<Prefix, Lease> addresses_;
  std::map<Prefix, Lease> prefixes_;
  std::map<Prefix, Lease> gone_;  // of prefixes that are
  std::map<std::uint64_t, Instant> declined_;
  std::map<unsigned, Told> told_;
  bool relayed_ = false;  // the last exchange
  unsigned orders_ = 0;
};

TEST(DhcpServerModel, WhatWasPromisedIsKnownWhateverHappens) {
  unsigned orders = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    model.play();
    if (HasFailure()) return;
    orders += model.orders_through_relay_agents();
  }
  EXPECT_GT(orders, seeds() / 10) << "it was hardly tried";
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
