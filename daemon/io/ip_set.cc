// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/ip_set.h"

#include <arpa/inet.h>  // before the kernel's own
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <vector>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// The oldest of each that kernels still speak, and that have all we want.
constexpr std::uint8_t kProtocol = IPSET_PROTOCOL_MIN;
constexpr std::uint8_t kRevision = 1;

// Sends what `put` writes; the kernel's errno.
template <class Put>
int ask(ipset_cmd command, std::uint16_t flags, std::string_view name, Put&& put) {
  const NetfilterSocket socket = open_netfilter();
  if (!socket) return errno;
  constexpr std::uint32_t kSequence = 1;
  std::vector<char> block(1024);
  const auto type = static_cast<std::uint16_t>(NFNL_SUBSYS_IPSET << 8 | command);
  nlmsghdr* request = start_message(block, type, static_cast<std::uint16_t>(NLM_F_ACK | flags),
                                    kSequence, AF_INET6);
  mnl_attr_put_u8(request, IPSET_ATTR_PROTOCOL, kProtocol);
  put_text(request, IPSET_ATTR_SETNAME, name);
  put(request);
  if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) return errno;
  return read_answer(socket.get(), kSequence, false, [](const nlmsghdr*) {});
}

void put_in_order(nlmsghdr* request, std::uint16_t attribute, std::uint32_t number) {
  mnl_attr_put_u32(request, attribute | NLA_F_NET_BYTEORDER, htobe32(number));
}

}  // namespace

Expected<Done> make_endpoint_set(std::string_view name, unsigned most_elements,
                                 unsigned default_time) {
  const int error = ask(IPSET_CMD_CREATE, NLM_F_CREATE, name, [&](nlmsghdr* request) {
    put_text(request, IPSET_ATTR_TYPENAME, "hash:ip,port");
    mnl_attr_put_u8(request, IPSET_ATTR_REVISION, kRevision);
    mnl_attr_put_u8(request, IPSET_ATTR_FAMILY, AF_INET6);
    nlattr* data = mnl_attr_nest_start(request, IPSET_ATTR_DATA);
    put_in_order(request, IPSET_ATTR_MAXELEM, most_elements);
    put_in_order(request, IPSET_ATTR_TIMEOUT, default_time);
    mnl_attr_nest_end(request, data);
  });
  if (error == 0) return Done{};
  // The subsystem has errors of its own above the common ones.
  return fail(cat("ipset hash:ip,port: ", error < IPSET_ERR_PRIVATE ? error_text(error)
                                          : error == IPSET_ERR_FIND_TYPE
                                              ? std::string("not in this kernel")
                                              : cat("error ", error)));
}

void remove_endpoint_set(std::string_view name) {
  (void)ask(IPSET_CMD_DESTROY, 0, name, [](nlmsghdr*) {});
}

}  // namespace sixgate::daemon
