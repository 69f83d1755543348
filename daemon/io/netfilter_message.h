// SPDX-License-Identifier: Apache-2.0
// How every message of NETLINK_NETFILTER begins, and how a block of received ones is begun to be read.
#pragma once

#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
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

}  // namespace sixgate::daemon
