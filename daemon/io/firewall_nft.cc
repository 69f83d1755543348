// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "daemon/io/firewall_backend.h"
#include "firewall/user_rules.h"
#include "net/text.h"

namespace sixgate::daemon {

using firewall::NftSets;

namespace {

// What nft says of its input, of a line of the user's own with that line's number in his file.
std::string complaint_of(const std::string& output, const std::string& text,
                         const std::string& user_rules) {
  const std::size_t at = user_rules.empty() ? std::string::npos : text.find(user_rules);
  if (at == std::string::npos) return cat("nft: ", output);
  const auto before = static_cast<std::size_t>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  return cat("nft: ", firewall::about_user_rules(output, before + 1));
}

}  // namespace

NftFirewall::NftFirewall(ProcessRunner& runner, NftSocket socket)
    : runner_(runner), socket_(std::move(socket)) {}

void NftFirewall::apply(const firewall::Ruleset& ruleset, Callback callback) {
  const Wanted wanted{firewall::nft_skeleton(ruleset), firewall::nft_sets(ruleset),
                      ruleset.user_rules};
  if (loaded_ && loaded_->skeleton == wanted.skeleton) {
    const NftSets& from = loaded_->sets;
    const std::optional<NftSets> between = firewall::nft_between(from, wanted.sets);
    Expected<Done> sent = Done{};
    if (between) sent = socket_.send(firewall::nft_steps(from, *between));
    if (sent) sent = socket_.send(firewall::nft_steps(between ? *between : from, wanted.sets));
    if (sent) {
      loaded_->sets = wanted.sets;
      callback(Done{});
      return;
    }
    // Somebody changed our table (a flush of all rules, say): find out what is there and load again.
    loaded_.reset();
  }
  load(wanted, std::move(callback));
}

// The skeleton over whatever is there, with the difference from the elements found: one transaction, so
// that no packet meets a skeleton with empty sets.
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
  std::string text = wanted.skeleton + firewall::nft_difference(found->sets, wanted.sets);
  const bool may_replace = found->table && !taken_over_;
  run_nft(std::move(text), wanted,
          [this, alive = std::weak_ptr<bool>(alive_), wanted, may_replace,
           callback = std::move(callback)](const Expected<Done>& done) {
            if (alive.expired()) return;
            if (done || !may_replace) {
              callback(done);
            } else {
              replace(wanted, done.error().message, callback);
            }
          });
}

// A table that another version left, with sets of other types, cannot be taken over: it is replaced, once,
// although that may lose packets on its way.
void NftFirewall::replace(const Wanted& wanted, const std::string& refusal, Callback callback) {
  run_nft(
      cat(firewall::nft_removal(), wanted.skeleton, firewall::nft_difference({}, wanted.sets)),
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
    run_nft(firewall::nft_removal(), std::nullopt, std::move(callback));
  }
}

// `then` is what the kernel has when it took the text.
void NftFirewall::run_nft(std::string text, std::optional<Wanted> then, Callback callback) {
  runner_.run({.arguments = {"nft", "-f", "-"}, .input = text},
              [this, alive = std::weak_ptr<bool>(alive_), then = std::move(then), text,
               callback = std::move(callback)](const Expected<ProcessResult>& result) {
                if (alive.expired()) return;
                if (!result) {
                  callback(Unexpected<Error>(result.error()));
                } else if (result->exit_status != 0) {
                  callback(fail(
                      complaint_of(result->output, text, then ? then->user_rules : std::string())));
                } else {
                  taken_over_ = true;
                  loaded_ = then;
                  callback(Done{});
                }
              });
}

}  // namespace sixgate::daemon
