// SPDX-License-Identifier: Apache-2.0
// sixgated's command line. `--wan IF --lan IF[=HINT]...` alone suffices; beside a file the options
// override and extend what it says. A wrong command line is the caller's exit code 2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conf/config.h"
#include "net/expected.h"

namespace sixgate::conf {

struct CommandLine {
  struct Lan {
    std::string interface;
    std::optional<std::uint64_t> hint;
    bool operator==(const Lan&) const = default;
  };

  bool help = false;
  bool version = false;
  std::optional<std::string> config;  // --config FILE
  std::optional<std::string> state_dir;
  std::optional<std::string> socket;
  std::optional<std::string> hook;
  std::optional<std::string> user;
  std::optional<LogLevel> log_level;
  std::vector<std::string> wans;
  std::vector<Lan> lans;
  std::optional<FirewallConfig::Choice> firewall;
  std::optional<UlaConfig> ula;

  // The file to read first: --config's, or the default one when no interface is named. None when
  // --wan and
  // --lan say it all.
  std::optional<std::string> file() const;

  bool operator==(const CommandLine&) const = default;
};

// `arguments` without the program's name. The error is one line for a person.
Expected<CommandLine> parse_command_line(std::span<const char* const> arguments);

// The file's Config, or Config{} when there is no file, with the command line laid over it,
// checked. An uplink or LAN that is named only here has its interface as its name. Errors carry the
// file name "command line" and no line number.
ReadResult apply(const CommandLine& command_line, Config base);

// What --help prints.
std::string usage();

}  // namespace sixgate::conf
