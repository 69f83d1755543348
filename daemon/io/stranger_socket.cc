// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/stranger_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/link_layer_socket.h"
#include "daemon/io/open_flows.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::uint32_t kPacketType = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE);
constexpr std::uint32_t kTcpFlags = kIp6HeaderSize + 13;
constexpr std::uint32_t kSctpChunk = kIp6HeaderSize + 12;
constexpr std::uint32_t kSyn = 0x02;
constexpr std::uint32_t kSynAck = 0x12;
constexpr std::uint32_t kInit = 1;

// Not what we send out ourselves: for a busy house that would be much.
constexpr std::array<sock_filter, 12> kFilter{{
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kPacketType},
    {BPF_JMP | BPF_JEQ | BPF_K, 9, 0, PACKET_OUTGOING},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kIp6NextHeaderAt},
    {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, IPPROTO_TCP},
    {BPF_JMP | BPF_JEQ | BPF_K, 3, 6, IPPROTO_SCTP},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kTcpFlags},
    {BPF_ALU | BPF_AND | BPF_K, 0, 0, kSynAck},
    {BPF_JMP | BPF_JEQ | BPF_K, 2, 3, kSyn},
    {BPF_LD | BPF_B | BPF_ABS, 0, 0, kSctpChunk},
    {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kInit},
    {BPF_RET | BPF_K, 0, 0, kLargestFirst},
    {BPF_RET | BPF_K, 0, 0, 0},
}};

}  // namespace

Expected<OwnedFd> make_stranger_socket(const LinkState& link) {
  return make_link_layer_socket(link, kFilter);
}

bool RefusalSender::open() {
  if (fd_) return true;
  OwnedFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  icmp6_filter nothing{};
  std::memset(&nothing, 0xff, sizeof nothing);  // a bit set means: blocked
  if (!fd || ::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &nothing, sizeof nothing) != 0) {
    complain(cat("ICMPv6 socket: ", error_text(errno)));
    return false;
  }
  fd_ = std::move(fd);
  return true;
}

void RefusalSender::complain(std::string text) {
  if (complaint_ == text) return;
  log_({LogLevel::kWarning, cat("refused connections are not answered: ", text)});
  complaint_ = std::move(text);
}

void RefusalSender::send(const std::vector<firewall::Refusal>& refusals) {
  for (const firewall::Refusal& refusal : refusals) {
    const Expected<bool> known = is_tracked(refusal.flow);
    if (!known) return complain(known.error().message);
    if (*known || !open()) continue;
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, refusal.flow.source.bytes().data(), sizeof to.sin6_addr);
    // Lost is lost, as the kernel's own errors are.
    (void)::sendto(fd_.get(), refusal.message.data(), refusal.message.size(), MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
}

}  // namespace sixgate::daemon
