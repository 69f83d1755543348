// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_run.h"

#include <net/if.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <span>

#include "cli/pcap.h"
#include "daemon/io/clock.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/file.h"
#include "daemon/io/kernel.h"
#include "daemon/io/packet_sockets.h"
#include "daemon/io/privileges.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

using daemon::clock_now;

std::int64_t wall_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

// The shell around one Probe.
class Running {
 public:
  Running(const ProbeOptions& options, const std::function<void(const std::string&)>& progress,
          const std::function<void(const std::string&)>& warn)
      : options_(options),
        progress_(progress),
        rng_(daemon::entropy()),
        probe_(options.settings, rng_, clock_now()),
        timer_(loop_, [this] { expire(); }),
        sockets_(
            loop_,
            [this](std::span<const daemon::PacketIn> packets) {
              for (const daemon::PacketIn& packet : packets) receive(packet);
            },
            [this, warn](const LogLine& line) {
              if (line.level == LogLevel::kError) trouble_ = line.text;
              if (line.level == LogLevel::kWarning) warn(line.text);
            }) {}

  ProbeRun run() {
    auto kernel = daemon::Kernel::open(
        loop_, [this] { look(); }, [](const LogLine&) {});
    if (!kernel) return {kFailure, kernel.error().message, {}};
    kernel_ = std::move(*kernel);
    constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};
    loop_.on_signals(kSignals, [this](int) { stop("interrupted"); });
    look();
    pump();
    if (!over_) loop_.run();
    ProbeRun result;
    if (trouble_.empty()) {
      result.report = probe_.report(clock_now());
    } else {
      result.code = kFailure;
      result.trouble = trouble_;
    }
    if (!options_.pcap.empty()) {
      const auto& octets = pcap_.octets();
      const auto written = daemon::replace_file(
          options_.pcap,
          std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
      if (!written) {
        result.code = kFailure;
        result.trouble = written.error().message;
      }
    }
    return result;
  }

 private:
  void stop(std::string why) {
    trouble_ = std::move(why);
    over_ = true;
    loop_.stop();
  }

  // The interface as it is now; called again whenever the kernel has news.
  void look() {
    const auto picture = kernel_->read({}, clock_now());
    if (!picture) return stop(picture.error().message);
    const auto link = std::find_if(
        picture->links.begin(), picture->links.end(),
        [&](const daemon::LinkState& one) { return one.name == options_.settings.interface; });
    if (link == picture->links.end()) return;
    link_local_ = link->link_local;
    if (link->ready()) {
      sockets_.fit({.uplinks = {link->name}, .lans = {}}, {*link});
      if (!trouble_.empty()) return stop(trouble_);
      probe_.link(&*link, clock_now());
    }
    pump();
  }

  void receive(const daemon::PacketIn& packet) {
    if (!options_.pcap.empty()) pcap_.received(packet, wall_micros());
    probe_.receive(packet, clock_now());
    pump();
  }

  void expire() {
    probe_.expire(clock_now());
    pump();
  }

  void pump() {
    ProbeOutputs outputs = probe_.drain();
    for (const daemon::PacketOut& packet : outputs.packets) {
      sockets_.send(packet);
      if (!options_.pcap.empty() && link_local_) pcap_.sent(packet, *link_local_, wall_micros());
    }
    if (outputs.progress) progress_(*outputs.progress);
    if (outputs.finished) {
      over_ = true;
      loop_.stop();
      return;
    }
    timer_.at(probe_.next_deadline().value_or(Instant::never()));
  }

  const ProbeOptions& options_;
  const std::function<void(const std::string&)>& progress_;
  Rng rng_;
  Probe probe_;
  Pcap pcap_;
  std::string trouble_;
  std::optional<Ip6Address> link_local_;
  bool over_ = false;
  daemon::EventLoop loop_;
  daemon::Timer timer_;
  daemon::PacketSockets sockets_;
  std::unique_ptr<daemon::Kernel> kernel_;
};

}  // namespace

ProbeRun run_probe(const ProbeOptions& options,
                   const std::function<void(const std::string&)>& progress,
                   const std::function<void(const std::string&)>& warn) {
  const std::string& interface = options.settings.interface;
  if (::if_nametoindex(interface.c_str()) == 0) {
    return {kFailure, cat("there is no interface ", printable(interface)), {}};
  }
  if (const std::string missing = daemon::missing_capabilities(daemon::kSocketCapabilities);
      !missing.empty()) {
    return {kNoPermission, cat("prefix-probe needs to be root, or ", missing), {}};
  }
  Running running(options, progress, warn);
  ProbeRun result = running.run();
  if (result.report && result.code == kOk && !result.report->survey.widest())
    result.code = kFailure;
  return result;
}

}  // namespace sixgate::cli
