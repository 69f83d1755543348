// SPDX-License-Identifier: Apache-2.0
#include "firewall/ip6tables_saved.h"

#include <algorithm>
#include <functional>

#include "firewall/ip6tables.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {

// A line of the person's own may be several rules ("-s A,B").
constexpr std::string_view kUsers = "sixgate-user-";
constexpr std::string_view kAppend = "-A ";

// Calls `each` with table, chain and the whole of every rule.
template <class Each>
void for_each_rule(std::string_view text, Each&& each) {
  std::string_view table;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('*')) {
      table = line.substr(1);
      continue;
    }
    if (line.starts_with('[')) {  // what it has counted
      const std::size_t end = line.find("] ");
      if (end == std::string_view::npos) continue;
      line.remove_prefix(end + 2);
    }
    if (!line.starts_with(kAppend)) continue;
    const std::string_view rest = line.substr(kAppend.size());
    each(table, rest.substr(0, rest.find(' ')), line);
  }
}

bool is_ours(std::string_view chain) {
  return chain.starts_with(kIp6tablesChains) && !chain.starts_with(kUsers);
}

std::string place_of(std::string_view table, std::string_view chain) {
  return cat("chain ", chain, " of table ", table);
}

// "chain sixgate-input of table filter", as often as there are rules in it; sorted.
std::vector<std::string> rules_of_ours(std::string_view text) {
  std::vector<std::string> places;
  for_each_rule(text, [&](std::string_view table, std::string_view chain, std::string_view) {
    if (is_ours(chain)) places.push_back(place_of(table, chain));
  });
  std::ranges::sort(places);
  return places;
}

std::string jump_line(const Ip6tablesJump& jump) {
  return cat(kAppend, jump.built_in, " -j ", jump.chain);
}

// What stands in a built-in chain until our jump; all of it where there is none.
struct Before {
  std::size_t rules = 0;
  std::string first;
  bool jump = false;
};

Before before_jump(std::string_view saved, const Ip6tablesJump& jump) {
  Before before;
  const std::string ours = jump_line(jump);
  for_each_rule(saved, [&](std::string_view table, std::string_view chain, std::string_view line) {
    if (table != jump.table || chain != jump.built_in || before.jump) return;
    if (line == ours) {
      before.jump = true;
    } else if (before.rules++ == 0) {
      before.first = line;
    }
  });
  return before;
}

// The word that comes after an option.
std::string_view after(std::string_view line, std::string_view option) {
  const std::size_t at = line.find(option);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + option.size());
  return rest.substr(0, rest.find(' '));
}

}  // namespace

std::string ip6tables_lack(std::string_view restored, std::string_view saved) {
  const std::vector<std::string> there = rules_of_ours(saved);
  const std::vector<std::string> wanted = rules_of_ours(restored);
  for (auto at = wanted.begin(); at != wanted.end();) {
    const auto of_it = std::ranges::equal_range(at, wanted.end(), *at);
    const auto found = std::ranges::equal_range(there, *at);
    if (found.size() != of_it.size())
      return cat(*at, " has ", found.size(),
                 found.size() == 1 ? " rule and not " : " rules and not ", of_it.size());
    at = of_it.end();
  }
  for (const Ip6tablesJump& jump : ip6tables_jumps(ip6tables_translates(restored))) {
    if (!before_jump(saved, jump).jump)
      return cat("nothing leads from ", jump.built_in, " of table ", jump.table, " to ",
                 jump.chain);
  }
  return {};
}

bool ip6tables_has_translations(std::string_view saved) {
  bool has = false;
  for_each_rule(saved, [&](std::string_view table, std::string_view chain, std::string_view) {
    has = has || (table == "nat" && is_ours(chain));
  });
  return has;
}

Ip6tablesPrint ip6tables_print(std::string_view saved) {
  Ip6tablesPrint print;
  for_each_rule(saved, [&](std::string_view table, std::string_view chain, std::string_view line) {
    if (!is_ours(chain)) return;
    std::size_t& hash = print[place_of(table, chain)];
    hash = hash * 31 + std::hash<std::string_view>()(line);
  });
  return print;
}

std::string ip6tables_changed(const Ip6tablesPrint& before, const Ip6tablesPrint& now) {
  for (const auto& [place, hash] : before) {
    const auto found = now.find(place);
    if (found == now.end() || found->second != hash)
      return cat(printable(place), " has other rules than it had");
  }
  return {};
}

std::vector<std::string> ip6tables_ahead(std::string_view saved, unsigned allowed) {
  std::vector<std::string> found;
  for (const Ip6tablesJump& jump : ip6tables_jumps(true)) {
    const Before before = before_jump(saved, jump);
    if (before.jump && before.rules > allowed)
      found.push_back(cat(jump.built_in, " of table ", jump.table, ": ", printable(before.first)));
  }
  return found;
}

std::vector<std::string> ip6tables_dropping_invalid(std::string_view saved) {
  std::vector<std::string> chains;
  for_each_rule(saved, [&](std::string_view table, std::string_view chain, std::string_view line) {
    const std::string_view target = after(line, " -j ");
    if (chain.starts_with(kIp6tablesChains) || (target != "DROP" && target != "REJECT")) return;
    for (const std::string_view option : {" --ctstate ", " --state "}) {
      if (cat(",", after(line, option), ",").find(",INVALID,") != std::string::npos)
        chains.push_back(cat(table, " ", printable(chain)));
    }
  });
  std::ranges::sort(chains);
  const auto repeated = std::ranges::unique(chains);
  chains.erase(repeated.begin(), repeated.end());
  return chains;
}

bool saved_by_legacy(std::string_view saved) {
  const std::string_view line = saved.substr(0, saved.find('\n'));
  return line.find("ip6tables") != std::string_view::npos &&
         line.find("nf_tables") == std::string_view::npos;
}

}  // namespace sixgate::firewall
