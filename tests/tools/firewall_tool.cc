// SPDX-License-Identifier: Apache-2.0
// firewall_tool: the firewall room and its applier without the daemon, for the lab.
//
//   firewall_tool print nft|ip6tables                 the text of a Ruleset
//   firewall_tool apply [auto|nft|ip6tables] [DIR]    brings each Ruleset into the kernel, one after the
//                                                     other through one applier; DIR is its state directory
// Rulesets come on standard input, a word at the line's start saying what the rest is; `end` ends one:
//   uplink IF | lan IF ZONE | any_endpoint IF | pcp IF | reaches IF IF... | assigned IF PREFIX | local IF PREFIX | delegated PREFIX |
//   open IF PREFIX | shut IF PREFIX | withdrawn IF PREFIX |
//   excluded PREFIX | pinhole IF HOST PROTOCOL FIRST LAST SOURCE | server IF PREFIX | knock IF MARK |
//   station IF PREFIX MAC | log RATE | provisioned | end
// For each Ruleset that was applied a line is written: "ok BACKEND MICROSECONDS" or "error WHY".
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/io/event_loop.h"
#include "daemon/io/firewall_applier.h"
#include "daemon/io/process.h"
#include "firewall/ip6tables.h"
#include "firewall/nft.h"
#include "firewall/ruleset.h"
#include "net/text.h"

namespace {

using namespace sixgate;
using namespace sixgate::firewall;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "firewall_tool: %s\n", why.c_str());
  std::exit(2);
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : line) {
    if (c != ' ' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

Prefix prefix_of(const std::string& text) {
  const std::optional<Prefix> prefix = Prefix::parse(text);
  if (!prefix) give_up(cat("not a prefix: ", text));
  return *prefix;
}

std::uint16_t number_of(const std::string& text) {
  const std::optional<std::uint64_t> number = parse_decimal(text);
  if (!number || *number > 65535) give_up(cat("not a number: ", text));
  return static_cast<std::uint16_t>(*number);
}

FirewallLan& lan_of(Ruleset& ruleset, const std::string& interface) {
  for (FirewallLan& lan : ruleset.lans) {
    if (lan.interface == interface) return lan;
  }
  give_up(cat("no such lan yet: ", interface));
}

void take(Ruleset& ruleset, const std::vector<std::string>& line) {
  const std::string& what = line[0];
  if (what == "provisioned" && line.size() == 1) {
    ruleset.provisioned = true;
  } else if (what == "refuse_middles" && line.size() == 1) {
    ruleset.refuse_middles = true;
  } else if (what == "log" && line.size() == 2) {
    ruleset.log_rate = number_of(line[1]);
  } else if (what == "uplink" && line.size() == 2) {
    ruleset.uplinks.push_back({line[1]});
  } else if (what == "lan" && line.size() == 3) {
    const std::optional<Zone> zone = parse_zone(line[2]);
    if (!zone) give_up(cat("not a zone: ", line[2]));
    ruleset.lans.push_back({line[1], *zone, {}, {}});
  } else if (what == "any_endpoint" && line.size() == 2) {
    lan_of(ruleset, line[1]).any_endpoint = true;
  } else if (what == "pcp" && line.size() == 2) {
    lan_of(ruleset, line[1]).pcp = true;
  } else if (what == "assigned" && line.size() == 3) {
    lan_of(ruleset, line[1]).assigned.push_back(prefix_of(line[2]));
  } else if (what == "local" && line.size() == 3) {
    lan_of(ruleset, line[1]).local.push_back(prefix_of(line[2]));
  } else if (what == "withdrawn" && line.size() == 3) {
    lan_of(ruleset, line[1]).withdrawn.push_back(prefix_of(line[2]));
  } else if (what == "open" && line.size() == 3) {
    lan_of(ruleset, line[1]).open.push_back(prefix_of(line[2]));
  } else if (what == "shut" && line.size() == 3) {
    lan_of(ruleset, line[1]).shut.push_back(prefix_of(line[2]));
  } else if (what == "reaches" && line.size() >= 2) {
    lan_of(ruleset, line[1]).reaches.emplace(line.begin() + 2, line.end());
  } else if (what == "pinhole" && line.size() == 7) {
    const std::optional<Ip6Address> host = Ip6Address::parse(line[2]);
    if (!host) give_up(cat("not an address: ", line[2]));
    ruleset.pinholes.push_back({line[1], *host, static_cast<std::uint8_t>(number_of(line[3])),
                                number_of(line[4]), number_of(line[5]), prefix_of(line[6])});
  } else if (what == "delegated" && line.size() == 2) {
    ruleset.delegated.push_back(prefix_of(line[1]));
  } else if (what == "server" && line.size() == 3) {
    ruleset.servers.push_back({line[1], prefix_of(line[2])});
  } else if (what == "knock" && line.size() == 3) {
    ruleset.knocks.push_back({line[1], number_of(line[2])});
  } else if (what == "station" && line.size() == 4) {
    const std::optional<MacAddress> station = MacAddress::parse(line[3]);
    if (!station) give_up(cat("not a station: ", line[3]));
    ruleset.stations.push_back({line[1], prefix_of(line[2]), *station});
  } else if (what == "excluded" && line.size() == 2) {
    ruleset.excluded.push_back(prefix_of(line[1]));
  } else {
    give_up(cat("not understood: ", what));
  }
}

// The next Ruleset of standard input; none at its end.
std::optional<Ruleset> read_ruleset() {
  Ruleset ruleset;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, stdin) != nullptr) {
    const std::vector<std::string> line = words(buffer);
    if (line.empty()) continue;
    if (line[0] == "end") return ruleset;
    take(ruleset, line);
  }
  return std::nullopt;
}

int print_all(std::string_view backend) {
  while (const std::optional<Ruleset> ruleset = read_ruleset()) {
    const std::string text = backend == "nft"
                                 ? nft_skeleton(*ruleset) + nft_difference({}, nft_sets(*ruleset))
                                 : render_ip6tables(*ruleset);
    std::fputs(text.c_str(), stdout);
  }
  return 0;
}

int apply_all(std::string_view backend, std::string state_dir) {
  daemon::FirewallApplierSettings settings{.backend = std::nullopt,
                                           .state_dir = std::move(state_dir)};
  if (backend == "nft") settings.backend = Backend::kNft;
  if (backend == "ip6tables") settings.backend = Backend::kIp6tables;
  daemon::EventLoop loop;
  const auto runner = daemon::make_process_runner(loop);
  daemon::FirewallApplier applier(*runner, settings, [](const LogLine& line) {
    std::fprintf(stderr, "%s\n", line.text.c_str());
  });
  int status = 0;
  while (const std::optional<Ruleset> ruleset = read_ruleset()) {
    std::optional<Expected<Done>> result;
    const auto started = std::chrono::steady_clock::now();
    applier.apply(*ruleset, [&](const Expected<Done>& done) { result = done; });
    while (!result) loop.run_for(seconds(1));
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - started);
    if (*result) {
      const std::string name(to_string(applier.backend().value_or(Backend::kNone)));
      std::printf("ok %s %lld\n", name.c_str(), static_cast<long long>(took.count()));
    } else {
      std::printf("error %s\n", result->error().message.c_str());
      status = 1;
    }
    std::fflush(stdout);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  const std::string_view backend = argc > 2 ? argv[2] : "auto";
  if (verb == "print") return print_all(backend);
  if (verb == "apply") return apply_all(backend, argc > 3 ? argv[3] : "");
  give_up("print nft|ip6tables, or apply [auto|nft|ip6tables] [STATE-DIR]");
}
