// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "daemon/io/control_socket.h"
#include "daemon/io/file.h"
#include "daemon/version.h"
#include "net/text.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::cli {
namespace {

using daemon::TemporaryDirectory;

CommandResult run(std::initializer_list<const char*> arguments) {
  return run_command(std::span<const char* const>(arguments.begin(), arguments.size()));
}

// A sixgated that knows one answer, in a process of its own.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, const std::string& answer,
             const std::string& request_line = "status") {
    auto listening = daemon::listen_at(path);
    EXPECT_TRUE(listening);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::alarm(20);
    pollfd waiting{listening->get(), POLLIN, 0};
    ::poll(&waiting, 1, -1);
    const int peer = ::accept(listening->get(), nullptr, nullptr);
    char request[256] = {};
    const ssize_t got = ::recv(peer, request, sizeof request - 1, 0);
    const bool right = got > 0 && std::string_view(request) == "sixgate 1 " + request_line + "\n";
    (void)!::write(peer, answer.data(), answer.size());
    ::_exit(right ? 0 : 1);
  }
  ~FakeDaemon() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    EXPECT_EQ(status, 0) << "the request was not understood";
  }

 private:
  pid_t pid_ = -1;
};

TEST(Command, HelpAndVersionGoToStandardOutput) {
  EXPECT_EQ(run({"--version"}).out, "sixgate " + std::string(daemon::kVersion) + "\n");
  const CommandResult help = run({"status", "--help"});
  EXPECT_EQ(help.code, kOk);
  EXPECT_EQ(help.out.find("Usage: sixgate"), 0U);
}

TEST(Command, WrongUsageIsCode2) {
  for (const auto& arguments : std::initializer_list<std::initializer_list<const char*>>{
           {},
           {"frobnicate"},
           {"status", "more"},
           {"--socket"},
           {"check", "a", "b"},
           {"--what"},
           {"--json=1", "status"},
           {"--socket=", "status"},
           {"firewall", "print", "--backend="},
           {"check", "--json"},
           {"leases", "x"},
           {"lease"},
           {"lease", "give", "x"},
           {"lease", "release"},
           {"lease", "reserve", "x", "--json"},
           {"monitor"},
           {"monitor", "leases", "--since"},
           {"monitor", "leases", "--since", "7"},
           {"status", "--since", "7.1"},
           {"firewall"},
           {"firewall", "print", "nft"},
           {"firewall", "print", "--backend"},
           {"firewall", "print", "--backend", "ipfw"},
           {"firewall", "counters", "--backend", "nft"},
           {"firewall", "print", "--rules"},
           {"status", "--rules"},
           {"status", "--backend", "nft"}}) {
    const CommandResult result = run(arguments);
    EXPECT_EQ(result.code, kUsage);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.errors, "");
  }
}

TEST(Command, ANearCommandIsNamed) {
  EXPECT_EQ(run({"stauts"}).errors,
            "sixgate: unknown command stauts; did you mean \"status\"?\nTry: sixgate --help\n");
  EXPECT_EQ(run({"frobnicate"}).errors,
            "sixgate: unknown command frobnicate\nTry: sixgate --help\n");
}

TEST(Command, AnOptionsValueMayStandBehindAnEqualsSign) {
  const TemporaryDirectory temporary;
  const std::string socket = temporary / "socket";
  const FakeDaemon sixgated(socket, "{\"rules\":\"table\"}\n", "firewall ip6tables");
  EXPECT_EQ(run({cat("--socket=", socket).c_str(), "firewall", "print", "--backend=ip6tables"}).out,
            "table");
}

TEST(Command, NobodyThereIsCode3) {
  const TemporaryDirectory temporary;
  const CommandResult result = run({"--socket", (temporary / "none").c_str(), "status"});
  EXPECT_EQ(result.code, kNotRunning);
  EXPECT_NE(result.errors.find("sixgated is not running"), std::string::npos);
}

TEST(Command, ASocketNobodyListensOnIsCode3) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "socket";
  { ASSERT_TRUE(daemon::listen_at(path)); }
  EXPECT_EQ(run({"--socket", path.c_str(), "status"}).code, kNotRunning);
}

TEST(Command, NoPermissionIsCode4) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody who may not";
  const TemporaryDirectory temporary;
  ASSERT_EQ(::chmod(temporary.path().c_str(), 0755), 0);
  const std::string path = temporary / "socket";
  const auto listening = daemon::listen_at(path);
  ASSERT_TRUE(listening);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
    ::_exit(run({"--socket", path.c_str(), "status"}).code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), kNoPermission);
}

TEST(Command, StatusAsJsonIsTheDaemonsOwnDocument) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "socket";
  const std::string answer = "{\"schema\":1,\"version\":\"9\"}\n";
  const FakeDaemon fake(path, answer);
  const CommandResult result = run({"--socket", path.c_str(), "status", "--json"});
  EXPECT_EQ(result.code, kOk);
  EXPECT_EQ(result.out, answer);
}

TEST(Command, StatusForAPersonIsText) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "socket";
  const FakeDaemon fake(path, "{\"schema\":1,\"version\":\"9\"}\n");
  const CommandResult result = run({("--socket=" + path).c_str(), "status"});
  EXPECT_EQ(result.code, kOk);
  EXPECT_EQ(result.out.find("sixgated 9"), 0U);
}

TEST(Command, AnAnswerCutShortOrAnErrorIsCode1) {
  const TemporaryDirectory temporary;
  for (const char* answer :
       {"{\"schema\":1", "", "[]\n", "nonsense\n", "{\"schema\":1,\"error\":\"no\"}\n"}) {
    const std::string path = temporary / "socket";
    const FakeDaemon fake(path, answer);
    const CommandResult result = run({"--socket", path.c_str(), "status"});
    EXPECT_EQ(result.code, kFailure) << answer;
    EXPECT_EQ(result.out, "") << answer;
  }
}

TEST(Command, CheckOfAMissingFileIsCode1) {
  const CommandResult result = run({"check", "/nonexistent/sixgate.toml"});
  EXPECT_EQ(result.code, kFailure);
  EXPECT_EQ(result.errors,
            "sixgate: cannot open /nonexistent/sixgate.toml: No such file or directory\n");
}

#if SIXGATE_WITH_TOML
TEST(Command, CheckAcceptsAGoodFile) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "good.toml";
  ASSERT_TRUE(daemon::replace_file(
      path, "[uplink.wan]\ninterface = \"eth0\"\n[lan.lan]\ninterface = \"eth1\"\n"));
  const CommandResult result = run({"check", path.c_str()});
  EXPECT_EQ(result.code, kOk) << result.errors;
  EXPECT_EQ(result.out, path + ": all right (1 uplink, 1 LAN)\n");
}

TEST(Command, CheckPointsAtTheMistake) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "bad.toml";
  ASSERT_TRUE(daemon::replace_file(
      path, "[uplink.wan]\ninterfce = \"eth0\"\n[lan.lan]\ninterface = \"eth1\"\n"));
  const CommandResult result = run({"check", path.c_str()});
  EXPECT_EQ(result.code, kFailure);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.errors.find(path + ":2:1: error: "), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("\n    interfce = \"eth0\"\n    ^\n"), std::string::npos)
      << result.errors;
}
#endif

TEST(Command, ReleasingSaysWhatWasReleased) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "socket";
  {
    const FakeDaemon daemon(path,
                            "{\"schema\":1,\"released\":[{\"lan\":\"home\",\"duid\":\"aa\","
                            "\"name\":\"nas\",\"leases\":[\"2001:db8::1\"]}]}\n",
                            "lease release nas");
    const CommandResult result = run({"--socket", path.c_str(), "lease", "release", "nas"});
    EXPECT_EQ(result.code, kOk);
    EXPECT_EQ(result.out, "released 2001:db8::1 of nas on home\n");
  }
  const FakeDaemon daemon(path, "{\"schema\":1,\"released\":[]}\n", "lease release nobody");
  const CommandResult result = run({"--socket", path.c_str(), "lease", "release", "nobody"});
  EXPECT_EQ(result.code, kFailure);
  EXPECT_EQ(result.errors, "sixgate: nothing is leased to nobody\n");
}

TEST(Command, MonitorOfLeasesGoesOnWhereItWas) {
  const TemporaryDirectory temporary;
  const std::string path = temporary / "socket";
  const std::string added =
      "{\"epoch\":7,\"seq\":4,\"event\":\"added\",\"lan\":\"home\",\"duid\":\"aa\",\"name\":"
      "\"nas\","
      "\"leases\":[\"2001:db8::1\"],\"valid\":60}\n";
  const std::string lines = "{\"epoch\":7,\"seq\":3,\"event\":\"begin\"}\n" + added + added;
  {
    const FakeDaemon daemon(path, lines, "events 7.3");
    const CommandResult result =
        run({"--socket", path.c_str(), "monitor", "leases", "--since", "7.3", "--count", "1"});
    EXPECT_EQ(result.code, kOk);
    EXPECT_EQ(result.out, "7.4  home  added 2001:db8::1, nas, valid 1m\n");
  }
  const FakeDaemon daemon(path, lines, "events");
  const CommandResult result = run({"--socket", path.c_str(), "monitor", "leases", "--json"});
  EXPECT_EQ(result.code, kFailure) << "sixgated went away";
  EXPECT_EQ(result.out, lines);
  EXPECT_NE(result.errors.find("has ended the connection"), std::string::npos);
}

}  // namespace
}  // namespace sixgate::cli
