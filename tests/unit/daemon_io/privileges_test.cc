// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/privileges.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include "tests/unit/daemon_io/namespace.h"

namespace sixgate::daemon {
namespace {

TEST(Privileges, NobodyKnowsNobodyElse) {
  const auto account = find_account("nobody");
  ASSERT_TRUE(account);
  EXPECT_NE(account->uid, 0U);
  const auto none = find_account("no-such-user-here");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "user no-such-user-here: no such user");
}

// In a child, since there is no way back. Its exit code says which expectation failed.
int as_nobody() {
  const auto account = find_account("nobody");
  if (!account || !become(*account)) return 1;
  if (::getuid() != account->uid || ::geteuid() != account->uid) return 2;
  if (::getgid() != account->gid || ::getgroups(0, nullptr) > 1) return 3;
  if (!missing_capabilities().empty()) return 4;
  if (::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) < 0) return 5;
  if (::setuid(0) == 0) return 6;
  if (::access("/etc/shadow", R_OK) == 0) return 7;
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 8;
  if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0) return 9;
  // A program that we start can still change the network: nft, ip6tables.
  const std::string status = output_of("grep -E 'Cap(Eff|Amb)' /proc/self/status");
  if (!contains(status, "CapEff:\t0000000000003400")) return 10;
  if (!contains(status, "CapAmb:\t0000000000003400")) return 11;
  return 0;
}

TEST(Privileges, KeepsThreeCapabilitiesAndNothingElse) {
  if (::geteuid() != 0 || !missing_capabilities().empty()) GTEST_SKIP() << "needs root";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(as_nobody());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see the numbers in as_nobody()";
}

}  // namespace
}  // namespace sixgate::daemon
