// SPDX-License-Identifier: Apache-2.0
#include "cli/metrics_text.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "net/text.h"

namespace sixgate::cli {
namespace {

using Label = std::pair<std::string_view, std::string_view>;

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

// All samples of one name stand together, behind what the name means.
class Metric {
 public:
  Metric(std::string& out, std::string_view name, std::string_view type, std::string_view help)
      : out_(out),
        name_(name),
        head_(cat("# HELP sixgate_", name, " ", help, "\n# TYPE sixgate_", name, " ", type, "\n")) {
  }

  void sample(std::initializer_list<Label> labels, std::string_view value) {
    out_ += std::exchange(head_, std::string());
    out_ += cat("sixgate_", name_);
    char before = '{';
    for (const auto& [label, said] : labels) {
      out_ += cat(before, label, "=\"", escaped(said), "\"");
      before = ',';
    }
    out_ += cat(labels.size() == 0 ? "" : "}", " ", value, "\n");
  }
  void sample(std::initializer_list<Label> labels, std::int64_t value) {
    sample(labels, std::string_view(std::to_string(value)));
  }

 private:
  std::string& out_;
  std::string_view name_;
  std::string head_;
};

void links(std::string& out, const Json& all, std::string_view kind) {
  const std::string ready = cat(kind, "_ready");
  const std::string events = cat(kind, "_events_total");
  Metric is_ready(out, ready, "gauge", "Whether its link works.");
  for (const Json& one : all.elements())
    is_ready.sample({{kind, one["name"].text()}}, one["ready"].truth() ? 1 : 0);
  Metric counted(out, events, "counter", "What happened there, as status --json counts it.");
  for (const Json& one : all.elements()) {
    for (const auto& [name, count] : one["counters"].members())
      counted.sample({{kind, one["name"].text()}, {"event", name}}, count.number());
  }
}

void prefixes(std::string& out, const Json& uplinks) {
  Metric valid(out, "prefix_valid_seconds", "gauge", "How long a delegated prefix is still valid.");
  for (const Json& uplink : uplinks.elements()) {
    for (const Json& one : uplink["delegations"].elements()) {
      valid.sample(
          {{"uplink", uplink["name"].text()}, {"prefix", one["prefix"].text()}},
          one["valid"].is_null() ? std::string("+Inf") : std::to_string(one["valid"].number()));
    }
  }
}

void count_leases(std::string& out, const Json& leases) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const Json& one : leases["leases"].elements())
    ++counts[{one["lan"].text(), one["type"].text()}];
  Metric metric(out, "leases", "gauge", "What the DHCPv6 server gave, or hosts told of.");
  for (const auto& [what, count] : counts)
    metric.sample({{"lan", what.first}, {"type", what.second}}, count);
}

void firewall(std::string& out, const Json& counters) {
  for (const auto& [unit, name] :
       {Label{"packets", "firewall_packets_total"}, Label{"bytes", "firewall_bytes_total"}}) {
    Metric metric(out, name, "counter", "What the rules refused and let in, by rule.");
    for (const auto& [rule, count] : counters["counters"].members())
      metric.sample({{"rule", rule}}, count[unit].number());
  }
  for (const auto& [unit, name] :
       {Label{"packets", "pinhole_packets_total"}, Label{"bytes", "pinhole_bytes_total"}}) {
    Metric metric(out, name, "counter", "What pinholes let in.");
    for (const Json& one : counters["pinholes"].elements()) {
      const std::string first = std::to_string(one["first_port"].number());
      const std::string last = std::to_string(one["last_port"].number());
      metric.sample({{"host", one["host"].text()},
                     {"protocol", std::to_string(one["protocol"].number())},
                     {"ports", first == last ? first : cat(first, "-", last)},
                     {"source", one["source"].text()}},
                    one[unit].number());
    }
  }
  for (const auto& [unit, name] : {Label{"packets", "firewall_rule_packets_total"},
                                   Label{"bytes", "firewall_rule_bytes_total"}}) {
    Metric metric(out, name, "counter", "What each rule of the moment has met.");
    for (const Json& one : counters["rules"].elements()) {
      metric.sample({{"table", one["table"].text()},
                     {"chain", one["chain"].text()},
                     {"number", std::to_string(one["number"].number())},
                     {"match", one["match"].text()},
                     {"about", one["about"].text()}},
                    one[unit].number());
    }
  }
}

}  // namespace

std::string metrics_text(const Json& status, const Json& leases, const Json& counters) {
  std::string out;
  Metric(out, "info", "gauge", "Always 1.").sample({{"version", status["version"].text()}}, 1);
  Metric(out, "problems", "gauge", "How many problems status names.")
      .sample({}, static_cast<std::int64_t>(status["problems"].elements().size()));
  links(out, status["uplinks"], "uplink");
  prefixes(out, status["uplinks"]);
  links(out, status["lans"], "lan");
  count_leases(out, leases);
  Metric(out, "firewall_applied", "gauge", "Whether the rules are in place.")
      .sample({{"backend", status["firewall"]["backend"].text()}},
              status["firewall"]["applied"].truth() ? 1 : 0);
  firewall(out, counters);
  return out;
}

}  // namespace sixgate::cli
