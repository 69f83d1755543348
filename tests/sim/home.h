// SPDX-License-Identifier: Apache-2.0
// Home: the Router between its FakeKernel, its disk and its links, with hosts on two LANs. Checks the
// invariants at every step, and can die after any effect.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/router.h"
#include "fake_kernel.h"
#include "sim_host.h"
#include "sim_isp.h"
#include "world.h"

namespace sixgate::sim {

inline constexpr const char* kWan = "wan0";
inline constexpr const char* kLans[] = {"lan0", "lan1"};

conf::Config two_lans();

class Home {
 public:
  Home(World& world, SimIsp& isp, conf::Config config);

  // Another server and router on the same link.
  void add_server(SimIsp& isp);
  void start();
  void crash();   // kill -9; comes back two seconds later
  void reboot();  // the kernel forgets everything, the clock of the boot is another one
  void reload(conf::Config config);
  void stop();  // SIGTERM
  void crash_after_effect(unsigned k) { crash_after_ = k; }

  FakeKernel& kernel() { return kernel_; }
  daemon::Router* router() { return router_.get(); }
  std::vector<std::unique_ptr<SimHost>>& hosts() { return hosts_; }
  const SimHost& host(std::size_t i) const { return *hosts_[i]; }
  std::optional<std::string>& disk() { return disk_; }
  LinkQuality wan_quality;
  LinkQuality lan_quality;
  unsigned effects() const { return effects_; }
  const std::vector<std::string>& violations() const { return violations_; }
  const std::vector<std::string>& log() const { return log_; }
  bool finished() const { return finished_; }
  unsigned durable_writes() const { return durable_writes_; }

  // The invariants of a home that has had time to come to rest.
  std::vector<std::string> at_rest() const;
  // What matters of the end state, as text, for comparing two runs.
  std::string summary() const;

 private:
  void event(const std::function<void(daemon::Router&)>& what);
  void pump();
  bool effect();  // false: the router died of it
  void send(const daemon::PacketOut& packet);
  void check_advertisement(const std::vector<std::uint8_t>& payload);
  void violation(std::string text);

  World& world_;
  std::vector<SimIsp*> isps_;
  conf::Config config_;
  Rng rng_;
  FakeKernel kernel_;
  std::unique_ptr<daemon::Router> router_;
  std::optional<std::string> disk_;    // survives a reboot
  std::optional<std::string> memory_;  // survives a crash of the router
  unsigned boots_ = 1;
  Instant written_;     // when the disk was last written
  Duration unknown_{};  // what no clock of the router counted: from the last write to a reboot
  unsigned life_ = 0;   // tells one run of the router from the next
  std::vector<std::unique_ptr<SimHost>> hosts_;
  Alarm alarm_;
  std::optional<unsigned> crash_after_;
  unsigned effects_ = 0;
  unsigned durable_writes_ = 0;
  bool pumping_ = false;
  bool finished_ = false;
  std::vector<std::string> violations_;
  std::vector<std::string> log_;
};

}  // namespace sixgate::sim
