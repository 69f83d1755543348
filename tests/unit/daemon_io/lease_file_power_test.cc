// SPDX-License-Identifier: Apache-2.0
// What is left of the journal of leases when the power goes, or the process, after any of the steps that it is written in.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/io/lease_file.h"
#include "tests/unit/daemon_io/medium.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

using conf::Durability;

class Leases {
 public:
  explicit Leases(Durability durability)
      : durability_(durability),
        medium_(temporary_.path(), [this] { look(); }),
        file_(
            loop_, path_, durability, [] {},
            [](const LogLine& line) { ADD_FAILURE() << line.text; }) {}

  // As the server does: written first, then somebody is told.
  void append(std::size_t count = 1) {
    const int syncs = medium_.syncs();
    const std::size_t from = all_.size();
    while (count-- > 0) all_ += static_cast<char>('a' + all_.size() % 26);
    file_.append(octets(std::string_view(all_).substr(from)));
    told_ = all_;
    syncs_of_last_ = medium_.syncs() - syncs;
  }
  void write_anew() { file_.replace(octets(all_)); }
  void go_on() { loop_.run_for(milliseconds(1)); }

  // Until what goes on in the background has ended.
  template <class Each>
  void until_renamed(Each&& each) {
    for (int i = 0; i < 100 && std::filesystem::exists(path_ + ".new"); ++i) each();
    EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  }

  int looks() const { return looks_; }
  int syncs_of_last() const { return syncs_of_last_; }
  std::string whole() {
    const auto found = file_.load();
    return {found.begin(), found.end()};
  }
  const std::string& all() const { return all_; }

 private:
  static std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  // After each step.
  void look() {
    ++looks_;
    if (told_.empty()) return;  // nobody was told of anything
    // A killed process leaves what was written.
    EXPECT_TRUE(whole().starts_with(told_)) << whole() << " of " << told_;
    if (durability_ == Durability::kProcess) return;
    for (const auto& left : medium_.after_power_cut(path_)) {
      ASSERT_TRUE(left);
      EXPECT_TRUE(left->starts_with(told_)) << *left << " of " << told_;
    }
  }

  const Durability durability_;
  const TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "leases";
  EventLoop loop_;
  std::string all_;
  std::string told_;
  int looks_ = 0;
  int syncs_of_last_ = 0;
  Medium medium_;
  LeaseFile file_;
};

// Begins, is appended to, is written anew in the background while more is appended in each phase, and at once while that
// is under way.
void life(Leases& leases) {
  leases.write_anew();
  for (int i = 0; i < 3; ++i) leases.append();
  for (int round = 0; round < 3; ++round) {
    leases.write_anew();
    leases.append(2);
    leases.until_renamed([&] {
      leases.go_on();
      leases.append();
    });
    for (int i = 0; i < 3; ++i) {
      leases.append();
      leases.go_on();
    }
  }
  leases.write_anew();
  leases.append();
  leases.write_anew();  // overtakes it
  leases.append();
  leases.go_on();
  leases.append();
  EXPECT_EQ(leases.whole(), leases.all());
}

TEST(LeaseFilePower, WhatSomebodyWasToldOutlivesAPowerCutAtEachStep) {
  Leases leases(Durability::kPower);
  life(leases);
  EXPECT_GT(leases.looks(), 60);
  leases.append();
  EXPECT_EQ(leases.syncs_of_last(), 1) << "before anybody is told";
}

TEST(LeaseFilePower, WhatSomebodyWasToldOutlivesAKillAtEachStep) {
  Leases leases(Durability::kProcess);
  life(leases);
  EXPECT_GT(leases.looks(), 40);
  leases.append();
  EXPECT_EQ(leases.syncs_of_last(), 0) << "nobody waits for the medium";
}

// That the medium can tell: without a sync what was written may be lost.
TEST(LeaseFilePower, TheMediumForgetsWhatWasNotSynced) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "leases";
  EventLoop loop;
  std::vector<std::optional<std::string>> worst;
  Medium medium(temporary.path(), [&] { worst.push_back(*medium.after_power_cut(path).begin()); });
  LeaseFile file(
      loop, path, Durability::kProcess, [] {}, [](const LogLine&) {});
  const std::vector<std::uint8_t> first{'x'};
  file.replace(first);
  ASSERT_FALSE(worst.empty());
  EXPECT_EQ(worst.front(), std::nullopt);  // there is no such name before the directory is synced
  EXPECT_EQ(worst.back(), "x");
  file.append(first);
  EXPECT_EQ(worst.back(), "x");
  EXPECT_EQ(medium.after_power_cut(path), (std::set<std::optional<std::string>>{"x", "xx"}));
}

}  // namespace
}  // namespace sixgate::daemon
