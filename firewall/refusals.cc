// SPDX-License-Identifier: Apache-2.0
#include "firewall/refusals.h"

#include <algorithm>
#include <utility>

#include "net/byte_reader.h"
#include "net/byte_writer.h"

namespace sixgate::firewall {
namespace {

constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;
constexpr std::uint8_t kInit = 1;  // RFC 9260 section 3.2

constexpr std::uint8_t kUnreachable = 1;  // RFC 4443 section 3.1
constexpr std::uint8_t kAdministrativelyProhibited = 1;

}  // namespace

std::optional<Flow> Refusals::begins(std::span<const std::uint8_t> packet) {
  ByteReader reader(packet);
  const bool version_6 = reader.u8() >> 4 == 6;
  reader.skip(5);
  Flow flow{.protocol = reader.u8()};
  reader.skip(1);
  flow.source = reader.address();
  flow.destination = reader.address();
  flow.source_port = reader.u16();
  flow.destination_port = reader.u16();
  bool first = false;
  if (flow.protocol == kTcp) {
    reader.skip(9);  // sequence numbers, data offset
    first = (reader.u8() & (kSyn | kAck)) == kSyn;
  } else if (flow.protocol == kSctp) {
    reader.skip(8);  // verification tag, checksum
    first = reader.u8() == kInit;
  }
  if (!reader.ok() || !version_6 || !first || !flow.source.is_global_unicast()) return std::nullopt;
  return flow;
}

void Refusals::add(const Flow& flow, std::span<const std::uint8_t> packet, Instant now) {
  const bool waits = std::any_of(waiting_.begin(), waiting_.end(),
                                 [&](const Waiting& one) { return one.refusal.flow == flow; });
  if (waits || is_full()) return;
  Waiting fresh{.at = now + kPatience, .refusal = {.flow = flow, .message = {}}};
  ByteWriter writer(fresh.refusal.message);
  writer.u8(kUnreachable);
  writer.u8(kAdministrativelyProhibited);
  writer.zeros(6);
  writer.bytes(packet.first(std::min(packet.size(), kMostQuoted)));
  waiting_.push_back(std::move(fresh));
}

std::vector<Refusal> Refusals::due(Instant now) {
  std::vector<Refusal> out;
  for (; !waiting_.empty() && waiting_.front().at <= now; waiting_.pop_front())
    out.push_back(std::move(waiting_.front().refusal));
  return out;
}

std::optional<Instant> Refusals::next() const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.front().at);
}

}  // namespace sixgate::firewall
