// SPDX-License-Identifier: Apache-2.0
// The one translation unit that knows toml++: its tree becomes a tree of Values, its errors plain words.
// Left out of builds with SIXGATE_WITH_TOML=0.
#include <algorithm>
#include <string>
#include <utility>

// toml++ 3.3 asserts what a wrong file breaks ("[~a]" in its parse_key), or, with NDEBUG and clang, lets the
// compiler assume it. Its parser reports the error properly right after: neither assert nor assume.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "conf/build.h"
#include "conf/config.h"
#include "conf/syntax.h"
#include "conf/value.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

// Deeper ones are wrong values anyway.
constexpr unsigned kMaxDepth = 32;

Position place(const toml::source_region& region) {
  return {region.begin.line, region.begin.column};
}

void convert(const toml::node& node, Value& out, unsigned depth);

void convert_table(const toml::table& table, Value& out, unsigned depth) {
  out.kind = Value::Kind::kTable;
  for (const auto& [key, node] : table) {
    Entry entry{std::string(key.str()), place(key.source()), {}};
    convert(node, entry.value, depth + 1);
    if (entry.at.line == 0) entry.at = entry.value.at;
    out.table.push_back(std::move(entry));
  }
  // toml++ keeps tables sorted by name; a person counts in the order of the file.
  std::stable_sort(out.table.begin(), out.table.end(),
                   [](const Entry& a, const Entry& b) { return a.at < b.at; });
}

void convert(const toml::node& node, Value& out, unsigned depth) {
  out.at = place(node.source());
  if (const toml::table* table = node.as_table()) {
    out.kind = Value::Kind::kTable;
    if (depth < kMaxDepth) convert_table(*table, out, depth);
  } else if (const toml::array* array = node.as_array()) {
    out.kind = Value::Kind::kArray;
    if (depth >= kMaxDepth) return;
    for (const toml::node& item : *array) {
      out.array.emplace_back();
      convert(item, out.array.back(), depth + 1);
    }
  } else if (const auto* text = node.as_string()) {
    out.kind = Value::Kind::kString;
    out.string = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Value::Kind::kInteger;
    out.integer = integer->get();
    out.hexadecimal =
        (integer->flags() & toml::value_flags::format_as_hexadecimal) != toml::value_flags::none;
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = Value::Kind::kBoolean;
    out.boolean = boolean->get();
  } else if (node.is_floating_point()) {
    out.kind = Value::Kind::kFloat;
  } else {
    out.kind = Value::Kind::kDate;
  }
}

std::string_view line_of(std::string_view text, unsigned number) {
  for (unsigned at = 1; at < number; ++at) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// The text with an "x" for each letter that is none of ASCII: the same lines, columns and quotes.
std::string ascii_shape(std::string_view text) {
  std::string shape;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) shape += c;
    if (octet >= 0xc0) shape += 'x';
  }
  return shape;
}

ReadResult refuse(std::string_view file, Position at, std::string why) {
  ReadResult result;
  result.errors.push_back(
      {std::string(file), std::max(1U, at.line), std::max(1U, at.column), std::move(why)});
  return result;
}

ReadResult refuse(std::string_view text, std::string_view file, const toml::parse_error& error) {
  const Position at = place(error.source());
  // What is missing at the end of a line is found missing at the start of the next one.
  Position said = at;
  std::string_view line = line_of(text, at.line);
  while (said.line > 1 && line.find_first_not_of(" \t\r") == std::string_view::npos) {
    line = line_of(text, --said.line);
    said.column = 1;
  }
  return refuse(file, said, explain_syntax(line, error.description()));
}

}  // namespace

ReadResult read_toml(std::string_view text, std::string_view file) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  if (const auto problem = screen(text)) return refuse(file, problem->at, problem->why);

  // screen() knows which letters stand in quotes if the quotes pair as TOML has them, and that is so if the
  // shape of the text is TOML.
  toml::parse_result parsed = toml::parse(std::string_view(ascii_shape(text)), file);
  if (parsed) parsed = toml::parse(text, file);
  if (!parsed) return refuse(text, file, parsed.error());
  Value root;
  root.at = {1, 1};
  convert_table(parsed.table(), root, 0);
  return build(root, file);
}

}  // namespace sixgate::conf
