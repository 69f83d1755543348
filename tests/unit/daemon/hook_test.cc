// SPDX-License-Identifier: Apache-2.0
// The hook's values: which action two views make, and the variables to the last octet.
#include "daemon/hook.h"

#include <gtest/gtest.h>

#include "house_model.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::domain;
using testing::heard_prefix;
using testing::heard_router;
using testing::kNow;
using testing::mac;
using testing::prefix;

using Action = HookAction;

constexpr std::uint32_t kHookIaid = 77;

dhcp6::LeasedPrefix leased(const char* text, std::uint32_t iaid = kHookIaid) {
  return {iaid, prefix(text), kNow + seconds(1800), kNow + seconds(3600), {}};
}

HookView bound_view() {
  HookView view;
  view.first_iaid = kHookIaid;
  view.client = dhcp6::Duid::ll(mac(1));
  dhcp6::Lease& lease = view.lease;
  lease.server = dhcp6::Duid::ll(mac(9));
  lease.server_address = address("fe80::9");
  lease.prefixes = {leased("2001:db8:1::/56")};
  lease.renew_at = kNow + seconds(900);
  lease.rebind_at = kNow + seconds(1440);
  lease.stateful = lease.verified = true;
  return view;
}

HookView informed_view() {
  HookView view;
  view.lease.server = dhcp6::Duid::ll(mac(9));
  view.lease.dns_servers = {address("2001:db8::53")};
  return view;
}

std::optional<Action> between(const HookView& told, const HookView& is, bool rebound = false) {
  return action_between(told, is, rebound, kNow);
}

// The value of a variable, or "(none)".
std::string variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& one : environment) {
    if (one.starts_with(cat(name, '='))) return one.substr(name.size() + 1);
  }
  return "(none)";
}

std::string variable(const HookView& view, std::string_view name) {
  return variable(hook_environment(Action::kUpdated, view, view, "wan", kNow), name);
}

TEST(HookAction, FollowsTheLease) {
  const HookView nothing;
  const HookView bound = bound_view();
  EXPECT_EQ(between(nothing, nothing), std::nullopt);
  EXPECT_EQ(between(nothing, bound), Action::kBound);
  EXPECT_EQ(between(bound, bound), std::nullopt);
  EXPECT_EQ(between(bound, nothing), Action::kUnbound);
  EXPECT_EQ(between(nothing, informed_view()), Action::kInformed);
  EXPECT_EQ(between(informed_view(), nothing), Action::kUnbound);
  EXPECT_EQ(between(informed_view(), bound), Action::kBound);
  EXPECT_EQ(between(bound, informed_view()), Action::kUnbound);
  HookView told_else = informed_view();
  told_else.lease.dns_servers.clear();
  EXPECT_EQ(between(informed_view(), told_else), Action::kInformed);
}

TEST(HookAction, ARenewalIsAnUpdateAndAnotherServerARebind) {
  const HookView bound = bound_view();
  HookView renewed = bound;
  renewed.lease.prefixes[0].valid_until = kNow + seconds(7200);
  EXPECT_EQ(between(bound, renewed), Action::kUpdated);
  EXPECT_EQ(between(bound, renewed, true), Action::kRebound);
  HookView moved = bound;
  moved.lease.server = dhcp6::Duid::ll(mac(8));
  EXPECT_EQ(between(bound, moved), Action::kRebound);
}

// A link that was away for a moment, a replayed Reconfigure: nothing a script could act on.
TEST(HookAction, WhatIsOursAloneIsNoNews) {
  const HookView bound = bound_view();
  HookView same = bound;
  same.lease.verified = false;
  same.lease.reconfigure_key.emplace();
  same.lease.server_address = address("fe80::10");
  EXPECT_EQ(between(bound, same), std::nullopt);
}

TEST(HookAction, ARefreshedAdvertisementIsNewsWhenWhatWasToldRunsOut) {
  HookView told;
  told.heard.routers = {heard_router("fe80::1", kNow + seconds(1800))};
  const auto after = [&](Duration waited, Duration lifetime) {
    HookView is = told;
    is.heard.routers[0].router_until = kNow + waited + lifetime;
    return action_between(told, is, false, kNow + waited);
  };
  EXPECT_EQ(after(seconds(600), seconds(1800)), std::nullopt);
  EXPECT_EQ(after(seconds(901), seconds(1800)), Action::kRaUpdated);
  EXPECT_EQ(after(seconds(10), seconds(1789)), std::nullopt);  // counted down, as some routers do
  EXPECT_EQ(after(seconds(10), seconds(0)), Action::kRaUpdated);
  EXPECT_EQ(after(seconds(2000), seconds(-200)), std::nullopt);  // over, as was told
}

TEST(HookAction, AnythingElseInAnAdvertisementIsNews) {
  HookView told;
  HookView is = told;
  is.heard.prefixes = {heard_prefix("2001:db8:a::/64", true, true)};
  EXPECT_EQ(between(told, is), Action::kRaUpdated);
  is = told;
  is.heard.mtu = 1492;
  EXPECT_EQ(between(told, is), Action::kRaUpdated);
  is = told;
  is.slaac.emplace_back(prefix("2001:db8:a::/64"), address("2001:db8:a::1"));
  EXPECT_EQ(between(told, is), Action::kRaUpdated);
}

// As odhcp6c writes them.

TEST(HookEnvironment, OfADelegation) {
  HookView view = bound_view();
  view.lease.prefixes.push_back(leased("2001:db8:2::/60", 0x12ab));
  view.lease.prefixes[1].excluded = prefix("2001:db8:2:f::/64");
  view.lease.prefixes[1].valid_until = Instant::never();
  view.lease.addresses = {
      {kHookIaid, address("2001:db8:ffff::7"), kNow + seconds(1800), kNow + seconds(3600)},
      {kHookIaid, address("2001:db8:ffff::8"), kNow, kNow}};
  EXPECT_EQ(variable(view, "PREFIXES"),
            "2001:db8:1::/56,1800,3600,900,1440 "
            "2001:db8:2::/60,1800,4294967295,900,1440,class=000012ab,excluded=2001:db8:2:f::/64");
  EXPECT_EQ(variable(view, "ADDRESSES"), "2001:db8:ffff::7/128,1800,3600,900,1440");
  EXPECT_EQ(variable(view, "SERVER"), "fe80::9");
  EXPECT_EQ(variable(view, "OPTION_1"),
            "00030001"
            "02005e005301");
  EXPECT_EQ(variable(view, "OPTION_2"),
            "00030001"
            "02005e005309");
  EXPECT_EQ(variable(view, "SIXGATE_UPLINK"), "wan");
}

TEST(HookEnvironment, ARenumberingTellsTheOldPrefixAtZeroOnce) {
  const HookView told = bound_view();
  HookView renumbered = told;
  renumbered.lease.prefixes = {leased("2001:db8:9::/56")};
  const auto variables = hook_environment(Action::kUpdated, told, renumbered, "wan", kNow);
  EXPECT_EQ(variable(variables, "PREFIXES"),
            "2001:db8:9::/56,1800,3600,900,1440 2001:db8:1::/56,0,0,0,0");
  EXPECT_EQ(variable(renumbered, "PREFIXES"), "2001:db8:9::/56,1800,3600,900,1440");
}

TEST(HookEnvironment, OfEveryService) {
  HookView view = bound_view();
  view.lease.dns_servers = {address("2001:db8::53"), address("2001:db8::54")};
  view.lease.search_domains = {domain("a.example"), domain("b.example")};
  view.lease.other_options = {
      dhcp6::SntpServers{{address("2001:db8::124")}},
      dhcp6::NtpServers{
          {address("2001:db8::123")}, {address("ff05::101")}, {domain("ntp.example")}, {}},
      dhcp6::SipDomains{{domain("sip.example")}},
      dhcp6::SipServers{{address("2001:db8::5060")}},
      dhcp6::AftrName{domain("aftr.example")},
      dhcp6::S46MapE{{dhcp6::S46Rule{0, 16, 24, 0xc0000200, prefix("2001:db8:e::/48"), {}},
                      dhcp6::S46BorderRelay{address("2001:db8::b")}}},
      dhcp6::CaptivePortal{"https://portal.example/api?a=1&b=2"},
      dhcp6::EncryptedDns{1, domain("d.example"), {}, {}},
      dhcp6::UnknownOption{59, {'u', 'r', 'l'}},
      dhcp6::UnknownOption{17, {0, 1}},
      dhcp6::UnknownOption{17, {0, 2}}};
  EXPECT_EQ(variable(view, "RDNSS"), "2001:db8::53 2001:db8::54");
  EXPECT_EQ(variable(view, "DOMAINS"), "a.example b.example");
  EXPECT_EQ(variable(view, "SNTP_IP"), "2001:db8::124");
  EXPECT_EQ(variable(view, "NTP_IP"), "2001:db8::123 ff05::101");
  EXPECT_EQ(variable(view, "NTP_FQDN"), "ntp.example");
  EXPECT_EQ(variable(view, "SIP_IP"), "2001:db8::5060");
  EXPECT_EQ(variable(view, "SIP_DOMAIN"), "sip.example");
  EXPECT_EQ(variable(view, "AFTR"), "aftr.example");
  EXPECT_EQ(variable(view, "MAPE"),
            "type=map-e,ealen=16,prefix4len=24,prefix6len=48,ipv4prefix=192.0.2.0,"
            "ipv6prefix=2001:db8:e::,br=2001:db8::b, ");
  EXPECT_EQ(variable(view, "MAPT"), "(none)");
  EXPECT_EQ(variable(view, "CAPTIVE_PORTAL_URI"), "https://portal.example/api?a=1&b=2");
  EXPECT_EQ(variable(view, "OPTION_59"), "75726c");
  EXPECT_EQ(variable(view, "OPTION_17"), "0001 0002");
  EXPECT_EQ(variable(view, "OPTION_144"), "0001000b0164076578616d706c6500");
  EXPECT_EQ(variable(view, "OPTION_31"), "(none)");
  // Without AFTR and MAP-E, which concern this router alone.
  const std::string passed = variable(view, "PASSTHRU");
  EXPECT_TRUE(passed.starts_with("0017002020010db8000000000000000000000053")) << passed;
  EXPECT_NE(passed.find("003b000375726c"), std::string::npos) << passed;
  EXPECT_EQ(passed.find("61667472"), std::string::npos) << passed;  // "aftr"
}

TEST(HookEnvironment, OfRouterAdvertisements) {
  HookView told;
  told.heard.routers = {heard_router("fe80::2", kNow + seconds(100))};
  HookView view;
  view.heard.routers = {heard_router("fe80::1", kNow + seconds(1800)),
                        heard_router("fe80::2", kNow), heard_router("fe80::3", kNow)};
  view.heard.routers[0].preference = ra::RouterPreference::kHigh;
  view.heard.prefixes = {heard_prefix("2001:db8:a::/64", true, true)};
  view.heard.routes = {{prefix("2001:db8:c::/48"), address("fe80::1"), ra::RouterPreference::kLow,
                        kNow + seconds(600)}};
  view.slaac = {{prefix("2001:db8:a::/64"), address("2001:db8:a::aa")}};
  view.heard.rdnss = {{address("2001:db8::55"), kNow + seconds(60)}, {address("fe80::5"), kNow}};
  view.heard.dnssl = {{domain("ra.example"), kNow + seconds(60)}};
  view.heard.hop_limit = 64;
  view.heard.mtu = 1492;
  view.heard.reachable = milliseconds(30000);
  view.heard.retrans = milliseconds(1000);
  const auto variables = hook_environment(Action::kRaUpdated, told, view, "wan", kNow);
  EXPECT_EQ(variable(variables, "RA_ADDRESSES"), "2001:db8:a::aa/64,1800,3600,0,0");
  EXPECT_EQ(variable(variables, "RA_ROUTES"),
            "::/0,fe80::1,1800,640 ::/0,fe80::2,0,512 2001:db8:c::/48,fe80::1,600,384 "
            "2001:db8:a::/64,,3600,256");
  EXPECT_EQ(variable(variables, "RA_DNS"), "2001:db8::55");
  EXPECT_EQ(variable(variables, "RA_DOMAINS"), "ra.example");
  EXPECT_EQ(variable(variables, "RA_HOPLIMIT"), "64");
  EXPECT_EQ(variable(variables, "RA_MTU"), "1492");
  EXPECT_EQ(variable(variables, "RA_REACHABLE"), "30000");
  EXPECT_EQ(variable(variables, "RA_RETRANSMIT"), "1000");
  EXPECT_EQ(variable(variables, "PREFIXES"), "(none)");
  // A route that is gone for good is told once more too.
  const auto gone = hook_environment(Action::kRaUpdated, told, HookView{}, "wan", kNow);
  EXPECT_EQ(variable(gone, "RA_ROUTES"), "::/0,fe80::2,0,512");
}

TEST(HookEnvironment, OfNothingIsEmptyAndThere) {
  for (const Action action : {Action::kStarted, Action::kUnbound, Action::kStopped}) {
    EXPECT_EQ(hook_environment(action, {}, bound_view(), "wan", kNow),
              (std::vector<std::string>{
                  "SIXGATE_UPLINK=wan", "SERVER=", "RDNSS=", "SNTP_IP=", "NTP_IP=", "NTP_FQDN=",
                  "SIP_IP=", "DOMAINS=", "SIP_DOMAIN=", "AFTR=", "RA_ADDRESSES=", "RA_ROUTES=",
                  "RA_DNS=", "RA_DOMAINS=", "RA_HOPLIMIT=0", "RA_MTU=0", "RA_REACHABLE=0",
                  "RA_RETRANSMIT=0", "PASSTHRU="}))
        << to_string(action);
  }
}

TEST(HookEnvironment, HostileOctetsAreNoShellsBusiness) {
  HookView view = bound_view();
  std::vector<std::uint8_t> wire{13};
  for (const char c : std::string_view("$(id);`x`\n\0\"'", 13))
    wire.push_back(static_cast<std::uint8_t>(c));
  wire.push_back(0);
  ByteReader reader(wire);
  const auto hostile = DomainName::parse(reader);
  ASSERT_TRUE(hostile);
  view.lease.search_domains = {*hostile};
  view.lease.other_options = {
      dhcp6::CaptivePortal{std::string("http://x/$(reboot)`id`;a|b\n\0<'\" \x80", 33)},
      dhcp6::UnknownOption{60000, {0, '\n', ';', '$'}}};
  EXPECT_EQ(variable(view, "DOMAINS"), "\\036\\040id\\041\\059\\096x\\096\\010\\000\\034\\039");
  EXPECT_EQ(variable(view, "CAPTIVE_PORTAL_URI"),
            "http://x/%24%28reboot%29%60id%60%3Ba%7Cb%0A%00%3C%27%22%20%80");
  EXPECT_EQ(variable(view, "OPTION_60000"), "000a3b24");
  for (const std::string& one : hook_environment(Action::kUpdated, view, view, "wan", kNow)) {
    for (const char c : one) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << printable(one);
    EXPECT_EQ(one.find_first_of("`$;|<>(){}'\"*!"), std::string::npos) << one;
  }
}

// Linux takes no string of 128 KiB, and none at all then.
TEST(HookEnvironment, WhatIsTooLongIsLeftOut) {
  HookView view = bound_view();
  for (std::uint16_t code = 200; code < 203; ++code)
    view.lease.other_options.push_back(dhcp6::UnknownOption{code, dhcp6::Octets(40000)});
  view.lease.other_options.push_back(dhcp6::UnknownOption{202, dhcp6::Octets(40000)});
  EXPECT_EQ(variable(view, "OPTION_200").size(), 80000U);
  EXPECT_EQ(variable(view, "OPTION_202"), "(none)");
  EXPECT_EQ(variable(view, "PASSTHRU"), "(none)");
}

TEST(HookEnvironment, APortalThatIsNoneIsNotTold) {
  HookView view = bound_view();
  view.lease.other_options = {dhcp6::CaptivePortal{"urn:ietf:params:capport:unrestricted"}};
  EXPECT_EQ(variable(view, "CAPTIVE_PORTAL_URI"), "(none)");
  view.lease.other_options.clear();
  view.heard.routers = {heard_router("fe80::1", kNow + seconds(100))};
  view.heard.routers[0].captive_portal = "https://ra.example/api";
  EXPECT_EQ(variable(view, "CAPTIVE_PORTAL_URI"), "https://ra.example/api");
}

// One run at a time, and the last change is never missed.

struct HookOfWan : Hook {
  HookOfWan() : Hook("wan", "wan0") { configure({"/bin/hook", seconds(5)}); }
  std::string run() {
    const auto next_run = next(kNow);
    return next_run ? std::string(to_string(next_run->action)) : "";
  }
  LogLines end(HookResult result = {}) { return ended(result); }
};

TEST(Hook, RunsOneAfterTheOtherAndSkipsWhatIsOver) {
  HookOfWan hook;
  hook.see(bound_view());
  EXPECT_EQ(hook.run(), "started");
  EXPECT_EQ(hook.run(), "");  // one is under way
  hook.end();
  EXPECT_EQ(hook.run(), "bound");
  HookView view = bound_view();
  view.lease.prefixes = {leased("2001:db8:8::/56")};
  hook.see(view);
  view.lease.prefixes = {leased("2001:db8:9::/56")};
  hook.see(view);
  EXPECT_EQ(hook.run(), "");
  hook.end();
  const auto last = hook.next(kNow);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->action, Action::kUpdated);
  EXPECT_EQ(last->interface, "wan0");
  EXPECT_EQ(last->script.path, "/bin/hook");
  // What was told and is not true any more; what nobody was told is not mentioned.
  EXPECT_EQ(variable(last->environment, "PREFIXES"),
            "2001:db8:9::/56,1800,3600,900,1440 2001:db8:1::/56,0,0,0,0");
  hook.end();
  EXPECT_EQ(hook.run(), "");
  hook.see({});
  hook.see(view);  // away and back before anybody asked
  EXPECT_EQ(hook.run(), "");
}

TEST(Hook, AnAnsweredRebindIsToldAsOne) {
  HookOfWan hook;
  hook.run();
  hook.end();
  hook.see(bound_view());
  EXPECT_EQ(hook.run(), "bound");
  hook.set_rebinding(true);
  HookView view = bound_view();
  view.lease.prefixes[0].valid_until = kNow + seconds(9000);
  hook.see(view);
  hook.set_rebinding(false);
  hook.end();
  EXPECT_EQ(hook.run(), "rebound");
  hook.end();
  view.lease.prefixes[0].valid_until = kNow + seconds(9900);
  hook.see(view);
  EXPECT_EQ(hook.run(), "updated");
}

TEST(Hook, SettingsThatStayWithoutALeaseAreToldAfterIt) {
  HookOfWan hook;
  hook.see(bound_view());
  hook.run();
  hook.end();
  hook.run();
  hook.end();
  hook.see(informed_view());
  EXPECT_EQ(hook.run(), "unbound");
  hook.end();
  EXPECT_EQ(hook.run(), "informed");
}

TEST(Hook, StopIsTheLastWord) {
  HookOfWan hook;
  hook.see(bound_view());
  EXPECT_EQ(hook.run(), "started");
  hook.stop(false);
  EXPECT_FALSE(hook.idle());
  hook.end();
  EXPECT_EQ(hook.run(), "stopped");
  EXPECT_FALSE(hook.idle());
  hook.end();
  EXPECT_TRUE(hook.idle());
  EXPECT_EQ(hook.run(), "");

  HookOfWan released;
  released.see(bound_view());
  released.run();
  released.end();
  released.run();
  released.end();
  released.stop(true);
  EXPECT_EQ(released.run(), "unbound");
  released.end();
  EXPECT_EQ(released.run(), "stopped");

  HookOfWan never_called;
  never_called.stop(true);
  EXPECT_TRUE(never_called.idle());
  EXPECT_EQ(never_called.run(), "");
}

TEST(Hook, AnotherScriptHearsEverythingFromTheBeginning) {
  HookOfWan hook;
  hook.see(bound_view());
  hook.run();
  hook.end();
  hook.run();
  hook.end();
  hook.configure({"/bin/other", seconds(5)});
  EXPECT_EQ(hook.run(), "started");
  hook.end();
  EXPECT_EQ(hook.run(), "bound");
  hook.end();
  hook.configure({});
  hook.see({});
  EXPECT_EQ(hook.run(), "");
  hook.stop(true);
  EXPECT_TRUE(hook.idle());
}

TEST(Hook, SaysOnceWhyAScriptFailsAndQuotesItsOutput) {
  HookOfWan hook;
  hook.run();
  const LogLines first = hook.end({"/bin/hook: no such program", ""});
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].level, LogLevel::kWarning);
  EXPECT_EQ(first[0].text, "hook started: /bin/hook: no such program; IPv6 goes on without it");
  EXPECT_TRUE(hook.end({"/bin/hook: no such program", ""}).empty());
  EXPECT_EQ(hook.end({"/bin/hook: did not end in time", ""}).size(), 1U);
  const LogLines printed = hook.end({"", "one\n\ntwo\x1b[2J"});
  ASSERT_EQ(printed.size(), 2U);
  EXPECT_EQ(printed[0].text, "hook started: one");
  EXPECT_EQ(printed[1].text, "hook started: two\\x1b[2J");
  EXPECT_EQ(hook.end({"/bin/hook: did not end in time", ""}).size(), 1U);  // it had recovered
}

}  // namespace
}  // namespace sixgate::daemon
