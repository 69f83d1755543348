// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/config_file.h"

#include <errno.h>

#include <utility>

#include "daemon/io/key_file.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kLargestConfig = 1 << 20;

// A file that root alone may read was read by root; the user that it became goes on with what was in it.
bool has_key_of(const conf::Config* running, const conf::KnockConfig& knock) {
  return running != nullptr && running->knock && running->knock->key_file == knock.key_file &&
         running->knock->algorithm == knock.algorithm;
}

void add_key(conf::ReadResult& read, const std::string& file, const conf::Config* running) {
  conf::KnockConfig& knock = *read.config->knock;
  Expected<Secret, FileError> key =
      read_key_file(knock.key_file, knock.algorithm, read.config->user);
  if (key) {
    knock.key = std::move(*key);
    return;
  }
  const std::string why = cat("[ipsec_knock] key_file: ", key.error().message);
  if (key.error().code == EACCES && has_key_of(running, knock)) {
    knock.key = running->knock->key;
    read.warnings.push_back({.file = file,
                             .text = cat(why, "; going on with the key that is in use"),
                             .is_error = false});
    return;
  }
  read.errors.push_back({.file = file, .text = why});
  read.config.reset();
}

}  // namespace

Expected<std::string, FileError> read_config_text(const std::string& path) {
  return read_file(path, kLargestConfig);
}

conf::ReadResult load_config(const conf::CommandLine& command_line, const conf::Config* running) {
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
  conf::ReadResult whole = conf::apply(command_line, std::move(*read.config));
  whole.warnings.insert(whole.warnings.begin(), read.warnings.begin(), read.warnings.end());
  if (whole.config && whole.config->knock) add_key(whole, *file, running);
  return whole;
}

}  // namespace sixgate::daemon
