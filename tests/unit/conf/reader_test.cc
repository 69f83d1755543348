// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "conf/config.h"
#include "delegation/unique_local.h"
#include "net/text.h"
#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

// One LAN with `lines` in it, from line 3 on.
std::string in_lan(const std::string& lines) {
  return "[lan.home]\ninterface = \"eth1\"\n" + lines + "\n";
}

TEST(ReadToml, TheSmallestHouse) {
  const Config config = good("[uplink.wan]\ninterface = \"eth0\"\n" + in_lan(""));
  ASSERT_EQ(config.uplinks.size(), 1U);
  EXPECT_EQ(config.uplinks[0].name, "wan");
  EXPECT_EQ(config.uplinks[0].interface, "eth0");
  ASSERT_EQ(config.lans.size(), 1U);
  EXPECT_EQ(config.lans[0].request.name, "home");
  EXPECT_EQ(config.lans[0].request.interface, "eth1");
  EXPECT_EQ(config.state_dir, "/var/lib/sixgate");
}

TEST(ReadToml, ReservationsAndTheServerOfALan) {
  const Config config = good(in_lan("dhcpv6_range = \"::2000-::2fff\"\ndhcpv6_lease_time = 7200") +
                             "[[reservation]]\nlan = \"home\"\nmac = \"02:00:5e:00:53:01\"\n"
                             "suffix = \"::77\"\nname = \"nas\"\n");
  EXPECT_EQ(config.lans[0].dhcp6.range, (dhcp6::InterfaceIdRange{0x2000, 0x2fff}));
  EXPECT_EQ(config.lans[0].dhcp6.valid, Lifetime(7200));
  EXPECT_EQ(config.lans[0].dhcp6.preferred, Lifetime(3600));
  ASSERT_EQ(config.reservations.size(), 1U);
  EXPECT_EQ(config.reservations[0].lan, "home");
  EXPECT_EQ(config.reservations[0].kept.interface_id, std::optional<std::uint64_t>(0x77));
}

TEST(ReadToml, PinholesAndWhatALanReaches) {
  const Config config =
      good(in_lan("zone = \"isolated\"\nreaches = [\"home\"]") +
           "[[pinhole]]\nlan = \"home\"\nhost = \"::77\"\nports = [22, \"8000-8010\"]\n"
           "sources = [\"2001:db8:9::/48\"]\n"
           "[[pinhole]]\nhost = \"02:00:5e:00:53:01\"\nprotocol = \"tcp+udp\"\nports = 5000\n"
           "[[pinhole]]\nhost = \"duid:000300010200005e1001\"\nprotocol = \"41\"\n"
           "[[pinhole]]\nhost = \"NAS\"\nprotocol = \"sctp\"\n"
           "[[pinhole]]\nhost = \"2001:db8:1::5\"\n");
  EXPECT_EQ(config.lans[0].zone, firewall::Zone::kIsolated);
  EXPECT_EQ(config.lans[0].reaches, (std::vector<std::string>{"home"}));
  ASSERT_EQ(config.pinholes.size(), 5U);
  EXPECT_EQ(config.pinholes[0].host, PinholeHost(HostSuffix{0x77}));
  EXPECT_EQ(config.pinholes[0].ports, (std::vector<PortRange>{{22, 22}, {8000, 8010}}));
  EXPECT_EQ(config.pinholes[0].sources, std::vector<Prefix>{*Prefix::parse("2001:db8:9::/48")});
  EXPECT_EQ(config.pinholes[1].host, PinholeHost(*MacAddress::parse("02:00:5e:00:53:01")));
  EXPECT_EQ(config.pinholes[1].protocols, (std::vector<std::uint8_t>{6, 17}));
  EXPECT_EQ(config.pinholes[1].ports, (std::vector<PortRange>{{5000, 5000}}));
  EXPECT_EQ(config.pinholes[2].host, PinholeHost(*dhcp6::Duid::parse("000300010200005e1001")));
  EXPECT_EQ(config.pinholes[2].protocols, std::vector<std::uint8_t>{41});
  EXPECT_EQ(config.pinholes[3].host, PinholeHost(HostName{"nas"}));
  EXPECT_EQ(config.pinholes[4].host, PinholeHost(*Ip6Address::parse("2001:db8:1::5")));
}

TEST(ReadToml, WrongPinholesAreErrorsWithTheirPlace) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"ports = 22", "`host` is missing"},
      {"host = \"fe80::1\"", "f:5:8: error: `host`: fe80::1 is no host that the Internet"},
      {"host = \"::ffff:192.0.2.1\"", "is no host that the Internet"},
      {"host = \"a.example\"", "is no host: a suffix"},
      {"host = \"duid:xyz\"", "has no DUID"},
      {"host = \"::77\"\nlan = \"hame\"", "did you mean \"home\""},
      {"host = \"::77\"\nprotocol = \"tpc\"", "did you mean \"tcp\""},
      {"host = \"::77\"\nprotocol = \"58\"", "58 is no protocol that a pinhole can be for"},
      {"host = \"::77\"\nprotocol = \"sctp\"\nports = 22", "of TCP and UDP alone"},
      {"host = \"::77\"\nports = [22, \"90-80\"]", "f:6:14: error: `ports`: \"90-80\" is no port"},
      {"host = \"::77\"\nports = 70000", "is no port"},
      {"host = \"::77\"\nports = true", "needs a port such as 22"},
      {"host = \"::77\"\nsources = [\"all\"]", "f:6:12: error: `sources`"},
      {"hots = \"::77\"", "did you mean \"host\""}};
  for (const auto& [lines, part] : wrong) {
    const std::string errors = errors_of(in_lan("") + "[[pinhole]]\n" + lines + "\n");
    EXPECT_TRUE(has(errors, part)) << errors;
  }
  EXPECT_TRUE(
      has(errors_of(in_lan("zone = \"closed\"") + "[[pinhole]]\nhost = \"::77\"\nlan = \"home\"\n"),
          "whose zone is closed"));
  EXPECT_TRUE(has(errors_of("pinhole = 1\n" + in_lan("")), "[[pinhole]]"));
  EXPECT_TRUE(has(errors_of(in_lan("reaches = [\"hom\"]")), "did you mean \"home\""));
}

TEST(ReadToml, WrongReservationsAreErrorsWithTheirPlace) {
  const std::string lan = in_lan("");
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"name = \"x\"", "duid"},
      {"duid = \"xyz\"", "f:5:8: error: `duid`: \"xyz\" is no DUID"},
      {"mac = \"1\"", "is no MAC address"},
      {"mac = \"02:00:5e:00:53:01\"\nlan = \"hame\"", "did you mean \"home\""},
      {"mac = \"02:00:5e:00:53:01\"\nsuffix = \"2001:db8::1\"", "is no suffix"},
      {"mac = \"02:00:5e:00:53:01\"\nname = \"a..b\"", "is no host name"},
      {"mac = \"02:00:5e:00:53:01\"\nlease_time = 5", "120"},
      {"mc = \"02:00:5e:00:53:01\"", "unknown key \"mc\""}};
  for (const auto& [lines, part] : wrong)
    EXPECT_TRUE(has(errors_of(lan + "[[reservation]]\n" + lines + "\n"), part))
        << errors_of(lan + "[[reservation]]\n" + lines + "\n");
  EXPECT_TRUE(has(errors_of("reservation = 1\n" + lan), "[[reservation]]"));
  EXPECT_TRUE(has(errors_of(in_lan("hosts_file = \"/run/hosts\"")), "needs a domain"));
  const std::string names = "domain = \"a.example\"\nhosts_file = \"/run/hosts\"\n";
  EXPECT_TRUE(has(errors_of(in_lan(names) + "[lan.more]\ninterface = \"eth2\"\n" + names),
                  "is that of LAN home"));
  EXPECT_TRUE(has(errors_of(in_lan("domain = \"a..b\"")), "is no domain"));
  EXPECT_TRUE(has(errors_of(in_lan("dhcpv6_range = \"::5-::1\"")), "is no range"));
}

TEST(ReadToml, EveryKindOfValue) {
  const Config config = good(R"(
state_dir = "/srv/state"
log_level = "debug"
hook = "/etc/sixgate/hook"
hook_timeout = 5
duid = "00:03:00:01:02:00:5e:10:00:01"
[ula]
prefix = "fd12:3456:789a::/48"
[firewall]
backend = "nft"
[uplink.fibre]
interface = "eth0"
request_address = "always"
request_prefix = 56
request_options = ["sntp", 56, "dnr"]
hook = "/etc/sixgate/fibre"
tell_name = "gw.example.net"
rapid_commit = true
ip6ifaceid = "eui64"
metric = 100
[lan."guest.2"]
interface = "eth1.2"
ip6assign = 60
ip6hint = "F0"
ip6ifaceid = "::53"
ip6class = ["fibre", "local"]
priority = -5
zone = "exposed"
addressing = "slaac+dhcpv6"
dns = ["2001:db8::53"]
search = ["home.arpa"]
ra_max_interval = 30
ra_preference = "high"
ra_mtu = 1280
)");
  EXPECT_EQ(config.duid.kind, DuidConfig::Kind::kExplicit);
  EXPECT_EQ(config.duid.bytes.size(), 10U);
  EXPECT_EQ(config.ula.prefix.to_string(), "fd12:3456:789a::/48");
  EXPECT_EQ(config.firewall.backend, FirewallConfig::Choice::kNft);
  const UplinkConfig& uplink = config.uplinks.at(0);
  EXPECT_EQ(uplink.request_prefix.kind, PrefixRequest::Kind::kWishes);
  EXPECT_EQ(uplink.request_prefix.wishes.at(0).to_string(), "::/56");
  EXPECT_EQ(uplink.request_options, (std::vector<std::uint16_t>{31, 56, 144}));
  EXPECT_EQ(uplink.hook, "/etc/sixgate/fibre");
  ASSERT_TRUE(uplink.tell_name);
  EXPECT_EQ(uplink.tell_name->to_string(), "gw.example.net");
  EXPECT_EQ(config.hook, "/etc/sixgate/hook");
  EXPECT_EQ(config.hook_timeout, seconds(5));
  EXPECT_EQ(uplink.interface_id.kind, delegation::InterfaceIdPolicy::Kind::kEui64);
  const LanConfig& lan = config.lans.at(0);
  EXPECT_EQ(lan.name, "guest.2");
  EXPECT_EQ(lan.request.hint, 0xf0U);
  EXPECT_EQ(lan.request.classes, (std::vector<std::string>{"fibre", "ula"}));
  EXPECT_EQ(lan.zone, firewall::Zone::kExposed);
  EXPECT_EQ(lan.addressing, Addressing::kSlaacDhcpv6);
  EXPECT_EQ(lan.ra.max_interval, seconds(30));
  EXPECT_EQ(lan.ra.min_interval, seconds(10)) << "a third, when it is not given";
  EXPECT_EQ(lan.ra.mtu, 1280U);
}

// One uplink with `lines` in it, from line 3 on.
std::string in_uplink(const std::string& lines) {
  return "[uplink.wan]\ninterface = \"eth0\"\n" + lines + "\n";
}

TEST(ReadToml, AnUplinkByContract) {
  const Config config = good(in_uplink(R"(mode = "static"
prefixes = ["2001:db8:1::/48", "2001:db8:2::/56"]
address = "2001:db8:0:1::2/64"
gateway = "2001:db8:0:1::1"
carrier_hold = 5)"));
  const UplinkConfig& uplink = config.uplinks.at(0);
  EXPECT_EQ(uplink.mode, UplinkMode::kStatic);
  ASSERT_EQ(uplink.prefixes.size(), 2U);
  EXPECT_EQ(uplink.prefixes[1].to_string(), "2001:db8:2::/56");
  ASSERT_TRUE(uplink.address.has_value());
  EXPECT_EQ(uplink.address->to_string(), "2001:db8:0:1::2/64");
  EXPECT_EQ(uplink.gateway->to_string(), "2001:db8:0:1::1");
  EXPECT_EQ(uplink.carrier_hold, seconds(5));
  EXPECT_TRUE(good(describe(config)) == config);
}

TEST(ReadToml, KeysGoWithTheModeOfTheUplink) {
  EXPECT_EQ(errors_of(in_uplink("mode = \"static\"")),
            "f:3:8: error: `mode`: \"static\" needs `prefixes`\n");
  EXPECT_EQ(errors_of(in_uplink("gateway = \"fe80::1\"")),
            "f:3:11: error: `gateway`: goes with mode = \"static\", and the mode is \"auto\"\n");
  EXPECT_EQ(errors_of(in_uplink("mode = \"none\"\nrapid_commit = true")),
            "f:4:16: error: `rapid_commit`: goes with mode = \"auto\", and the mode is \"none\"\n");
  EXPECT_EQ(errors_of(in_uplink("mode = \"none\"\ntell_name = \"gw\"")),
            "f:4:13: error: `tell_name`: goes with mode = \"auto\", and the mode is \"none\"\n");
  EXPECT_EQ(errors_of(in_uplink("tell_name = \"a..b\"")),
            "f:3:13: error: `tell_name`: \"a..b\" is no domain name\n");
  EXPECT_EQ(errors_of(in_uplink("mode = \"stetic\"")),
            "f:3:8: error: `mode`: \"stetic\" is not known; it can be \"auto\", \"static\" or "
            "\"none\"; did you mean \"static\"?\n");
}

TEST(ReadToml, AContractMakesSense) {
  const auto contract = [](const std::string& lines) {
    return errors_of(in_uplink("mode = \"static\"\n" + lines));
  };
  EXPECT_TRUE(has(contract("prefixes = [\"/56\"]"), "is no prefix such as 2001:db8::/56"));
  EXPECT_TRUE(has(contract("prefixes = [\"2001:db8::/80\"]"), "has a length within 1..64"));
  EXPECT_TRUE(has(contract("prefixes = [\"2001:db8:1::/48\", \"2001:db8:1:5::/64\"]"),
                  "2001:db8:1:5::/64 overlaps 2001:db8:1::/48 of uplink wan"));
  EXPECT_TRUE(has(contract("prefixes = [\"2001:db8:1::/48\"]\ngateway = \"2001:db8::1\""),
                  "is not on the link"));
  EXPECT_TRUE(has(contract("prefixes = [\"2001:db8:1::/48\"]\naddress = \"2001:db8::1\""),
                  "is no address with a length"));
  EXPECT_TRUE(has(contract("prefixes = [\"2001:db8:1::/48\"]\naddress = \"fe80::1/64\""),
                  "can be no address of the router's own"));
  EXPECT_TRUE(has(errors_of("[ula]\nprefix = \"fd12:3456:789a::/48\"\n" +
                            in_uplink("mode = \"static\"\nprefixes = [\"fd12:3456::/32\"]")),
                  "overlaps the ULA prefix"));
}

TEST(ReadToml, SectionsKeepTheOrderOfTheFile) {
  const Config config = good(
      "[lan.zoo]\ninterface = \"e1\"\n[lan.lan]\ninterface = \"e2\"\n[lan.aaa]\ninterface = "
      "\"e3\"\n");
  ASSERT_EQ(config.lans.size(), 3U);
  EXPECT_EQ(config.lans[0].name, "zoo");
  EXPECT_EQ(config.lans[1].name, "lan");
  EXPECT_EQ(config.lans[2].name, "aaa");
}

TEST(ReadToml, ErrorsNameThePlaceAndTheLikelyWord) {
  EXPECT_EQ(errors_of(in_lan("ip6asign = 60")),
            "f:3:1: error: unknown key \"ip6asign\"; did you mean \"ip6assign\"?\n");
  EXPECT_EQ(errors_of(in_lan("zone = \"protectd\"")),
            "f:3:8: error: `zone`: \"protectd\" is not known; it can be \"protected\", "
            "\"exposed\", \"isolated\" or \"closed\"; did you mean \"protected\"?\n");
  EXPECT_TRUE(has(errors_of(in_lan("hint = \"1\"")), "did you mean \"ip6hint\"?"));
  EXPECT_TRUE(has(errors_of("[lna.home]\ninterface = \"eth1\"\n"),
                  "f:1:2: error: unknown table \"lna\"; did you mean \"lan\"?"));
  EXPECT_TRUE(has(errors_of("zone = \"exposed\"\n" + in_lan("")), "belongs into [lan.NAME]"));
}

TEST(ReadToml, RequestedOptionsHaveNamesOrCodes) {
  const auto in_uplink = [](const std::string& lines) {
    return "[uplink.w]\ninterface = \"w0\"\n" + lines + "\n";
  };
  EXPECT_EQ(errors_of(in_uplink("request_options = [59, \"atfr\"]")),
            "f:3:24: error: `request_options`: no DHCPv6 option is named \"atfr\", though any "
            "may be given by its code; did you mean \"aftr\"?\n");
  EXPECT_TRUE(has(errors_of(in_uplink("request_options = \"aftr\"")), "[\"aftr\", 59]"));
  EXPECT_TRUE(has(errors_of(in_uplink("request_options = [0]")), "1..65535"));
  EXPECT_TRUE(has(errors_of(in_uplink("request_options = [25]")), "not one that a client lists"));
}

TEST(ReadToml, AllErrorsAtOnceInTheOrderOfTheFile) {
  const std::string all = errors_of(R"(log_level = 5
nonsense = true
[uplink.ula]
interface = "eth0"
[uplink.b]
interface = "eth0"
[lan.x]
interface = "much-too-long-a-name"
ip6assign = 113
ip6hint = 20
[lan.y]
interface = "eth0"
ip6class = ["bb"]
[lan.z]
addressing = "dhcp"
)");
  EXPECT_EQ(all,
            "f:1:13: error: `log_level`: needs a text in quotes, this is a whole number\n"
            "f:2:1: error: unknown key \"nonsense\"\n"
            "f:3:9: error: an uplink cannot be named \"ula\": ip6class uses the word\n"
            "f:6:13: error: `interface`: eth0 is already the interface of uplink ula\n"
            "f:8:13: error: `interface`: \"much-too-long-a-name\" is no interface name: 1 to 15 "
            "characters, without space and / : \" \\ * + !\n"
            "f:9:13: error: `ip6assign`: is not within 48..112: the pool of the DHCPv6 server "
            "needs 16 bits of each address\n"
            "f:10:11: error: `ip6hint`: subnet numbers are hexadecimal: write \"20\" in quotes, or "
            "0x20\n"
            "f:12:13: error: `interface`: eth0 is already the interface of uplink ula\n"
            "f:13:12: error: `ip6class`: there is no uplink named \"bb\"; did you mean \"b\"?\n"
            "f:14:6: error: `interface` is missing\n"
            "f:15:14: error: `addressing`: \"dhcp\" is not known; it can be \"slaac\", "
            "\"slaac+stateless\", \"slaac+dhcpv6\" or \"dhcpv6\"; did you mean \"dhcpv6\"?\n");
}

TEST(ReadToml, ContradictionsBetweenSections) {
  EXPECT_TRUE(has(errors_of(in_lan("ip6hint = \"10\"\nip6assign = 60\n[lan.b]\ninterface = "
                                   "\"eth2\"\nip6hint = \"12\"")),
                  "f:7:11: error: `ip6hint`: overlaps the ip6hint of LAN home"));
  EXPECT_TRUE(errors_of("[uplink.a]\ninterface = \"w0\"\n[uplink.b]\ninterface = \"w1\"\n" +
                        in_lan("ip6hint = \"1\"\nip6class = \"a\"\n[lan.b]\ninterface = "
                               "\"eth2\"\nip6hint = \"1\"\nip6class = \"b\""))
                  .empty())
      << "LANs that take prefixes from different uplinks do not meet";
  EXPECT_TRUE(has(errors_of("[ula]\nprefix = \"fd12:3456:789a::/48\"\n[uplink.w]\ninterface = "
                            "\"w0\"\nrequest_prefix = \"fd12:3456:789a:1::/64\""),
                  "overlaps the ULA prefix"));
  EXPECT_TRUE(has(errors_of(""), "f:1:1: error: there is no interface"));
}

TEST(ReadToml, LimitsOfRouterAdvertisements) {
  EXPECT_TRUE(has(errors_of(in_lan("ra_max_interval = 3")), "3 is not within 4..1800"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_max_interval = 1801")), "4..1800"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_min_interval = 2")), "3..1350"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_max_interval = 100\nra_min_interval = 76")),
                  "three quarters of ra_max_interval"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_lifetime = 9001")), "0..9000"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_lifetime = 599")), "f:3:15: error: `ra_lifetime`"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_reachable_time = 3600001")), "0..3600000"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_hop_limit = 256")), "0..255"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_mtu = 1279")), "at least 1280"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_max_valid = 2000")), "`ra_max_preferred`"));
  EXPECT_TRUE(has(errors_of(in_lan("ra_max_preferred = 600")), "must be above ra_max_interval"));
  for (const char* line : {"ra_max_interval = 4", "ra_max_interval = 5", "ra_max_interval = 9",
                           "ra_max_interval = 1800", "ra_lifetime = 0", "ra_lifetime = 9000"}) {
    EXPECT_EQ(errors_of(in_lan(line)), "") << line;
  }
}

TEST(ReadToml, PrefixesAndAddresses) {
  EXPECT_TRUE(has(errors_of("[ula]\nprefix = \"fc12::/48\"\n" + in_lan("")), "fd00::/8"));
  EXPECT_TRUE(has(errors_of("[ula]\nprefix = \"fd12:3456:789a:1::/48\"\n" + in_lan("")),
                  "did you mean \"fd12:3456:789a::/48\"?"));
  EXPECT_TRUE(has(errors_of("[ula]\nprefix = \"fd00::/32\"\n" + in_lan("")), "/48"));
  EXPECT_TRUE(has(errors_of(in_lan("dns = [\"ff02::1\"]")), "f:3:8: error: `dns`: ff02::1"));
  EXPECT_TRUE(has(errors_of(in_lan("dns = [\"2001:db8::1\", 5, \"x\"]")), "f:3:23: error:"));
  EXPECT_TRUE(has(errors_of(in_lan("search = [\"a..b\"]")), "is no domain name"));
  EXPECT_TRUE(has(errors_of(in_lan("ip6ifaceid = \"2001:db8::1\"")), "upper half"));
  EXPECT_TRUE(has(errors_of(in_lan("ip6hint = \"xyz\"")), "hexadecimal"));
}

TEST(ReadToml, WarningsDoNotRefuse) {
  const ReadResult result = read_toml(in_lan("ip6assign = 60\nip6hint = \"13\""), "f");
  ASSERT_TRUE(result.config.has_value());
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].to_string(),
            "f:4:11: warning: `ip6hint`: does not begin a /60; its low bits are not used");
}

TEST(ReadToml, SyntaxErrorsInPlainWords) {
  const auto says = [](const std::string& toml, std::string_view part) {
    const std::string text = errors_of(toml);
    EXPECT_TRUE(has(text, part)) << toml << "\n" << text;
  };
  says("[lan.home]\ninterface = eth1\n",
       "f:2:13: error: a text needs quotes: interface = \"eth1\"");
  says("[lan.home]\ninterface: \"eth1\"\n", "stands \"=\": interface = \"eth1\"");
  says("[lan.home]\ninterface \"eth1\"\n", "stands \"=\"");
  says("[lan.home]\ninterface = \"eth1\n", "not closed");
  says("[lan.home\ninterface = \"eth1\"\n", "f:1:");
  says("[lan.home\ninterface = \"eth1\"\n", "a ] is missing");
  says("[uplink.w]\nrapid_commit = yes\n", "true or false");
  says("[lan.home]\nip6hint = 010\n", "leading zero");
  says("[lan.home]\nip6hint =\n", "no value after \"=\"");
  says("// a comment\n", "a comment begins with \"#\"");
  says(
      "[lan.home]\ninterface = \xe2\x80\x9c"
      "eth1\xe2\x80\x9d\n",
      "straight quotes");
  says("[lan.a]\ninterface = \"e1\"\ninterface = \"e2\"\n", "\"interface\" is there twice");
  says("[lan.a]\n[lan.a]\n", "is there twice");
  says("[lan]\ninterface = \"e1\"\n", "write [lan.NAME], such as [lan.home]");
  says("lan = 5\n", "\"lan\" is a table: write [lan.NAME]");
  // toml++ asserts on this one.
  says("[~an.home]\ninterface = \"e\"\n", "f:1:2: error: \"~an.home\" has other characters");
  says("[lan.a]\nip6 assign = 60\n", "\"ip6 assign\" has other characters");
  // Undefined behaviour in toml++ 3.3: letters before U+049A where a key or value begins.
  says("[lan.a]\n\xd1\x9c = 1\n", "f:2:1: error: letters other than those of ASCII");
  says("[lan.a]\nzone = \xc3\xbc\n", "f:2:8: error: letters other");
  says("user = 1'\xd1\x9d'\n", "f:1:9: error: a text needs quotes");
  says("user = \"\"\"\nx\"\"\"\n", "f:1:8: error: a text stands on one line");
  says("just words\n", "stands \"=\"");
}

TEST(ReadToml, AnyLetterInTextsAndComments) {
  EXPECT_EQ(good("# K\xc3\xbc"
                 "che\nstate_dir = \"/\xd1\x9c\" # \xd1\x9c\n" +
                 in_lan(""))
                .state_dir,
            "/\xd1\x9c");
  EXPECT_EQ(good("\xef\xbb\xbfuser = 'six'\n" + in_lan("")).user, "six");
}

TEST(ReadToml, ProgramsOpenDoorsOfGuardedHostsAlone) {
  EXPECT_FALSE(good(in_lan("")).lans[0].pcp) << "only who says so";
  EXPECT_FALSE(good(in_lan("zone = \"isolated\"\n")).lans[0].pcp) << "guests the less";
  EXPECT_TRUE(good(in_lan("pcp = true\n")).lans[0].pcp);
  EXPECT_TRUE(good(in_lan("pcp = true\nzone = \"isolated\"\n")).lans[0].pcp);
  for (const char* zone : {"exposed", "closed"}) {
    EXPECT_TRUE(
        has(errors_of(in_lan(std::string("pcp = true\nzone = \"") + zone + "\"\n")),
            std::string("the zone must be \"protected\" or \"isolated\", and is \"") + zone));
    EXPECT_EQ(errors_of(in_lan(std::string("pcp = false\nzone = \"") + zone + "\"\n")), "");
  }
}

TEST(ReadToml, HugeInputIsRefused) {
  EXPECT_TRUE(has(errors_of(std::string(2U << 20, '#')), "larger than 1 MiB"));
  EXPECT_TRUE(
      has(errors_of("a = 1\n" + std::string(5000, 'a')), "f:2:1: error: the line is longer"));
}

TEST(Duid, TextForms) {
  const auto with = [](const std::string& duid) {
    return read_toml("duid = \"" + duid + "\"\n" + in_lan(""), "f");
  };
  EXPECT_EQ(with("ll").config->duid.kind, DuidConfig::Kind::kLl);
  EXPECT_EQ(with("uuid").config->duid.kind, DuidConfig::Kind::kUuid);
  EXPECT_EQ(with("en:32473:0a0b0c").config->duid.bytes,
            (std::vector<std::uint8_t>{0, 2, 0, 0, 0x7e, 0xd9, 0x0a, 0x0b, 0x0c}));
  EXPECT_EQ(with("uuid:000102030405060708090a0b0c0d0e0f").config->duid.bytes.size(), 18U);
  for (const char* text : {"en:5", "en:x:00", "uuid:00", "0001", "zz", ""}) {
    EXPECT_FALSE(with(text).errors.empty()) << text;
  }
}

TEST(Conformance, Row_7084_ULA_3_TheUlaPrefixIsConfigurable) {
  const Config config = good("[ula]\nprefix = \"fd12:3456:789a::/48\"\n" + in_lan(""));
  ASSERT_EQ(config.ula.mode, UlaConfig::Mode::kPrefix);
  const auto carved = delegation::carve({{.prefix = config.ula.prefix, .origin = "ula"}},
                                        {config.lans[0].request}, {});
  ASSERT_EQ(carved.assignments.size(), 1U);
  EXPECT_EQ(carved.assignments[0].prefix.to_string(), "fd12:3456:789a::/64");
}

TEST(Reader, AMarkForOtherRulesIsOfNftAlone) {
  const std::string lan = "\n[lan.home]\ninterface = \"eth1\"\n";
  for (const auto& [text, why] :
       {std::pair{"log = \"all\"", "\"none\""}, std::pair{"log_rate = 0", "1..1000"},
        std::pair{"log_rate = 1001", "1..1000"}}) {
    const ReadResult wrong = read_toml(std::string("[firewall]\n") + text + lan, "f");
    ASSERT_EQ(wrong.errors.size(), 1U) << text;
    EXPECT_NE(wrong.errors[0].to_string().find(why), std::string::npos)
        << wrong.errors[0].to_string();
    EXPECT_EQ(wrong.errors[0].line, 2U);
  }
  const ReadResult read = read_toml(
      "[firewall]\nlog = \"refused\"\nlog_rate = 1000\naccept_mark = 0x10000000" + lan, "f");
  ASSERT_TRUE(read.config.has_value());
  EXPECT_EQ(read.config->firewall.accept_mark, 0x10000000U);
  EXPECT_EQ(read.config->firewall.log, FirewallConfig::Log::kRefused);
  EXPECT_EQ(read.config->firewall.log_rate, 1000U);
  const ReadResult wrong =
      read_toml("[firewall]\nbackend = \"ip6tables\"\naccept_mark = 1" + lan, "f");
  ASSERT_EQ(wrong.errors.size(), 1U);
  EXPECT_EQ(wrong.errors[0].line, 3U);
  EXPECT_NE(wrong.errors[0].to_string().find("is of nft alone"), std::string::npos);
}

TEST(Downstream, IsAboutLansThatHaveTheInternet) {
  for (const auto& [word, wanted] :
       {std::pair{"zone", Downstream::kZone}, std::pair{"filtered", Downstream::kFiltered},
        std::pair{"exposed", Downstream::kExposed}}) {
    const auto read = [&](std::string_view zone) {
      return read_toml(
          cat("[lan.a]\ninterface = \"a0\"\nzone = \"", zone, "\"\ndownstream = \"", word, "\"\n"),
          "f");
    };
    const ReadResult good = read("isolated");
    ASSERT_TRUE(good.config) << word;
    EXPECT_EQ(good.config->lans[0].downstream, wanted);
    const ReadResult closed = read("closed");
    EXPECT_EQ(closed.errors.size(), wanted == Downstream::kZone ? 0U : 1U) << word;
    if (!closed.errors.empty()) {
      EXPECT_EQ(closed.errors[0].line, 4U);
      EXPECT_NE(closed.errors[0].to_string().find("is about the Internet"), std::string::npos);
    }
  }
}

TEST(Filtering, IsOfGuardedLans) {
  const auto read = [](std::string_view firewall, std::string_view zone) {
    return read_toml(
        cat("[firewall]\nbackend = \"", firewall, "\"\n[lan.a]\ninterface = \"a0\"\nzone = \"",
            zone, "\"\nfiltering = \"endpoint-independent\"\n"),
        "f");
  };
  for (const char* firewall : {"auto", "ip6tables"}) {
    const ReadResult good = read(firewall, "isolated");
    ASSERT_TRUE(good.config) << good.errors[0].to_string();
    EXPECT_TRUE(good.config->lans[0].any_endpoint);
  }
  for (const auto& [firewall, zone] : {std::pair{"auto", "exposed"}, std::pair{"nft", "closed"}}) {
    const ReadResult wrong = read(firewall, zone);
    ASSERT_EQ(wrong.errors.size(), 1U) << firewall << zone;
    EXPECT_EQ(wrong.errors[0].line, 6U);
    EXPECT_NE(wrong.errors[0].to_string().find("the zone must be"), std::string::npos)
        << wrong.errors[0].to_string();
  }
}

}  // namespace
}  // namespace sixgate::conf
