// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/pppoe.h"

#include <gtest/gtest.h>

namespace sixgate::daemon {
namespace {

using Devices = std::vector<std::string>;

// As Linux writes it (pppoe_seq_show).
TEST(Pppoe, EachDeviceIsListedOnce) {
  EXPECT_EQ(parse_pppoe_devices("Id       Address              Device\n"
                                "00000001 02:a1:b2:c3:00:03     eth1\n"
                                "00000002 02:a1:b2:c3:00:03     eth1\n"
                                "00000001 02:a1:b2:c3:00:09 fibre.7\n"),
            (Devices{"eth1", "fibre.7"}));
}

TEST(Pppoe, WithoutSessionsThereIsNone) {
  EXPECT_EQ(parse_pppoe_devices("Id       Address              Device\n"), Devices());
  EXPECT_EQ(parse_pppoe_devices(""), Devices());
}

}  // namespace
}  // namespace sixgate::daemon
