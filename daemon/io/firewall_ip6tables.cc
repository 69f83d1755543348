// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "daemon/io/firewall_backend.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// Who asks waits five seconds (ControlSocket::kPatience).
constexpr Duration kCounting = seconds(4);
constexpr std::size_t kMostSaved = 4 << 20;

}  // namespace

Ip6tablesFirewall::Ip6tablesFirewall(ProcessRunner& runner, std::string state_dir)
    : runner_(runner) {
  // Legacy ip6tables takes a lock that only root can. Everybody's lock is better where we may have it.
  const bool everybodys =
      ::access("/run/xtables.lock", R_OK | W_OK) == 0 || ::access("/run", W_OK) == 0;
  if (!everybodys && !state_dir.empty()) {
    environment_.push_back(cat("XTABLES_LOCKFILE=", state_dir, "/xtables.lock"));
  }
}

void Ip6tablesFirewall::apply(const firewall::Ruleset& ruleset, Callback callback) {
  // What counts goes on counting, unless it is not sure that it is there.
  const auto fates = jumping_ ? firewall::FateChains::kThere : firewall::FateChains::kWritten;
  restore(firewall::render_ip6tables(ruleset, fates), [this, alive = std::weak_ptr<bool>(alive_),
                                                       ruleset, callback = std::move(callback)](
                                                          const Expected<Done>& done) {
    if (alive.expired()) return;
    if (done) {
      good_ = ruleset;
      if (jumping_) {
        callback(done);
      } else {
        jump(0, callback);
      }
      return;
    }
    if (!good_) {
      callback(done);
      return;
    }
    // Tables are committed one by one: put back those that came before the refused one, and whatever somebody
    // took away.
    restore(firewall::render_ip6tables(*good_),
            [this, alive, refusal = done.error().message, callback](const Expected<Done>& again) {
              if (alive.expired()) return;
              jumping_ = jumping_ && again.has_value();
              callback(fail(again ? refusal
                                  : cat(refusal, "; and the old rules: ", again.error().message)));
            });
  });
}

Command Ip6tablesFirewall::command(std::string program, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), std::move(program));
  return {.arguments = std::move(arguments), .environment = environment_};
}

void Ip6tablesFirewall::restore(std::string text, Callback callback) {
  Command restoring = command("ip6tables-restore", {"--noflush", "-w", "5"});
  restoring.input = std::move(text);
  runner_.run(std::move(restoring),
              [callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status != 0) {
                  callback(fail(cat("ip6tables-restore: ", result->output)));
                } else {
                  callback(Done{});
                }
              });
}

void Ip6tablesFirewall::count(CountCallback callback) {
  Command saving = command("ip6tables-save", {"-c"});
  saving.time_limit = kCounting;
  saving.most_output = kMostSaved;
  runner_.run(std::move(saving),
              [callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status != 0) {
                  callback(fail(cat("ip6tables-save: ", printable(result->output))));
                } else {
                  callback(firewall::ip6tables_counts(result->output));
                }
              });
}

// Each jump in turn: there, or inserted first.
void Ip6tablesFirewall::jump(std::size_t index, Callback callback) {
  if (index == firewall::kIp6tablesJumps.size()) {
    jumping_ = true;
    callback(Done{});
    return;
  }
  const firewall::Ip6tablesJump& wanted = firewall::kIp6tablesJumps[index];
  const auto next = [this, index, callback] { jump(index + 1, callback); };
  runner_.run(command("ip6tables", wanted.check()),
              [this, alive = std::weak_ptr<bool>(alive_), &wanted, next,
               callback](const Expected<ProcessResult>& there) {
                if (alive.expired()) return;
                if (!there) {
                  callback(Unexpected<Error>(there.error()));
                  return;
                }
                if (there->exit_status == 0) {
                  next();
                  return;
                }
                runner_.run(command("ip6tables", wanted.insert()),
                            [alive, next, callback](const Expected<ProcessResult>& inserted) {
                              if (alive.expired()) return;
                              if (!inserted) {
                                callback(Unexpected<Error>(inserted.error()));
                              } else if (inserted->exit_status != 0) {
                                callback(fail(cat("ip6tables: ", inserted->output)));
                              } else {
                                next();
                              }
                            });
              });
}

void Ip6tablesFirewall::remove(Callback callback) {
  runner_.run(command("ip6tables", {"-w", "5", "-t", "filter", "-S",
                                    std::string(firewall::kIp6tablesJumps.front().chain)}),
              [this, alive = std::weak_ptr<bool>(alive_),
               callback = std::move(callback)](const Expected<ProcessResult>& there) {
                if (alive.expired()) return;
                if (!there) {
                  callback(Unexpected<Error>(there.error()));
                } else if (there->exit_status != 0) {
                  callback(Done{});  // no such chain
                } else {
                  remove_jump(0, callback);
                }
              });
}

void Ip6tablesFirewall::remove_jump(std::size_t index, Callback callback) {
  if (index == firewall::kIp6tablesJumps.size()) {
    jumping_ = false;
    good_.reset();
    restore(firewall::ip6tables_removal(), std::move(callback));
    return;
  }
  runner_.run(command("ip6tables", firewall::kIp6tablesJumps[index].remove()),
              [this, alive = std::weak_ptr<bool>(alive_), index,
               callback = std::move(callback)](const Expected<ProcessResult>& removed) {
                if (alive.expired()) return;
                if (!removed) {
                  callback(Unexpected<Error>(removed.error()));
                } else {
                  remove_jump(index + 1, callback);  // one that was not there is gone as well
                }
              });
}

}  // namespace sixgate::daemon
