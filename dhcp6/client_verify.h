// SPDX-License-Identifier: Apache-2.0
// Whether a datagram is a server's word to this client at all (RFC 9915 section 16): what every exchange
// demands before it looks at its own transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "dhcp6/client_counters.h"
#include "dhcp6/datagram.h"
#include "dhcp6/duid.h"
#include "dhcp6/message.h"

namespace sixgate::dhcp6 {

struct Refusal {
  ClientDrop reason{};
  std::string detail;  // where a malformed message went wrong; empty otherwise
};

// An Advertise, Reply or Reconfigure with exactly one server identifier, addressed to `client`.
std::variant<Message, Refusal> verify_received(std::span<const std::uint8_t> payload,
                                               Arrival arrival, const Duid& client);

// Configuration to be passed on: everything that is not machinery of the exchange.
bool is_configuration(const Option& option);

}  // namespace sixgate::dhcp6
