// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/status.h"

#include "net/text.h"

namespace sixgate::dhcp6 {

std::string to_string(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "Success";
    case Status::kUnspecFail:
      return "UnspecFail";
    case Status::kNoAddrsAvail:
      return "NoAddrsAvail";
    case Status::kNoBinding:
      return "NoBinding";
    case Status::kNotOnLink:
      return "NotOnLink";
    case Status::kUseMulticast:
      return "UseMulticast";
    case Status::kNoPrefixAvail:
      return "NoPrefixAvail";
  }
  return cat("status ", static_cast<std::uint16_t>(status));
}

}  // namespace sixgate::dhcp6
