// SPDX-License-Identifier: Apache-2.0
// Identity associations and what they hold: addresses, prefixes, the excluded prefix.
//
// `operator==` of what holds options is defaulted in options.h, where Option is complete.
#pragma once

#include <optional>

#include "dhcp6/option_base.h"
#include "net/ip6_address.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// RFC 9915 section 21.4.
struct IaNa {
  static constexpr std::uint16_t kCode = 3;  // OPTION_IA_NA
  std::uint32_t iaid = 0;
  Lifetime t1;
  Lifetime t2;
  Options options;
  static Parsed<IaNa> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const IaNa&) const;
};

// Obsolete (RFC 9915 section 21.5, layout in RFC 8415 section 21.5); never sent, skipped when
// received.
struct IaTa {
  static constexpr std::uint16_t kCode = 4;  // OPTION_IA_TA
  std::uint32_t iaid = 0;
  Options options;
  static Parsed<IaTa> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const IaTa&) const;
};

// RFC 9915 section 21.6. Preferred above valid is the client's to refuse, not the parser's.
struct IaAddress {
  static constexpr std::uint16_t kCode = 5;  // OPTION_IAADDR
  Ip6Address address;
  Lifetime preferred;
  Lifetime valid;
  Options options;
  static Parsed<IaAddress> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const IaAddress&) const;
};

// RFC 9915 section 21.21.
struct IaPd {
  static constexpr std::uint16_t kCode = 25;  // OPTION_IA_PD
  std::uint32_t iaid = 0;
  Lifetime t1;
  Lifetime t2;
  Options options;
  static Parsed<IaPd> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const IaPd&) const;
};

// RFC 9915 section 21.22. Bits beyond the length are ignored, as sections 21.22 and RFC 4862 would
// have it; a length above 128 is malformed. A length hint is the prefix ::/LENGTH.
struct IaPrefix {
  static constexpr std::uint16_t kCode = 26;  // OPTION_IAPREFIX
  Prefix prefix;
  Lifetime preferred;
  Lifetime valid;
  Options options;
  static Parsed<IaPrefix> parse(ByteReader& reader, ParseBudget& budget);
  void emit(ByteWriter& writer) const;
  bool operator==(const IaPrefix&) const;
};

// RFC 6603 section 4.2, inside an IaPrefix: only the subnet bits between the delegated length and
// the excluded one are on the wire, left-aligned.
struct PdExclude {
  static constexpr std::uint16_t kCode = 67;  // OPTION_PD_EXCLUDE
  std::uint8_t length = 0;                    // of the excluded prefix, 1..128
  Octets subnet_id;                           // at least one octet
  static Parsed<PdExclude> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;

  // The prefix that is meant inside `delegated`; none when the length is not above the delegated
  // one's or the number of octets does not fit.
  std::optional<Prefix> excluded(const Prefix& delegated) const;
  // None unless `excluded` lies inside `delegated` and is longer.
  static std::optional<PdExclude> make(const Prefix& delegated, const Prefix& excluded);
  bool operator==(const PdExclude&) const = default;
};

}  // namespace sixgate::dhcp6
