// SPDX-License-Identifier: Apache-2.0
// Any octets are a stored state or an error, and what was read is the same after writing and reading it again.
// The lines are tried as they are and behind a header and a checksum that are right, since a fuzzer guesses
// no SHA-256.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "daemon/stored_state.h"
#include "net/sha256.h"
#include "net/text.h"

namespace {

using namespace sixgate;

constexpr std::string_view kBoot = "boot";
constexpr Instant kNow = Instant::from_micros(1'000'000);

void read_and_write_again(std::string_view text) {
  (void)daemon::is_of_boot(text, kBoot);
  (void)daemon::parse_stored_state(text, kNow, "another boot");
  const auto state = daemon::parse_stored_state(text, kNow, kBoot);
  if (!state) return;
  const std::string written = daemon::serialise(*state, kNow, kBoot);
  if (!daemon::is_of_boot(written, kBoot)) std::abort();
  const auto again = daemon::parse_stored_state(written, kNow, kBoot);
  if (!again || *again != *state) std::abort();
  if (again->differs(*state) || again->worth_writing(*state, kNow)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const void* start = data;
  const std::string_view octets(static_cast<const char*>(start), size);
  read_and_write_again(octets);
  std::string body = cat("sixgate-state 1\nclock 1000000 ", kBoot, "\n", octets);
  if (!octets.empty() && octets.back() != '\n') body += '\n';
  const void* text = body.data();
  const std::span<const std::uint8_t> hashed(static_cast<const std::uint8_t*>(text), body.size());
  body += cat("checksum ", to_hex(Sha256::of(hashed)), '\n');
  read_and_write_again(body);
  return 0;
}
