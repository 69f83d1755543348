// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/standard_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sixgate::daemon {
namespace {

TEST(StandardDescriptors, WhatIsOpenedLaterIsNotTakenForThem) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    const bool kept = keep_standard_descriptors();
    const int next = ::open("/", O_RDONLY | O_CLOEXEC);
    const bool writable = ::write(STDERR_FILENO, "x", 1) == 1;
    ::_exit(kept && next > 2 && writable ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(StandardDescriptors, WhatIsThereStays) {
  const int before = ::open("/", O_RDONLY | O_CLOEXEC);
  ASSERT_GT(before, 2);
  ::close(before);
  EXPECT_TRUE(keep_standard_descriptors());
  const int after = ::open("/", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(after, before);
  ::close(after);
}

}  // namespace
}  // namespace sixgate::daemon
