// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/xfrm_codec.h"

#include <arpa/inet.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "daemon/io/netlink_message.h"

namespace sixgate::daemon {
namespace {

// The largest that the state's own replay field can hold: packets that overtake each other by so many are taken.
constexpr std::uint8_t kReplayWindow = 32;
constexpr std::uint8_t kPolicyForward = XFRM_POLICY_FWD;

xfrm_address_t address_of(const Ip6Address& address) {
  xfrm_address_t out{};
  std::memcpy(&out.a6, address.bytes().data(), sizeof out.a6);
  return out;
}

Ip6Address address_of(const xfrm_address_t& address) {
  Ip6Address::Bytes bytes;
  std::memcpy(bytes.data(), &address.a6, bytes.size());
  return Ip6Address(bytes);
}

xfrm_selector selector_to(const Prefix& prefix) {
  xfrm_selector out{};
  out.family = AF_INET6;
  out.daddr = address_of(prefix.address());
  out.prefixlen_d = static_cast<std::uint8_t>(prefix.length());
  return out;
}

// A selector of ours leaves everything else open.
std::optional<Prefix> prefix_of(const xfrm_selector& selector) {
  if (selector.family != AF_INET6 || selector.prefixlen_s != 0 || selector.proto != 0 ||
      selector.dport_mask != 0 || selector.sport_mask != 0 || selector.ifindex != 0)
    return std::nullopt;
  return Prefix(address_of(selector.daddr), selector.prefixlen_d);
}

// xfrm_algo_auth without the key that follows it.
struct AlgorithmHead {
  char name[64];
  std::uint32_t key_bits;
  std::uint32_t icv_bits;
};
static_assert(sizeof(AlgorithmHead) == sizeof(xfrm_algo_auth));

// Without limits a state would be over at once.
xfrm_lifetime_cfg for_ever() { return {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0}; }

}  // namespace

std::optional<KernelKnock> parse_knock(const nlmsghdr* header) {
  const auto* fixed = fixed_part<xfrm_usersa_info>(header);
  if (header->nlmsg_type != XFRM_MSG_NEWSA || fixed == nullptr || fixed->family != AF_INET6 ||
      fixed->id.proto != IPPROTO_AH || fixed->reqid != kKnockRequest ||
      fixed->mode != XFRM_MODE_TUNNEL)
    return std::nullopt;
  const NetlinkAttributes<XFRMA_MAX> attributes(header, sizeof(xfrm_usersa_info));
  const auto inner = prefix_of(fixed->sel);
  if (!attributes.good()) return std::nullopt;
  KernelKnock out;
  out.address = address_of(fixed->id.daddr);
  out.spi = ntohl(fixed->id.spi);
  // A selector that is not ours is no prefix that is wanted, and so is replaced.
  if (inner) out.inner = *inner;
  out.mark = attributes.value<std::uint32_t>(XFRMA_SET_MARK).value_or(0);
  if (const auto replay = attributes.value<xfrm_replay_state>(XFRMA_REPLAY_VAL))
    out.replay = {replay->seq, replay->bitmap};
  const auto algorithm = attributes.value<AlgorithmHead>(XFRMA_ALG_AUTH_TRUNC);
  if (!algorithm) return out;
  out.algorithm = std::string(algorithm->name, ::strnlen(algorithm->name, sizeof algorithm->name));
  out.icv_bits = algorithm->icv_bits;
  const nlattr* attribute = attributes.get(XFRMA_ALG_AUTH_TRUNC);
  const auto* octets = static_cast<const std::uint8_t*>(nla_data(attribute));
  const auto size = static_cast<std::size_t>(nla_len(attribute));
  const std::size_t key = algorithm->key_bits / 8;
  if (key <= size - sizeof(AlgorithmHead))
    out.key = Secret(std::span(octets + sizeof(AlgorithmHead), key));
  return out;
}

std::optional<KernelKnockPolicy> parse_knock_policy(const nlmsghdr* header) {
  const auto* fixed = fixed_part<xfrm_userpolicy_info>(header);
  if (header->nlmsg_type != XFRM_MSG_NEWPOLICY || fixed == nullptr || fixed->dir != kPolicyForward)
    return std::nullopt;
  const NetlinkAttributes<XFRMA_MAX> attributes(header, sizeof(xfrm_userpolicy_info));
  if (!attributes.good()) return std::nullopt;
  const auto form = attributes.value<xfrm_user_tmpl>(XFRMA_TMPL);
  const auto inner = prefix_of(fixed->sel);
  if (!form || form->reqid != kKnockRequest || form->id.proto != IPPROTO_AH || !inner)
    return std::nullopt;
  return KernelKnockPolicy{*inner};
}

NetlinkMessage knock_dump() {
  return NetlinkBuilder(XFRM_MSG_GETSA, 0)
      .put(XFRMA_PROTO, static_cast<std::uint8_t>(IPPROTO_AH))
      .take();
}

NetlinkMessage knock_policy_dump() { return NetlinkBuilder(XFRM_MSG_GETPOLICY, 0).take(); }

NetlinkMessage put_knock(const KernelKnock& knock) {
  xfrm_usersa_info fixed{};
  fixed.sel = selector_to(knock.inner);
  fixed.id.daddr = address_of(knock.address);
  fixed.id.spi = htonl(knock.spi);
  fixed.id.proto = IPPROTO_AH;
  fixed.lft = for_ever();
  fixed.reqid = kKnockRequest;
  fixed.family = AF_INET6;
  fixed.mode = XFRM_MODE_TUNNEL;
  fixed.replay_window = kReplayWindow;

  const std::span<const std::uint8_t> key = knock.key.octets();
  AlgorithmHead algorithm{};
  knock.algorithm.copy(algorithm.name, sizeof algorithm.name - 1);
  algorithm.key_bits = static_cast<std::uint32_t>(8 * key.size());
  algorithm.icv_bits = knock.icv_bits;
  std::vector<std::uint8_t> with_key(sizeof algorithm + key.size());
  std::memcpy(with_key.data(), &algorithm, sizeof algorithm);
  std::copy(key.begin(), key.end(), with_key.data() + sizeof algorithm);

  xfrm_replay_state replay{};
  replay.seq = knock.replay.sequence;
  replay.bitmap = knock.replay.bitmap;
  NetlinkMessage message = NetlinkBuilder(XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, fixed)
                               .octets(XFRMA_ALG_AUTH_TRUNC, with_key)
                               .put(XFRMA_SET_MARK, knock.mark)
                               .put(XFRMA_SET_MARK_MASK, std::uint32_t{0xffffffff})
                               .put(XFRMA_REPLAY_VAL, replay)
                               .take();
  ::explicit_bzero(with_key.data(), with_key.size());
  return message;
}

NetlinkMessage remove_knock(const KernelKnock& knock) {
  xfrm_usersa_id fixed{};
  fixed.daddr = address_of(knock.address);
  fixed.spi = htonl(knock.spi);
  fixed.family = AF_INET6;
  fixed.proto = IPPROTO_AH;
  return NetlinkBuilder(XFRM_MSG_DELSA, 0, fixed).take();
}

NetlinkMessage put_knock_policy(const KernelKnockPolicy& policy) {
  xfrm_userpolicy_info fixed{};
  fixed.sel = selector_to(policy.inner);
  fixed.lft = for_ever();
  fixed.dir = kPolicyForward;
  fixed.action = XFRM_POLICY_ALLOW;
  xfrm_user_tmpl form{};
  form.id.proto = IPPROTO_AH;
  form.family = AF_INET6;
  form.reqid = kKnockRequest;
  form.mode = XFRM_MODE_TUNNEL;
  form.optional = 1;  // level use: what comes without AH is the firewall's to judge
  form.aalgos = form.ealgos = form.calgos = ~0U;
  return NetlinkBuilder(XFRM_MSG_NEWPOLICY, NLM_F_CREATE | NLM_F_EXCL, fixed)
      .put(XFRMA_TMPL, form)
      .take();
}

NetlinkMessage remove_knock_policy(const KernelKnockPolicy& policy) {
  xfrm_userpolicy_id fixed{};
  fixed.sel = selector_to(policy.inner);
  fixed.dir = kPolicyForward;
  return NetlinkBuilder(XFRM_MSG_DELPOLICY, 0, fixed).take();
}

}  // namespace sixgate::daemon
