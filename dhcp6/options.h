// SPDX-License-Identifier: Apache-2.0
// Sequences of DHCPv6 options: reading, writing, looking up. Includes every option.
//
// What a broken option does:
// - Framing that does not add up (a header cut short, a length beyond the end) makes the whole
// sequence
//   unreadable, for nothing after it can be trusted: at top level the message is an error, inside
//   an option that option is malformed.
// - Content that its RFC does not allow (an odd option request, a DNS list of 15 octets, a
// compressed
//   name) makes a MalformedOption of that one option, and the rest is used.
// - A code without a struct is an UnknownOption, and ignored by everybody (RFC 9915 section 16).
// - A nesting deeper than ParseBudget allows is a MalformedOption; more options than it allows is
// an error
//   of the message.
//
// A singleton option that comes more than once (RFC 9915 section 21): the instances are never
// merged. find() takes the first and so ignores the others; find_single() takes none of them, for
// options where a second opinion must not count (the DUIDs); has_duplicate_singletons() lets a
// caller count or refuse.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>

#include "dhcp6/option_base.h"
#include "dhcp6/option_exchange.h"
#include "dhcp6/option_ia.h"
#include "dhcp6/option_relay.h"
#include "dhcp6/option_services.h"
#include "dhcp6/option_softwire.h"

namespace sixgate::dhcp6 {

inline bool IaNa::operator==(const IaNa&) const = default;
inline bool IaTa::operator==(const IaTa&) const = default;
inline bool IaAddress::operator==(const IaAddress&) const = default;
inline bool IaPd::operator==(const IaPd&) const = default;
inline bool IaPrefix::operator==(const IaPrefix&) const = default;
inline bool S46Rule::operator==(const S46Rule&) const = default;
inline bool S46Binding::operator==(const S46Binding&) const = default;
inline bool S46MapE::operator==(const S46MapE&) const = default;
inline bool S46MapT::operator==(const S46MapT&) const = default;
inline bool S46Lightweight::operator==(const S46Lightweight&) const = default;

// What there is to the end of the reader, when its framing adds up.
struct OptionFrames {
  unsigned count = 0;
  std::uint64_t codes = 0;  // bit n: there may be options whose code is n modulo 64
};
Parsed<OptionFrames> read_frames(ByteReader reader);

// All options to the end of the reader.
Parsed<Options> parse_options(ByteReader& reader, ParseBudget& budget);

// Writes header and payload of each. False, and nothing written, when one (or what it holds) does
// not fit into the 65535 octets its length field can say.
[[nodiscard]] bool emit_options(ByteWriter& writer, const Options& options);

std::uint16_t option_code(const Option& option);

// An option that is being written: its code now, its length when this ends.
class OpenOption {
 public:
  OpenOption(ByteWriter& writer, std::uint16_t code) : writer_(writer) {
    writer_.u32(std::uint32_t{code} << 16);
    begin_ = writer_.size();
  }
  OpenOption(const OpenOption&) = delete;
  OpenOption& operator=(const OpenOption&) = delete;
  ~OpenOption() { writer_.patch_u16(begin_ - 2, static_cast<std::uint16_t>(length())); }

  std::size_t length() const { return writer_.size() - begin_; }

 private:
  ByteWriter& writer_;
  std::size_t begin_ = 0;
};

// One option, straight into the message. Whether it fits shows in the size of that.
template <class T>
void emit_option(ByteWriter& writer, const T& option) {
  const OpenOption open(writer, T::kCode);
  option.emit(writer);
}

// The same on the wire, as octets: what goes into many messages is written once.
Options written_out(const Options& options);

// The first option of a type, or null.
template <class T>
const T* find(const Options& options) {
  for (const Option& option : options) {
    if (const T* found = std::get_if<T>(&option)) return found;
  }
  return nullptr;
}
template <class T>
T* find(Options& options) {
  return const_cast<T*>(find<T>(static_cast<const Options&>(options)));
}

// The only option of a type; null when there is none or more than one.
template <class T>
const T* find_single(const Options& options) {
  const T* found = nullptr;
  for (const Option& option : options) {
    const T* one = std::get_if<T>(&option);
    if (one && found) return nullptr;
    if (one) found = one;
  }
  return found;
}

template <class T>
bool contains(const Options& options) {
  return find<T>(options) != nullptr;
}

// Every option of a type: for (const IaPd& ia : find_all<IaPd>(message.options)).
template <class T>
class OptionsOfType {
 public:
  class Iterator {
   public:
    Iterator(const Option* at, const Option* end) : at_(at), end_(end) { settle(); }
    const T& operator*() const { return *std::get_if<T>(at_); }
    const T* operator->() const { return std::get_if<T>(at_); }
    Iterator& operator++() {
      ++at_;
      settle();
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void settle() {
      while (at_ != end_ && !std::holds_alternative<T>(*at_)) ++at_;
    }
    const Option* at_;
    const Option* end_;
  };
  explicit OptionsOfType(const Options& options)
      : begin_(options.data()), end_(options.data() + options.size()) {}
  Iterator begin() const { return {begin_, end_}; }
  Iterator end() const { return {end_, end_}; }
  bool empty() const { return begin() == end(); }

 private:
  const Option* begin_;
  const Option* end_;
};

template <class T>
OptionsOfType<T> find_all(const Options& options) {
  return OptionsOfType<T>(options);
}
template <class T>
OptionsOfType<T> find_all(Options&&) = delete;  // the range would outlive what it looks at

// The status of a message, IA, address or prefix: Success when the option is not there
// (section 7.5).
Status status_of(const Options& options);

// Whether an option that may come once came more often at this level; its malformed instances count
// too.
bool has_duplicate_singletons(const Options& options);

// How many options of this sequence, at any depth, were malformed.
std::size_t count_malformed(const Options& options);

}  // namespace sixgate::dhcp6
