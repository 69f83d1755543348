// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/key_file.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/config_file.h"
#include "daemon/io/file.h"
#include "tests/unit/daemon_io/temporary.h"

namespace sixgate::daemon {
namespace {

const std::string kDigits(64, '5');

std::string refusal(const std::string& path, const std::string& user = "") {
  const auto key = read_key_file(path, conf::KnockAlgorithm::kHmacSha256, user);
  return key ? "" : key.error().message;
}

TEST(KeyFile, IsForItsOwnerAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory / "knock.key";
  ASSERT_TRUE(replace_file(path, kDigits + "\n", 0600));
  EXPECT_EQ(refusal(path), "");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ(refusal(path), "others than its owner may use " + path + ": chmod 600 " + path);
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_EQ(refusal(path), "");
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
    EXPECT_NE(refusal(path).find("belongs to another user"), std::string::npos);
    EXPECT_NE(refusal(path, "nobody").find("belongs to another user"), std::string::npos);
    // As whom we go on when we have read it the first time.
    const passwd* nobody = ::getpwnam("nobody");
    ASSERT_NE(nobody, nullptr);
    ASSERT_EQ(::chown(path.c_str(), nobody->pw_uid, 0), 0);
    EXPECT_EQ(refusal(path, "nobody"), "");
    EXPECT_NE(refusal(path, "").find("belongs to another user"), std::string::npos);
  }
}

TEST(KeyFile, IsAPlainFile) {
  const TemporaryDirectory directory;
  EXPECT_NE(refusal(directory / "none").find("cannot open"), std::string::npos);
  EXPECT_NE(refusal(directory.path()).find("is no plain file"), std::string::npos);
  ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
  EXPECT_NE(refusal(directory / "fifo").find("is no plain file"), std::string::npos);
  ASSERT_TRUE(replace_file(directory / "target", kDigits, 0600));
  ASSERT_EQ(::symlink((directory / "target").c_str(), (directory / "link").c_str()), 0);
  EXPECT_NE(refusal(directory / "link").find("cannot open"), std::string::npos);
}

TEST(KeyFile, WhatIsInItIsNotSaid) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(replace_file(directory / "short", "deadbeef", 0600));
  const std::string why = refusal(directory / "short");
  EXPECT_NE(why.find("32 octets"), std::string::npos);
  EXPECT_EQ(why.find("deadbeef"), std::string::npos);
}

TEST(KeyFile, AConfigurationWithoutItsKeyIsRefused) {
  const TemporaryDirectory directory;
  const std::string file = directory / "sixgate.toml";
  ASSERT_TRUE(replace_file(file,
                           "[lan.home]\ninterface = \"eth1\"\n[ipsec_knock]\nspi = 300\n"
                           "key_file = \"" +
                               (directory / "knock.key") + "\"\n"));
  conf::CommandLine command_line;
  command_line.config = file;
  const conf::ReadResult without = load_config(command_line);
  EXPECT_FALSE(without.config);
  ASSERT_EQ(without.errors.size(), 1U);
  EXPECT_NE(without.errors[0].to_string().find("[ipsec_knock] key_file: cannot open"),
            std::string::npos);
  ASSERT_TRUE(replace_file(directory / "knock.key", kDigits, 0600));
  const conf::ReadResult with = load_config(command_line);
  ASSERT_TRUE(with.config && with.config->knock);
  EXPECT_EQ(with.config->knock->key.octets().size(), 32U);
  EXPECT_EQ(conf::describe(*with.config).find("5555"), std::string::npos);
}

// Runs as an ordinary user meanwhile.
template <class Work>
auto without_root(Work work) {
  const bool root = ::geteuid() == 0;
  if (root) EXPECT_EQ(::seteuid(12345), 0);
  auto result = work();
  if (root) EXPECT_EQ(::seteuid(0), 0);
  return result;
}

TEST(KeyFile, WhatRootAloneMayReadIsReadOnce) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  const std::string file = directory / "sixgate.toml";
  const std::string key = directory / "knock.key";
  const auto write = [&](const std::string& more) {
    return replace_file(
               file,
               "[lan.home]\ninterface = \"eth1\"\n[ipsec_knock]\nspi = 300\nkey_file = \"" + key +
                   "\"\n" + more,
               0644)
        .has_value();
  };
  ASSERT_TRUE(write("") && replace_file(key, kDigits, 0600));
  conf::CommandLine command_line;
  command_line.config = file;
  const conf::ReadResult running = load_config(command_line);
  ASSERT_TRUE(running.config);
  ASSERT_EQ(::chmod(key.c_str(), ::geteuid() == 0 ? 0600 : 0), 0);
  const auto reload = [&](const conf::Config* before) {
    return without_root([&] { return load_config(command_line, before); });
  };
  const conf::ReadResult again = reload(&*running.config);
  ASSERT_TRUE(again.config && again.config->knock);
  EXPECT_EQ(again.config->knock->key, running.config->knock->key);
  ASSERT_EQ(again.warnings.size(), 1U);
  EXPECT_EQ(
      again.warnings[0].to_string(),
      file + ": warning: [ipsec_knock] key_file: may not open " + key +
          ": chown it to the user that sixgated runs as; going on with the key that is in use");
  // Not with that of another file, of another length, or with none.
  EXPECT_FALSE(reload(nullptr).config);
  conf::Config other = *running.config;
  other.knock->key_file += ".old";
  EXPECT_FALSE(reload(&other).config);
  ASSERT_TRUE(write("algorithm = \"hmac-sha512\"\n"));
  EXPECT_FALSE(reload(&*running.config).config);
  // A file that is there no more, or is wrong, is a mistake as ever.
  ASSERT_TRUE(write(""));
  ASSERT_EQ(::unlink(key.c_str()), 0);
  EXPECT_FALSE(reload(&*running.config).config);
}

TEST(KeyFile, TheUserOfTheCommandLineMayOwnIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  const TemporaryDirectory directory;
  const std::string file = directory / "sixgate.toml";
  const std::string key = directory / "knock.key";
  ASSERT_TRUE(replace_file(
      file,
      "[lan.home]\ninterface = \"eth1\"\n[ipsec_knock]\nspi = 300\nkey_file = \"" + key + "\"\n"));
  ASSERT_TRUE(replace_file(key, kDigits, 0600));
  ASSERT_EQ(::chown(key.c_str(), ::getpwnam("nobody")->pw_uid, 0), 0);
  conf::CommandLine command_line;
  command_line.config = file;
  EXPECT_FALSE(load_config(command_line).config);
  command_line.user = "nobody";
  EXPECT_TRUE(load_config(command_line).config);
}

}  // namespace
}  // namespace sixgate::daemon
