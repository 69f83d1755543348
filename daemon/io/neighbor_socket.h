// SPDX-License-Identifier: Apache-2.0
// A socket that hears what the stations of a link ask each other, whoever it is meant for: Neighbor
// Solicitations and Advertisements, and nothing else (RFC 4389 section 4.1, where several links share a /64).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/io/link_layer_socket.h"

namespace sixgate::daemon {

Expected<OwnedFd> make_neighbor_socket(const LinkState& link);

// Nothing larger is a question or an answer of Neighbor Discovery.
inline constexpr std::size_t kLargestNeighborFrame = 2048;

// To this station. 0, or an errno value.
int send_neighbor(int fd, const LinkState& link, const MacAddress& station,
                  std::span<const std::uint8_t> frame);

}  // namespace sixgate::daemon
