// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/firewall_backend.h"
#include "daemon/io/ip_set.h"
#include "daemon/io/legacy_tables.h"
#include "net/text.h"

namespace sixgate::daemon {

namespace {

// Who asks waits five seconds (ControlSocket::kPatience), for this and for what nft says of others' rules.
constexpr Duration kSaving = seconds(2);
constexpr std::size_t kMostSaved = 4 << 20;
// The exit status when somebody else has the lock, or the kernel no room: nothing is known then.
constexpr int kBusy = 4;
// After which an ipset that could not be is tried again.
constexpr Duration kForgetful = minutes(5);

}  // namespace

Ip6tablesFirewall::Ip6tablesFirewall(ProcessRunner& runner, std::string program,
                                     std::string state_dir, unsigned position)
    : runner_(runner), program_(std::move(program)), position_(position) {
  // Legacy ip6tables takes a lock that only root can. Everybody's lock is better where we may have it.
  const bool everybodys =
      ::access("/run/xtables.lock", R_OK | W_OK) == 0 || ::access("/run", W_OK) == 0;
  if (!everybodys && !state_dir.empty()) {
    environment_.push_back(cat("XTABLES_LOCKFILE=", state_dir, "/xtables.lock"));
  }
}

// The whole text; where there was a table nat of ours, that is emptied when nothing is translated.
std::string Ip6tablesFirewall::text_of(const firewall::Ruleset& ruleset,
                                       firewall::FateChains fates) const {
  std::string text = firewall::render_ip6tables(ruleset, fates);
  if (ruleset.translations.empty() && translating_.value_or(false))
    text += firewall::render_ip6tables_nat({});
  return text;
}

void Ip6tablesFirewall::apply(const firewall::Ruleset& ruleset, Callback callback) {
  if (!firewall::ip6tables_remembers(ruleset)) {
    no_memory_.clear();
    put(ruleset, std::move(callback));
    return;
  }
  if (no_memory_.empty() || clock_now() >= remembering_at_) {
    remembering_at_ = clock_now() + kForgetful;
    const auto made = make_endpoint_set(firewall::kEndpointSet, firewall::kEndpointSetSize,
                                        firewall::kEndpointTime);
    if (made) {
      // Whether it is the rules that name the set which are refused shows without them.
      put(ruleset, [this, alive = std::weak_ptr<bool>(alive_), ruleset,
                    callback = std::move(callback)](const Expected<Done>& done) {
        if (alive.expired()) return;
        if (done) {
          no_memory_.clear();
          callback(done);
          return;
        }
        no_memory_ = done.error().message;
        put_without_memory(ruleset, [this, alive, callback](const Expected<Done>& without) {
          if (alive.expired()) return;
          if (!without) no_memory_.clear();
          callback(without);
        });
      });
      return;
    }
    no_memory_ = made.error().message;
  }
  put_without_memory(ruleset, std::move(callback));
}

void Ip6tablesFirewall::put_without_memory(const firewall::Ruleset& ruleset, Callback callback) {
  firewall::Ruleset without = ruleset;
  for (firewall::FirewallLan& lan : without.lans) lan.any_endpoint = false;
  put(without, std::move(callback));
}

void Ip6tablesFirewall::put(const firewall::Ruleset& ruleset, Callback callback) {
  if (firewall::translates(ruleset) && !translating_.value_or(false)) {
    begin_translating(ruleset, [this, alive = std::weak_ptr<bool>(alive_), ruleset,
                                callback = std::move(callback)](const Expected<Done>& done) {
      if (alive.expired()) return;
      if (done)
        put(ruleset, callback);
      else
        callback(done);
    });
    return;
  }
  ++applied_;
  print_.reset();
  // What counts goes on counting, unless it is not sure that it is there.
  const auto fates = jumping_ ? firewall::FateChains::kThere : firewall::FateChains::kWritten;
  restore(text_of(ruleset, fates), [this, alive = std::weak_ptr<bool>(alive_), ruleset,
                                    callback = std::move(callback)](const Expected<Done>& done) {
    if (alive.expired()) return;
    if (done) {
      good_ = ruleset;
      if (jumping_) {
        // What our chains are now they are to stay. The newer variant's own events have that looked at; of the other it is
        // done here, while the rest goes on.
        if (!tells_all()) inspect([](const Expected<std::string>&) {});
        callback(done);
      } else {
        jump(firewall::ip6tables_jumps(translating_.value_or(false)),
             [this, alive, callback](const Expected<Done>& there) {
               if (alive.expired()) return;
               if (there)
                 jumped(callback);
               else
                 callback(there);
             });
      }
      return;
    }
    if (!good_) {
      callback(done);
      return;
    }
    // Tables are committed one by one: put back those that came before the refused one, and whatever somebody
    // took away.
    restore(text_of(*good_, firewall::FateChains::kWritten),
            [this, alive, refusal = done.error().message, callback](const Expected<Done>& again) {
              if (alive.expired()) return;
              jumping_ = jumping_ && again.has_value();
              callback(fail(again ? refusal
                                  : cat(refusal, "; and the old rules: ", again.error().message)));
            });
  });
}

// `suffix`: "-restore", "-save" or none.
Command Ip6tablesFirewall::command(std::string_view suffix,
                                   std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), cat(program_, suffix));
  return {.arguments = std::move(arguments), .environment = environment_};
}

void Ip6tablesFirewall::restore(std::string text, Callback callback) {
  Command restoring = command("-restore", {"--noflush", "-w", "5"});
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

void Ip6tablesFirewall::save(std::vector<std::string> arguments,
                             std::function<void(Expected<std::string>)> callback) {
  Command saving = command("-save", std::move(arguments));
  saving.time_limit = kSaving;
  saving.most_output = kMostSaved;
  runner_.run(std::move(saving),
              [callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status != 0) {
                  callback(fail(cat("ip6tables-save: ", printable(result->output))));
                } else {
                  callback(result->output);
                }
              });
}

void Ip6tablesFirewall::count(CountCallback callback) {
  save({"-c"}, [callback = std::move(callback)](const Expected<std::string>& saved) {
    if (saved)
      callback(firewall::Counted{.kinds = firewall::ip6tables_counts(*saved),
                                 .rules = firewall::ip6tables_rule_counts(*saved)});
    else
      callback(Unexpected<Error>(saved.error()));
  });
}

void Ip6tablesFirewall::inspect(InspectCallback callback) {
  if (!good_ || !jumping_) {
    callback(std::string());
    return;
  }
  // Before the text is read, so that a change meanwhile shows at the next look.
  auto tables = legacy_.value_or(false) ? legacy_table_prints(translating_.value_or(false))
                                        : std::vector<std::uint64_t>();
  save({}, [this, alive = std::weak_ptr<bool>(alive_), tables = std::move(tables),
            applied = applied_,
            callback = std::move(callback)](const Expected<std::string>& saved) {
    if (alive.expired()) return;
    if (!saved) {
      callback(Unexpected<Error>(saved.error()));
      return;
    }
    legacy_ = firewall::saved_by_legacy(*saved);
    if (!translating_) translating_ = firewall::ip6tables_translates(*saved);
    // What is being changed is seen when it has been.
    if (applied != applied_ || !good_) {
      callback(std::string());
      return;
    }
    firewall::Ip6tablesPrint print = firewall::ip6tables_print(*saved);
    std::string lack = firewall::ip6tables_lack(firewall::render_ip6tables(*good_), *saved);
    if (lack.empty() && good_->translations.empty() && firewall::ip6tables_has_translations(*saved))
      lack = "an earlier run's translations are there";
    if (lack.empty() && print_) lack = firewall::ip6tables_changed(*print_, print);
    if (lack.empty()) {
      print_ = std::move(print);
      tables_ = tables;
    }
    callback(lack);
  });
}

bool Ip6tablesFirewall::concerns(std::string_view table, std::uint32_t /*port*/) const {
  static constexpr std::array<std::string_view, 3> kTables{"filter", "mangle", "raw"};
  return std::ranges::find(kTables, table) != kTables.end() ||
         (table == "nat" && translating_.value_or(false));
}

bool Ip6tablesFirewall::suspects() {
  if (!good_ || !jumping_) return false;
  return !legacy_ || (*legacy_ && legacy_table_prints(translating_.value_or(false)) != tables_);
}

void Ip6tablesFirewall::look_around(ViewCallback callback) {
  save({"-c"}, [callback = std::move(callback), before = position_ - 1,
                no_memory = no_memory_](const Expected<std::string>& saved) {
    FirewallView view;
    if (!no_memory.empty())
      view.remarks.push_back(
          cat("filtering = \"endpoint-independent\" cannot be, hosts are answered by those alone "
              "that they sent to: ",
              no_memory));
    if (saved) {
      view.counts = firewall::ip6tables_counts(*saved);
      for (const std::string& rule : firewall::ip6tables_ahead(*saved, before))
        view.remarks.push_back(cat(
            "rules of others come before ours, which never see what those take: ", "in ", rule));
      // The newer variant's tables are nftables', which names them so, too.
      const std::string_view family = firewall::saved_by_legacy(*saved) ? "ip6tables " : "ip6 ";
      for (const std::string& chain : firewall::ip6tables_dropping_invalid(*saved))
        view.dropping_invalid.push_back(cat(family, chain));
    } else {
      view.counts = Unexpected<Error>(saved.error());
    }
    callback(std::move(view));
  });
}

// Chains in nat, and the jumps to them: before filter lets out what they are to translate. What an earlier run translated
// is translated all the time.
void Ip6tablesFirewall::begin_translating(const firewall::Ruleset& ruleset, Callback callback) {
  restore(firewall::render_ip6tables_nat(ruleset),
          [this, alive = std::weak_ptr<bool>(alive_),
           callback = std::move(callback)](const Expected<Done>& done) {
            if (alive.expired()) return;
            if (!done) {
              callback(done);
              return;
            }
            jump(firewall::ip6tables_jumps(true).first(firewall::kTranslationJumps),
                 [this, alive, callback](const Expected<Done>& there) {
                   if (alive.expired()) return;
                   if (there) translating_ = true;
                   callback(there);
                 });
          });
}

void Ip6tablesFirewall::jumped(Callback callback) {
  jumping_ = true;
  // Somebody may be about to change them again: who says that they are there has seen them. What an earlier run
  // translated, and nobody wants translated any more, goes at once.
  inspect([this, alive = std::weak_ptr<bool>(alive_), known = translating_.has_value(),
           callback = std::move(callback)](const Expected<std::string>&) {
    if (alive.expired()) return;
    if (!known && translating_.value_or(false))
      apply(firewall::Ruleset(*good_), callback);
    else
      callback(Done{});
  });
}

// Each in turn: there, or inserted first.
void Ip6tablesFirewall::jump(Jumps jumps, Callback callback) {
  if (jumps.empty()) {
    callback(Done{});
    return;
  }
  const firewall::Ip6tablesJump& wanted = jumps.front();
  const auto next = [this, jumps, callback] { jump(jumps.subspan(1), callback); };
  runner_.run(command("", wanted.check()), [this, alive = std::weak_ptr<bool>(alive_), &wanted,
                                            next, callback](const Expected<ProcessResult>& there) {
    if (alive.expired()) return;
    if (!there) {
      callback(Unexpected<Error>(there.error()));
      return;
    }
    if (there->exit_status == kBusy) {
      callback(fail(cat("ip6tables: ", there->output)));
      return;
    }
    if (there->exit_status == 0) {
      next();
      return;
    }
    insert(wanted, position_, [alive, next, callback](const Expected<Done>& inserted) {
      if (alive.expired()) return;
      if (inserted)
        next();
      else
        callback(inserted);
    });
  });
}

// At that position, or at the end where there are fewer rules; 0: at the end.
void Ip6tablesFirewall::insert(const firewall::Ip6tablesJump& jump, unsigned position,
                               Callback callback) {
  runner_.run(command("", position == 0 ? jump.append() : jump.insert(position)),
              [this, alive = std::weak_ptr<bool>(alive_), &jump, position,
               callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (alive.expired()) return;
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status == 0) {
                  callback(Done{});
                } else if (position > 1) {
                  insert(jump, 0, callback);
                } else {
                  callback(fail(cat("ip6tables: ", result->output)));
                }
              });
}

void Ip6tablesFirewall::remove(Callback callback) {
  runner_.run(command("", {"-w", "5", "-t", "filter", "-S",
                           std::string(firewall::ip6tables_jumps(false).front().chain)}),
              [this, alive = std::weak_ptr<bool>(alive_),
               callback = std::move(callback)](const Expected<ProcessResult>& there) {
                if (alive.expired()) return;
                if (!there) {
                  callback(Unexpected<Error>(there.error()));
                } else if (there->exit_status == kBusy) {
                  callback(fail(cat("ip6tables: ", there->output)));
                } else if (there->exit_status != 0) {
                  callback(Done{});  // no such chain
                } else {
                  // What an earlier run left may be more than this one knows.
                  save({}, [this, alive, callback](const Expected<std::string>& saved) {
                    if (alive.expired()) return;
                    if (saved) translating_ = firewall::ip6tables_translates(*saved);
                    remove_jump(firewall::ip6tables_jumps(translating_.value_or(false)), callback);
                  });
                }
              });
}

void Ip6tablesFirewall::remove_jump(Jumps jumps, Callback callback) {
  if (jumps.empty()) {
    jumping_ = false;
    good_.reset();
    restore(firewall::ip6tables_removal(std::exchange(translating_, false).value_or(false)),
            [callback = std::move(callback)](const Expected<Done>& done) {
              if (done) remove_endpoint_set(firewall::kEndpointSet);
              callback(done);
            });
    return;
  }
  runner_.run(command("", jumps.front().remove()),
              [this, alive = std::weak_ptr<bool>(alive_), jumps,
               callback = std::move(callback)](const Expected<ProcessResult>& removed) {
                if (alive.expired()) return;
                if (!removed) {
                  callback(Unexpected<Error>(removed.error()));
                } else if (removed->exit_status == kBusy) {
                  callback(fail(cat("ip6tables: ", removed->output)));
                } else {
                  // There may be another; one that was not there is gone as well.
                  remove_jump(removed->exit_status == 0 ? jumps : jumps.subspan(1), callback);
                }
              });
}

}  // namespace sixgate::daemon
