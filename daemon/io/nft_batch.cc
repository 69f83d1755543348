// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_batch.h"

#include <arpa/inet.h>  // before the kernel's own
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "daemon/io/netfilter_message.h"
#include "daemon/io/nft_keys.h"
#include "daemon/io/nft_rule.h"

namespace sixgate::daemon {

using firewall::NftSetKind;
using firewall::NftStep;
using firewall::NftTranslationRule;

namespace {

// Elements are cut into parts that surely fit, since an attribute's length has 16 bits.
constexpr std::size_t kElementsPerMessage = 400;

constexpr std::uint16_t kAcknowledged = NLM_F_ACK;
constexpr std::uint16_t kCreating = NLM_F_ACK | NLM_F_CREATE;
constexpr std::uint16_t kAppending = kCreating | NLM_F_APPEND;

void put_key(nlmsghdr* header, std::uint16_t attribute, const NftKeyOctets& key, std::size_t size) {
  nlattr* nest = mnl_attr_nest_start(header, attribute);
  mnl_attr_put(header, NFTA_DATA_VALUE, size, key.data());
  mnl_attr_nest_end(header, nest);
}

void put_element(nlmsghdr* header, const NftSetKind& kind, const firewall::NftElement& element) {
  nlattr* nest = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
  const std::size_t size = nft_key_size(kind.key);
  put_key(header, NFTA_SET_ELEM_KEY, nft_first_key(kind.key, element), size);
  if (firewall::is_interval(kind.key)) {
    put_key(header, NFTA_SET_ELEM_KEY_END, nft_last_key(kind.key, element), size);
  }
  mnl_attr_nest_end(header, nest);
}

std::string_view name_of(firewall::NftTranslationChain chain) {
  return firewall::kNftTranslationChains[static_cast<std::size_t>(chain)];
}

}  // namespace

NftBatch::NftBatch(std::uint32_t first) : first_(first), last_(first), block_(kNetfilterBlock) {
  finish(start_message(block_, NFNL_MSG_BATCH_BEGIN, 0, first, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

nlmsghdr* NftBatch::start(std::uint16_t message, std::uint16_t flags) {
  std::ranges::fill(block_, '\0');
  return start_message(block_, nft_message(message), flags, ++last_, NFPROTO_IPV6, 0);
}

void NftBatch::finish(const nlmsghdr* header) {
  const auto* octets = static_cast<const std::uint8_t*>(static_cast<const void*>(header));
  octets_.insert(octets_.end(), octets, octets + (header->nlmsg_len + 3U) / 4U * 4U);
}

void NftBatch::add(const std::vector<NftStep>& steps) {
  for (const NftStep& step : steps) {
    const NftSetKind& kind = firewall::kNftSetKinds[static_cast<std::size_t>(step.set)];
    const bool add = step.kind == NftStep::Kind::kAdd;
    for (std::size_t at = 0; at < step.elements.size(); at += kElementsPerMessage) {
      nlmsghdr* header =
          add ? start(NFT_MSG_NEWSETELEM, kCreating) : start(NFT_MSG_DELSETELEM, kAcknowledged);
      put_text(header, NFTA_SET_ELEM_LIST_TABLE, firewall::kNftTable);
      put_text(header, NFTA_SET_ELEM_LIST_SET, kind.name);
      nlattr* nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);
      const std::size_t end = std::min(at + kElementsPerMessage, step.elements.size());
      for (std::size_t i = at; i < end; ++i) put_element(header, kind, step.elements[i]);
      mnl_attr_nest_end(header, nest);
      finish(header);
    }
  }
}

void NftBatch::rewrite(const std::vector<NftTranslationRule>& rules) {
  for (const std::string_view chain : firewall::kNftTranslationChains) {
    nlmsghdr* header = start(NFT_MSG_DELRULE, kAcknowledged);
    put_text(header, NFTA_RULE_TABLE, firewall::kNftTable);
    put_text(header, NFTA_RULE_CHAIN, chain);  // and no rule: all of them
    finish(header);
  }
  for (const NftTranslationRule& rule : rules) {
    nlmsghdr* header = start(NFT_MSG_NEWRULE, kAppending);
    put_text(header, NFTA_RULE_TABLE, firewall::kNftTable);
    put_text(header, NFTA_RULE_CHAIN, name_of(rule.chain));
    put_rule(header, rule);
    finish(header);
  }
}

void NftBatch::remove_table() {
  nlmsghdr* header = start(NFT_MSG_DELTABLE, kAcknowledged);
  put_text(header, NFTA_TABLE_NAME, firewall::kNftTable);
  finish(header);
}

std::vector<std::uint8_t> NftBatch::octets() && {
  finish(start_message(block_, NFNL_MSG_BATCH_END, 0, end(), AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  return std::move(octets_);
}

}  // namespace sixgate::daemon
