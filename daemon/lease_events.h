// SPDX-License-Identifier: Apache-2.0
// LeaseEvents: what happens to the leases of our DHCPv6 server, in order and numbered, for whoever listens. The last
// kMost are kept, and every reader has a place among them: one who comes back, or is slower than the events, is told
// how many he missed before he hears the next one. Numbers begin anew with each run of the daemon, which is what
// `epoch` says (dhcp6/lease_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/json.h"
#include "dhcp6/server.h"

namespace sixgate::daemon {

// "added", "delegated" (a prefix), "renewed", "expired", "released", "declined".
std::string_view event_name(const dhcp6::LeaseEvent& event);
// The members that say what happened.
void write_event(JsonWriter& json, const dhcp6::LeaseEvent& event);

// Where a reader is: he has heard of everything up to `number`.
struct EventPlace {
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  bool operator==(const EventPlace&) const = default;
};
// "7.1234".
std::optional<EventPlace> parse_event_place(std::string_view text);

class LeaseEvents {
 public:
  static constexpr std::size_t kMost = 512;

  void begin(std::uint32_t epoch) { epoch_ = epoch; }
  void add(const dhcp6::LeaseEvent& event);
  EventPlace last() const { return {epoch_, last_}; }

  // What a new reader hears first: his place. One who says where he was is told at once when that is no place here.
  std::string greeting(EventPlace& place) const;
  // One line of JSON, and `place` moved behind it; none when there is nothing new.
  std::optional<std::string> next(EventPlace& place) const;

 private:
  std::string missed(EventPlace& place) const;

  std::uint32_t epoch_ = 0;
  std::uint64_t last_ = 0;  // the number of the latest one
  // The n-th event, counted from 0, at n modulo kMost. A place that is written again keeps its memory.
  std::vector<dhcp6::LeaseEvent> kept_;
};

}  // namespace sixgate::daemon
