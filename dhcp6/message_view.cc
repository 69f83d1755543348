// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/message_view.h"

namespace sixgate::dhcp6 {

Parsed<OptionsView> OptionsView::parse(ByteReader reader, ParseBudget budget) {
  const auto frames = read_frames(reader);
  if (!frames) return Unexpected<ParseError>(frames.error());
  if (frames->count > budget.options) return reader.error("too many options");
  budget.options -= frames->count;
  OptionsView view;
  view.reader_ = reader;
  view.codes_ = frames->codes;
  view.budget_ = budget;
  return view;
}

Parsed<OptionsView> OptionsView::parse_nested(ByteReader reader, ParseBudget budget) {
  if (reader.at_end()) return OptionsView();
  if (budget.depth == 0) return reader.error("options nested too deep");
  --budget.depth;
  return parse(reader, budget);
}

std::optional<ByteReader> OptionsView::next(ByteReader& rest, std::uint16_t code) const {
  if ((codes_ >> (code % 64) & 1) == 0) return std::nullopt;
  while (rest.ok() && !rest.at_end()) {
    const std::uint32_t header = rest.u32();  // code, length
    const std::uint16_t length = header & 0xffff;
    if (header >> 16 == code) return rest.sub(length);
    rest.skip(length);
  }
  return std::nullopt;
}

Parsed<OptionRequestView> OptionRequestView::parse(ByteReader& reader) {
  if (reader.left() % 2 != 0) return reader.error("option too short");
  return OptionRequestView{reader};
}

bool OptionRequestView::contains(std::uint16_t code) const {
  ByteReader rest = codes;
  while (!rest.at_end()) {
    if (rest.u16() == code) return true;
  }
  return false;
}

Parsed<MessageView> MessageView::parse(std::span<const std::uint8_t> bytes) {
  ByteReader reader(bytes);
  MessageView message;
  message.type = static_cast<MessageType>(reader.u8());
  message.transaction_id = reader.u24();
  if (!reader.ok()) return reader.error("message header is cut short");
  if (is_relay(message.type)) return ByteReader(bytes).error("message of a relay agent");
  auto options = OptionsView::parse(reader, {});
  if (!options) return Unexpected<ParseError>(options.error());
  message.options = *options;
  return message;
}

}  // namespace sixgate::dhcp6
