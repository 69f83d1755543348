// SPDX-License-Identifier: Apache-2.0
// A configuration file as a tree of values, each with its place: what is left when the file's syntax is
// understood and its meaning is not yet. Keys stand in the order of the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate::conf {

struct Position {
  unsigned line = 0;
  unsigned column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Entry;

struct Value {
  enum class Kind : std::uint8_t { kBoolean, kInteger, kFloat, kString, kDate, kArray, kTable };
  Kind kind = Kind::kTable;
  Position at;
  bool boolean = false;
  std::int64_t integer = 0;
  bool hexadecimal = false;  // an integer that was written as 0x...
  std::string string;
  std::vector<Value> array;
  std::vector<Entry> table;

  const Entry* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Position at;
  Value value;
};

// "a boolean", "a table": for messages.
std::string_view kind_name(Value::Kind kind);

}  // namespace sixgate::conf
