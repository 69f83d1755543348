// SPDX-License-Identifier: Apache-2.0
// MessageView: a client's message where it lies, for the server, which hears strangers at full speed. What Message
// holds as values is found and read here when it is asked for: nothing is copied, and what nobody asks for costs no
// more than stepping over it. What a broken option does is the same (options.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "dhcp6/message.h"
#include "net/byte_reader.h"

namespace sixgate::dhcp6 {

// The options to the end of what a reader reads.
class OptionsView {
 public:
  OptionsView() = default;
  // An error when the framing does not add up, or where the budget has no room for them.
  static Parsed<OptionsView> parse(ByteReader reader, ParseBudget budget);
  // Those of an option: one level deeper.
  static Parsed<OptionsView> parse_nested(ByteReader reader, ParseBudget budget);

  // visit(T) for each option of a type, in order.
  template <class T, class Visit>
  void each(Visit visit) const {
    ByteReader rest = reader_;
    while (auto content = next(rest, T::kCode)) {
      if (auto option = read<T>(*content)) visit(*option);
    }
  }
  // The first of a type.
  template <class T>
  std::optional<T> find() const {
    ByteReader rest = reader_;
    while (auto content = next(rest, T::kCode)) {
      if (auto option = read<T>(*content)) return std::move(*option);
    }
    return std::nullopt;
  }
  // The only one of a type; none when there are more.
  template <class T>
  std::optional<T> find_single() const {
    std::optional<T> found;
    unsigned count = 0;
    each<T>([&](T& option) {
      if (count++ == 0) found = std::move(option);
    });
    if (count > 1) found.reset();
    return found;
  }
  template <class T>
  bool contains() const {
    return find<T>().has_value();
  }

 private:
  // Passes over options until one of this code, whose content it is.
  std::optional<ByteReader> next(ByteReader& rest, std::uint16_t code) const;
  template <class T>
  Parsed<T> read(ByteReader content) const {
    if constexpr (std::is_invocable_v<decltype(T::parse), ByteReader&, ParseBudget&>) {
      ParseBudget budget = budget_;
      return T::parse(content, budget);
    } else {
      return T::parse(content);
    }
  }

  ByteReader reader_{{}};
  std::uint64_t codes_ = 0;  // as in OptionFrames
  ParseBudget budget_;       // that is left for what the options hold
};

// An IaNa, IaTa or IaPd.
template <class Ia>
struct IaView {
  static constexpr std::uint16_t kCode = Ia::kCode;
  std::uint32_t iaid = 0;
  OptionsView options;
  static Parsed<IaView> parse(ByteReader& reader, ParseBudget& budget) {
    IaView ia;
    ia.iaid = reader.u32();
    if constexpr (!std::is_same_v<Ia, IaTa>)
      reader.skip(8);  // T1 and T2: what a client writes there is ignored
    if (!reader.ok()) return reader.error("identity association too short");
    auto options = OptionsView::parse_nested(reader, budget);
    if (!options) return Unexpected<ParseError>(options.error());
    ia.options = *options;
    return ia;
  }
};
using IaNaView = IaView<IaNa>;
using IaTaView = IaView<IaTa>;
using IaPdView = IaView<IaPd>;

// An OptionRequest.
struct OptionRequestView {
  static constexpr std::uint16_t kCode = OptionRequest::kCode;
  ByteReader codes{{}};  // u16() until at_end()
  static Parsed<OptionRequestView> parse(ByteReader& reader);
  bool contains(std::uint16_t code) const;
};

struct MessageView {
  MessageType type{};
  std::uint32_t transaction_id = 0;
  OptionsView options;
  // As Message::parse. The octets must outlive the view.
  static Parsed<MessageView> parse(std::span<const std::uint8_t> bytes);
};

}  // namespace sixgate::dhcp6
