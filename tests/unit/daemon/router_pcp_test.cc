// SPDX-License-Identifier: Apache-2.0
// Doors that programs ask for (RFC 6887), in the whole Router.
#include "router_run.h"
#include "tests/unit/pcp/requests.h"

namespace sixgate::daemon {
namespace {

using namespace testing;
using pcp::testing::map;

conf::Config asking() {
  conf::Config config = two_lans();
  config.lans[0].pcp = true;
  return config;
}

// A host of lan0, from the prefix that the LAN has.
Ip6Address host_of(const RouterRun& run, const std::string& interface = "lan0") {
  for (const KernelAddress& one : run.kernel.addresses) {
    if (one.interface == interface && !kUniqueLocal.contains(one.address))
      return Prefix(one.address, 64).with_suffix(Ip6Address::from_halves(0, 0x10));
  }
  ADD_FAILURE() << interface << " has no global prefix";
  return {};
}

// The result code of the answer; none: there was none.
std::optional<pcp::ResultCode> ask(RouterRun& run, pcp::Request request,
                                   const std::string& interface = "lan0") {
  run.pcp.clear();
  const std::vector<std::uint8_t> bytes = pcp::testing::to_bytes(request);
  run.router->receive({.interface = interface,
                       .channel = Channel::kPcp,
                       .source = request.client,
                       .destination = address("fe80::1"),
                       .hop_limit = 64,
                       .payload = bytes,
                       .port = 40000,
                       .link_layer = {}},
                      run.now);
  run.settle();
  for (const PacketOut& one : run.pcp) {
    if (one.port == 40000 && one.interface == interface)
      return static_cast<pcp::ResultCode>(one.payload.at(3));
  }
  return std::nullopt;
}

pcp::Request door(const Ip6Address& host, std::uint16_t port, std::uint32_t lifetime = 3600) {
  pcp::Request request = map(port, lifetime);
  request.client = host;
  return request;
}

std::size_t holes(const RouterRun& run) { return run.firewall ? run.firewall->pinholes.size() : 0; }

TEST(RouterPcp, TheFirewallIsOpenForAsLongAsWasPromised) {
  RouterRun run(asking());
  run.start_online();
  const Ip6Address host = host_of(run);
  EXPECT_EQ(ask(run, door(host, 8080, 120)), pcp::ResultCode::kSuccess);
  ASSERT_EQ(holes(run), 1U);
  EXPECT_EQ(run.firewall->pinholes[0].host, host);
  EXPECT_EQ(run.firewall->pinholes[0].first_port, 8080);
  EXPECT_EQ(run.firewall->pinholes[0].last_port, 8080);
  const Status status = run.router->status(run.now);
  ASSERT_EQ(status.lans[0].mappings.size(), 1U);
  EXPECT_EQ(status.lans[0].mappings[0].remaining, Lifetime(120));
  EXPECT_EQ(status.lans[0].counters.at("pcp_success"), 1U);
  EXPECT_FALSE(status.lans[1].counters.contains("pcp_success")) << "nobody may ask there";
  run.run_for(seconds(121));
  EXPECT_EQ(holes(run), 0U);
}

TEST(RouterPcp, AnAnswerWaitsForTheKernel) {
  RouterRun run(asking());
  run.start_online();
  run.run_for(seconds(20));  // everybody has heard that we are new here
  const Ip6Address host = host_of(run);
  run.hold = true;
  EXPECT_EQ(ask(run, door(host, 8080)), std::nullopt) << "not yet";
  run.answer_held();
  ASSERT_EQ(run.pcp.size(), 1U);
  EXPECT_EQ(holes(run), 1U);
  EXPECT_EQ(ask(run, door(host, 8080, 0)), std::nullopt) << "nor that it is shut";
  run.answer_held();
  EXPECT_EQ(run.pcp.size(), 1U);
  EXPECT_EQ(holes(run), 0U);
  // A kernel that does not take the rules: no promise, until it does.
  run.hold = false;
  run.refuse = is_firewall;
  EXPECT_EQ(ask(run, door(host, 9090)), std::nullopt);
  run.refuse = nullptr;
  run.run_for(seconds(5));
  EXPECT_EQ(run.pcp.size(), 1U);
  EXPECT_EQ(holes(run), 1U);
}

TEST(RouterPcp, NobodyIsHeardWhereItIsNotAllowed) {
  RouterRun run(asking());
  run.start_online();
  EXPECT_EQ(run.router->wanted_sockets().pcp, std::vector<std::string>{"lan0"});
  EXPECT_EQ(ask(run, door(host_of(run, "lan1"), 80), "lan1"), std::nullopt);
  EXPECT_EQ(ask(run, door(host_of(run), 80), "wan0"), std::nullopt);
  EXPECT_EQ(ask(run, door(host_of(run, "lan1"), 80)), pcp::ResultCode::kNetworkFailure)
      << "a host of another LAN";
  EXPECT_EQ(holes(run), 0U);
}

TEST(RouterPcp, ACrashLosesNothingAndARebootSaysSo) {
  RouterRun run(asking());
  run.start_online();
  const Ip6Address host = host_of(run);
  ASSERT_EQ(ask(run, door(host, 8080)), pcp::ResultCode::kSuccess);
  const unsigned flash = run.durable_stores;
  ASSERT_EQ(ask(run, door(host, 9090)), pcp::ResultCode::kSuccess);
  EXPECT_EQ(run.durable_stores, flash) << "flash is not worn by it";
  run.run_for(seconds(20));
  run.pcp.clear();
  run.start(run.memory);
  run.hear(isp_router(true, true));
  run.run_for(seconds(40));
  EXPECT_EQ(holes(run), 2U) << run.log_text();
  EXPECT_TRUE(run.pcp.empty()) << "nothing was lost, and nobody is told of it";
  // Another boot: the state is read without them.
  const auto read = parse_stored_state(serialise(run.memory, run.now, "boot"), run.now, "next");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->mappings.empty());
  EXPECT_FALSE(read->pcp_epoch.has_value());
  const auto same = parse_stored_state(serialise(run.memory, run.now, "boot"), run.now, "boot");
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->mappings, run.memory.mappings);
  EXPECT_EQ(same->pcp_epoch, run.memory.pcp_epoch);
  run.start(*read);
  run.hear(isp_router(true, true));
  run.run_for(seconds(20));
  EXPECT_EQ(holes(run), 0U);
  ASSERT_FALSE(run.pcp.empty());
  EXPECT_EQ(run.pcp[0].destination, kAllNodes);
  EXPECT_EQ(run.pcp[0].port, pcp::kClientPort);
}

TEST(RouterPcp, AnotherPrefixEndsTheDoorsAndTheHostsHearOfIt) {
  RouterRun run(asking());
  run.start_online();
  ASSERT_EQ(ask(run, door(host_of(run), 8080)), pcp::ResultCode::kSuccess);
  run.run_for(seconds(20));
  run.pcp.clear();
  conf::Config config = asking();
  config.lans[0].request.classes = {"ula"};
  run.reload(config);
  run.run_for(hours(3));
  EXPECT_EQ(holes(run), 0U);
  ASSERT_FALSE(run.pcp.empty());
  EXPECT_EQ(run.pcp[0].payload.at(1), 0x80);
}

TEST(RouterPcp, AReloadWithoutItClosesTheDoors) {
  RouterRun run(asking());
  run.start_online();
  ASSERT_EQ(ask(run, door(host_of(run), 8080)), pcp::ResultCode::kSuccess);
  run.reload(two_lans());
  run.run_for(seconds(5));
  EXPECT_EQ(holes(run), 0U);
  EXPECT_TRUE(run.router->wanted_sockets().pcp.empty());
}

TEST(RouterPcp, ADoorOfTheConfigurationIsToldAndStays) {
  conf::Config config = asking();
  conf::PinholeConfig pinhole;
  pinhole.lan = "lan0";
  pinhole.host = conf::HostSuffix{0x10};
  pinhole.ports = {{22, 22}};
  config.pinholes = {pinhole};
  RouterRun run(config);
  run.start_online();
  ASSERT_EQ(holes(run), 1U);
  const Ip6Address host = host_of(run);
  EXPECT_EQ(ask(run, door(host, 22)), pcp::ResultCode::kSuccess);
  EXPECT_EQ(ask(run, door(host, 22, 0)), pcp::ResultCode::kNotAuthorized);
  EXPECT_EQ(lasting_rules(run.router->desired()), run.router->desired().ruleset);
  EXPECT_EQ(ask(run, door(host, 80)), pcp::ResultCode::kSuccess);
  EXPECT_EQ(holes(run), 2U);
  // What is left behind by a stop: it is nobody's to end, and the next run opens what is still promised.
  const firewall::Ruleset lasting = lasting_rules(run.router->desired());
  ASSERT_EQ(lasting.pinholes.size(), 1U);
  EXPECT_EQ(lasting.pinholes[0].first_port, 22);
  firewall::Ruleset with = lasting;
  with.pinholes = run.router->desired().ruleset.pinholes;
  EXPECT_EQ(with, run.router->desired().ruleset) << "and nothing else";
  run.stop();
  run.start(run.memory);
  run.hear(isp_router(true, true));
  run.run_for(seconds(40));
  EXPECT_EQ(holes(run), 2U);
}

}  // namespace
}  // namespace sixgate::daemon
