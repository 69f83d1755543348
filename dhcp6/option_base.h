// SPDX-License-Identifier: Apache-2.0
// What every DHCPv6 option is made of, and the variant that holds them all.
//
// One option is one struct with `kCode`, `parse` (payload octets -> value), `emit` (value ->
// payload octets) and ==. The four octets of code and length belong to the common code in
// options.h. A new option is one struct more, one line in `Option` below, and its test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "net/byte_reader.h"
#include "net/byte_writer.h"

namespace sixgate::dhcp6 {

using Octets = std::vector<std::uint8_t>;

// How much one message may make us allocate. Nesting is bounded because RFC 9915 needs three levels
// and a parser must not recurse as deep as a peer wishes; options, because 64 KiB hold 16,000 empty
// ones.
struct ParseBudget {
  unsigned depth = 6;
  unsigned options = 1024;
};

// OPTION_ADDR_REG_ENABLE (RFC 9686 section 4.1): that it is there is all it says.
inline constexpr std::uint16_t kAddressRegistration = 148;

// An option whose code has no struct here. Carries also vendor sub-options (RFC 9915
// section 21.17).
struct UnknownOption {
  std::uint16_t code = 0;
  Octets bytes;
  void emit(ByteWriter& writer) const { writer.bytes(bytes); }
  bool operator==(const UnknownOption&) const = default;
};

// An option whose code is known and whose content is not what its RFC says. It is kept so that the
// rest of the message stays usable and the reason can be logged; whoever looks for the option by
// type does not see it.
struct MalformedOption {
  std::uint16_t code = 0;
  Octets bytes;
  ParseError error;  // why and where in its message; not part of ==
  void emit(ByteWriter& writer) const { writer.bytes(bytes); }
  bool operator==(const MalformedOption& other) const {
    return code == other.code && bytes == other.bytes;
  }
};

struct ClientId;                // 1
struct ServerId;                // 2
struct IaNa;                    // 3
struct IaTa;                    // 4
struct IaAddress;               // 5
struct OptionRequest;           // 6
struct Preference;              // 7
struct ElapsedTime;             // 8
struct RelayedMessage;          // 9
struct Authentication;          // 11
struct ServerUnicast;           // 12
struct StatusCode;              // 13
struct RapidCommit;             // 14
struct UserClass;               // 15
struct VendorClass;             // 16
struct VendorOptions;           // 17
struct InterfaceId;             // 18
struct ReconfigureMessage;      // 19
struct ReconfigureAccept;       // 20
struct SipDomains;              // 21
struct SipServers;              // 22
struct DnsServers;              // 23
struct DomainSearchList;        // 24
struct IaPd;                    // 25
struct IaPrefix;                // 26
struct SntpServers;             // 31
struct InformationRefreshTime;  // 32
struct ClientFqdn;              // 39
struct NtpServers;              // 56
struct AftrName;                // 64
struct PdExclude;               // 67
struct ClientLinkLayerAddress;  // 79
struct SolMaxRt;                // 82
struct InfMaxRt;                // 83
struct S46Rule;                 // 89
struct S46BorderRelay;          // 90
struct S46DefaultRule;          // 91
struct S46Binding;              // 92
struct S46PortParameters;       // 93
struct S46MapE;                 // 94
struct S46MapT;                 // 95
struct S46Lightweight;          // 96
struct CaptivePortal;           // 103
struct RelaySourcePort;         // 135
struct EncryptedDns;            // 144

using Option = std::variant<
    UnknownOption, MalformedOption, ClientId, ServerId, IaNa, IaTa, IaAddress, OptionRequest,
    Preference, ElapsedTime, RelayedMessage, Authentication, ServerUnicast, StatusCode, RapidCommit,
    UserClass, VendorClass, VendorOptions, InterfaceId, ReconfigureMessage, ReconfigureAccept,
    SipDomains, SipServers, DnsServers, DomainSearchList, IaPd, IaPrefix, SntpServers,
    InformationRefreshTime, ClientFqdn, NtpServers, AftrName, PdExclude, SolMaxRt, InfMaxRt,
    S46Rule, S46BorderRelay, S46DefaultRule, S46Binding, S46PortParameters, S46MapE, S46MapT,
    S46Lightweight, CaptivePortal, EncryptedDns, ClientLinkLayerAddress, RelaySourcePort>;
using Options = std::vector<Option>;

}  // namespace sixgate::dhcp6
