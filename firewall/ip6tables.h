// SPDX-License-Identifier: Apache-2.0
// The ruleset for ip6tables: own chains `sixgate-*` in raw, mangle, filter, and nat where something is translated, one jump to them
// from each built-in chain. Good for both variants of ip6tables (legacy and nf_tables). What it has no memory for is
// left out: tunnels beside Mobile IPv6 (RFC 6092 REC-29).
//
// The text rewrites our chains whole; ip6tables-restore commits a table at once, and chains without
// sets are replaced without a gap (unlike nftables' sets). Jumps are apart: restore text cannot say
// "insert unless there".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/ruleset.h"

namespace sixgate::firewall {

// What the names of our chains begin with.
inline constexpr std::string_view kIp6tablesChains = "sixgate-";

// The chains that decide a packet's fate, and so count it, are the same whatever the Ruleset: once they are there they
// need not be written anew, and go on counting.
enum class FateChains : std::uint8_t { kWritten, kThere };

// For `ip6tables-restore --noflush`.
std::string render_ip6tables(const Ruleset& ruleset, FateChains fates = FateChains::kWritten);

// Endpoint-independent filtering remembers in a set of the kernel's, an ipset, where hosts have sent something from. Rules
// that name it can be loaded when it is there alone.
inline constexpr std::string_view kEndpointSet = "sixgate-endpoints";  // of type hash:ip,port
inline constexpr unsigned kEndpointSetSize = 16384;
inline constexpr unsigned kEndpointTime = 300;  // seconds; of TCP 240

// Whether rules of this Ruleset name it.
bool ip6tables_remembers(const Ruleset& ruleset);

struct Ip6tablesJump {
  std::string_view table;
  std::string_view built_in;  // PREROUTING, INPUT, ...
  std::string_view chain;     // ours
  // Arguments for ip6tables, without the program's name. `check` succeeds when the jump is there;
  // otherwise `insert` puts it at that place, 1 being the first, or `append` at the end where there are fewer rules
  // than that. Chains must exist: render_ip6tables() comes before.
  std::vector<std::string> check() const;
  std::vector<std::string> insert(unsigned position) const;
  std::vector<std::string> append() const;
  std::vector<std::string> remove() const;
};
// The table nat is touched by who translates alone: looking for it loads it. Its jumps are the first so many.
inline constexpr std::size_t kTranslationJumps = 2;
std::span<const Ip6tablesJump> ip6tables_jumps(bool translating);

// For `ip6tables-restore --noflush`: our chains, all of them there and no longer jumped to, go.
std::string ip6tables_removal(bool translating);

// For `ip6tables-restore --noflush`: the table nat alone, our chains in it empty where nothing is translated.
std::string render_ip6tables_nat(const Ruleset& ruleset);

// Whether there are chains for it in what ip6tables-save tells.
bool ip6tables_translates(std::string_view saved);

}  // namespace sixgate::firewall
