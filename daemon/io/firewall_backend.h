// SPDX-License-Identifier: Apache-2.0
// What FirewallApplier asks of nftables and of ip6tables, and the two that answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/io/firewall_view.h"
#include "daemon/io/nft_socket.h"
#include "daemon/io/process.h"
#include "firewall/counted.h"
#include "firewall/ip6tables.h"
#include "firewall/ip6tables_saved.h"
#include "firewall/nft.h"
#include "firewall/ruleset.h"
#include "net/expected.h"
#include "net/log.h"
#include "net/time.h"

namespace sixgate::daemon {

// Whose tables ip6tables' rules are in. What one kind put there the other does not show.
enum class Ip6tablesKind : std::uint8_t { kNft, kLegacy };

class FirewallBackend {
 public:
  virtual ~FirewallBackend() = default;
  using Callback = std::function<void(Expected<Done>)>;
  // One at a time. After an error the kernel has what it had.
  virtual void apply(const firewall::Ruleset& ruleset, Callback callback) = 0;
  // Takes away what an earlier run left, if it left something.
  virtual void remove(Callback callback) = 0;
  // What the rules have counted.
  using CountCallback = std::function<void(Expected<firewall::Counted>)>;
  virtual void count(CountCallback callback) = 0;
  // What of that which the kernel took is no longer there as it was, for a person; empty: all is.
  using InspectCallback = std::function<void(Expected<std::string>)>;
  virtual void inspect(InspectCallback callback) = 0;
  // Whether an event about that table (of family ip6), which another's request made, is reason to inspect.
  virtual bool concerns(std::string_view table, std::uint32_t port) const = 0;
  // Whether events tell of every change; and, where they do not, whether something may have changed.
  virtual bool tells_all() const { return true; }
  virtual bool suspects() { return false; }
  // By one program at most, for somebody waits.
  using ViewCallback = std::function<void(FirewallView)>;
  virtual void look_around(ViewCallback callback) = 0;
  // The kernel's rules are not what they were: the next apply() takes nothing for granted.
  virtual void doubt() = 0;
  // Of ip6tables, once something was applied and looked at.
  virtual std::optional<Ip6tablesKind> ip6tables_kind() const { return std::nullopt; }
};

// Skeleton and first elements by `nft -f -`; then batches of element differences.
class NftFirewall final : public FirewallBackend {
 public:
  NftFirewall(ProcessRunner& runner, NftSocket socket, LogSink log);
  void apply(const firewall::Ruleset& ruleset, Callback callback) override;
  void remove(Callback callback) override;
  void count(CountCallback callback) override { callback(count_now()); }
  void inspect(InspectCallback callback) override { callback(inspect_now()); }
  bool concerns(std::string_view table, std::uint32_t port) const override;
  void look_around(ViewCallback callback) override { callback({.counts = socket_.counts()}); }
  void doubt() override { loaded_.reset(); }

 private:
  using Translations = std::vector<firewall::FirewallTranslation>;  // normalised
  // What nft is told: what the skeleton is made of, and the parts that change without nft.
  struct Wanted {
    firewall::Ruleset skeleton;  // with nothing that is in the other two
    Translations translations;
    firewall::NftSets sets;
  };
  void load(const Wanted& wanted, Callback callback);
  Expected<Done> send(const std::vector<firewall::NftSets>& stages,
                      const Translations& translations);
  void replace(const Wanted& wanted, const std::string& refusal, Callback callback);
  void run_nft(std::string text, std::optional<Wanted> then, Callback callback);
  Expected<firewall::Counted> count_now();
  Expected<std::string> inspect_now();
  bool is_anothers();

  ProcessRunner& runner_;
  NftSocket socket_;
  LogSink log_;
  std::optional<Wanted> loaded_;  // what the kernel has; none until our skeleton is there
  NftSocket::Print print_;        // of the table as it was loaded
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// ip6tables-restore --noflush, and the jumps that are missing.
class Ip6tablesFirewall final : public FirewallBackend {
 public:
  // `program`: ip6tables, whichever kind the system has by that name, or the name of one kind. `position`: of the jumps in the
  // built-in chains, from 1.
  Ip6tablesFirewall(ProcessRunner& runner, std::string program, std::string state_dir,
                    unsigned position);
  void apply(const firewall::Ruleset& ruleset, Callback callback) override;
  void remove(Callback callback) override;
  void count(CountCallback callback) override;
  void inspect(InspectCallback callback) override;
  bool concerns(std::string_view table, std::uint32_t port) const override;
  bool tells_all() const override { return legacy_ == false; }
  bool suspects() override;
  void look_around(ViewCallback callback) override;
  void doubt() override {
    jumping_ = false;
    no_memory_.clear();
  }
  std::optional<Ip6tablesKind> ip6tables_kind() const override {
    if (!legacy_) return std::nullopt;
    return *legacy_ ? Ip6tablesKind::kLegacy : Ip6tablesKind::kNft;
  }

 private:
  std::string text_of(const firewall::Ruleset& ruleset, firewall::FateChains fates) const;
  void put(const firewall::Ruleset& ruleset, Callback callback);
  void put_without_memory(const firewall::Ruleset& ruleset, Callback callback);
  void restore(std::string text, Callback callback);
  using Jumps = std::span<const firewall::Ip6tablesJump>;
  void begin_translating(const firewall::Ruleset& ruleset, Callback callback);
  void jumped(Callback callback);
  void jump(Jumps jumps, Callback callback);
  void insert(const firewall::Ip6tablesJump& jump, unsigned position, Callback callback);
  void remove_jump(Jumps jumps, Callback callback);
  void save(std::vector<std::string> arguments,
            std::function<void(Expected<std::string>)> callback);
  Command command(std::string_view suffix, std::vector<std::string> arguments) const;

  ProcessRunner& runner_;
  const std::string program_;
  std::vector<std::string> environment_;
  const unsigned position_;
  std::optional<firewall::Ruleset> good_;  // what the kernel took last
  std::string no_memory_;   // why there is no endpoint-independent filtering where it is wanted
  Instant remembering_at_;  // when that is tried again
  // The legacy variant tells nobody of changes: what its tables were when all was well.
  std::optional<bool> legacy_;  // none before the first inspection
  std::vector<std::uint64_t> tables_;
  // What our chains were when they were seen first after what the kernel took last.
  std::optional<firewall::Ip6tablesPrint> print_;
  unsigned applied_ = 0;             // how often something was, or was tried
  std::optional<bool> translating_;  // chains of ours are in the table nat; none: not known yet
  bool jumping_ = false;  // the jumps were seen or made, and the chains of fate are there
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sixgate::daemon
