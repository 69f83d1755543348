// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/lease_journal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "net/byte_reader.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::string_view kMagic = "sixgate leases\n";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kSync = 0xa6;
constexpr std::size_t kFrame = 1 + 1 + 2 + 4;
constexpr std::size_t kChecksum = 4;
// More than any record of ours has: 130 octets of DUID, a name of 255, some prefixes.
constexpr std::size_t kLongestPayload = 2048;
constexpr std::size_t kMostPrefixes = 64;

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
      table[i] = value;
    }
    return table;
  }();
  std::uint32_t crc = 0xffffffffU;
  for (const std::uint8_t octet : bytes) crc = (crc >> 8) ^ kTable[(crc ^ octet) & 0xff];
  return ~crc;
}

void emit_instant(ByteWriter& writer, Instant at) {
  writer.u64(static_cast<std::uint64_t>(at.micros()));
}
Instant read_instant(ByteReader& reader) {
  const std::uint64_t micros = reader.u64();
  // A number that no clock of ours has shown, and from which nothing can be subtracted in peace.
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 60;
  if (micros == static_cast<std::uint64_t>(Instant::never().micros())) return Instant::never();
  if (micros >= kLimit) reader.fail();
  return Instant::from_micros(static_cast<std::int64_t>(micros % kLimit));
}

void emit_characters(ByteWriter& writer, std::string_view text) {
  for (const char c : text) writer.u8(static_cast<std::uint8_t>(c));
}
void emit_text(ByteWriter& writer, std::string_view text) {
  const std::string_view kept = text.substr(0, 255);
  writer.u8(static_cast<std::uint8_t>(kept.size()));
  emit_characters(writer, kept);
}
std::string read_text(ByteReader& reader) {
  const auto bytes = reader.bytes(reader.u8());
  return {bytes.begin(), bytes.end()};
}

void emit(ByteWriter& writer, const SessionRecord& record) {
  emit_text(writer, record.boot);
  writer.u32(record.epoch);
  emit_instant(writer, record.now);
}
void emit(ByteWriter& writer, const BoundRecord& record) {
  writer.u32(record.number);
  writer.u8(static_cast<std::uint8_t>(record.type));
  writer.u8(static_cast<std::uint8_t>((record.accepts_reconfigure ? 1U : 0U) |
                                      (record.relayed ? 2U : 0U)));
  writer.u32(record.iaid);
  writer.u8(static_cast<std::uint8_t>(record.duid.bytes().size()));
  writer.bytes(record.duid.bytes());
  emit_text(writer, record.link);
  writer.u64(record.interface_id);
  const std::size_t prefixes = std::min(record.prefixes.size(), kMostPrefixes);
  writer.u8(static_cast<std::uint8_t>(prefixes));
  for (std::size_t i = 0; i < prefixes; ++i) {
    writer.u64(record.prefixes[i].address().high());
    const unsigned length = record.prefixes[i].length();
    writer.u8(static_cast<std::uint8_t>(length));
    if (length > 64) writer.u64(record.prefixes[i].address().low());
  }
  emit_instant(writer, record.valid_until);
  writer.address(record.client_address);
  emit_text(writer, record.name);
}
void emit(ByteWriter& writer, const ExtendedRecord& record) {
  writer.u32(record.number);
  emit_instant(writer, record.valid_until);
}
void emit(ByteWriter& writer, const EndedRecord& record) { writer.u32(record.number); }
void emit(ByteWriter& writer, const DeclinedRecord& record) {
  emit_text(writer, record.link);
  writer.u64(record.interface_id);
  emit_instant(writer, record.until);
}
void emit(ByteWriter& writer, const RegisteredRecord& record) {
  writer.address(record.address);
  emit_text(writer, record.link);
  writer.u8(static_cast<std::uint8_t>(record.duid.bytes().size()));
  writer.bytes(record.duid.bytes());
  emit_text(writer, record.name);
  emit_instant(writer, record.until);
}

void emit(ByteWriter& writer, const PathRecord& record) {
  writer.u8(static_cast<std::uint8_t>(record.duid.bytes().size()));
  writer.bytes(record.duid.bytes());
  emit_text(writer, record.path.link);
  writer.u16(record.path.port);
  writer.u16(static_cast<std::uint16_t>(record.path.relays.size()));
  writer.bytes(record.path.relays);
}

std::optional<JournalRecord> read_path(ByteReader& reader) {
  const auto duid = Duid::from_bytes(reader.bytes(reader.u8()));
  if (!duid) return std::nullopt;
  PathRecord record{.duid = *duid, .path = {}};
  record.path.link = read_text(reader);
  record.path.port = reader.u16();
  const auto relays = reader.bytes(reader.u16());
  if (relays.size() > RelayPath::kLongest) return std::nullopt;
  record.path.relays.assign(relays.begin(), relays.end());
  return record;
}

std::optional<JournalRecord> read_registered(ByteReader& reader) {
  const Ip6Address address = reader.address();
  std::string link = read_text(reader);
  const auto duid = Duid::from_bytes(reader.bytes(reader.u8()));
  if (!duid) return std::nullopt;
  std::string name = read_text(reader);
  return RegisteredRecord{.address = address,
                          .link = std::move(link),
                          .duid = *duid,
                          .name = std::move(name),
                          .until = read_instant(reader)};
}

std::optional<JournalRecord> read_bound(ByteReader& reader) {
  const std::uint32_t number = reader.u32();
  const std::uint8_t type = reader.u8();
  const std::uint8_t flags = reader.u8();
  const std::uint32_t iaid = reader.u32();
  const auto duid = Duid::from_bytes(reader.bytes(reader.u8()));
  if (!duid || type > static_cast<std::uint8_t>(AssociationType::kPrefixes)) return std::nullopt;
  BoundRecord record{.number = number,
                     .type = static_cast<AssociationType>(type),
                     .iaid = iaid,
                     .duid = *duid,
                     .link = read_text(reader),
                     .interface_id = reader.u64(),
                     .prefixes = {},
                     .valid_until = {},
                     .client_address = {},
                     .accepts_reconfigure = (flags & 1) != 0,
                     .relayed = (flags & 2) != 0,
                     .name = {}};
  const std::size_t prefixes = reader.u8();
  if (prefixes > kMostPrefixes) return std::nullopt;
  for (std::size_t i = 0; i < prefixes && reader.ok(); ++i) {
    const std::uint64_t high = reader.u64();
    const unsigned length = reader.u8();
    if (length > (record.type == AssociationType::kAddresses ? 128 : 64)) return std::nullopt;
    const std::uint64_t low = length > 64 ? reader.u64() : 0;
    record.prefixes.emplace_back(Ip6Address::from_halves(high, low), length);
  }
  record.valid_until = read_instant(reader);
  record.client_address = reader.address();
  record.name = read_text(reader);
  return record;
}

enum class Payload : std::uint8_t { kRecord, kUnknown, kBad };

Payload read_payload(std::uint8_t type, ByteReader reader, JournalRecord& out) {
  switch (type) {
    case SessionRecord::kType: {
      SessionRecord record;
      record.boot = read_text(reader);
      record.epoch = reader.u32();
      record.now = read_instant(reader);
      out = std::move(record);
      break;
    }
    case BoundRecord::kType: {
      auto record = read_bound(reader);
      if (!record) return Payload::kBad;
      out = std::move(*record);
      break;
    }
    case ExtendedRecord::kType: {
      ExtendedRecord record;
      record.number = reader.u32();
      record.valid_until = read_instant(reader);
      out = record;
      break;
    }
    case EndedRecord::kType:
      out = EndedRecord{reader.u32()};
      break;
    case DeclinedRecord::kType: {
      DeclinedRecord record;
      record.link = read_text(reader);
      record.interface_id = reader.u64();
      record.until = read_instant(reader);
      out = std::move(record);
      break;
    }
    case RegisteredRecord::kType: {
      auto record = read_registered(reader);
      if (!record) return Payload::kBad;
      out = std::move(*record);
      break;
    }
    case PathRecord::kType: {
      auto record = read_path(reader);
      if (!record) return Payload::kBad;
      out = std::move(*record);
      break;
    }
    default:
      return Payload::kUnknown;
  }
  return reader.ok() && reader.at_end() ? Payload::kRecord : Payload::kBad;
}

// The whole frame that begins here, or nothing.
std::span<const std::uint8_t> frame_at(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kFrame + kChecksum || bytes[0] != kSync) return {};
  ByteReader reader(bytes);
  reader.skip(2);
  const std::size_t length = reader.u16();
  if (length > kLongestPayload || bytes.size() < kFrame + length + kChecksum) return {};
  reader.skip(4 + length);
  if (reader.u32() != crc32(bytes.first(kFrame + length))) return {};
  return bytes.first(kFrame + length + kChecksum);
}

JournalReading::Header read_header(ByteReader& reader) {
  using Header = JournalReading::Header;
  if (reader.at_end()) return Header::kMissing;
  const auto magic = reader.bytes(std::min(kMagic.size(), reader.left()));
  const bool ours = std::equal(magic.begin(), magic.end(), kMagic.begin(),
                               [](auto a, char b) { return a == static_cast<std::uint8_t>(b); });
  if (!ours) return Header::kForeign;
  if (reader.at_end()) return Header::kMissing;  // torn before anything was kept
  return reader.u8() > kVersion ? Header::kFromTheFuture : Header::kGood;
}

}  // namespace

void emit_journal_header(std::vector<std::uint8_t>& journal) {
  ByteWriter writer(journal);
  emit_characters(writer, kMagic);
  writer.u8(kVersion);
}

void emit_journal_record(std::vector<std::uint8_t>& journal, const JournalRecord& record,
                         Instant now) {
  const std::size_t begin = journal.size();
  ByteWriter out(journal);
  out.u8(kSync);
  out.u8(std::visit([](const auto& one) { return one.kType; }, record));
  out.u16(0);
  out.u32(static_cast<std::uint32_t>(now.micros() / 1'000'000));
  std::visit([&](const auto& one) { emit(out, one); }, record);
  out.patch_u16(2, static_cast<std::uint16_t>(out.size() - kFrame));
  out.u32(crc32(std::span(journal).subspan(begin)));
}

JournalReading read_journal(std::span<const std::uint8_t> bytes,
                            const std::function<void(const JournalRecord&, Instant at)>& take) {
  JournalReading reading;
  ByteReader header(bytes);
  reading.header = read_header(header);
  constexpr std::size_t kHeader = kMagic.size() + 1;
  if (reading.header == JournalReading::Header::kForeign && bytes.size() > kHeader &&
      !frame_at(bytes.subspan(kHeader)).empty()) {
    // Rot in the header costs nothing: what stands behind it is ours.
    reading.header = JournalReading::Header::kGood;
    header.skip(kHeader - header.offset());
    reading.rotten = kHeader;
  }
  if (reading.header != JournalReading::Header::kGood) {
    reading.torn = bytes.size();
    return reading;
  }
  std::size_t at = header.offset();
  reading.whole = at;
  while (at < bytes.size()) {
    const auto frame = frame_at(bytes.subspan(at));
    if (frame.empty()) {
      ++at;
      continue;
    }
    reading.rotten += at - reading.whole;
    ByteReader reader(frame.first(frame.size() - kChecksum));
    reader.skip(1);
    const std::uint8_t type = reader.u8();
    reader.skip(2);
    const Instant written = Instant::from_micros(std::int64_t{reader.u32()} * 1'000'000);
    JournalRecord record;
    switch (read_payload(type, ByteReader(reader.rest()), record)) {
      case Payload::kRecord:
        ++reading.records;
        take(record, written);
        break;
      case Payload::kUnknown:
        ++reading.unknown;
        break;
      case Payload::kBad:
        reading.rotten += frame.size();
        break;
    }
    at += frame.size();
    reading.whole = at;
  }
  reading.torn = bytes.size() - reading.whole;
  return reading;
}

}  // namespace sixgate::dhcp6
