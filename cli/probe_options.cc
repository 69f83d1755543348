// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "net/text.h"

namespace sixgate::cli {
namespace {

constexpr std::size_t kMostHints = 32;
constexpr std::uint64_t kLongestTimeout = 3600;
constexpr unsigned kLongestHint = 64;

// "56", "/56" or "2001:db8::/56", several with commas between.
Expected<std::vector<Prefix>> parse_hints(std::string_view text) {
  std::vector<Prefix> hints;
  while (true) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, end);
    std::optional<Prefix> hint = Prefix::parse(one);
    if (!hint) {
      if (one.starts_with('/')) one.remove_prefix(1);
      const auto length = parse_decimal(one);
      if (length && *length >= 1 && *length <= kLongestHint) {
        hint = Prefix(Ip6Address(), static_cast<unsigned>(*length));
      }
    }
    if (!hint || hint->length() == 0 || hint->length() > kLongestHint) {
      return fail(cat("--hint ", printable(text.substr(0, end)),
                      ": a length from 1 to 64 or a prefix, such as 56 or 2001:db8:1::/56"));
    }
    if (std::find(hints.begin(), hints.end(), *hint) == hints.end()) hints.push_back(*hint);
    if (hints.size() > kMostHints) return fail(cat("--hint: at most ", kMostHints, " of them"));
    if (end == text.size()) return hints;
    text.remove_prefix(end + 1);
  }
}

// Decimal, or hexadecimal after 0x.
std::optional<std::uint32_t> parse_iaid(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Expected<ProbeOptions> parse_probe_options(std::span<const char* const> arguments) {
  ProbeOptions options;
  ProbeSettings& settings = options.settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    if (name == "--help" || name == "-h") {
      options.help = true;
      return options;
    }
    if (name == "--version") {
      options.version = true;
      return options;
    }
    if (name == "--json" || name == "--serial" || name == "--request") {
      (name == "--json"     ? options.json
       : name == "--serial" ? settings.serial
                            : settings.request) = true;
      continue;
    }
    if (!name.starts_with('-')) {
      if (!settings.interface.empty()) return fail("one interface at a time");
      settings.interface = name;
      continue;
    }
    std::optional<std::string> value;
    if (const std::size_t equals = name.find('=');
        name.starts_with("--") && equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    constexpr std::array<std::string_view, 7> kWithValue{
        "-i", "--interface", "--duid", "--iaid", "--hint", "--pcap", "--timeout"};
    if (std::find(kWithValue.begin(), kWithValue.end(), name) == kWithValue.end()) {
      return fail(cat("unknown option ", printable(name)));
    }
    if (!value && i + 1 == arguments.size()) return fail(cat(name, " needs a value"));
    if (!value) value = arguments[++i];
    if (name == "-i" || name == "--interface") {
      if (!settings.interface.empty()) return fail("one interface at a time");
      settings.interface = *value;
    } else if (name == "--duid") {
      settings.duid = dhcp6::Duid::parse(*value);
      if (!settings.duid) return fail(cat("--duid ", printable(*value), ": hexadecimal digits"));
    } else if (name == "--iaid") {
      settings.iaid = parse_iaid(*value);
      if (!settings.iaid) return fail(cat("--iaid ", printable(*value), ": a number of 32 bits"));
    } else if (name == "--hint") {
      auto hints = parse_hints(*value);
      if (!hints) return Unexpected<Error>(hints.error());
      settings.hints = std::move(*hints);
    } else if (name == "--timeout") {
      const auto limit = parse_decimal(*value);
      if (!limit || *limit == 0 || *limit > kLongestTimeout) {
        return fail(cat("--timeout ", printable(*value), ": seconds, from 1 to ", kLongestTimeout));
      }
      settings.timeout = seconds(*limit);
    } else {
      options.pcap = *value;
    }
  }
  if (settings.interface.empty()) return fail("which interface?");
  if (settings.iaid && !settings.duid) return fail("--iaid goes with --duid: whose IAID is it?");
  return options;
}

std::string probe_usage() {
  return "Usage: prefix-probe [-i] IFACE [OPTION...]\n"
         "\n"
         "Shows what the routers and DHCPv6 servers of a link offer: which prefix for which hint, "
         "and what\n"
         "to ask for. Needs no daemon, requests nothing and changes nothing.\n"
         "\n"
         "  --serial         ask hint by hint, not all at once\n"
         "  --hint LIST      only these hints, such as 48,56 or 2001:db8:1::/56 (default: 48 to "
         "64)\n"
         "  --request        take the best offer under a throwaway identity, and give it back\n"
         "  --duid HEX       ask with this DUID (default: a throwaway one)\n"
         "  --iaid N         and this IAID, as the router that has them would ask. Some servers "
         "forget\n"
         "                   the prefix that is bound to it (dibbler)\n"
         "  --json           one JSON document (schema 1)\n"
         "  --pcap FILE      write what was sent and heard there\n"
         "  --timeout SECS   at most this long (default: 90)\n"
         "  --help, --version\n"
         "\n"
         "Exit codes: 0 a prefix is offered, 1 none is, 2 wrong usage, 4 no permission: it needs "
         "root, or\n"
         "CAP_NET_RAW and CAP_NET_BIND_SERVICE.\n";
}

}  // namespace sixgate::cli
