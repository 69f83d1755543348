// SPDX-License-Identifier: Apache-2.0
#include "cli/probe_text.h"

#include <algorithm>

#include "cli/json_text.h"
#include "cli/table.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

using dhcp6::SurveyAnswer;
using dhcp6::SurveyedLease;
using dhcp6::SurveyedServer;

constexpr std::size_t kWidth = 78;

std::string lifetime(Lifetime value) {
  return value.is_infinite() ? std::string("forever") : duration_text(value.count());
}

std::string left(Instant end, Instant now) { return lifetime(remaining(end, now)); }

// T1 and T2 of 0 leave the choice to the client (RFC 9915 section 14.2).
std::string timer(Lifetime value) { return value.is_zero() ? std::string("0") : lifetime(value); }

std::string status_of(const SurveyAnswer& answer) {
  if (!answer.heard) return "no answer";
  std::string text = to_string(answer.status);
  if (!answer.present) text = "not in the answer";
  if (answer.message_status != dhcp6::Status::kSuccess) {
    text = answer.present && answer.status == dhcp6::Status::kSuccess
               ? cat("message: ", to_string(answer.message_status))
               : cat(text, ", message: ", to_string(answer.message_status));
  }
  return text;
}

// Sentences as paragraphs with an indent.
void wrap(std::string& out, std::string_view sentence) {
  std::string line = "  ";
  bool first = true;
  while (!sentence.empty()) {
    const std::size_t end = std::min(sentence.find(' '), sentence.size());
    const std::string_view word = sentence.substr(0, end);
    if (!first && line.size() + 1 + word.size() > kWidth) {
      out += cat(line, '\n');
      line = "  ";
      first = true;
    }
    line += cat(first ? "" : " ", word);
    first = false;
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  out += cat(line, '\n');
}

void routers(std::string& out, const ProbeReport& report) {
  const ra::Heard& heard = report.heard;
  out += "\nRouters\n";
  if (!heard.any) {
    out += "  none heard\n";
    return;
  }
  Table table;
  for (const ra::HeardRouter& one : heard.routers) {
    const std::string flags = cat(one.managed ? "M" : "", one.other ? "O" : "");
    table.row({one.address.to_string(),
               one.router_until > report.at
                   ? cat("default router for ", left(one.router_until, report.at))
                   : std::string("not a default router"),
               cat("preference ", ra::to_string(one.preference)),
               flags.empty() ? "no flags" : cat("flags ", flags)});
  }
  for (const ra::HeardPrefix& one : heard.prefixes) {
    const std::string flags =
        cat(one.on_link ? "L" : "", one.autonomous ? "A" : "", one.delegation_preferred ? "P" : "");
    const Instant valid = one.autonomous ? one.valid_until : one.on_link_until;
    table.row({cat("prefix ", one.prefix), cat("valid for ", left(valid, report.at)),
               one.autonomous ? cat("preferred for ", left(one.preferred_until, report.at)) : "",
               flags.empty() ? "" : cat("flags ", flags)});
  }
  for (const ra::HeardRoute& one : heard.routes) {
    table.row({cat("route ", one.prefix), cat("for ", left(one.until, report.at)),
               cat("preference ", ra::to_string(one.preference))});
  }
  for (const ra::HeardServer& one : heard.rdnss) {
    table.row({cat("DNS ", one.address), cat("for ", left(one.until, report.at))});
  }
  for (const ra::HeardDomain& one : heard.dnssl) {
    table.row(
        {cat("search ", printable(one.name.to_string())), cat("for ", left(one.until, report.at))});
  }
  if (heard.pref64) {
    table.row(
        {cat("PREF64 ", heard.pref64->prefix), cat("for ", left(heard.pref64->until, report.at))});
  }
  if (heard.mtu) table.row({cat("MTU ", *heard.mtu)});
  table.print(out, "  ");
}

void rows(Table& table, const std::string& asked, const SurveyAnswer& answer, bool address) {
  if (answer.leases.empty()) {
    table.row({asked, "-", "", "", "", "", status_of(answer)});
    return;
  }
  for (const SurveyedLease& one : answer.leases) {
    std::string status =
        one.status != dhcp6::Status::kSuccess ? to_string(one.status) : status_of(answer);
    if (!one.usable) status += ", not usable";
    table.row({asked, address ? one.prefix.address().to_string() : one.prefix.to_string(),
               lifetime(one.preferred), lifetime(one.valid), timer(answer.t1), timer(answer.t2),
               std::move(status)});
  }
}

void server(std::string& out, const ProbeReport& report, const SurveyedServer& server) {
  out += cat("\nServer ", server.server, " at ", server.source);
  if (server.preference > 0) out += cat(", preference ", unsigned{server.preference});
  out += '\n';
  Table table;
  table.row({"asked for", "offered", "preferred", "valid", "T1", "T2", "status"});
  for (std::size_t i = 0; i < server.prefixes.size(); ++i) {
    rows(table, report.survey.hints[i].to_string(), server.prefixes[i], false);
  }
  if (report.survey.address_asked) rows(table, "address", server.address, true);
  table.print(out, "  ");
}

}  // namespace

std::string probe_text(const ProbeReport& report, const Verdict& verdict) {
  std::string out = cat("prefix-probe on ", report.interface, " as ", report.duid);
  if (report.iaid) out += cat(", IAID ", *report.iaid);
  out += '\n';
  if (report.link_ready) routers(out, report);
  for (const SurveyedServer& one : report.survey.servers) server(out, report, one);
  out += "\nVerdict\n";
  for (const std::string& sentence : verdict.sentences) wrap(out, sentence);
  if (verdict.sixgate_toml.empty()) return out;
  out += "\nTo ask for it\n  sixgate.toml:\n";
  std::string_view lines = verdict.sixgate_toml;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    out += cat("    ", lines.substr(0, end), '\n');
    lines.remove_prefix(end + 1);
  }
  out += "  OpenWrt, /etc/config/network, the interface with proto dhcpv6:\n";
  out += cat("    option reqprefix '",
             verdict.reqprefix ? std::to_string(*verdict.reqprefix) : std::string("auto"), "'\n");
  return out;
}

}  // namespace sixgate::cli
