// SPDX-License-Identifier: Apache-2.0
#include "conf/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "conf/check.h"
#include "conf/key_values.h"
#include "conf/suggest.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

using Read = Expected<Done> (*)(std::string_view, CommandLine&);

struct Option {
  std::string_view name;
  std::string_view argument;  // empty: takes none
  std::string_view about;
  Read read;
};

Expected<Done> set(std::optional<std::string>& out, std::string_view text) {
  if (text.empty()) return fail("needs a value");
  out = std::string(text);
  return Done{};
}

Expected<Done> check_interface(std::string_view name) {
  if (firewall::is_interface_name(name)) return Done{};
  return fail(no_interface_name(name));
}

Expected<Done> read_wan(std::string_view text, CommandLine& out) {
  const Expected<Done> good = check_interface(text);
  if (!good) return good;
  if (std::find(out.wans.begin(), out.wans.end(), text) == out.wans.end()) {
    out.wans.emplace_back(text);
  }
  return Done{};
}

Expected<Done> read_lan(std::string_view text, CommandLine& out) {
  const std::size_t equals = text.find('=');
  CommandLine::Lan lan{std::string(text.substr(0, equals)), std::nullopt};
  const Expected<Done> good = check_interface(lan.interface);
  if (!good) return good;
  if (equals != std::string_view::npos) {
    const auto hint = parse_hint(text.substr(equals + 1));
    if (!hint) return fail(hint.error().message);
    if (!*hint) return fail("needs a subnet number after \"=\", such as eth1=10");
    lan.hint = *hint;
  }
  for (CommandLine::Lan& known : out.lans) {
    if (known.interface != lan.interface) continue;
    if (known.hint && lan.hint && known.hint != lan.hint) {
      return fail(cat(lan.interface, " is named twice with different subnet numbers"));
    }
    if (lan.hint) known.hint = lan.hint;
    return Done{};
  }
  out.lans.push_back(std::move(lan));
  return Done{};
}

template <class T>
Expected<Done> take(const Expected<T>& parsed, std::optional<T>& out) {
  if (!parsed) return fail(parsed.error().message);
  out = *parsed;
  return Done{};
}

const std::array kOptions{
    Option{"--config", "FILE", "read FILE; without --wan and --lan it is /etc/sixgate/sixgate.toml",
           [](std::string_view text, CommandLine& out) { return set(out.config, text); }},
    Option{"--wan", "IF", "an uplink, the interface towards the provider; may be repeated",
           read_wan},
    Option{"--lan", "IF[=HINT]",
           "a LAN, with its hexadecimal subnet number if that matters; may be repeated", read_lan},
    Option{"--ula", "PREFIX", "the house's own prefix: auto, none or fd12:3456:789a::/48",
           [](std::string_view text, CommandLine& out) { return take(parse_ula(text), out.ula); }},
    Option{"--firewall", "BACKEND", "auto, nft, ip6tables or none",
           [](std::string_view text, CommandLine& out) {
             return take(parse_word(text, firewall_words()), out.firewall);
           }},
    Option{"--state-dir", "DIR", "where leases and prefixes are kept (/var/lib/sixgate)",
           [](std::string_view text, CommandLine& out) { return set(out.state_dir, text); }},
    Option{"--socket", "PATH", "where the sixgate tool talks to it (/run/sixgate/sixgate.sock)",
           [](std::string_view text, CommandLine& out) { return set(out.socket, text); }},
    Option{"--hook", "PATH", "a script to be run when an uplink gets, renews or loses something",
           [](std::string_view text, CommandLine& out) { return set(out.hook, text); }},
    Option{"--user", "USER", "run as USER, with only the capabilities that are needed",
           [](std::string_view text, CommandLine& out) { return set(out.user, text); }},
    Option{"--log-level", "LEVEL", "error, warning, info or debug",
           [](std::string_view text, CommandLine& out) {
             return take(parse_word(text, log_level_words()), out.log_level);
           }},
    Option{"--help", "", "this text",
           [](std::string_view, CommandLine& out) {
             out.help = true;
             return Expected<Done>(Done{});
           }},
    Option{"--version", "", "the version",
           [](std::string_view, CommandLine& out) {
             out.version = true;
             return Expected<Done>(Done{});
           }},
};

std::string unknown_option(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Option& option : kOptions) known.push_back(option.name);
  return cat("unknown option ", printable(name), suggestion(name, known));
}

std::string where(const Problem& problem, const Config& config) {
  switch (problem.where) {
    case Problem::Where::kUplink:
      return cat("uplink ", config.uplinks[problem.index].name, ": ");
    case Problem::Where::kLan:
      return cat("LAN ", config.lans[problem.index].name, ": ");
    case Problem::Where::kReservation:
      return cat("reservation ", problem.index + 1, ": ");
    case Problem::Where::kPinhole:
      return cat("pinhole ", problem.index + 1, ": ");
    case Problem::Where::kKnock:
      return "ipsec_knock: ";
    case Problem::Where::kUla:
      return "ULA: ";
    case Problem::Where::kFirewall:
      return "firewall: ";
    case Problem::Where::kGlobal:
      return {};
  }
  return {};
}

void lay_interfaces(const CommandLine& command_line, Config& config,
                    std::vector<std::size_t>& touched) {
  for (const std::string& interface : command_line.wans) {
    const bool known = std::any_of(
        config.uplinks.begin(), config.uplinks.end(),
        [&interface](const UplinkConfig& uplink) { return uplink.interface == interface; });
    if (known) continue;
    UplinkConfig uplink;
    uplink.name = interface;
    uplink.interface = interface;
    config.uplinks.push_back(std::move(uplink));
  }
  for (const CommandLine::Lan& named : command_line.lans) {
    auto lan = std::find_if(
        config.lans.begin(), config.lans.end(),
        [&named](const LanConfig& known) { return known.interface == named.interface; });
    if (lan == config.lans.end()) {
      LanConfig added;
      added.name = named.interface;
      added.interface = named.interface;
      added.request.name = named.interface;
      added.request.interface = named.interface;
      lan = config.lans.insert(config.lans.end(), std::move(added));
    }
    if (named.hint) lan->request.hint = named.hint;
    touched.push_back(static_cast<std::size_t>(lan - config.lans.begin()));
  }
}

}  // namespace

std::optional<std::string> CommandLine::file() const {
  if (config) return config;
  if (wans.empty() && lans.empty()) return std::string(kDefaultConfigFile);
  return std::nullopt;
}

Expected<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    std::optional<std::string_view> value;
    if (name.starts_with("--") && name.find('=') != std::string_view::npos) {
      value = name.substr(name.find('=') + 1);
      name = name.substr(0, name.find('='));
    }
    if (name == "-h") name = "--help";
    const auto option = std::find_if(kOptions.begin(), kOptions.end(),
                                     [name](const Option& o) { return o.name == name; });
    if (option == kOptions.end()) {
      if (name.starts_with('-')) return fail(unknown_option(name));
      return fail(
          cat("unexpected \"", printable(name), "\": interfaces are named with --wan and --lan"));
    }
    if (option->argument.empty()) {
      if (value) return fail(cat(name, " takes no value"));
    } else if (!value) {
      if (i + 1 == arguments.size()) return fail(cat(name, " needs a value: ", option->argument));
      value = arguments[++i];
    }
    const Expected<Done> done = option->read(value.value_or(""), out);
    if (!done) return fail(cat(name, ": ", done.error().message));
  }
  return out;
}

ReadResult apply(const CommandLine& command_line, Config base) {
  Config config = std::move(base);
  if (command_line.state_dir) config.state_dir = *command_line.state_dir;
  if (command_line.socket) config.socket = *command_line.socket;
  if (command_line.hook) config.hook = *command_line.hook;
  if (command_line.user) config.user = *command_line.user;
  if (command_line.log_level) config.log_level = *command_line.log_level;
  if (command_line.firewall) config.firewall.backend = *command_line.firewall;
  if (command_line.ula) config.ula = *command_line.ula;
  std::vector<std::size_t> touched;
  lay_interfaces(command_line, config, touched);

  ReadResult result;
  for (const Problem& problem : check(config)) {
    // The file's own warnings have been given when it was read.
    const bool ours = problem.where == Problem::Where::kLan &&
                      std::find(touched.begin(), touched.end(), problem.index) != touched.end();
    if (!problem.is_error && !ours) continue;
    const bool say_key = !problem.key.empty() && !problem.text.starts_with('`');
    Diagnostic diagnostic{.file = "command line",
                          .text = cat(where(problem, config), say_key ? problem.key : "",
                                      say_key ? ": " : "", problem.text),
                          .is_error = problem.is_error};
    (problem.is_error ? result.errors : result.warnings).push_back(std::move(diagnostic));
  }
  if (result.errors.empty()) result.config = std::move(config);
  return result;
}

std::string usage() {
  std::string out =
      "usage: sixgated --wan IF --lan IF[=HINT]...\n"
      "       sixgated [--config FILE] [options]\n\n";
  for (const Option& option : kOptions) {
    std::string left = cat("  ", option.name, option.argument.empty() ? "" : " ", option.argument);
    left.resize(std::max<std::size_t>(left.size() + 2, 24), ' ');
    out += cat(left, option.about, "\n");
  }
  return out;
}

}  // namespace sixgate::conf
