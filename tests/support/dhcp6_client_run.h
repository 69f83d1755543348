// SPDX-License-Identifier: Apache-2.0
// ClientRun: a DHCPv6 client in virtual time on a link with TestServers. Whatever a test does, it checks after
// every step that the client keeps its contract (a deadline ahead, packets that parse, no expired lease, the
// rate limit).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/client.h"
#include "net/rng.h"
#include "tests/support/dhcp6_test_server.h"

namespace sixgate::dhcp6::testing {

inline constexpr std::uint32_t kAddressIaid = 7;
inline constexpr std::uint32_t kPrefixIaid = 9;

// Takes every option of a kind out of a message's.
template <class T>
void drop(Options& options) {
  std::erase_if(options, [](const Option& o) { return std::holds_alternative<T>(o); });
}

Duid client_duid();
// One IA_NA and one IA_PD with the hint ::/56.
ClientParameters both();
ClientParameters prefix_only();
ClientParameters address_only();
// A server that gives 2001:db8:ffff::7 and 2001:db8:100::/56 for these.
TestServer good_server(unsigned number = 1);

struct Sent {
  Instant at;
  Message message;
};

class ClientRun {
 public:
  explicit ClientRun(ClientParameters parameters, std::uint64_t seed = 1);

  Rng rng;
  Client client;
  Instant now = Instant::from_micros(5'000'000'000);
  std::vector<TestServer*> servers;

  std::vector<Sent> sent;
  std::vector<Lease> leases;  // each change
  LogLines log;

  void run_for(Duration span) { run_until(now + span); }
  void run_until(Instant end);
  // Runs until `state` is reached; false when it is not within `limit`.
  bool run_to(ClientState state, Duration limit = hours(100));
  // start_stateful() and on to a lease from the servers.
  bool bind();

  // To the client, now.
  void deliver(const Message& message, Arrival arrival = Arrival::kUnicast);
  void deliver(const std::vector<std::uint8_t>& bytes, Arrival arrival = Arrival::kUnicast);
  // A well-formed answer to the message last sent: the client's DUID, the transaction id.
  Message answer_to_last(MessageType type, const Duid& server) const;

  std::vector<Sent> of(MessageType type) const;
  std::vector<Duration> gaps(MessageType type) const;  // between transmissions of a type
  const Message& last() const { return sent.back().message; }
  const Lease& lease() const { return client.lease(); }
  void settle();  // takes what the client put out; tests call it after calling the client
  std::string transcript() const;  // of the log, for a failing test

 private:
  struct Answer {
    std::vector<std::uint8_t> bytes;
  };
  void check();
  std::multimap<Instant, Answer> on_the_way_;
};

}  // namespace sixgate::dhcp6::testing
