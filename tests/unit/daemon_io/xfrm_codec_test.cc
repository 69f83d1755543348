// SPDX-License-Identifier: Apache-2.0
// The messages of the IPsec knock beside those that iproute2 6.1 sends for the same (told by strace).
#include "daemon/io/xfrm_codec.h"

#include <gtest/gtest.h>
#include <linux/xfrm.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "daemon/io/netlink_message.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

KernelKnock some_knock() {
  KernelKnock knock;
  knock.address = *Ip6Address::parse("2001:db8::1");
  knock.spi = 0x1234;
  knock.inner = *Prefix::parse("2001:db8:1::/48");
  knock.algorithm = "hmac(sha256)";
  knock.icv_bits = 128;
  std::vector<std::uint8_t> key(32);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  knock.key = Secret(key);
  knock.mark = 0x6a7e0000;
  return knock;
}

std::vector<std::uint8_t> octets(std::string_view hex) { return parse_hex(hex).value(); }

std::vector<std::uint8_t> payload(const NetlinkMessage& message) {
  const nlmsghdr* header = nlmsg_hdr(message.get());
  const auto* data = static_cast<const std::uint8_t*>(nlmsg_data(header));
  return {data, data + nlmsg_datalen(header)};
}

std::string zeros(std::size_t count) { return std::string(2 * count, '0'); }

// A number that netlink has in the machine's own order.
template <class T>
std::string native(T number) {
  std::array<std::uint8_t, sizeof number> bytes;
  std::memcpy(bytes.data(), &number, sizeof number);
  return to_hex(bytes);
}
const std::string kFamily = native(std::uint16_t{10});
const std::string kRequest = native(std::uint32_t{16600});

const std::string kSelector =
    "20010db8000100000000000000000000" + zeros(16) + zeros(8) + kFamily + "3000" + zeros(12);

// `ip xfrm state add src :: dst 2001:db8::1 proto ah spi 0x1234 reqid 16600 mode tunnel replay-window 32
// auth-trunc 'hmac(sha256)' 0x0001..1f 128 output-mark 0x6a7e0000 sel src ::/0 dst 2001:db8:1::/48`
TEST(XfrmCodec, PutsAStateAsIproute2Does) {
  const std::string fixed = kSelector + "20010db8000000000000000000000001" + "00001234" +
                            "33000000" + zeros(16) + std::string(64, 'f') + zeros(32) + zeros(32) +
                            zeros(12) + zeros(4) + kRequest + kFamily + "0120" + "00" + zeros(7);
  std::string algorithm = "686d61632873686132353629" + zeros(52) + native(256U) + native(128U);
  for (unsigned i = 0; i < 32; ++i) {
    algorithm += "0123456789abcdef"[i / 16];
    algorithm += "0123456789abcdef"[i % 16];
  }
  const NetlinkMessage message = put_knock(some_knock());
  EXPECT_EQ(nlmsg_hdr(message.get())->nlmsg_type, XFRM_MSG_NEWSA);
  std::vector<std::uint8_t> ours = payload(message);
  ASSERT_GT(ours.size(), sizeof(xfrm_usersa_info));
  ours.resize(sizeof(xfrm_usersa_info));
  EXPECT_EQ(ours, octets(fixed));
  const NetlinkAttributes<XFRMA_MAX> attributes(nlmsg_hdr(message.get()), sizeof(xfrm_usersa_info));
  const nlattr* auth = attributes.get(XFRMA_ALG_AUTH_TRUNC);
  ASSERT_NE(auth, nullptr);
  const auto* data = static_cast<const std::uint8_t*>(nla_data(auth));
  EXPECT_EQ(std::vector<std::uint8_t>(data, data + nla_len(auth)), octets(algorithm));
  EXPECT_EQ(attributes.value<std::uint32_t>(XFRMA_SET_MARK), 0x6a7e0000U);
  EXPECT_EQ(attributes.value<std::uint32_t>(XFRMA_SET_MARK_MASK), 0xffffffffU);
}

// `ip xfrm policy add src ::/0 dst 2001:db8:1::/48 dir fwd tmpl src :: dst :: proto ah reqid 16600 mode tunnel
// level use`
TEST(XfrmCodec, PutsAPolicyAsIproute2Does) {
  const std::string all = kSelector + std::string(64, 'f') + zeros(32) + zeros(32) + zeros(8) +
                          "02000000" + zeros(4) + native(std::uint16_t{68}) +
                          native(std::uint16_t{5}) + zeros(16) + zeros(4) + "33000000" + kFamily +
                          zeros(2) + zeros(16) + kRequest + "01000100" + std::string(24, 'f');
  const NetlinkMessage message = put_knock_policy({*Prefix::parse("2001:db8:1::/48")});
  EXPECT_EQ(nlmsg_hdr(message.get())->nlmsg_type, XFRM_MSG_NEWPOLICY);
  EXPECT_EQ(payload(message), octets(all));
}

TEST(XfrmCodec, ReadsWhatItPuts) {
  KernelKnock knock = some_knock();
  knock.replay = {77, 0x5};
  const NetlinkMessage message = put_knock(knock);
  EXPECT_EQ(parse_knock(nlmsg_hdr(message.get())), knock);
  const KernelKnockPolicy policy{*Prefix::parse("2001:db8:1::/56")};
  const NetlinkMessage other = put_knock_policy(policy);
  EXPECT_EQ(parse_knock_policy(nlmsg_hdr(other.get())), policy);
  EXPECT_FALSE(parse_knock(nlmsg_hdr(other.get())));
  EXPECT_FALSE(parse_knock_policy(nlmsg_hdr(message.get())));
}

// strongSwan's, say.
TEST(XfrmCodec, WhatIsNotOursIsNotSeen) {
  const NetlinkMessage state = put_knock(some_knock());
  auto* theirs = static_cast<xfrm_usersa_info*>(nlmsg_data(nlmsg_hdr(state.get())));
  theirs->reqid = 1;
  EXPECT_FALSE(parse_knock(nlmsg_hdr(state.get())));
  theirs->reqid = kKnockRequest;
  theirs->id.proto = IPPROTO_ESP;
  EXPECT_FALSE(parse_knock(nlmsg_hdr(state.get())));
}

TEST(XfrmCodec, AMessageCutShortIsNoHarm) {
  const NetlinkMessage message = put_knock(some_knock());
  nlmsghdr* header = nlmsg_hdr(message.get());
  const std::uint32_t whole = header->nlmsg_len;
  for (std::uint32_t length = 0; length < whole; ++length) {
    std::vector<std::uint32_t> copy((whole + 3) / 4);
    header->nlmsg_len = length;
    std::memcpy(copy.data(), header, std::max<std::size_t>(length, sizeof *header));
    const auto knock = parse_knock(static_cast<const nlmsghdr*>(static_cast<void*>(copy.data())));
    if (knock) {
      EXPECT_EQ(knock->address, some_knock().address);
    }
  }
  header->nlmsg_len = whole;
}

}  // namespace
}  // namespace sixgate::daemon
