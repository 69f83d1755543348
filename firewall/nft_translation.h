// SPDX-License-Identifier: Apache-2.0
// NPTv6 (RFC 6296) in table `ip6 sixgate`: the rules of three chains, which are all that names a translated prefix. As
// values, so that the text for nft and the kernel's own form (daemon/io/nft_batch.h) cannot differ: a renumbering
// rewrites these chains in the transaction that changes the sets, without nft.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/ruleset.h"
#include "net/prefix.h"

namespace sixgate::firewall {

enum class NftTranslationChain : std::uint8_t {
  kIn,     // hook prerouting: external to internal
  kOut,    // hook postrouting: internal to external
  kFlows,  // of `forward`: which ULA may leave
};
inline constexpr std::array<std::string_view, 3> kNftTranslationChains{
    "translate_in", "translate_out", "translated"};

struct NftTranslationRule {
  NftTranslationChain chain;
  enum class Fate : std::uint8_t {
    kTranslates,  // to prefix `to`
    kReturns,
    kIsForged,  // whatever it is: the other fields mean nothing
  } fate;
  std::string interface;  // by which it came (kIn) or goes (the others); empty: any LAN
  Prefix prefix;          // of its destination (kIn) or source (the others)
  enum class Flow : std::uint8_t {
    kAny,
    kUntranslated,
    kHairpin,     // translated on its way in, and was sent to `of`
    kAnsweredAt,  // answers come to `of`
    kSentTo,      // what it answers was sent to `of`
  } flow = Flow::kAny;
  Prefix of{};
  Prefix to{};
  std::string_view why;
  bool operator==(const NftTranslationRule&) const = default;
};

// Chain by chain; those of `translated` end with a rule for what is none of them. Inside, destinations are translated
// before rules see them and sources after; so a ULA in `forward` is one that was, or will be, translated, or is none of
// ours. A flow that began with another uplink's prefix, or one that is gone, is not carried on with it: that uplink's
// provider would drop it without a word.
std::vector<NftTranslationRule> nft_translation_rules(
    const std::vector<FirewallTranslation>& translations);

// A line for nft, without indentation and the end of the line.
std::string nft_text(const NftTranslationRule& rule);

}  // namespace sixgate::firewall
