// SPDX-License-Identifier: Apache-2.0
// RelayPath: the way back to a client behind relay agents, as its last message came (RFC 9915 section 19.3). An answer
// takes it at once; a Reconfigure takes it later, maybe after a restart, so that it is kept with the client's leases.
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

struct RelayPath {
  // Of what emit() writes: five relay agents with an Interface-Id of usual length. Who has a longer way back gets
  // answers, and no Reconfigure.
  static constexpr std::size_t kLongest = 256;

  std::string link;                  // where the outermost relay agent is heard
  std::uint16_t port = 0;            // and where it listens
  std::vector<RelayMessage> relays;  // Relay-replies, outermost first, around no message yet

  // Of a Relay-forward that came there from this port: the same relay agents with the same addresses, their
  // Interface-Id, and from which port they speak (RFC 8357 section 5).
  static RelayPath back(std::string_view link, std::uint16_t port, const RelayedExchange& query);
  // For the journal of leases. No more than kLongest, or nothing and false.
  bool emit(ByteWriter& writer) const;
  static std::optional<RelayPath> read(ByteReader& reader);

  bool operator==(const RelayPath&) const = default;
};

}  // namespace sixgate::dhcp6
