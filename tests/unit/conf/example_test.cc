// SPDX-License-Identifier: Apache-2.0
// The example that is shipped says what the code does.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "conf/config.h"
#include "conf/keys.h"
#include "tests/support/source_dir.h"

namespace sixgate::conf {
namespace {

std::string file(const std::string& path) {
  std::string text;
  std::FILE* in = std::fopen(path.c_str(), "rb");
  EXPECT_NE(in, nullptr) << path;
  if (in == nullptr) return text;
  for (int c = std::fgetc(in); c != EOF; c = std::fgetc(in)) text += static_cast<char>(c);
  std::fclose(in);
  return text;
}

// "#key = value" -> "key = value"; "# words" stay.
std::string uncommented(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = i == 0 || text[i - 1] == '\n';
    if (starts && text[i] == '#' && i + 1 < text.size() && text[i + 1] != ' ') continue;
    out += text[i];
  }
  return out;
}

Config house() {
  Config config;
  UplinkConfig uplink;
  uplink.name = "wan";
  uplink.interface = "eth0";
  config.uplinks.push_back(uplink);
  LanConfig lan;
  lan.name = lan.request.name = "home";
  lan.interface = lan.request.interface = "eth1";
  config.lans.push_back(lan);
  return config;
}

// SIXGATE_UPDATE_GOLDEN=1 writes it anew.
TEST(Example, TheShippedFileIsTheGeneratedOne) {
  if (std::getenv("SIXGATE_UPDATE_GOLDEN") != nullptr) {
    const std::unique_ptr<FILE, int (*)(FILE*)> out(
        std::fopen(test::source_path("conf/sixgate.example.toml").c_str(), "w"), std::fclose);
    ASSERT_TRUE(out);
    std::fputs(example_toml().c_str(), out.get());
  }
  EXPECT_EQ(file(test::source_path("conf/sixgate.example.toml")), example_toml())
      << "conf/sixgate.example.toml is generated from conf/keys.cc";
}

TEST(Example, SaysNothingButTheDefaults) {
  const ReadResult plain = read_toml(example_toml(), "example");
  ASSERT_TRUE(plain.config.has_value()) << plain.errors[0].to_string();
  EXPECT_TRUE(plain.warnings.empty());
  EXPECT_TRUE(*plain.config == house());

  const std::string all = uncommented(example_toml());
  ASSERT_NE(all, example_toml());
  const ReadResult explicit_ones = read_toml(all, "example");
  ASSERT_TRUE(explicit_ones.config.has_value()) << explicit_ones.errors[0].to_string();
  EXPECT_TRUE(*explicit_ones.config == house()) << "a default in the example is not the default";
}

TEST(Example, HasEveryKey) {
  const std::string all = uncommented(example_toml());
  const auto appears = [&all](std::string_view key) {
    return all.find("\n" + std::string(key) + " = ") != std::string::npos;
  };
  for (const auto& key : global_keys()) EXPECT_TRUE(appears(key.name)) << key.name;
  for (const auto& key : ula_keys()) EXPECT_TRUE(appears(key.name)) << key.name;
  for (const auto& key : firewall_keys()) EXPECT_TRUE(appears(key.name)) << key.name;
  for (const auto& key : uplink_keys()) EXPECT_TRUE(appears(key.name)) << key.name;
  for (const auto& key : lan_keys()) EXPECT_TRUE(appears(key.name)) << key.name;
  for (const auto& key : reservation_keys())
    EXPECT_NE(all.find("\n# " + std::string(key.name) + " = "), std::string::npos) << key.name;
  for (const auto& key : knock_keys())
    EXPECT_NE(all.find("\n# " + std::string(key.name) + " = "), std::string::npos) << key.name;
  for (const auto& key : pinhole_keys())
    EXPECT_NE(all.find("\n# " + std::string(key.name) + " = "), std::string::npos) << key.name;
}

TEST(Example, LinesAreShort) {
  const std::string text = example_toml();
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
    start = end + 1;
  }
}

TEST(Describe, ReadsBackEqual) {
  const ReadResult read = read_toml(R"(
user = "six"
duid = "uuid:000102030405060708090a0b0c0d0e0f"
[ula]
prefix = "none"
[uplink."ppp0.1"]
interface = "ppp0"
request_prefix = ["2001:db8:1::/56", 48, 56]
request_options = [31, 59, 60000]
hook = "/etc/sixgate/hook"
[lan.a]
interface = "eth1"
ip6hint = "fe"
ip6class = ["ula", "ppp0.1"]
dns = ["2001:db8::53", "fe80::1"]
search = ["home.arpa", "example.com"]
ra_mtu = 0
ra_max_valid = 4294967295
dhcpv6_range = "::100-::1ff"
dhcpv6_lease_time = 43200
dhcpv6_rapid_commit = false
dhcpv6_reconfigure = false
dhcpv6_preference = 255
dhcpv6_registration = false
domain = "home.arpa"
hosts_file = "/run/hosts.a"
delegate = false
delegate_length = 60
delegate_limit = 3
zone = "isolated"
reaches = ["a"]
[[reservation]]
lan = "a"
duid = "000300010200005e1001"
iaid = 7
suffix = "::77"
lease_time = 86400
name = "nas"
[[reservation]]
mac = "02:00:5e:00:53:01"
ignore = true
[[reservation]]
hostname = "router"
subnet = "40"
[[pinhole]]
host = "::77"
[[pinhole]]
lan = "a"
host = "02:00:5e:00:53:01"
protocol = "udp+tcp"
ports = [22, "8000-8010"]
sources = ["2001:db8:9::/48", "2001:db8:8::1/128"]
[[pinhole]]
host = "duid:000300010200005e1001"
protocol = "41"
)",
                                    "f");
  ASSERT_TRUE(read.config.has_value()) << read.errors[0].to_string();
  const std::string text = describe(*read.config);
  const ReadResult again = read_toml(text, "described");
  ASSERT_TRUE(again.config.has_value()) << again.errors[0].to_string() << "\n" << text;
  EXPECT_TRUE(*again.config == *read.config) << text;
  EXPECT_EQ(describe(*again.config), text);
}

}  // namespace
}  // namespace sixgate::conf
