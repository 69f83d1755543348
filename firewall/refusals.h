// SPDX-License-Identifier: Apache-2.0
// Refusals: who begins a flow to a host that nobody opened to him hears so, late (RFC 6092 REC-34 and REC-39, RFC 4443
// section 3.1).
//
// A TCP SYN or SCTP INIT from outside that no rule lets in is answered with "administratively prohibited", but not before
// six seconds are over, for a host inside may be about to send its own to the same place: then the two meet and the
// connection opens, which an early error would end. Whether that happened the table of connections knows, and whoever
// carries this out asks it.
//
// Nobody can fill it: of everything that comes only the first kMost are looked at until they are answered, so that there
// are never more than some ten errors a second (RFC 4443 section 2.4 (f)), and nothing is heard while it is full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "firewall/open_flows.h"
#include "net/time.h"

namespace sixgate::firewall {

struct Refusal {
  Flow flow;                          // that is refused unless it is known by then
  std::vector<std::uint8_t> message;  // ICMPv6 to its source; the checksum is the kernel's to write
  bool operator==(const Refusal&) const = default;
};

class Refusals {
 public:
  static constexpr Duration kPatience = seconds(6);
  static constexpr std::size_t kMost = 64;
  // With its header an error is no larger than what every link carries (RFC 4443 section 2.4 (c)).
  static constexpr std::size_t kMostQuoted = 1280 - 40 - 8;

  // What came in on an uplink, from the IPv6 header on. The flow that it would begin, or none: it is something else, or
  // nobody may be answered (RFC 4443 section 2.4 (e)).
  static std::optional<Flow> begins(std::span<const std::uint8_t> packet);

  // Such a packet to a host of the house. Those sent again wait with the first.
  void add(const Flow& flow, std::span<const std::uint8_t> packet, Instant now);
  bool is_full() const { return waiting_.size() >= kMost; }
  void clear() { waiting_.clear(); }
  std::vector<Refusal> due(Instant now);
  std::optional<Instant> next() const;

 private:
  struct Waiting {
    Instant at;
    Refusal refusal;
  };
  std::deque<Waiting> waiting_;  // the first to be due in front
};

}  // namespace sixgate::firewall
