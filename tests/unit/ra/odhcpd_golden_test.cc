// SPDX-License-Identifier: Apache-2.0
// What odhcpd says of the same configuration, option by option. tests/data/ra/odhcpd_*.hex are answers of odhcpd
// 68f382690bfa on a LAN with 2001:db8:1:1::1/64, valid 3600 s, preferred 1800 s. Where we say something else than it,
// the test says what and why.
#include <gtest/gtest.h>

#include <algorithm>

#include "net/text.h"
#include "tests/unit/ra/support.h"

namespace sixgate::ra {
namespace {

using namespace test;

struct Golden {
  explicit Golden(std::string_view file)
      : theirs(accept_router_advertisement(captured(file).packet()).value()) {}

  // The LAN of all cases. odhcpd says 1800 s for its own time as a router, we the 2700 s of RFC 9096 L-16; said here
  // so that the field is compared.
  static Advertisement lan() {
    Advertisement said;
    said.settings.router_lifetime = Lifetime(1800);
    said.settings.interval_option = true;  // odhcpd always does
    said.default_router = true;
    said.link_layer = MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x06});
    said.prefixes = {advertised("2001:db8:1:1::/64", after(seconds(1800)), after(seconds(3600)))};
    said.dns_servers = {ip("2001:db8:1:1::1")};
    said.dns_valid_until = after(seconds(3600));
    return said;
  }

  RouterAdvertisement ours(const Advertisement& said) const {
    Lan lan;
    lan.configure(said);
    lan.run_for(seconds(1));
    EXPECT_EQ(lan.sent.size(), 1U);
    return lan.sent.at(0).message;
  }

  // The same header and the same options, in whatever order: hosts look at none (RFC 4861 section 6.3.4).
  void expect_same(const Advertisement& said) const {
    RouterAdvertisement mine = ours(said);
    Options missing = theirs.options;
    Options added;
    for (const Option& option : mine.options) {
      const auto same = std::find(missing.begin(), missing.end(), option);
      if (same == missing.end())
        added.push_back(option);
      else
        missing.erase(same);
    }
    const auto list = [](const Options& options) {
      RouterAdvertisement shown;
      shown.options = options;
      return to_bytes(shown);
    };
    EXPECT_TRUE(missing.empty()) << "odhcpd alone: " << to_hex(list(missing));
    EXPECT_TRUE(added.empty()) << "sixgate alone: " << to_hex(list(added));
    RouterAdvertisement header = theirs;
    mine.options.clear();
    header.options.clear();
    EXPECT_EQ(mine, header);
  }

  RouterAdvertisement theirs;
};

TEST(OdhcpdGolden, APlainLan) { Golden("odhcpd_a").expect_same(Golden::lan()); }

TEST(OdhcpdGolden, FlagsMtuPreferenceAndResolversOfTheConfiguration) {
  Advertisement said = Golden::lan();
  said.managed = said.other = true;
  said.settings.mtu = 1480;
  said.settings.preference = RouterPreference::kHigh;
  said.dns_servers = {ip("2001:db8:53::1"), ip("2001:db8:53::2")};
  said.search_domains = {name("home.example")};
  Golden("odhcpd_b").expect_same(said);
}

// RFC 9096 section 3.3: both say no more than 2700 and 5400 s of a ULA that has no end.
TEST(OdhcpdGolden, AUlaARouteTimersAndNat64) {
  Advertisement said = Golden::lan();
  said.settings.reachable = milliseconds(30000);
  said.settings.retrans = milliseconds(1000);
  said.prefixes.push_back(advertised("fd00:1:2:1::/64", Instant::never(), Instant::never()));
  said.routes = {{prefix("2001:db8:1::/56"), RouterPreference::kMedium, after(seconds(3600)), {}}};
  said.dns_servers = {ip("fd00:1:2:1::1")};
  // odhcpd says PREF64 as long as its own time as a router; ours has the limit of RFC 8781 section 4.1, and ends with
  // what it depends on.
  said.translations = {{prefix("64:ff9b::/96"), after(seconds(1800))}};
  Golden("odhcpd_c").expect_same(said);
}

TEST(OdhcpdGolden, NoDefaultRouter) {
  Advertisement said = Golden::lan();
  said.default_router = false;
  Golden("odhcpd_d").expect_same(said);
}

TEST(OdhcpdGolden, PortalAndEncryptedDns) {
  const Golden golden("odhcpd_e");
  Advertisement said = Golden::lan();
  said.captive_portal = "https://portal.example/api";
  EncryptedDns resolver;
  resolver.priority = 100;
  resolver.name = name("dns.home.example");
  resolver.addresses = {ip("2001:db8:1:1::1")};
  // RFC 9460 section 2.2: SvcParamKey 1 is alpn, 3 is port.
  resolver.service_parameters = bytes(
      "0001000702683203646f74"
      "000300022295");
  said.encrypted_dns = {{resolver, after(seconds(3600))}};
  golden.expect_same(said);
}

}  // namespace
}  // namespace sixgate::ra
