// SPDX-License-Identifier: Apache-2.0
// FirewallApplier: brings a Ruleset into the kernel and keeps what is there when the kernel refuses.
//
// nft: the skeleton and the first elements go through `nft -f -` in one transaction; what an earlier run
// left in our sets is read back first, so a restart changes only what differs. After that a change is one
// netlink batch of element differences and no process. ip6tables: ip6tables-restore --noflush, then the
// jumps that are missing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/io/firewall_view.h"
#include "daemon/io/process.h"
#include "firewall/counted.h"
#include "firewall/ruleset.h"
#include "net/expected.h"
#include "net/log.h"

namespace sixgate::daemon {

struct FirewallApplierSettings {
  std::optional<firewall::Backend>
      backend;                 // none: nft where it works, else ip6tables, else an error
  std::string state_dir;       // for the lock of legacy ip6tables; empty: its own place
  unsigned jump_position = 1;  // of ip6tables' jumps that are not there yet, from 1
};

// Files with the person's own rules, for each backend; empty: none.
struct FirewallIncludes {
  std::string nft;
  std::string ip6tables;
};

class FirewallApplier {
 public:
  FirewallApplier(ProcessRunner& runner, FirewallApplierSettings settings, LogSink log);
  ~FirewallApplier();

  // One at a time: a Ruleset given while another is being applied waits, and a later one replaces it. The
  // callback comes when this or a later Ruleset is in the kernel, or with the reason why not; it may come
  // from within apply(). After an error the next apply() tries again from what the kernel then has.
  using Callback = std::function<void(Expected<Done>)>;
  void apply(const firewall::Ruleset& ruleset, Callback callback);

  // What of our rules is not there as it was put there, for a person; empty: all is, or there are none yet. It comes
  // after what is being applied.
  void inspect(std::function<void(Expected<std::string>)> callback);

  // Whether a change that the kernel tells of, in a table of family ip6 and by the owner of that netlink port, is
  // reason to inspect; whether it tells of all; and, where it does not, whether something may have changed.
  bool concerns(std::string_view table, std::uint32_t port) const;
  bool tells_all() const;
  bool suspects();

  // The last Ruleset is put back, from nothing. Does not call back when there is nothing to put back.
  void put_back(Callback callback);

  // What a person should know of our rules and those of others. It asks programs, and comes later.
  void look_around(std::function<void(FirewallView)> callback);

  // The files are read with the next Ruleset that is applied, which is done at once where there was one before. What
  // is wrong with them, unreadable or refused, keeps no other rule out: those of the person that were good last stay,
  // or none. complaint() then says what is wrong, until they are good.
  void include(FirewallIncludes files);
  const std::string& complaint() const;
  // In use.
  const std::string& user_rules() const;

  // What our rules have counted, and of each pinhole, where the backend can tell: nothing before there are any. Of
  // ip6tables this takes a process, and the callback comes later.
  void count(std::function<void(Expected<firewall::Counted>)> callback);

  // Takes away what is ours, after what is being applied.
  void remove(Callback callback);

  // Which backend is used; none before the first apply() has found out.
  std::optional<firewall::Backend> backend() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sixgate::daemon
