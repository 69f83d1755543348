// SPDX-License-Identifier: Apache-2.0
// How our chains of ip6tables are reached from the built-in ones, and how they go.
#include <algorithm>

#include "firewall/ip6tables.h"
#include "firewall/ip6tables_chains.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {

// Those of nat, which only who translates has, are the first: what they translate is let out by the next ones.
constexpr std::array kAllJumps{
    Ip6tablesJump{"nat", "PREROUTING", kTranslateIn},
    Ip6tablesJump{"nat", "POSTROUTING", kTranslateOut},
    Ip6tablesJump{"filter", "INPUT", kInput},
    Ip6tablesJump{"filter", "FORWARD", kForward},
    Ip6tablesJump{"filter", "OUTPUT", kLeaving},
    Ip6tablesJump{"mangle", "FORWARD", kMss},
    Ip6tablesJump{"raw", "PREROUTING", kPrerouting},
    Ip6tablesJump{"raw", "OUTPUT", kOutput},
};

std::vector<std::string> arguments(const Ip6tablesJump& jump, std::string_view what) {
  return {"-w",
          "5",
          "-t",
          std::string(jump.table),
          std::string(what),
          std::string(jump.built_in),
          "-j",
          std::string(jump.chain)};
}

}  // namespace

std::span<const Ip6tablesJump> ip6tables_jumps(bool translating) {
  const std::span<const Ip6tablesJump> all(kAllJumps);
  return translating ? all : all.subspan(kTranslationJumps);
}

std::vector<std::string> Ip6tablesJump::check() const { return arguments(*this, "-C"); }

std::vector<std::string> Ip6tablesJump::insert(unsigned position) const {
  std::vector<std::string> words = arguments(*this, "-I");
  words.insert(words.end() - 2, cat(position));
  return words;
}

std::vector<std::string> Ip6tablesJump::append() const { return arguments(*this, "-A"); }

std::vector<std::string> Ip6tablesJump::remove() const { return arguments(*this, "-D"); }

bool ip6tables_translates(std::string_view saved) {
  return saved.find(cat("\n:", kTranslateIn, " ")) != std::string_view::npos;
}

std::string ip6tables_removal(bool translating) {
  const auto removal = [](std::string_view table, const auto&... all) {
    std::string text = cat("*", table, "\n");
    // Emptied first, all of them: a chain that another jumps to cannot be removed. One that an earlier version did not
    // have is made by the way.
    const auto each = [&](std::string_view before, std::string_view after) {
      const auto chains = [&](const auto& names) {
        for (const std::string_view chain : names) text += cat(before, chain, after, "\n");
      };
      (chains(all), ...);
    };
    each(":", " - [0:0]");
    each("-X ", "");
    return cat(text, "COMMIT\n");
  };
  return cat(removal("filter", kFilterChains, kFilterFates), removal("mangle", kMangleChains),
             removal("raw", kRawChains, kRawFates),
             translating ? removal("nat", kNatChains) : std::string());
}

}  // namespace sixgate::firewall
