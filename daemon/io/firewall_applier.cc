// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/firewall_applier.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "daemon/io/file.h"
#include "daemon/io/firewall_backend.h"
#include "daemon/io/legacy_tables.h"
#include "firewall/nft_listing.h"
#include "firewall/user_rules.h"
#include "net/text.h"

namespace sixgate::daemon {

using firewall::Backend;

namespace {

constexpr std::size_t kMostUserRules = 65536;  // octets
// Of the rules of others.
constexpr Duration kListing = seconds(2);
constexpr std::size_t kMostListed = 4 << 20;
constexpr std::array kWorking{Backend::kNft, Backend::kIp6tables};  // in the order of preference

// Who may have rules of an earlier run: nft, each kind of ip6tables, and ip6tables where its kinds have no names of their own.
struct Earlier {
  Backend backend;
  std::string_view program;
  std::optional<Ip6tablesKind> kind = std::nullopt;
};
constexpr std::string_view kIp6tables = "ip6tables";
constexpr std::array<Earlier, 4> kEarlier{
    {{Backend::kNft, "nft"},
     {Backend::kIp6tables, "ip6tables-nft", Ip6tablesKind::kNft},
     {Backend::kIp6tables, "ip6tables-legacy", Ip6tablesKind::kLegacy},
     {Backend::kIp6tables, kIp6tables}}};

class NoFirewall final : public FirewallBackend {
 public:
  void apply(const firewall::Ruleset&, Callback callback) override { callback(Done{}); }
  void remove(Callback callback) override { callback(Done{}); }
  void count(CountCallback callback) override { callback(firewall::Counted{}); }
  void inspect(InspectCallback callback) override { callback(std::string()); }
  bool concerns(std::string_view, std::uint32_t) const override { return false; }
  void look_around(ViewCallback callback) override { callback({}); }
  void doubt() override {}
};

}  // namespace

class FirewallApplier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(ProcessRunner& runner, FirewallApplierSettings settings, LogSink log)
      : runner_(runner), settings_(std::move(settings)), log_(std::move(log)) {
    if (settings_.backend) {
      candidates_ = {*settings_.backend};
    } else {
      candidates_.assign(kWorking.begin(), kWorking.end());
    }
  }

  void apply(const firewall::Ruleset& ruleset, Callback callback) {
    waiting_.push_back(std::move(callback));
    wanted_ = ruleset;
    if (!busy_) start();
  }

  void put_back(Callback callback) {
    const std::optional<firewall::Ruleset>& newest = wanted_ ? wanted_ : busy_ ? current_ : good_;
    if (!settled_ || !newest) return;
    doubt_ = true;
    apply(firewall::Ruleset(*newest), std::move(callback));
  }

  void remove(Callback callback) {
    removal_ = std::move(callback);
    wanted_.reset();
    if (!busy_) remove_now();
  }

  void count(FirewallBackend::CountCallback callback) {
    if (settled_) {
      backend_->count(std::move(callback));
    } else {
      callback(firewall::Counted{});
    }
  }

  void inspect(FirewallBackend::InspectCallback callback) {
    inspections_.push_back(std::move(callback));
    if (!busy_) inspect_now();
  }

  bool concerns(std::string_view table, std::uint32_t port) const {
    return settled_ && backend_->concerns(table, port);
  }

  bool tells_all() const { return settled_ && backend_->tells_all(); }

  bool suspects() { return settled_ && !busy_ && backend_->suspects(); }

  void look_around(FirewallBackend::ViewCallback callback) {
    if (!settled_ || settled_ == Backend::kNone) {
      callback({});
      return;
    }
    backend_->look_around(
        [weak = weak_from_this(), callback = std::move(callback)](FirewallView view) {
          if (const auto self = weak.lock()) self->list_nft(std::move(view), callback);
        });
  }

  std::optional<Backend> backend() const { return settled_; }

  void include(FirewallIncludes files) {
    const bool was_any = !user_rules_.empty() || !complaint_.empty() || unread_;
    files_ = std::move(files);
    if (files_.nft.empty() && files_.ip6tables.empty() && !was_any) return;
    unread_ = true;
    const std::optional<firewall::Ruleset>& newest = wanted_ ? wanted_ : busy_ ? current_ : good_;
    if (settled_ && newest) apply(firewall::Ruleset(*newest), [](const Expected<Done>&) {});
  }
  const std::string& complaint() const { return complaint_; }
  const std::string& user_rules() const { return user_rules_; }

 private:
  void remove_now() {
    const Callback callback = std::exchange(removal_, nullptr);
    if (settled_) {
      backend_->remove(callback);
    } else {
      callback(Done{});
    }
  }

  // What is applied meanwhile waits: half of it would look like somebody's change.
  void inspect_now() {
    const auto callbacks = std::make_shared<std::vector<FirewallBackend::InspectCallback>>(
        std::exchange(inspections_, {}));
    if (callbacks->empty()) return;
    if (!settled_) {
      for (const auto& callback : *callbacks) callback(std::string());
      return;
    }
    busy_ = true;
    backend_->inspect([weak = weak_from_this(), callbacks](const Expected<std::string>& lack) {
      const auto self = weak.lock();
      if (!self) return;
      self->busy_ = false;
      for (const auto& callback : *callbacks) callback(lack);
      self->go_on();
    });
  }

  // With what has waited.
  void go_on() {
    if (busy_) return;
    if (wanted_) {
      start();
    } else if (!inspections_.empty()) {
      inspect_now();
    } else if (removal_) {
      remove_now();
    }
  }

  void list_nft(FirewallView view, FirewallBackend::ViewCallback callback) {
    if (!runner_.available("nft")) {
      callback(std::move(view));
      return;
    }
    runner_.run({.arguments = {"nft", "-s", "-t", "list", "ruleset"},
                 .time_limit = kListing,
                 .most_output = kMostListed},
                [marked = good_ && good_->accept_mark != 0, view = std::move(view),
                 callback = std::move(callback)](const Expected<ProcessResult>& result) mutable {
                  if (result && result->exit_status == 0) {
                    view.closed = firewall::nft_closed(result->output, marked);
                    for (std::string& chain : firewall::nft_dropping_invalid(result->output)) {
                      const auto& named = view.dropping_invalid;
                      if (std::ranges::find(named, chain) == named.end())
                        view.dropping_invalid.push_back(std::move(chain));
                    }
                  }
                  callback(std::move(view));
                });
  }

  void start() {
    busy_ = true;
    const firewall::Ruleset ruleset = *std::exchange(wanted_, std::nullopt);
    current_ = ruleset;
    if (std::exchange(doubt_, false) && backend_) backend_->doubt();
    // Those that come meanwhile wait for the next round.
    auto callbacks = std::make_shared<std::vector<Callback>>(std::exchange(waiting_, {}));
    attempt(ruleset, 0, "", [weak = weak_from_this(), callbacks](const Expected<Done>& done) {
      const auto self = weak.lock();
      if (!self) return;
      self->busy_ = false;
      if (done) self->good_ = self->current_;
      if (self->wanted_) {
        // Replaced while it was applied: its callers learn how the later one fares.
        self->waiting_.insert(self->waiting_.begin(), callbacks->begin(), callbacks->end());
        self->start();
        return;
      }
      for (const Callback& callback : *callbacks) callback(done);
      self->go_on();
    });
  }

  // Until one backend has taken a Ruleset they are tried in turn; then that one stays.
  void attempt(const firewall::Ruleset& ruleset, std::size_t index, const std::string& refusals,
               Callback callback) {
    if (settled_) {
      hand_over(*settled_, ruleset, std::move(callback));
      return;
    }
    if (index == candidates_.size()) {
      callback(fail(refusals));
      return;
    }
    const Backend candidate = candidates_[index];
    const auto refused = [this, ruleset, index, refusals, candidate, callback](const Error& why) {
      attempt(ruleset, index + 1,
              cat(refusals, refusals.empty() ? "" : "; ", to_string(candidate), ": ", why.message),
              callback);
    };
    Expected<std::unique_ptr<FirewallBackend>> made = make(candidate);
    if (!made) {
      refused(made.error());
      return;
    }
    backend_ = std::move(*made);
    hand_over(
        candidate, ruleset,
        [weak = weak_from_this(), candidate, refused, refusals,
         callback](const Expected<Done>& done) {
          const auto self = weak.lock();
          if (!self) return;
          if (!done) {
            refused(done.error());
            return;
          }
          self->settled_ = candidate;
          self->log_({LogLevel::kInfo, cat("firewall: none -> ", to_string(candidate), ": ",
                                           refusals.empty() ? "rules are in place" : refusals)});
          self->remove_others(0, callback);
        });
  }

  const std::string& file_of(Backend backend) const {
    static const std::string kNone;
    return backend == Backend::kNft         ? files_.nft
           : backend == Backend::kIp6tables ? files_.ip6tables
                                            : kNone;
  }

  Expected<std::string> read_user_rules(Backend backend) const {
    const std::string& file = file_of(backend);
    if (file.empty()) {
      const std::string& other =
          file_of(backend == Backend::kNft ? Backend::kIp6tables : Backend::kNft);
      if (other.empty()) return std::string();
      return fail(cat(other, ": is not for ", firewall::to_string(backend), ", which is in use"));
    }
    Expected<std::string, FileError> text = read_file(file, kMostUserRules);
    if (!text) return fail(text.error().message);
    if (text->find('\0') != std::string::npos) return fail(cat(file, ": is no text"));
    if (backend == Backend::kNft) return std::move(*text);
    Expected<std::string> lines = firewall::ip6tables_user_rules(*text);
    if (!lines) return fail(cat(file, ": ", lines.error().message));
    return lines;
  }

  void complain(std::string text) {
    complaint_ = std::move(text);
    log_({LogLevel::kError,
          cat("firewall: rules of your own: ", complaint_,
              user_rules_.empty() ? "; going on without them" : "; going on with those before")});
  }

  // With the rules of the person's own as they are in the file now, or as they were good last.
  void hand_over(Backend which, firewall::Ruleset ruleset, Callback callback) {
    std::optional<std::string> fresh;
    if (std::exchange(unread_, false)) {
      Expected<std::string> read = read_user_rules(which);
      if (!read)
        complain(read.error().message);
      else
        fresh = std::move(*read);
    }
    ruleset.user_rules = fresh ? *fresh : user_rules_;
    backend_->apply(ruleset, [weak = weak_from_this(), which, ruleset, fresh,
                              callback](const Expected<Done>& done) {
      const auto self = weak.lock();
      if (!self) return;
      if (done && fresh) {
        self->user_rules_ = *fresh;
        self->complaint_.clear();
      }
      // Whether it was they that were refused shows without them.
      if (done || !fresh || *fresh == self->user_rules_) {
        callback(done);
        return;
      }
      self->complain(cat(self->file_of(which), ": ", done.error().message));
      self->hand_over(which, ruleset, [weak, callback](const Expected<Done>& without) {
        // Then something else is amiss, and they are tried again with the rest.
        if (const auto alive = weak.lock(); alive && !without) alive->unread_ = true;
        callback(without);
      });
    });
  }

  // What an earlier run left with another backend, or the other kind of ip6tables, would go on judging by yesterday's
  // prefixes.
  void remove_others(std::size_t index, Callback callback) {
    other_.reset();
    while (index < kEarlier.size() && !(other_ = other_of(kEarlier[index]))) ++index;
    if (!other_) {
      callback(Done{});
      return;
    }
    other_->remove([weak = weak_from_this(), index, callback](const Expected<Done>& removed) {
      const auto self = weak.lock();
      if (!self) return;
      if (!removed) {
        self->log_(
            {LogLevel::kWarning, cat("firewall: rules of an earlier run in ",
                                     kEarlier[index].program, " stay: ", removed.error().message)});
      }
      self->remove_others(index + 1, callback);
    });
  }

  // What takes them away; none: they are those in use, or cannot be.
  std::unique_ptr<FirewallBackend> other_of(const Earlier& earlier) {
    if (earlier.backend == Backend::kNft) {
      if (settled_ == Backend::kNft) return nullptr;
      auto made = nft();  // needs no program
      return made ? std::move(*made) : nullptr;
    }
    if (settled_ == Backend::kIp6tables) {
      // Of two names that may be the same only the one that is certainly another.
      const auto used = backend_->ip6tables_kind();
      if (!used || !earlier.kind || used == earlier.kind) return nullptr;
    }
    const auto there = [this](const Earlier& one) {
      return runner_.available(std::string(one.program));
    };
    if (!there(earlier)) return nullptr;
    if (!earlier.kind && std::any_of(kEarlier.begin() + 1, kEarlier.end() - 1, there))
      return nullptr;  // by its own name it was asked already
    if (earlier.kind == Ip6tablesKind::kLegacy && !may_have_legacy_tables()) return nullptr;
    return ip6tables(std::string(earlier.program));
  }

  Expected<std::unique_ptr<FirewallBackend>> nft() {
    Expected<NftSocket> socket = NftSocket::open();
    if (!socket) return Unexpected<Error>(socket.error());
    return Expected<std::unique_ptr<FirewallBackend>>(
        std::make_unique<NftFirewall>(runner_, std::move(*socket), log_));
  }

  std::unique_ptr<FirewallBackend> ip6tables(std::string program) {
    return std::make_unique<Ip6tablesFirewall>(runner_, std::move(program), settings_.state_dir,
                                               settings_.jump_position);
  }

  Expected<std::unique_ptr<FirewallBackend>> make(Backend candidate) {
    using Made = Expected<std::unique_ptr<FirewallBackend>>;
    switch (candidate) {
      case Backend::kNft:
        if (!runner_.available("nft")) return fail("no program nft");
        return nft();
      case Backend::kIp6tables:
        if (!runner_.available("ip6tables-restore") || !runner_.available("ip6tables")) {
          return fail("no program ip6tables-restore");
        }
        return Made(ip6tables(std::string(kIp6tables)));
      case Backend::kNone:
        return Made(std::make_unique<NoFirewall>());
    }
    return fail("no such backend");
  }

  ProcessRunner& runner_;
  FirewallApplierSettings settings_;
  LogSink log_;
  std::vector<Backend> candidates_;
  std::unique_ptr<FirewallBackend> backend_;
  std::unique_ptr<FirewallBackend> other_;
  std::optional<Backend> settled_;
  bool busy_ = false;
  bool doubt_ = false;  // the next round begins from nothing
  FirewallIncludes files_;
  bool unread_ = false;     // the files may say something new
  std::string user_rules_;  // of the person, good when last applied
  std::string complaint_;   // about them
  std::optional<firewall::Ruleset> wanted_;
  std::optional<firewall::Ruleset> current_;  // being applied, or tried last
  std::optional<firewall::Ruleset> good_;     // taken by the kernel last
  std::vector<Callback> waiting_;
  std::vector<FirewallBackend::InspectCallback> inspections_;  // to be done next
  Callback removal_;                                           // and then
};

FirewallApplier::FirewallApplier(ProcessRunner& runner, FirewallApplierSettings settings,
                                 LogSink log)
    : impl_(std::make_shared<Impl>(runner, std::move(settings), std::move(log))) {}
FirewallApplier::~FirewallApplier() = default;

void FirewallApplier::apply(const firewall::Ruleset& ruleset, Callback callback) {
  impl_->apply(ruleset, std::move(callback));
}

void FirewallApplier::put_back(Callback callback) { impl_->put_back(std::move(callback)); }

void FirewallApplier::count(std::function<void(Expected<firewall::Counted>)> callback) {
  impl_->count(std::move(callback));
}

void FirewallApplier::inspect(std::function<void(Expected<std::string>)> callback) {
  impl_->inspect(std::move(callback));
}

bool FirewallApplier::concerns(std::string_view table, std::uint32_t port) const {
  return impl_->concerns(table, port);
}

bool FirewallApplier::tells_all() const { return impl_->tells_all(); }

bool FirewallApplier::suspects() { return impl_->suspects(); }

void FirewallApplier::look_around(std::function<void(FirewallView)> callback) {
  impl_->look_around(std::move(callback));
}

void FirewallApplier::remove(Callback callback) { impl_->remove(std::move(callback)); }

std::optional<Backend> FirewallApplier::backend() const { return impl_->backend(); }

void FirewallApplier::include(FirewallIncludes files) { impl_->include(std::move(files)); }

const std::string& FirewallApplier::complaint() const { return impl_->complaint(); }

const std::string& FirewallApplier::user_rules() const { return impl_->user_rules(); }

}  // namespace sixgate::daemon
