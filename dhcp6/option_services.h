// SPDX-License-Identifier: Apache-2.0
// The options that tell a host about services: name servers, time servers, portals.
#pragma once

#include <string>

#include "dhcp6/option_base.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"

namespace sixgate::dhcp6 {

// RFC 3319 section 3.1.
struct SipDomains {
  static constexpr std::uint16_t kCode = 21;  // OPTION_SIP_SERVER_D
  std::vector<DomainName> names;
  static Parsed<SipDomains> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const SipDomains&) const = default;
};

// RFC 3319 section 3.2.
struct SipServers {
  static constexpr std::uint16_t kCode = 22;  // OPTION_SIP_SERVER_A
  std::vector<Ip6Address> addresses;
  static Parsed<SipServers> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const SipServers&) const = default;
};

// RFC 3646 section 3: in order of preference; a length that is no multiple of 16 is malformed.
struct DnsServers {
  static constexpr std::uint16_t kCode = 23;  // OPTION_DNS_SERVERS
  std::vector<Ip6Address> addresses;
  static Parsed<DnsServers> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const DnsServers&) const = default;
};

// RFC 3646 section 4.
struct DomainSearchList {
  static constexpr std::uint16_t kCode = 24;  // OPTION_DOMAIN_LIST
  std::vector<DomainName> names;
  static Parsed<DomainSearchList> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const DomainSearchList&) const = default;
};

// RFC 4075 section 4; superseded by NtpServers, still requested and served.
struct SntpServers {
  static constexpr std::uint16_t kCode = 31;  // OPTION_SNTP_SERVERS
  std::vector<Ip6Address> addresses;
  static Parsed<SntpServers> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const SntpServers&) const = default;
};

// RFC 4704 section 4. A name without its ending zero is `partial`: the root with `partial` set is
// the empty name, which asks the server to choose one.
struct ClientFqdn {
  static constexpr std::uint16_t kCode = 39;             // OPTION_CLIENT_FQDN
  static constexpr std::uint8_t kServerUpdates = 0x01;   // S
  static constexpr std::uint8_t kOverridden = 0x02;      // O
  static constexpr std::uint8_t kNoServerUpdate = 0x04;  // N
  std::uint8_t flags = 0;                                // bits without a meaning are kept
  DomainName name;
  bool partial = false;
  static Parsed<ClientFqdn> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ClientFqdn&) const = default;
};

// RFC 5908 section 4, which wants one time source an option; all that are there are read.
// Sub-options are kept by kind, not by order.
struct NtpServers {
  static constexpr std::uint16_t kCode = 56;    // OPTION_NTP_SERVER
  std::vector<Ip6Address> addresses;            // NTP_SUBOPTION_SRV_ADDR (1)
  std::vector<Ip6Address> multicast_addresses;  // NTP_SUBOPTION_MC_ADDR (2)
  std::vector<DomainName> names;                // NTP_SUBOPTION_SRV_FQDN (3)
  std::vector<UnknownOption> others;
  static Parsed<NtpServers> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const NtpServers&) const = default;
};

// RFC 6334 section 3: exactly one name, not the root.
struct AftrName {
  static constexpr std::uint16_t kCode = 64;  // OPTION_AFTR_NAME
  DomainName name;
  static Parsed<AftrName> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const AftrName&) const = default;
};

// RFC 8910 section 2.2: a URI without a terminator. Text of a peer: printable() before showing it.
struct CaptivePortal {
  static constexpr std::uint16_t kCode = 103;  // OPTION_CAPTIVE_PORTAL
  std::string uri;
  static Parsed<CaptivePortal> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const CaptivePortal&) const = default;
};

// RFC 9463 section 4.1: one encrypted resolver. Without addresses and parameters the option ends
// after the name (ADN-only mode).
struct EncryptedDns {
  static constexpr std::uint16_t kCode = 144;  // OPTION_V6_DNR
  std::uint16_t priority = 0;
  DomainName authentication_name;
  std::vector<Ip6Address> addresses;
  Octets service_parameters;  // SvcParams of RFC 9460 section 2.2, as they came
  static Parsed<EncryptedDns> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const EncryptedDns&) const = default;
};

}  // namespace sixgate::dhcp6
