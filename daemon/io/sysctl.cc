// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/sysctl.h"

#include <errno.h>

#include "daemon/io/clock.h"
#include "daemon/io/file.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// A key is a path below /proc/sys and stays there.
std::optional<std::string> path_of(const std::string& key) {
  if (key.empty() || key.front() == '/' || key.find("..") != std::string::npos) return {};
  return "/proc/sys/" + key;
}

}  // namespace

std::optional<std::string> read_sysctl(const std::string& key) {
  const auto path = path_of(key);
  if (!path) return {};
  auto text = read_file(*path, 4096);
  if (!text) return {};
  while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
  return std::move(*text);
}

Expected<Done> write_sysctl(const std::string& key, const std::string& value) {
  const auto path = path_of(key);
  if (!path) return fail(cat("not the name of a setting: ", key));
  if (read_sysctl(key) == value) return Done{};
  const auto written = write_existing(*path, value);
  if (!written) return fail(error_text(written.error().code));
  return Done{};
}

}  // namespace sixgate::daemon
