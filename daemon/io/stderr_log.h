// SPDX-License-Identifier: Apache-2.0
// The daemon's log: lines on standard error, in the form that reads them best, without floods.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "net/log.h"
#include "net/time.h"

namespace sixgate::daemon {

enum class LogForm : std::uint8_t {
  kPerson,   // "2026-03-01 12:00:00.123 warning: text"
  kJournal,  // "<4>text": the level prefix of systemd (sd-daemon(3)), which adds the time itself
};

// kJournal when standard error is the stream that JOURNAL_STREAM ("DEVICE:INODE") names.
LogForm log_form_of_stderr();

// The line as it is written, with its newline. `wall_micros`: microseconds since 1970, local time zone.
std::string format_log_line(const LogLine& line, LogForm form, std::int64_t wall_micros);

// Lets the first few of identical lines through, counts the rest, and says later how many there were.
class RepeatFilter {
 public:
  static constexpr unsigned kBurst = 3;
  static constexpr Duration kWindow = minutes(1);

  // The lines to write now, when `line` is to be logged at `now`.
  std::vector<LogLine> admit(const LogLine& line, Instant now);
  // Lines about what was held back in windows that are over.
  std::vector<LogLine> collect(Instant now);

 private:
  struct Entry {
    LogLine line;
    Instant since;
    unsigned count = 0;
  };
  std::deque<Entry> entries_;  // oldest first, bounded
};

class StderrLog {
 public:
  explicit StderrLog(LogLevel level) : level_(level), form_(log_form_of_stderr()) {}
  void set_level(LogLevel level) { level_ = level; }
  void write(const LogLine& line);
  void say(LogLevel level, std::string text) { write({level, std::move(text)}); }

 private:
  LogLevel level_;
  LogForm form_;
  RepeatFilter filter_;
};

}  // namespace sixgate::daemon
