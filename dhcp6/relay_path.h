// SPDX-License-Identifier: Apache-2.0
// The way back to a client behind relay agents, as its last message came (RFC 9915 section 19.3). An answer takes it at
// once; a Reconfigure takes it later, maybe after a restart, so that it is kept with the client's leases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dhcp6/relay_message.h"
#include "net/byte_reader.h"
#include "net/byte_writer.h"

namespace sixgate::dhcp6 {

struct WayBack {
  std::string_view link;             // where the outermost relay agent is heard
  std::uint16_t port = 0;            // and where it listens
  std::vector<RelayMessage> relays;  // Relay-replies, outermost first, around no message yet
};

// Of a Relay-forward that came on that link from this port: the same relay agents with the same addresses, their
// Interface-Id, and from which port they speak (RFC 8357 section 5).
WayBack way_back(std::string_view link, std::uint16_t port, const RelayedExchange& query);

// The same to be kept.
struct RelayPath {
  // Five relay agents with an Interface-Id of usual length. Who has a longer way back gets answers, and no Reconfigure.
  static constexpr std::size_t kLongest = 256;

  std::string link;
  std::uint16_t port = 0;
  Octets relays;  // each with its length in two octets before it; no more than kLongest

  static std::optional<RelayPath> of(const WayBack& way);  // none: too long
  // A message to the client, as it goes to the outermost relay agent; none when these are no relay agents.
  Octets around(Octets message) const;

  bool operator==(const RelayPath&) const = default;
};

}  // namespace sixgate::dhcp6
