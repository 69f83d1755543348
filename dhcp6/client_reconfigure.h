// SPDX-License-Identifier: Apache-2.0
// Whether a Reconfigure may be obeyed (RFC 9915 sections 16.11, 20.3, 20.4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "dhcp6/client_counters.h"
#include "dhcp6/client_lease.h"
#include "dhcp6/message.h"

namespace sixgate::dhcp6 {

// What a proven Reconfigure asks for.
struct ReconfigureOrder {
  MessageType type{};  // Renew, Rebind or Information-request
  std::uint64_t replay_value = 0;
};

// `raw` is the datagram that `message` was parsed from: the digest covers its octets.
std::variant<ReconfigureOrder, ClientDrop> check_reconfigure(
    const Message& message, std::span<const std::uint8_t> raw,
    const std::optional<ReconfigureKey>& key);

// The digest of a Reconfigure whose Authentication option holds one: computed with zeros in its place. None
// when there is no such option.
std::optional<Authentication::Key> reconfigure_digest_of(std::span<const std::uint8_t> raw,
                                                         const Authentication::Key& key);

}  // namespace sixgate::dhcp6
