// SPDX-License-Identifier: Apache-2.0
// The messages of Neighbor Discovery (RFC 4861 section 4) as ICMPv6 payloads from the type octet
// on, and the checks a received one must pass before it means anything (section 6.1).
//
// The checksum field is emitted as zero and not looked at: a raw ICMPv6 socket has the kernel
// compute and verify it (RFC 3542 section 3.1).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ra/options.h"

namespace sixgate::ra {

// Hop limit 255 and a link-local source are the sender's business.
struct Packet {
  Ip6Address destination;
  std::vector<std::uint8_t> payload;
  std::optional<Ip6Address> source;  // none: the interface's link-local address
  bool operator==(const Packet&) const = default;
};

struct ReceivedPacket {
  std::span<const std::uint8_t> payload;
  Ip6Address source;
  Ip6Address destination;
  unsigned hop_limit = 0;
};

inline constexpr unsigned kRequiredHopLimit = 255;  // RFC 4861 section 6.1

// RFC 4861 section 4.1
struct RouterSolicitation {
  static constexpr std::uint8_t kType = 133;
  Options options;
  static Parsed<RouterSolicitation> parse(std::span<const std::uint8_t> payload);
  void emit(ByteWriter& writer) const;
  bool operator==(const RouterSolicitation&) const = default;
};

// RFC 4861 section 4.2, RFC 4191 section 2.2, RFC 5175
struct RouterAdvertisement {
  static constexpr std::uint8_t kType = 134;
  std::uint8_t hop_limit = 0;  // 0: unspecified
  bool managed = false;
  bool other = false;
  bool home_agent = false;                                  // RFC 6275
  bool proxy = false;                                       // RFC 4389
  RouterPreference preference = RouterPreference::kMedium;  // the reserved 10 reads as medium
  std::chrono::seconds router_lifetime{0};                  // 16 bits on the wire
  std::chrono::milliseconds reachable{0};                   // 0: unspecified
  std::chrono::milliseconds retrans{0};                     // 0: unspecified
  Options options;
  static Parsed<RouterAdvertisement> parse(std::span<const std::uint8_t> payload);
  void emit(ByteWriter& writer) const;
  bool operator==(const RouterAdvertisement&) const = default;
};

// RFC 4861 section 4.3
struct NeighborSolicitation {
  static constexpr std::uint8_t kType = 135;
  Ip6Address target;
  Options options;
  static Parsed<NeighborSolicitation> parse(std::span<const std::uint8_t> payload);
  void emit(ByteWriter& writer) const;
  bool operator==(const NeighborSolicitation&) const = default;
};

// RFC 4861 section 4.4
struct NeighborAdvertisement {
  static constexpr std::uint8_t kType = 136;
  bool router = false;
  bool solicited = false;
  bool override_cache = false;
  Ip6Address target;
  Options options;
  static Parsed<NeighborAdvertisement> parse(std::span<const std::uint8_t> payload);
  void emit(ByteWriter& writer) const;
  bool operator==(const NeighborAdvertisement&) const = default;
};

template <class Message>
std::vector<std::uint8_t> to_bytes(const Message& message) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  message.emit(writer);
  return out;
}

// Why a received message is silently discarded (RFC 4861 sections 6.1.1, 6.1.2, 7.1.1, 7.1.2).
enum class Discard : std::uint8_t {
  kType,                      // not a message this engine listens to
  kHopLimit,                  // not 255: it came through a router
  kCode,                      // not 0
  kTooShort,                  // below the fixed part
  kOptionLength,              // an option of length 0, or beyond the end
  kSourceNotLinkLocal,        // RA
  kUnspecifiedWithLinkLayer,  // RS or NS from :: with a source link-layer address
  kTarget,                    // NS or NA about a multicast address
  kDestination,               // NS from :: not to a solicited-node address; solicited NA to a group
};
inline constexpr std::size_t kDiscardReasons = 9;
std::string_view to_string(Discard reason);

class DiscardCounters {
 public:
  void count(Discard reason) { ++counts_[static_cast<std::size_t>(reason)]; }
  std::uint64_t operator[](Discard reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::uint64_t total() const;
  bool operator==(const DiscardCounters&) const = default;

 private:
  std::array<std::uint64_t, kDiscardReasons> counts_{};
};

// The message, or why it must be discarded.
Expected<RouterSolicitation, Discard> accept_router_solicitation(const ReceivedPacket& packet);
Expected<RouterAdvertisement, Discard> accept_router_advertisement(const ReceivedPacket& packet);
Expected<NeighborSolicitation, Discard> accept_neighbor_solicitation(const ReceivedPacket& packet);
Expected<NeighborAdvertisement, Discard> accept_neighbor_advertisement(
    const ReceivedPacket& packet);

}  // namespace sixgate::ra
