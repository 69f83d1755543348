// SPDX-License-Identifier: Apache-2.0
// For ./dev bench ra: the two ends of a measurement, without anything of ours between.
//   nd_load ask INTERFACE rs|echo SERVER SOURCES WINDOW SECONDS
//     keeps WINDOW questions under way, from fe80::d6:0:0 on, SOURCES of them, which the interface must have:
//     Router Solicitations, or Echo Requests to SERVER. Prints {"answers": N, "seconds": S, ...}.
//   nd_load answer INTERFACE echo|ra OCTETS
//     the least that answers: a raw socket, epoll, recvfrom, sendto. Echo Requests, with the kernel's own answer
//     switched off; or Router Solicitations with that many octets which never change.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 32;
constexpr std::size_t kEchoOctets = 64;
// A question without an answer is asked again after this long.
constexpr std::chrono::milliseconds kPatience{500};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

template <class T>
void set(int fd, int level, int option, const T& value) {
  if (::setsockopt(fd, level, option, &value, sizeof value) != 0) die("setsockopt");
}

int raw_socket(const std::string& interface, unsigned heard) {
  const int fd = ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
  if (fd < 0) die("socket");
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(heard, &filter);
  set(fd, IPPROTO_ICMPV6, ICMP6_FILTER, filter);
  const int index = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (index == 0) die(interface.c_str());
  set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
  set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255);
  set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  const int large = 8 << 20;
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                   static_cast<socklen_t>(interface.size() + 1)) != 0)
    die("SO_BINDTODEVICE");
  return fd;
}

in6_addr address(const char* text) {
  in6_addr out;
  if (::inet_pton(AF_INET6, text, &out) != 1) die(text);
  return out;
}

struct Message {
  sockaddr_in6 peer{};
  std::array<std::uint8_t, 2048> octets{};
  alignas(cmsghdr) std::array<unsigned char, 128> control{};
  iovec part{};
};

// Messages that go to or come from the kernel together.
struct Batch {
  std::vector<Message> messages = std::vector<Message>(kBatch);
  std::array<mmsghdr, kBatch> headers{};
  void prepare(std::size_t i, std::size_t size, std::size_t control) {
    Message& message = messages[i];
    message.part = {message.octets.data(), size};
    msghdr& header = headers[i].msg_hdr;
    header = {};
    header.msg_name = &message.peer;
    header.msg_namelen = sizeof message.peer;
    header.msg_iov = &message.part;
    header.msg_iovlen = 1;
    header.msg_control = message.control.data();
    header.msg_controllen = control;
  }
};

void come_from(Message& message, const in6_addr& source, unsigned index) {
  in6_pktinfo info{};
  info.ipi6_addr = source;
  info.ipi6_ifindex = index;
  auto* c = reinterpret_cast<cmsghdr*>(message.control.data());
  c->cmsg_level = IPPROTO_IPV6;
  c->cmsg_type = IPV6_PKTINFO;
  c->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
}

// To which of our sources it came, or none.
std::size_t source_of(msghdr& header, const in6_addr& first) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO) continue;
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(c), sizeof info);
    if (std::memcmp(&info.ipi6_addr, &first, 14) != 0) return SIZE_MAX;
    return std::size_t{info.ipi6_addr.s6_addr[14]} << 8 | info.ipi6_addr.s6_addr[15];
  }
  return SIZE_MAX;
}

int ask(const std::string& interface, bool solicit, const char* server, std::size_t sources,
        std::size_t window, double seconds) {
  const int fd = raw_socket(interface, solicit ? ND_ROUTER_ADVERT : ICMP6_ECHO_REPLY);
  set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  const unsigned index = ::if_nametoindex(interface.c_str());
  const in6_addr first = address("fe80::d6:0:0");
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_scope_id = index;
  to.sin6_addr = address(solicit ? "ff02::2" : server);
  // A solicitation without the Source Link-Layer Address option, as RFC 4861 section 4.1 allows.
  const std::size_t size = solicit ? 8 : kEchoOctets;

  std::vector<Clock::time_point> asked(sources);
  std::vector<bool> waiting(sources, false);
  std::size_t under_way = 0;
  std::size_t next = 0;
  std::uint64_t answers = 0;
  std::uint64_t lost = 0;
  std::uint64_t multicasts = 0;
  std::uint64_t octets = 0;
  Batch out;
  Batch in;
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  auto looked = begin;
  auto now = begin;
  for (; now < end; now = Clock::now()) {
    std::size_t count = 0;
    for (std::size_t tried = 0; tried < sources && count < kBatch && under_way < window; ++tried) {
      const std::size_t i = next;
      next = (next + 1) % sources;
      if (waiting[i]) continue;
      waiting[i] = true;
      asked[i] = now;
      ++under_way;
      Message& message = out.messages[count];
      message.octets[0] = solicit ? ND_ROUTER_SOLICIT : ICMP6_ECHO_REQUEST;
      message.peer = to;
      in6_addr source = first;
      source.s6_addr[14] = static_cast<std::uint8_t>(i >> 8);
      source.s6_addr[15] = static_cast<std::uint8_t>(i);
      come_from(message, source, index);
      out.prepare(count++, size, CMSG_SPACE(sizeof(in6_pktinfo)));
    }
    if (count > 0 && ::sendmmsg(fd, out.headers.data(), static_cast<unsigned>(count), 0) < 0)
      die("sendmmsg (has the interface all the sources?)");
    for (std::size_t i = 0; i < kBatch; ++i) in.prepare(i, in.messages[i].octets.size(), 128);
    const int got = ::recvmmsg(fd, in.headers.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int k = 0; k < got; ++k) {
      auto& header = in.headers[static_cast<std::size_t>(k)];
      const std::size_t i = source_of(header.msg_hdr, first);
      if (i >= sources) {
        ++multicasts;
        continue;
      }
      if (!waiting[i]) continue;
      waiting[i] = false;
      --under_way;
      ++answers;
      octets += header.msg_len;
    }
    if (got <= 0) {
      pollfd readable{fd, POLLIN, 0};
      ::poll(&readable, 1, 1);
    }
    if (now - looked > kPatience / 2) {
      looked = now;
      for (std::size_t i = 0; i < sources; ++i) {
        if (!waiting[i] || now - asked[i] < kPatience) continue;
        waiting[i] = false;
        --under_way;
        ++lost;
      }
    }
  }
  std::printf(
      "{\"answers\": %llu, \"seconds\": %.6f, \"lost\": %llu, \"multicasts\": %llu, \"octets\": "
      "%.1f}\n",
      static_cast<unsigned long long>(answers), std::chrono::duration<double>(now - begin).count(),
      static_cast<unsigned long long>(lost), static_cast<unsigned long long>(multicasts),
      answers > 0 ? static_cast<double>(octets) / static_cast<double>(answers) : 0.0);
  return 0;
}

int answer(const std::string& interface, bool solicited, std::size_t octets) {
  const int fd = raw_socket(interface, solicited ? ND_ROUTER_SOLICIT : ICMP6_ECHO_REQUEST);
  if (solicited) {
    ipv6_mreq group{};
    group.ipv6mr_multiaddr = address("ff02::2");
    group.ipv6mr_interface = ::if_nametoindex(interface.c_str());
    set(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, group);
  }
  // Current hop limit 64, no router lifetime, and an option that nobody knows, of the length asked for.
  std::vector<std::uint8_t> advertisement(std::max<std::size_t>(octets, 24) / 8 * 8);
  advertisement[0] = ND_ROUTER_ADVERT;
  advertisement[4] = 64;
  advertisement[16] = 253;
  advertisement[17] = static_cast<std::uint8_t>(advertisement.size() / 8 - 2);
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  std::array<std::uint8_t, 2048> buffer{};
  for (;;) {
    if (::epoll_wait(poller, &event, 1, -1) <= 0) continue;
    for (std::size_t k = 0; k < kBatch; ++k) {
      sockaddr_in6 peer{};
      socklen_t length = sizeof peer;
      const ssize_t got = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&peer), &length);
      if (got < 0) break;
      buffer[0] = ICMP6_ECHO_REPLY;
      const std::uint8_t* said = solicited ? advertisement.data() : buffer.data();
      const std::size_t size = solicited ? advertisement.size() : static_cast<std::size_t>(got);
      (void)!::sendto(fd, said, size, 0, reinterpret_cast<const sockaddr*>(&peer), length);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (argc == 8 && words[1] == "ask")
    return ask(words[2], words[3] == "rs", argv[4], std::stoul(words[5]), std::stoul(words[6]),
               std::stod(words[7]));
  if (argc == 5 && words[1] == "answer")
    return answer(words[2], words[3] == "ra", std::stoul(words[4]));
  std::fputs(
      "usage: nd_load ask INTERFACE rs|echo SERVER SOURCES WINDOW SECONDS\n"
      "       nd_load answer INTERFACE echo|ra OCTETS\n",
      stderr);
  return 2;
}
