// SPDX-License-Identifier: Apache-2.0
// What a LAN's clients are told by DHCPv6 of what the uplink or the configuration says, octet by octet where an RFC
// says how; and when hosts are told to ask for a prefix of their own.
#include <gtest/gtest.h>

#include <set>

#include "net/byte_reader.h"
#include "net/text.h"
#include "router_run.h"

namespace sixgate::daemon::testing {
namespace {

using Octets = std::vector<std::uint8_t>;
using dhcp6::Message;
using dhcp6::MessageType;

DomainName name(const char* text) { return *DomainName::parse(text); }

// The contents of the options of this code, as they are on the wire.
std::vector<Octets> on_the_wire(const Message& message, std::uint16_t code) {
  const Octets bytes = message.to_bytes();
  ByteReader reader{std::span<const std::uint8_t>(bytes).subspan(4)};
  std::vector<Octets> out;
  while (reader.left() > 0) {
    const std::uint16_t found = reader.u16();
    const auto content = reader.bytes(reader.u16());
    if (found == code) out.emplace_back(content.begin(), content.end());
  }
  return out;
}

// What a client hears that asks for these.
std::optional<Message> informed(RouterRun& run, std::vector<std::uint16_t> codes) {
  Message message{MessageType::kInformationRequest, 77, {}};
  message.options.push_back(dhcp6::ClientId{client(1)});
  message.options.push_back(dhcp6::OptionRequest{std::move(codes)});
  return run.ask("lan0", message);
}

TEST(Conformance, Row_7084_L_12_StatelessOptionsOfTheUplinkAreHandedOn) {
  RouterRun run;
  run.server.configuration = {
      dhcp6::NtpServers{{address("2001:db8:ff::1")}, {}, {}, {}},
      dhcp6::SntpServers{{address("2001:db8:ff::2")}},
      dhcp6::SipServers{{address("2001:db8:ff::3")}},
      dhcp6::SipDomains{{name("sip.example.org")}},
  };
  run.start_online();
  const auto said = informed(run, {21, 22, 31, 56});
  ASSERT_TRUE(said);
  const Message theirs{MessageType::kReply, 1, run.server.configuration};
  for (const std::uint16_t code :
       {std::uint16_t{21}, std::uint16_t{22}, std::uint16_t{31}, std::uint16_t{56}})
    EXPECT_EQ(on_the_wire(*said, code), on_the_wire(theirs, code)) << code;
  const auto unasked = informed(run, {23});
  ASSERT_TRUE(unasked);
  EXPECT_TRUE(on_the_wire(*unasked, 56).empty());
}

TEST(Conformance, Row_8910_02_ThePortalIsTheUriAndNothingElse) {
  RouterRun run;
  const std::string uri = "https://portal.example.org/api";
  run.config.lans[0].advertising.captive_portal = uri;
  run.start_online();
  const auto said = informed(run, {103});
  ASSERT_TRUE(said);
  EXPECT_EQ(on_the_wire(*said, 103), std::vector<Octets>{Octets(uri.begin(), uri.end())});
}

// RFC 9463 section 4.1.
TEST(Conformance, Row_9463_02_TheResolverOnTheWire) {
  RouterRun run;
  run.config.lans[0].advertising.encrypted_dns = {
      *conf::parse_encrypted_dns("7 dns.example.org 2001:db8::53 alpn=dot"),
      *conf::parse_encrypted_dns("9 only.example")};
  run.start_online();
  const auto said = informed(run, {144});
  ASSERT_TRUE(said);
  const auto found = on_the_wire(*said, 144);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(to_hex(found[0]),
            "0007"                                // Service Priority
            "0011"                                // ADN Length
            "03646e73076578616d706c65036f726700"  // dns.example.org
            "0010"                                // Addr Length
            "20010db8000000000000000000000053"    //
            "00010004"                            // SvcParamKey alpn
            "03646f74");                          // "dot"
  EXPECT_EQ(to_hex(found[1]), "0009000e046f6e6c79076578616d706c6500") << "ADN-only mode ends there";
}

TEST(Conformance, Row_9463_06_SeveralResolversComeByPriority) {
  RouterRun run;
  run.config.lans[0].advertising.encrypted_dns = {
      *conf::parse_encrypted_dns("200 b.example 2001:db8::2"),
      *conf::parse_encrypted_dns("10 a.example 2001:db8::1"),
      *conf::parse_encrypted_dns("300 c.example 2001:db8::3")};
  run.start_online();
  const auto said = informed(run, {144});
  ASSERT_TRUE(said);
  std::vector<unsigned> priorities;
  for (const auto& one : dhcp6::find_all<dhcp6::EncryptedDns>(said->options))
    priorities.push_back(one.priority);
  EXPECT_EQ(priorities, (std::vector<unsigned>{10, 200, 300}));
}

TEST(Conformance, Row_9463_05_ResolversOfTheUplinkAreToldOnAndMalformedOnesAreNot) {
  RouterRun run;
  const dhcp6::EncryptedDns good{
      1, name("dns.example.org"), {address("2001:db8::53")}, {0, 1, 0, 4, 3, 'd', 'o', 't'}};
  run.server.configuration = {good};
  // Cut short, an ADN beyond the end, an address of 15 octets, no name at all.
  for (const char* hex : {"00", "0001", "000100", "0001ffff", "00010011036e73",
                          "0001000503666f6f00000f20010db80000000000000000000053", "00010000"})
    run.server.configuration.emplace_back(dhcp6::UnknownOption{144, *parse_hex(hex)});
  run.start_online();
  bool asked = false;
  for (const SentMessage& one : run.dhcp) {
    const auto* codes = dhcp6::find<dhcp6::OptionRequest>(one.message.options);
    asked = asked || (codes != nullptr && codes->contains(144));
  }
  EXPECT_TRUE(asked);
  const auto said = informed(run, {144});
  ASSERT_TRUE(said);
  EXPECT_EQ(on_the_wire(*said, 144), on_the_wire(Message{MessageType::kReply, 1, {good}}, 144));
  unsigned advertised = 0;
  for (const auto& one : ra::find_all<ra::EncryptedDns>(run.last_on("lan0").options)) {
    if (one.lifetime.is_zero()) continue;
    ++advertised;
    EXPECT_EQ(one.name, good.authentication_name);
  }
  EXPECT_EQ(advertised, 1U);
}

// RFC 1035 section 3.1, and no compression (RFC 7227 section 16).
TEST(Conformance, Row_8415_S_38_NamesAreWrittenOutEachTime) {
  RouterRun run;
  run.config.lans[0].search_domains = {name("lan.example.org"), name("example.org")};
  run.start_online();
  const auto said = informed(run, {24});
  ASSERT_TRUE(said);
  const auto found = on_the_wire(*said, 24);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(to_hex(found[0]),
            "036c616e076578616d706c65036f726700"
            "076578616d706c65036f726700");
}

std::optional<Message> prefix_for(RouterRun& run, std::uint8_t number,
                                  std::vector<std::uint16_t> codes = {}) {
  Message message{MessageType::kSolicit, 77, {}};
  message.options.push_back(dhcp6::ClientId{client(number)});
  message.options.push_back(dhcp6::RapidCommit{});
  if (!codes.empty()) message.options.push_back(dhcp6::OptionRequest{std::move(codes)});
  message.options.push_back(dhcp6::IaPd{.iaid = 1});
  auto said = run.ask("lan0", message);
  run.run_for(Router::kSubdelegationGap);
  return said;
}

// RFC 6603 section 5.2: we keep nothing of what we delegate, so there is nothing to say, least of all to who does not
// ask, or outside the prefix.
TEST(Conformance, Row_6603_06_NoExcludedPrefixIsSaidOutsideAPrefixOrUnasked) {
  for (const bool asked : {false, true}) {
    RouterRun run;
    run.start_online();
    const auto said =
        prefix_for(run, 1, asked ? std::vector<std::uint16_t>{67} : std::vector<std::uint16_t>{});
    ASSERT_TRUE(said);
    EXPECT_TRUE(on_the_wire(*said, 67).empty());
    const auto ias = all_of<dhcp6::IaPd>(said->options);
    ASSERT_EQ(ias.size(), 1U);
    EXPECT_TRUE(all_of<dhcp6::PdExclude>(ias[0].options).empty());
    const auto given = all_of<dhcp6::IaPrefix>(ias[0].options);
    ASSERT_FALSE(given.empty());
    for (const dhcp6::IaPrefix& one : given)
      EXPECT_TRUE(all_of<dhcp6::PdExclude>(one.options).empty());
  }
}

TEST(Conformance, Row_9818_LPD_9_GlobalPrefixesComeBeforeOurOwn) {
  RouterRun run;
  run.start_online();
  const auto said = prefix_for(run, 1);
  ASSERT_TRUE(said);
  const auto given = all_of<dhcp6::IaPrefix>(all_of<dhcp6::IaPd>(said->options).at(0).options);
  ASSERT_EQ(given.size(), 2U);
  EXPECT_TRUE(prefix("2001:db8:1::/56").contains(given[0].prefix));
  EXPECT_TRUE(kUniqueLocal.contains(given[1].prefix));
}

// RFC 9663 section 7.
TEST(Conformance, Row_9663_03_TheWayToAClientsPrefixIsByItsLinkLocalAddressAndIsBackAfterAReboot) {
  RouterRun run;
  run.start_online();
  const auto said = prefix_for(run, 1);
  ASSERT_TRUE(said);
  const Prefix mine =
      all_of<dhcp6::IaPrefix>(all_of<dhcp6::IaPd>(said->options).at(0).options).at(0).prefix;
  const auto way = [&] {
    return std::any_of(run.kernel.routes.begin(), run.kernel.routes.end(),
                       [&](const KernelRoute& route) {
                         return route.destination == mine && route.interface == "lan0" &&
                                route.gateway == address("fe80::c");
                       });
  };
  EXPECT_TRUE(way());
  run.kernel.routes.clear();
  run.kernel.addresses.clear();
  run.start(run.disk);
  EXPECT_TRUE(way()) << "before the client says anything";
}

bool says_p(const ra::RouterAdvertisement& said) {
  for (const auto& one : ra::find_all<ra::PrefixInformation>(said.options)) {
    if (one.delegation_preferred) return true;
  }
  return false;
}

conf::Config preferring_delegation() {
  conf::Config config = two_lans();
  config.lans[0].advertising.delegation_preferred = true;
  config.ula.mode = conf::UlaConfig::Mode::kNone;
  return config;
}

TEST(Conformance, Row_9762_08_HostsAreToldToAskWhileThereIsAPrefixForEachOfThem) {
  RouterRun run(preferring_delegation());
  run.delegate({prefix("2001:db8:1::/62")});  // two for the LANs, two for others
  run.start_online();
  EXPECT_TRUE(says_p(run.last_on("lan0")));
  EXPECT_FALSE(says_p(run.last_on("lan1"))) << "where nobody wants it";
  ASSERT_TRUE(prefix_for(run, 1));
  run.run_for(seconds(10));
  EXPECT_TRUE(says_p(run.last_on("lan0"))) << "one is left";
  ASSERT_TRUE(prefix_for(run, 2));
  run.run_for(seconds(10));
  EXPECT_FALSE(says_p(run.last_on("lan0")));
  EXPECT_TRUE(run.logged("no /64 is left to delegate"));
  EXPECT_TRUE(ra::find_all<ra::PrefixInformation>(run.last_on("lan0").options).at(0).autonomous)
      << "A is another matter";
  // They are not renewed, and end.
  run.run_for(hours(3));
  EXPECT_TRUE(says_p(run.last_on("lan0")));
}

TEST(Conformance, Row_9762_08_NobodyIsToldToAskAServerThatHasNothing) {
  conf::Config config = preferring_delegation();
  RouterRun single(config);
  single.delegate({prefix("2001:db8:1::/64")});
  single.start_online();
  EXPECT_FALSE(says_p(single.last_on("lan0"))) << "the LAN itself has the only /64";
  config.lans[0].dhcp6.delegates = false;
  RouterRun off(config);
  off.start_online();
  EXPECT_FALSE(says_p(off.last_on("lan0")));
  EXPECT_FALSE(off.last_on("lan0").other);
}

TEST(Conformance, Row_9762_03_WhoKnowsNothingOfPIsToldByO) {
  RouterRun run(preferring_delegation());
  run.start_online();
  EXPECT_TRUE(says_p(run.last_on("lan0")));
  EXPECT_TRUE(run.last_on("lan0").managed || run.last_on("lan0").other);
  EXPECT_FALSE(run.last_on("lan1").other) << "nobody asked for it there";
}

// The questions to other DHCPv6 servers (dhcp6/server_watch.h), and what a person sees of the answers.
TEST(RouterServerWatch, AnotherServerIsInTheStatusAndInTheProblems) {
  RouterRun run;
  run.start_online();
  std::set<std::string> asked;
  for (const PacketOut& one : run.questions) asked.insert(one.interface);
  EXPECT_EQ(asked, (std::set<std::string>{"lan0", "lan1"}));
  const PacketOut* question = nullptr;
  for (const PacketOut& one : run.questions) {
    if (one.interface == "lan0") question = &one;
  }
  ASSERT_NE(question, nullptr);
  const auto parsed = Message::parse(question->payload);
  ASSERT_TRUE(parsed);
  Message reply{MessageType::kReply, parsed->transaction_id, {}};
  reply.options.push_back(dhcp6::ServerId{client(0x66)});
  const Octets bytes = reply.to_bytes();
  run.router->receive(
      {"lan0", Channel::kDhcp6Client, address("fe80::66"), *run.link("lan0").link_local, 64, bytes},
      run.now);
  run.settle();
  EXPECT_TRUE(run.logged("lan lan0: another DHCPv6 server"));
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.lans[0].foreign_servers.size(), 1U);
  EXPECT_EQ(status.lans[0].foreign_servers[0].address, address("fe80::66"));
  EXPECT_TRUE(status.lans[1].foreign_servers.empty());
  EXPECT_NE(to_json(status).find("foreign_dhcpv6_servers"), std::string::npos);
  EXPECT_TRUE(
      std::any_of(status.problems.begin(), status.problems.end(), [](const std::string& one) {
        return one.find("another DHCPv6 server") != std::string::npos;
      }));
}

TEST(RouterServerWatch, AClientThatTakesAnothersOfferTellsOfIt) {
  conf::Config config = two_lans();
  for (conf::LanConfig& lan : config.lans) lan.server_watch = seconds(0);
  RouterRun run(config);
  run.start_online();
  EXPECT_TRUE(run.questions.empty());
  Message request{MessageType::kRequest, 77, {}};
  request.options.push_back(dhcp6::ClientId{client(1)});
  request.options.push_back(dhcp6::ServerId{client(0x66)});
  request.options.push_back(dhcp6::IaNa{.iaid = 1});
  EXPECT_FALSE(run.ask("lan0", request));
  request.type = MessageType::kRenew;
  request.options[1] = dhcp6::ServerId{client(0x67)};
  EXPECT_FALSE(run.ask("lan0", request));
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.lans[0].foreign_servers.size(), 1U) << "a lease to renew may be of anywhere";
  EXPECT_EQ(status.lans[0].foreign_servers[0].chosen, 1U);
}

}  // namespace
}  // namespace sixgate::daemon::testing
