// SPDX-License-Identifier: Apache-2.0
// LeaseFile: the journal of leases on its medium. What the server writes is appended, before anybody hears of
// it; now and then the whole is written anew, so that the file stays as long as what it tells. Nobody waits for the
// medium then: what happens goes into the old file and the new one until the new one is there to stay.
//
// A medium that takes no more (full, read-only) stops nothing: it is said once, serving goes on from memory,
// and the whole journal is written when that works again. Until then nothing is appended, for a journal with
// a gap would tell what is not true.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/io/background_sync.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/owned_fd.h"
#include "net/log.h"

namespace sixgate::daemon {

class LeaseFile {
 public:
  static constexpr Duration kRetry = seconds(60);
  // A file is written anew when it has grown by this much, and to twice what it was.
  static constexpr std::size_t kWorthRewriting = 64 << 10;

  // `rewrite` is called when the whole journal is wanted, which is then given to replace(): in the background while
  // records can be appended meanwhile, else at once.
  LeaseFile(EventLoop& loop, std::string path, conf::Durability durability,
            std::function<void()> rewrite, LogSink log);

  // What an earlier run wrote; empty when there is nothing, or nothing that can be read.
  std::vector<std::uint8_t> load();
  // Keeps the file for a person to look at: it is not understood.
  void set_aside(std::string_view why);
  void replace(std::span<const std::uint8_t> journal);
  void append(std::span<const std::uint8_t> records);
  void set_durability(conf::Durability durability) { durability_ = durability; }
  bool in_trouble() const { return in_trouble_; }

 private:
  void failed(std::string text);
  void replace_now(std::span<const std::uint8_t> journal);
  void begin_anew(std::span<const std::uint8_t> journal);
  void written_anew(int code);
  void in_its_place(int code);
  void give_up_anew(int code);

  std::string path_;
  conf::Durability durability_;
  std::function<void()> rewrite_;
  LogSink log_;
  OwnedFd fd_;
  std::size_t size_ = 0;
  std::size_t rewritten_size_ = 0;
  OwnedFd next_;  // the new file, while it is being made
  std::size_t next_size_ = 0;
  bool renamed_ = false;  // the new one has the name, perhaps not yet on the medium
  bool complained_ = false;
  BackgroundSync sync_;
  bool in_trouble_ = false;
  Timer retry_;
};

}  // namespace sixgate::daemon
