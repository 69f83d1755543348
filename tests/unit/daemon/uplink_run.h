// SPDX-License-Identifier: Apache-2.0
// UplinkRun: one Uplink in virtual time between DHCPv6 servers that answer at once and routers that a test
// plays. After every step it checks that the next deadline lies ahead.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "daemon/uplink.h"
#include "house_model.h"
#include "tests/support/dhcp6_test_server.h"

namespace sixgate::daemon::testing {

inline const dhcp6::Duid kOurDuid = dhcp6::Duid::llt(mac(1), 1000);
inline constexpr std::uint32_t kIaid = 77;
inline const PrefixNeed kNeed{.hint = prefix("::/56"), .slash64s = 1};

// Gives 2001:db8:ffff::7 and 2001:db8:1::/56.
inline dhcp6::testing::TestServer isp_server() {
  dhcp6::testing::TestServer server;
  server.addresses[kIaid] = {address("2001:db8:ffff::7")};
  server.prefixes[kIaid] = {prefix("2001:db8:1::/56")};
  return server;
}

inline ra::RouterAdvertisement isp_router(bool managed, bool other) {
  ra::RouterAdvertisement said;
  said.hop_limit = 64;
  said.managed = managed;
  said.other = other;
  said.router_lifetime = seconds(1800);
  return said;
}

struct SentMessage {
  Instant at;
  dhcp6::Message message;
};

class UplinkRun {
 public:
  explicit UplinkRun(conf::UplinkConfig config = uplink_config("wan", "wan0"),
                     std::optional<dhcp6::Lease> stored = std::nullopt)
      : uplink(std::move(config), std::move(stored), rng) {}

  // The link is ready and the client knows who it is.
  void begin() {
    uplink.identify(kOurDuid, kIaid, kNeed, now);
    uplink.link(&wan, now);
    settle();
  }
  void hear(const ra::RouterAdvertisement& said, const char* from = "fe80::1") {
    const std::vector<std::uint8_t> bytes = ra::to_bytes(said);
    uplink.receive(ra::ReceivedPacket{bytes, address(from), kAllNodes, 255}, now);
    settle();
  }
  void link(const LinkState* state) {
    uplink.link(state, now);
    settle();
  }
  void run_for(Duration time) {
    const Instant end = now + time;
    int rings = 0;
    for (auto next = uplink.next_deadline(); next && *next <= end; next = uplink.next_deadline()) {
      now = std::max(now, *next);
      uplink.expire(now);
      settle();
      const auto after = uplink.next_deadline();
      // One that is now rings now, but not for ever.
      ASSERT_TRUE(!after || *after >= now) << "a deadline lies in the past";
      rings = after == now ? rings + 1 : 0;
      ASSERT_LT(rings, 20) << "time does not go on";
    }
    now = end;
  }
  // Takes what the uplink puts out, and answers it.
  void settle() {
    for (bool more = true; more;) {
      more = false;
      UplinkOutputs out = uplink.drain();
      changes += out.changed ? 1 : 0;
      solicitations += static_cast<unsigned>(out.solicitations.size());
      log.insert(log.end(), out.log.begin(), out.log.end());
      for (const dhcp6::Datagram& datagram : out.datagrams) {
        EXPECT_EQ(datagram.destination, kAllDhcpRelayAgentsAndServers);
        const auto message = dhcp6::Message::parse(datagram.payload);
        ASSERT_TRUE(message.has_value());
        sent.push_back({now, *message});
        for (const dhcp6::testing::TestServer* server : servers) {
          const auto answer = server->answer(*message);
          if (!answer) continue;
          more = true;
          uplink.receive(answer->to_bytes(), address("fe80::1"), dhcp6::Arrival::kUnicast, now);
        }
      }
    }
  }

  std::vector<SentMessage> of(dhcp6::MessageType type) const {
    std::vector<SentMessage> out;
    for (const SentMessage& one : sent) {
      if (one.message.type == type) out.push_back(one);
    }
    return out;
  }
  bool bound() const { return uplink.client_state() == "bound"; }

  Rng rng{1};
  Uplink uplink;
  Instant now = kNow;
  LinkState wan = ready_link("wan0", 1);
  std::vector<const dhcp6::testing::TestServer*> servers;
  std::vector<SentMessage> sent;
  unsigned solicitations = 0;
  unsigned changes = 0;
  LogLines log;
};

template <class T>
std::vector<T> all_of(const dhcp6::Options& options) {
  std::vector<T> out;
  for (const T& one : dhcp6::find_all<T>(options)) out.push_back(one);
  return out;
}
inline bool asks_address(const dhcp6::Message& message) {
  return !dhcp6::find_all<dhcp6::IaNa>(message.options).empty();
}
inline bool asks_prefix(const dhcp6::Message& message) {
  return !dhcp6::find_all<dhcp6::IaPd>(message.options).empty();
}

}  // namespace sixgate::daemon::testing
