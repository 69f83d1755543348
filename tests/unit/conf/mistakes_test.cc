// SPDX-License-Identifier: Apache-2.0
// What people write by mistake: contradictions that would have no effect or another one than meant, and words that
// are nearly right.
#include <gtest/gtest.h>

#include "net/text.h"
#include "tests/unit/conf/reading.h"

namespace sixgate::conf {
namespace {

struct Mistake {
  std::string lines;
  std::string_view said;
};

// An uplink and a LAN, with more of each; what follows them is from line 7 on, if each has one line.
std::string house_of(const std::string& uplink, const std::string& lan, const std::string& more) {
  return cat("[uplink.wan]\ninterface = \"eth0\"\n", uplink, "\n[lan.home]\ninterface = \"eth1\"\n",
             lan, "\n", more, "\n");
}

std::string warnings_of(const std::string& toml) {
  const ReadResult read = read_toml(toml, "f");
  EXPECT_TRUE(read.config.has_value()) << errors_of(read);
  std::string all;
  for (const Diagnostic& warning : read.warnings) all += warning.to_string() + "\n";
  return all;
}

void expect_said(const std::vector<Mistake>& mistakes, const std::string& before) {
  for (const auto& [lines, said] : mistakes) {
    const std::string errors = errors_of(house_of("", "", before + lines));
    EXPECT_TRUE(has(errors, said)) << lines << "\n" << errors;
  }
}

TEST(Mistakes, WhatIsOfOneBackendIsRefusedWithAnother) {
  for (const auto& [backend, key, is_good] : {std::tuple{"nft", "include_ip6tables", false},
                                              {"ip6tables", "include_nft", false},
                                              {"none", "include_nft", false},
                                              {"none", "include_ip6tables", false},
                                              {"auto", "include_nft", true},
                                              {"auto", "include_ip6tables", true},
                                              {"nft", "include_nft", true},
                                              {"ip6tables", "include_ip6tables", true}}) {
    const std::string errors = errors_of(
        house_of("", "", cat("[firewall]\nbackend = \"", backend, "\"\n", key, " = \"/own\"")));
    EXPECT_EQ(errors.empty(), is_good) << errors;
    if (!is_good) {
      EXPECT_TRUE(has(errors, cat("f:9:", std::string_view(key).size() + 4, ": error: `", key,
                                  "`: goes with backend = \"")))
          << errors;
    }
  }
}

TEST(Mistakes, WithoutAFirewallNobodyOpensAnything) {
  const std::string none = "[firewall]\nbackend = \"none\"\n";
  const std::string knock = "[ipsec_knock]\nspi = 256\nkey_file = \"/k\"\n";
  EXPECT_TRUE(has(errors_of(house_of("", "pcp = true", none)),
                  "f:6:7: error: `pcp`: is done by the firewall, and backend = \"none\""));
  EXPECT_TRUE(has(errors_of(house_of("", "", none + knock)),
                  "f:9:1: error: [ipsec_knock] is done by the firewall"));
  EXPECT_EQ(warnings_of(house_of("", "filtering = \"endpoint-independent\"",
                                 none + "log = \"refused\"\naccept_mark = 1\n[[pinhole]]\nhost = "
                                        "\"::77\"\n[[pinhole]]\nhost = \"::78\"")),
            "f:6:13: warning: `filtering`: has no effect: backend = \"none\"\n"
            "f:9:7: warning: `log`: has no effect: backend = \"none\"\n"
            "f:10:15: warning: `accept_mark`: has no effect: backend = \"none\"\n"
            "f:11:1: warning: [[pinhole]] has no effect: backend = \"none\"\n");
  EXPECT_EQ(warnings_of(house_of("", "", none)), "");
}

TEST(Mistakes, AMarkIsOneMeaning) {
  const std::string knock = "[ipsec_knock]\nspi = 256\nkey_file = \"/k\"\n";
  EXPECT_TRUE(has(errors_of(house_of("", "", "[firewall]\naccept_mark = 6\n" + knock + "mark = 5")),
                  "f:12:8: error: `mark`: has bits of accept_mark"));
  EXPECT_TRUE(has(errors_of(house_of("", "", "[firewall]\naccept_mark = 0xffffffff\n" + knock)),
                  "f:9:1: error: `mark`: has bits"));
  good(house_of("", "", "[firewall]\naccept_mark = 0x10000000\n" + knock));
  good(house_of("", "", "[firewall]\naccept_mark = 4\n" + knock + "mark = 3"));
}

TEST(Mistakes, HostsOfPinholesAreNoNumbers) {
  const std::vector<Mistake> mistakes{
      {"77", "f:8:8: error: `host`: \"77\" would be a name; did you mean \"::77\"?"},
      {"0x77", "did you mean \"::77\"?"},
      {"1a2b", "did you mean \"::1a2b\"?"},
      {"12345", "did you mean \"::1:2345\"?"},
      {"02005e005301", "did you mean \"02:00:5e:00:53:01\"?"},
      {"0123456789", "\"0123456789\" would be a name\n"},
      {"my_nas", "\"my_nas\" is what no host is called"},
      {"-nas", "is what no host is called"}};
  for (const auto& [name, said] : mistakes)
    expect_said({{cat("host = \"", name, "\""), said}}, "[[pinhole]]\n");
  for (const char* name : {"nas", "cafe", "nas2", "192-168", "x77"})
    good(house_of("", "", cat("[[pinhole]]\nhost = \"", name, "\"")));
  // What a person reserves is a name, whatever it looks like.
  good(house_of("", "",
                "[[reservation]]\nmac = \"02:00:5e:00:53:01\"\nname = \"my_nas\"\n"
                "[[pinhole]]\nhost = \"my_nas\""));
}

TEST(Mistakes, AReservationIsForSomebodyWhomNoEarlierOneIsFor) {
  const std::string mac = "[[reservation]]\nmac = \"02:00:5e:00:53:01\"\n";
  EXPECT_TRUE(has(errors_of(house_of("", "", mac + "name = \"a\"\n" + mac + "lan = \"home\"")),
                  "f:10:1: error: is of no use: reservation 1 is for the same client"));
  EXPECT_TRUE(has(errors_of(house_of("", "", mac + mac + "iaid = 7")), "is of no use"));
  good(house_of("", "", mac + "iaid = 7\n" + mac));
  good(house_of("", "", mac + "lan = \"home\"\n" + mac));
  // A portable machine has a name and two cards.
  good(house_of("", "",
                mac + "name = \"a\"\n[[reservation]]\nmac = \"02:00:5e:00:53:02\"\n"
                      "name = \"a\""));
  // The first one is wrong as a whole: it is for nobody.
  EXPECT_FALSE(
      has(errors_of(house_of("", "", "[[reservation]]\nname = \"a\"\n" + mac)), "of no use"));
  for (const char* name : {"nas.home.arpa", "my_nas"})
    EXPECT_TRUE(has(errors_of(house_of("", "", cat("[[reservation]]\nhostname = \"", name, "\""))),
                    "f:8:12: error: `hostname`: \""));
  EXPECT_TRUE(has(warnings_of(house_of("", "", mac + "name = \"nas.home.arpa\"")),
                  "f:9:8: warning: `name`: has a dot"));
}

TEST(Mistakes, TranslationNeedsBothPrefixes) {
  for (const char* without : {"mode = \"none\"", "request_prefix = \"none\""})
    EXPECT_TRUE(has(errors_of(house_of(cat("nptv6 = true\n", without), "", "")),
                    "f:3:9: error: `nptv6`: needs a prefix of the provider"));
  EXPECT_TRUE(has(errors_of(house_of("nptv6 = true", "ip6class = [\"wan\"]", "")),
                  "f:6:12: error: `ip6class`: leaves out \"ula\", which uplink wan translates"));
  good(house_of("nptv6 = true", "ip6class = [\"wan\", \"ula\"]", ""));
  good(house_of("nptv6 = true\nmode = \"static\"\nprefixes = [\"2001:db8:1::/48\"]", "", ""));
  // A LAN of another provider's alone.
  good(house_of("nptv6 = true", "ip6class = [\"b\"]", "[uplink.b]\ninterface = \"eth2\""));
}

TEST(Mistakes, WhatIsOpenNeedsNoDoor) {
  const std::string exposed = "zone = \"exposed\"";
  EXPECT_EQ(warnings_of(house_of("", exposed, "[[pinhole]]\nhost = \"::77\"\nlan = \"home\"")),
            "f:9:7: warning: `lan`: has no effect: LAN home is exposed\n");
  EXPECT_EQ(warnings_of(house_of("", exposed,
                                 "[ipsec_knock]\nspi = 256\nkey_file = \"/k\"\nlans = [\"home\"]")),
            "f:10:8: warning: `lans`: has no effect: LAN home is exposed\n");
  // What routers behind it were delegated is guarded.
  EXPECT_EQ(warnings_of(house_of("", exposed + "\ndownstream = \"filtered\"",
                                 "[[pinhole]]\nhost = \"2001:db8:1:100::77\"\nlan = \"home\"")),
            "");
}

TEST(Mistakes, InterfacesPathsAndGatewaysThatCannotBe) {
  EXPECT_TRUE(has(errors_of("[lan.home]\ninterface = \"lo\"\n"),
                  "f:2:13: error: `interface`: \"lo\" is this machine itself"));
  EXPECT_TRUE(has(errors_of(house_of("", "domain = \"home.arpa\"\nhosts_file = \"hosts\"", "")),
                  "f:7:14: error: `hosts_file`: needs an absolute path"));
  EXPECT_TRUE(
      has(errors_of(house_of("mode = \"static\"\nprefixes = [\"2001:db8:1::/48\"]\naddress = "
                             "\"2001:db8::2/64\"\ngateway = \"2001:db8::2\"",
                             "", "")),
          "f:6:11: error: `gateway`: is the router's own `address`"));
}

TEST(Mistakes, AKeyOfAnotherSectionIsSentThere) {
  const std::vector<Mistake> mistakes{
      {"[firewall]\nzone = \"closed\"", "\"zone\"; it belongs into [lan.NAME]\n"},
      {"[firewall]\nuser = \"x\"", "\"user\"; it belongs above the first [table]\n"},
      {"[firewall]\nhook = \"/x\"", "above the first [table] or into [uplink.NAME]\n"},
      {"[firewall]\nmark = 1", "into [ipsec_knock]; did you mean \"accept_mark\"?\n"},
      {"[firewall]\nlan = 1", "\"lan\"; write it as a [table] of its own"},
      {"[ula]\nbackend = \"nft\"", "it belongs into [firewall]"},
      {"[[pinhole]]\nhost = \"::77\"\nmac = 1", "\"mac\"; it belongs into [[reservation]]\n"},
      {"[firewall]\nfoo = 1", "unknown key \"foo\"\n"}};
  expect_said(mistakes, "");
}

TEST(Mistakes, TheHostIsComplainedOfOnce) {
  EXPECT_EQ(errors_of("[lan.home]\ninterface = \"eth1\"\n[[pinhole]]\nhost = \"::1\"\n"),
            "f:4:8: error: `host`: ::1 is no host that the Internet could reach\n");
}

TEST(Mistakes, ProtocolsAndPorts) {
  const std::string pinhole = "[[pinhole]]\nhost = \"::77\"\n";
  EXPECT_EQ(good(house_of("", "", pinhole + "protocol = 17")).pinholes[0].protocols,
            std::vector<std::uint8_t>{17});
  expect_said({{"protocol = \"TCP\"", "\"tcp+udp\" or \"41\"; did you mean \"tcp\"?"},
               {"protocol = 58", "58 is no protocol that a pinhole can be for"},
               {"protocol = 300", "300 is no protocol"},
               {"proto = \"tcp\"", "did you mean \"protocol\"?"},
               {"ports = \"22,80\"", "several are a list: [22, \"8000-8010\"]"},
               {"ports = [8000-8010]", "a range needs quotes: \"8000-8010\""},
               {"ports = [22, 22-80]", "a range needs quotes: \"8000-8010\""},
               {"ports = [\n22,\n8000-8010,\n]", "a range needs quotes: \"8000-8010\""}},
              pinhole);
}

TEST(Mistakes, NumbersAndLettersThatNobodySees) {
  expect_said({{"accept_mark = 0X10", "hexadecimal numbers begin with \"0x\""},
               {"accept_mark = 99999999999999999999", "the number is too large"},
               {"accept_mark = 0x1ffffffffffffffff", "the number is too large"},
               {"backend = \"nft\xe2\x80\x8b\"", "(U+200B is in it)"},
               {"backend\xc2\xa0= \"nft\"",
                "f:8:8: error: letters other than those of ASCII stand in "
                "quotes or comments only; this is U+00A0\n"},
               {"log = \"\xf0\x9f\x98\x80\"", "(U+01F600 is in it)"},
               {"log = \"\\\\xe2\"", "it can be \"none\" or \"refused\"\n"}},
              "[firewall]\n");
  EXPECT_TRUE(has(errors_of("[lan.home]\ninterface = \"eth1+\"\n"),
                  "1 to 15 characters, without space and / : \" \\ * + !"));
}

}  // namespace
}  // namespace sixgate::conf
