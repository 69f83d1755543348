// SPDX-License-Identifier: Apache-2.0
// Where the kernel would send a packet that it forwards, rules of policy routing included (RFC 8028 section 3.1 needs them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/io/owned_fd.h"
#include "net/ip6_address.h"

namespace sixgate::daemon {

class RouteLookup {
 public:
  RouteLookup();
  // The interface by which a packet from `source`, received on interface `received_on`, would leave towards `destination`
  // with this mark; none: by none, or the kernel does not say.
  std::optional<std::string> way_out(const Ip6Address& source, const std::string& received_on,
                                     const Ip6Address& destination, std::uint32_t mark = 0) const;

 private:
  OwnedFd socket_;
};

}  // namespace sixgate::daemon
