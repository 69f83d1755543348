// SPDX-License-Identifier: Apache-2.0
// Verdict, text and JSON of a probe, from findings as the measured servers gave them.
#include <gtest/gtest.h>

#include "cli/json.h"
#include "cli/probe_text.h"
#include "conf/config.h"

namespace sixgate::cli {
namespace {

using dhcp6::Duid;
using dhcp6::Status;
using dhcp6::SurveyAnswer;
using dhcp6::SurveyedServer;

constexpr Instant kNow = Instant::from_micros(1'000'000'000);

Prefix prefix(std::string_view text) { return *Prefix::parse(text); }

SurveyAnswer offer(const Prefix& offered) {
  SurveyAnswer answer;
  answer.heard = answer.present = answer.together = true;
  answer.t1 = Lifetime(1000);
  answer.t2 = Lifetime(2000);
  answer.leases.push_back({offered, Lifetime(3000), Lifetime(6000), Status::kSuccess, true});
  answer.offered.leases.push_back({offered, Lifetime(3000), Lifetime(6000), {}});
  return answer;
}

SurveyAnswer refusal(Status status) {
  SurveyAnswer answer;
  answer.heard = answer.present = true;
  answer.status = status;
  return answer;
}

class ProbeReportTest : public ::testing::Test {
 protected:
  ProbeReportTest() {
    report.interface = "wan0";
    report.link_ready = true;
    report.at = kNow;
    report.survey.hints = {prefix("::/48"), prefix("::/56"), prefix("::/64")};
    report.survey.complete = true;
  }
  SurveyedServer& server(const char* duid, std::vector<SurveyAnswer> answers) {
    SurveyedServer one{.server = *Duid::parse(duid), .source = *Ip6Address::parse("fe80::1")};
    one.prefixes = std::move(answers);
    report.survey.servers.push_back(std::move(one));
    return report.survey.servers.back();
  }
  bool said(std::string_view part) {
    verdict = judge(report);
    for (const std::string& one : verdict.sentences) {
      if (one.find(part) != std::string::npos) return true;
    }
    return false;
  }

  ProbeReport report{.interface = {}, .duid = *Duid::parse("000400112233445566778899aabbccddeeff")};
  Verdict verdict;
};

TEST_F(ProbeReportTest, AServerThatIgnoresHints) {
  SurveyedServer& one =
      server("0001", {offer(prefix("2001:db8:1::/56")), offer(prefix("2001:db8:1:100::/56")),
                      offer(prefix("2001:db8:1:200::/56"))});
  one.gave_both = true;
  one.address = offer(prefix("2001:db8::5/128"));
  report.survey.address_asked = true;
  EXPECT_TRUE(said("The largest prefix on offer is 2001:db8:1::/56: 256 /64s"));
  EXPECT_TRUE(said("ignores hints: whatever is asked for, it offers a /56"));
  EXPECT_TRUE(said("an address and a prefix in one exchange"));
  EXPECT_FALSE(said("Lock-in"));
  EXPECT_EQ(verdict.largest, prefix("2001:db8:1::/56"));
  EXPECT_EQ(verdict.reqprefix, 56U);
}

TEST_F(ProbeReportTest, AServerThatFollowsHintsAndThenLocks) {
  server("0001", {offer(prefix("2001:db8:1::/64")), offer(prefix("2001:db8:2::/56")),
                  offer(prefix("2001:db8:1:1::/64"))});
  EXPECT_TRUE(said("follows hints: it has /56 and /64"));
  EXPECT_TRUE(said("Lock-in: a client that asks for /48 and /64 is offered less than the /56"));
  EXPECT_EQ(verdict.reqprefix, 56U);
}

// Kea with a nearly empty pool of /64s before one of /56s: what comes depends on what was asked before.
TEST_F(ProbeReportTest, AServerWhoseAnswersAreAMatterOfChance) {
  server("0001", {offer(prefix("2001:db8:1::/64")), offer(prefix("2001:db8:1:1::/64")),
                  offer(prefix("2001:db8:2::/56"))});
  EXPECT_TRUE(said("offers /56 and /64, but not by the length that is asked for"));
  EXPECT_TRUE(said("No single question gets the /56 for certain"));
  EXPECT_FALSE(verdict.reqprefix);
}

TEST_F(ProbeReportTest, AServerThatWantsTheExactLength) {
  server("0001", {refusal(Status::kNoPrefixAvail), offer(prefix("2001:db8:2::/56")),
                  refusal(Status::kNoPrefixAvail)})
      .prefixes[1]
      .together = false;
  EXPECT_TRUE(said("gives exactly what is asked for, or nothing: it has /56"));
  const std::string text = probe_text(report, judge(report));
  EXPECT_NE(text.find("NoPrefixAvail"), std::string::npos) << text;
}

TEST_F(ProbeReportTest, AServerThatDelegatesNothing) {
  SurveyAnswer silent;
  silent.heard = true;
  server("0001", {silent, silent, silent});
  EXPECT_TRUE(said("it does not delegate"));
  EXPECT_FALSE(verdict.largest);
  EXPECT_TRUE(verdict.sixgate_toml.empty());
  report.survey.servers.clear();
  server("0002", {refusal(Status::kNoPrefixAvail), refusal(Status::kNoPrefixAvail),
                  refusal(Status::kNoPrefixAvail)});
  EXPECT_TRUE(said("refuses a prefix (NoPrefixAvail)"));
}

TEST_F(ProbeReportTest, NobodyAtAll) {
  EXPECT_TRUE(said("No DHCPv6 server answered"));
  EXPECT_TRUE(said("No router was heard either"));
  report.heard.any = true;
  EXPECT_TRUE(said("no M or O flag"));
  report.heard.managed = true;
  EXPECT_TRUE(said("try --duid"));
  report.link_ready = false;
  EXPECT_TRUE(said("wan0 is not ready"));
}

TEST_F(ProbeReportTest, ServersThatDiffer) {
  server("0001", {offer(prefix("2001:db8:1::/64")), offer(prefix("2001:db8:1::/64")),
                  offer(prefix("2001:db8:1::/64"))})
      .preference = 255;
  server("0002", {offer(prefix("2001:db8:2::/60")), offer(prefix("2001:db8:2::/60")),
                  offer(prefix("2001:db8:2::/60"))});
  EXPECT_TRUE(said("highest preference (255) offers only a /64"));
  EXPECT_EQ(verdict.largest, prefix("2001:db8:2::/60"));
}

TEST_F(ProbeReportTest, OddLifetimesAndTimersAreSaid) {
  SurveyAnswer answer = offer(prefix("2001:db8:1::/56"));
  answer.offered.leases[0].valid = answer.leases[0].valid = Lifetime(120);
  answer.t2 = Lifetime(0);
  server("0001", {answer, answer, answer});
  EXPECT_TRUE(said("valid for 2m only"));
  EXPECT_TRUE(said("Only one of T1 and T2"));
}

TEST_F(ProbeReportTest, WhatWasAskedInEarnest) {
  server("0001", {offer(prefix("2001:db8:1::/56")), offer(prefix("2001:db8:1::/56")),
                  offer(prefix("2001:db8:1::/56"))});
  report.commit =
      CommitOutcome{.asked = prefix("2001:db8:1::/56"), .delegated = {}, .released = false};
  EXPECT_TRUE(said("the server gave nothing"));
  report.commit->delegated.push_back({1, prefix("2001:db8:7::/56"), kNow, kNow, {}});
  report.commit->released = true;
  EXPECT_TRUE(said("the server gave 2001:db8:7::/56, as wide as it had offered"));
  EXPECT_TRUE(said("It was given back"));
}

TEST_F(ProbeReportTest, WhatItAdvisesIsAConfiguration) {
  server("0001", {offer(prefix("2001:db8:1::/56")), offer(prefix("2001:db8:1::/56")),
                  offer(prefix("2001:db8:1::/56"))});
  const std::string toml = judge(report).sixgate_toml + "[lan.home]\ninterface = \"lan0\"\n";
  const conf::ReadResult read = conf::read_toml(toml, "advice");
  ASSERT_TRUE(read.config) << toml;
  EXPECT_TRUE(read.warnings.empty());
}

TEST_F(ProbeReportTest, TheTableHasARowForEachHint) {
  server("00010203",
         {offer(prefix("2001:db8:1::/56")), refusal(Status::kNoPrefixAvail), SurveyAnswer()});
  report.heard.any = true;
  report.heard.routers.push_back({.address = *Ip6Address::parse("fe80::1"),
                                  .link_layer = {},
                                  .preference = ra::RouterPreference::kHigh,
                                  .router_until = kNow + seconds(1800),
                                  .managed = true,
                                  .other = true});
  report.heard.pref64 = ra::HeardPref64{prefix("64:ff9b::/96"), kNow + seconds(600)};
  EXPECT_EQ(probe_text(report, Verdict{{}, {"A sentence."}, {}, {}}),
            "prefix-probe on wan0 as 000400112233445566778899aabbccddeeff\n"
            "\n"
            "Routers\n"
            "  fe80::1              default router for 30m  preference high  flags MO\n"
            "  PREF64 64:ff9b::/96  for 10m\n"
            "\n"
            "Server 00010203 at fe80::1\n"
            "  asked for  offered          preferred  valid   T1       T2       status\n"
            "  ::/48      2001:db8:1::/56  50m        1h 40m  16m 40s  33m 20s  Success\n"
            "  ::/56      -                                                     NoPrefixAvail\n"
            "  ::/64      -                                                     no answer\n"
            "\n"
            "Verdict\n"
            "  A sentence.\n");
}

TEST_F(ProbeReportTest, TheJsonSaysTheSame) {
  server("00010203",
         {offer(prefix("2001:db8:1::/56")), refusal(Status::kNoPrefixAvail), SurveyAnswer()})
      .prefixes[0]
      .leases[0]
      .valid = Lifetime::infinite();
  const auto json = Json::parse(probe_json(report, judge(report)));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["schema"].number(), 1);
  EXPECT_EQ((*json)["verdict"]["largest"].text(), "2001:db8:1::/56");
  EXPECT_EQ((*json)["verdict"]["slash64s"].number(), 256);
  const Json& answers = (*json)["servers"].elements().at(0)["answers"];
  ASSERT_EQ(answers.elements().size(), 3U);
  const Json& first = answers.elements()[0];
  EXPECT_EQ(first["hint"].text(), "::/48");
  EXPECT_EQ(first["offered"].elements().at(0)["length"].number(), 56);
  EXPECT_TRUE(first["offered"].elements()[0]["valid"].is_null());
  EXPECT_EQ(answers.elements()[1]["status"].text(), "NoPrefixAvail");
  EXPECT_FALSE(answers.elements()[2]["answered"].truth());
}

}  // namespace
}  // namespace sixgate::cli
