// SPDX-License-Identifier: Apache-2.0
// LineBudget: so many lines in an hour about what strangers do, however much of it there is.
#pragma once

#include <string>
#include <utility>

#include "net/log.h"
#include "net/time.h"

namespace sixgate {

class LineBudget {
 public:
  static constexpr unsigned kMost = 20;  // in an hour

  void say(LogLevel level, std::string text, Instant now, LogLines& log) {
    if (lines_ == 0 || now >= since_ + hours(1)) {
      since_ = now;
      lines_ = 0;
    }
    if (lines_ == kMost) return;
    if (++lines_ == kMost) text += " (no more of this for up to an hour)";
    log.push_back({level, std::move(text)});
  }

 private:
  Instant since_;
  unsigned lines_ = 0;
};

}  // namespace sixgate
