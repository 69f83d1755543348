// SPDX-License-Identifier: Apache-2.0
// A fresh network namespace for the rest of this test process; the tools of the system are the judge.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace sixgate::daemon {

// What a shell command prints.
inline std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> buffer;
  for (std::size_t got; (got = ::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), got);
  }
  ::pclose(pipe);
  return text;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class NamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for a network namespace";
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "network namespaces are not available";
  }
  static void run(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
};

// Another namespace, held by a process that waits for its end.
class Elsewhere {
 public:
  Elsewhere() {
    int hold[2];
    int ready[2];
    if (::pipe(hold) != 0 || ::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(hold[1]);
      char octet = ::unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
      (void)!::write(ready[1], &octet, 1);
      (void)!::read(hold[0], &octet, 1);  // ends with the parent or with the destructor
      ::_exit(0);
    }
    ::close(hold[0]);
    ::close(ready[1]);
    hold_ = hold[1];
    char octet = 0;
    (void)!::read(ready[0], &octet, 1);
    ::close(ready[0]);
    EXPECT_EQ(octet, 'y');
  }
  ~Elsewhere() {
    ::close(hold_);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string pid() const { return std::to_string(pid_); }
  void run(const std::string& command) const {
    const std::string inside = "nsenter -t " + pid() + " -n sh -c '" + command + "'";
    EXPECT_EQ(std::system(inside.c_str()), 0) << command;
  }

 private:
  pid_t pid_ = -1;
  int hold_ = -1;
};

}  // namespace sixgate::daemon
