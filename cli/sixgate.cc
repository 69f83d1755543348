// SPDX-License-Identifier: Apache-2.0
// sixgate: the person's tool.
#include <unistd.h>

#include "cli/command.h"

namespace {

void write_out(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote <= 0) return;  // a reader that went away
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto result = sixgate::cli::run_command(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)),
      [](std::string_view text) { write_out(STDOUT_FILENO, text); });
  write_out(STDERR_FILENO, result.errors);
  write_out(STDOUT_FILENO, result.out);
  return result.code;
}
