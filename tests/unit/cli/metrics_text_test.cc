// SPDX-License-Identifier: Apache-2.0
#include "cli/metrics_text.h"

#include <gtest/gtest.h>

namespace sixgate::cli {
namespace {

Json json(std::string_view text) { return Json::parse(text).value(); }

TEST(MetricsText, IsWhatPrometheusReads) {
  const Json status = json(R"({"version":"1.2","uplinks":[
      {"name":"wan","ready":true,"counters":{"ra_received":3,"ra_dropped_hop_limit":0},
       "delegations":[{"prefix":"2001:db8::/56","valid":5400},{"prefix":"2001:db8:1::/56","valid":null}]},
      {"name":"lte","ready":false,"counters":{"ra_received":1},"delegations":[]}],
     "lans":[{"name":"a\"b\\c","ready":true,"counters":{}}],
     "firewall":{"backend":"nft","applied":true},"problems":["one","two"]})");
  const Json leases =
      json(R"({"leases":[{"lan":"lan","type":"address"},{"lan":"lan","type":"address"},
     {"lan":"lan","type":"prefix"}]})");
  const Json counters = json(R"({"counters":{"refused":{"packets":7,"bytes":560}},
     "pinholes":[{"host":"2001:db8::7","protocol":6,"first_port":80,"last_port":80,"source":"::/0","packets":2,"bytes":160},
                 {"host":"2001:db8::7","protocol":17,"first_port":1,"last_port":9,"source":"::/0","packets":0,"bytes":0}],
     "rules":[{"chain":"forward","number":2,"about":"answers","packets":5,"bytes":500},
     {"table":"filter","chain":"input","number":1,"match":"-i wan0","about":"ping","packets":1,"bytes":60}]})");
  EXPECT_EQ(metrics_text(status, leases, counters),
            R"(# HELP sixgate_info Always 1.
# TYPE sixgate_info gauge
sixgate_info{version="1.2"} 1
# HELP sixgate_problems How many problems status names.
# TYPE sixgate_problems gauge
sixgate_problems 2
# HELP sixgate_uplink_ready Whether its link works.
# TYPE sixgate_uplink_ready gauge
sixgate_uplink_ready{uplink="wan"} 1
sixgate_uplink_ready{uplink="lte"} 0
# HELP sixgate_uplink_events_total What happened there, as status --json counts it.
# TYPE sixgate_uplink_events_total counter
sixgate_uplink_events_total{uplink="wan",event="ra_received"} 3
sixgate_uplink_events_total{uplink="wan",event="ra_dropped_hop_limit"} 0
sixgate_uplink_events_total{uplink="lte",event="ra_received"} 1
# HELP sixgate_prefix_valid_seconds How long a delegated prefix is still valid.
# TYPE sixgate_prefix_valid_seconds gauge
sixgate_prefix_valid_seconds{uplink="wan",prefix="2001:db8::/56"} 5400
sixgate_prefix_valid_seconds{uplink="wan",prefix="2001:db8:1::/56"} +Inf
# HELP sixgate_lan_ready Whether its link works.
# TYPE sixgate_lan_ready gauge
sixgate_lan_ready{lan="a\"b\\c"} 1
# HELP sixgate_leases What the DHCPv6 server gave, or hosts told of.
# TYPE sixgate_leases gauge
sixgate_leases{lan="lan",type="address"} 2
sixgate_leases{lan="lan",type="prefix"} 1
# HELP sixgate_firewall_applied Whether the rules are in place.
# TYPE sixgate_firewall_applied gauge
sixgate_firewall_applied{backend="nft"} 1
# HELP sixgate_firewall_packets_total What the rules refused and let in, by rule.
# TYPE sixgate_firewall_packets_total counter
sixgate_firewall_packets_total{rule="refused"} 7
# HELP sixgate_firewall_bytes_total What the rules refused and let in, by rule.
# TYPE sixgate_firewall_bytes_total counter
sixgate_firewall_bytes_total{rule="refused"} 560
# HELP sixgate_pinhole_packets_total What pinholes let in.
# TYPE sixgate_pinhole_packets_total counter
sixgate_pinhole_packets_total{host="2001:db8::7",protocol="6",ports="80",source="::/0"} 2
sixgate_pinhole_packets_total{host="2001:db8::7",protocol="17",ports="1-9",source="::/0"} 0
# HELP sixgate_pinhole_bytes_total What pinholes let in.
# TYPE sixgate_pinhole_bytes_total counter
sixgate_pinhole_bytes_total{host="2001:db8::7",protocol="6",ports="80",source="::/0"} 160
sixgate_pinhole_bytes_total{host="2001:db8::7",protocol="17",ports="1-9",source="::/0"} 0
# HELP sixgate_firewall_rule_packets_total What each rule of the moment has met.
# TYPE sixgate_firewall_rule_packets_total counter
sixgate_firewall_rule_packets_total{table="",chain="forward",number="2",match="",about="answers"} 5
sixgate_firewall_rule_packets_total{table="filter",chain="input",number="1",match="-i wan0",about="ping"} 1
# HELP sixgate_firewall_rule_bytes_total What each rule of the moment has met.
# TYPE sixgate_firewall_rule_bytes_total counter
sixgate_firewall_rule_bytes_total{table="",chain="forward",number="2",match="",about="answers"} 500
sixgate_firewall_rule_bytes_total{table="filter",chain="input",number="1",match="-i wan0",about="ping"} 60
)");
}

TEST(MetricsText, WhatIsNotThereIsNotShown) {
  const std::string text = metrics_text(json("{}"), json("{}"), json("{}"));
  EXPECT_EQ(text.find("uplink"), std::string::npos);
  EXPECT_NE(text.find("sixgate_problems 0\n"), std::string::npos);
}

}  // namespace
}  // namespace sixgate::cli
