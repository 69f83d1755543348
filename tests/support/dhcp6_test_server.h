// SPDX-License-Identifier: Apache-2.0
// TestServer: a DHCPv6 server that answers a client at once and correctly, until a test tells it not to.
// Without state: what it gives is what its fields say.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/message.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6::testing {

Duid test_duid(unsigned number);       // of servers: 00:02:... with the number
Ip6Address address(const char* text);  // aborts on nonsense
Prefix prefix(const char* text);

struct TestServer {
  explicit TestServer(unsigned number = 1) : duid(test_duid(number)) {}

  Duid duid;
  bool silent = false;
  std::vector<MessageType> deaf_to;  // silent to these only
  Duration delay = milliseconds(2);  // until the answer is at the client
  std::optional<std::uint8_t> preference;
  bool rapid_commit = false;

  // By IAID; an IA that is not here is answered with NoAddrsAvail or NoPrefixAvail.
  std::map<std::uint32_t, std::vector<Ip6Address>> addresses;
  std::map<std::uint32_t, std::vector<Prefix>> prefixes;
  bool omit_missing = false;  // such an IA is not in the answer at all

  Lifetime t1{1000};
  Lifetime t2{1600};
  Lifetime preferred{2000};
  Lifetime valid{3000};

  Options configuration;         // put into every answer
  std::optional<Status> status;  // for the message as a whole

  // Statuses by kind of IA: such an IA holds the status and nothing else.
  std::optional<Status> address_status;
  std::optional<Status> prefix_status;
  // These are listed with lifetimes 0, if the client names them or not.
  std::vector<Prefix> withdrawn;

  // Has the last word on each answer: (query, answer).
  std::function<void(const Message&, Message&)> edit;

  // What it says to `query`; nothing when it is not the one asked.
  std::optional<Message> answer(const Message& query) const;

  // The present life of a lease is one exchange long, so this is all the memory there is.
  mutable std::vector<Message> heard;
};

}  // namespace sixgate::dhcp6::testing
