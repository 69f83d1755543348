// SPDX-License-Identifier: Apache-2.0
// Messages that programs of others put on the wire (tests/data/dhcp6): what we read in them, and that
// writing it again gives the same octets.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "tests/support/source_dir.h"
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

// The messages of one capture, in order.
std::vector<Octets> capture(const std::string& name) {
  std::ifstream file(test::source_path("tests/data/dhcp6/" + name + ".hex"));
  EXPECT_TRUE(file.good()) << name;
  std::vector<Octets> messages;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') messages.push_back(hex(line));
  }
  return messages;
}

std::vector<std::string> captures() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::source_path("tests/data/dhcp6"))) {
    if (entry.path().extension() == ".hex") names.push_back(entry.path().stem());
  }
  return names;
}

// The first message of a type in a capture.
Message first(const std::string& name, MessageType type) {
  for (const Octets& bytes : capture(name)) {
    const auto exchange = RelayedExchange::parse(bytes);
    if (exchange && exchange->message.type == type) return exchange->message;
  }
  ADD_FAILURE() << name << " has no " << to_string(type);
  return {};
}

TEST(DhcpGolden, EveryCapturedMessageIsReadWholeAndWrittenTheSame) {
  std::size_t count = 0;
  std::set<std::uint16_t> codes;
  for (const std::string& name : captures()) {
    for (const Octets& bytes : capture(name)) {
      SCOPED_TRACE(name + " " + to_hex(bytes));
      if (is_relay(static_cast<MessageType>(bytes.at(0)))) {
        const auto relay = RelayMessage::parse(bytes);
        ASSERT_TRUE(relay.has_value()) << relay.error().to_string();
        EXPECT_EQ(count_malformed(relay->options), 0U);
        EXPECT_EQ(relay->to_bytes(), bytes);
      }
      const auto exchange = RelayedExchange::parse(bytes);
      ASSERT_TRUE(exchange.has_value()) << exchange.error().to_string();
      EXPECT_EQ(count_malformed(exchange->message.options), 0U);
      EXPECT_FALSE(has_duplicate_singletons(exchange->message.options));
      EXPECT_EQ(exchange->message.to_bytes(), exchange->inner);
      for (const Option& option : exchange->message.options) codes.insert(option_code(option));
      ++count;
    }
  }
  EXPECT_GE(count, 30U);
  constexpr std::uint16_t kSeen[] = {1,  2,  3,  4,  6,  7,  8,  12, 13, 14, 15, 16, 17, 21,  22,
                                     23, 24, 25, 31, 32, 39, 56, 64, 82, 83, 94, 95, 96, 103, 144};
  for (const std::uint16_t code : kSeen) {
    EXPECT_TRUE(codes.contains(code)) << code;
  }
}

TEST(DhcpGolden, KeaReply) {
  const Message reply = first("kea-dhcpcd", MessageType::kReply);
  const IaNa* na = find_single<IaNa>(reply.options);
  ASSERT_NE(na, nullptr);
  EXPECT_EQ(na->iaid, 1U);
  EXPECT_EQ(na->t1, Lifetime(4));
  EXPECT_EQ(na->t2, Lifetime(8));
  EXPECT_EQ(na->options,
            (Options{IaAddress{address("2001:db8:0:1::1:0"), Lifetime(3000), Lifetime(4000), {}}}));
  const IaPd* pd = find_single<IaPd>(reply.options);
  ASSERT_NE(pd, nullptr);
  EXPECT_EQ(pd->iaid, 2U);
  EXPECT_EQ(
      pd->options,
      (Options{IaPrefix{prefix("2001:db8:1000:f00::/56"), Lifetime(3000), Lifetime(4000), {}}}));
  EXPECT_EQ(find<Preference>(reply.options)->value, 10);
  EXPECT_EQ(find<ServerUnicast>(reply.options)->address, address("2001:db8:0:1::1"));
  EXPECT_EQ(find<SipDomains>(reply.options)->names, (std::vector{name("sip.example.org")}));
  EXPECT_EQ(find<SipServers>(reply.options)->addresses,
            (std::vector{address("2001:db8:ffff::5060")}));
  EXPECT_EQ(find<DnsServers>(reply.options)->addresses,
            (std::vector{address("2001:db8:ffff::53"), address("2001:db8:ffff::54")}));
  EXPECT_EQ(find<DomainSearchList>(reply.options)->names,
            (std::vector{name("example.org"), name("lan.example.net")}));
  EXPECT_EQ(find<SntpServers>(reply.options)->addresses,
            (std::vector{address("2001:db8:ffff::123")}));
  EXPECT_EQ(find<InformationRefreshTime>(reply.options)->time, Lifetime(1800));
  EXPECT_EQ(*find<ClientFqdn>(reply.options), (ClientFqdn{6, name("gate"), false}));
  EXPECT_EQ(find<NtpServers>(reply.options)->addresses,
            (std::vector{address("2001:db8:ffff::123")}));
  EXPECT_EQ(find<NtpServers>(reply.options)->names, (std::vector{name("ntp.example.org")}));
  EXPECT_EQ(find<AftrName>(reply.options)->name, name("aftr.example.net"));
  EXPECT_EQ(find<SolMaxRt>(reply.options)->value, seconds(600));
  EXPECT_EQ(find<InfMaxRt>(reply.options)->value, seconds(700));
  EXPECT_EQ(find<CaptivePortal>(reply.options)->uri, "https://portal.example/api");
  EXPECT_EQ(find<VendorOptions>(reply.options)->enterprise, 4491U);
  const EncryptedDns* resolver = find<EncryptedDns>(reply.options);
  ASSERT_NE(resolver, nullptr);
  EXPECT_EQ(resolver->authentication_name, name("dot.example"));
  EXPECT_EQ(resolver->addresses, (std::vector{address("2001:db8:ffff::53")}));
}

TEST(DhcpGolden, KeaSoftwires) {
  const Message reply = first("kea-dhcpcd", MessageType::kReply);
  const S46MapE* map_e = find<S46MapE>(reply.options);
  ASSERT_NE(map_e, nullptr);
  const S46PortParameters ports{.offset = 6, .psid_length = 8, .psid = 0x0300};
  EXPECT_EQ(map_e->options, (Options{S46Rule{.flags = 1,
                                             .ea_length = 16,
                                             .ipv4_length = 24,
                                             .ipv4_prefix = 0xc0000200,
                                             .ipv6_prefix = prefix("2001:db8:8000::/40"),
                                             .options = {ports}},
                                     S46BorderRelay{address("2001:db8:ffff::46")}}));
  const S46MapT* map_t = find<S46MapT>(reply.options);
  ASSERT_NE(map_t, nullptr);
  EXPECT_EQ(find<S46Rule>(map_t->options)->ipv6_prefix, prefix("2001:db8:9000::/44"));
  EXPECT_EQ(find<S46DefaultRule>(map_t->options)->prefix, prefix("2001:db8:64::/96"));
  const S46Lightweight* lightweight = find<S46Lightweight>(reply.options);
  ASSERT_NE(lightweight, nullptr);
  const S46Binding* binding = find<S46Binding>(lightweight->options);
  ASSERT_NE(binding, nullptr);
  EXPECT_EQ(binding->ipv4_address, 0xcb007107U);
  EXPECT_EQ(binding->bind_prefix, prefix("2001:db8:a000::/56"));
  EXPECT_EQ(*find<S46PortParameters>(binding->options),
            (S46PortParameters{.offset = 0, .psid_length = 4, .psid = 0x1000}));
}

TEST(DhcpGolden, KeaExcludesAPrefix) {
  const Message reply = first("kea-exclude", MessageType::kReply);
  const IaPd* pd = find_single<IaPd>(reply.options);
  ASSERT_NE(pd, nullptr);
  const IaPrefix* delegated = find_single<IaPrefix>(pd->options);
  ASSERT_NE(delegated, nullptr);
  const PdExclude* exclude = find_single<PdExclude>(delegated->options);
  ASSERT_NE(exclude, nullptr);
  EXPECT_EQ(exclude->excluded(delegated->prefix), prefix("2001:db8:1000:f0f::/64"));
  EXPECT_EQ(PdExclude::make(delegated->prefix, prefix("2001:db8:1000:f0f::/64")), *exclude);
}

TEST(DhcpGolden, DhcpcdSolicit) {
  const Message solicit = first("kea-dhcpcd", MessageType::kSolicit);
  ASSERT_NE(find<ClientId>(solicit.options), nullptr);
  EXPECT_TRUE(find<ClientId>(solicit.options)->duid.link_layer().has_value());
  EXPECT_NE(find<UserClass>(solicit.options), nullptr);
  EXPECT_EQ(find<VendorClass>(solicit.options)->enterprise, 40712U);
  ASSERT_NE(find<OptionRequest>(solicit.options), nullptr);
  EXPECT_TRUE(find<OptionRequest>(solicit.options)->contains(DnsServers::kCode));
  const IaPd* pd = find<IaPd>(solicit.options);
  ASSERT_NE(pd, nullptr);
  EXPECT_EQ(find<IaPrefix>(pd->options)->prefix, prefix("::/48"));
}

TEST(DhcpGolden, ReleaseAndItsAnswers) {
  const Message release = first("kea-dhclient", MessageType::kRelease);
  EXPECT_NE(find<IaPd>(release.options), nullptr);
  EXPECT_NE(find<ServerId>(release.options), nullptr);
  const auto all = capture("kea-dhclient");
  std::map<MessageType, Message> last;
  for (const Octets& bytes : all) {
    const auto message = Message::parse(bytes);
    ASSERT_TRUE(message.has_value());
    last[message->type] = *message;
  }
  EXPECT_EQ(last[MessageType::kInformationRequest].transaction_id,
            last[MessageType::kReply].transaction_id);
  EXPECT_EQ(find<IaPd>(last[MessageType::kReply].options), nullptr);
}

TEST(DhcpGolden, RelayedThroughDnsmasq) {
  const auto all = capture("dhcpd-dnsmasq-relay");
  ASSERT_FALSE(all.empty());
  const auto exchange = RelayedExchange::parse(all.front());
  ASSERT_TRUE(exchange.has_value());
  ASSERT_EQ(exchange->relays.size(), 1U);
  EXPECT_EQ(exchange->relays[0].type, MessageType::kRelayForward);
  EXPECT_EQ(exchange->relays[0].hop_count, 0);
  EXPECT_EQ(exchange->relays[0].link_address, address("2001:db8:0:2::1"));
  EXPECT_TRUE(exchange->relays[0].peer_address.is_link_local());
  EXPECT_EQ(exchange->message.type, MessageType::kSolicit);
}

TEST(DhcpGolden, TemporaryAddressesOfTwoServers) {
  for (const char* name : {"dhcpd-dhclient", "dibbler"}) {
    const Message reply = first(name, MessageType::kReply);
    const IaTa* ta = find<IaTa>(reply.options);
    ASSERT_NE(ta, nullptr) << name;
    EXPECT_NE(find<IaAddress>(ta->options), nullptr) << name;
  }
}

TEST(DhcpGolden, NetworkdHasAnEnterpriseDuidAndRapidCommit) {
  const Message solicit = first("dnsmasq-networkd", MessageType::kSolicit);
  EXPECT_EQ(find<ClientId>(solicit.options)->duid.to_string().substr(0, 12), "00020000ab11");
  EXPECT_TRUE(contains<RapidCommit>(solicit.options));
  const Message reply = first("dnsmasq-networkd", MessageType::kReply);
  EXPECT_TRUE(contains<RapidCommit>(reply.options));
  EXPECT_EQ(find<DnsServers>(reply.options)->addresses,
            (std::vector{address("2001:db8:ffff::53")}));
}

}  // namespace
}  // namespace sixgate::dhcp6
