// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/netlink_socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr int kReceiveBuffer = 1 << 20;
// The kernel never sends more than this in one datagram of a dump (NLMSG_GOODSIZE and its growth).
constexpr std::size_t kDatagram = 1 << 16;
constexpr unsigned kDumpAttempts = 8;
static_assert(NETLINK_ROUTE == 0);

Unexpected<Error> netlink_error(std::string_view doing, int code) {
  return fail(cat("netlink: ", doing, ": ", error_text(code)));
}

void set_option(int fd, int level, int option, int value) {
  // Each of these is an improvement that an older kernel may lack.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

NetlinkAnswer answer_of(const nlmsghdr* header) {
  NetlinkAnswer answer;
  if (nlmsg_datalen(header) < static_cast<int>(sizeof(nlmsgerr))) return {EBADMSG, "malformed"};
  const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(header));
  answer.code = -error->error;
  if (answer.code == 0) return answer;
  answer.text = error_text(answer.code);
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return answer;
  // The attributes follow the request's copy, which is left out of a capped answer.
  std::size_t skip = sizeof(nlmsgerr);
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) {
    skip += NLMSG_ALIGN(error->msg.nlmsg_len) - static_cast<std::size_t>(NLMSG_HDRLEN);
  }
  const auto total = static_cast<std::size_t>(nlmsg_datalen(header));
  if (skip >= total) return answer;
  auto* attributes = static_cast<unsigned char*>(nlmsg_data(header)) + skip;
  nlattr* table[NLMSGERR_ATTR_MAX + 1] = {};
  void* start = attributes;
  if (nla_parse(table, NLMSGERR_ATTR_MAX, static_cast<nlattr*>(start),
                static_cast<int>(total - skip), nullptr) == 0 &&
      table[NLMSGERR_ATTR_MSG] != nullptr) {
    const std::string_view text(static_cast<const char*>(nla_data(table[NLMSGERR_ATTR_MSG])),
                                static_cast<std::size_t>(nla_len(table[NLMSGERR_ATTR_MSG])));
    answer.text += cat(" (", printable(text.substr(0, text.find('\0'))), ")");
  }
  return answer;
}

}  // namespace

void FreeNetlink::operator()(nl_sock* socket) const { nl_socket_free(socket); }
void FreeNetlink::operator()(nl_msg* message) const { nlmsg_free(message); }

Expected<NetlinkSocket> NetlinkSocket::open(std::span<const int> groups, int protocol) {
  NetlinkSocket made;
  made.socket_.reset(nl_socket_alloc());
  if (!made.socket_) return netlink_error("socket", ENOMEM);
  nl_sock* socket = made.socket_.get();
  if (const int code = nl_connect(socket, protocol); code < 0) {
    return fail(cat("netlink: ", nl_geterror(code)));
  }
  const int fd = nl_socket_get_fd(socket);
  set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  set_option(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer);
  // The answer to a request is there at once; should one ever be missing, waiting for it must end.
  const timeval patience{10, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (const int group : groups) {
    if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return netlink_error("multicast group", errno);
    }
  }
  // Memory that is touched only as far as something arrives.
  made.buffer_ = std::make_unique_for_overwrite<unsigned char[]>(kDatagram);
  return made;
}

int NetlinkSocket::fd() const { return nl_socket_get_fd(socket_.get()); }
std::uint32_t NetlinkSocket::port() const { return nl_socket_get_local_port(socket_.get()); }

NetlinkSocket::Received NetlinkSocket::receive(int flags) {
  for (;;) {
    // MSG_TRUNC: the true size, so that a datagram cut short is noticed.
    const ssize_t got = ::recv(fd(), buffer_.get(), kDatagram, flags | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, 0};
    const auto size = static_cast<std::size_t>(got);
    if (size > kDatagram) return {ENOBUFS, 0};
    return {0, size};
  }
}

int NetlinkSocket::send_batch(std::span<const NetlinkMessage> messages) {
  std::vector<unsigned char> bytes;
  for (const NetlinkMessage& message : messages) {
    nlmsghdr* header = nlmsg_hdr(message.get());
    header->nlmsg_seq = ++sequence_;
    header->nlmsg_pid = nl_socket_get_local_port(socket_.get());
    header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    const std::size_t at = bytes.size();
    bytes.resize(at + NLMSG_ALIGN(header->nlmsg_len));
    std::memcpy(bytes.data() + at, header, header->nlmsg_len);
  }
  const int code = nl_sendto(socket_.get(), bytes.data(), bytes.size());
  return code < 0 ? errno : 0;
}

std::vector<NetlinkAnswer> NetlinkSocket::execute(const std::vector<NetlinkMessage>& messages) {
  std::vector<NetlinkAnswer> answers;
  answers.reserve(messages.size());
  std::span<const NetlinkMessage> left(messages);
  while (!left.empty()) {
    const auto batch = left.first(std::min(left.size(), kBatch));
    left = left.subspan(batch.size());
    const std::size_t base = answers.size();
    const std::uint32_t first = sequence_ + 1;
    answers.resize(base + batch.size(), {EPROTO, "the kernel did not answer"});
    int failed = send_batch(batch);
    std::size_t waiting = batch.size();
    while (failed == 0 && waiting > 0) {
      const Received received = receive(0);
      failed = received.code;
      int size = static_cast<int>(received.size);
      void* start = buffer_.get();
      for (auto* header = static_cast<nlmsghdr*>(start); failed == 0 && nlmsg_ok(header, size);
           header = nlmsg_next(header, &size)) {
        const std::uint32_t index = header->nlmsg_seq - first;
        if (header->nlmsg_type != NLMSG_ERROR || index >= batch.size()) continue;
        answers[base + index] = answer_of(header);
        --waiting;
      }
    }
    if (failed != 0) {
      for (std::size_t i = base; i < answers.size(); ++i) {
        if (answers[i].code == EPROTO) answers[i] = {failed, error_text(failed)};
      }
    }
  }
  return answers;
}

Expected<Done> NetlinkSocket::dump(nl_msg* request, const std::function<void()>& begin,
                                   const std::function<void(const nlmsghdr*)>& each) {
  for (unsigned attempt = 0; attempt < kDumpAttempts; ++attempt) {
    begin();
    nlmsghdr* outgoing = nlmsg_hdr(request);
    outgoing->nlmsg_seq = ++sequence_;
    outgoing->nlmsg_pid = nl_socket_get_local_port(socket_.get());
    outgoing->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    if (nl_sendto(socket_.get(), outgoing, outgoing->nlmsg_len) < 0) {
      return netlink_error("dump", errno);
    }
    bool interrupted = false;
    for (bool done = false; !done;) {
      const Received received = receive(0);
      if (received.code != 0) return netlink_error("dump", received.code);
      int size = static_cast<int>(received.size);
      void* start = buffer_.get();
      for (auto* header = static_cast<nlmsghdr*>(start); nlmsg_ok(header, size);
           header = nlmsg_next(header, &size)) {
        if (header->nlmsg_seq != sequence_) continue;  // of an earlier request that failed half-way
        if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
        if (header->nlmsg_type == NLMSG_ERROR) {
          const NetlinkAnswer answer = answer_of(header);
          return fail(cat("netlink: dump: ", answer.text));
        }
        if (header->nlmsg_type == NLMSG_DONE) {
          done = true;
        } else {
          each(header);
        }
      }
    }
    if (!interrupted) return Done{};
  }
  return fail("netlink: dump: the tables change faster than they can be read");
}

bool NetlinkSocket::drain(const std::function<void(const nlmsghdr*)>& each) {
  bool lost = false;
  for (;;) {
    const Received received = receive(MSG_DONTWAIT);
    if (received.code == ENOBUFS) {
      lost = true;
      continue;
    }
    if (received.code != 0) return lost;  // EAGAIN: nothing left
    int size = static_cast<int>(received.size);
    void* start = buffer_.get();
    for (auto* header = static_cast<nlmsghdr*>(start); nlmsg_ok(header, size);
         header = nlmsg_next(header, &size)) {
      each(header);
    }
  }
}

}  // namespace sixgate::daemon
