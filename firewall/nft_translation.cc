// SPDX-License-Identifier: Apache-2.0
#include "firewall/nft_translation.h"

#include "net/text.h"

namespace sixgate::firewall {

std::vector<NftTranslationRule> nft_translation_rules(
    const std::vector<FirewallTranslation>& translations) {
  using Chain = NftTranslationChain;
  using Fate = NftTranslationRule::Fate;
  using Flow = NftTranslationRule::Flow;
  constexpr std::string_view kNptv6 = "NPTv6: RFC 6296";
  constexpr std::string_view kHairpinning = "hairpin: RFC 6296 4.3";
  const std::string any_lan;
  std::vector<NftTranslationRule> in, out, flows;
  for (const FirewallTranslation& one : normalised(translations)) {
    const auto arrives = [&](const std::string& interface, std::string_view why) {
      in.push_back({.chain = Chain::kIn,
                    .fate = Fate::kTranslates,
                    .interface = interface,
                    .prefix = one.external,
                    .to = one.internal,
                    .why = why});
    };
    const auto leaves = [&](const std::string& interface, Flow flow, std::string_view why) {
      out.push_back({.chain = Chain::kOut,
                     .fate = Fate::kTranslates,
                     .interface = interface,
                     .prefix = one.internal,
                     .flow = flow,
                     .of = one.external,
                     .to = one.external,
                     .why = why});
    };
    const auto may_leave = [&](Flow flow, std::string_view why) {
      flows.push_back({.chain = Chain::kFlows,
                       .fate = Fate::kReturns,
                       .interface = one.uplink,
                       .prefix = one.internal,
                       .flow = flow,
                       .of = one.external,
                       .why = why});
    };
    arrives(one.uplink, kNptv6);
    arrives(any_lan, kHairpinning);
    if (one.begins) leaves(one.uplink, Flow::kAny, kNptv6);
    leaves(any_lan, Flow::kHairpin, kHairpinning);
    if (one.begins) may_leave(Flow::kUntranslated, "begins");
    may_leave(Flow::kAnsweredAt, "has its external address from here");
    may_leave(Flow::kSentTo, "answers what came here");
  }
  flows.push_back(
      {.chain = Chain::kFlows, .fate = Fate::kIsForged, .why = "ULA stay at home: RFC 7084 ULA-4"});
  in.insert(in.end(), out.begin(), out.end());
  in.insert(in.end(), flows.begin(), flows.end());
  return in;
}

std::string nft_text(const NftTranslationRule& rule) {
  using Fate = NftTranslationRule::Fate;
  using Flow = NftTranslationRule::Flow;
  std::string text;
  if (rule.fate != Fate::kIsForged) {
    const bool arrives = rule.chain == NftTranslationChain::kIn;
    const std::string where = rule.interface.empty() ? "@lan" : cat('"', rule.interface, '"');
    text = cat(arrives ? "iifname " : "oifname ", where, arrives ? " ip6 daddr " : " ip6 saddr ",
               rule.prefix, " ");
    switch (rule.flow) {
      case Flow::kAny:
        break;
      case Flow::kUntranslated:
        text += "ct status & (snat | dnat) == 0 ";
        break;
      case Flow::kHairpin:
        text += cat("ct status dnat ct original ip6 daddr ", rule.of, " ");
        break;
      case Flow::kAnsweredAt:
        text += cat("ct reply ip6 daddr ", rule.of, " ");
        break;
      case Flow::kSentTo:
        text += cat("ct original ip6 daddr ", rule.of, " ");
        break;
    }
  }
  text += "counter ";
  switch (rule.fate) {
    case Fate::kTranslates:
      text +=
          cat(rule.chain == NftTranslationChain::kIn ? "dnat" : "snat", " ip6 prefix to ", rule.to);
      break;
    case Fate::kReturns:
      text += "return";
      break;
    case Fate::kIsForged:
      text += "goto forged";
      break;
  }
  return cat(text, " comment \"", rule.why, "\"");
}

}  // namespace sixgate::firewall
