// SPDX-License-Identifier: Apache-2.0
// What holds for every house: thousands of random ones, each with a history of changes. A failing seed is
// printed; SIXGATE_SEED=N runs that one alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "delegation/carve.h"
#include "net/rng.h"
#include "net/text.h"

namespace sixgate::delegation {
namespace {

constexpr std::uint64_t kSeeds = 1200;

struct House {
  std::vector<Delegation> delegations;
  std::vector<LanRequest> lans;
  CarveMemory memory;
};

// Now and then less than a /64.
unsigned random_length(Rng& rng) {
  const unsigned length = 56 + static_cast<unsigned>(rng.below(9));
  return rng.chance(0.3) ? 65 + static_cast<unsigned>(rng.below(5)) : length;
}

LanRequest random_lan(Rng& rng, int number) {
  LanRequest lan{.name = cat("lan", number), .interface = cat("eth", number)};
  if (rng.chance(0.5)) lan.assign_length = random_length(rng);
  if (rng.chance(0.3)) lan.hint = rng.below(rng.chance(0.8) ? 64 : 100000);
  if (rng.chance(0.2)) lan.priority = static_cast<int>(rng.below(3));
  if (rng.chance(0.15)) lan.classes = {rng.chance(0.5) ? "wan" : "ula"};
  return lan;
}

// Few different high bits, so that delegations meet, nest and overlap often.
Delegation random_delegation(Rng& rng) {
  Delegation d;
  const std::uint64_t high = 0x20010db800000000 | rng.below(2) << 16 | rng.below(256);
  unsigned length = rng.chance(0.7) ? 56 + static_cast<unsigned>(rng.below(9))
                                    : 46 + static_cast<unsigned>(rng.below(24));
  d.prefix = Prefix(Ip6Address::from_halves(high, 0), length);
  d.origin = rng.chance(0.6) ? "wan" : "static";
  if (rng.chance(0.2)) {
    d.prefix = Prefix(Ip6Address::from_halves(0xfd00000000010000 | rng.below(256), 0), 48);
    d.origin = "ula";
  }
  if (rng.chance(0.15) && d.prefix.length() < 64) {
    d.excluded = Prefix(Ip6Address::from_halves(d.prefix.address().high() + rng.below(4), 0), 64);
    if (!d.prefix.contains(*d.excluded)) d.excluded.reset();
  }
  return d;
}

bool known(const std::vector<Delegation>& all, const Delegation& d) {
  return std::any_of(all.begin(), all.end(), [&d](const Delegation& other) {
    return other.prefix == d.prefix && other.origin == d.origin;
  });
}

House random_house(Rng& rng) {
  House house;
  const auto count = 1 + rng.below(3);
  while (house.delegations.size() < count) {
    const Delegation d = random_delegation(rng);
    if (!known(house.delegations, d)) house.delegations.push_back(d);
  }
  const int lans = static_cast<int>(1 + rng.below(8));
  for (int i = 0; i < lans; ++i) house.lans.push_back(random_lan(rng, i));
  return house;
}

void change(House& house, Rng& rng, int& next_number) {
  switch (rng.below(7)) {
    case 0:
      house.lans.insert(
          house.lans.begin() + static_cast<std::ptrdiff_t>(rng.below(house.lans.size() + 1)),
          random_lan(rng, next_number++));
      break;
    case 1:
      if (house.lans.size() > 1) {
        house.lans.erase(house.lans.begin() +
                         static_cast<std::ptrdiff_t>(rng.below(house.lans.size())));
      }
      break;
    case 2:
      std::swap(house.lans[rng.below(house.lans.size())], house.lans[rng.below(house.lans.size())]);
      break;
    case 3:
      house.lans[rng.below(house.lans.size())].name = cat("renamed", next_number++);
      break;
    case 4: {  // renumbering
      const Delegation d = random_delegation(rng);
      for (Delegation& old : house.delegations) {
        if (old.origin == d.origin) old.standing = Standing::kDeprecated;
      }
      if (!known(house.delegations, d)) house.delegations.push_back(d);
      break;
    }
    case 5:
      if (!house.delegations.empty()) {
        house.delegations.erase(house.delegations.begin() +
                                static_cast<std::ptrdiff_t>(rng.below(house.delegations.size())));
      }
      break;
    case 6:
      house.lans[rng.below(house.lans.size())].assign_length = random_length(rng);
      break;
  }
}

std::string describe(const House& house, const CarveResult& result) {
  std::string text;
  for (const Delegation& d : house.delegations) {
    text += cat(d.origin, " ", d.prefix, " ", to_string(d.standing),
                d.excluded ? cat(" without ", *d.excluded) : "", "\n");
  }
  for (const LanRequest& lan : house.lans) {
    text += cat(lan.name, " on ", lan.interface, " /", lan.assign_length, " hint ",
                lan.hint ? static_cast<long long>(*lan.hint) : -1, " priority ", lan.priority,
                lan.classes.empty() ? "" : cat(" class ", lan.classes[0]), "\n");
  }
  for (const Assignment& a : result.assignments) {
    text += cat("-> ", a.lan, " ", a.prefix, " of ", a.delegation, " ", a.origin, "\n");
  }
  for (const LogLine& line : result.findings)
    text += cat(to_string(line.level), ": ", line.text, "\n");
  return text;
}

bool accepts(const LanRequest& lan, const Delegation& d) {
  return lan.classes.empty() || lan.classes[0] == d.origin;
}

bool usable(const Delegation& d) {
  return d.standing == Standing::kLive && d.prefix.length() <= 64;
}

const LanRequest& lan_of(const House& house, const std::string& name) {
  return *std::find_if(house.lans.begin(), house.lans.end(),
                       [&name](const LanRequest& lan) { return lan.name == name; });
}

void check_no_overlap(const House& house, const CarveResult& result) {
  const auto& given = result.assignments;
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_TRUE(given[i].delegation.contains(given[i].prefix));
    EXPECT_LE(given[i].prefix.length(), 69U);
    const unsigned wanted = lan_of(house, given[i].lan).assign_length;
    if (given[i].standing == Standing::kLive) {
      // Less than a /64 for who asks for it alone, and then just that.
      EXPECT_LE(given[i].prefix.length(), std::max(wanted, 64U)) << given[i].lan;
      if (wanted > 64) {
        EXPECT_EQ(given[i].prefix.length(), wanted) << given[i].lan;
      }
      EXPECT_EQ(given[i].on_link().length(), std::max(given[i].prefix.length(), 64U));
    }
    for (std::size_t j = i + 1; j < given.size(); ++j) {
      EXPECT_FALSE(given[i].prefix.overlaps(given[j].prefix)) << given[i].lan << given[j].lan;
    }
    for (const Delegation& d : house.delegations) {
      if (d.excluded && given[i].standing == Standing::kLive) {
        EXPECT_FALSE(d.excluded->overlaps(given[i].prefix));
      }
    }
  }
}

// Everybody is served or named; nobody is larger than asked; classes hold.
void check_complete(const House& house, const CarveResult& result) {
  for (const Delegation& d : house.delegations) {
    if (!usable(d)) continue;
    bool somebody_out = false;
    bool somebody_large = false;
    for (const LanRequest& lan : house.lans) {
      const auto mine = [&](const auto& x) {
        return x.lan == lan.name && x.origin == d.origin && x.delegation == d.prefix;
      };
      const auto served = std::count_if(result.assignments.begin(), result.assignments.end(), mine);
      const auto out = std::count_if(result.left_out.begin(), result.left_out.end(), mine);
      bool twin = false;
      for (const Delegation& other : house.delegations) {
        twin = twin || (&other != &d && usable(other) && other.prefix == d.prefix &&
                        other.origin < d.origin && accepts(lan, other));
      }
      EXPECT_EQ(served + out, accepts(lan, d) && !twin ? 1 : 0)
          << lan.name << " " << d.prefix.to_string();
      if (out != 0) {
        somebody_out = true;
        // No lack where another prefix of the same origin serves it.
        const bool has_another = std::any_of(
            result.assignments.begin(), result.assignments.end(), [&](const Assignment& a) {
              return a.lan == lan.name && a.origin == d.origin && a.standing == Standing::kLive;
            });
        EXPECT_TRUE(has_another || std::any_of(result.findings.begin(), result.findings.end(),
                                               [&lan](const LogLine& line) {
                                                 return line.level == LogLevel::kError &&
                                                        line.text.find("LAN " + lan.name) !=
                                                            std::string::npos;
                                               }));
      }
    }
    for (const Assignment& a : result.assignments) {
      if (a.origin != d.origin || a.delegation != d.prefix) continue;
      EXPECT_GE(a.prefix.length(), lan_of(house, a.lan).assign_length);
      somebody_large = somebody_large || a.prefix.length() < 64;
    }
    EXPECT_FALSE(somebody_out && somebody_large) << "a fair share first: " << d.prefix.to_string();
  }
}

// Nobody is left out, and nobody is smaller than wanted, while there is room.
void check_maximal(const House& house, const CarveResult& result) {
  for (const Delegation& d : house.delegations) {
    if (!usable(d) || d.prefix.length() < 56) continue;
    const bool overlapped = std::any_of(
        house.delegations.begin(), house.delegations.end(),
        [&d](const Delegation& other) { return &other != &d && other.prefix.overlaps(d.prefix); });
    if (overlapped) continue;
    const auto free = [&](const Prefix& p, const Assignment* except) {
      if (d.excluded && d.excluded->overlaps(p)) return false;
      return std::none_of(
          result.assignments.begin(), result.assignments.end(),
          [&](const Assignment& a) { return &a != except && a.prefix.overlaps(p); });
    };
    for (const LeftOut& out : result.left_out) {
      if (out.delegation != d.prefix || out.origin != d.origin) continue;
      const unsigned wanted = std::max(lan_of(house, out.lan).assign_length, 64U);
      for (const Prefix slash64 : d.prefix.subnets(64)) {
        for (const Prefix p : slash64.subnets(wanted)) EXPECT_FALSE(free(p, nullptr)) << out.lan;
      }
    }
    for (const Assignment& a : result.assignments) {
      if (a.delegation != d.prefix || a.origin != d.origin) continue;
      const unsigned wanted = std::max(lan_of(house, a.lan).assign_length, d.prefix.length());
      for (unsigned length = wanted; length < a.prefix.length(); ++length) {
        const Prefix grown(a.prefix.address(), length);
        if (grown.address() == a.prefix.address()) {
          EXPECT_FALSE(free(grown, &a)) << a.lan;
        }
        if (house.memory.entries.empty()) {  // nothing to be kept in place
          for (const Prefix p : d.prefix.subnets(length)) EXPECT_FALSE(free(p, &a)) << a.lan;
        }
      }
    }
  }
}

void check_hints(const House& house, const CarveResult& result) {
  for (const Assignment& a : result.assignments) {
    const LanRequest& lan = lan_of(house, a.lan);
    if (!lan.hint || a.standing != Standing::kLive) continue;
    const std::uint64_t count = a.delegation.subnet_count(64);
    if (*lan.hint >= count ||
        a.prefix.length() != std::max(lan.assign_length, a.delegation.length()))
      continue;
    const Prefix at(Ip6Address::from_halves(a.delegation.address().high() + *lan.hint, 0), 64);
    const Prefix wished(at.address(), a.prefix.length());
    // Of less than a /64 the hint says in which one it lies.
    if (a.prefix == wished || at.contains(a.prefix)) continue;
    // Not honoured: something must be in the way.
    const auto is_blocked = [&](const Prefix& place) {
      return std::any_of(result.assignments.begin(), result.assignments.end(),
                         [&](const Assignment& other) {
                           return &other != &a && other.prefix.overlaps(place);
                         }) ||
             std::any_of(
                 house.delegations.begin(), house.delegations.end(),
                 [&](const Delegation& d) { return d.excluded && d.excluded->overlaps(place); });
    };
    if (a.prefix.length() <= 64) {
      EXPECT_TRUE(is_blocked(wished)) << a.lan << " " << wished.to_string();
      continue;
    }
    for (const Prefix place : at.subnets(a.prefix.length()))
      EXPECT_TRUE(is_blocked(place)) << a.lan << " " << place.to_string();
  }
}

template <class Body>
void for_each_seed(Body body) {
  const char* only = std::getenv("SIXGATE_SEED");
  const auto one = only == nullptr ? std::nullopt : parse_decimal(only);
  for (std::uint64_t seed = one.value_or(0); seed < (one ? *one + 1 : kSeeds); ++seed) {
    body(seed);
    if (testing::Test::HasFailure()) {
      FAIL() << "seed " << seed;
    }
  }
}

TEST(CarveProperties, HoldInEveryHouseWithAHistory) {
  for_each_seed([](std::uint64_t seed) {
    Rng rng(seed);
    House house = random_house(rng);
    int next_number = 100;
    for (int step = 0; step < 6; ++step) {
      const CarveResult result = carve(house.delegations, house.lans, house.memory);
      SCOPED_TRACE(cat("step ", step, "\n", describe(house, result)));
      check_no_overlap(house, result);
      check_complete(house, result);
      check_maximal(house, result);
      check_hints(house, result);

      // Nothing moves without a reason.
      const CarveResult again = carve(house.delegations, house.lans, result.memory);
      EXPECT_TRUE(again.assignments == result.assignments) << "again:\n" << describe(house, again);
      EXPECT_TRUE(again.memory == result.memory);
      if (testing::Test::HasFailure()) return;
      house.memory = result.memory;
      change(house, rng, next_number);
    }
  });
}

// Without hints and priorities, whatever is done to the list of LANs leaves every other LAN where it is.
TEST(CarveProperties, ChangesToTheListOfLansRenumberNobody) {
  for_each_seed([](std::uint64_t seed) {
    Rng rng(seed);
    House house = random_house(rng);
    for (LanRequest& lan : house.lans) {
      lan.hint.reset();
      lan.priority = 0;
    }
    CarveResult before = carve(house.delegations, house.lans, {});
    for (int step = 0; step < 6; ++step) {
      House changed = house;
      changed.memory = before.memory;
      std::string renamed;
      switch (rng.below(3)) {
        case 0: {
          LanRequest added = random_lan(rng, 100 + step);
          added.hint.reset();
          added.priority = -1;
          changed.lans.insert(changed.lans.begin() +
                                  static_cast<std::ptrdiff_t>(rng.below(changed.lans.size() + 1)),
                              added);
          break;
        }
        case 1:
          std::swap(changed.lans[rng.below(changed.lans.size())],
                    changed.lans[rng.below(changed.lans.size())]);
          break;
        case 2:
          changed.lans[rng.below(changed.lans.size())].name = cat("renamed", step);
          break;
      }
      const CarveResult after = carve(changed.delegations, changed.lans, changed.memory);
      SCOPED_TRACE(
          cat("step ", step, "\n", describe(house, before), "then\n", describe(changed, after)));
      // By interface and delegation: the first /64 is the same. A LAN that has several small delegations
      // may have to give one to a LAN that has none.
      std::map<std::string, std::set<Prefix>> then;
      for (const Assignment& a : before.assignments) then[a.interface].insert(a.on_link());
      for (const auto& [interface, prefixes] : then) {
        std::set<Prefix> now;
        for (const Assignment& a : after.assignments) {
          if (a.interface == interface) now.insert(a.on_link());
        }
        const auto is_left_out = [&interface](const CarveResult& result) {
          return std::any_of(
              result.left_out.begin(), result.left_out.end(),
              [&interface](const LeftOut& out) { return out.interface == interface; });
        };
        // Where one gives way to parts of a /64, others that had no room before may have some too.
        const bool gained =
            !std::includes(prefixes.begin(), prefixes.end(), now.begin(), now.end());
        const bool lost = !std::includes(now.begin(), now.end(), prefixes.begin(), prefixes.end());
        EXPECT_TRUE(!gained || is_left_out(before)) << interface;
        EXPECT_TRUE(!lost || is_left_out(after)) << interface;
        EXPECT_FALSE(now.empty() && !prefixes.empty() &&
                     after.left_out.size() <= before.left_out.size())
            << interface;
      }
      if (testing::Test::HasFailure()) return;
      house = changed;
      before = after;
    }
  });
}

// The same houses in the same order give the same plan, and a new delegation of the same size the same
// numbers.
TEST(CarveProperties, ANewDelegationKeepsTheNumbers) {
  for_each_seed([](std::uint64_t seed) {
    Rng rng(seed);
    House house = random_house(rng);
    house.delegations.resize(1);
    house.delegations[0].excluded.reset();
    house.delegations[0].origin = "wan";
    const CarveResult before = carve(house.delegations, house.lans, {});
    House renumbered = house;
    renumbered.memory = before.memory;
    renumbered.delegations[0].standing = Standing::kDeprecated;
    Delegation next = house.delegations[0];
    next.prefix = Prefix(Ip6Address::from_halves(0x2a00000000000000, 0), next.prefix.length());
    renumbered.delegations.push_back(next);
    std::reverse(renumbered.lans.begin(), renumbered.lans.end());
    for (LanRequest& lan : renumbered.lans) lan.hint.reset();
    const CarveResult after = carve(renumbered.delegations, renumbered.lans, renumbered.memory);
    SCOPED_TRACE(cat(describe(house, before), "then\n", describe(renumbered, after)));
    if (!before.left_out.empty()) return;
    bool shrunk = false;
    for (const Assignment& a : before.assignments) {
      shrunk = shrunk || a.prefix.length() > lan_of(house, a.lan).assign_length;
    }
    if (shrunk) return;
    for (const Assignment& old : before.assignments) {
      const auto same_lan = [&](const Assignment& a) {
        return a.lan == old.lan && a.standing == Standing::kLive;
      };
      const auto now = std::find_if(after.assignments.begin(), after.assignments.end(), same_lan);
      ASSERT_NE(now, after.assignments.end());
      EXPECT_EQ(now->delegation.subnet_index(now->prefix), old.delegation.subnet_index(old.prefix));
    }
  });
}

}  // namespace
}  // namespace sixgate::delegation
