// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/io/firewall_backend.h"
#include "firewall/user_rules.h"
#include "net/text.h"

namespace sixgate::daemon {

using firewall::NftSets;

namespace {

// What of it the skeleton says.
firewall::Ruleset skeleton_of(const firewall::Ruleset& ruleset) {
  firewall::Ruleset out;
  out.accept_mark = ruleset.accept_mark;
  out.log_rate = ruleset.log_rate;
  out.user_rules = ruleset.user_rules;
  out.translating = firewall::translates(ruleset);
  return out;
}

std::string text_of(firewall::Ruleset skeleton,
                    const std::vector<firewall::FirewallTranslation>& translations) {
  skeleton.translations = translations;
  return firewall::nft_skeleton(skeleton);
}

// On which line of the text the user's rules begin; beyond every line when there are none.
std::size_t first_line_of(const std::string& user_rules, const std::string& text) {
  const std::size_t at = user_rules.empty() ? std::string::npos : text.find(user_rules);
  if (at == std::string::npos) return std::numeric_limits<std::size_t>::max();
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

NftFirewall::NftFirewall(ProcessRunner& runner, NftSocket socket, LogSink log)
    : runner_(runner), socket_(std::move(socket)), log_(std::move(log)) {}

void NftFirewall::apply(const firewall::Ruleset& ruleset, Callback callback) {
  const Wanted wanted{skeleton_of(ruleset), firewall::normalised(ruleset.translations),
                      firewall::nft_sets(ruleset)};
  if (loaded_ && loaded_->skeleton == wanted.skeleton) {
    const auto sent = send(firewall::nft_stages(loaded_->sets, wanted.sets), wanted.translations);
    if (sent) {
      callback(sent);
      return;
    }
    // A flush of all rules, say: find out what is there and load again.
    log_({LogLevel::kWarning, cat("firewall: somebody changed our rules: ", sent.error().message,
                                  ": they are loaded anew")});
  }
  load(wanted, std::move(callback));
}

// From what is loaded; translations change with the first stage. After an error nothing is known of the kernel's table.
Expected<Done> NftFirewall::send(const std::vector<NftSets>& stages,
                                 const Translations& translations) {
  NftSocket::Translations rewritten;
  if (translations != loaded_->translations)
    rewritten = firewall::nft_translation_rules(translations);
  for (const NftSets& stage : stages) {
    Expected<Done> sent = socket_.send(firewall::nft_steps(loaded_->sets, stage), rewritten);
    if (!sent) {
      loaded_.reset();
      return sent;
    }
    loaded_->sets = stage;
    if (std::exchange(rewritten, std::nullopt)) {
      loaded_->translations = translations;
      print_ = socket_.print().value_or(NftSocket::Print{});
    }
  }
  return Done{};
}

// The skeleton over whatever is there, with the difference from the elements found: one transaction, so
// that no packet meets a skeleton with empty sets. What remains, where new elements overlap those found, comes after.
void NftFirewall::load(const Wanted& wanted, Callback callback) {
  Expected<NftSocket::Found> found = socket_.read();
  if (!found) {
    callback(Unexpected<Error>(found.error()));
    return;
  }
  if (found->foreign) {
    replace(wanted, "foreign elements in its sets", std::move(callback));
    return;
  }
  const std::vector<NftSets> stages = firewall::nft_stages(found->sets, wanted.sets);
  std::string text = text_of(wanted.skeleton, wanted.translations) +
                     firewall::nft_difference(found->sets, stages[0]);
  run_nft(std::move(text), Wanted{wanted.skeleton, wanted.translations, stages[0]},
          [this, alive = std::weak_ptr<bool>(alive_), wanted, stages,
           callback = std::move(callback)](const Expected<Done>& done) {
            if (alive.expired()) return;
            if (done) {
              callback(send(stages, wanted.translations));
            } else if (is_anothers()) {
              replace(wanted, done.error().message, callback);
            } else {
              callback(done);
            }
          });
}

// Whether there is a table with other chains and sets than those that we made.
bool NftFirewall::is_anothers() {
  const NftSocket::Print now = socket_.print().value_or(NftSocket::Print{});
  return !now.empty() && now.made != print_.made;
}

// A table that another version left, or that somebody has put in the place of ours, may have sets of other types. Then it
// cannot be taken over: it is replaced, although that may lose packets on its way.
void NftFirewall::replace(const Wanted& wanted, const std::string& refusal, Callback callback) {
  run_nft(
      cat(firewall::nft_removal(), text_of(wanted.skeleton, wanted.translations),
          firewall::nft_difference({}, wanted.sets)),
      wanted, [refusal, callback = std::move(callback)](const Expected<Done>& done) {
        if (done) {
          callback(done);
        } else {
          callback(fail(cat(done.error().message, " (and taking over the table: ", refusal, ")")));
        }
      });
}

void NftFirewall::remove(Callback callback) {
  const Expected<NftSocket::Found> found = socket_.read();
  if (!found) {
    callback(Unexpected<Error>(found.error()));
  } else if (!found->table) {
    callback(Done{});
  } else {
    callback(socket_.remove_table());
  }
}

Expected<firewall::Counted> NftFirewall::count_now() {
  Expected<firewall::Counts> kinds = socket_.counts();
  if (!kinds) return Unexpected<Error>(kinds.error());
  Expected<firewall::RuleCounts> rules = socket_.rule_counts();
  if (!rules) return Unexpected<Error>(rules.error());
  return firewall::Counted{std::move(*kinds), socket_.pinhole_counts().value_or({}),
                           std::move(*rules)};
}

Expected<std::string> NftFirewall::inspect_now() {
  if (!loaded_) return std::string();
  const Expected<NftSocket::Print> print = socket_.print();
  if (!print) return Unexpected<Error>(print.error());
  if (print->empty()) return std::string("the table is gone");
  if (*print != print_) return std::string("chains or rules of the table are others");
  const Expected<NftSocket::Found> found = socket_.read();
  if (!found) return Unexpected<Error>(found.error());
  for (const firewall::NftSetKind& kind : firewall::kNftSetKinds) {
    if (found->foreign || found->sets[kind.id] != loaded_->sets[kind.id])
      return cat("set ", kind.name, " has other elements");
  }
  return std::string();
}

bool NftFirewall::concerns(std::string_view table, std::uint32_t port) const {
  return table == firewall::kNftTable && port != socket_.port();
}

// `then` is what the kernel has when it took the text.
void NftFirewall::run_nft(std::string text, std::optional<Wanted> then, Callback callback) {
  const std::size_t own = first_line_of(then ? then->skeleton.user_rules : std::string(), text);
  runner_.run({.arguments = {"nft", "-f", "-"}, .input = std::move(text)},
              [this, alive = std::weak_ptr<bool>(alive_), then = std::move(then), own,
               callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (alive.expired()) return;
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status != 0) {
                  callback(fail(cat("nft: ", firewall::about_user_rules(result->output, own))));
                } else {
                  loaded_ = then;
                  // Where it cannot be had, the next inspection finds another, and all is loaded again.
                  print_ = socket_.print().value_or(NftSocket::Print{});
                  callback(Done{});
                }
              });
}

}  // namespace sixgate::daemon
