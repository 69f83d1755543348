// SPDX-License-Identifier: Apache-2.0
// RulesGuard: who changes or deletes our rules in the kernel finds them put back, and it is said.
//
// nftables tells of each change, also of those that ip6tables' newer variant makes; the tables of the legacy variant
// are looked at now and then. Whether a change took something from us is then read back from the kernel.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemon/io/event_loop.h"
#include "daemon/io/firewall_applier.h"
#include "daemon/io/nft_watch.h"
#include "net/expected.h"
#include "net/log.h"
#include "net/time.h"

namespace sixgate::daemon {

class RulesGuard {
 public:
  // `repaired`: called when something is back that was not there.
  RulesGuard(EventLoop& loop, FirewallApplier& firewall, std::function<void()> repaired,
             LogSink log);

  // The error: of nftables nothing is noticed.
  Expected<Done> start();
  // What goes from now on does not come back.
  void stop();
  // Why rules that somebody changed are not back yet, for a person; empty: all is well as far as is known.
  const std::string& trouble() const { return trouble_; }

 private:
  void changed();
  void inspect();
  void put_back();
  void tick();

  EventLoop& loop_;
  FirewallApplier& firewall_;
  std::function<void()> on_repair_;
  LogSink log_;
  std::unique_ptr<NftWatch> watch_;
  Timer soon_;   // an inspection that waits for its time
  Timer retry_;  // putting back what could not be
  Timer tick_;
  Instant inspected_ = Instant::never();  // the last time; never: not yet
  Instant repaired_ = Instant::never();
  std::string lack_;  // what is to be put back
  std::string trouble_;
  Duration gap_;        // from one inspection to the next
  bool blind_ = false;  // the last inspection could not be made
  bool stopped_ = true;
};

}  // namespace sixgate::daemon
