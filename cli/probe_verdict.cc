// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_verdict.h"

#include <algorithm>

#include "cli/json_text.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

using dhcp6::OfferedLease;
using dhcp6::SurveyAnswer;
using dhcp6::SurveyedServer;

// The lengths a server offers at all, shortest first.
std::vector<unsigned> lengths_of(const SurveyedServer& server) {
  std::vector<unsigned> lengths;
  for (const SurveyAnswer& answer : server.prefixes) {
    if (const OfferedLease* lease = answer.widest()) lengths.push_back(lease->prefix.length());
  }
  std::sort(lengths.begin(), lengths.end());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return lengths;
}

std::string joined(const std::vector<unsigned>& lengths) {
  std::string out;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    out += cat(i == 0 ? "/" : i + 1 == lengths.size() ? " and /" : ", /", lengths[i]);
  }
  return out;
}

std::string room_in(const Prefix& prefix) {
  if (prefix.length() > 64) return "too small for a LAN";
  const std::uint64_t count = prefix.subnet_count(64);
  return count == 1 ? std::string("one /64, so one LAN") : cat(count, " /64s, so as many LANs");
}

class Judge {
 public:
  explicit Judge(const ProbeReport& report) : report_(report), servers_(report.survey.servers) {}

  Verdict run() {
    if (!report_.link_ready) {
      say(cat(report_.interface,
              " is not ready: it is absent or down, has no carrier, or no link-local address."));
      return std::move(verdict_);
    }
    if (report_.timed_out) say("The time was over before every question had been asked.");
    if (servers_.empty()) {
      nobody();
    } else {
      largest();
      for (const SurveyedServer& server : servers_) judge_server(server);
      several();
      lifetimes();
      committed();
    }
    advise();
    return std::move(verdict_);
  }

 private:
  void say(std::string sentence) { verdict_.sentences.push_back(std::move(sentence)); }
  // "The server", or which one of several.
  std::string name(const SurveyedServer& server) const {
    return servers_.size() == 1 ? std::string("The server") : cat("Server ", server.server);
  }

  void nobody() {
    say("No DHCPv6 server answered: nobody delegates a prefix here.");
    if (!report_.heard.any) {
      say("No router was heard either. Is this the interface towards the provider, and is the line "
          "up? With "
          "PPPoE it is the ppp interface.");
    } else if (report_.heard.managed || report_.heard.other) {
      say("The routers' flags (M or O) say that there is a DHCPv6 server. Some providers answer "
          "known "
          "identities only: try --duid with that of the router that works.");
    } else {
      say("The routers do not speak of DHCPv6 either (no M or O flag): this may be a link for "
          "hosts alone.");
    }
  }

  void largest() {
    const OfferedLease* widest = report_.survey.widest();
    if (widest == nullptr) {
      say(servers_.size() == 1
              ? "A DHCPv6 server answered, but offers no prefix."
              : cat(servers_.size(), " DHCPv6 servers answered; none offers a prefix."));
      return;
    }
    verdict_.largest = widest->prefix;
    say(cat("The largest prefix on offer is ", widest->prefix, ": ", room_in(widest->prefix), '.'));
  }

  void judge_server(const SurveyedServer& server) {
    const std::vector<unsigned> lengths = lengths_of(server);
    if (lengths.empty()) {
      refusal(server);
    } else {
      hints(server, lengths);
      lock_in(server, lengths);
    }
    address(server, !lengths.empty());
  }

  void refusal(const SurveyedServer& server) {
    for (const SurveyAnswer& answer : server.prefixes) {
      if (!answer.heard) continue;
      const dhcp6::Status status =
          answer.status != dhcp6::Status::kSuccess ? answer.status : answer.message_status;
      if (!answer.present && status == dhcp6::Status::kSuccess) {
        return say(
            cat(name(server),
                " leaves the request for a prefix out of its answers: it does not delegate."));
      }
      return say(cat(name(server), " refuses a prefix (", to_string(status), ")."));
    }
  }

  void hints(const SurveyedServer& server, const std::vector<unsigned>& lengths) {
    switch (server.hint_behaviour(report_.survey.hints)) {
      case dhcp6::HintBehaviour::kUnknown:
        break;
      case dhcp6::HintBehaviour::kIgnored:
        say(lengths.size() == 1
                ? cat(name(server), " ignores hints: whatever is asked for, it offers a /",
                      lengths[0], '.')
                : cat(name(server), " offers ", joined(lengths),
                      ", but not by the length that is asked for."));
        break;
      case dhcp6::HintBehaviour::kFollowed:
        say(cat(name(server), " follows hints: it has ", joined(lengths),
                " and gives what is asked for."));
        break;
      case dhcp6::HintBehaviour::kExact:
        say(cat(name(server), " gives exactly what is asked for, or nothing: it has ",
                joined(lengths), '.'));
        break;
    }
  }

  // A server keeps what it has once delegated to an IA, so the first Request decides.
  void lock_in(const SurveyedServer& server, const std::vector<unsigned>& lengths) {
    if (lengths.size() < 2) return;
    std::vector<unsigned> trap;
    for (std::size_t i = 0; i < server.prefixes.size(); ++i) {
      const OfferedLease* lease = server.prefixes[i].widest();
      if (lease && lease->prefix.length() > lengths.front())
        trap.push_back(report_.survey.hints[i].length());
    }
    say(cat("Lock-in: a client that asks for ", joined(trap), " is offered less than the /",
            lengths.front(),
            " there is, and once it has taken it, most servers give it nothing else for as long as "
            "it renews."));
  }

  void address(const SurveyedServer& server, bool prefix) {
    if (!report_.survey.address_asked) return;
    if (!server.address.usable()) {
      if (server.address.heard)
        say(cat(name(server), " offers no address of the router's own (IA_NA)."));
      return;
    }
    if (!prefix) return say(cat(name(server), " offers an address (IA_NA) only."));
    switch (server.together()) {
      case dhcp6::Finding::kUnknown:
        break;
      case dhcp6::Finding::kYes:
        say(cat(name(server), " gives an address and a prefix in one exchange."));
        break;
      case dhcp6::Finding::kNo:
        say(cat(
            name(server),
            " gives an address or a prefix, not both in one exchange: ask for the prefix alone."));
        break;
    }
  }

  void several() {
    if (servers_.size() < 2 || !verdict_.largest) return;
    const auto preferred =
        std::max_element(servers_.begin(), servers_.end(),
                         [](const auto& a, const auto& b) { return a.preference < b.preference; });
    const OfferedLease* theirs = preferred->widest();
    if (theirs != nullptr && theirs->prefix.length() == verdict_.largest->length()) {
      say(cat(servers_.size(), " servers answer."));
      return;
    }
    say(cat(servers_.size(), " servers answer and differ: the one with the highest preference (",
            unsigned{preferred->preference}, ") offers ",
            theirs != nullptr ? cat("only a /", theirs->prefix.length()) : std::string("no prefix"),
            ". Clients that go by the preference take that; sixgate takes the widest."));
  }

  void lifetimes() {
    const OfferedLease* widest = report_.survey.widest();
    if (widest == nullptr) return;
    for (const SurveyedServer& server : servers_) {
      for (const SurveyAnswer& answer : server.prefixes) {
        if (answer.widest() != widest) continue;
        if (!widest->valid.is_infinite() && widest->valid.count() < 1800) {
          say(cat("It is valid for ", duration_text(widest->valid.count()),
                  " only: a router that is off for longer may come back to another prefix."));
        }
        if (answer.t1.is_zero() != answer.t2.is_zero()) {
          say("Only one of T1 and T2 is set: some clients refuse that (RFC 9915 section 21.21 "
              "leaves it to them).");
        }
        return;
      }
    }
  }

  void committed() {
    if (!report_.commit) return;
    const CommitOutcome& commit = *report_.commit;
    if (commit.delegated.empty()) {
      say(cat("Asked in earnest for ", commit.asked,
              ", the server gave nothing: its offers are not to be relied on."));
      return;
    }
    const Prefix& given = commit.delegated.front().prefix;
    say(given.length() == commit.asked.length()
            ? cat("Asked in earnest, the server gave ", given, ", as wide as it had offered.")
            : cat("Asked in earnest for ", commit.asked, ", the server gave ", given, '.'));
    say(commit.released
            ? "It was given back."
            : cat("The server did not confirm that it has it back; it is free again when its ",
                  "lifetime ends."));
  }

  void advise() {
    if (!verdict_.largest || verdict_.largest->length() > 64) return;
    const unsigned length = verdict_.largest->length();
    verdict_.sixgate_toml = cat("[uplink.wan]\ninterface = \"", report_.interface,
                                "\"\nrequest_prefix = ", length, "\n");
    // One question with one length is all that reqprefix can say. Where the answer is a matter of chance, no
    // length is right.
    const auto& hints = report_.survey.hints;
    for (const SurveyedServer& server : servers_) {
      const bool by_chance = lengths_of(server).size() > 1 &&
                             server.hint_behaviour(hints) == dhcp6::HintBehaviour::kIgnored;
      for (std::size_t i = 0; i < hints.size() && !by_chance; ++i) {
        const OfferedLease* lease = server.prefixes[i].widest();
        if (lease == nullptr || lease->prefix.length() != length) continue;
        if (!verdict_.reqprefix || hints[i].length() == length)
          verdict_.reqprefix = hints[i].length();
      }
    }
    if (!verdict_.reqprefix) {
      say(cat("No single question gets the /", length,
              " for certain: that takes a client that asks for every length before it takes "
              "anything, as "
              "sixgate does."));
    }
  }

  const ProbeReport& report_;
  const std::vector<SurveyedServer>& servers_;
  Verdict verdict_;
};

}  // namespace

Verdict judge(const ProbeReport& report) { return Judge(report).run(); }

}  // namespace sixgate::cli
