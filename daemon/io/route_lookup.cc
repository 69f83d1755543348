// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/route_lookup.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "daemon/io/netlink_message.h"

namespace sixgate::daemon {

RouteLookup::RouteLookup()
    : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}

std::optional<std::string> RouteLookup::way_out(const Ip6Address& source,
                                                const std::string& received_on,
                                                const Ip6Address& destination,
                                                std::uint32_t mark) const {
  const unsigned index = ::if_nametoindex(received_on.c_str());
  if (index == 0 || !socket_) return std::nullopt;
  rtmsg asked{};
  asked.rtm_family = AF_INET6;
  asked.rtm_src_len = asked.rtm_dst_len = 128;
  const NetlinkMessage message = NetlinkBuilder(RTM_GETROUTE, NLM_F_REQUEST, asked)
                                     .address(RTA_SRC, source)
                                     .address(RTA_DST, destination)
                                     .put(RTA_IIF, std::uint32_t{index})
                                     .put(RTA_MARK, mark)
                                     .take();
  const nlmsghdr* request = nlmsg_hdr(message.get());
  if (::send(socket_.get(), request, request->nlmsg_len, 0) < 0) return std::nullopt;
  // The kernel has answered before send() returns.
  alignas(nlmsghdr) std::array<char, 4096> block{};
  const ssize_t size = ::recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
  const auto* answer = static_cast<const nlmsghdr*>(static_cast<const void*>(block.data()));
  if (size <= 0 || nlmsg_ok(answer, static_cast<int>(size)) == 0 ||
      answer->nlmsg_type != RTM_NEWROUTE)
    return std::nullopt;
  const NetlinkAttributes<RTA_MAX> attributes(answer, sizeof(rtmsg));
  const auto out = attributes.value<std::uint32_t>(RTA_OIF);
  std::array<char, IF_NAMESIZE> name{};
  if (!out || ::if_indextoname(*out, name.data()) == nullptr) return std::nullopt;
  return std::string(name.data());
}

}  // namespace sixgate::daemon
