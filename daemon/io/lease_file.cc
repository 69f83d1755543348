// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/lease_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/file.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// 65,000 leases have a few megabytes.
constexpr std::size_t kLargestJournal = 64 << 20;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

LeaseFile::LeaseFile(EventLoop& loop, std::string path, conf::Durability durability,
                     std::function<void()> rewrite, LogSink log)
    : path_(std::move(path)),
      durability_(durability),
      rewrite_(std::move(rewrite)),
      log_(std::move(log)),
      retry_(loop, [this] { rewrite_(); }) {}

std::vector<std::uint8_t> LeaseFile::load() {
  const auto text = read_file(path_, kLargestJournal);
  if (text) return {text->begin(), text->end()};
  if (text.error().code != ENOENT)
    log_({LogLevel::kWarning,
          cat(text.error().message, "; DHCPv6 leases of an earlier run are not known")});
  return {};
}

void LeaseFile::set_aside(std::string_view why) {
  (void)::rename(path_.c_str(), (path_ + ".unreadable").c_str());
  log_({LogLevel::kWarning,
        cat(path_, " ", why, "; it is kept as ", path_, ".unreadable, starting without it")});
}

void LeaseFile::failed(std::string text) {
  fd_ = OwnedFd();
  if (!in_trouble_) {
    log_({LogLevel::kWarning, cat("DHCPv6 leases cannot be stored (", text,
                                  "): serving goes on, a restart would forget; trying again")});
  }
  in_trouble_ = true;
  retry_.at(clock_now() + kRetry);
}

void LeaseFile::replace(std::span<const std::uint8_t> journal) {
  fd_ = OwnedFd();
  if (const auto written = replace_file(path_, text_of(journal)); !written)
    return failed(written.error().message);
  OwnedFd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return failed(cat("cannot open ", path_, ": ", error_text(errno)));
  fd_ = std::move(fd);
  size_ = rewritten_size_ = journal.size();
  if (in_trouble_) log_({LogLevel::kInfo, "DHCPv6 leases can be stored again"});
  in_trouble_ = false;
  retry_.cancel();
}

void LeaseFile::append(std::span<const std::uint8_t> records) {
  if (records.empty() || !fd_) return;
  std::span<const std::uint8_t> left = records;
  while (!left.empty()) {
    const ssize_t wrote = ::write(fd_.get(), left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed(cat("cannot write ", path_, ": ", error_text(errno)));
    left = left.subspan(static_cast<std::size_t>(wrote));
  }
  size_ += records.size();
  if (durability_ == conf::Durability::kPower && ::fdatasync(fd_.get()) != 0)
    return failed(cat("cannot sync ", path_, ": ", error_text(errno)));
  // Not now: what waits for this record to be written is to go out first.
  if (size_ > 2 * rewritten_size_ + kWorthRewriting) retry_.at(clock_now());
}

}  // namespace sixgate::daemon
