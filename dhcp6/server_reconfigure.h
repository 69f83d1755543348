// SPDX-License-Identifier: Apache-2.0
// Reconfigure: how the server makes a client ask again (RFC 9915 sections 18.3.11 and 20.4).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "dhcp6/lease_table.h"
#include "dhcp6/option_exchange.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// The key of a client, made of our secret and its DUID: as good as random to everybody else (section 20.4.2),
// and nothing that could be lost in a crash.
Authentication::Key reconfigure_key_of(const std::array<std::uint8_t, 32>& secret,
                                       const Duid& client);

// The octets of a Reconfigure that makes the client renew; the Authentication option has 28 of them.
std::vector<std::uint8_t> make_reconfigure(const Duid& server, const Duid& client,
                                           const Authentication::Key& key,
                                           std::uint64_t replay_value);

// When a client that does not ask is told again: after REC_TIMEOUT (2 s), then doubled, REC_MAX_RC (8) times in all.
struct ReconfigureAttempt {
  Instant next;
  unsigned sent = 0;
  bool is_last() const;  // after it there is none
  void count(Instant now);
};

class ReconfigureQueue {
 public:
  // Also one that is being told already: it begins anew.
  void add(ClientNumber client, Instant at) { waiting_[client] = {at, 0}; }
  // The client has asked, or is gone.
  void remove(ClientNumber client) { waiting_.erase(client); }
  // Those to be written to at `now`; each is counted as written to.
  std::vector<ClientNumber> due(Instant now);
  std::optional<Instant> next() const;
  bool contains(ClientNumber client) const { return waiting_.contains(client); }

 private:
  std::map<ClientNumber, ReconfigureAttempt> waiting_;
};

}  // namespace sixgate::dhcp6
