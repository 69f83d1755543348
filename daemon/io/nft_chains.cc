// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_chains.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "daemon/io/owned_fd.h"
#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

struct Chain {
  std::string table;
  std::string name;
  std::optional<std::uint32_t> hook;
  std::optional<std::uint32_t> policy;
};

int read_attribute(const nlattr* attribute, void* data) {
  Chain& chain = *static_cast<Chain*>(data);
  const bool number = mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0;
  switch (mnl_attr_get_type(attribute)) {
    case NFTA_CHAIN_TABLE:
      if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        chain.table = mnl_attr_get_str(attribute);
      break;
    case NFTA_CHAIN_NAME:
      if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        chain.name = mnl_attr_get_str(attribute);
      break;
    case NFTA_CHAIN_POLICY:
      if (number) chain.policy = ntohl(mnl_attr_get_u32(attribute));
      break;
    case NFTA_CHAIN_HOOK:
      return mnl_attr_parse_nested(
          attribute,
          [](const nlattr* inner, void* target) {
            if (mnl_attr_get_type(inner) == NFTA_HOOK_HOOKNUM &&
                mnl_attr_validate(inner, MNL_TYPE_U32) >= 0)
              static_cast<Chain*>(target)->hook = ntohl(mnl_attr_get_u32(inner));
            return MNL_CB_OK;
          },
          data);
    default:
      break;
  }
  return MNL_CB_OK;
}

int read_chain(const nlmsghdr* header, void* data) {
  const auto* fixed = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
  if (mnl_nlmsg_get_payload_len(header) < sizeof *fixed) return MNL_CB_OK;
  const bool inet = fixed->nfgen_family == NFPROTO_INET;
  if (!inet && fixed->nfgen_family != NFPROTO_IPV6) return MNL_CB_OK;
  Chain chain;
  if (mnl_attr_parse(header, sizeof *fixed, read_attribute, &chain) < 0) return MNL_CB_OK;
  const bool decides = chain.hook == NF_INET_LOCAL_IN || chain.hook == NF_INET_FORWARD;
  const bool ours = !inet && chain.table == firewall::kNftTable;
  if (decides && !ours && chain.policy == NF_DROP)
    static_cast<std::vector<std::string>*>(data)->push_back(
        cat(inet ? "inet " : "ip6 ", printable(chain.table), " ", printable(chain.name)));
  return MNL_CB_OK;
}

}  // namespace

Expected<std::vector<std::string>> closed_chains_of_others() {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(
      mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC), mnl_socket_close);
  const auto failed = [] { return fail(cat("nftables: ", error_text(errno))); };
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) return failed();
  // The kernel answers before sendto() returns; the limit only guards against one that does not.
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  (void)::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &limit,
                     sizeof limit);
  std::vector<char> block(65536);
  const nlmsghdr* request = start_message(block, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
                                          NLM_F_DUMP, 1, NFPROTO_UNSPEC);
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) return failed();
  std::vector<std::string> found;
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket.get(), block.data(), block.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return failed();
    const int more = mnl_cb_run(block.data(), static_cast<std::size_t>(received), 1,
                                mnl_socket_get_portid(socket.get()), read_chain, &found);
    if (more < 0) return failed();
    if (more == MNL_CB_STOP) break;
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace sixgate::daemon
