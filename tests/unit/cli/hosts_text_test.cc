// SPDX-License-Identifier: Apache-2.0
#include "cli/hosts_text.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/parsed.h"

namespace sixgate::cli {
namespace {

TEST(HostsText, OneBlockForEachLanThatHasHosts) {
  const std::string text = hosts_text(json(
      R"({"schema":1,"lans":[
        {"name":"home","interface":"eth1","hosts":[
          {"mac":"02:00:5e:00:53:10","name":"nas","seen_ago":0,"addresses":[
            {"address":"2001:db8::10","origin":"dhcpv6","reachable":true,"seen_ago":0},
            {"address":"2001:db8::ab","origin":"privacy","reachable":false,"seen_ago":90,"proxied":true}],
           "delegated":["2001:db8:0:88::/64"]},
          {"mac":"02:00:5e:00:53:11","router":true,"seen_ago":5,"addresses":[
            {"address":"fe80::1","origin":"link-local","reachable":false,"seen_ago":5}]},
          {"addresses":[{"address":"2001:db8::1000","origin":"dhcpv6","reachable":false}]}]},
        {"name":"empty","interface":"eth2","hosts":[]}]})"));
  EXPECT_EQ(text.find("lan home (eth1)\n"), 0U) << text;
  EXPECT_EQ(text.find("empty"), std::string::npos) << text;
  // Name and MAC address stand once, before the first address.
  EXPECT_EQ(text.find("nas"), text.rfind("nas")) << text;
  EXPECT_NE(text.find("privacy, proxied"), std::string::npos) << text;
  EXPECT_NE(text.find("2001:db8:0:88::/64"), std::string::npos) << text;
  EXPECT_NE(text.find("(router)"), std::string::npos) << text;
  EXPECT_NE(text.find("no MAC address known"), std::string::npos) << text;
  EXPECT_NE(text.find("now"), std::string::npos) << text;
}

TEST(HostsText, NobodyIsThere) {
  EXPECT_EQ(hosts_text(json(R"({"schema":1,"lans":[]})")), "no hosts\n");
}

}  // namespace
}  // namespace sixgate::cli
