// SPDX-License-Identifier: Apache-2.0
// Json: one JSON value (RFC 8259), read from text. Strict, total and bounded: any bytes give a value or an
// error with an offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/expected.h"

namespace sixgate::cli {

class Json {
 public:
  using Array = std::vector<Json>;
  // Members in the order of the text; of two with one name the first is found.
  struct Member;
  using Object = std::vector<Member>;

  Json();  // null
  explicit Json(bool truth);
  explicit Json(double number);
  explicit Json(std::int64_t number);
  explicit Json(std::string text);
  explicit Json(Array elements);
  explicit Json(Object members);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  static Expected<Json> parse(std::string_view text);

  // Each asks for one kind and has an answer for the others: empty, zero, false. What reads a document of
  // a newer program then shows less, and never fails.
  const std::string& text() const;
  std::int64_t number() const;
  bool truth() const;
  const Array& elements() const;
  const Object& members() const;
  // The member of that name, or null.
  const Json& operator[](std::string_view name) const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_text() const { return std::holds_alternative<std::string>(value_); }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

}  // namespace sixgate::cli
