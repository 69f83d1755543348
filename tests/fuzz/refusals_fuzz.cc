// SPDX-License-Identifier: Apache-2.0
// Strangers' packets, one after the other, and time between them: an answer is about what came, no earlier than it may
// be, no larger than it may be, and there are never more than a few.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "firewall/refusals.h"
#include "net/byte_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate;
  using firewall::Refusals;
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  ByteReader input(std::span(data, size));
  Refusals refusals;
  const Instant start = Instant::from_micros(1'000'000);
  Instant now = start;
  std::size_t told = 0;
  while (input.ok() && !input.at_end()) {
    now = now + milliseconds(input.u16());
    const auto due = refusals.due(now);
    told += due.size();
    require(due.empty() || now >= start + Refusals::kPatience);
    for (const firewall::Refusal& one : due) {
      require(one.message.size() >= 8 + 53 && one.message.size() <= 8 + Refusals::kMostQuoted);
      const auto again = Refusals::begins(std::span(one.message).subspan(8));
      require(again && *again == one.flow && one.flow.source.is_global_unicast());
    }
    const auto packet = input.bytes(std::min<std::size_t>(input.u16() % 2048, input.left()));
    if (const auto flow = Refusals::begins(packet)) refusals.add(*flow, packet, now);
    require(!refusals.next() || *refusals.next() > now);
  }
  const auto waited = static_cast<std::size_t>((now - start) / Refusals::kPatience);
  require(told <= (waited + 1) * Refusals::kMost);
  return 0;
}
