// SPDX-License-Identifier: Apache-2.0
// Requests as clients write them (RFC 6887 sections 7.1, 11.1, 12.1, 13), from their fields.
#pragma once

#include <cstdint>
#include <vector>

#include "net/byte_writer.h"
#include "net/ip6_address.h"
#include "pcp/message.h"

namespace sixgate::pcp::testing {

inline Ip6Address address(const char* text) { return Ip6Address::parse(text).value(); }

inline Nonce nonce(std::uint8_t last) { return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, last}; }

// An option, padded.
inline std::vector<std::uint8_t> option(std::uint8_t code, std::vector<std::uint8_t> content = {}) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.u8(code);
  writer.u8(0);
  writer.u16(static_cast<std::uint16_t>(content.size()));
  writer.bytes(content);
  writer.zeros((4 - content.size() % 4) % 4);
  return out;
}

inline std::vector<std::uint8_t> filter(std::uint8_t length, const char* peer,
                                        std::uint16_t port = 0) {
  std::vector<std::uint8_t> content;
  ByteWriter writer(content);
  writer.u8(0);
  writer.u8(length);
  writer.u16(port);
  writer.address(address(peer));
  return option(3, content);
}

inline std::vector<std::uint8_t> to_bytes(const Request& request,
                                          const std::vector<std::uint8_t>& options = {}) {
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  writer.u8(2);
  writer.u8(static_cast<std::uint8_t>(request.opcode));
  writer.u16(0);
  writer.u32(request.lifetime);
  writer.address(request.client);
  if (request.opcode != Opcode::kAnnounce) {
    writer.bytes(request.nonce);
    writer.u8(request.protocol);
    writer.zeros(3);
    writer.u16(request.internal_port);
    writer.u16(request.external_port);
    writer.address(request.external_address);
  }
  if (request.opcode == Opcode::kPeer) {
    writer.u16(request.remote_port);
    writer.u16(0);
    writer.address(request.remote_peer);
  }
  writer.bytes(options);
  return out;
}

inline const char* const kHost = "2001:db8:1::10";

inline Request map(std::uint16_t port, std::uint32_t lifetime = 3600, std::uint8_t protocol = 6,
                   const char* client = kHost) {
  return {.opcode = Opcode::kMap,
          .lifetime = lifetime,
          .client = address(client),
          .nonce = nonce(1),
          .protocol = protocol,
          .internal_port = port};
}

inline Request peer(std::uint16_t port, const char* remote, std::uint16_t remote_port,
                    std::uint32_t lifetime = 3600) {
  Request request = map(port, lifetime);
  request.opcode = Opcode::kPeer;
  request.remote_peer = address(remote);
  request.remote_port = remote_port;
  return request;
}

}  // namespace sixgate::pcp::testing
