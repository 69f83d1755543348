// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_chains.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kRequestSize = 256;  // a header is all there is

std::optional<std::uint32_t> number(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0) return std::nullopt;
  return ntohl(mnl_attr_get_u32(attribute));
}

std::string text(const nlattr* attribute) {
  const bool is_text =
      attribute != nullptr && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0;
  return is_text ? mnl_attr_get_str(attribute) : std::string();
}

// Its name, when it is one that is looked for.
std::optional<std::string> closed_chain(const nlmsghdr* header) {
  const auto* fixed = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
  if (mnl_nlmsg_get_payload_len(header) < sizeof *fixed) return std::nullopt;
  const bool inet = fixed->nfgen_family == NFPROTO_INET;
  if (!inet && fixed->nfgen_family != NFPROTO_IPV6) return std::nullopt;
  const auto chain = attributes_of<NFTA_CHAIN_MAX + 1>(header);
  const auto hook =
      number(attributes_in<NFTA_HOOK_MAX + 1>(chain.of[NFTA_CHAIN_HOOK]).of[NFTA_HOOK_HOOKNUM]);
  const std::string table = text(chain.of[NFTA_CHAIN_TABLE]);
  const bool decides = hook == NF_INET_LOCAL_IN || hook == NF_INET_FORWARD;
  const bool ours = !inet && table == firewall::kNftTable;
  if (!decides || ours || number(chain.of[NFTA_CHAIN_POLICY]) != NF_DROP) return std::nullopt;
  return cat(inet ? "inet " : "ip6 ", printable(table), " ",
             printable(text(chain.of[NFTA_CHAIN_NAME])));
}

}  // namespace

Expected<std::vector<std::string>> closed_chains_of_others() {
  const auto failed = [](int code) { return fail(cat("nftables: ", error_text(code))); };
  const NetfilterSocket socket = open_netfilter();
  if (!socket) return failed(errno);
  constexpr std::uint32_t kSequence = 1;
  std::vector<char> block(kRequestSize);
  const nlmsghdr* request = start_message(block, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
                                          NLM_F_DUMP, kSequence, NFPROTO_UNSPEC);
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) return failed(errno);
  std::vector<std::string> found;
  const int code = read_answer(socket.get(), kSequence, true, [&](const nlmsghdr* header) {
    if (auto name = closed_chain(header)) found.push_back(*std::move(name));
  });
  if (code != 0) return failed(code);
  std::ranges::sort(found);
  return found;
}

}  // namespace sixgate::daemon
