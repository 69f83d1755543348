// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_watch.h"

#include <arpa/inet.h>  // before linux/netfilter.h
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <string_view>
#include <utility>
#include <vector>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kReadRoom = 65536;

// The name of the table is attribute 1 in all messages that matter.
static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
              NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);

bool changes_rules(int type) {
  switch (type) {
    case NFT_MSG_NEWTABLE:
    case NFT_MSG_DELTABLE:
    case NFT_MSG_NEWCHAIN:
    case NFT_MSG_DELCHAIN:
    case NFT_MSG_NEWRULE:
    case NFT_MSG_DELRULE:
    case NFT_MSG_NEWSET:
    case NFT_MSG_DELSET:
    case NFT_MSG_NEWSETELEM:
    case NFT_MSG_DELSETELEM:
      return true;
    default:
      return false;
  }
}

// The table of family ip6 that an event is about; empty: none.
std::string_view table_of(const nlmsghdr* header) {
  if (header->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
      !changes_rules(header->nlmsg_type & 0xff) ||
      mnl_nlmsg_get_payload_len(header) < sizeof(nfgenmsg))
    return {};
  const auto* nfgen = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
  if (nfgen->nfgen_family != NFPROTO_IPV6) return {};
  return netfilter_text(attributes_of<NFTA_TABLE_NAME + 1>(header).of[NFTA_TABLE_NAME]);
}

}  // namespace

Expected<std::unique_ptr<NftWatch>> NftWatch::open(EventLoop& loop, Concerns concerns,
                                                   EventLoop::Callback changed) {
  OwnedFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  // Bound, for events go past a socket that has no number of its own yet.
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  constexpr int kGroup = NFNLGRP_NFTABLES;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
      ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &kGroup, sizeof kGroup) != 0) {
    return fail(cat("netfilter events: ", error_text(errno)));
  }
  // Large sets of other people come in one burst, and our own where thousands of routers behind us get prefixes.
  constexpr int kRoom = 1 << 20;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
  return std::unique_ptr<NftWatch>(
      new NftWatch(loop, std::move(fd), std::move(concerns), std::move(changed)));
}

NftWatch::NftWatch(EventLoop& loop, OwnedFd fd, Concerns concerns, EventLoop::Callback changed)
    : fd_(std::move(fd)),
      concerns_(std::move(concerns)),
      changed_(std::move(changed)),
      watch_(loop, fd_.get()) {
  watch_.on_readable([this] { drain(); });
}

void NftWatch::drain() {
  std::vector<char> block(kReadRoom);
  bool changed = false;
  for (;;) {
    const ssize_t received = ::recv(fd_.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (received <= 0) break;
    auto left = static_cast<int>(received);
    for (const auto* header = first_message(block); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      if (changed) break;
      const std::string_view table = table_of(header);
      changed = !table.empty() && concerns_(table, header->nlmsg_pid);
    }
  }
  if (changed) changed_();
}

}  // namespace sixgate::daemon
