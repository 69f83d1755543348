// SPDX-License-Identifier: Apache-2.0
// Any octets are a JSON value or an error, and what was read is the same after writing and reading it again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// The cli room has sockets and is not part of a fuzz build; its parser stands alone.
#include "cli/json.cc"
#include "cli/json_text.cc"
#include "cli/status_text.cc"
#include "cli/table.cc"
#include "daemon/json.h"

namespace {

using sixgate::cli::Json;
using sixgate::daemon::JsonWriter;

void write(JsonWriter& out, const Json& json) {
  if (json.is_object()) {
    out.begin_object();
    for (const Json::Member& member : json.members()) {
      out.key(member.name);
      write(out, member.value);
    }
    out.end_object();
  } else if (json.is_text()) {
    out.value(json.text());
  } else if (!json.elements().empty()) {
    out.begin_array();
    for (const Json& element : json.elements()) write(out, element);
    out.end_array();
  } else {
    out.value(json.number());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const void* start = data;
  const auto json = Json::parse({static_cast<const char*>(start), size});
  if (!json) return 0;
  (void)sixgate::cli::status_text(*json);
  JsonWriter first;
  write(first, *json);
  const auto again = Json::parse(first.text());
  if (!again) std::abort();
  JsonWriter second;
  write(second, *again);
  if (first.text() != second.text()) std::abort();
  return 0;
}
