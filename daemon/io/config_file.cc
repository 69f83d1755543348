// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/config_file.h"

#include "daemon/io/key_file.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kLargestConfig = 1 << 20;

}  // namespace

Expected<std::string, FileError> read_config_text(const std::string& path) {
  return read_file(path, kLargestConfig);
}

conf::ReadResult load_config(const conf::CommandLine& command_line) {
  const auto file = command_line.file();
  if (!file) return conf::apply(command_line, conf::Config{});
  const auto text = read_config_text(*file);
  if (!text) {
    conf::ReadResult result;
    result.errors.push_back({*file, 0, 0, text.error().message});
    return result;
  }
  conf::ReadResult read = conf::read_toml(*text, *file);
  if (!read.config) return read;
  if (read.config->knock) {
    conf::KnockConfig& knock = *read.config->knock;
    Expected<Secret> key = read_key_file(knock.key_file, knock.algorithm, read.config->user);
    if (!key) {
      read.errors.push_back({*file, 0, 0, cat("[ipsec_knock] key_file: ", key.error().message)});
      read.config.reset();
      return read;
    }
    knock.key = std::move(*key);
  }
  conf::ReadResult whole = conf::apply(command_line, std::move(*read.config));
  whole.warnings.insert(whole.warnings.begin(), read.warnings.begin(), read.warnings.end());
  return whole;
}

}  // namespace sixgate::daemon
