// SPDX-License-Identifier: Apache-2.0
#include "pcp/message.h"

#include <algorithm>

#include "net/byte_reader.h"
#include "net/byte_writer.h"

namespace sixgate::pcp {
namespace {

constexpr std::size_t kHeader = 24;
constexpr std::uint8_t kResponse = 0x80;  // the R bit
constexpr std::size_t kMapSize = 36;      // section 11.1
constexpr std::size_t kPeerSize = 56;     // section 12.1

// RFC 6887 section 19.4
constexpr std::uint8_t kThirdParty = 1;
constexpr std::uint8_t kPreferFailure = 2;
constexpr std::uint8_t kFilter = 3;
constexpr std::uint8_t kOptional = 0x80;  // options that need not be understood

constexpr std::size_t kFilterSize = 20;
constexpr std::uint8_t kMapped = 96;  // of IPv4 addresses, ::ffff:0:0/96

// Section 13.3.
std::optional<Filter> read_filter(ByteReader content) {
  if (content.left() != kFilterSize) return std::nullopt;
  Filter filter;
  content.skip(1);
  filter.length = content.u8();
  filter.port = content.u16();
  filter.peer = content.address();
  const bool outside = filter.length > 128 ||
                       (filter.peer.is_v4_mapped() && filter.length > 0 && filter.length < kMapped);
  if (outside) return std::nullopt;
  return filter;
}

// Section 7.3. The options of a request that can be understood, into it.
ResultCode read_options(ByteReader& reader, Request& request) {
  // The whole structure before any one of them.
  for (ByteReader look = reader; look.left() > 0;) {
    look.skip(2);
    const std::size_t length = look.u16();
    look.skip((length + 3) / 4 * 4);
    if (!look.ok()) return ResultCode::kMalformedOption;
  }
  while (reader.left() > 0) {
    const std::uint8_t code = reader.u8();
    reader.skip(1);
    const std::size_t length = reader.u16();
    ByteReader padded = reader.sub((length + 3) / 4 * 4);
    const ByteReader content = padded.sub(length);
    if (code >= kOptional) continue;
    const bool map = request.opcode == Opcode::kMap;
    if (code == kPreferFailure && map) {
      // Twice, with content, beside a deletion, or without the port that is to be preferred (section 13.2).
      if (request.prefer_failure || length != 0 || request.lifetime == 0 ||
          request.external_port == 0)
        return ResultCode::kMalformedOption;
      request.prefer_failure = true;
    } else if (code == kPreferFailure && request.opcode == Opcode::kPeer) {
      return ResultCode::kMalformedRequest;  // section 12.1
    } else if (code == kFilter && map) {
      const auto filter = read_filter(content);
      if (!filter || request.lifetime == 0) return ResultCode::kMalformedOption;
      request.filters.push_back(*filter);
    } else {
      // THIRD_PARTY too: nobody speaks for another host here (section 13.1). It must not name the sender at all.
      ByteReader party = content;
      const bool oneself = code == kThirdParty && request.opcode != Opcode::kAnnounce &&
                           length == sizeof(Ip6Address::Bytes) && party.address() == request.client;
      return oneself ? ResultCode::kMalformedRequest : ResultCode::kUnsuppOption;
    }
  }
  return ResultCode::kSuccess;
}

void write_header(ByteWriter& writer, Opcode opcode, std::uint32_t lifetime, std::uint32_t epoch) {
  writer.u8(kVersion);
  writer.u8(static_cast<std::uint8_t>(kResponse | static_cast<unsigned>(opcode)));
  writer.u8(0);
  writer.u8(static_cast<std::uint8_t>(ResultCode::kSuccess));
  writer.u32(lifetime);
  writer.u32(epoch);
  writer.zeros(12);
}

void write_filter(ByteWriter& writer, const Filter& filter) {
  writer.u8(kFilter);
  writer.u8(0);
  writer.u16(kFilterSize);
  writer.u8(0);
  writer.u8(filter.length);
  writer.u16(filter.port);
  writer.address(filter.peer);
}

}  // namespace

std::string_view to_string(ResultCode code) {
  static constexpr std::array<std::string_view, kResultCodeCount> kNames{
      "success",          "unsupp_version",         "not_authorized",   "malformed_request",
      "unsupp_opcode",    "unsupp_option",          "malformed_option", "network_failure",
      "no_resources",     "unsupp_protocol",        "user_ex_quota",    "cannot_provide_external",
      "address_mismatch", "excessive_remote_peers",
  };
  return kNames[static_cast<std::size_t>(code)];
}

Reading read_request(std::span<const std::uint8_t> datagram, const Ip6Address& source) {
  if (datagram.size() < 2) return {};
  ByteReader reader(datagram);
  const std::uint8_t version = reader.u8();
  const std::uint8_t second = reader.u8();
  if ((second & kResponse) != 0) return {};
  if (version != kVersion) return ResultCode::kUnsuppVersion;
  if (datagram.size() < kHeader) return {};
  if (datagram.size() > kLargestMessage || datagram.size() % 4 != 0)
    return ResultCode::kMalformedRequest;
  Request request;
  reader.skip(2);
  request.lifetime = reader.u32();
  request.client = reader.address();
  if (request.client != source) return ResultCode::kAddressMismatch;
  if (second > static_cast<std::uint8_t>(Opcode::kPeer)) return ResultCode::kUnsuppOpcode;
  request.opcode = static_cast<Opcode>(second);
  if (request.opcode != Opcode::kAnnounce) {
    const bool peer = request.opcode == Opcode::kPeer;
    if (reader.left() < (peer ? kPeerSize : kMapSize)) return ResultCode::kMalformedRequest;
    const auto nonce = reader.bytes(request.nonce.size());
    std::copy(nonce.begin(), nonce.end(), request.nonce.begin());
    request.protocol = reader.u8();
    reader.skip(3);
    request.internal_port = reader.u16();
    request.external_port = reader.u16();
    request.external_address = reader.address();
    if (peer) {
      request.remote_port = reader.u16();
      reader.skip(2);
      request.remote_peer = reader.address();
      if (request.protocol == 0 || request.internal_port == 0 || request.remote_port == 0)
        return ResultCode::kMalformedRequest;
    } else if (request.protocol == 0 && request.internal_port != 0) {
      return ResultCode::kMalformedRequest;  // section 11.3
    }
  }
  const ResultCode options = read_options(reader, request);
  if (options != ResultCode::kSuccess) return options;
  return request;
}

std::vector<std::uint8_t> error_answer(std::span<const std::uint8_t> datagram, ResultCode code,
                                       std::uint32_t lifetime, std::uint32_t epoch,
                                       bool understood) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.u8(kVersion);
  ByteReader reader(datagram);
  reader.skip(1);
  writer.u8(static_cast<std::uint8_t>(reader.u8() | kResponse));
  writer.u8(0);
  writer.u8(static_cast<std::uint8_t>(code));
  writer.u32(lifetime);
  writer.u32(epoch);
  // Where a response has nothing, a request has the last 96 bits of the client's address (section 7.2).
  if (understood) writer.zeros(kHeader - writer.size());
  const std::size_t size = std::min(datagram.size(), kLargestMessage);
  if (size > writer.size()) writer.bytes(datagram.subspan(writer.size(), size - writer.size()));
  writer.zeros((4 - writer.size() % 4) % 4);
  if (writer.size() < kHeader) writer.zeros(kHeader - writer.size());
  return out;
}

std::vector<std::uint8_t> success_answer(const Request& request, const Ip6Address& external_address,
                                         std::uint16_t external_port, std::uint32_t lifetime,
                                         std::uint32_t epoch) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  write_header(writer, request.opcode, lifetime, epoch);
  writer.bytes(request.nonce);
  writer.u8(request.protocol);
  writer.zeros(3);
  writer.u16(request.internal_port);
  writer.u16(external_port);
  writer.address(external_address);
  if (request.opcode == Opcode::kPeer) {
    writer.u16(request.remote_port);
    writer.zeros(2);
    writer.address(request.remote_peer);
  }
  if (request.prefer_failure) {
    writer.u8(kPreferFailure);
    writer.zeros(3);
  }
  for (const Filter& filter : request.filters) write_filter(writer, filter);
  return out;
}

std::vector<std::uint8_t> announcement(std::uint32_t epoch) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  write_header(writer, Opcode::kAnnounce, 0, epoch);
  return out;
}

}  // namespace sixgate::pcp
