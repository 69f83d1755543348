// SPDX-License-Identifier: Apache-2.0
// NetlinkSocket: requests to rtnetlink, or another protocol of netlink, and their answers, over libnl's core library. Requests are
// synchronous: the kernel does them within sendmsg, and the acknowledgements are there when it returns.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/expected.h"

struct nl_sock;
struct nl_msg;
struct nlmsghdr;

namespace sixgate::daemon {

struct FreeNetlink {
  void operator()(nl_sock* socket) const;
  void operator()(nl_msg* message) const;
};
using NetlinkMessage = std::unique_ptr<nl_msg, FreeNetlink>;

// How the kernel answered one request.
struct NetlinkAnswer {
  int code = 0;      // an errno value; 0: done
  std::string text;  // its words, with the kernel's extended acknowledgement when it gave one
};

class NetlinkSocket {
 public:
  // Joins `groups` (RTNLGRP_..., of another protocol its own) before anything can be missed. protocol:
  // NETLINK_ROUTE if nothing else is said.
  static Expected<NetlinkSocket> open(std::span<const int> groups = {}, int protocol = 0);

  int fd() const;
  // By which the kernel's messages say who asked for what they tell of.
  std::uint32_t port() const;

  // One answer for each message, in their order. Batches them: so many messages in one sendmsg, few enough that their
  // acknowledgements fit any receive buffer.
  static constexpr std::size_t kBatch = 64;
  std::vector<NetlinkAnswer> execute(const std::vector<NetlinkMessage>& messages);

  // Every message of the answer to a dump request; done again when the kernel says that the tables changed
  // underneath (`begin` is called before each attempt).
  Expected<Done> dump(nl_msg* request, const std::function<void()>& begin,
                      const std::function<void(const nlmsghdr*)>& each);

  // Reads what multicast groups have told, without waiting. True: messages were lost (ENOBUFS), and only a
  // new dump can tell what is.
  bool drain(const std::function<void(const nlmsghdr*)>& each);

 private:
  struct Received {
    int code = 0;  // errno of recv
    std::size_t size = 0;
  };
  Received receive(int flags);
  int send_batch(std::span<const NetlinkMessage> messages);

  std::unique_ptr<nl_sock, FreeNetlink> socket_;
  std::unique_ptr<unsigned char[]> buffer_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sixgate::daemon
