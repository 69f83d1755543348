// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/stderr_log.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kRemembered = 128;

// RFC 5424 section 6.2.1 severities.
char severity(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return '3';
    case LogLevel::kWarning:
      return '4';
    case LogLevel::kInfo:
      return '6';
    case LogLevel::kDebug:
      return '7';
  }
  return '6';
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

LogLine held_back(const LogLine& line, unsigned count) {
  return {line.level, cat(line.text, " (said ", count, " more times)")};
}

}  // namespace

LogForm log_form_of_stderr() {
  const char* stream = ::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return LogForm::kPerson;
  const bool same = cat(status.st_dev, ':', status.st_ino) == stream;
  return same ? LogForm::kJournal : LogForm::kPerson;
}

std::string format_log_line(const LogLine& line, LogForm form, std::int64_t wall_micros) {
  const std::string text = printable(line.text);  // names from outside cannot forge a second line
  if (form == LogForm::kJournal) return cat('<', severity(line.level), '>', text, '\n');
  const time_t second = static_cast<time_t>(wall_micros / 1000000);
  tm when{};
  ::localtime_r(&second, &when);
  return cat(when.tm_year + 1900, '-', padded(when.tm_mon + 1, 2), '-', padded(when.tm_mday, 2),
             ' ', padded(when.tm_hour, 2), ':', padded(when.tm_min, 2), ':', padded(when.tm_sec, 2),
             '.', padded(wall_micros % 1000000 / 1000, 3), ' ', to_string(line.level), ": ", text,
             '\n');
}

std::vector<LogLine> RepeatFilter::admit(const LogLine& line, Instant now) {
  std::vector<LogLine> out = collect(now);
  for (Entry& entry : entries_) {
    if (entry.line != line) continue;
    if (++entry.count <= kBurst) out.push_back(line);
    return out;
  }
  if (entries_.size() == kRemembered) {
    if (const Entry& oldest = entries_.front(); oldest.count > kBurst) {
      out.push_back(held_back(oldest.line, oldest.count - kBurst));
    }
    entries_.pop_front();
  }
  entries_.push_back({line, now, 1});
  out.push_back(line);
  return out;
}

std::vector<LogLine> RepeatFilter::collect(Instant now) {
  std::vector<LogLine> out;
  while (!entries_.empty() && now - entries_.front().since >= kWindow) {
    const Entry& entry = entries_.front();
    if (entry.count > kBurst) out.push_back(held_back(entry.line, entry.count - kBurst));
    entries_.pop_front();
  }
  return out;
}

void StderrLog::write(const LogLine& line) {
  if (line.level > level_) return;
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const std::int64_t micros =
      static_cast<std::int64_t>(wall.tv_sec) * 1000000 + wall.tv_nsec / 1000;
  for (const LogLine& admitted : filter_.admit(line, clock_now())) {
    const std::string text = format_log_line(admitted, form_, micros);
    // A log that cannot be written has nobody to be told to.
    [[maybe_unused]] const ssize_t wrote = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace sixgate::daemon
