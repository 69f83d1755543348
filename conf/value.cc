// SPDX-License-Identifier: Apache-2.0
#include "conf/value.h"

namespace sixgate::conf {

const Entry* Value::find(std::string_view key) const {
  for (const Entry& entry : table) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::string_view kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kBoolean:
      return "true or false";
    case Value::Kind::kInteger:
      return "a whole number";
    case Value::Kind::kFloat:
      return "a number with a fraction";
    case Value::Kind::kString:
      return "a text";
    case Value::Kind::kDate:
      return "a date or time";
    case Value::Kind::kArray:
      return "a list";
    case Value::Kind::kTable:
      return "a table";
  }
  return "";
}

}  // namespace sixgate::conf
