// SPDX-License-Identifier: Apache-2.0
// Messages of the Port Control Protocol (RFC 6887), as a server needs them: requests are read, answers written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "net/ip6_address.h"

namespace sixgate::pcp {

inline constexpr std::uint16_t kServerPort = 5351;  // RFC 6887 section 19.1
inline constexpr std::uint16_t kClientPort = 5350;  // where clients hear announcements
inline constexpr std::uint8_t kVersion = 2;
inline constexpr std::size_t kLargestMessage = 1100;  // section 7

// RFC 6887 section 19.2
enum class Opcode : std::uint8_t { kAnnounce = 0, kMap = 1, kPeer = 2 };

// RFC 6887 section 7.4
enum class ResultCode : std::uint8_t {
  kSuccess = 0,
  kUnsuppVersion = 1,
  kNotAuthorized = 2,
  kMalformedRequest = 3,
  kUnsuppOpcode = 4,
  kUnsuppOption = 5,
  kMalformedOption = 6,
  kNetworkFailure = 7,
  kNoResources = 8,
  kUnsuppProtocol = 9,
  kUserExQuota = 10,
  kCannotProvideExternal = 11,
  kAddressMismatch = 12,
  kExcessiveRemotePeers = 13,
};
inline constexpr std::size_t kResultCodeCount = 14;
std::string_view to_string(ResultCode code);  // "success", "not_authorized", ...

using Nonce = std::array<std::uint8_t, 12>;

// Of the FILTER option (section 13.3): who may use the mapping. Length 0 takes back all filters before it.
struct Filter {
  std::uint8_t length = 0;  // bits of the address that count
  std::uint16_t port = 0;   // of the remote peer; 0: all
  Ip6Address peer;
  bool operator==(const Filter&) const = default;
};

// A well-formed request. What an opcode does not have is zero.
struct Request {
  Opcode opcode = Opcode::kAnnounce;
  std::uint32_t lifetime = 0;  // seconds
  Ip6Address client;           // as the client knows itself
  Nonce nonce{};
  std::uint8_t protocol = 0;  // as IANA numbers them; 0: all
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;  // suggested
  Ip6Address external_address;      // suggested
  std::uint16_t remote_port = 0;    // of PEER
  Ip6Address remote_peer;           // of PEER
  bool prefer_failure = false;
  std::vector<Filter> filters;
  bool operator==(const Request&) const = default;
};

// What becomes of a datagram: a request, an error to answer, or nothing: it is not answered at all (section 8.2).
using Reading = std::variant<std::monostate, ResultCode, Request>;
// `source` is where the datagram came from: the client must know itself by that address.
Reading read_request(std::span<const std::uint8_t> datagram, const Ip6Address& source);

// The request again, with the error in its header (section 8.2). `lifetime`: for how many seconds the same request
// would fail in the same way. What could not be understood gets a part of the client's address back, too.
std::vector<std::uint8_t> error_answer(std::span<const std::uint8_t> datagram, ResultCode code,
                                       std::uint32_t lifetime, std::uint32_t epoch,
                                       bool understood = true);

// The mapping that the client has, for `lifetime` seconds.
std::vector<std::uint8_t> success_answer(const Request& request, const Ip6Address& external_address,
                                         std::uint16_t external_port, std::uint32_t lifetime,
                                         std::uint32_t epoch);

// Said to everybody when mappings were lost (section 14.1.3), and the answer to a client that asks for it.
std::vector<std::uint8_t> announcement(std::uint32_t epoch);

}  // namespace sixgate::pcp
