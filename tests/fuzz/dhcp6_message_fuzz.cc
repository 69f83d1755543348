// SPDX-License-Identifier: Apache-2.0
// Any octets are a DHCPv6 message or an error; what was read is the same after writing and reading it
// again, and the second writing has the same octets as the first. Where they lie the server reads the same in them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "dhcp6/message_view.h"
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

template <class T>
void same_options(const sixgate::dhcp6::OptionsView& view, const sixgate::dhcp6::Options& options) {
  std::vector<T> seen;
  view.each<T>([&](const T& one) { seen.push_back(one); });
  std::vector<T> read;
  for (const T& one : sixgate::dhcp6::find_all<T>(options)) read.push_back(one);
  require(seen == read);
}

template <class Ia, class Inside>
void same_associations(const sixgate::dhcp6::OptionsView& view,
                       const sixgate::dhcp6::Options& options) {
  using View = sixgate::dhcp6::IaView<Ia>;
  std::vector<View> seen;
  view.each<View>([&](const View& one) { seen.push_back(one); });
  std::size_t at = 0;
  for (const Ia& ia : sixgate::dhcp6::find_all<Ia>(options)) {
    require(at < seen.size() && seen[at].iaid == ia.iaid);
    same_options<Inside>(seen[at++].options, ia.options);
  }
  require(at == seen.size());
}

// A view has room for as many options in each IA as a message has in all: what it refuses, the other does, too.
void same_where_it_lies(std::span<const std::uint8_t> bytes) {
  using namespace sixgate::dhcp6;
  const auto message = Message::parse(bytes);
  const auto view = MessageView::parse(bytes);
  if (!message) return;
  require(view.has_value());
  require(view->type == message->type && view->transaction_id == message->transaction_id);
  same_options<ClientId>(view->options, message->options);
  same_options<ServerId>(view->options, message->options);
  same_options<ClientFqdn>(view->options, message->options);
  same_associations<IaNa, IaAddress>(view->options, message->options);
  same_associations<IaTa, IaAddress>(view->options, message->options);
  same_associations<IaPd, IaPrefix>(view->options, message->options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate::dhcp6;
  const std::span<const std::uint8_t> bytes(data, size);
  round_trip<Message>(bytes);
  round_trip<RelayMessage>(bytes);
  round_trip<RelayedExchange>(bytes);
  same_where_it_lies(bytes);

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
