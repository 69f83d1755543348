// SPDX-License-Identifier: Apache-2.0
// What a person does with leases, and what he sees of them.
#include "cli/lease_command.h"

#include <gtest/gtest.h>

#include "conf/config.h"
#include "tests/unit/cli/parsed.h"

namespace sixgate::cli {
namespace {

const char* const kLeases =
    "{\"schema\":1,\"leases\":["
    "{\"lan\":\"home\",\"type\":\"address\",\"duid\":\"0003000102\",\"iaid\":1,\"name\":\"nas\","
    "\"leases\":[\"2001:db8:1::1077\",\"fd00::1077\"],\"suffix\":\"::1077\",\"valid\":5400},"
    "{\"lan\":\"home\",\"type\":\"prefix\",\"duid\":\"0003000102\",\"iaid\":9,\"name\":\"nas\","
    "\"leases\":[\"2001:db8:1:88::/64\"],\"subnet\":\"88\",\"valid\":5400},"
    "{\"lan\":\"home\",\"type\":\"address\",\"duid\":\"0003000103\",\"iaid\":1,\"name\":\"\","
    "\"leases\":[\"2001:db8:1::2001\"],\"suffix\":\"::2001\",\"valid\":5400},"
    "{\"lan\":\"home\",\"type\":\"address\",\"duid\":\"0003000103\",\"iaid\":2,\"name\":\"\","
    "\"leases\":[\"2001:db8:1::2002\"],\"suffix\":\"::2002\",\"valid\":5400},"
    "{\"lan\":\"home\",\"type\":\"registered\",\"duid\":\"0003000104\",\"name\":\"phone\","
    "\"leases\":[\"2001:db8:1::5\"],\"valid\":5400}]}";

TEST(LeaseCommand, WhatIsHeldBecomesAReservation) {
  const Json leases = json(kLeases);
  const std::string nas =
      "\n[[reservation]]\nlan = \"home\"\nduid = \"0003000102\"\nsuffix = \"::1077\"\n"
      "subnet = \"88\"\nname = \"nas\"\n";
  for (const char* whom : {"nas", "NAS", "0003000102"})
    EXPECT_EQ(reservations_text(leases, whom), nas) << whom;
  EXPECT_EQ(reservations_text(leases, "FD00:0::1077"),
            "\n[[reservation]]\nlan = \"home\"\nduid = \"0003000102\"\nsuffix = \"::1077\"\n"
            "name = \"nas\"\n");
  EXPECT_EQ(reservations_text(leases, "2001:db8:1:88::/64"),
            "\n[[reservation]]\nlan = \"home\"\nduid = \"0003000102\"\nsubnet = \"88\"\n"
            "name = \"nas\"\n");
  EXPECT_EQ(reservations_text(leases, "nobody"), "");
  EXPECT_EQ(reservations_text(leases, ""), "");
  EXPECT_EQ(reservations_text(leases, "phone"), "") << "it has no lease";
}

TEST(LeaseCommand, SeveralIasAreToldApart) {
  const std::string both = reservations_text(json(kLeases), "0003000103");
  EXPECT_EQ(
      both,
      "\n[[reservation]]\nlan = \"home\"\nduid = \"0003000103\"\niaid = 1\nsuffix = \"::2001\"\n"
      "\n[[reservation]]\nlan = \"home\"\nduid = \"0003000103\"\niaid = 2\nsuffix = \"::2002\"\n");
  const auto read = conf::read_toml(
      "[uplink.wan]\ninterface = \"eth0\"\n[lan.home]\ninterface = \"eth1\"\n" + both, "f");
  ASSERT_TRUE(read.config) << "it is what the file wants";
  ASSERT_EQ(read.config->reservations.size(), 2U);
  EXPECT_EQ(read.config->reservations[1].kept.interface_id, std::optional<std::uint64_t>(0x2002));
}

TEST(LeaseCommand, EventsForAPerson) {
  EXPECT_EQ(event_text(json("{\"epoch\":7,\"seq\":1,\"event\":\"begin\"}")), "");
  EXPECT_EQ(event_text(json("{\"epoch\":7,\"seq\":9,\"event\":\"missed\",\"count\":8}")),
            "7.9  missed 8 before this: see sixgate leases\n");
  EXPECT_EQ(event_text(json("{\"epoch\":7,\"seq\":9,\"event\":\"missed\",\"count\":null}")),
            "7.9  missed some before this: see sixgate leases\n");
  EXPECT_EQ(event_text(
                json("{\"epoch\":7,\"seq\":10,\"event\":\"added\",\"lan\":\"home\",\"duid\":\"aa\","
                     "\"name\":\"nas\",\"leases\":[\"2001:db8::1\"],\"valid\":5400}")),
            "7.10  home  added 2001:db8::1, nas, valid 1h 30m\n");
}

}  // namespace
}  // namespace sixgate::cli
