// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/stderr_log.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/text.h"

namespace sixgate::daemon {
namespace {

Instant at(std::int64_t second) { return Instant::from_micros(second * 1000000); }

TEST(LogForm, JournalGetsTheLevelPrefixOfSystemd) {
  EXPECT_EQ(format_log_line({LogLevel::kError, "a"}, LogForm::kJournal, 0), "<3>a\n");
  EXPECT_EQ(format_log_line({LogLevel::kWarning, "b"}, LogForm::kJournal, 0), "<4>b\n");
  EXPECT_EQ(format_log_line({LogLevel::kInfo, "c"}, LogForm::kJournal, 0), "<6>c\n");
  EXPECT_EQ(format_log_line({LogLevel::kDebug, "d"}, LogForm::kJournal, 0), "<7>d\n");
}

TEST(LogForm, PersonGetsTimeAndLevel) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(format_log_line({LogLevel::kWarning, "port taken"}, LogForm::kPerson,
                            1767225599 * std::int64_t{1000000} + 7000),
            "2025-12-31 23:59:59.007 warning: port taken\n");
}

TEST(LogForm, TextFromOutsideCannotForgeALine) {
  EXPECT_EQ(format_log_line({LogLevel::kInfo, "name\n<3>forged"}, LogForm::kJournal, 0),
            "<6>name\\x0a<3>forged\n");
}

TEST(LogForm, IsTheJournalsOnlyWhenStandardErrorIsItsStream) {
  struct stat status {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  ::setenv("JOURNAL_STREAM", cat(status.st_dev, ':', status.st_ino).c_str(), 1);
  EXPECT_EQ(log_form_of_stderr(), LogForm::kJournal);
  ::setenv("JOURNAL_STREAM", cat(status.st_dev, ':', status.st_ino + 1).c_str(), 1);
  EXPECT_EQ(log_form_of_stderr(), LogForm::kPerson);
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(log_form_of_stderr(), LogForm::kPerson);
}

TEST(RepeatFilter, LetsTheFirstThreeThroughAndCountsTheRest) {
  RepeatFilter filter;
  const LogLine line{LogLevel::kWarning, "again"};
  int written = 0;
  for (int i = 0; i < 100; ++i) written += static_cast<int>(filter.admit(line, at(0)).size());
  EXPECT_EQ(written, 3);
  const LogLine other{LogLevel::kInfo, "other"};
  EXPECT_EQ(filter.admit(other, at(30)), LogLines{other});
  const LogLines later = filter.admit(other, at(60));
  ASSERT_EQ(later.size(), 2U);
  EXPECT_EQ(later[0], (LogLine{LogLevel::kWarning, "again (said 97 more times)"}));
  EXPECT_EQ(later[1], other);
  EXPECT_EQ(filter.admit(line, at(61)), LogLines{line});  // a window of its own
}

TEST(RepeatFilter, RemembersABoundedNumberOfLines) {
  RepeatFilter filter;
  const LogLine first{LogLevel::kInfo, "first"};
  for (int i = 0; i < 5; ++i) (void)filter.admit(first, at(0));
  LogLines said;
  for (int i = 0; i < 500; ++i) {
    for (LogLine& line : filter.admit({LogLevel::kInfo, cat("line ", i)}, at(1))) {
      said.push_back(std::move(line));
    }
  }
  EXPECT_EQ(said.size(), 501U);  // each of them, and what became of the first
  EXPECT_EQ(said[127].text, "first (said 2 more times)");
}

}  // namespace
}  // namespace sixgate::daemon
