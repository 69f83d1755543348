// SPDX-License-Identifier: Apache-2.0
#include "pcp/server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/byte_reader.h"
#include "requests.h"

namespace sixgate::pcp {
namespace {

using namespace testing;

const Prefix kLanPrefix = Prefix::parse("2001:db8:1::/64").value();
constexpr const char* kRouter = "fe80::1";

// What is in an answer.
struct Answer {
  std::uint8_t opcode = 0;  // with the R bit
  ResultCode code = ResultCode::kSuccess;
  std::uint32_t lifetime = 0;
  std::uint32_t epoch = 0;
  std::vector<std::uint8_t> reserved;  // 96 bits
  std::uint16_t external_port = 0;
  Ip6Address external_address;
  std::vector<std::uint8_t> options;
};

class PcpServer : public ::testing::Test {
 protected:
  PcpServer() { configure(); }

  void configure(bool settled = true) { server.configure({link}, settled, now); }
  void pass(Duration span) {
    now = now + span;
    server.expire(now);
  }

  // The only answer to these octets.
  Answer ask(const std::vector<std::uint8_t>& bytes, const char* from = kHost) {
    server.drain();
    server.receive("lan0", bytes, address(from), 40000, address(kRouter), now);
    out = server.drain();
    EXPECT_EQ(out.datagrams.size(), 1U);
    if (out.datagrams.empty()) return {};
    const Datagram& said = out.datagrams.front();
    EXPECT_EQ(said.destination, address(from));
    EXPECT_EQ(said.port, 40000);
    EXPECT_EQ(said.source, address(kRouter)) << "from where it was asked";
    return read_answer(said.payload);
  }
  Answer ask(const Request& request, const std::vector<std::uint8_t>& options = {}) {
    return ask(to_bytes(request, options));
  }

  static MacAddress station(std::uint32_t number) {
    return MacAddress({2, 0, static_cast<std::uint8_t>(number >> 24),
                       static_cast<std::uint8_t>(number >> 16),
                       static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
  }
  static Ip6Address suffixed(std::uint32_t number) {
    return Ip6Address::from_halves(kLanPrefix.address().high(), number);
  }
  // What it is told that asks for its port 80, slowly enough to be heard.
  ResultCode ask_from(std::uint32_t host, std::optional<MacAddress> whose) {
    now = now + milliseconds(20);
    Request request = map(80);
    request.client = suffixed(host);
    server.drain();
    server.receive("lan0", to_bytes(request), request.client, 4000, address(kRouter), now, whose);
    return static_cast<ResultCode>(server.drain().datagrams.at(0).payload.at(3));
  }

  static Answer read_answer(const std::vector<std::uint8_t>& bytes) {
    ByteReader reader(bytes);
    Answer answer;
    EXPECT_EQ(reader.u8(), 2);
    answer.opcode = reader.u8();
    reader.skip(1);
    answer.code = static_cast<ResultCode>(reader.u8());
    answer.lifetime = reader.u32();
    answer.epoch = reader.u32();
    const auto reserved = reader.bytes(12);
    answer.reserved.assign(reserved.begin(), reserved.end());
    if (reader.left() >= 36) {
      reader.skip(18);
      answer.external_port = reader.u16();
      answer.external_address = reader.address();
    }
    const auto rest = reader.rest();
    answer.options.assign(rest.begin(), rest.end());
    EXPECT_TRUE(reader.ok());
    return answer;
  }

  Instant now = Instant::from_micros(1'000'000'000);
  Link link{.interface = "lan0", .prefixes = {{kLanPrefix, Instant::never()}}, .doors = {}};
  Server server;
  ServerOutputs out;
};

TEST_F(PcpServer, AHostOpensADoorForItself) {
  const Answer answer = ask(map(8080));
  EXPECT_EQ(answer.opcode, 0x81);
  EXPECT_EQ(answer.code, ResultCode::kSuccess);
  EXPECT_EQ(answer.lifetime, 3600U);
  EXPECT_EQ(answer.external_port, 8080) << "ports are never translated";
  EXPECT_EQ(answer.external_address, address(kHost));
  EXPECT_TRUE(out.changed);
  ASSERT_EQ(server.mappings().size(), 1U);
  const Mapping& mapping = server.mappings()[0];
  EXPECT_EQ(mapping.host, address(kHost));
  EXPECT_EQ(mapping.port, 8080);
  EXPECT_EQ(mapping.protocol, 6);
  EXPECT_TRUE(mapping.sources.empty());
  EXPECT_EQ(mapping.until, now + seconds(3600));
  EXPECT_EQ(server.next_deadline(), now + milliseconds(250)) << "the next announcement";
}

// RFC 6887 section 11.3: the external address is what the Internet calls the host.
TEST_F(PcpServer, AHostThatIsTranslatedIsToldItsExternalAddress) {
  const char* const inside = "fd00:1::10";
  EXPECT_EQ(ask(to_bytes(map(8080, 3600, 6, inside), {}), inside).code, ResultCode::kNotAuthorized);
  link.prefixes.push_back({Prefix::parse("fd00:1::/64").value(), Instant::never(),
                           Prefix::parse("2001:db8:7:1::/64").value()});
  configure();
  const Answer answer = ask(to_bytes(map(8080, 3600, 6, inside), {}), inside);
  EXPECT_EQ(answer.code, ResultCode::kSuccess);
  EXPECT_EQ(answer.external_address, address("2001:db8:7:1::10"));
  ASSERT_EQ(server.mappings().size(), 1U);
  EXPECT_EQ(server.mappings()[0].host, address(inside)) << "what rules see";
}

TEST_F(PcpServer, ASuggestionThatCannotBeMetDoesNoHarmUnlessItIsPreferred) {
  Request request = map(8080);
  request.external_port = 443;
  request.external_address = address("2001:db8:77::1");
  EXPECT_EQ(ask(request).external_port, 8080);
  EXPECT_EQ(ask(request, option(2)).code, ResultCode::kCannotProvideExternal);
  request.external_port = 8080;
  request.external_address = address(kHost);
  const Answer answer = ask(request, option(2));
  EXPECT_EQ(answer.code, ResultCode::kSuccess);
  EXPECT_EQ(answer.options, option(2)) << "what was processed comes back";
}

TEST_F(PcpServer, LifetimesAreWithinBoundsAndEnd) {
  EXPECT_EQ(ask(map(1, 1)).lifetime, 120U);
  EXPECT_EQ(ask(map(2, 0xffffffffU)).lifetime, 86400U);
  link.prefixes[0].until = now + seconds(600);
  configure();
  EXPECT_EQ(ask(map(3, 3600)).lifetime, 600U) << "no longer than the prefix";
  pass(seconds(119));
  EXPECT_EQ(server.mappings().size(), 3U);
  pass(seconds(1));
  EXPECT_EQ(server.mappings().size(), 2U);
  EXPECT_TRUE(server.drain().changed);
  EXPECT_EQ(ask(map(3, 0)).lifetime, 0U);
  EXPECT_EQ(server.mappings().size(), 1U);
  pass(seconds(480));
  EXPECT_EQ(ask(map(3)).code, ResultCode::kNetworkFailure)
      << "its time is over, and nobody said so yet";
}

TEST(Conformance, Row_6887_02_WhoOpenedADoorRenewsAndClosesIt) {
  Server server;
  Instant now = Instant::from_micros(1'000'000'000);
  server.configure(
      {{.interface = "lan0", .prefixes = {{kLanPrefix, Instant::never()}}, .doors = {}}}, true,
      now);
  const auto ask = [&](const Request& request) {
    server.drain();
    server.receive("lan0", to_bytes(request), address(kHost), 4000, address(kRouter), now);
    return static_cast<ResultCode>(server.drain().datagrams.at(0).payload[3]);
  };
  EXPECT_EQ(ask(map(8080, 120)), ResultCode::kSuccess);
  now = now + seconds(60);
  EXPECT_EQ(ask(map(8080, 120)), ResultCode::kSuccess);
  now = now + seconds(100);
  server.expire(now);
  ASSERT_EQ(server.mappings().size(), 1U) << "renewed";
  EXPECT_EQ(ask(map(8080, 0)), ResultCode::kSuccess);
  EXPECT_TRUE(server.mappings().empty());
  EXPECT_EQ(ask(map(8080, 0)), ResultCode::kSuccess) << "there is nothing to close: section 15.1";
}

TEST_F(PcpServer, WhoDoesNotKnowTheNonceChangesNothing) {
  ASSERT_EQ(ask(map(8080, 3600)).code, ResultCode::kSuccess);
  pass(seconds(600));
  Request other = map(8080, 0);
  other.nonce = nonce(2);
  const Answer refused = ask(other);
  EXPECT_EQ(refused.code, ResultCode::kNotAuthorized);
  EXPECT_EQ(refused.lifetime, 3000U) << "as long as the mapping lasts";
  other.lifetime = 7200;
  EXPECT_EQ(ask(other).code, ResultCode::kNotAuthorized);
  ASSERT_EQ(server.mappings().size(), 1U);
  EXPECT_EQ(server.mappings()[0].until, now + seconds(3000));
}

TEST_F(PcpServer, WhatCannotBeDoneIsRefusedForItsReason) {
  EXPECT_EQ(ask(map(0, 3600, 0)).code, ResultCode::kUnsuppProtocol) << "all protocols";
  EXPECT_EQ(ask(map(0, 3600, 6)).code, ResultCode::kUnsuppProtocol) << "all ports";
  EXPECT_EQ(ask(map(0, 3600, 58)).code, ResultCode::kUnsuppProtocol);
  EXPECT_EQ(ask(map(5000, 3600, 132)).code, ResultCode::kUnsuppProtocol) << "a port of SCTP";
  EXPECT_EQ(ask(map(0, 3600, 132)).code, ResultCode::kSuccess) << "SCTP as a whole";
  EXPECT_EQ(ask(map(5351, 3600, 17)).code, ResultCode::kNotAuthorized) << "RFC 6887 section 11.3";
  EXPECT_EQ(ask(map(5350, 3600, 17)).code, ResultCode::kNotAuthorized);
  const auto from = [&](const char* client) {
    return ask(to_bytes(map(80, 3600, 6, client)), client).code;
  };
  EXPECT_EQ(from("fe80::10"), ResultCode::kNotAuthorized);
  EXPECT_EQ(from("fd00::10"), ResultCode::kNotAuthorized);
  EXPECT_EQ(from("2001:db8:2::10"), ResultCode::kNetworkFailure) << "of no prefix of this LAN";
  EXPECT_EQ(server.mappings().size(), 1U);
  EXPECT_EQ(server.counters("lan0").answered[static_cast<std::size_t>(ResultCode::kNetworkFailure)],
            1U);
}

TEST_F(PcpServer, FiltersAddUpUntilTheyAreTakenBack) {
  const auto sources = [&] { return server.mappings().at(0).sources; };
  const auto prefix = [](const char* text) { return Prefix::parse(text).value(); };
  EXPECT_EQ(ask(map(80), filter(64, "2001:db8:9::7")).code, ResultCode::kSuccess);
  EXPECT_EQ(sources(), std::vector{prefix("2001:db8:9::/64")});
  EXPECT_EQ(ask(map(80), filter(128, "2001:db8:a::7")).code, ResultCode::kSuccess);
  EXPECT_EQ(sources().size(), 2U);
  EXPECT_EQ(ask(map(80)).code, ResultCode::kSuccess);
  EXPECT_EQ(sources().size(), 2U) << "a renewal without filters leaves them";
  EXPECT_EQ(ask(map(80), filter(64, "2001:db8:b::", 53)).code, ResultCode::kUnsuppOption)
      << "the other side's port is not looked at";
  std::vector<std::uint8_t> many;
  for (const char* one : {"2001:db8:1:1::", "2001:db8:1:2::", "2001:db8:1:3::", "2001:db8:1:4::",
                          "2001:db8:1:5::", "2001:db8:1:6::", "2001:db8:1:7::"}) {
    const auto next = filter(64, one);
    many.insert(many.end(), next.begin(), next.end());
  }
  EXPECT_EQ(ask(map(80), many).code, ResultCode::kExcessiveRemotePeers);
  EXPECT_EQ(sources().size(), 2U) << "an error changes nothing";
  std::vector<std::uint8_t> anew = filter(0, "::");
  const auto only = filter(48, "2001:db8:c::");
  anew.insert(anew.end(), only.begin(), only.end());
  EXPECT_EQ(ask(map(80), anew).options, anew);
  EXPECT_EQ(sources(), std::vector{prefix("2001:db8:c::/48")});
}

TEST_F(PcpServer, APeerIsLetInAloneAndNeverForAShorterTime) {
  const Answer answer = ask(peer(5000, "2001:db8:9::7", 53));
  EXPECT_EQ(answer.opcode, 0x82);
  EXPECT_EQ(answer.code, ResultCode::kSuccess);
  ASSERT_EQ(server.mappings().size(), 1U);
  EXPECT_EQ(server.mappings()[0].sources, std::vector{Prefix(address("2001:db8:9::7"), 128)});
  pass(seconds(100));
  EXPECT_EQ(ask(peer(5000, "2001:db8:9::7", 53, 0)).lifetime, 3500U) << "RFC 6887 section 12.1";
  EXPECT_EQ(ask(peer(5000, "fe80::7", 53)).code, ResultCode::kMalformedRequest);
  Request elsewhere = peer(5001, "2001:db8:9::7", 53);
  elsewhere.external_port = 5002;
  EXPECT_EQ(ask(elsewhere).code, ResultCode::kCannotProvideExternal);
}

TEST_F(PcpServer, WhatAPersonOpenedIsToldAndNotClosed) {
  link.doors = {{address(kHost), 6, 22, 22}};
  configure();
  EXPECT_EQ(ask(map(22)).lifetime, 0xffffffffU);
  EXPECT_EQ(ask(map(22, 0)).code, ResultCode::kNotAuthorized);
  EXPECT_TRUE(server.mappings().empty());
}

TEST_F(PcpServer, WhatAPersonOpenedIsOpenWhereTheInternetReaches) {
  link.doors = {{address(kHost), 6, 22, 22}, {address("fd00::7"), 6, 22, 22}};
  configure();
  Request at_home = map(22);
  at_home.client = address("fd00::7");
  EXPECT_EQ(ask(to_bytes(at_home), "fd00::7").code, ResultCode::kNotAuthorized);
  Request elsewhere = map(22);
  elsewhere.external_port = 2222;
  EXPECT_EQ(ask(elsewhere).code, ResultCode::kSuccess);
  elsewhere.prefer_failure = true;
  const std::vector<std::uint8_t> prefer_failure{2, 0, 0, 0};
  EXPECT_EQ(ask(elsewhere, prefer_failure).code, ResultCode::kCannotProvideExternal)
      << "RFC 6887 section 13.2";
}

TEST_F(PcpServer, MapDeletesNothingOfPeer) {
  EXPECT_EQ(ask(map(5000, 0)).code, ResultCode::kSuccess) << "there is none";
  ASSERT_EQ(ask(peer(5000, "2001:db8:9::7", 53)).code, ResultCode::kSuccess);
  EXPECT_EQ(ask(map(5000, 0)).code, ResultCode::kNotAuthorized) << "RFC 6887 section 15.1";
  EXPECT_EQ(ask(map(5001, 0)).code, ResultCode::kSuccess);
  EXPECT_EQ(server.mappings().size(), 1U);
  ASSERT_EQ(ask(map(5000)).code, ResultCode::kSuccess);
  EXPECT_EQ(ask(map(5000, 0)).code, ResultCode::kSuccess) << "its own";
  EXPECT_EQ(server.mappings().size(), 1U);
}

TEST_F(PcpServer, QuotasOfAHostAndOfALan) {
  for (std::size_t i = 0; i < kMostPerHost; ++i) {
    now = now + milliseconds(20);
    ASSERT_EQ(ask(map(static_cast<std::uint16_t>(1000 + i))).code, ResultCode::kSuccess) << i;
  }
  EXPECT_EQ(ask(map(999)).code, ResultCode::kUserExQuota);
  EXPECT_EQ(ask(map(1000)).code, ResultCode::kSuccess) << "a renewal is nothing new";
  for (std::uint32_t i = kMostPerHost; i < kMostPerLan; ++i)
    ASSERT_EQ(ask_from(0x1000 + i, station(i)), ResultCode::kSuccess) << i;
  EXPECT_EQ(ask_from(0xffff, station(0xffff)), ResultCode::kNoResources);
}

TEST_F(PcpServer, AHostWithManyAddressesHasNoMoreThanOne) {
  for (std::uint32_t i = 0; i < kMostPerHost; ++i)
    ASSERT_EQ(ask_from(0x1000 + i, station(1)), ResultCode::kSuccess) << i;
  EXPECT_EQ(ask_from(0x2000, station(1)), ResultCode::kUserExQuota);
  EXPECT_EQ(ask_from(0x2000, station(2)), ResultCode::kSuccess) << "another's";
  // Its address is another station's now.
  server.see("lan0", suffixed(0x1000), station(2));
  EXPECT_EQ(ask_from(0x2001, station(1)), ResultCode::kSuccess);
  EXPECT_EQ(ask_from(0x2002, station(1)), ResultCode::kUserExQuota);
}

TEST_F(PcpServer, StrangersLeaveRoomForThoseWhoAreKnown) {
  for (std::uint32_t i = 0; i < kMostOfStrangers; ++i)
    ASSERT_EQ(ask_from(0x1000 + i, std::nullopt), ResultCode::kSuccess) << i;
  EXPECT_EQ(ask_from(0x8000, std::nullopt), ResultCode::kNoResources);
  EXPECT_EQ(ask_from(0x8000, station(1)), ResultCode::kSuccess) << "known since it was answered";
  // What strangers had is their station's as soon as that is known, up to what it may have.
  for (int again = 0; again < 2; ++again) {
    for (std::uint32_t i = 0; i < kMostOfStrangers; ++i)
      server.see("lan0", suffixed(0x1000 + i), station(2));
  }
  EXPECT_EQ(ask_from(0x8002, station(2)), ResultCode::kUserExQuota);
  for (std::uint32_t i = 0; i < kMostPerHost; ++i)
    ASSERT_EQ(ask_from(0x9000 + i, std::nullopt), ResultCode::kSuccess) << i;
  EXPECT_EQ(ask_from(0xa000, std::nullopt), ResultCode::kNoResources);
  EXPECT_EQ(ask_from(0xa000, station(1)), ResultCode::kSuccess);
}

TEST_F(PcpServer, WhoFloodsLeavesOthersTheirTurn) {
  const std::vector<std::uint8_t> bytes = to_bytes(map(80));
  const auto answered = [&](int times, std::optional<MacAddress> whose) {
    server.drain();
    for (int i = 0; i < times; ++i)
      server.receive("lan0", bytes, address(kHost), 4000, address(kRouter), now, whose);
    return server.drain().datagrams.size();
  };
  EXPECT_EQ(answered(1000, station(1)), 200U);
  EXPECT_EQ(answered(1, station(2)), 1U);
  EXPECT_EQ(answered(1000, std::nullopt), 200U) << "strangers together are as one";
  EXPECT_EQ(answered(1, station(2)), 1U);
  // All of them have so much and no more.
  for (std::uint32_t i = 3; i < 10; ++i) answered(1000, station(i));
  EXPECT_EQ(answered(1, station(2)), 0U);
  pass(seconds(1));
  EXPECT_EQ(answered(1000, station(1)), 50U);
  EXPECT_EQ(answered(1, station(2)), 1U);
  // However many there are, little is remembered of them; who is forgotten had asked least.
  pass(seconds(60));
  EXPECT_EQ(answered(300, station(1)), 200U);
  for (std::uint32_t i = 100; i < 100 + kMostStations; ++i) answered(1, station(i));
  EXPECT_EQ(answered(1000, station(1)), 0U);
}

TEST_F(PcpServer, AFloodIsNotAnswered) {
  const std::vector<std::uint8_t> bytes = to_bytes(map(80));
  server.drain();
  for (int i = 0; i < 1000; ++i)
    server.receive("lan0", bytes, address(kHost), 4000, address(kRouter), now);
  EXPECT_EQ(server.drain().datagrams.size(), 200U);
  EXPECT_EQ(server.counters("lan0").too_often, 800U);
  pass(seconds(1));
  server.drain();
  for (int i = 0; i < 1000; ++i)
    server.receive("lan0", bytes, address(kHost), 4000, address(kRouter), now);
  EXPECT_EQ(server.drain().datagrams.size(), 50U);
}

TEST_F(PcpServer, NobodyIsHeardOnAnotherLinkOrByAGroup) {
  server.drain();
  const std::vector<std::uint8_t> bytes = to_bytes(map(80));
  server.receive("wan0", bytes, address(kHost), 4000, address(kRouter), now);
  server.receive("lan0", bytes, address(kHost), 4000, kAllNodes, now);
  server.receive("lan0", bytes, Ip6Address(), 4000, address(kRouter), now);
  server.receive("lan0", bytes, address(kHost), 0, address(kRouter), now);
  EXPECT_TRUE(server.drain().datagrams.empty());
  EXPECT_TRUE(server.mappings().empty());
}

// When each announcement is said, in milliseconds from now.
std::vector<std::int64_t> announcements(Server& server, Instant& now) {
  std::vector<std::int64_t> at;
  const Instant begin = now;
  for (ServerOutputs out = server.drain();; out = server.drain()) {
    for (const Datagram& one : out.datagrams) {
      EXPECT_EQ(one.destination, kAllNodes);
      EXPECT_EQ(one.port, kClientPort);
      EXPECT_FALSE(one.source.has_value());
      EXPECT_EQ(one.payload.at(1), 0x80);
      at.push_back((now - begin) / milliseconds(1));
    }
    const auto next = server.next_deadline();
    if (!next || *next > begin + seconds(20)) return at;
    now = *next;
    server.expire(now);
  }
}

TEST(Conformance, Row_6887_03_LostStateIsAnnouncedAndTheEpochBeginsAnew) {
  Server server;
  Instant now = Instant::from_micros(1'000'000'000);
  Link link{.interface = "lan0", .prefixes = {{kLanPrefix, Instant::never()}}, .doors = {}};
  server.configure({link}, false, now);
  EXPECT_EQ(announcements(server, now), (std::vector<std::int64_t>{0, 250, 750, 1750, 3750, 7750}));
  const auto epoch = [&] {
    server.drain();
    server.receive("lan0", to_bytes({.client = address(kHost)}), address(kHost), 4000,
                   address(kRouter), now);
    return server.drain().datagrams.at(0).payload[11];
  };
  now = now + seconds(92);
  EXPECT_EQ(epoch(), 99);
  server.receive("lan0", to_bytes(map(80)), address(kHost), 4000, address(kRouter), now);
  ASSERT_EQ(server.mappings().size(), 1U);
  // Not heard of yet is not gone; gone is gone.
  server.drain();
  Link without = link;
  without.prefixes.clear();
  server.configure({without}, false, now);
  EXPECT_EQ(server.mappings().size(), 1U);
  server.configure({without}, true, now);
  EXPECT_TRUE(server.mappings().empty());
  EXPECT_EQ(announcements(server, now).size(), 6U);
  EXPECT_LT(epoch(), 10);
  // The next run knows what this one promised, and has nothing to announce.
  server.configure({link}, true, now);
  server.receive("lan0", to_bytes(map(80)), address(kHost), 4000, address(kRouter), now);
  Server next;
  next.restore(server.mappings(), *server.epoch(), server.externals());
  next.configure({link}, true, now);
  EXPECT_TRUE(announcements(next, now).empty());
  EXPECT_EQ(next.mappings().size(), 1U);
}

// RFC 6887 section 8.5.
TEST(PcpAnnouncements, AnotherExternalAddressIsAnnouncedAndTheEpochBeginsAnew) {
  Server server;
  Instant now = Instant::from_micros(1'000'000'000);
  const Prefix inner = Prefix::parse("fd00:1::/64").value();
  const Link::Reachable by_fibre{inner, Instant::never(), Prefix::parse("2001:db8:7::/64").value()};
  const Link::Reachable by_cable{inner, Instant::never(), Prefix::parse("2001:db8:8::/64").value()};
  const auto link = [&](std::vector<Link::Reachable> prefixes) {
    return std::vector{Link{.interface = "lan0", .prefixes = std::move(prefixes), .doors = {}}};
  };
  server.configure(link({by_fibre, by_cable}), true, now);
  EXPECT_EQ(announcements(server, now).size(), 6U);
  server.receive("lan0", to_bytes(map(80, 3600, 6, "fd00:1::10")), address("fd00:1::10"), 4000,
                 address(kRouter), now);
  ASSERT_EQ(server.mappings().size(), 1U);
  server.drain();
  server.configure(link({by_fibre}), true, now);
  EXPECT_TRUE(announcements(server, now).empty()) << "nobody was told the other one";
  now = now + seconds(60);
  server.configure(link({by_cable, by_fibre}), false, now);
  EXPECT_TRUE(announcements(server, now).empty()) << "the better uplink has not spoken yet";
  Server next;
  next.restore(server.mappings(), *server.epoch(), server.externals());
  for (Server* const one : {&server, &next}) {
    one->configure(link({by_cable, by_fibre}), true, now);
    EXPECT_EQ(one->epoch(), now);
    EXPECT_TRUE(one->drain().changed);
    EXPECT_EQ(one->mappings().size(), 1U) << "it is open still";
    one->configure(link({by_cable, by_fibre}), true, now);
    EXPECT_FALSE(one->drain().changed);
  }
}

TEST_F(PcpServer, AnAddressThatNobodyHasAnyMoreHasNoDoors) {
  ASSERT_EQ(ask(map(80)).code, ResultCode::kSuccess);
  server.forget(address("2001:db8:1::11"));
  EXPECT_FALSE(server.drain().changed);
  server.forget(address(kHost));
  EXPECT_TRUE(server.drain().changed);
  EXPECT_TRUE(server.mappings().empty());
}

}  // namespace
}  // namespace sixgate::pcp
