// SPDX-License-Identifier: Apache-2.0
// The options of the DHCPv6 exchange itself (RFC 9915 section 21): who speaks, what is asked, how
// it went.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <ratio>
#include <span>
#include <string>

#include "dhcp6/duid.h"
#include "dhcp6/option_base.h"
#include "dhcp6/status.h"
#include "net/ip6_address.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

enum class MessageType : std::uint8_t;

struct ClientId {
  static constexpr std::uint16_t kCode = 1;  // OPTION_CLIENTID
  Duid duid;
  static Parsed<ClientId> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ClientId&) const = default;
};

struct ServerId {
  static constexpr std::uint16_t kCode = 2;  // OPTION_SERVERID
  Duid duid;
  static Parsed<ServerId> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ServerId&) const = default;
};

// Section 21.7. Order and repetitions are kept as they came.
struct OptionRequest {
  static constexpr std::uint16_t kCode = 6;  // OPTION_ORO
  std::vector<std::uint16_t> codes;
  static Parsed<OptionRequest> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool contains(std::uint16_t code) const;
  bool operator==(const OptionRequest&) const = default;
};

// Section 21.8. 255 means: take this server at once (section 18.2.1).
struct Preference {
  static constexpr std::uint16_t kCode = 7;  // OPTION_PREFERENCE
  std::uint8_t value = 0;
  static Parsed<Preference> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const Preference&) const = default;
};

// Section 21.9: hundredths of a second since the exchange began; 0xffff is that long or longer.
struct ElapsedTime {
  static constexpr std::uint16_t kCode = 8;  // OPTION_ELAPSED_TIME
  using Hundredths = std::chrono::duration<std::uint16_t, std::centi>;
  Hundredths elapsed{0};
  static ElapsedTime since(Instant begin, Instant now);  // saturates at both ends
  static Parsed<ElapsedTime> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ElapsedTime&) const = default;
};

// Section 21.10: a whole message inside a relay agent's; relay_message.h opens it.
struct RelayedMessage {
  static constexpr std::uint16_t kCode = 9;  // OPTION_RELAY_MSG
  Octets message;
  static Parsed<RelayedMessage> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const { writer.bytes(message); }
  bool operator==(const RelayedMessage&) const = default;
};

// Section 21.11; the reconfiguration key protocol of section 20.4 is protocol 3, algorithm 1, RDM
// 0.
struct Authentication {
  static constexpr std::uint16_t kCode = 11;  // OPTION_AUTH
  static constexpr std::uint8_t kReconfigureKeyProtocol = 3;
  static constexpr std::uint8_t kHmacMd5 = 1;
  static constexpr std::uint8_t kMonotonicCounter = 0;
  using Key = std::array<std::uint8_t, 16>;

  std::uint8_t protocol = 0;
  std::uint8_t algorithm = 0;
  std::uint8_t replay_method = 0;  // RDM
  std::uint64_t replay_value = 0;
  Octets information;
  static Parsed<Authentication> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;

  // The two forms of the information of section 20.4.1: the key in a Reply (type 1), the digest in
  // a Reconfigure (type 2). None when this is another protocol or another type.
  std::optional<Key> reconfigure_key() const;
  std::optional<Key> reconfigure_digest() const;
  static Authentication with_reconfigure_key(const Key& key, std::uint64_t replay_value);
  static Authentication with_reconfigure_digest(const Key& digest, std::uint64_t replay_value);
  bool operator==(const Authentication&) const = default;
};

// Obsolete (section 21.12): read, never acted upon.
struct ServerUnicast {
  static constexpr std::uint16_t kCode = 12;  // OPTION_UNICAST
  Ip6Address address;
  static Parsed<ServerUnicast> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ServerUnicast&) const = default;
};

// Section 21.13. The text is what the peer wrote: pass it through printable() before showing it.
struct StatusCode {
  static constexpr std::uint16_t kCode = 13;  // OPTION_STATUS_CODE
  Status status = Status::kSuccess;
  std::string message;
  static Parsed<StatusCode> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const StatusCode&) const = default;
};

// Section 21.14.
struct RapidCommit {
  static constexpr std::uint16_t kCode = 14;  // OPTION_RAPID_COMMIT
  static Parsed<RapidCommit> parse(ByteReader& reader);
  void emit(ByteWriter&) const {}
  bool operator==(const RapidCommit&) const = default;
};

// Section 21.15: at least one item.
struct UserClass {
  static constexpr std::uint16_t kCode = 15;  // OPTION_USER_CLASS
  std::vector<Octets> items;
  static Parsed<UserClass> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const UserClass&) const = default;
};

// Section 21.16.
struct VendorClass {
  static constexpr std::uint16_t kCode = 16;  // OPTION_VENDOR_CLASS
  std::uint32_t enterprise = 0;
  std::vector<Octets> items;
  static Parsed<VendorClass> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const VendorClass&) const = default;
};

// Section 21.17.
struct VendorOptions {
  static constexpr std::uint16_t kCode = 17;  // OPTION_VENDOR_OPTS
  std::uint32_t enterprise = 0;
  std::vector<UnknownOption> suboptions;
  static Parsed<VendorOptions> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const VendorOptions&) const = default;
};

// Section 21.18: opaque, echoed.
struct InterfaceId {
  static constexpr std::uint16_t kCode = 18;  // OPTION_INTERFACE_ID
  Octets id;
  static Parsed<InterfaceId> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const { writer.bytes(id); }
  bool operator==(const InterfaceId&) const = default;
};

// Section 21.19: Renew, Rebind or Information-request; another type is malformed.
struct ReconfigureMessage {
  static constexpr std::uint16_t kCode = 19;  // OPTION_RECONF_MSG
  MessageType type{};
  static Parsed<ReconfigureMessage> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const ReconfigureMessage&) const = default;
};

// Section 21.20.
struct ReconfigureAccept {
  static constexpr std::uint16_t kCode = 20;  // OPTION_RECONF_ACCEPT
  static Parsed<ReconfigureAccept> parse(ByteReader& reader);
  void emit(ByteWriter&) const {}
  bool operator==(const ReconfigureAccept&) const = default;
};

// Section 21.23. Values below IRT_MINIMUM are the client's to raise.
struct InformationRefreshTime {
  static constexpr std::uint16_t kCode = 32;  // OPTION_INFORMATION_REFRESH_TIME
  Lifetime time;
  static Parsed<InformationRefreshTime> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const InformationRefreshTime&) const = default;
};

// Section 21.24. Values outside 60..86400 are the client's to ignore.
struct SolMaxRt {
  static constexpr std::uint16_t kCode = 82;  // OPTION_SOL_MAX_RT
  seconds value{0};
  static Parsed<SolMaxRt> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const SolMaxRt&) const = default;
};

// Section 21.25.
struct InfMaxRt {
  static constexpr std::uint16_t kCode = 83;  // OPTION_INF_MAX_RT
  seconds value{0};
  static Parsed<InfMaxRt> parse(ByteReader& reader);
  void emit(ByteWriter& writer) const;
  bool operator==(const InfMaxRt&) const = default;
};

}  // namespace sixgate::dhcp6
