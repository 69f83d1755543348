// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/hosts_files.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>

#include "daemon/io/file.h"
#include "tests/unit/daemon_io/fake_runner.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

struct Served {
  Rng rng{1};
  dhcp6::Server server{rng};
  conf::Config config;
  Instant now = Instant::from_micros(1'000'000'000);
  dhcp6::Duid us = dhcp6::Duid::ll(MacAddress({2, 0, 0, 0, 0, 1}));

  explicit Served(const std::string& path) {
    conf::LanConfig lan;
    lan.name = "home";
    lan.hosts_file = path;
    lan.dhcp6.domain = DomainName::parse("home.arpa");
    config.lans.push_back(lan);
    dhcp6::ServerLink link{.name = "home", .addresses = true};
    link.domain = lan.dhcp6.domain;
    link.prefixes = {{Prefix(Ip6Address::from_halves(0x20010db800010000, 0), 64)}};
    (void)server.restore({}, "boot", now);
    server.configure({us, {}, {link}}, now);
  }
  HostsFiles::Named named() const {
    return [this] { return server.named_addresses(); };
  }
  void lease(std::uint8_t client, const char* name) {
    dhcp6::Message message{
        .type = dhcp6::MessageType::kSolicit, .transaction_id = client, .options = {}};
    message.options.push_back(
        dhcp6::ClientId{dhcp6::Duid::ll(MacAddress({2, 1, 0, 0, 0, client}))});
    message.options.push_back(dhcp6::RapidCommit{});
    message.options.push_back(dhcp6::ClientFqdn{.flags = 1, .name = *DomainName::parse(name)});
    message.options.push_back(dhcp6::IaNa{.iaid = 1, .t1 = {}, .t2 = {}, .options = {}});
    server.receive("home", message.to_bytes(), Ip6Address::from_halves(0xfe80000000000000, client),
                   kAllDhcpRelayAgentsAndServers, now);
    EXPECT_TRUE(server.drain().names_changed);
  }
};

std::string text_of(const std::string& path) {
  const auto text = read_file(path, 1 << 16);
  return text ? *text : std::string();
}

TEST(HostsFiles, NamesOfClientsAreWrittenForTheResolver) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "hosts.home";
  Served served(path);
  FakeRunner runner;
  HostsFiles files(runner, [](const LogLine& line) { ADD_FAILURE() << line.text; });
  served.lease(1, "Printer.elsewhere.example");
  served.lease(2, "nas");
  served.lease(3, "nas");  // the name has an owner
  served.lease(4, "_x");   // nothing that a hosts file could hold
  files.write(served.config, served.named());
  const auto named = served.server.named_addresses();
  ASSERT_EQ(named.size(), 2U);
  std::string expected = "# Written by sixgated for LAN home.\n";
  for (const std::string name : {"nas", "printer"}) {
    for (const auto& one : named) {
      if (one.name == name)
        expected += one.address.to_string() + " " + name + ".home.arpa " + name + "\n";
    }
  }
  EXPECT_EQ(text_of(path), expected);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U) << "the resolver reads it";
  std::filesystem::remove(path);
  files.write(served.config, served.named());
  EXPECT_FALSE(std::filesystem::exists(path)) << "what is the same is not written again";
}

TEST(HostsFiles, UnboundHasNamesBothWays) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "home.conf";
  Served served(path);
  served.config.lans[0].hosts_format = conf::HostsFormat::kUnbound;
  FakeRunner runner;
  HostsFiles files(runner, [](const LogLine& line) { ADD_FAILURE() << line.text; });
  served.lease(1, "printer");
  files.write(served.config, served.named());
  const std::string at = served.server.named_addresses().at(0).address.to_string();
  EXPECT_EQ(text_of(path),
            "# Written by sixgated for LAN home.\n"
            "local-data: \"printer.home.arpa. AAAA " +
                at + "\"\nlocal-data-ptr: \"" + at + " printer.home.arpa.\"\n");
}

TEST(HostsFiles, TheResolverIsToldOfEachChangeByOneRunAtATime) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "hosts.home";
  Served served(path);
  served.config.hosts_hook = "/reload";
  std::string said;
  FakeRunner runner;
  HostsFiles files(runner, [&](const LogLine& line) { said += line.text + "\n"; });
  files.write(served.config, served.named());
  ASSERT_EQ(runner.runs.size(), 1U);
  files.write(served.config, served.named());  // nothing new
  served.lease(1, "printer");
  files.write(served.config, served.named());
  served.lease(2, "nas");
  files.write(served.config, served.named());
  EXPECT_EQ(runner.runs.size(), 1U) << "it is running";
  EXPECT_EQ(runner.end(0), "/reload " + path);
  ASSERT_EQ(runner.runs.size(), 1U) << "both changes by the next";
  EXPECT_EQ(runner.end(3), "/reload " + path);
  EXPECT_TRUE(runner.runs.empty());
  EXPECT_EQ(said, "hosts hook: ended with status 3; the resolver may not know the newest names\n");
}

TEST(HostsFiles, AFileThatCannotBeWrittenIsSaidOnce) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "missing/hosts";
  Served served(path);
  int said = 0;
  FakeRunner runner;
  HostsFiles files(runner, [&](const LogLine&) { ++said; });
  files.write(served.config, served.named());
  files.write(served.config, served.named());
  EXPECT_EQ(said, 1);
  std::filesystem::create_directory(temporary / "missing");
  files.write(served.config, served.named());
  EXPECT_EQ(text_of(path), "# Written by sixgated for LAN home.\n");
}

}  // namespace
}  // namespace sixgate::daemon
