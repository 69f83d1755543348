// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_chains.h"

#include <arpa/inet.h>  // before linux/netfilter.h
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <functional>
#include <map>
#include <optional>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "daemon/io/nft_rules.h"
#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kRequestSize = 256;  // a header is all there is

// As `nft list` names it, when its family is that of IPv6 packets.
std::optional<std::string> whole_name(const nlmsghdr* header, const nlattr* table,
                                      const nlattr* chain) {
  const auto* fixed = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
  const bool inet = fixed->nfgen_family == NFPROTO_INET;
  if (!inet && fixed->nfgen_family != NFPROTO_IPV6) return std::nullopt;
  const std::string_view of = netfilter_text(table);
  if (!inet && of == firewall::kNftTable) return std::nullopt;  // ours
  return cat(inet ? "inet " : "ip6 ", printable(of), " ", printable(netfilter_text(chain)));
}

struct ChainClosing {
  bool by_policy = false;
  bool by_last_rule = false;
};
using OthersChains = std::map<std::string, ChainClosing, std::less<>>;

void take_chain(const nlmsghdr* header, OthersChains& chains) {
  const auto chain = attributes_of<NFTA_CHAIN_MAX + 1>(header);
  const auto hook = netfilter_number(
      attributes_in<NFTA_HOOK_MAX + 1>(chain.of[NFTA_CHAIN_HOOK]).of[NFTA_HOOK_HOOKNUM]);
  if (hook != NF_INET_LOCAL_IN && hook != NF_INET_FORWARD) return;
  if (auto name = whole_name(header, chain.of[NFTA_CHAIN_TABLE], chain.of[NFTA_CHAIN_NAME]))
    chains[*std::move(name)].by_policy = netfilter_number(chain.of[NFTA_CHAIN_POLICY]) == NF_DROP;
}

// The rules of a chain come one after the other.
void take_rule(const nlmsghdr* header, OthersChains& chains) {
  const auto rule = attributes_of<NFTA_RULE_MAX + 1>(header);
  const auto name = whole_name(header, rule.of[NFTA_RULE_TABLE], rule.of[NFTA_RULE_CHAIN]);
  const auto chain = name ? chains.find(*name) : chains.end();
  if (chain != chains.end()) chain->second.by_last_rule = refuses_everything(header);
}

// errno, or 0.
template <class Take>
int dump_nftables(mnl_socket* socket, int what, std::uint32_t sequence, Take take) {
  std::vector<char> block(kRequestSize);
  const nlmsghdr* request =
      start_message(block, static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what), NLM_F_DUMP,
                    sequence, NFPROTO_UNSPEC);
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) return errno;
  return read_answer(socket, sequence, true, [&](const nlmsghdr* header) {
    if (mnl_nlmsg_get_payload_len(header) >= sizeof(nfgenmsg)) take(header);
  });
}

}  // namespace

Expected<std::vector<std::string>> closed_chains_of_others() {
  const auto failed = [](int code) { return fail(cat("nftables: ", error_text(code))); };
  const NetfilterSocket socket = open_netfilter();
  if (!socket) return failed(errno);
  OthersChains chains;
  int code = dump_nftables(socket.get(), NFT_MSG_GETCHAIN, 1,
                           [&](const nlmsghdr* header) { take_chain(header, chains); });
  if (code == 0 && !chains.empty())
    code = dump_nftables(socket.get(), NFT_MSG_GETRULE, 2,
                         [&](const nlmsghdr* header) { take_rule(header, chains); });
  if (code != 0) return failed(code);
  std::vector<std::string> found;
  for (const auto& [name, closing] : chains)
    if (closing.by_policy || closing.by_last_rule) found.push_back(name);
  return found;
}

}  // namespace sixgate::daemon
