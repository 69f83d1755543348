// SPDX-License-Identifier: Apache-2.0
// The constant part of table `ip6 sixgate`. A rule's comment says why it is there, so that
// `nft list table ip6 sixgate` explains itself.
#include <algorithm>
#include <array>
#include <string>

#include "firewall/counted.h"
#include "firewall/nft.h"
#include "firewall/nft_translation.h"
#include "firewall/user_rules.h"
#include "net/text.h"

namespace sixgate::firewall {

namespace {

// With br_netfilter what only crosses a bridge comes to `forward` too, with the hop limit it was sent with; what is
// routed has lost one.
//
// Packets of interfaces that are not ours leave every chain at once: their tables decide.
//
// Input and forward come before everybody's `filter`: what others refuse there they may refuse only of what we let
// pass, and a mark tells them (nft_skeleton.cc, accept_mark).
//
// Order within a chain matters as follows. What works without conntrack comes before any `ct
// state`: Neighbor Discovery and DHCPv6 then live with a full connection table, and INVALID is
// dropped after them (the answer to a multicast ping and unsolicited errors are INVALID). Checks of
// source and destination come before `established`: a flow does not outlive the prefix it uses. Of sets that hold the
// same the one called `overlap` is looked into last (nft_stages).
constexpr std::string_view kRules = R"(
flush table ip6 sixgate
table ip6 sixgate {
	chain before_reassembly {
		type filter hook prerouting priority -450; policy accept;
		iifname != @wan iifname != @lan return comment "not our interface"
		exthdr frag exists icmpv6 type { 133-137 } counter name misplaced drop comment "ND never comes in fragments: RFC 6980 5"
	}
	chain raw_prerouting {
		type filter hook prerouting priority raw; policy accept;
		iifname != @wan iifname != @lan return comment "not our interface"
		rt type 0 counter name misplaced drop comment "deprecated routing header: RFC 5095, RFC 6092 REC-4"
		ip6 saddr ff00::/8 counter name outside drop comment "multicast is no source: RFC 6092 REC-1"
		icmpv6 type { 133-136, 141-142, 148-149 } ip6 hoplimit 255 notrack return comment "ND and SEND from this link without conntrack"
		icmpv6 type { 130-132, 143 } ip6 saddr :: notrack return comment "MLD of who has no address yet: RFC 3810 5.2.13"
		icmpv6 type { 130-137, 141-143, 148-149, 151-153 } notrack comment "the others likewise, from where they may come from"
		iifname @wan ip6 daddr fe80::/10 udp dport 546 notrack return comment "DHCPv6 answers come from any port: without conntrack"
		udp sport 547 udp dport 546 iifname . ip6 daddr @registered notrack return comment "answers to address registrations: RFC 9686"
		iifname @lan ip6 saddr fe80::/10 udp dport 547 notrack return comment "DHCPv6 requests without conntrack"
		iifname @lan ip6 daddr ff02::1:2 udp dport 547 notrack comment "hosts tell of their addresses: RFC 9686 4.2"
		udp dport 547 iifname . ip6 saddr @servers notrack return comment "answers to our DHCPv6 relay agent without conntrack"
		iifname @lan ip6 saddr != fe80::/10 iifname . ip6 saddr & ffff:ffff:ffff:ffff:: != @local64 iifname . ip6 saddr != @local iifname . ip6 saddr != @local_overlap goto spoofed comment "a source belongs to its LAN: BCP 38, RFC 7084 S-2, L-14"
		iifname . ip6 saddr @stationed iifname . ip6 saddr . ether saddr != @stations goto spoofed comment "what a router has is no other station's: RFC 9663 5, RFC 8987 R-3"
		iifname . ip6 daddr . ether saddr @stations counter name unrouted drop comment "would go round between us and that router: RFC 8987 R-5"
		iifname . ip6 saddr @delegated counter name outside drop comment "our own sources do not come from outside: RFC 6092 REC-6"
		iifname . ip6 saddr @delegated_overlap counter name outside drop comment "the same"
	}
	chain spoofed {
		iifname . ip6 saddr @withdrawn goto forged comment "its host may not have heard yet: RFC 7084 L-14"
		counter name forged drop comment "who has that source would be told"
	}
	chain forged {
		limit rate 10/second burst 20 packets counter name forged reject with icmpv6 type policy-fail comment "source failed ingress policy: RFC 7084 L-14"
		counter name forged drop comment "the same beyond the limit"
	}
	chain raw_output {
		type filter hook output priority raw; policy accept;
		oifname != @wan oifname != @lan return comment "not our interface"
		icmpv6 type { 130-137, 141-143, 148-149, 151-153 } notrack comment "ND, MLD, SEND and MRD without conntrack"
		udp sport . udp dport { 546 . 547, 547 . 546, 547 . 547 } notrack comment "DHCPv6 without conntrack"
		oifname @wan icmpv6 type 1 icmpv6 code 5 counter drop comment "no answer to the owner of a source that a LAN host forged"
		oifname @wan icmpv6 type 137 counter drop comment "we know of no better router there"
	}
	chain leaving {
		type filter hook postrouting priority srcnat + 1; policy accept;
		oifname @wan ip6 saddr fc00::/7 counter drop comment "ULA stay at home, our own too, unless translated by now: RFC 7084 ULA-4"
	}
	chain mss {
		type filter hook forward priority mangle; policy accept;
		oifname @wan tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu comment "segments fit the uplink"
		iifname @wan tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu comment "segments fit the uplink"
	}
	chain input {
		type filter hook input priority filter - 1; policy accept;
		iifname != @wan iifname != @lan accept comment "not our interface"
		icmpv6 type { 133-136, 141-142, 148-149 } ip6 hoplimit 255 accept comment "ND and SEND from this link: RFC 4861 6.1, RFC 4890 4.4.1"
		icmpv6 type { 130-132, 143 } ip6 saddr { ::, fe80::/10 } accept comment "MLD from this link: RFC 3810 5.1.14"
		icmpv6 type 151-153 ip6 saddr fe80::/10 ip6 hoplimit 1 accept comment "multicast router discovery from this link: RFC 4286"
		iifname @wan ip6 daddr fe80::/10 udp dport 546 accept comment "DHCPv6 answers: the only service on the WAN"
		udp sport 547 udp dport 546 iifname . ip6 daddr @registered accept comment "answers to address registrations: RFC 9686"
		iifname @lan ip6 saddr fe80::/10 udp dport 547 accept comment "DHCPv6 requests of hosts"
		iifname @lan ip6 daddr ff02::1:2 udp dport 547 accept comment "hosts tell of their addresses: RFC 9686 4.2"
		udp dport 547 iifname . ip6 saddr @servers accept comment "answers of the DHCPv6 servers that we relay to"
		iifname @knockers meta l4proto ah accept comment "IPsec AH: what it carries is judged when it is out of it"
		ct state established,related accept comment "answers"
		icmpv6 type echo-reply accept comment "INVALID when it answers a multicast ping"
		icmpv6 type { 1-4 } limit rate 100/second burst 200 packets accept comment "errors: RFC 4890 4.4.1"
		icmpv6 type echo-request limit rate 50/second burst 100 packets accept comment "ping: RFC 4890 4.4.1"
		ct state invalid counter name invalid drop comment "belongs to nothing"
		%user_input
		iifname @protected accept comment "those inside may manage us"
		iifname @asking udp dport 5351 accept comment "programs ask for pinholes: RFC 6887"
		iifname @lan meta l4proto { tcp, udp } th dport 53 accept comment "DNS for the other hosts"
		iifname @lan limit rate 100/second burst 200 packets counter name router reject with icmpv6 type admin-prohibited comment "they are told"
		%log
		counter name router drop comment "no service on the WAN: RFC 6092 REC-8, REC-9, REC-50"
	}
	chain forward {
		type filter hook forward priority filter - 1; policy accept;
		iifname != @wan iifname != @lan accept comment "not our interface"
		icmpv6 type { 133-137, 141-142, 148-149 } ip6 hoplimit != 255 counter name misplaced drop comment "not beyond its link: RFC 4890 4.3.3; 255: a bridge's"
		icmpv6 type { 130-132, 143, 151-153 } ip6 saddr { 2000::/3, fc00::/7 } counter name misplaced drop comment "the same; from link-local addresses: a bridge's"
		udp dport 547 iifname . ip6 saddr @servers iifname @lan iifname . ip6 saddr & ffff:ffff:ffff:ffff:: != @local64 iifname . ip6 saddr != @local iifname . ip6 saddr != @local_overlap goto spoofed comment "from there to us alone"
		iifname @wan jump from_wan comment "what no router lets in"
		oifname @wan jump to_wan comment "what no router lets out"
		%user_before_established
		ct state established,related accept comment "what is allowed already, and errors about it"
		%user_after_established
		iifname @wan ct state new oifname . meta mark @knock counter name knocks accept comment "proven by IPsec AH"
		iifname @lan oifname @lan iifname != @everywhere iifname . oifname != @reach goto apart comment "LANs that are kept apart"
		iifname @lan iifname != @protected oifname != @wan oifname != @lan goto beside comment "what is not ours"
		iifname @wan icmpv6 type echo-request ct state new goto unasked comment "begun by anybody"
		icmpv6 type { 3, 4, 128, 129, 144-147 } limit rate 1000/second burst 2000 packets accept comment "diagnosis, Mobile IPv6: RFC 4890 4.3.1, 4.3.2"
		iifname @wan oifname @guarded meta l4proto { ah, esp, 139 } ct state new goto unasked comment "begun by anybody"
		iifname @wan oifname @guarded udp dport 500 ct state new goto unasked comment "begun by anybody"
		oifname @guarded meta l4proto { ah, esp, 139 } accept comment "IPsec and HIP guard themselves: RFC 6092 REC-21, 22, 26"
		oifname @guarded udp dport 500 accept comment "IKE: RFC 6092 REC-24"
		%user_forward
		iifname @refusing iifname != @exposed iifname . ip6 saddr != @open iifname . ip6 saddr != @open_overlap oifname @wan ct state new tcp flags & (fin | syn | rst | ack) != syn counter name middles reject with tcp reset comment "a closed flow does not come back from its middle"
		iifname @refusing iifname . ip6 saddr @shut oifname @wan ct state new tcp flags & (fin | syn | rst | ack) != syn counter name middles reject with tcp reset comment "a closed flow does not come back from its middle"
		iifname @refusing iifname . ip6 saddr @shut_overlap oifname @wan ct state new tcp flags & (fin | syn | rst | ack) != syn counter name middles reject with tcp reset comment "a closed flow does not come back from its middle"
		iifname @protected accept comment "those inside may open anything"
		iifname . oifname @reach accept comment "may open to that LAN"
		iifname @lan oifname @wan accept comment "hosts may open to the Internet"
		iifname @wan oifname . ip6 daddr . tcp dport @door_tcp counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 daddr . udp dport @door_udp counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . tcp dport @pinhole_tcp counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . tcp dport @pinhole_tcp_overlap counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . udp dport @pinhole_udp counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . udp dport @pinhole_udp_overlap counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . meta l4proto @pinhole_other counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 saddr . ip6 daddr . meta l4proto @pinhole_other_overlap counter name pinholes accept comment "opened by the configuration, or by PCP"
		iifname @wan oifname . ip6 daddr @open accept comment "left to the router behind that LAN"
		iifname @wan oifname . ip6 daddr @open_overlap accept comment "left to the router behind that LAN"
		iifname @wan oifname . ip6 daddr @shut goto shut comment "guarded, as the LAN is not"
		iifname @wan oifname . ip6 daddr @shut_overlap goto shut comment "guarded, as the LAN is not"
		oifname @exposed accept comment "exposed hosts fend for themselves"
		ct state invalid counter name invalid drop comment "belongs to nothing, unmatched errors too: RFC 6092 REC-10"
		iifname @wan oifname @any_endpoint meta l4proto udp meta l4proto . ip6 daddr . th dport @endpoints counter name endpoints accept comment "sent something to somebody just now"
		iifname @wan oifname @any_endpoint tcp flags & (fin | syn | rst | ack) == syn meta l4proto . ip6 daddr . th dport @endpoints counter name endpoints accept comment "sent something to somebody just now"
		iifname @wan oifname @any_endpoint meta l4proto . ip6 daddr @endpoints_without_port counter name endpoints accept comment "sent something to somebody just now"
		iifname @wan oifname @guarded meta l4proto { 4, 41 } ip6 daddr . ip6 saddr @mobile counter name endpoints accept comment "tunnel beside Mobile IPv6: RFC 6092 REC-29"
		oifname @guarded goto to_guarded comment "the inside started nothing like this"
		counter name refused drop comment "nothing else asked for it"
	}
	chain shut {
		meta l4proto { ah, esp, 139 } ct state new goto unasked comment "begun by anybody"
		udp dport 500 ct state new goto unasked comment "begun by anybody"
		meta l4proto { ah, esp, 139 } accept comment "IPsec and HIP guard themselves: RFC 6092 REC-21, 22, 26"
		udp dport 500 accept comment "IKE: RFC 6092 REC-24"
		ct state invalid counter name invalid drop comment "belongs to nothing, unmatched errors too: RFC 6092 REC-10"
		goto to_guarded comment "the inside started nothing like this"
	}
	chain unasked {
		icmpv6 type echo-request limit rate 50/second burst 100 packets counter name unasked accept comment "anybody may, but no scan of a /64 fills our table of neighbours: RFC 6583 6.4"
		meta l4proto { ah, esp, 139 } limit rate 25/second burst 50 packets counter name unasked accept comment "whoever pings keeps nobody out: RFC 6092 REC-21, 22, 26"
		udp dport 500 limit rate 25/second burst 50 packets counter name unasked accept comment "the same: RFC 6092 REC-24"
		counter name flood drop comment "the same beyond the limit"
	}
	chain refused {
		limit rate 100/second burst 200 packets counter name refused reject with icmpv6 type admin-prohibited comment "told why"
		counter name refused drop comment "the same beyond the limit"
	}
	chain apart {
		limit rate 100/second burst 200 packets counter name apart reject with icmpv6 type admin-prohibited comment "told why"
		counter name apart drop comment "the same beyond the limit"
	}
	chain beside {
		%user_forward
		goto apart comment "a VPN, a container's bridge: for those who may manage us"
	}
	chain unassigned {
		limit rate 100/second burst 200 packets counter name unrouted reject with icmpv6 type no-route comment "delegated, given to no LAN: RFC 7084 WPD-5"
		counter name unrouted drop comment "the same beyond the limit"
	}
	chain from_wan {
		iifname != @crossing counter name unprovisioned drop comment "nothing crosses before address and prefix are there: RFC 7084 G-3"
		ip6 saddr { ::/96, ::ffff:0:0/96, 2001:10::/28, fc00::/7, fec0::/10 } counter name outside drop comment "not sources of the Internet: RFC 6092 REC-3, REC-7"
		iifname . ip6 saddr @forbidden counter name outside drop comment "documentation prefix: RFC 6092 REC-3"
		icmpv6 type { 100, 101, 127, 130-143, 148, 149, 151-153, 200, 201, 255 } counter name misplaced drop comment "not beyond its link or site: RFC 4890 4.3.3, 4.3.5"
		%translated_in
		oifname . ip6 daddr & ffff:ffff:ffff:ffff:: @assigned64 return comment "a LAN's own prefix"
		oifname . ip6 daddr @assigned return comment "a LAN's own prefix"
		oifname . ip6 daddr @assigned_overlap return comment "a LAN's own prefix"
		oifname != @wan oifname != @lan ct state established,related accept comment "answers to interfaces that are not ours"
		ip6 daddr fc00::/7 counter name unrouted drop comment "not on the Internet: RFC 4193 4.3"
		iifname . ip6 daddr @delegated goto unassigned comment "given to no LAN"
		iifname . ip6 daddr @delegated_overlap goto unassigned comment "given to no LAN"
		oifname @wan limit rate 100/second burst 200 packets counter name unrouted reject with icmpv6 type addr-unreachable comment "would go back where it came from: RFC 4443 3.1, RFC 7084 G-2"
		counter name unrouted drop comment "not for us: nor ULA, multicast, WAN to WAN"
	}
	chain to_wan {
		oifname != @crossing limit rate 100/second burst 200 packets counter name unprovisioned reject with icmpv6 type no-route comment "nothing crosses before address and prefix are there: RFC 7084 G-3"
		oifname != @crossing counter name unprovisioned drop comment "the same beyond the limit"
		iifname @closed goto apart comment "this LAN has no way out"
		ip6 daddr ff00::/8 ip6 daddr & ff0f:: <= ff08:: counter name misplaced drop comment "multicast of organization scope or less stays: RFC 6092 REC-2"
		icmpv6 type { 100, 101, 127, 130-143, 148, 149, 151-153, 200, 201, 255 } counter name misplaced drop comment "not beyond its link or site: RFC 4890 4.3.3, 4.3.5"
		ip6 daddr { ::/96, ::ffff:0:0/96, 2001:10::/28, fc00::/7, fec0::/10 } limit rate 100/second burst 200 packets counter name unrouted reject with icmpv6 type no-route comment "not on the Internet: RFC 6092 REC-3, REC-7"
		ip6 daddr { ::/96, ::ffff:0:0/96, 2001:10::/28, fc00::/7, fec0::/10 } counter name unrouted drop comment "the same beyond the limit"
		oifname . ip6 daddr @forbidden limit rate 100/second burst 200 packets counter name unrouted reject with icmpv6 type no-route comment "documentation prefix: RFC 6092 REC-3"
		oifname . ip6 daddr @forbidden counter name unrouted drop comment "the same beyond the limit"
		oifname . ip6 daddr @delegated goto unassigned comment "given to no LAN"
		oifname . ip6 daddr @delegated_overlap goto unassigned comment "given to no LAN"
		%translated_out
		iifname . ip6 saddr & ffff:ffff:ffff:ffff:: != @assigned64 iifname . ip6 saddr != @assigned iifname . ip6 saddr != @assigned_overlap limit rate 10/second burst 20 packets counter name forged reject with icmpv6 type policy-fail comment "ULA and invalidated sources stay at home: RFC 7084 ULA-4, L-14, RFC 6092 REC-5"
		iifname . ip6 saddr & ffff:ffff:ffff:ffff:: != @assigned64 iifname . ip6 saddr != @assigned iifname . ip6 saddr != @assigned_overlap counter name forged drop comment "the same beyond the limit"
		iifname @any_endpoint ct direction original meta l4proto udp update @endpoints { meta l4proto . ip6 saddr . th sport timeout 5m } comment "anybody may answer: RFC 6092 REC-17"
		iifname @any_endpoint ct direction original tcp flags & (fin | syn | rst | ack) == syn update @endpoints { meta l4proto . ip6 saddr . th sport timeout 4m } comment "anybody may answer: RFC 6092 REC-33"
		iifname @any_endpoint ct direction original tcp flags & (fin | rst) == 0 meta l4proto . ip6 saddr . th sport @endpoints update @endpoints { meta l4proto . ip6 saddr . th sport timeout 4m } comment "the same, as long as it goes on"
		iifname @any_endpoint ct direction original meta l4proto != { tcp, udp, udplite, icmpv6, sctp, dccp, ah, esp, 139 } update @endpoints_without_port { meta l4proto . ip6 saddr timeout 5m } comment "anybody may answer: RFC 6092 REC-11"
		iifname @guarded meta l4proto 135 update @mobile { ip6 saddr . ip6 daddr timeout 1h } comment "a tunnel may come back: RFC 6092 REC-29"
	}
	chain to_guarded {
		%log
		iifname @wan meta l4proto { tcp, sctp } counter name refused drop comment "no early answer, it would end a simultaneous open: RFC 6092 REC-34, REC-39"
		goto refused comment "not asked for"
	}
}
)";

// Sets that packets fill: where hosts have sent something from. What finds no room is answered by those alone that it was
// sent to. Only who begins a flow is remembered: the answers of a host that is open to some are to open it to nobody else,
// nor is TCP that goes on when the table of connections was lost. Of UDP nobody can tell then.
constexpr std::string_view kLearned =
    R"(	set endpoints { type inet_proto . ipv6_addr . inet_service; flags dynamic,timeout; size 16384; comment "what anybody may answer"; }
	set endpoints_without_port { type inet_proto . ipv6_addr; flags dynamic,timeout; size 4096; comment "the same of other protocols"; }
	set mobile { type ipv6_addr . ipv6_addr; flags dynamic,timeout; size 4096; comment "spoke Mobile IPv6 with"; }
)";

constexpr std::string_view type_of(NftKey key) {
  switch (key) {
    case NftKey::kInterface:
      return "type ifname;";
    case NftKey::kInterfacePair:
      return "type ifname . ifname;";
    case NftKey::kInterfaceMark:
      return "type ifname . mark;";
    case NftKey::kInterface64:
      return "type ifname . ipv6_addr;";
    case NftKey::kInterfacePrefix:
      return "type ifname . ipv6_addr; flags interval;";
    case NftKey::kPort:
      return "type ifname . ipv6_addr . inet_service;";
    case NftKey::kPorts:
      return "type ifname . ipv6_addr . ipv6_addr . inet_service; flags interval;";
    case NftKey::kProtocol:
      return "type ifname . ipv6_addr . ipv6_addr . inet_proto; flags interval;";
    case NftKey::kStation:
      return "type ifname . ipv6_addr . ether_addr; flags interval;";
  }
  return "";
}

// An accept in one table ends nothing in another: where there is a mark, what passes bears it. Interfaces that are not
// ours pass unmarked.
std::string marked(std::string_view line) {
  constexpr std::string_view kPassing = " accept comment";
  const std::size_t at = line.find(kPassing);
  if (at == std::string_view::npos || line.find("\"not our interface\"") != std::string_view::npos)
    return std::string(line);
  return cat(line.substr(0, at), " goto accepted comment", line.substr(at + kPassing.size()));
}

// What a rule decides it counts, each for itself; not what is no concern of ours.
std::string counting(std::string line) {
  constexpr std::array<std::string_view, 8> kDeciding{"counter", "accept", "drop", "return",
                                                      "notrack", "reject", "goto", "jump"};
  constexpr std::string_view kCounter = "counter ";
  const std::size_t comment = std::min(line.find(" comment \""), line.size() - 1);
  if (!line.starts_with("\t\t") || line.find("\"not our interface\"") != std::string::npos)
    return line;
  for (std::size_t at = 2; at < comment;) {
    const std::size_t end = std::min(line.find(' ', at), comment);
    const std::string_view word = std::string_view(line).substr(at, end - at);
    if (std::ranges::find(kDeciding, word) != kDeciding.end()) {
      const bool anonymous =
          word == "counter" && !std::string_view(line).substr(end).starts_with(" name ");
      return anonymous ? line : line.insert(at, kCounter);
    }
    at = end + 1;
  }
  return line;
}

// Of a home that translates.
std::string translation_chains(const std::vector<FirewallTranslation>& translations) {
  constexpr std::array<std::string_view, kNftTranslationChains.size()> kHooks{
      "\t\ttype nat hook prerouting priority dstnat; policy accept;\n",
      "\t\ttype nat hook postrouting priority srcnat; policy accept;\n", ""};
  const std::vector<NftTranslationRule> rules = nft_translation_rules(translations);
  std::string out;
  for (std::size_t i = 0; i < kNftTranslationChains.size(); ++i) {
    out += cat("\tchain ", kNftTranslationChains[i], " {\n", kHooks[i]);
    for (const NftTranslationRule& rule : rules) {
      if (static_cast<std::size_t>(rule.chain) == i) out += cat("\t\t", nft_text(rule), "\n");
    }
    out += "\t}\n";
  }
  return out;
}

// The rules, with what a home has beyond what every home needs alike.
std::string rules_for(const Ruleset& ruleset) {
  std::string out;
  const bool translating = translates(ruleset);
  bool decides = false;  // in a chain whose accept is a verdict on the packet
  std::string_view rules = kRules;
  while (!rules.empty()) {
    const std::size_t end = std::min(rules.find('\n'), rules.size() - 1) + 1;
    const std::string_view line = rules.substr(0, end);
    rules.remove_prefix(end);
    if (line == "\t\t%log\n") {
      if (ruleset.log_rate > 0)
        out += "\t\tiifname @wan jump log_refused comment \"as the configuration says\"\n";
      continue;
    }
    if (line == "\t\t%translated_in\n") {
      if (translating)
        out +=
            "\t\tip6 daddr fc00::/7 ct status & (snat | dnat) == 0 counter name unrouted drop "
            "comment \"ULA are reached by translation alone\"\n"
            "\t\tip6 daddr fc00::/7 ct state invalid,untracked counter name unrouted drop "
            "comment \"the same of what belongs to no flow\"\n";
      continue;
    }
    if (line == "\t\t%translated_out\n") {
      if (translating)
        out += "\t\tip6 saddr fc00::/7 jump translated comment \"NPTv6: RFC 6296\"\n";
      continue;
    }
    if (line.starts_with("\t\t%")) {
      if (ruleset.user_rules.empty()) continue;
      const std::string jump = cat("\t\tjump ", line.substr(3, line.size() - 4), "\n");
      const std::uint32_t mark = ruleset.accept_mark;
      out += mark == 0
                 ? jump
                 : cat("\t\tmeta mark set meta mark | ", mark,
                       " comment \"for what rules of your own accept\"\n", jump,
                       "\t\tmeta mark set meta mark & ", ~mark, " comment \"they have not\"\n");
      continue;
    }
    if (line.starts_with("\tchain ")) {
      const auto is = [&](std::string_view name) {
        return line.starts_with(cat("\tchain ", name));
      };
      decides = is("input") || is("forward") || is("shut") || is("unasked");
      if (is("input") && ruleset.accept_mark != 0)
        out += cat("\tchain accepted {\n\t\tmeta mark set meta mark | ", ruleset.accept_mark,
                   " accept comment \"for the rules of others\"\n\t}\n");
      if (is("input") && translating) out += translation_chains(ruleset.translations);
      if (is("input") && ruleset.log_rate > 0)
        out += cat(
            "\tchain log_refused {\n\t\tlimit rate ", ruleset.log_rate, "/second burst ",
            ruleset.log_rate,
            " packets counter name logged log prefix \"sixgate refused: \" comment \"and no more "
            "than that\"\n\t}\n");
      if (is("input") && !ruleset.user_rules.empty()) {
        for (const UserChain& chain : kUserChains) out += cat("\tchain ", chain.nft, " {\n\t}\n");
      }
    }
    out += counting(decides && ruleset.accept_mark != 0 ? marked(line) : std::string(line));
  }
  // Last of all, so that a complaint about them names a line that can be told from ours.
  if (!ruleset.user_rules.empty())
    out += cat("table ip6 ", kNftTable, " {\n", ruleset.user_rules, "\n}\n");
  return out;
}

}  // namespace

std::string nft_skeleton(const Ruleset& ruleset) {
  std::string text = cat("table ip6 ", kNftTable, " {\n");
  for (const NftSetKind& kind : kNftSetKinds) {
    text += cat("\tset ", kind.name, " { ", type_of(kind.key), kind.counted ? " counter;" : "",
                " comment \"", kind.why, "\"; }\n");
  }
  text += kLearned;
  for (const CountedKind& kind : kCountedKinds)
    text += cat("\tcounter ", kind.name, " { comment \"", kind.why, "\"; }\n");
  return cat(text, "}", rules_for(ruleset));
}

std::string nft_removal() {
  return cat("table ip6 ", kNftTable, "\ndelete table ip6 ", kNftTable, "\n");
}

}  // namespace sixgate::firewall
