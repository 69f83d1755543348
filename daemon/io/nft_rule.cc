// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_rule.h"

#include <arpa/inet.h>  // before the kernel's own
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/io/netfilter_message.h"
#include "net/byte_reader.h"

namespace sixgate::daemon {

using firewall::NftTranslationChain;
using firewall::NftTranslationRule;

namespace {

using Octets = std::span<const std::uint8_t>;

// Where an IPv6 header has its addresses (RFC 8200 section 3).
constexpr std::uint32_t kSource = 8;
constexpr std::uint32_t kDestination = 24;
constexpr std::uint32_t kIp6Size = 16;

// What is loaded is in the first register; what an address is translated to, in both.
constexpr std::uint32_t kRegister = NFT_REG_1;
constexpr std::uint32_t kSecondRegister = NFT_REG_2;

void put_number(nlmsghdr* header, std::uint16_t attribute, std::uint32_t number) {
  mnl_attr_put_u32(header, attribute, htobe32(number));
}

void put_value(nlmsghdr* header, std::uint16_t attribute, Octets value) {
  nlattr* nest = mnl_attr_nest_start(header, attribute);
  mnl_attr_put(header, NFTA_DATA_VALUE, value.size(), value.data());
  mnl_attr_nest_end(header, nest);
}

// `put` writes its attributes.
template <class Put>
void expression(nlmsghdr* header, const char* name, Put&& put) {
  nlattr* one = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
  mnl_attr_put_strz(header, NFTA_EXPR_NAME, name);
  nlattr* data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
  put();
  mnl_attr_nest_end(header, data);
  mnl_attr_nest_end(header, one);
}

void compare(nlmsghdr* header, nft_cmp_ops how, Octets value) {
  expression(header, "cmp", [&] {
    put_number(header, NFTA_CMP_SREG, kRegister);
    put_number(header, NFTA_CMP_OP, how);
    put_value(header, NFTA_CMP_DATA, value);
  });
}

// Of what is loaded, the bits of `mask` alone.
void keep(nlmsghdr* header, Octets mask) {
  const std::vector<std::uint8_t> nothing(mask.size());
  expression(header, "bitwise", [&] {
    put_number(header, NFTA_BITWISE_SREG, kRegister);
    put_number(header, NFTA_BITWISE_DREG, kRegister);
    put_number(header, NFTA_BITWISE_LEN, static_cast<std::uint32_t>(mask.size()));
    put_value(header, NFTA_BITWISE_MASK, mask);
    put_value(header, NFTA_BITWISE_XOR, nothing);
  });
}

void match_interface(nlmsghdr* header, nft_meta_keys which, std::string_view name) {
  expression(header, "meta", [&] {
    put_number(header, NFTA_META_DREG, kRegister);
    put_number(header, NFTA_META_KEY, which);
  });
  if (name.empty()) {
    expression(header, "lookup", [&] {
      put_text(header, NFTA_LOOKUP_SET, "lan");
      put_number(header, NFTA_LOOKUP_SREG, kRegister);
    });
    return;
  }
  std::array<std::uint8_t, IFNAMSIZ> octets{};
  std::copy_n(name.begin(), std::min(name.size(), octets.size() - 1), octets.begin());
  compare(header, NFT_CMP_EQ, octets);
}

// That the address which is loaded lies in it.
void match_prefix(nlmsghdr* header, const Prefix& prefix) {
  const Ip6Address ones = Prefix().last_address();
  keep(header, Prefix(ones, prefix.length()).address().bytes());
  compare(header, NFT_CMP_EQ, prefix.address().bytes());
}

void match_address(nlmsghdr* header, std::uint32_t offset, const Prefix& prefix) {
  expression(header, "payload", [&] {
    put_number(header, NFTA_PAYLOAD_DREG, kRegister);
    put_number(header, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_number(header, NFTA_PAYLOAD_OFFSET, offset);
    put_number(header, NFTA_PAYLOAD_LEN, kIp6Size);
  });
  match_prefix(header, prefix);
}

void load_flow(nlmsghdr* header, nft_ct_keys key, std::optional<ip_conntrack_dir> direction) {
  expression(header, "ct", [&] {
    put_number(header, NFTA_CT_DREG, kRegister);
    put_number(header, NFTA_CT_KEY, key);
    if (direction)
      mnl_attr_put_u8(header, NFTA_CT_DIRECTION, static_cast<std::uint8_t>(*direction));
  });
}

// Whether any of these bits is set in what the kernel knows of the flow.
void match_status(nlmsghdr* header, std::uint32_t bits, bool set) {
  load_flow(header, NFT_CT_STATUS, std::nullopt);
  std::array<std::uint8_t, sizeof bits> mask{};
  std::memcpy(mask.data(), &bits, sizeof bits);  // a number of the kernel's, in its own order
  keep(header, mask);
  compare(header, set ? NFT_CMP_NEQ : NFT_CMP_EQ, std::array<std::uint8_t, sizeof bits>{});
}

void match_sent_to(nlmsghdr* header, ip_conntrack_dir direction, const Prefix& prefix) {
  load_flow(header, NFT_CT_DST_IP6, direction);
  match_prefix(header, prefix);
}

void match_flow(nlmsghdr* header, const NftTranslationRule& rule) {
  switch (rule.flow) {
    case NftTranslationRule::Flow::kAny:
      break;
    case NftTranslationRule::Flow::kUntranslated:
      match_status(header, IPS_SRC_NAT | IPS_DST_NAT, false);
      break;
    case NftTranslationRule::Flow::kHairpin:
      match_status(header, IPS_DST_NAT, true);
      match_sent_to(header, IP_CT_DIR_ORIGINAL, rule.of);
      break;
    case NftTranslationRule::Flow::kAnsweredAt:
      match_sent_to(header, IP_CT_DIR_REPLY, rule.of);
      break;
    case NftTranslationRule::Flow::kSentTo:
      match_sent_to(header, IP_CT_DIR_ORIGINAL, rule.of);
      break;
  }
}

void load(nlmsghdr* header, std::uint32_t into, Octets value) {
  expression(header, "immediate", [&] {
    put_number(header, NFTA_IMMEDIATE_DREG, into);
    put_value(header, NFTA_IMMEDIATE_DATA, value);
  });
}

void translate(nlmsghdr* header, nft_nat_types side, const Prefix& to) {
  load(header, kRegister, to.address().bytes());
  load(header, kSecondRegister, to.last_address().bytes());
  expression(header, "nat", [&] {
    put_number(header, NFTA_NAT_TYPE, side);
    put_number(header, NFTA_NAT_FAMILY, NFPROTO_IPV6);
    put_number(header, NFTA_NAT_REG_ADDR_MIN, kRegister);
    put_number(header, NFTA_NAT_REG_ADDR_MAX, kSecondRegister);
    put_number(header, NFTA_NAT_FLAGS, NF_NAT_RANGE_NETMAP);
  });
}

void decide(nlmsghdr* header, int verdict, std::string_view chain) {
  expression(header, "immediate", [&] {
    put_number(header, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    nlattr* data = mnl_attr_nest_start(header, NFTA_IMMEDIATE_DATA);
    nlattr* nest = mnl_attr_nest_start(header, NFTA_DATA_VERDICT);
    put_number(header, NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict));
    if (!chain.empty()) put_text(header, NFTA_VERDICT_CHAIN, chain);
    mnl_attr_nest_end(header, nest);
    mnl_attr_nest_end(header, data);
  });
}

// As the program nft writes them: type, length and value.
constexpr std::uint8_t kComment = 0;

void put_comment(nlmsghdr* header, std::string_view text) {
  std::vector<std::uint8_t> octets{kComment, static_cast<std::uint8_t>(text.size() + 1)};
  octets.insert(octets.end(), text.begin(), text.end());
  octets.push_back(0);
  mnl_attr_put(header, NFTA_RULE_USERDATA, octets.size(), octets.data());
}

void count(nlmsghdr* header) {
  expression(header, "counter", [&] {
    mnl_attr_put_u64(header, NFTA_COUNTER_BYTES, 0);
    mnl_attr_put_u64(header, NFTA_COUNTER_PACKETS, 0);
  });
}

}  // namespace

void put_rule(nlmsghdr* header, const NftTranslationRule& rule) {
  const bool arrives = rule.chain == NftTranslationChain::kIn;
  nlattr* expressions = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
  if (rule.fate != NftTranslationRule::Fate::kIsForged) {
    match_interface(header, arrives ? NFT_META_IIFNAME : NFT_META_OIFNAME, rule.interface);
    match_address(header, arrives ? kDestination : kSource, rule.prefix);
    match_flow(header, rule);
  }
  count(header);
  switch (rule.fate) {
    case NftTranslationRule::Fate::kTranslates:
      translate(header, arrives ? NFT_NAT_DNAT : NFT_NAT_SNAT, rule.to);
      break;
    case NftTranslationRule::Fate::kReturns:
      decide(header, NFT_RETURN, {});
      break;
    case NftTranslationRule::Fate::kIsForged:
      decide(header, NFT_GOTO, "forged");
      break;
  }
  mnl_attr_nest_end(header, expressions);
  put_comment(header, rule.why);
}

std::string rule_comment(const nlattr* user_data) {
  if (user_data == nullptr) return {};
  ByteReader reader({static_cast<const std::uint8_t*>(mnl_attr_get_payload(user_data)),
                     mnl_attr_get_payload_len(user_data)});
  while (!reader.at_end()) {
    const std::uint8_t type = reader.u8();
    const auto value = reader.bytes(reader.u8());
    if (!reader.ok()) break;
    if (type != kComment) continue;
    const auto end = std::ranges::find(value, 0);
    return std::string(value.begin(), end);
  }
  return {};
}

}  // namespace sixgate::daemon
