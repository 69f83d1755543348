// SPDX-License-Identifier: Apache-2.0
// The files in tests/data/identity were left by the real clients (Debian 12) after a lease from Kea.
#include "daemon/foreign_identity.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "net/text.h"
#include "tests/support/source_dir.h"

namespace sixgate::daemon {
namespace {

constexpr std::int64_t kWall = 1795646100;
constexpr Instant kReadAt = Instant::from_micros(1'000'000'000);

std::string file(std::string_view name) {
  std::ifstream in(test::source_path(cat("tests/data/identity/", name)), std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::uint8_t> octets(std::string_view name) {
  const std::string text = file(name);
  return {text.begin(), text.end()};
}

std::string duid(const ForeignIdentity& identity) {
  return identity.duid ? identity.duid->to_string() : "none";
}

MacAddress mac() { return *MacAddress::parse("02:a1:b2:c3:00:04"); }

TEST(ForeignIdentity, OfDhclientIsInItsLeases) {
  const ForeignIdentities found = read_dhclient_leases(file("dhclient6.leases"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].interface, "wan0");
  EXPECT_EQ(duid(found[0]), "00010001329a1ecb02a1b2c30004");
  EXPECT_EQ(found[0].server->to_string(), "00010001329a1ecb02a1b2c30002");
  EXPECT_EQ(found[0].address_iaid, 0xb2c30004U);
  EXPECT_EQ(found[0].delegation_iaid, 0xb2c30004U);
  ASSERT_EQ(found[0].leases.size(), 2U);
  EXPECT_EQ(found[0].leases[0].prefix.to_string(), "2001:db8:0:1::1:0/128");
  EXPECT_EQ(found[0].leases[1],
            (ForeignLease{true, 0xb2c30004U, *Prefix::parse("2001:db8:1000::/56"), Lifetime(3000),
                          Lifetime(6000), 1795646029}));
}

TEST(ForeignIdentity, OfDhclientIsTheLastDeclarationOfEachInterface) {
  const ForeignIdentities found = read_dhclient_leases(
      "default-duid \"\\000\\003\\000\\001\\002\\000\\000\\000\\000\\001\";\n"
      "lease6 { interface \"a\"; ia-pd 00:00:00:01 { iaprefix 2001:db8::/56 { max-life 9; } } }\n"
      "lease6 { interface \"b\"; ia-pd \"\\000\\000\\000\\005\" { iaprefix 2001:db8:1::/56 { "
      "max-life 9; } } "
      "released; }\n"
      "lease6 { interface \"a\"; ia-pd 00:00:00:02 { iaprefix 2001:db8:2::/48 { max-life 9; } } "
      "# a comment\n option dhcp6.client-id 0:3:0:1:2:0:0:0:0:9; }");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(duid(found[0]), "00030001020000000009");
  EXPECT_EQ(found[0].delegation_iaid, 2U);
  ASSERT_EQ(found[0].leases.size(), 1U);
  EXPECT_EQ(found[0].leases[0].prefix.to_string(), "2001:db8:2::/48");
  // What is released is nobody's, but its IAID was ours.
  EXPECT_EQ(duid(found[1]), "00030001020000000001");
  EXPECT_EQ(found[1].delegation_iaid, 5U);
  EXPECT_TRUE(found[1].leases.empty());
}

TEST(ForeignIdentity, OfDhclientWithoutALeaseIsItsDuid) {
  const ForeignIdentities found = read_dhclient_leases("default-duid \"\\000\\003abcdefgh\";");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(duid(found[0]), "00036162636465666768");
  EXPECT_TRUE(read_dhclient_leases("").empty());
  EXPECT_TRUE(read_dhclient_leases("lease { interface \"eth0\"; }").empty());
}

TEST(ForeignIdentity, OfDhcpcdIsInTheServersReply) {
  const auto found = read_dhcpcd_lease(octets("wan0.lease6"));
  ASSERT_TRUE(found);
  EXPECT_EQ(duid(*found), "00010001329a1ec402a1b2c30004");
  EXPECT_EQ(found->address_iaid, 1U);
  EXPECT_EQ(found->delegation_iaid, 2U);
  ASSERT_EQ(found->leases.size(), 2U);
  EXPECT_EQ(found->leases[1].prefix.to_string(), "2001:db8:1000::/56");
  EXPECT_EQ(found->leases[1].valid, Lifetime(6000));
  EXPECT_EQ(read_dhcpcd_duid(file("dhcpcd-duid")), found->duid);
  // A DHCPv4 lease of dhcpcd is no DHCPv6 message.
  EXPECT_FALSE(read_dhcpcd_lease(std::vector<std::uint8_t>{2, 1, 6, 0}));
}

TEST(ForeignIdentity, OfDhcpcdWithoutALeaseIsInItsConfiguration) {
  const ForeignIdentity said = read_dhcpcd_configuration(file("dhcpcd.conf"), "wan0", mac());
  EXPECT_EQ(said.address_iaid, 1U);
  EXPECT_EQ(said.delegation_iaid, 2U);
  const ForeignIdentity silent =
      read_dhcpcd_configuration("interface lan0\nia_pd 9\ninterface wan0\nia_pd\n", "wan0", mac());
  EXPECT_EQ(silent.delegation_iaid, 0xb2c30004U);
  EXPECT_FALSE(silent.address_iaid);
  EXPECT_EQ(read_dhcpcd_configuration("ia_pd wan\n", "wan0", mac()).delegation_iaid, 0x77616e00U);
}

TEST(ForeignIdentity, OfWideIsADuidFileAndNumbersInTheConfiguration) {
  const auto read = read_wide_duid(octets("dhcp6c_duid"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_string(), "00010001329a1ed902a1b2c30004");
  // The length is in the byte order of the machine that wrote it.
  EXPECT_EQ(read_wide_duid(std::vector<std::uint8_t>{0, 3, 1, 2, 3})->to_string(), "010203");
  EXPECT_FALSE(read_wide_duid(std::vector<std::uint8_t>{4, 0, 1, 2, 3}));
  EXPECT_FALSE(read_wide_duid({}));

  const ForeignIdentities found = read_wide_configuration(file("dhcp6c.conf"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].interface, "wan0");
  EXPECT_EQ(found[0].address_iaid, 7U);
  EXPECT_EQ(found[0].delegation_iaid, 3U);
  const ForeignIdentities both =
      read_wide_configuration("/* c */ interface eth0 {\n send ia-pd 0, ia-na 1; # both\n};\n");
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both[0].delegation_iaid, 0U);
  EXPECT_EQ(both[0].address_iaid, 1U);
}

TEST(ForeignIdentity, OfNetworkdIsInItsRecordOfTheLink) {
  const auto found = read_networkd_link(file("networkd-link"));
  ASSERT_TRUE(found);
  EXPECT_EQ(duid(*found), "00020000ab110033bdebf95e192c");
  EXPECT_EQ(found->address_iaid, 0x7b90afd1U);
  EXPECT_EQ(found->delegation_iaid, 0x7b90afd1U);
  EXPECT_FALSE(read_networkd_link("ADMIN_STATE=configured\nDHCP6_CLIENT_IAID=0x1\n"));
  EXPECT_FALSE(read_networkd_link("DHCP6_CLIENT_IAID=7\nDHCP6_CLIENT_DUID=UUID:00\n"));
}

// The record above was made on a machine with this id, for an interface with this MAC address.
TEST(ForeignIdentity, OfNetworkdCanBeComputed) {
  const auto id = read_machine_id("3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  ASSERT_TRUE(id);
  const ForeignIdentity made = compute_networkd_identity(*id, "", mac());
  const auto found = read_networkd_link(file("networkd-link"));
  EXPECT_EQ(made.duid, found->duid);
  EXPECT_EQ(made.delegation_iaid, found->delegation_iaid);
  // systemd's own tests know the DUID of this id.
  EXPECT_EQ(
      duid(compute_networkd_identity(*read_machine_id("0102030405060708090a0b0c0d0e0f10"), "", {})),
      "00020000ab11617740de1342c3a2");
  EXPECT_FALSE(read_machine_id("uninitialized\n"));
  EXPECT_EQ(
      read_udev_persistent_name("I:1\nE:ID_NET_NAME_PATH=enp1s0\nE:ID_NET_NAME_ONBOARD=eno1\n"),
      "eno1");
  EXPECT_NE(compute_networkd_identity(*id, "eno1", mac()).delegation_iaid, made.delegation_iaid);
}

TEST(ForeignIdentity, OfOdhcp6cIsHowOpenWrtStartsIt) {
  const ForeignIdentities found = read_openwrt_network(
      "config globals 'globals'\n\toption dhcp_default_duid "
      "'0004e494a05858a94c929460ea3e3f47fab9'\n\n"
      "config interface 'wan'\n\toption device 'eth1'\n\toption proto 'dhcp'\n\n"
      "config interface 'wan6'\n\toption device '@wan'\n\toption proto 'dhcpv6'\n\n"
      "config interface 'other'\n\toption ifname 'eth2'\n\toption proto dhcpv6\n"
      "\toption clientid '00030001aabbccddeeff'\n\toption reqprefix 'no'\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].interface, "eth1");
  EXPECT_EQ(duid(found[0]), "0004e494a05858a94c929460ea3e3f47fab9");
  EXPECT_EQ(found[0].delegation_iaid, 1U);
  EXPECT_EQ(found[1].interface, "eth2");
  EXPECT_EQ(duid(found[1]), "00030001aabbccddeeff");
  EXPECT_FALSE(found[1].delegation_iaid);
  // echo -n eth1 | md5sum
  EXPECT_EQ(found[0].address_iaid, 0x6f1799c8U);
  // Aliases that go round and round end.
  EXPECT_EQ(read_openwrt_network("config interface a\noption proto dhcpv6\noption device @a\n")[0]
                .interface,
            "");
}

TEST(ForeignIdentity, TimeThatPassedIsNotGivenAgain) {
  EXPECT_EQ(left_of(Lifetime(6000), kWall - 1000, kWall), Lifetime(5000));
  EXPECT_EQ(left_of(Lifetime(6000), kWall - 6000, kWall), Lifetime(0));
  // A wall clock that was set back: from now on, and no longer.
  EXPECT_EQ(left_of(Lifetime(6000), kWall + 1000000, kWall), Lifetime(6000));
  EXPECT_EQ(left_of(Lifetime::infinite(), 0, kWall), Lifetime::infinite());
}

TEST(ForeignIdentity, IsAdoptedWithWhatIsLeftOfItsLeases) {
  StoredState state;
  state.duid = dhcp6::Duid::ll(mac());
  state.iaids["wan"] = 99;
  state.leases["wan"].prefixes.push_back(
      {99, *Prefix::parse("2001:db8:9::/48"), kReadAt, kReadAt, {}});
  state.leases["other"] = state.leases["wan"];
  state.unique_local = *Prefix::parse("fd00::/48");
  adopt(state, "wan", read_dhclient_leases(file("dhclient6.leases"))[0], kReadAt, kWall);
  EXPECT_EQ(state.duid->to_string(), "00010001329a1ecb02a1b2c30004");
  EXPECT_EQ(state.iaids["wan"], 0xb2c30004U);
  EXPECT_EQ(state.leases.count("other"), 0U);  // leased to who we are no longer
  const dhcp6::Lease& lease = state.leases["wan"];
  ASSERT_EQ(lease.prefixes.size(), 1U);
  EXPECT_EQ(lease.prefixes[0].iaid, 0xb2c30004U);
  EXPECT_EQ(lease.prefixes[0].valid_until, kReadAt + seconds(6000 - 71));
  ASSERT_EQ(lease.addresses.size(), 1U);
  EXPECT_FALSE(lease.verified);
  EXPECT_EQ(state.unique_local, *Prefix::parse("fd00::/48"));
  // It is what sixgated reads again.
  const auto again = parse_stored_state(serialise(state, kReadAt, "boot"), kReadAt, "boot");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, state);
}

TEST(ForeignIdentity, TheIaidOfThePrefixesCounts) {
  StoredState state;
  adopt(state, "wan", *read_dhcpcd_lease(octets("wan0.lease6")), kReadAt, kWall);
  EXPECT_EQ(state.iaids["wan"], 2U);
  ASSERT_EQ(state.leases["wan"].prefixes.size(), 1U);
  EXPECT_TRUE(state.leases["wan"].addresses.empty());  // it is bound to IAID 1
}

TEST(ForeignIdentity, AnExpiredLeaseIsNotAdopted) {
  StoredState state;
  adopt(state, "wan", read_dhclient_leases(file("dhclient6.leases"))[0], kReadAt, kWall + 6000);
  EXPECT_TRUE(state.leases.empty());
  EXPECT_TRUE(state.duid);
}

}  // namespace
}  // namespace sixgate::daemon
