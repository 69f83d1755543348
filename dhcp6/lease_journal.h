// SPDX-License-Identifier: Apache-2.0
// The journal of leases: every change as one record behind the others, so that a crash at any octet costs
// nothing that a client was promised. Octets only; daemon/io owns the file.
//
//   header   "sixgate leases" 0x0a version(1)
//   record   0xa6 type(1) length(2) at(4) payload crc(4)
//
// `at` is the second of the clock the record was written in; the checksum (CRC-32 of IEEE 802.3) covers
// everything before it. Instants are those of the clock of the last session record. What a reader makes of
// damage:
// - A record cut short at the end was never answered to a client: it is dropped, and the next one is written
//   where it began.
// - Rot in the middle costs the records it touches; the reader goes on with the next one that is whole. Rot in the
//   header costs none.
// - A record of a type from the future is passed over; a header of a version from the future ends the
//   reading, and the owner sets the file aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/duid.h"
#include "dhcp6/relay_path.h"
#include "net/byte_writer.h"
#include "net/prefix.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// A run of the server begins. Records after it count time by the clock of `boot`.
struct SessionRecord {
  static constexpr std::uint8_t kType = 1;
  std::string boot;
  std::uint32_t epoch = 0;  // one more than that of the run before
  Instant now;
  bool operator==(const SessionRecord&) const = default;
};

// An IA with all that is known of it, also when it was known before.
struct BoundRecord {
  static constexpr std::uint8_t kType = 2;
  std::uint32_t number = 0;  // by which later records name it
  AssociationType type = AssociationType::kAddresses;
  std::uint32_t iaid = 0;
  Duid duid;
  std::string link;
  std::uint64_t interface_id = 0;  // of kAddresses
  std::vector<Prefix> prefixes;    // delegated, or those that the address lies in
  Instant valid_until;
  Ip6Address client_address;
  bool accepts_reconfigure = false;
  bool relayed = false;
  std::string name;
  bool operator==(const BoundRecord&) const = default;
};

// The same IA for longer.
struct ExtendedRecord {
  static constexpr std::uint8_t kType = 3;
  std::uint32_t number = 0;
  Instant valid_until;
  bool operator==(const ExtendedRecord&) const = default;
};

struct EndedRecord {
  static constexpr std::uint8_t kType = 4;
  std::uint32_t number = 0;
  bool operator==(const EndedRecord&) const = default;
};

struct DeclinedRecord {
  static constexpr std::uint8_t kType = 5;
  std::string link;
  std::uint64_t interface_id = 0;
  Instant until;
  bool operator==(const DeclinedRecord&) const = default;
};

// An address that a host made itself and told us of (RFC 9686). Over: `until` is no later than `at`.
struct RegisteredRecord {
  static constexpr std::uint8_t kType = 6;
  Ip6Address address;
  std::string link;
  Duid duid;
  std::string name;
  Instant until;
  bool operator==(const RegisteredRecord&) const = default;
};

// How a client that accepts Reconfigure is reached behind relay agents: of what BoundRecord calls relayed, and until one
// of that client says something else.
struct PathRecord {
  static constexpr std::uint8_t kType = 7;
  Duid duid;
  RelayPath path;
  bool operator==(const PathRecord&) const = default;
};

using JournalRecord = std::variant<SessionRecord, BoundRecord, ExtendedRecord, EndedRecord,
                                   DeclinedRecord, RegisteredRecord, PathRecord>;

// Appended to what is there.
void emit_journal_header(std::vector<std::uint8_t>& journal);
void emit_journal_record(std::vector<std::uint8_t>& journal, const JournalRecord& record,
                         Instant now);

struct JournalReading {
  enum class Header : std::uint8_t { kGood, kMissing, kForeign, kFromTheFuture };
  Header header = Header::kMissing;
  std::size_t records = 0;
  std::size_t unknown = 0;  // whole, but of a type this version does not know
  std::size_t rotten = 0;   // octets in the middle that belong to no whole record
  std::size_t whole = 0;    // where the last whole record ends: what follows is torn
  std::size_t torn = 0;     // octets after that
  bool operator==(const JournalReading&) const = default;
};

// Hands out the records in order, each with the second it was written in.
JournalReading read_journal(std::span<const std::uint8_t> bytes,
                            const std::function<void(const JournalRecord&, Instant at)>& take);

}  // namespace sixgate::dhcp6
