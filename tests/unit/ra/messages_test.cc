// SPDX-License-Identifier: Apache-2.0
// Messages of peers nobody here wrote, and what must be thrown away.
#include <gtest/gtest.h>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

const MacAddress kPeer({0x02, 0, 0x5e, 0, 0x53, 0x01});

TEST(Captures, RadvdsAdvertisement) {
  const Captured capture = captured("radvd");
  const auto message = accept_router_advertisement(capture.packet());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->hop_limit, 63);
  EXPECT_TRUE(message->managed);
  EXPECT_TRUE(message->other);
  EXPECT_TRUE(message->home_agent);
  EXPECT_FALSE(message->proxy);
  EXPECT_EQ(message->preference, RouterPreference::kHigh);
  EXPECT_EQ(message->router_lifetime, seconds(1800));
  EXPECT_EQ(message->reachable, seconds(30));
  EXPECT_EQ(message->retrans, seconds(1));

  PrefixInformation first;
  first.prefix = prefix("2001:db8:1:2::/64");
  first.on_link = first.autonomous = true;
  first.valid = Lifetime(86400);
  first.preferred = Lifetime(14400);
  PrefixInformation second;
  second.prefix = prefix("2001:db8:1:3::/64");
  second.autonomous = true;
  second.router_address = ip("2001:db8:1:3::1");
  second.valid = second.preferred = Lifetime::infinite();
  const Options expected{
      first,
      second,
      RouteInformation{prefix("2001:db8:f00::/48"), RouterPreference::kLow, Lifetime(1200)},
      RouteInformation{prefix("fd00:1:2:3:4::/80"), RouterPreference::kHigh, Lifetime::infinite()},
      RecursiveDnsServers{Lifetime(600), {ip("2001:db8:1:2::53"), ip("fe80::53")}},
      DnsSearchList{Lifetime(601),
                    {name("example.com"), name("home.arpa"), name("sub.example.net")}},
      Mtu{1492},
      SourceLinkLayerAddress(kPeer),
      AdvertisementInterval{seconds(4)},
      HomeAgentInformation{10, seconds(1800)}};
  EXPECT_EQ(message->options, expected);
}

TEST(Captures, RadvdsFinalAdvertisement) {
  const auto message = accept_router_advertisement(captured("radvd_final").packet());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->router_lifetime, seconds(0));
  EXPECT_EQ(find<RecursiveDnsServers>(message->options)->lifetime, Lifetime(0));
}

TEST(Captures, DnsmasqsAdvertisement) {
  const auto message = accept_router_advertisement(captured("dnsmasq").packet());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->preference, RouterPreference::kLow);
  EXPECT_EQ(message->router_lifetime, seconds(1200));
  PrefixInformation only;
  only.prefix = prefix("2001:db8:9::/64");
  only.on_link = only.autonomous = true;
  only.valid = only.preferred = Lifetime(3600);
  const Options expected{
      only, Mtu{1400}, SourceLinkLayerAddress(kPeer),
      DnsSearchList{Lifetime::infinite(), {name("lan.example"), name("corp.example")}},
      RecursiveDnsServers{Lifetime::infinite(), {ip("2001:db8:1:3::1")}}};
  EXPECT_EQ(message->options, expected);
}

TEST(Captures, SolicitationsOfTheKernelAndOfRdisc6) {
  const auto kernel = accept_router_solicitation(captured("linux_rs").packet());
  ASSERT_TRUE(kernel);
  EXPECT_EQ(find<SourceLinkLayerAddress>(kernel->options)->mac(),
            MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x02}));
  const auto rdisc6 = accept_router_solicitation(captured("rdisc6_rs").packet());
  ASSERT_TRUE(rdisc6);
  EXPECT_TRUE(rdisc6->options.empty());
}

TEST(Captures, NeighborMessagesOfTheKernel) {
  const auto probe = accept_neighbor_solicitation(captured("linux_dad_ns").packet());
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->target, ip("fe80::5eff:fe00:5302"));
  ASSERT_TRUE(find<Nonce>(probe->options));
  EXPECT_EQ(find<Nonce>(probe->options)->octets.size(), 6U);
  const auto answer = accept_neighbor_advertisement(captured("linux_na").packet());
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->router);
  EXPECT_TRUE(answer->solicited);
  EXPECT_TRUE(answer->override_cache);
  EXPECT_EQ(answer->target, ip("2001:db8:9::5"));
  EXPECT_EQ(find<TargetLinkLayerAddress>(answer->options)->mac(),
            MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x02}));
}

// What is emitted is, but for the checksum, what the peer sent: our encoder against theirs.
TEST(Captures, EmittedAgainTheyAreTheSameOctets) {
  const auto without_checksum = [](std::vector<std::uint8_t> octets) {
    octets[2] = octets[3] = 0;
    return to_hex(octets);
  };
  const Captured dnsmasq = captured("dnsmasq");
  EXPECT_EQ(to_hex(to_bytes(*RouterAdvertisement::parse(dnsmasq.payload))),
            without_checksum(dnsmasq.payload));
  // radvd writes every route in 24 octets, also where 16 would do: the same value, 8 octets shorter.
  for (const std::string_view file : {"radvd", "radvd_final"}) {
    const Captured capture = captured(file);
    const auto message = RouterAdvertisement::parse(capture.payload);
    const auto emitted = to_bytes(*message);
    EXPECT_EQ(*RouterAdvertisement::parse(emitted), *message) << file;
    EXPECT_EQ(emitted.size() + 8, capture.payload.size()) << file;
  }
  for (const std::string_view file : {"linux_rs", "rdisc6_rs"}) {
    const Captured capture = captured(file);
    EXPECT_EQ(to_hex(to_bytes(*RouterSolicitation::parse(capture.payload))),
              without_checksum(capture.payload))
        << file;
  }
  const Captured probe = captured("linux_dad_ns");
  EXPECT_EQ(to_hex(to_bytes(*NeighborSolicitation::parse(probe.payload))),
            without_checksum(probe.payload));
  const Captured answer = captured("linux_na");
  EXPECT_EQ(to_hex(to_bytes(*NeighborAdvertisement::parse(answer.payload))),
            without_checksum(answer.payload));
}

TEST(Messages, EveryCutOfACaptureIsAnErrorOrAValue) {
  for (const std::string_view file : {"radvd", "dnsmasq", "linux_rs", "linux_na", "linux_dad_ns"}) {
    Captured capture = captured(file);
    const std::size_t whole = capture.payload.size();
    for (std::size_t size = 0; size < whole; ++size) {
      const auto cut = std::span<const std::uint8_t>(capture.payload).first(size);
      const auto advertisement = RouterAdvertisement::parse(cut);
      if (!advertisement) {
        EXPECT_LE(advertisement.error().offset, size);
      }
      EXPECT_TRUE(size >= 24 || !NeighborAdvertisement::parse(cut));
      EXPECT_TRUE(size >= 8 || !RouterSolicitation::parse(cut));
    }
  }
}

TEST(Messages, TheReservedPreferenceReadsAsMedium) {
  auto octets = to_bytes(RouterAdvertisement{});
  octets[5] = 0x10;
  EXPECT_EQ(RouterAdvertisement::parse(octets)->preference, RouterPreference::kMedium);
}

TEST(Messages, NeighborSolicitationsThatAreDiscarded) {
  Captured capture = captured("linux_dad_ns");
  EXPECT_TRUE(accept_neighbor_solicitation(capture.packet()));
  capture.destination = kAllNodes;
  EXPECT_EQ(accept_neighbor_solicitation(capture.packet()).error(), Discard::kDestination);
  capture = captured("linux_dad_ns");
  NeighborSolicitation message = *NeighborSolicitation::parse(capture.payload);
  message.options.emplace_back(SourceLinkLayerAddress(kPeer));
  capture.payload = to_bytes(message);
  EXPECT_EQ(accept_neighbor_solicitation(capture.packet()).error(),
            Discard::kUnspecifiedWithLinkLayer);
  message.target = kAllNodes;
  capture.payload = to_bytes(message);
  EXPECT_EQ(accept_neighbor_solicitation(capture.packet()).error(), Discard::kTarget);
}

TEST(Messages, NeighborAdvertisementsThatAreDiscarded) {
  Captured capture = captured("linux_na");
  capture.destination = kAllNodes;
  EXPECT_EQ(accept_neighbor_advertisement(capture.packet()).error(), Discard::kDestination);
  capture = captured("linux_na");
  capture.hop_limit = 64;
  EXPECT_EQ(accept_neighbor_advertisement(capture.packet()).error(), Discard::kHopLimit);
}

// Solicitations to an advertiser that has nothing else to say for a long time. Those that must be
// discarded draw no answer; the same one without its fault does.
struct Discarding : testing::Test {
  Discarding() {
    Advertisement content = home();
    content.settings.unicast_solicited = false;
    lan.configure(content);
    lan.run_for(minutes(2));  // the burst is over
    lan.sent.clear();
    before = lan.advertiser.next_deadline();
  }
  void expect_discarded(const std::vector<std::uint8_t>& payload, Discard reason,
                        const Ip6Address& from = ip("fe80::99"), unsigned hop_limit = 255) {
    const auto earlier_count = lan.advertiser.counters().discarded[reason];
    lan.advertiser.receive({payload, from, kAllRouters, hop_limit}, lan.now);
    EXPECT_EQ(lan.advertiser.counters().discarded[reason], earlier_count + 1);
    EXPECT_EQ(lan.advertiser.next_deadline(), before) << "the interval timer is unaffected";
  }
  void expect_answered(const std::vector<std::uint8_t>& payload,
                       const Ip6Address& from = ip("fe80::99")) {
    lan.advertiser.receive({payload, from, kAllRouters, 255}, lan.now);
    lan.run_for(milliseconds(500));
    EXPECT_EQ(lan.sent.size(), 1U);
  }
  Lan lan;
  std::optional<Instant> before;
};

struct SolicitationConformance : Discarding {};

TEST_F(SolicitationConformance, Row_4861_R_01_SolicitationWithAnotherHopLimit) {
  for (const unsigned hop_limit : {254U, 64U, 1U, 0U}) {
    expect_discarded(solicitation(), Discard::kHopLimit, ip("fe80::99"), hop_limit);
  }
  expect_answered(solicitation());
}

TEST_F(SolicitationConformance, Row_4861_R_03_SolicitationWithAnotherCode) {
  auto payload = solicitation();
  payload[1] = 1;
  expect_discarded(payload, Discard::kCode);
  expect_answered(solicitation());
}

TEST_F(SolicitationConformance, Row_4861_R_04_SolicitationTooShort) {
  for (std::size_t size = 1; size < 8; ++size) {
    auto payload = solicitation();
    payload.resize(size);
    expect_discarded(payload, Discard::kTooShort);
  }
  expect_answered(solicitation());
}

TEST_F(SolicitationConformance, Row_4861_R_05_SolicitationWithAnOptionOfLengthZero) {
  auto payload = solicitation();
  payload[9] = 0;
  expect_discarded(payload, Discard::kOptionLength);
  payload[9] = 2;
  expect_discarded(payload, Discard::kOptionLength);
  expect_answered(solicitation());
}

TEST_F(SolicitationConformance, Row_4861_R_06_SolicitationFromNowhereWithALinkLayerAddress) {
  expect_discarded(solicitation(true), Discard::kUnspecifiedWithLinkLayer, Ip6Address());
  expect_answered(solicitation(false), Ip6Address());
}

TEST_F(SolicitationConformance, Row_4861_R_07_UnknownOptionsAndReservedFieldAreIgnored) {
  RouterSolicitation message;
  message.options.emplace_back(UnknownOption{250, std::vector<std::uint8_t>(14, 0xff)});
  auto payload = to_bytes(message);
  for (std::size_t i = 4; i < 8; ++i) payload[i] = 0xff;
  expect_answered(payload);
}

}  // namespace
}  // namespace sixgate::ra
