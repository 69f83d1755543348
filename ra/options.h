// SPDX-License-Identifier: Apache-2.0
// The options of Neighbor Discovery: one struct for one option, one variant of them all.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |     Type      |    Length     |              ...              |    Length in units of 8
//   octets,
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    header included
//
// parse() of an option reads what follows Length up to the option's end; emit() writes the same,
// and the common code pads to 8 octets. A length of zero, or one beyond the packet, spoils the
// whole message (RFC 4861 section 6.1.2). An option that is only wrong inside is kept as
// MalformedOption, so that it is ignored without harming the rest (RFC 8106 section 5.3.1, RFC 8781
// section 5.1).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::ra {

// RFC 4191 section 2.1: 01 high, 00 medium, 11 low; 10 is reserved.
enum class RouterPreference : std::uint8_t { kLow, kMedium, kHigh };
std::string_view to_string(RouterPreference preference);
std::uint8_t to_bits(RouterPreference preference);
std::optional<RouterPreference> preference_from_bits(std::uint8_t bits);  // none for 10

// RFC 4861 section 4.6.1. The octets of whatever the link has; on Ethernet a MacAddress.
struct LinkLayerAddress {
  std::vector<std::uint8_t> octets;
  LinkLayerAddress() = default;
  explicit LinkLayerAddress(const MacAddress& mac)
      : octets(mac.bytes().begin(), mac.bytes().end()) {}
  std::optional<MacAddress> mac() const;
  void emit(ByteWriter& writer) const { writer.bytes(octets); }
  bool operator==(const LinkLayerAddress&) const = default;
};

struct SourceLinkLayerAddress : LinkLayerAddress {
  static constexpr std::uint8_t kCode = 1;
  using LinkLayerAddress::LinkLayerAddress;
  static Parsed<SourceLinkLayerAddress> parse(ByteReader& reader);
  bool operator==(const SourceLinkLayerAddress&) const = default;
};

struct TargetLinkLayerAddress : LinkLayerAddress {
  static constexpr std::uint8_t kCode = 2;
  using LinkLayerAddress::LinkLayerAddress;
  static Parsed<TargetLinkLayerAddress> parse(ByteReader& reader);
  bool operator==(const TargetLinkLayerAddress&) const = default;
};

// RFC 4861 section 4.6.2, RFC 6275 section 7.2 (R), RFC 9762 section 4 (P).
struct PrefixInformation {
  static constexpr std::uint8_t kCode = 3;
  Prefix prefix;
  bool on_link = false;
  bool autonomous = false;
  bool delegation_preferred = false;  // P: ask for a prefix of your own by DHCPv6
  std::optional<Ip6Address>
      router_address;  // R: the prefix field carries the router's whole address
  Lifetime valid;
  Lifetime preferred;
  static Parsed<PrefixInformation> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const PrefixInformation&) const = default;
};

// RFC 4861 section 4.6.4
struct Mtu {
  static constexpr std::uint8_t kCode = 5;
  std::uint32_t mtu = 0;
  static Parsed<Mtu> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const Mtu&) const = default;
};

// RFC 6275 section 7.3
struct AdvertisementInterval {
  static constexpr std::uint8_t kCode = 7;
  std::chrono::milliseconds interval{0};
  static Parsed<AdvertisementInterval> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const AdvertisementInterval&) const = default;
};

// RFC 6275 section 7.4
struct HomeAgentInformation {
  static constexpr std::uint8_t kCode = 8;
  std::uint16_t preference = 0;
  std::chrono::seconds lifetime{0};
  static Parsed<HomeAgentInformation> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const HomeAgentInformation&) const = default;
};

// RFC 3971 section 5.3.2, used by enhanced DAD (RFC 7527)
struct Nonce {
  static constexpr std::uint8_t kCode = 14;
  std::vector<std::uint8_t> octets;
  static Parsed<Nonce> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const { writer.bytes(octets); }
  bool operator==(const Nonce&) const = default;
};

// RFC 4191 section 2.3
struct RouteInformation {
  static constexpr std::uint8_t kCode = 24;
  Prefix prefix;
  std::optional<RouterPreference> preference = RouterPreference::kMedium;  // none: the reserved 10
  Lifetime lifetime;
  static Parsed<RouteInformation> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const RouteInformation&) const = default;
};

// RFC 8106 section 5.1
struct RecursiveDnsServers {
  static constexpr std::uint8_t kCode = 25;
  Lifetime lifetime;
  std::vector<Ip6Address> addresses;
  static Parsed<RecursiveDnsServers> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const RecursiveDnsServers&) const = default;
};

// RFC 8106 section 5.2
struct DnsSearchList {
  static constexpr std::uint8_t kCode = 31;
  Lifetime lifetime;
  std::vector<DomainName> names;
  static Parsed<DnsSearchList> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const DnsSearchList&) const = default;
};

// RFC 8910 section 2.3
struct CaptivePortal {
  static constexpr std::uint8_t kCode = 37;
  std::string uri;
  static Parsed<CaptivePortal> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const CaptivePortal&) const = default;
};

// RFC 8781 section 4
struct Pref64 {
  static constexpr std::uint8_t kCode = 38;
  Prefix prefix;               // of length 96, 64, 56, 48, 40 or 32
  std::uint16_t lifetime = 0;  // "Scaled Lifetime": units of 8 seconds, 13 bits
  Lifetime seconds_left() const { return Lifetime(std::uint32_t{lifetime} * 8); }
  // Rounded up to the next unit, so that a lifetime above zero is never said as zero (section 4.1).
  static std::uint16_t scaled(Lifetime lifetime);
  static Parsed<Pref64> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const Pref64&) const = default;
};

// RFC 9463 section 6.1
struct EncryptedDns {
  static constexpr std::uint8_t kCode = 144;
  std::uint16_t priority = 0;
  Lifetime lifetime;
  DomainName name;
  std::vector<Ip6Address> addresses;             // none: ADN-only mode, without parameters
  std::vector<std::uint8_t> service_parameters;  // as in RFC 9460 section 2.2
  static Parsed<EncryptedDns> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const EncryptedDns&) const = default;
};

// A type that is not in the variant; what follows Length, as received.
struct UnknownOption {
  std::uint8_t code = 0;
  std::vector<std::uint8_t> payload;
  void emit(ByteWriter& writer) const { writer.bytes(payload); }
  bool operator==(const UnknownOption&) const = default;
};

// A type that is in the variant with contents that must be ignored.
struct MalformedOption {
  std::uint8_t code = 0;
  std::vector<std::uint8_t> payload;
  const char* why = "";  // a literal
  void emit(ByteWriter& writer) const { writer.bytes(payload); }
  bool operator==(const MalformedOption& other) const {
    return code == other.code && payload == other.payload;
  }
};

using Option = std::variant<SourceLinkLayerAddress, TargetLinkLayerAddress, PrefixInformation, Mtu,
                            AdvertisementInterval, HomeAgentInformation, Nonce, RouteInformation,
                            RecursiveDnsServers, DnsSearchList, CaptivePortal, Pref64, EncryptedDns,
                            UnknownOption, MalformedOption>;
using Options = std::vector<Option>;

// The options up to the reader's end; an error for a length of zero or beyond the end.
Parsed<Options> parse_options(ByteReader& reader);
void emit_option(const Option& option, ByteWriter& writer);
void emit_options(const Options& options, ByteWriter& writer);
std::size_t wire_size(const Option& option);  // octets, padding included

template <class T>
const T* find(const Options& options) {
  for (const Option& option : options) {
    if (const T* found = std::get_if<T>(&option)) return found;
  }
  return nullptr;
}

template <class T>
std::vector<T> find_all(const Options& options) {
  std::vector<T> all;
  for (const Option& option : options) {
    if (const T* found = std::get_if<T>(&option)) all.push_back(*found);
  }
  return all;
}

}  // namespace sixgate::ra
