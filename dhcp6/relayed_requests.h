// SPDX-License-Identifier: Apache-2.0
// RelayedRequests: what clients asked for through us lately. A relay agent relays whatever a server of its says (RFC
// 9915 section 19.2), and the sender of a datagram is easily made up: only a Reply to one of these is believed
// (relayed_delegations.h).
//
// Bounded whatever clients make up: so many of one link, the oldest goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "dhcp6/duid.h"
#include "dhcp6/message.h"
#include "net/ip6_address.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

class RelayedRequests {
 public:
  static constexpr std::size_t kMostOfLink = 512;
  // A server answers at once, or the client asks again.
  static constexpr Duration kMemory = seconds(60);

  void keep_only(const std::set<std::string>& links);
  // Of a client that is reached by `next_hop`. Whether a Reply to it can delegate anything is looked at here.
  void remember(const std::string& link, const Ip6Address& next_hop, const Message& message,
                Instant now);
  // Several servers may answer one request.
  bool has_answer(const std::string& link, const Ip6Address& next_hop, const Message& reply,
                  Instant now) const;

 private:
  struct Request {
    std::uint32_t transaction_id = 0;
    Ip6Address next_hop;
    Duid client;
    Instant at;
  };
  std::map<std::string, std::deque<Request>> requests_;  // by link, the oldest first
};

}  // namespace sixgate::dhcp6
