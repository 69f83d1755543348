// SPDX-License-Identifier: Apache-2.0
// Scene: one home and its ISP in one world, and what a test asks of them.
//
// SIXGATE_SIM_SEED=N replays one seed, SIXGATE_SIM_SEEDS=N runs that many (./dev test sim --seed N),
// SIXGATE_SIM_FACTOR=N so many times as many as a test does by itself.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "home.h"
#include "net/text.h"

namespace sixgate::sim {

inline const Prefix kPool = *Prefix::parse("2001:db8:1000::/36");
inline const Prefix kOtherPool = *Prefix::parse("2001:db8:8000::/36");

inline IspBehaviour usual_isp() {
  IspBehaviour isp;
  isp.pool = kPool;
  return isp;
}

struct Scene {
  explicit Scene(std::uint64_t seed, IspBehaviour behaviour = usual_isp())
      : world(seed), isp(world, behaviour), home(world, isp, two_lans()) {}
  void begin() {
    isp.start();
    home.start();
    for (auto& host : home.hosts()) host->start();
  }
  World world;
  SimIsp isp;
  Home home;
};

inline std::string told(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "  " + line + '\n';
  return out;
}

inline void expect_rest(Scene& scene, std::uint64_t seed) {
  const std::vector<std::string> wrong = scene.home.at_rest();
  if (wrong.empty()) return;
  std::vector<std::string> log = scene.home.log();
  if (log.size() > 60) log.erase(log.begin(), log.end() - 60);
  ADD_FAILURE() << "seed " << seed << " (replay: ./dev test sim --seed " << seed << ")\n"
                << told(wrong) << "the last of the log:\n"
                << told(log);
}

inline std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  return parse_decimal(text).value_or(otherwise);
}

inline std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (std::getenv("SIXGATE_SIM_SEED") != nullptr) return {number_from("SIXGATE_SIM_SEED", 1)};
  std::vector<std::uint64_t> out;
  const std::uint64_t many =
      number_from("SIXGATE_SIM_SEEDS", count * number_from("SIXGATE_SIM_FACTOR", 1));
  for (std::uint64_t seed = 1; seed <= many; ++seed) out.push_back(seed);
  return out;
}

}  // namespace sixgate::sim
