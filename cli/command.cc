// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <errno.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "cli/answer.h"
#include "cli/hosts_text.h"
#include "cli/import_identity.h"
#include "cli/json.h"
#include "cli/lease_command.h"
#include "cli/leases_text.h"
#include "cli/metrics_text.h"
#include "cli/monitor_ra.h"
#include "cli/status_text.h"
#include "conf/config.h"
#include "conf/suggest.h"
#include "daemon/io/config_file.h"
#include "daemon/lease_events.h"
#include "daemon/version.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

constexpr std::string_view kHelp =
    "Usage: sixgate [--socket PATH] status [--json]\n"
    "       sixgate [--socket PATH] hosts [--json]\n"
    "       sixgate [--socket PATH] leases [--json]\n"
    "       sixgate [--socket PATH] lease release CLIENT|ADDRESS|PREFIX [--json]\n"
    "       sixgate [--socket PATH] lease reserve CLIENT|ADDRESS|PREFIX\n"
    "       sixgate [--socket PATH] monitor leases [--since EPOCH.SEQ] [--count N] [--json]\n"
    "       sixgate [--socket PATH] firewall print [--backend nft|ip6tables] [--json]\n"
    "       sixgate [--socket PATH] firewall counters [--rules] [--json]\n"
    "       sixgate [--socket PATH] metrics\n"
    "       sixgate [--socket PATH] knock client-config|reset [--json]\n"
    "       sixgate check [FILE]\n"
    "       sixgate monitor ra INTERFACE [--count N] [--json]\n"
    "       sixgate import-identity [OPTION...] [FILE...]\n"
    "       sixgate --help | --version\n"
    "\n"
    "  status         what sixgated knows and does\n"
    "  hosts          who is on the LANs, by what is heard in passing\n"
    "  leases         what the DHCPv6 server gave to whom\n"
    "  lease release  ends what a client (its name or DUID) has, one lease, or all of lan:NAME\n"
    "  lease reserve  what a client has as [[reservation]], to be put into sixgate.toml\n"
    "  monitor leases what happens to leases, as it happens\n"
    "  firewall print the rules of the moment, each with its reason; as another backend has them\n"
    "  firewall counters  what the rules refused and let in; with --rules, what each has met\n"
    "  metrics        all that is counted, as Prometheus reads it\n"
    "  knock client-config  what a machine needs that may open the house by IPsec AH\n"
    "  knock reset    make the tunnels anew, for such a machine that was made anew\n"
    "  check [FILE]   is the configuration right? (default: /etc/sixgate/sixgate.toml)\n"
    "  monitor ra     Router Advertisements as they are heard, decoded; needs no sixgated\n"
    "  import-identity  be who another DHCPv6 client was, and keep its prefix\n"
    "                 (sixgate import-identity --help)\n"
    "\n"
    "  --json         the status as one JSON document (schema 1); of the monitor, one in a line\n"
    "  --count N      end after so many\n"
    "  --since EPOCH.SEQ  the last event that is known already: nothing after it is missed "
    "unheard\n"
    "  --socket PATH  where sixgated listens (default: /run/sixgate/sixgate.sock)\n"
    "\n"
    "Exit codes: 0 all right, 1 something was found or failed, 2 wrong usage, 3 sixgated is not\n"
    "running, 4 no permission.\n";

constexpr std::array<std::string_view, 9> kCommands{
    "status", "hosts", "leases", "lease", "monitor", "firewall", "metrics", "knock", "check"};

bool takes_value(std::string_view option) {
  return option == "--socket" || option == "--count" || option == "--since" ||
         option == "--backend";
}

CommandResult usage_error(std::string_view what) {
  return {kUsage, {}, cat("sixgate: ", what, "\nTry: sixgate --help\n")};
}

CommandResult unknown_command(std::string_view word) {
  return usage_error(cat("unknown command ", printable(word), conf::suggestion(word, kCommands)));
}

// Asks sixgated for a document and shows it.
CommandResult show(const std::string& socket, std::string_view what, bool as_json,
                   std::string (*text_of)(const Json&)) {
  const auto answer = answer_to(socket, what);
  if (!answer) return answer.error();
  if (as_json) return {kOk, cat(answer->text, '\n'), {}};
  return {kOk, text_of(answer->json), {}};
}

CommandResult metrics(const std::string& socket) {
  std::array<Json, 3> answers;
  std::size_t at = 0;
  for (const std::string_view what : {"status", "leases", "firewall rules"}) {
    auto answer = answer_to(socket, what);
    if (!answer) return answer.error();
    answers[at++] = std::move(answer->json);
  }
  return {kOk, metrics_text(answers[0], answers[1], answers[2]), {}};
}

std::string knock_client_text(const Json& answer) { return answer["client"].text(); }

std::string knock_reset_text(const Json& answer) {
  return cat("made anew: ", answer["reset"].number(), " tunnels\n");
}

// The line that a diagnostic speaks of, with a caret below the column.
std::string excerpt(std::string_view text, const conf::Diagnostic& diagnostic) {
  if (diagnostic.line == 0 || diagnostic.column == 0) return {};
  for (unsigned line = 1; line < diagnostic.line; ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string shown(text.substr(0, text.find('\n')));
  std::string caret;
  for (std::size_t i = 0; i + 1 < diagnostic.column && i < shown.size(); ++i) {
    caret += shown[i] == '\t' ? '\t' : ' ';
  }
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = '?';
  }
  return cat("    ", shown, "\n    ", caret, "^\n");
}

CommandResult check(const std::string& file) {
  const auto text = daemon::read_config_text(file);
  if (!text) {
    const bool forbidden = text.error().code == EACCES || text.error().code == EPERM;
    return {forbidden ? kNoPermission : kFailure, {}, cat("sixgate: ", text.error().message, '\n')};
  }
  const conf::ReadResult read = conf::read_toml(*text, file);
  CommandResult result;
  for (const conf::Diagnostics* all : {&read.warnings, &read.errors}) {
    for (const conf::Diagnostic& diagnostic : *all) {
      result.errors += cat(diagnostic.to_string(), '\n', excerpt(*text, diagnostic));
    }
  }
  if (!read.config) {
    result.code = kFailure;
    return result;
  }
  const auto count = [](std::size_t n, std::string_view what) {
    return cat(n, ' ', what, n == 1 ? "" : "s");
  };
  result.out = cat(file, ": all right (", count(read.config->uplinks.size(), "uplink"), ", ",
                   count(read.config->lans.size(), "LAN"), ")\n");
  return result;
}

}  // namespace

CommandResult run_command(std::span<const char* const> arguments, const Sink& live) {
  std::string socket;
  bool as_json = false;
  bool rules = false;
  std::optional<std::uint64_t> count;
  std::string since, backend;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "import-identity" && words.empty()) {
      return import_identity(arguments.subspan(i + 1), socket);
    }
    // Its value comes next, or behind "=".
    std::optional<std::string_view> given;
    const auto value = [&]() -> std::string {
      if (!given && i + 1 < arguments.size()) given = arguments[++i];
      return std::string(given.value_or(""));
    };
    const std::size_t equals = argument.find('=');
    if (argument.starts_with("--") && equals != std::string_view::npos &&
        takes_value(argument.substr(0, equals))) {
      given = argument.substr(equals + 1);
      argument = argument.substr(0, equals);
    }
    if (argument == "--help" || argument == "-h") return {kOk, std::string(kHelp), {}};
    if (argument == "--version") return {kOk, cat("sixgate ", daemon::kVersion, '\n'), {}};
    if (argument == "--json") {
      as_json = true;
    } else if (argument == "--rules") {
      rules = true;
    } else if (argument == "--socket") {
      socket = value();
      if (socket.empty()) return usage_error("--socket needs a path");
    } else if (argument == "--count") {
      count = parse_decimal(value());
      if (!count || *count == 0) return usage_error("--count needs a number");
    } else if (argument == "--since") {
      since = value();
      if (!daemon::parse_event_place(since))
        return usage_error("--since needs EPOCH.SEQ, as monitor leases shows it");
    } else if (argument == "--backend") {
      backend = value();
      if (backend != "nft" && backend != "ip6tables")
        return usage_error("--backend needs nft or ip6tables");
    } else if (argument.starts_with('-')) {
      return usage_error(cat("unknown option ", printable(argument)));
    } else {
      words.emplace_back(argument);
    }
  }
  if (words.empty()) return usage_error("a command is missing");
  const std::string where = socket.empty() ? conf::Config().socket : socket;
  if (words[0] == "monitor") {
    if (words.size() == 2 && words[1] == "leases")
      return monitor_leases({where, as_json, count, since}, live);
    if (!since.empty()) return usage_error("--since belongs to monitor leases");
    if (words.size() != 3 || words[1] != "ra")
      return usage_error("monitor needs: ra INTERFACE, or leases");
    return monitor_ra({words[2], as_json, count}, live);
  }
  if (!since.empty()) return usage_error("--since belongs to monitor leases");
  if (count) return usage_error("--count belongs to monitor");
  const bool prints = words.size() == 2 && words[0] == "firewall" && words[1] == "print";
  const bool counts = words.size() == 2 && words[0] == "firewall" && words[1] == "counters";
  if (rules && !counts) return usage_error("--rules belongs to firewall counters");
  if (!backend.empty() && !prints) return usage_error("--backend belongs to firewall print");
  if (words[0] == "status") {
    if (words.size() > 1) return usage_error("status takes no argument");
    return show(where, "status", as_json, status_text);
  }
  if (words[0] == "leases") {
    if (words.size() > 1) return usage_error("leases takes no argument");
    return show(where, "leases", as_json, leases_text);
  }
  if (words[0] == "firewall") {
    if (rules) return show(where, "firewall rules", as_json, firewall_rules_text);
    if (counts) return show(where, "firewall counters", as_json, firewall_counters_text);
    if (!prints) return usage_error("firewall needs: print or counters");
    return show(where, backend.empty() ? "firewall" : cat("firewall ", backend), as_json,
                [](const Json& answer) { return answer["rules"].text(); });
  }
  if (words[0] == "metrics") {
    if (words.size() > 1 || as_json) return usage_error("metrics takes no argument");
    return metrics(where);
  }
  if (words[0] == "hosts") {
    if (words.size() > 1) return usage_error("hosts takes no argument");
    return show(where, "hosts", as_json, hosts_text);
  }
  if (words[0] == "lease") {
    if (words.size() != 3 || (words[1] != "release" && words[1] != "reserve"))
      return usage_error("lease needs: release or reserve, and a client, an address or a prefix");
    if (words[1] == "release") return release_lease(where, words[2], as_json);
    if (as_json) return usage_error("lease reserve writes TOML");
    return reserve_lease(where, words[2]);
  }
  if (words[0] == "knock") {
    const bool reset = words.size() == 2 && words[1] == "reset";
    if (!reset && (words.size() != 2 || words[1] != "client-config"))
      return usage_error("knock needs: client-config or reset");
    return show(where, reset ? "knock reset" : "knock", as_json,
                reset ? knock_reset_text : knock_client_text);
  }
  if (as_json)
    return usage_error("--json belongs to status, hosts, leases, firewall, knock and monitor");
  if (words[0] == "check") {
    if (words.size() > 2) return usage_error("check takes one file");
    return check(words.size() == 2 ? words[1] : std::string(conf::kDefaultConfigFile));
  }
  return unknown_command(words[0]);
}

}  // namespace sixgate::cli
