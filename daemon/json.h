// SPDX-License-Identifier: Apache-2.0
// JsonWriter: appends one JSON value (RFC 8259) to a string, compact, in the order it is told.
//
//   JsonWriter json;
//   json.begin_object().key("schema").value(1).key("lans").begin_array().end_array().end_object();
//   json.text();  // {"schema":1,"lans":[]}
//
// Commas are its own business. Strings may hold any octets: what is not valid UTF-8 becomes U+FFFD, since
// names from outside must not make the document invalid. Writing a value where a key belongs, or closing
// what is not open, is a broken invariant and aborts.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/time.h"

namespace sixgate::daemon {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& null();
  template <std::integral I>
  requires(!std::same_as<I, bool>) JsonWriter& value(I number) {
    if constexpr (std::signed_integral<I>) {
      return signed_number(number);
    } else {
      return unsigned_number(number);
    }
  }
  JsonWriter& value(Lifetime lifetime);  // seconds; infinity is null: no number stands for it
  // Addresses, prefixes, names: whatever has to_string().
  template <class T>
  requires requires(const T& t) {
    { t.to_string() } -> std::convertible_to<std::string>;
  }
  JsonWriter& value(const T& thing) { return value(std::string_view(thing.to_string())); }

  // key(name).value(v), the most common pair.
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  // The document so far; complete when everything opened is closed.
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& signed_number(std::int64_t number);
  JsonWriter& unsigned_number(std::uint64_t number);
  void before_value();
  void quoted(std::string_view text);

  struct Level {
    char closing;
    bool empty = true;
    bool after_key = false;
  };
  std::string out_;
  std::vector<Level> levels_;
};

}  // namespace sixgate::daemon
