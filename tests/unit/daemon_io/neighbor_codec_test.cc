// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of its neighbour table, and what of it is a host that was heard.
#include <gtest/gtest.h>
#include <linux/neighbour.h>
#include <netlink/msg.h>

#include "daemon/io/netlink_codec.h"
#include "daemon/io/netlink_message.h"

namespace sixgate::daemon {
namespace {

constexpr Instant kNow = Instant::from_micros(1'000'000'000);
constexpr MacAddress::Bytes kMac{2, 0, 0x5e, 0, 0x53, 0x10};

struct Entry {
  int type = RTM_NEWNEIGH;
  std::uint8_t family = AF_INET6;
  std::uint16_t state = NUD_REACHABLE;
  std::uint8_t flags = 0;
  const char* address = "2001:db8::10";
  bool has_mac = true;
  std::optional<std::uint32_t> confirmed;  // in hundredths of a second

  std::optional<NeighborMessage> parsed() const {
    ndmsg fixed{};
    fixed.ndm_family = family;
    fixed.ndm_ifindex = 7;
    fixed.ndm_state = state;
    fixed.ndm_flags = flags;
    NetlinkBuilder builder(type, 0, fixed);
    if (address != nullptr) builder.put(NDA_DST, Ip6Address::parse(address)->bytes());
    if (has_mac) builder.put(NDA_LLADDR, kMac);
    if (confirmed) {
      nda_cacheinfo times{};
      times.ndm_confirmed = *confirmed;
      builder.put(NDA_CACHEINFO, times);
    }
    const NetlinkMessage message = builder.take();
    return parse_neighbor(nlmsg_hdr(message.get()), kNow);
  }
};

TEST(NeighborCodec, AHostThatAnswers) {
  Entry entry;
  entry.flags = NTF_ROUTER;
  const auto read = entry.parsed();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->index, 7U);
  EXPECT_EQ(read->neighbor.address, *Ip6Address::parse("2001:db8::10"));
  EXPECT_EQ(read->neighbor.mac, MacAddress(kMac));
  EXPECT_TRUE(read->neighbor.reachable);
  EXPECT_TRUE(read->neighbor.router);
  EXPECT_EQ(read->neighbor.seen, kNow);
}

TEST(NeighborCodec, OneThatHasBeenSilentSaysForHowLong) {
  Entry entry;
  entry.state = NUD_STALE;
  entry.confirmed = 1234;
  const auto read = entry.parsed();
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->neighbor.reachable);
  EXPECT_EQ(read->neighbor.seen, kNow - milliseconds(12340));
}

// Anybody may scan a /64; a router has a link-local address.
TEST(NeighborCodec, ALinkLocalAddressThatWasAskedInVain) {
  Entry entry;
  entry.state = NUD_FAILED;
  entry.has_mac = false;
  entry.address = "fe80::1";
  const auto read = entry.parsed();
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->neighbor.failed);
  EXPECT_FALSE(read->neighbor.reachable);
  EXPECT_EQ(read->neighbor.address, *Ip6Address::parse("fe80::1"));
}

TEST(NeighborCodec, WhatIsNoHostOrWasNeverHeard) {
  const auto expect_none = [](auto change, const char* why) {
    Entry entry;
    change(entry);
    EXPECT_FALSE(entry.parsed().has_value()) << why;
  };
  expect_none([](Entry& e) { e.type = RTM_DELNEIGH; }, "gone");
  expect_none([](Entry& e) { e.family = AF_INET; }, "IPv4");
  expect_none([](Entry& e) { e.state = NUD_INCOMPLETE; }, "asked for");
  expect_none([](Entry& e) { e.state = NUD_FAILED; }, "asked for in vain");
  expect_none([](Entry& e) { e.state = NUD_NOARP; }, "no Neighbor Discovery");
  expect_none([](Entry& e) { e.flags = NTF_PROXY; }, "ours to answer for");
  expect_none([](Entry& e) { e.address = nullptr; }, "of no address");
  expect_none([](Entry& e) { e.address = "ff02::1"; }, "a group");
  expect_none([](Entry& e) { e.has_mac = false; }, "without a link-layer address");
}

}  // namespace
}  // namespace sixgate::daemon
