// SPDX-License-Identifier: Apache-2.0
// Any octets are a DHCPv6 message or an error; what was read is the same after writing and reading it
// again, and the second writing has the same octets as the first.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "dhcp6/relay_message.h"

namespace {

using sixgate::ByteWriter;

void require(bool condition) {
  if (!condition) std::abort();
}

template <class T>
void round_trip(std::span<const std::uint8_t> bytes) {
  const auto first = T::parse(bytes);
  if (!first) {
    require(first.error().offset <= bytes.size());
    return;
  }
  std::vector<std::uint8_t> out;
  ByteWriter writer(out);
  if (!first->emit(writer)) {
    // Never longer than what came in: only more than a datagram holds can fail.
    require(out.empty() && bytes.size() > sixgate::dhcp6::kMaxMessageSize);
    return;
  }
  require(out.size() <= bytes.size());
  const auto second = T::parse(out);
  require(second.has_value());
  std::vector<std::uint8_t> again;
  ByteWriter second_writer(again);
  require(second->emit(second_writer));
  require(again == out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate::dhcp6;
  const std::span<const std::uint8_t> bytes(data, size);
  round_trip<Message>(bytes);
  round_trip<RelayMessage>(bytes);
  round_trip<RelayedExchange>(bytes);

  if (const auto message = Message::parse(bytes)) {
    const auto copy = Message::parse(message->to_bytes());
    require(copy.has_value() && *copy == *message);
    require(count_malformed(copy->options) == count_malformed(message->options));
    (void)has_duplicate_singletons(message->options);
    (void)status_of(message->options);
    for (const IaPd& ia : find_all<IaPd>(message->options)) {
      for (const IaPrefix& prefix : find_all<IaPrefix>(ia.options)) {
        const PdExclude* exclude = find<PdExclude>(prefix.options);
        if (!exclude) continue;
        const auto excluded = exclude->excluded(prefix.prefix);
        if (!excluded) continue;
        require(prefix.prefix.contains(*excluded));
        const auto made = PdExclude::make(prefix.prefix, *excluded);
        require(made && made->excluded(prefix.prefix) == excluded);
      }
    }
  }
  return 0;
}
