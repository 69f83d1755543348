// SPDX-License-Identifier: Apache-2.0
// What a person should read. Engines do not log: they put LogLines into their outputs, and the daemon
// hands them to a LogSink.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sixgate {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

std::string_view to_string(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);  // error, warning, info, debug

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string text;
  bool operator==(const LogLine&) const = default;
};

using LogLines = std::vector<LogLine>;
using LogSink = std::function<void(const LogLine&)>;

}  // namespace sixgate
