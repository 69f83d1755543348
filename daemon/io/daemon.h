// SPDX-License-Identifier: Apache-2.0
// Daemon: the Router with its sockets, clock and kernel. Events go to the Router, what it says is carried
// out, and nothing is decided here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/command_line.h"
#include "conf/config.h"
#include "daemon/io/control_socket.h"
#include "daemon/io/event_loop.h"
#include "daemon/io/firewall_applier.h"
#include "daemon/io/hosts_files.h"
#include "daemon/io/kernel.h"
#include "daemon/io/lease_file.h"
#include "daemon/io/neighbor_watch.h"
#include "daemon/io/open_flows.h"
#include "daemon/io/packet_sockets.h"
#include "daemon/io/process.h"
#include "daemon/io/rules_guard.h"
#include "daemon/io/state_keeper.h"
#include "daemon/io/stderr_log.h"
#include "daemon/io/stranger_socket.h"
#include "daemon/io/supervisor.h"
#include "daemon/router.h"
#include "net/rng.h"

namespace sixgate::daemon {

class Daemon {
 public:
  struct Parts {
    conf::CommandLine command_line;  // to read the configuration again on SIGHUP
    conf::Config config;
    StateDirectory state;
    StateDirectory memory;  // the copy that a reboot may take
    OwnedFd control;        // listening; none: nobody can ask
  };
  Daemon(EventLoop& loop, StderrLog& log, Supervisor& supervisor, Parts parts);
  ~Daemon();

  // Opens netlink and takes the first look. An error here is the end.
  Expected<Done> start();

 private:
  struct UnderWay;  // a ChangeSet that waits for the firewall

  void look();
  void settle();
  void run_hook(HookRun run);
  void run_lease_hook(LeaseHookRun run);
  void write_hosts_files();
  void begin(ChangeSet changes);
  void proceed();
  void signalled(int number);
  void reload();
  void fit_sockets();
  void leave_rules();
  void lower_flow_timeouts();
  void restore_leases(Instant now);
  void answer(std::string_view command, const ControlSocket::Reply& reply);
  std::string answer_at_once(std::string_view command);
  std::string status_answer(const FirewallView& view);
  std::string firewall_answer(std::string_view asked);
  void add_refusals_of_others(firewall::Backend backend, const std::vector<std::string>& closed,
                              Status& status) const;
  std::string release_answer(std::string_view asked);
  ControlSocket::Stream open_stream(std::string_view command);
  void say(LogLevel level, std::string text) { log_.say(level, std::move(text)); }
  LogSink sink();

  EventLoop& loop_;
  StderrLog& log_;
  Supervisor& supervisor_;
  conf::CommandLine command_line_;
  conf::Config config_;
  Rng rng_;
  StateKeeper state_;
  LeaseFile leases_;
  std::unique_ptr<ProcessRunner> processes_;
  HostsFiles hosts_;
  FirewallApplier firewall_;
  RulesGuard guard_;
  OpenFlows flows_;
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<Router> router_;
  PacketSockets sockets_;
  RefusalSender refusals_;
  std::vector<LinkState> links_;
  std::unique_ptr<UnderWay> under_way_;
  bool settling_ = false;
  bool settle_again_ = false;
  bool stopping_ = false;
  bool handing_over_ = false;
  bool words_said_ = false;  // the last ones
  bool rules_left_ = false;  // as on_stop has it
  std::string trouble_;      // why the last look failed, as last said
  Timer deadline_;
  Timer retry_sockets_;
  std::unique_ptr<NeighborWatch> neighbor_watch_;
  Timer last_resort_;  // the end of waiting for the last words
  Timer watchdog_;
  std::optional<ControlSocket> control_;
};

}  // namespace sixgate::daemon
