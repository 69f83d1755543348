// SPDX-License-Identifier: Apache-2.0
// The Softwire46 options (RFC 7598): how IPv4 crosses the ISP's network by MAP-E, MAP-T or
// lightweight 4over6. IPv4 addresses are host integers here; nothing in sixgate computes with them.
#pragma once

#include "dhcp6/option_base.h"
#include "net/ip6_address.h"
#include "net/prefix.h"

namespace sixgate::dhcp6 {

// RFC 7598 section 4.1: a mapping rule.
struct S46Rule {
  static constexpr std::uint16_t kCode = 89;  // OPTION_S46_RULE
  static constexpr std::uint8_t kForwardingRule = 0x01;
  std::uint8_t flags = 0;
  std::uint8_t ea_length = 0;    // 0..48
  std::uint8_t ipv4_length = 0;  // 0..32
  std::uint32_t ipv4_prefix = 0;
  Prefix ipv6_prefix;
  Options options;  // S46PortParameters
  static Parsed<S46Rule> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46Rule&) const;
};

// Section 4.2: the border relay of MAP-E and lightweight 4over6.
struct S46BorderRelay {
  static constexpr std::uint16_t kCode = 90;  // OPTION_S46_BR
  Ip6Address address;
  static Parsed<S46BorderRelay> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46BorderRelay&) const = default;
};

// Section 4.3: the default mapping rule of MAP-T.
struct S46DefaultRule {
  static constexpr std::uint16_t kCode = 91;  // OPTION_S46_DMR
  Prefix prefix;
  static Parsed<S46DefaultRule> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46DefaultRule&) const = default;
};

// Section 4.4: a full or shared IPv4 address bound to an IPv6 prefix.
struct S46Binding {
  static constexpr std::uint16_t kCode = 92;  // OPTION_S46_V4V6BIND
  std::uint32_t ipv4_address = 0;
  Prefix bind_prefix;
  Options options;  // S46PortParameters
  static Parsed<S46Binding> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46Binding&) const;
};

// Section 4.5: which ports of a shared address.
struct S46PortParameters {
  static constexpr std::uint16_t kCode = 93;  // OPTION_S46_PORTPARAMS
  std::uint8_t offset = 6;                    // 0..15
  std::uint8_t psid_length = 0;               // 0..16
  std::uint16_t psid = 0;                     // left-aligned as on the wire
  static Parsed<S46PortParameters> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46PortParameters&) const = default;
};

// Sections 5.1 to 5.3: the containers, one a mechanism.
struct S46MapE {
  static constexpr std::uint16_t kCode = 94;  // OPTION_S46_CONT_MAPE
  Options options;
  static Parsed<S46MapE> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46MapE&) const;
};

struct S46MapT {
  static constexpr std::uint16_t kCode = 95;  // OPTION_S46_CONT_MAPT
  Options options;
  static Parsed<S46MapT> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46MapT&) const;
};

struct S46Lightweight {
  static constexpr std::uint16_t kCode = 96;  // OPTION_S46_CONT_LW
  Options options;
  static Parsed<S46Lightweight> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const S46Lightweight&) const;
};

}  // namespace sixgate::dhcp6
