// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <string_view>
#include <vector>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "firewall/nft.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kReadRoom = 65536;

// The name of the table is attribute 1 in messages about tables, chains and sets alike.
static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_SET_TABLE == 1);

bool takes_ours_away(const nlmsghdr* header) {
  constexpr auto type_of = [](int message) { return NFNL_SUBSYS_NFTABLES << 8 | message; };
  const int type = header->nlmsg_type;
  if (type != type_of(NFT_MSG_DELTABLE) && type != type_of(NFT_MSG_DELCHAIN) &&
      type != type_of(NFT_MSG_DELSET)) {
    return false;
  }
  if (mnl_nlmsg_get_payload_len(header) < sizeof(nfgenmsg)) return false;
  const auto* nfgen = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(header));
  if (nfgen->nfgen_family != NFPROTO_IPV6) return false;
  bool ours = false;
  mnl_attr_parse(
      header, sizeof(nfgenmsg),
      [](const nlattr* attribute, void* data) {
        if (mnl_attr_get_type(attribute) != NFTA_TABLE_NAME) return MNL_CB_OK;
        const std::string_view name(mnl_attr_get_str(attribute),
                                    mnl_attr_get_payload_len(attribute));
        *static_cast<bool*>(data) = name.substr(0, name.find('\0')) == firewall::kNftTable;
        return MNL_CB_STOP;
      },
      &ours);
  return ours;
}

}  // namespace

Expected<std::unique_ptr<NftWatch>> NftWatch::open(EventLoop& loop, EventLoop::Callback lost) {
  OwnedFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  // Bound, for events go past a socket that has no number of its own yet.
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  constexpr int kGroup = NFNLGRP_NFTABLES;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
      ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &kGroup, sizeof kGroup) != 0) {
    return fail(cat("netfilter events: ", error_text(errno)));
  }
  // Large sets of other people come in one burst, and our own where thousands of routers behind us get prefixes. What does
  // not fit is taken for a loss and the rules are loaded again, which is the dearer the more there is; memory is taken
  // for as long as a burst lasts.
  constexpr int kRoom = 1 << 24;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
  return std::unique_ptr<NftWatch>(new NftWatch(loop, std::move(fd), std::move(lost)));
}

NftWatch::NftWatch(EventLoop& loop, OwnedFd fd, EventLoop::Callback lost)
    : fd_(std::move(fd)), lost_(std::move(lost)), watch_(loop, fd_.get()) {
  watch_.on_readable([this] { drain(); });
}

void NftWatch::drain() {
  std::vector<char> block(kReadRoom);
  bool lost = false;
  for (;;) {
    const ssize_t received = ::recv(fd_.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno == ENOBUFS) {
      lost = true;
      continue;
    }
    if (received <= 0) break;
    auto left = static_cast<int>(received);
    for (const auto* header = first_message(block); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      lost = lost || takes_ours_away(header);
    }
  }
  if (lost) lost_();
}

}  // namespace sixgate::daemon
