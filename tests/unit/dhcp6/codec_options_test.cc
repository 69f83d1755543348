// SPDX-License-Identifier: Apache-2.0
// Every option against octets written by hand from its RFC, both ways.
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

// `value` has these payload octets, and these octets are that value.
template <class T>
void expect_wire(const T& value, std::string_view payload) {
  const Octets wire = framed(T::kCode, hex(payload));
  EXPECT_EQ(to_hex(emitted({value})), to_hex(wire));
  const auto options = parse_all(wire);
  ASSERT_TRUE(options.has_value());
  ASSERT_EQ(options->size(), 1U);
  ASSERT_TRUE(std::holds_alternative<T>(options->front()))
      << T::kCode << ": "
      << (std::holds_alternative<MalformedOption>(options->front())
              ? std::get<MalformedOption>(options->front()).error.to_string()
              : "another alternative");
  EXPECT_TRUE(std::get<T>(options->front()) == value) << T::kCode;
}

// These octets are no T: the option is kept as malformed, with its octets.
template <class T>
void expect_malformed(std::string_view payload) {
  const Octets wire = framed(T::kCode, hex(payload));
  const auto options = parse_all(wire);
  ASSERT_TRUE(options.has_value()) << T::kCode;
  ASSERT_EQ(options->size(), 1U);
  const auto* malformed = std::get_if<MalformedOption>(&options->front());
  ASSERT_NE(malformed, nullptr) << T::kCode << " " << payload;
  EXPECT_EQ(malformed->code, T::kCode);
  EXPECT_EQ(malformed->bytes, hex(payload));
  EXPECT_NE(std::string_view(malformed->error.what), "");
  EXPECT_LE(malformed->error.offset, wire.size());
  EXPECT_EQ(emitted(*options), wire);
}

TEST(DhcpOption, Identifiers) {
  expect_wire(ClientId{*Duid::parse("0003000102005e005301")}, "0003 0001 0200 5e00 5301");
  expect_wire(ServerId{*Duid::parse("0002000000090c")}, "0002 0000 0009 0c");
}

TEST(DhcpOption, IdentityAssociations) {
  const IaAddress in_na{.address = address("2001:db8::5"),
                        .preferred = Lifetime(3600),
                        .valid = Lifetime(7200),
                        .options = {}};
  const IaNa na{.iaid = 0x01020304,
                .t1 = Lifetime(1800),
                .t2 = Lifetime(2880),
                .options = {in_na, StatusCode{Status::kSuccess, "ok"}}};
  expect_wire(na,
              "01020304 00000708 00000b40"
              "0005 0018 20010db8000000000000000000000005 00000e10 00001c20"
              "000d 0004 0000 6f6b");
  const IaPrefix in_pd{.preferred = Lifetime(3600), .valid = Lifetime::infinite(), .options = {}};
  IaPd pd{.iaid = 7, .t1 = Lifetime(0), .t2 = Lifetime::infinite(), .options = {in_pd}};
  std::get<IaPrefix>(pd.options[0]).prefix = prefix("2001:db8:1200::/40");
  expect_wire(pd,
              "00000007 00000000 ffffffff"
              "001a 0019 00000e10 ffffffff 28 20010db8120000000000000000000000");
  expect_wire(IaTa{.iaid = 9, .options = {}}, "00000009");

  expect_malformed<IaNa>("01020304 00000708 00000b");
  expect_malformed<IaPd>("01020304 00000708");
  expect_malformed<IaTa>("0102");
  expect_malformed<IaAddress>("20010db800000000000000000000000500000e1000001c");
  expect_malformed<IaPrefix>("00000e10 ffffffff 28 20010db81200000000000000000000");
}

TEST(DhcpOption, PrefixLengthAbove128IsMalformed) {
  expect_malformed<IaPrefix>("00000e10 ffffffff 81 20010db8120000000000000000000000");
  expect_wire(IaPrefix{prefix("2001:db8::1/128"), Lifetime(1), Lifetime(2), {}},
              "00000001 00000002 80 20010db8000000000000000000000001");
}

TEST(DhcpOption, PrefixBitsBeyondTheLengthAreIgnored) {
  const auto options =
      parse_all(framed(26, hex("00000001 00000002 30 20010db812345678ffffffffffffffff")));
  ASSERT_TRUE(options.has_value());
  ASSERT_NE(find<IaPrefix>(*options), nullptr);
  EXPECT_EQ(find<IaPrefix>(*options)->prefix, prefix("2001:db8:1234::/48"));
}

TEST(DhcpOption, LengthHintIsAPrefixOfZeros) {
  expect_wire(IaPrefix{prefix("::/56"), Lifetime(0), Lifetime(0), {}},
              "00000000 00000000 38 00000000000000000000000000000000");
}

TEST(DhcpOption, BrokenFramingInsideAnIaMakesThatIaMalformed) {
  // The IA address says 25 octets, there are 24.
  expect_malformed<IaNa>(
      "01020304 00000708 00000b40"
      "0005 0019 20010db8000000000000000000000005 00000e10 00001c20");
  expect_malformed<IaNa>("01020304 00000708 00000b40 0005 00");
}

TEST(DhcpOption, MalformedContentInsideAnIaLeavesTheIaUsable) {
  const auto options = parse_all(framed(IaPd::kCode, hex("00000007 00000000 00000000"
                                                         "000d 0001 00"
                                                         "001a 0019 00000001 00000002 81"
                                                         "20010db8120000000000000000000000"
                                                         "001a 0019 00000001 00000002 28"
                                                         "20010db8120000000000000000000000")));
  ASSERT_TRUE(options.has_value());
  const IaPd* pd = find<IaPd>(*options);
  ASSERT_NE(pd, nullptr);
  ASSERT_EQ(pd->options.size(), 3U);
  EXPECT_EQ(count_malformed(*options), 2U);
  EXPECT_EQ(status_of(pd->options), Status::kSuccess);
  ASSERT_NE(find<IaPrefix>(pd->options), nullptr);
  EXPECT_EQ(find<IaPrefix>(pd->options)->prefix, prefix("2001:db8:1200::/40"));
}

TEST(DhcpOption, OptionRequest) {
  expect_wire(OptionRequest{{23, 24, 82, 65000, 23}}, "0017 0018 0052 fde8 0017");
  expect_wire(OptionRequest{}, "");
  expect_malformed<OptionRequest>("0017 00");
  EXPECT_TRUE((OptionRequest{{23, 24}}.contains(24)));
  EXPECT_FALSE((OptionRequest{{23, 24}}.contains(25)));
}

TEST(DhcpOption, PreferenceAndElapsedTime) {
  expect_wire(Preference{255}, "ff");
  expect_malformed<Preference>("");
  expect_malformed<Preference>("ff00");
  expect_wire(ElapsedTime{ElapsedTime::Hundredths(0x1234)}, "1234");
  expect_malformed<ElapsedTime>("12");
  expect_malformed<ElapsedTime>("123400");
}

TEST(DhcpOption, ElapsedTimeCountsHundredthsAndSaturates) {
  const Instant begin = Instant::from_micros(5'000'000);
  const auto since = [&](Duration d) {
    return ElapsedTime::since(begin, begin + d).elapsed.count();
  };
  EXPECT_EQ(since(milliseconds(0)), 0);
  EXPECT_EQ(since(milliseconds(9)), 0);
  EXPECT_EQ(since(milliseconds(10)), 1);
  EXPECT_EQ(since(seconds(655)), 65500);
  EXPECT_EQ(since(milliseconds(655'350)), 0xffff);
  EXPECT_EQ(since(hours(24 * 365)), 0xffff);
  EXPECT_EQ(since(seconds(-1)), 0);
}

TEST(DhcpOption, Authentication) {
  const Authentication authentication{.protocol = 3,
                                      .algorithm = 1,
                                      .replay_method = 0,
                                      .replay_value = 0x1122334455667788,
                                      .information = hex("01 000102030405060708090a0b0c0d0e0f")};
  expect_wire(authentication, "03 01 00 1122334455667788 01000102030405060708090a0b0c0d0e0f");
  expect_malformed<Authentication>("03 01 00 11223344556677");
  const Authentication::Key key{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  EXPECT_EQ(authentication.reconfigure_key(), key);
  EXPECT_EQ(authentication.reconfigure_digest(), std::nullopt);
  EXPECT_EQ(Authentication::with_reconfigure_key(key, 0x1122334455667788), authentication);
  const auto digest = Authentication::with_reconfigure_digest(key, 5);
  EXPECT_EQ(digest.reconfigure_digest(), key);
  EXPECT_EQ(digest.reconfigure_key(), std::nullopt);
}

// RFC 9915 section 20.4.1 fixes every field; anything else is not the reconfiguration key protocol.
TEST(DhcpOption, AuthenticationOfAnotherKindHasNoReconfigureKey) {
  const auto good = Authentication::with_reconfigure_key({}, 1);
  ASSERT_TRUE(good.reconfigure_key().has_value());
  auto other = good;
  other.protocol = 2;
  EXPECT_FALSE(other.reconfigure_key());
  other = good;
  other.algorithm = 2;
  EXPECT_FALSE(other.reconfigure_key());
  other = good;
  other.replay_method = 1;
  EXPECT_FALSE(other.reconfigure_key());
  other = good;
  other.information.pop_back();
  EXPECT_FALSE(other.reconfigure_key());
  other = good;
  other.information.push_back(0);
  EXPECT_FALSE(other.reconfigure_key());
  other.information.clear();
  EXPECT_FALSE(other.reconfigure_key());
}

TEST(DhcpOption, ServerUnicast) {
  expect_wire(ServerUnicast{address("2001:db8::1")}, "20010db8000000000000000000000001");
  expect_malformed<ServerUnicast>("20010db80000000000000000000000");
}

TEST(DhcpOption, StatusCodeKeepsUnknownCodesAndAnyText) {
  expect_wire(StatusCode{Status::kNoPrefixAvail, ""}, "0006");
  expect_wire(StatusCode{static_cast<Status>(4711), "\xff\x01 x"}, "1267 ff012078");
  expect_malformed<StatusCode>("00");
  EXPECT_EQ(to_string(Status::kNoPrefixAvail), "NoPrefixAvail");
  EXPECT_EQ(to_string(static_cast<Status>(4711)), "status 4711");
}

TEST(DhcpOption, OptionsWithoutContent) {
  expect_wire(RapidCommit{}, "");
  expect_wire(ReconfigureAccept{}, "");
  expect_malformed<RapidCommit>("00");
  expect_malformed<ReconfigureAccept>("00");
}

TEST(DhcpOption, ClassesAndVendorOptions) {
  expect_wire(UserClass{{hex("6162"), {}, hex("63")}}, "0002 6162 0000 0001 63");
  expect_malformed<UserClass>("");
  expect_malformed<UserClass>("0003 6162");
  expect_wire(VendorClass{4491, {hex("646f63")}}, "0000118b 0003 646f63");
  expect_wire(VendorClass{4491, {}}, "0000118b");
  expect_malformed<VendorClass>("0000118b 0004 646f63");
  expect_malformed<VendorClass>("0000");
  expect_wire(VendorOptions{4491, {{2170, hex("0102")}, {1, {}}}},
              "0000118b 087a 0002 0102 0001 0000");
  expect_malformed<VendorOptions>("0000118b 087a 0003 0102");
  expect_malformed<VendorOptions>("000011");
}

TEST(DhcpOption, RelayOptions) {
  expect_wire(InterfaceId{hex("6c616e30")}, "6c616e30");
  expect_wire(RelayedMessage{hex("0b000001")}, "0b000001");
}

TEST(DhcpOption, ReconfigureMessageAsksForOneOfThree) {
  expect_wire(ReconfigureMessage{MessageType::kRenew}, "05");
  expect_wire(ReconfigureMessage{MessageType::kRebind}, "06");
  expect_wire(ReconfigureMessage{MessageType::kInformationRequest}, "0b");
  for (const char* wrong : {"", "00", "01", "07", "0a", "ff", "0500"}) {
    expect_malformed<ReconfigureMessage>(wrong);
  }
}

TEST(DhcpOption, Times) {
  expect_wire(InformationRefreshTime{Lifetime(600)}, "00000258");
  expect_wire(InformationRefreshTime{Lifetime::infinite()}, "ffffffff");
  expect_malformed<InformationRefreshTime>("000258");
  expect_wire(SolMaxRt{seconds(3600)}, "00000e10");
  expect_wire(InfMaxRt{seconds(0xffffffff)}, "ffffffff");
  expect_malformed<SolMaxRt>("0e10");
  expect_malformed<InfMaxRt>("0000000e10");
}

TEST(DhcpOption, ServiceAddresses) {
  constexpr std::string_view kTwoAddresses =
      "20010db8000000000000000000000001 fe800000000000000000000000000002";
  const std::vector<Ip6Address> two{address("2001:db8::1"), address("fe80::2")};
  expect_wire(SipServers{two}, kTwoAddresses);
  expect_wire(DnsServers{two}, kTwoAddresses);
  expect_wire(SntpServers{two}, kTwoAddresses);
  expect_malformed<SipServers>("20010db80000000000000000000001");
  expect_malformed<SntpServers>("20010db800000000000000000000000100");
}

TEST(DhcpOption, ServiceNames) {
  expect_wire(SipDomains{{name("sip.example")}}, "03736970 076578616d706c65 00");
  expect_wire(DomainSearchList{{name("example"), name("a.b")}}, "076578616d706c65 00 0161 0162 00");
  expect_malformed<SipDomains>("03736970");
  expect_wire(AftrName{name("aftr.example")}, "0461667472 076578616d706c65 00");
  expect_malformed<AftrName>("");
  expect_malformed<AftrName>("00");
  expect_malformed<AftrName>("0461667472");
}

// RFC 6334 section 5: only the first of several names.
TEST(DhcpOption, AftrNameTakesTheFirstOfSeveral) {
  const auto options = parse_all(framed(64, hex("0161 00 0162 00")));
  ASSERT_TRUE(options.has_value());
  ASSERT_NE(find<AftrName>(*options), nullptr);
  EXPECT_EQ(find<AftrName>(*options)->name, name("a"));
}

// RFC 4704 section 4.2: complete, partial and empty names.
TEST(DhcpOption, ClientFqdn) {
  expect_wire(ClientFqdn{ClientFqdn::kServerUpdates, name("gate.example"), false},
              "01 0467617465 076578616d706c65 00");
  expect_wire(ClientFqdn{ClientFqdn::kNoServerUpdate, name("gate"), true}, "04 0467617465");
  expect_wire(ClientFqdn{0, DomainName(), true}, "00");
  expect_wire(ClientFqdn{0xf8, DomainName(), false}, "f8 00");
  expect_malformed<ClientFqdn>("");
  expect_malformed<ClientFqdn>("00 0467617465 00 00");
  expect_malformed<ClientFqdn>("00 0467617465 0561");
  expect_malformed<ClientFqdn>("00 c004");
}

// RFC 5908 section 4.
TEST(DhcpOption, NtpServers) {
  const NtpServers servers{.addresses = {address("2001:db8::7b")},
                           .multicast_addresses = {address("ff05::101")},
                           .names = {name("ntp.example")},
                           .others = {{9, hex("aa")}}};
  expect_wire(servers,
              "0001 0010 20010db800000000000000000000007b"
              "0002 0010 ff050000000000000000000000000101"
              "0003 000d 036e7470 076578616d706c65 00"
              "0009 0001 aa");
  expect_malformed<NtpServers>("0001 000f 20010db80000000000000000000000");
  expect_malformed<NtpServers>("0001 0011 20010db800000000000000000000007b00");
  expect_malformed<NtpServers>("0003 0002 0161");
  expect_malformed<NtpServers>("0009 0002 aa");
  expect_malformed<NtpServers>("0009 00");
}

// RFC 8910 section 2.2: the URI without a terminator.
TEST(DhcpOption, CaptivePortal) {
  expect_wire(CaptivePortal{"https://a.example/api"}, "68747470733a2f2f612e6578616d706c652f617069");
}

// RFC 6939 section 4.
TEST(DhcpOption, ClientLinkLayerAddress) {
  const auto told = ClientLinkLayerAddress::of(MacAddress({2, 0, 0x5e, 0, 0x53, 1}));
  expect_wire(told, "0001 02005e005301");
  EXPECT_EQ(told.mac(), MacAddress({2, 0, 0x5e, 0, 0x53, 1}));
  const ClientLinkLayerAddress infiniband{32, hex("0102030405060708")};
  expect_wire(infiniband, "0020 0102030405060708");
  EXPECT_EQ(infiniband.mac(), std::nullopt);
  expect_malformed<ClientLinkLayerAddress>("0001");
  expect_malformed<ClientLinkLayerAddress>("00");
}

// RFC 8357 section 4.2.
TEST(DhcpOption, RelaySourcePort) {
  expect_wire(RelaySourcePort{50547}, "c573");
  expect_malformed<RelaySourcePort>("c5");
  expect_malformed<RelaySourcePort>("c57300");
}

// RFC 9463 section 4.1.
TEST(DhcpOption, EncryptedDns) {
  const EncryptedDns resolver{.priority = 1,
                              .authentication_name = name("dot.example"),
                              .addresses = {address("2001:db8::53")},
                              .service_parameters = hex("0001 0004 03646f74")};
  expect_wire(resolver,
              "0001 000d 03646f74 076578616d706c65 00"
              "0010 20010db8000000000000000000000053 0001 0004 03646f74");
  expect_wire(EncryptedDns{.priority = 2,
                           .authentication_name = name("a"),
                           .addresses = {},
                           .service_parameters = {}},
              "0002 0003 0161 00");
  expect_malformed<EncryptedDns>("0002");
  expect_malformed<EncryptedDns>("0002 0004 0161 00");                // name beyond the option
  expect_malformed<EncryptedDns>("0002 0004 0161 00 00");             // name ends before its length
  expect_malformed<EncryptedDns>("0002 0003 0161 00 0010 20010db8");  // addresses beyond the option
  expect_malformed<EncryptedDns>("0002 0003 0161 00 0004 20010db8");  // a part of an address
  expect_malformed<EncryptedDns>("0002 0003 0161 00 00");             // half a length
}

// RFC 7598 sections 4 and 5.
TEST(DhcpOption, Softwire46) {
  const S46PortParameters ports{.offset = 6, .psid_length = 8, .psid = 0x0300};
  expect_wire(ports, "06 08 0300");
  expect_malformed<S46PortParameters>("10 08 0300");
  expect_malformed<S46PortParameters>("06 11 0300");
  expect_malformed<S46PortParameters>("06 08 03");
  expect_malformed<S46PortParameters>("06 08 0300 00");

  const S46Rule rule{.flags = S46Rule::kForwardingRule,
                     .ea_length = 16,
                     .ipv4_length = 24,
                     .ipv4_prefix = 0xc0000200,
                     .ipv6_prefix = prefix("2001:db8:8000::/40"),
                     .options = {ports}};
  expect_wire(rule, "01 10 18 c0000200 28 20010db880 005d 0004 06080300");
  expect_malformed<S46Rule>("01 31 18 c0000200 28 20010db880");
  expect_malformed<S46Rule>("01 10 21 c0000200 28 20010db880");
  expect_malformed<S46Rule>("01 10 18 c0000200 81 20010db880000000000000000000000000");
  expect_malformed<S46Rule>("01 10 18 c0000200 28 20010db8");

  expect_wire(S46BorderRelay{address("2001:db8::46")}, "20010db8000000000000000000000046");
  expect_malformed<S46BorderRelay>("20010db80000000000000000000046");
  expect_wire(S46DefaultRule{prefix("2001:db8:64::/96")}, "60 20010db80064000000000000");
  expect_wire(S46DefaultRule{Prefix()}, "00");
  expect_malformed<S46DefaultRule>("60 20010db8006400000000");
  expect_malformed<S46DefaultRule>("60 20010db8006400000000000000");
  expect_wire(S46Binding{.ipv4_address = 0xcb007107,
                         .bind_prefix = prefix("2001:db8:a000::/56"),
                         .options = {ports}},
              "cb007107 38 20010db8a00000 005d 0004 06080300");
  expect_malformed<S46Binding>("cb007107");

  const S46BorderRelay relay{address("2001:db8::46")};
  expect_wire(S46MapE{{relay}}, "005a 0010 20010db8000000000000000000000046");
  expect_wire(S46MapT{{S46DefaultRule{prefix("2001::/16")}}}, "005b 0003 10 2001");
  expect_wire(S46Lightweight{{relay}}, "005a 0010 20010db8000000000000000000000046");
  expect_wire(S46MapE{}, "");
}

TEST(DhcpOption, UnknownOnesKeepTheirOctets) {
  const auto options = parse_all(framed(65000, hex("010203")));
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(*options, (Options{UnknownOption{65000, hex("010203")}}));
  EXPECT_EQ(emitted(*options), framed(65000, hex("010203")));
  EXPECT_EQ(option_code(options->front()), 65000);
}

TEST(Conformance, Row_8415_C_53_MalformedDnsServersAreNotSeen) {
  for (const std::size_t length : {15U, 17U, 1U, 31U}) {
    Octets payload(length, 0x20);
    Octets wire = framed(23, payload);
    const Octets good = framed(24, hex("0161 00"));
    wire.insert(wire.end(), good.begin(), good.end());
    const auto options = parse_all(wire);
    ASSERT_TRUE(options.has_value()) << length;
    EXPECT_EQ(find<DnsServers>(*options), nullptr) << length;
    EXPECT_NE(find<DomainSearchList>(*options), nullptr) << length;
  }
  const auto good = parse_all(framed(23, Octets(32, 0x20)));
  ASSERT_TRUE(good.has_value());
  ASSERT_NE(find<DnsServers>(*good), nullptr);
  EXPECT_EQ(find<DnsServers>(*good)->addresses.size(), 2U);
}

TEST(Conformance, Row_8415_C_53_MalformedSearchListsAreNotSeen) {
  std::string over_255;
  for (int i = 0; i < 5; ++i) over_255 += "3f" + std::string(126, '1');  // 320 octets
  const std::string label_64 = "40" + std::string(128, '1') + "00";
  for (const std::string& wrong :
       {std::string("0161 00 c000"), std::string("0161 c000"), std::string("0161"), label_64,
        over_255 + "00", std::string("0561 00")}) {
    Octets wire = framed(24, hex(wrong));
    const Octets good = framed(23, Octets(16, 0x20));
    wire.insert(wire.end(), good.begin(), good.end());
    const auto options = parse_all(wire);
    ASSERT_TRUE(options.has_value()) << wrong;
    EXPECT_EQ(find<DomainSearchList>(*options), nullptr) << wrong;
    EXPECT_NE(find<DnsServers>(*options), nullptr) << wrong;
  }
  const std::string label_63 = "3f" + std::string(126, '1') + "00";
  const auto good = parse_all(framed(24, hex(label_63)));
  ASSERT_TRUE(good.has_value());
  EXPECT_NE(find<DomainSearchList>(*good), nullptr);
}

}  // namespace
}  // namespace sixgate::dhcp6
