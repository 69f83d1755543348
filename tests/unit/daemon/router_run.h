// SPDX-License-Identifier: Apache-2.0
// RouterRun: the whole Router in virtual time, with a kernel that does at once what it is told, DHCPv6 servers
// that answer at once, and routers and hosts that a test plays. What must hold after every event is checked
// here: deadlines lie ahead, at most one ChangeSet is under way, nothing is advertised that is not stored,
// forwarding is never on without rules, and an uplink never hears a Router Advertisement of ours.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "daemon/reconcile.h"
#include "daemon/router.h"
#include "uplink_run.h"

namespace sixgate::daemon::testing {

inline const char* const kForwarding = "net/ipv6/conf/all/forwarding";
inline constexpr const char* kLans[] = {"lan0", "lan1"};

// A client of the DHCPv6 server, by its number.
inline dhcp6::Duid client(unsigned number = 1) {
  return dhcp6::Duid::ll(MacAddress({2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}));
}

inline bool is_firewall(const Change& change) {
  return std::holds_alternative<ApplyFirewall>(change);
}

struct SaidPacket {
  Instant at;
  std::string interface;
  ra::RouterAdvertisement said;
  std::optional<Ip6Address> source;  // none: the link-local address
};

struct AnnouncedAddress {
  Instant at;
  PacketOut packet;
  ra::NeighborAdvertisement said;
};

class RouterRun {
 public:
  explicit RouterRun(conf::Config configuration = two_lans(), std::uint64_t seed = 1)
      : config(std::move(configuration)), rng(seed) {
    kernel.sysctls[kForwarding] = "0";
    unsigned number = 1;
    for (const auto& uplink : config.uplinks) add_link(uplink.interface, number++);
    for (const auto& lan : config.lans) add_link(lan.interface, number++);
    server.preferred = Lifetime(1800);
    server.valid = Lifetime(3600);
    delegate({prefix("2001:db8:1::/56")});
  }

  // What the server gives to uplinks of the usual name.
  void delegate(std::vector<Prefix> prefixes) {
    server.prefixes[iaid("wan")] = std::move(prefixes);
    server.addresses[iaid("wan")] = {address("2001:db8:ffff::7")};
  }
  // RFC 9096 WPD-10: made of the name alone; learnt from a router that has nothing stored.
  static std::uint32_t iaid(const std::string& uplink) {
    conf::Config one;
    one.uplinks.push_back(uplink_config(uplink, "x"));
    Rng rng(1);
    return Router(one, StoredState{}, rng, kNow).state().iaids.at(uplink);
  }

  void add_link(const std::string& name, unsigned number) {
    links.push_back(ready_link(name, number));
    for (const char* key : {"accept_ra", "disable_ipv6", "accept_untracked_na"})
      kernel.sysctls["net/ipv6/conf/" + name + "/" + key] = "1";
  }
  LinkState& link(const std::string& name) {
    for (LinkState& one : links) {
      if (one.name == name) return one;
    }
    std::abort();
  }

  void start(StoredState stored = {}) {
    memory = disk = stored;
    router = std::make_unique<Router>(config, std::move(stored), rng, now);
    (void)router->restore_leases(lease_journal, "boot", now);
    lease_journal = router->lease_journal(now);
    held.reset();
    look();
  }
  // What a dump shows.
  void look() {
    std::erase_if(kernel.addresses, [&](const auto& a) { return a.valid_until <= now; });
    std::erase_if(kernel.routes, [&](const auto& r) { return r.expires <= now; });
    router->links(links, now);
    router->kernel(kernel, now);
    settle();
  }
  void start_online() {
    start();
    hear(isp_router(true, true));
    run_for(seconds(5));
  }
  void hear(const ra::RouterAdvertisement& said, const std::string& interface = "wan0",
            const char* from = "fe80::1") {
    const std::vector<std::uint8_t> bytes = ra::to_bytes(said);
    router->receive({interface, Channel::kIcmp6, address(from), kAllNodes, 255, bytes}, now);
    settle();
  }
  // What the DHCPv6 server answers to a client at fe80::c.
  std::optional<dhcp6::Message> ask(const std::string& interface, const dhcp6::Message& message,
                                    const char* from = "fe80::c") {
    served.clear();
    const std::vector<std::uint8_t> bytes = message.to_bytes();
    router->receive(
        {interface, Channel::kDhcp6Server, address(from), kAllDhcpRelayAgentsAndServers, 1, bytes},
        now);
    settle();
    if (served.empty()) return std::nullopt;
    EXPECT_EQ(served[0].interface, interface);
    EXPECT_EQ(served[0].destination, address(from));
    EXPECT_EQ(served[0].port, dhcp6::kClientPort);
    const auto parsed = dhcp6::Message::parse(served[0].payload);
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  // As the kernel tells of a host that it has heard.
  MacAddress hear(const std::string& interface, const char* host, std::uint8_t station = 1) {
    const MacAddress mac({2, 0, 0, 0, 1, station});
    router->neighbors({{interface, address(host), mac, now, true, false}}, now);
    settle();
    return mac;
  }
  void solicit(const std::string& interface) {
    const std::vector<std::uint8_t> bytes = ra::to_bytes(ra::RouterSolicitation{});
    router->receive({interface, Channel::kIcmp6, Ip6Address(), kAllRouters, 255, bytes}, now);
    settle();
  }
  void reload(conf::Config configuration) {
    config = configuration;
    router->reload(std::move(configuration), now);
    settle();
  }
  void stop() {
    router->stop(now);
    settle();
  }
  void run_for(Duration time) {
    const Instant end = now + time;
    int rings = 0;
    for (auto next = router->next_deadline(); next && *next <= end && !finished;
         next = router->next_deadline()) {
      now = std::max(now, *next);
      router->expire(now);
      settle();
      const auto after = router->next_deadline();
      // One that is now rings now, but not for ever.
      ASSERT_TRUE(!after || *after >= now) << "a deadline lies in the past";
      rings = after == now ? rings + 1 : 0;
      ASSERT_LT(rings, 20) << "time does not go on";
    }
    now = end;
  }
  void answer_held() {
    ASSERT_TRUE(held.has_value());
    answer(*std::exchange(held, std::nullopt));
    settle();
  }

  // Carries out what the Router says, in the order of RouterOutputs.
  void settle() {
    for (int round = 0; round < 100; ++round) {
      RouterOutputs out = router->drain();
      const bool quiet = !out.store && !out.changes && out.packets.empty() && out.hooks.empty() &&
                         out.lease_hooks.empty();
      log.insert(log.end(), out.log.begin(), out.log.end());
      finished = finished || out.finished;
      if (out.store) {
        memory = *out.store;
        ++stores;
        if (out.durable) {
          disk = *out.store;
          ++durable_stores;
        }
      }
      lease_journal.insert(lease_journal.end(), out.lease_journal.begin(), out.lease_journal.end());
      if (out.changes) {
        ASSERT_FALSE(held.has_value()) << "two change sets are under way";
        if (hold)
          held = std::move(*out.changes);
        else
          answer(std::move(*out.changes));
      }
      for (const PacketOut& packet : out.packets) carry(packet);
      for (const HookRun& run : out.hooks) {
        hooks.push_back(run);
        if (!hold_hooks) router->hook_ended(run, {}, now);
      }
      for (const LeaseHookRun& run : out.lease_hooks) {
        lease_hooks.push_back(run);
        if (!hold_hooks) router->lease_hook_ended(run.number, {}, now);
      }
      refusals.insert(refusals.end(), out.refusals.begin(), out.refusals.end());
      names_changed = names_changed || out.names_changed;
      ways_changed = ways_changed || out.ways_changed;
      if (quiet) return;
    }
    ADD_FAILURE() << "the router does not come to rest";
  }

  // Questions.
  std::vector<SaidPacket> on(const std::string& interface, Instant since = Instant()) const {
    std::vector<SaidPacket> out;
    for (const SaidPacket& one : advertisements) {
      if (one.interface == interface && one.at >= since) out.push_back(one);
    }
    return out;
  }
  const ra::RouterAdvertisement& last_on(const std::string& interface) const {
    for (auto at = advertisements.rbegin(); at != advertisements.rend(); ++at) {
      if (at->interface == interface) return at->said;
    }
    static const ra::RouterAdvertisement nothing;
    ADD_FAILURE() << "nothing was said on " << interface;
    return nothing;
  }
  std::vector<const KernelAddress*> addresses_on(const std::string& interface) const {
    std::vector<const KernelAddress*> out;
    for (const KernelAddress& a : kernel.addresses) {
      if (a.interface == interface) out.push_back(&a);
    }
    return out;
  }
  bool has_address(const char* text) const {
    return address_in(kernel.addresses, address(text)) != nullptr;
  }
  bool has_default_route() const {
    return std::any_of(kernel.routes.begin(), kernel.routes.end(), [](const KernelRoute& r) {
      return r.gateway && r.destination.length() == 0;
    });
  }
  bool logged(std::string_view words) const {
    return std::any_of(log.begin(), log.end(), [&](const LogLine& line) {
      return line.text.find(words) != std::string::npos;
    });
  }
  std::string log_text() const {
    std::string out;
    for (const LogLine& line : log) out += line.text + '\n';
    return out;
  }

  conf::Config config;
  Rng rng;
  Instant now = kNow;
  std::vector<LinkState> links;
  KernelState kernel;
  std::optional<firewall::Ruleset> firewall;
  dhcp6::testing::TestServer server{1};
  std::unique_ptr<Router> router;

  std::function<bool(const Change&)> refuse;      // the kernel says no
  std::function<void(KernelState&)> meddle;       // somebody else, right after each set
  std::function<bool(const PacketOut&)> answers;  // the ISP's router, to an echo
  unsigned echoes = 0;
  bool hold = false;  // sets are not answered before answer_held()
  std::optional<ChangeSet> held;

  bool hold_hooks = false;  // scripts do not end by themselves
  std::vector<HookRun> hooks;
  std::vector<LeaseHookRun> lease_hooks;
  bool names_changed = false;
  bool ways_changed = false;
  std::vector<firewall::Refusal> refusals;

  std::vector<SaidPacket> advertisements;
  std::vector<AnnouncedAddress> announcements;
  struct AskedNeighbor {
    Instant at;
    PacketOut packet;
  };
  std::vector<AskedNeighbor> neighbors;
  std::vector<SentMessage> dhcp;
  std::vector<std::pair<Instant, PacketOut>> registrations;  // of addresses on uplinks
  std::vector<PacketOut> questions;                          // to other DHCPv6 servers of LANs
  std::vector<PacketOut> pcp;     // what clients of the Port Control Protocol hear
  std::vector<PacketOut> served;  // by the DHCPv6 server, on LANs, or relayed
  std::vector<std::uint8_t> lease_journal;
  std::vector<std::pair<Instant, ChangeSet>> sets;
  StoredState memory;
  StoredState disk;
  unsigned stores = 0;
  unsigned durable_stores = 0;
  LogLines log;
  bool finished = false;

 private:
  void answer(ChangeSet changes) {
    sets.emplace_back(now, changes);
    ChangeOutcome outcome;
    outcome.changes = std::move(changes);
    for (std::size_t i = 0; i < outcome.changes.size(); ++i) {
      const Change& change = outcome.changes[i];
      if (refuse && refuse(change)) {
        outcome.failures.push_back({i, "refused"});
        continue;
      }
      apply(change, kernel);
      if (const auto* rules = std::get_if<ApplyFirewall>(&change)) firewall = rules->ruleset;
      EXPECT_TRUE(kernel.sysctls[kForwarding] == "0" || firewall.has_value())
          << "forwarding is on without rules";
    }
    if (meddle) meddle(kernel);
    router->applied(outcome, now);
    // The kernel tells of what changed in it; Duplicate Address Detection has ended.
    for (KernelAddress& one : kernel.addresses) one.tentative = false;
    router->links(links, now);
    router->kernel(kernel, now);
  }

  void carry(const PacketOut& packet) {
    const bool uplink =
        std::any_of(config.uplinks.begin(), config.uplinks.end(),
                    [&](const auto& one) { return one.interface == packet.interface; });
    if (packet.channel == Channel::kDhcp6Server) {
      const std::vector<std::string> relayed_to = router->wanted_sockets().relay_uplinks;
      ASSERT_TRUE(!uplink || std::find(relayed_to.begin(), relayed_to.end(), packet.interface) !=
                                 relayed_to.end())
          << packet.interface;
      served.push_back(packet);
      return;
    }
    if (packet.channel == Channel::kPcp) {
      EXPECT_FALSE(uplink) << packet.interface;
      // What a client is promised is there.
      const bool promised = packet.payload.at(1) == 0x81 && packet.payload.at(3) == 0 &&
                            packet.payload.at(4) + packet.payload.at(5) + packet.payload.at(6) +
                                    packet.payload.at(7) >
                                0;
      EXPECT_TRUE(!promised ||
                  (firewall &&
                   std::any_of(firewall->pinholes.begin(), firewall->pinholes.end(),
                               [&](const auto& hole) { return hole.host == packet.destination; })));
      pcp.push_back(packet);
      return;
    }
    if (packet.channel == Channel::kDhcp6Client && !uplink) {
      questions.push_back(packet);
      return;
    }
    if (packet.channel == Channel::kDhcp6Client) {
      const auto message = dhcp6::Message::parse(packet.payload);
      ASSERT_TRUE(message.has_value());
      dhcp.push_back({now, *message});
      const auto reply = server.answer(*message);
      if (!reply) return;
      const std::vector<std::uint8_t> bytes = reply->to_bytes();
      router->receive({packet.interface, Channel::kDhcp6Client, address("fe80::1"),
                       *link(packet.interface).link_local, 64, bytes},
                      now);
      return;
    }
    if (packet.channel == Channel::kRegistration) {
      // Port and firewall are open for the answer.
      const auto there = router->wanted_sockets().registrations;
      ASSERT_TRUE(packet.source.has_value());
      EXPECT_NE(std::find(there.begin(), there.end(), std::pair(packet.interface, *packet.source)),
                there.end());
      ASSERT_TRUE(firewall.has_value());
      EXPECT_NE(std::find(firewall->registrations.begin(), firewall->registrations.end(),
                          firewall::FirewallRegistration{packet.interface, *packet.source}),
                firewall->registrations.end());
      registrations.emplace_back(now, packet);
      return;
    }
    ASSERT_FALSE(packet.payload.empty());
    if (packet.channel == Channel::kNeighbors) {
      neighbors.push_back({now, packet});
      return;
    }
    if (packet.channel == Channel::kEcho) {
      ASSERT_TRUE(uplink) << packet.interface;
      ++echoes;
      if (!answers || !answers(packet)) return;
      std::vector<std::uint8_t> reply = packet.payload;
      reply[0] = 129;
      router->receive(
          {packet.interface, Channel::kEcho, packet.destination, *packet.source, 64, reply}, now);
      return;
    }
    if (packet.payload[0] != ra::RouterAdvertisement::kType) {
      ASSERT_TRUE(uplink) << "a solicitation on " << packet.interface;
      const auto announced = ra::NeighborAdvertisement::parse(packet.payload);
      if (announced) announcements.push_back({now, packet, *announced});
      return;
    }
    ASSERT_FALSE(uplink) << "an advertisement on an uplink";
    const auto said = ra::RouterAdvertisement::parse(packet.payload);
    ASSERT_TRUE(said.has_value());
    advertisements.push_back({now, packet.interface, *said, packet.source});
    // RFC 9096 section 3.5: on stable storage before any host knows it.
    for (const auto& lan : config.lans) {
      if (lan.interface != packet.interface) continue;
      const auto records = disk.advertised.find(lan.name);
      for (const auto& option : ra::find_all<ra::PrefixInformation>(said->options)) {
        const bool stored =
            records != disk.advertised.end() &&
            std::any_of(records->second.begin(), records->second.end(), [&](const auto& record) {
              return record.prefix == option.prefix && record.on_link == option.on_link &&
                     record.autonomous == option.autonomous;
            });
        EXPECT_TRUE(stored || option.valid.is_zero())
            << option.prefix.to_string() << " is advertised and not stored";
      }
    }
  }
};

inline std::optional<ra::PrefixInformation> prefix_said(const ra::RouterAdvertisement& said,
                                                        const Prefix& wanted) {
  for (const auto& option : ra::find_all<ra::PrefixInformation>(said.options)) {
    if (option.prefix == wanted) return option;
  }
  return std::nullopt;
}

}  // namespace sixgate::daemon::testing
