// SPDX-License-Identifier: Apache-2.0
#include "cli/import_identity.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "cli/foreign_files.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "conf/config.h"
#include "daemon/io/clock.h"
#include "daemon/io/config_file.h"
#include "daemon/io/state_copies.h"
#include "daemon/io/state_directory.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

constexpr std::string_view kImportHelp =
    "Usage: sixgate import-identity [--from CLIENT] [--root DIR] [--interface IF] [--uplink "
    "NAME]\n"
    "                               [--config FILE] [--state-dir DIR] [--socket PATH] "
    "[--dry-run]\n"
    "                               [FILE...]\n"
    "\n"
    "Reads DUID, IAIDs and leases that another DHCPv6 client left, and stores them as those "
    "of an\n"
    "uplink, so that the provider gives the same prefix. sixgated must not be running.\n"
    "\n"
    "  --from CLIENT    odhcp6c, dhcpcd, wide, dhclient, networkd, or auto (default)\n"
    "  --root DIR       look below DIR instead of /, for the configuration too\n"
    "  --interface IF   the interface towards the provider (default: the uplink's)\n"
    "  --uplink NAME    the uplink of sixgate.toml (default: the only one)\n"
    "  --config FILE    default: /etc/sixgate/sixgate.toml, when it is there\n"
    "  --state-dir DIR, --socket PATH   as given to sixgated\n"
    "  --dry-run, -n    show what is found, store nothing\n"
    "  FILE...          the client's files, when they are not in their usual places\n"
    "\n"
    "Stop the other client without a release (wide-dhcpv6 and odhcp6c release on SIGTERM: "
    "kill -9).\n";

struct Options {
  std::optional<ForeignClient> from;  // none: whichever has left something
  Search search;
  std::string uplink;
  std::optional<std::string> config;
  std::optional<std::string> state_dir;
  std::optional<std::string> socket;
  bool dry_run = false;
};

struct Target {
  std::string uplink;
  conf::Config config;
};

Unexpected<CommandResult> refuse(ExitCode code, std::string_view why) {
  std::string text = cat("sixgate: ", why, '\n');
  if (code == kUsage) text += "Try: sixgate import-identity --help\n";
  return Unexpected<CommandResult>(CommandResult{code, {}, std::move(text)});
}

Expected<Options, CommandResult> parse(std::span<const char* const> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    if (!name.starts_with('-') || name == "-") {
      options.search.files.emplace_back(name);
      continue;
    }
    if (name == "--dry-run" || name == "-n") {
      options.dry_run = true;
      continue;
    }
    std::optional<std::string> value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    constexpr std::array<std::string_view, 7> kWithValue{
        "--from", "--root", "--interface", "--uplink", "--config", "--state-dir", "--socket"};
    if (std::find(kWithValue.begin(), kWithValue.end(), name) == kWithValue.end()) {
      return refuse(kUsage, cat("unknown option ", printable(name)));
    }
    if (!value && i + 1 == arguments.size()) return refuse(kUsage, cat(name, " needs a value"));
    if (!value) value = arguments[++i];
    if (name == "--from") {
      options.from = parse_foreign_client(*value);
      if (!options.from && *value != "auto") {
        return refuse(kUsage, cat("--from ", printable(*value),
                                  ": it is odhcp6c, dhcpcd, wide, dhclient, networkd or auto"));
      }
    } else if (name == "--root") {
      options.search.root = *value == "/" ? "" : *value;
    } else if (name == "--interface") {
      options.search.interface = *value;
    } else if (name == "--uplink") {
      options.uplink = *value;
    } else if (name == "--config") {
      options.config = *value;
    } else if (name == "--state-dir") {
      options.state_dir = *value;
    } else {
      options.socket = *value;
    }
  }
  if (!options.search.files.empty() && !options.from) {
    return refuse(kUsage, "files need --from: whose are they?");
  }
  options.search.compute = options.from.has_value();
  return options;
}

// Whose identity it is going to be: an uplink of the configuration, or that of `sixgated --wan INTERFACE`.
Expected<Target, CommandResult> find_target(Options& options) {
  Target target;
  const std::string path =
      options.config.value_or(cat(options.search.root, conf::kDefaultConfigFile));
  const auto text = daemon::read_config_text(path);
  if (!text && (options.config || text.error().code != ENOENT)) {
    const bool forbidden = text.error().code == EACCES || text.error().code == EPERM;
    return refuse(forbidden ? kNoPermission : kFailure, text.error().message);
  }
  if (text) {
    const conf::ReadResult read = conf::read_toml(*text, path);
    if (!read.config) {
      return refuse(kFailure, cat(path, " has errors: see `sixgate check ", path, "`"));
    }
    target.config = *read.config;
  }
  if (options.state_dir) target.config.state_dir = *options.state_dir;
  if (options.socket) target.config.socket = *options.socket;

  std::string& interface = options.search.interface;
  const auto& uplinks = target.config.uplinks;
  if (uplinks.empty()) {
    target.uplink = options.uplink.empty() ? interface : options.uplink;
    if (interface.empty()) {
      return refuse(kUsage, cat("no configuration says which interface is the uplink (", path,
                                "): --interface is needed"));
    }
    return target;
  }
  std::vector<const conf::UplinkConfig*> meant;
  for (const conf::UplinkConfig& one : uplinks) {
    const bool named = options.uplink.empty() || one.name == options.uplink;
    const bool there = !options.uplink.empty() || interface.empty() || one.interface == interface;
    if (named && there) meant.push_back(&one);
  }
  if (meant.size() != 1) {
    std::string all;
    for (const conf::UplinkConfig& one : uplinks) {
      all += cat(all.empty() ? "" : ", ", one.name, " (", one.interface, ')');
    }
    return refuse(kUsage, cat(meant.empty() ? "no such uplink" : "--uplink is needed", ": ", path,
                              " has ", all));
  }
  target.uplink = meant[0]->name;
  if (interface.empty()) interface = meant[0]->interface;
  return target;
}

std::string iaid_text(std::uint32_t iaid) {
  const std::array<std::uint8_t, 4> octets{
      static_cast<std::uint8_t>(iaid >> 24), static_cast<std::uint8_t>(iaid >> 16),
      static_cast<std::uint8_t>(iaid >> 8), static_cast<std::uint8_t>(iaid)};
  return to_hex(octets);
}

std::string left_text(const daemon::ForeignLease& lease, std::int64_t wall) {
  const Lifetime valid = daemon::left_of(lease.valid, lease.since.value_or(wall), wall);
  if (valid.is_zero()) return "expired";
  return cat("valid for ",
             valid.is_infinite() ? std::string("ever") : duration_text(valid.count()));
}

std::string describe(const FoundIdentity& found, std::int64_t wall) {
  const daemon::ForeignIdentity& identity = found.identity;
  std::string out = cat(to_string(found.client), " on ", identity.interface, '\n');
  Table table;
  for (const std::string& file : found.files) table.row({"from", printable(file)});
  table.row({"DUID", identity.duid ? identity.duid->to_string() : "not found"});
  if (identity.address_iaid) table.row({"IAID", iaid_text(*identity.address_iaid), "addresses"});
  table.row({"IAID", identity.delegation_iaid ? iaid_text(*identity.delegation_iaid) : "not found",
             "prefixes"});
  for (const daemon::ForeignLease& one : identity.leases) {
    table.row({one.delegated ? "prefix" : "address",
               one.delegated ? one.prefix.to_string() : one.prefix.address().to_string(),
               left_text(one, wall)});
  }
  table.print(out, "  ");
  for (const std::string& remark : identity.remarks) out += cat("  ", remark, '\n');
  return out;
}

// Of several that are complete, one must be meant: those that say the same count as one.
const FoundIdentity* choose(const std::vector<FoundIdentity>& found) {
  const FoundIdentity* chosen = nullptr;
  for (const FoundIdentity& one : found) {
    if (!one.complete()) continue;
    if (chosen == nullptr) {
      chosen = &one;
    } else if (chosen->identity.duid != one.identity.duid ||
               chosen->identity.delegation_iaid != one.identity.delegation_iaid) {
      return nullptr;
    } else if (chosen->identity.leases.empty()) {
      chosen = &one;
    }
  }
  return chosen;
}

CommandResult failed(const daemon::FileError& error, std::string shown) {
  const bool forbidden = error.code == EACCES || error.code == EPERM || error.code == EROFS;
  return {forbidden ? kNoPermission : kFailure, std::move(shown),
          cat("sixgate: ", error.message, '\n')};
}

// Into both copies of the state, under the lock that a running sixgated holds.
CommandResult store(const Target& target, const FoundIdentity& chosen, std::int64_t wall,
                    std::string shown) {
  daemon::StateDirectory durable(target.config.state_dir);
  daemon::StateDirectory memory(daemon::memory_directory(target.config.socket));
  for (daemon::StateDirectory* directory : {&durable, &memory}) {
    const auto prepared = directory->prepare();
    if (prepared) continue;
    if (prepared.error().code == EWOULDBLOCK) {
      return {kFailure, std::move(shown),
              cat("sixgate: ", prepared.error().message,
                  ": stop sixgated, import, and start it again\n")};
    }
    if (directory == &durable) return failed(prepared.error(), std::move(shown));
  }
  const std::string boot = daemon::boot_id();
  const Instant now = daemon::clock_now();
  auto loaded = daemon::load_newest(durable, memory, boot, now);
  if (!loaded) {
    if (loaded.error().code != 0) return failed(loaded.error(), std::move(shown));
    durable.set_aside();
    shown += cat(loaded.error().message, "; it is kept as state.unreadable\n");
  }
  daemon::StoredState state;
  if (loaded && *loaded) state = std::move(**loaded);
  const bool others = state.duid && state.duid != chosen.identity.duid &&
                      std::any_of(state.leases.begin(), state.leases.end(),
                                  [&](const auto& one) { return one.first != target.uplink; });
  daemon::adopt(state, target.uplink, chosen.identity, now, wall);
  const std::string text = daemon::serialise(state, now, boot);
  if (const auto stored = durable.store(text); !stored) {
    return failed(stored.error(), std::move(shown));
  }
  // An older copy in memory would be taken for the newer one.
  if (const auto old = memory.load(); !old || *old) {
    if (const auto stored = memory.store(text); !stored) {
      return failed(stored.error(), std::move(shown));
    }
  }
  shown += cat("stored in ", durable.file(), " as the identity of uplink ", target.uplink, '\n');
  const std::optional<std::uint32_t> address = chosen.identity.address_iaid;
  if (address && address != chosen.identity.delegation_iaid) {
    shown +=
        "sixgated uses the IAID of the prefixes for its address too: that may become another\n";
  }
  if (others) {
    shown += "the DUID is that of all uplinks: what the others held was leased to the old one\n";
  }
  shown += cat(
      "Keep ", to_string(chosen.client),
      " from running beside sixgated: two clients with one identity take each other's leases.\n");
  return {kOk, std::move(shown), {}};
}

}  // namespace

CommandResult import_identity(std::span<const char* const> arguments, const std::string& socket) {
  for (const std::string_view argument : arguments) {
    if (argument == "--help" || argument == "-h") return {kOk, std::string(kImportHelp), {}};
  }
  auto options = parse(arguments);
  if (!options) return options.error();
  if (!options->socket && !socket.empty()) options->socket = socket;
  const auto target = find_target(*options);
  if (!target) return target.error();

  SearchResult all;
  for (const ForeignClient client : kForeignClients) {
    if (options->from && client != *options->from) continue;
    SearchResult one = search_identities(client, options->search);
    std::move(one.found.begin(), one.found.end(), std::back_inserter(all.found));
    std::move(one.problems.begin(), one.problems.end(), std::back_inserter(all.problems));
    all.forbidden = all.forbidden || one.forbidden;
  }
  CommandResult result;
  for (const std::string& problem : all.problems) result.errors += cat("sixgate: ", problem, '\n');
  const std::int64_t wall = ::time(nullptr);
  for (const FoundIdentity& one : all.found) result.out += describe(one, wall);

  const FoundIdentity* chosen = choose(all.found);
  if (chosen == nullptr) {
    const bool several = std::count_if(all.found.begin(), all.found.end(),
                                       [](const auto& one) { return one.complete(); }) > 1;
    result.code = all.forbidden ? kNoPermission : kFailure;
    result.errors +=
        several ? std::string("sixgate: several clients were at work here: say --from which\n")
        : all.found.empty()
            ? cat("sixgate: no DHCPv6 client has left anything about ", options->search.interface,
                  options->from ? "\n"
                                : " (of systemd-networkd, which forgets when it "
                                  "stops, ask with --from networkd)\n")
            : std::string(
                  "sixgate: without a DUID and the IAID of the prefixes there is "
                  "nothing to store\n");
    return result;
  }
  const conf::DuidConfig& configured = target->config.duid;
  const auto duid = chosen->identity.duid->bytes();
  if (configured.kind == conf::DuidConfig::Kind::kExplicit &&
      !std::equal(configured.bytes.begin(), configured.bytes.end(), duid.begin(), duid.end())) {
    result.code = kFailure;
    result.errors +=
        cat("sixgate: the configuration has another `duid`, which goes before what is stored: "
            "remove that line, or write\n  duid = \"",
            *chosen->identity.duid, "\"\n");
    return result;
  }
  if (options->dry_run) {
    result.out += cat("nothing is stored; without --dry-run this becomes the identity of uplink ",
                      target->uplink, " in ", target->config.state_dir, '\n');
    return result;
  }
  CommandResult stored = store(*target, *chosen, wall, std::move(result.out));
  stored.errors = result.errors + stored.errors;
  return stored;
}

}  // namespace sixgate::cli
