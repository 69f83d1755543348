// SPDX-License-Identifier: Apache-2.0
// What every use of NETLINK_NETFILTER has in common: its socket, how a message begins, how an answer is read.
#pragma once

#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate::daemon {

inline const nlmsghdr* first_message(const std::vector<char>& block) {
  return static_cast<const nlmsghdr*>(static_cast<const void*>(block.data()));
}

// `type`: the subsystem in its upper octet. `resource`: of the messages around a batch.
inline nlmsghdr* start_message(std::vector<char>& block, std::uint16_t type, std::uint16_t flags,
                               std::uint32_t sequence, std::uint8_t family,
                               std::uint16_t resource = 0) {
  nlmsghdr* header = mnl_nlmsg_put_header(block.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  auto* nfgen = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  nfgen->nfgen_family = family;
  nfgen->version = NFNETLINK_V0;
  nfgen->res_id = htobe16(resource);
  return header;
}

// Of the subsystem nftables.
constexpr std::uint16_t nft_message(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

inline void put_text(nlmsghdr* header, std::uint16_t attribute, std::string_view text) {
  mnl_attr_put_strz(header, attribute, std::string(text).c_str());
}

struct CloseNetfilter {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using NetfilterSocket = std::unique_ptr<mnl_socket, CloseNetfilter>;

// None, with errno, where there is no netfilter or no right to it.
inline NetfilterSocket open_netfilter() {
  NetfilterSocket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) return nullptr;
  // The kernel answers before sendto() returns; the limit only guards against one that does not.
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  (void)::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &limit,
                     sizeof limit);
  return socket;
}

inline constexpr std::size_t kNetfilterBlock = 65536;  // an answer, or a part of one

// Calls `each` with every message of the answer to request `sequence`; its errno at the end. What an earlier request
// that gave up has left is passed over.
template <class Each>
int read_answer(mnl_socket* socket, std::uint32_t sequence, bool dump, std::vector<char>& block,
                Each&& each) {
  block.resize(kNetfilterBlock);
  for (;;) {
    const ssize_t received = mnl_socket_recvfrom(socket, block.data(), block.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return errno;
    auto left = static_cast<int>(received);
    for (const auto* header = first_message(block); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      if (header->nlmsg_seq != sequence) continue;
      if (header->nlmsg_type == NLMSG_DONE) return 0;
      if (header->nlmsg_type == NLMSG_ERROR) {
        const int error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
        if (error != 0 || !dump) return -error;
        continue;
      }
      each(header);
    }
  }
}

template <class Each>
int read_answer(mnl_socket* socket, std::uint32_t sequence, bool dump, Each&& each) {
  std::vector<char> block;
  return read_answer(socket, sequence, dump, block, std::forward<Each>(each));
}

// The attributes of a message or a nest, by type.
template <std::size_t kCount>
struct NetfilterAttributes {
  const nlattr* of[kCount] = {};
  static int take(const nlattr* attribute, void* data) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type < kCount) static_cast<NetfilterAttributes*>(data)->of[type] = attribute;
    return MNL_CB_OK;
  }
};

template <std::size_t kCount>
NetfilterAttributes<kCount> attributes_of(const nlmsghdr* header) {
  NetfilterAttributes<kCount> out;
  mnl_attr_parse(header, sizeof(nfgenmsg), NetfilterAttributes<kCount>::take, &out);
  return out;
}

template <std::size_t kCount>
NetfilterAttributes<kCount> attributes_in(const nlattr* nest) {
  NetfilterAttributes<kCount> out;
  if (nest != nullptr) mnl_attr_parse_nested(nest, NetfilterAttributes<kCount>::take, &out);
  return out;
}

// Of an attribute that is there; empty and none else.
inline std::string_view netfilter_text(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const std::string_view all(mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute));
  return all.substr(0, all.find('\0'));
}

inline std::optional<std::uint32_t> netfilter_number(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0) return std::nullopt;
  return be32toh(mnl_attr_get_u32(attribute));
}

}  // namespace sixgate::daemon
