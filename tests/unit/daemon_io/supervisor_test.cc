// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/supervisor.h"

#include <gtest/gtest.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

class SupervisorTest : public ::testing::Test {
 protected:
  // Listens at `name`; '@' stands for the abstract namespace.
  void listen(const std::string& name) {
    fd_ = OwnedFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  std::string heard() const {
    char buffer[512];
    const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return got < 0 ? "(nothing)" : std::string(buffer, static_cast<std::size_t>(got));
  }
  const TemporaryDirectory temporary_;
  OwnedFd fd_;
};

TEST_F(SupervisorTest, SaysWhatSystemdUnderstands) {
  const std::string path = temporary_ / "notify";
  listen(path);
  Supervisor supervisor(path.c_str(), nullptr, nullptr);
  supervisor.ready();
  EXPECT_EQ(heard(), "READY=1");
  supervisor.reloading();
  EXPECT_EQ(heard().find("RELOADING=1\nMONOTONIC_USEC="), 0U);
  supervisor.status("two\nlines");
  EXPECT_EQ(heard(), "STATUS=two\\x0alines");
  supervisor.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
  supervisor.alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  EXPECT_FALSE(supervisor.watchdog_interval());
}

TEST_F(SupervisorTest, KnowsTheAbstractNamespace) {
  const std::string name = "@sixgate-test-" + std::to_string(::getpid());
  listen(name);
  Supervisor supervisor(name.c_str(), nullptr, nullptr);
  supervisor.ready();
  EXPECT_EQ(heard(), "READY=1");
}

TEST_F(SupervisorTest, FeedsTheWatchdogTwiceAsOftenAsItMust) {
  const std::string self = std::to_string(::getpid());
  EXPECT_EQ(Supervisor("/x", "30000000", self.c_str()).watchdog_interval(), seconds(15));
  EXPECT_EQ(Supervisor("/x", "30000000", nullptr).watchdog_interval(), seconds(15));
  EXPECT_FALSE(Supervisor("/x", "30000000", "1").watchdog_interval());  // somebody else's
  EXPECT_FALSE(Supervisor("/x", "soon", nullptr).watchdog_interval());
}

TEST_F(SupervisorTest, WithoutSupervisorNothingHappens) {
  Supervisor none(nullptr, nullptr, nullptr);
  none.ready();
  Supervisor odd("relative", "1000", nullptr);
  odd.ready();
  EXPECT_FALSE(odd.watchdog_interval());
  Supervisor gone((temporary_ / "nobody").c_str(), nullptr, nullptr);
  gone.ready();
  gone.stopping();
}

}  // namespace
}  // namespace sixgate::daemon
