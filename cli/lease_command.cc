// SPDX-License-Identifier: Apache-2.0
#include "cli/lease_command.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/answer.h"
#include "cli/json_text.h"
#include "conf/key_values.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

CommandResult nothing_of(const std::string& whom) {
  return {kFailure, {}, cat("sixgate: nothing is leased to ", printable(whom), '\n')};
}

std::string who(const Json& one) {
  const std::string name = said(one["name"]);
  return name.empty() ? cat("DUID ", said(one["duid"])) : name;
}

bool is_of(const Json& lease, const std::string& whom) {
  const std::string client = lower_case(whom);
  if (lease["duid"].text() == client || (!client.empty() && lease["name"].text() == client))
    return true;
  const auto address = Ip6Address::parse(whom);
  const auto prefix = Prefix::parse(whom);
  const std::string canonical = address  ? address->to_string()
                                : prefix ? prefix->to_string()
                                         : std::string();
  const auto& held = lease["leases"].elements();
  return !canonical.empty() && std::any_of(held.begin(), held.end(), [&](const Json& one) {
    return one.text() == canonical;
  });
}

// One table: `iaid` only where the client has several IAs of a kind.
std::string table_of(const std::vector<const Json*>& leases, bool with_iaid) {
  const Json& first = *leases.front();
  const auto line = [](std::string_view key, const Json& value) {
    return value.is_text() && !value.text().empty()
               ? cat(key, " = ", conf::quoted(printable(value.text())), '\n')
               : std::string();
  };
  std::string out =
      cat("\n[[reservation]]\n", line("lan", first["lan"]), line("duid", first["duid"]));
  if (with_iaid) out += cat("iaid = ", first["iaid"].number(), '\n');
  for (const Json* lease : leases)
    out += cat(line("suffix", (*lease)["suffix"]), line("subnet", (*lease)["subnet"]));
  return out + line("name", first["name"]);
}

}  // namespace

CommandResult release_lease(const std::string& socket, const std::string& whom, bool as_json) {
  const auto answer = answer_to(socket, cat("lease release ", whom));
  if (!answer) return answer.error();
  const auto& released = answer->json["released"].elements();
  if (released.empty()) return nothing_of(whom);
  if (as_json) return {kOk, cat(answer->text, '\n'), {}};
  std::string out;
  for (const Json& one : released)
    out +=
        cat("released ", joined(one["leases"]), " of ", who(one), " on ", said(one["lan"]), '\n');
  return {kOk, std::move(out), {}};
}

std::string reservations_text(const Json& leases, const std::string& whom) {
  std::vector<const Json*> chosen;
  for (const Json& one : leases["leases"].elements()) {
    if (one["type"].text() != "registered" && is_of(one, whom)) chosen.push_back(&one);
  }
  std::string out;
  while (!chosen.empty()) {
    // Those of one client on one LAN, which one table holds when there is one of a kind.
    std::vector<const Json*> group;
    const Json& first = *chosen.front();
    std::erase_if(chosen, [&](const Json* one) {
      const bool same = (*one)["lan"].text() == first["lan"].text() &&
                        (*one)["duid"].text() == first["duid"].text();
      if (same) group.push_back(one);
      return same;
    });
    const auto count = [&](std::string_view type) {
      return std::count_if(group.begin(), group.end(),
                           [&](const Json* one) { return (*one)["type"].text() == type; });
    };
    if (count("address") <= 1 && count("prefix") <= 1) {
      out += table_of(group, false);
    } else {
      for (const Json* one : group) out += table_of({one}, true);
    }
  }
  return out;
}

CommandResult reserve_lease(const std::string& socket, const std::string& whom) {
  const auto answer = answer_to(socket, "leases");
  if (!answer) return answer.error();
  std::string tables = reservations_text(answer->json, whom);
  if (tables.empty()) return nothing_of(whom);
  return {kOk, std::move(tables), {}};
}

std::string event_text(const Json& event) {
  const std::string what = said(event["event"]);
  if (what == "begin") return {};
  const std::string place = cat(event["epoch"].number(), '.', event["seq"].number());
  if (what == "missed") {
    const bool counted = !event["count"].is_null();
    return cat(place, "  missed ", counted ? cat(event["count"].number()) : std::string("some"),
               " before this: see sixgate leases\n");
  }
  return cat(place, "  ", said(event["lan"]), "  ", what, ' ', joined(event["leases"]), ", ",
             who(event), ", valid ", lifetime_text(event["valid"]), '\n');
}

CommandResult monitor_leases(const MonitorLeases& wanted, const Sink& live) {
  CommandResult result;
  std::uint64_t left = wanted.count.value_or(0);
  const auto tell = [&](std::string text) {
    if (live)
      live(text);
    else
      result.out += text;
  };
  std::optional<CommandResult> ended;
  const auto take = [&](std::string_view line) {
    const auto event = Json::parse(line);
    if (!event || !event->is_object()) {
      ended = not_understood();
      return false;
    }
    if ((ended = refusal(*event))) return false;
    tell(wanted.as_json ? cat(line, '\n') : event_text(*event));
    const std::string& what = (*event)["event"].text();
    if (!wanted.count || what == "begin" || what == "missed") return true;
    return --left > 0;
  };
  const std::string command = wanted.since.empty() ? "events" : cat("events ", wanted.since);
  const auto followed = follow(wanted.socket, command, take);
  if (ended) {
    result.code = ended->code;
    result.errors = ended->errors;
  } else if (!followed) {
    const CommandResult why = failure(followed.error());
    result.code = why.code;
    result.errors = why.errors;
  }
  return result;
}

}  // namespace sixgate::cli
