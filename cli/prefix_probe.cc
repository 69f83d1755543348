// SPDX-License-Identifier: Apache-2.0
// prefix-probe: what would this provider delegate?
#include <signal.h>
#include <unistd.h>

#include "cli/probe_options.h"
#include "cli/probe_run.h"
#include "cli/probe_text.h"
#include "daemon/io/standard_descriptors.h"
#include "daemon/version.h"
#include "net/text.h"

namespace {

using namespace sixgate;

void write_out(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote <= 0) return;  // a reader that went away
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

// One line on the terminal that is written over again and again.
constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

int main(int argc, char** argv) {
  if (!daemon::keep_standard_descriptors()) return cli::kFailure;
  ::signal(SIGPIPE, SIG_IGN);
  const auto options = cli::parse_probe_options(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)));
  if (!options) {
    write_out(STDERR_FILENO,
              cat("prefix-probe: ", options.error().message, "\nTry: prefix-probe --help\n"));
    return cli::kUsage;
  }
  if (options->help) {
    write_out(STDOUT_FILENO, cli::probe_usage());
    return cli::kOk;
  }
  if (options->version) {
    write_out(STDOUT_FILENO, cat("prefix-probe ", daemon::kVersion, '\n'));
    return cli::kOk;
  }
  const bool watched = ::isatty(STDERR_FILENO) == 1;
  const auto clear = [watched] {
    if (watched) write_out(STDERR_FILENO, kClearLine);
  };
  const cli::ProbeRun run = cli::run_probe(
      *options,
      [watched](const std::string& what) {
        if (watched) write_out(STDERR_FILENO, cat(kClearLine, what, " ..."));
      },
      [&clear](const std::string& what) {
        clear();
        write_out(STDERR_FILENO, cat("prefix-probe: ", what, '\n'));
      });
  clear();
  if (!run.trouble.empty()) write_out(STDERR_FILENO, cat("prefix-probe: ", run.trouble, '\n'));
  if (run.report) {
    const cli::Verdict verdict = cli::judge(*run.report);
    write_out(STDOUT_FILENO, options->json ? cat(cli::probe_json(*run.report, verdict), '\n')
                                           : cli::probe_text(*run.report, verdict));
  }
  return run.code;
}
