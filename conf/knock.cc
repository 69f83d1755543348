// SPDX-License-Identifier: Apache-2.0
#include "conf/knock.h"

#include <string.h>

#include <array>
#include <optional>

#include "net/text.h"

namespace sixgate::conf {
namespace {

constexpr std::array<KnockAlgorithmKind, 3> kKinds{{
    {KnockAlgorithm::kHmacSha256, "hmac-sha256", "hmac(sha256)", 32, 128},
    {KnockAlgorithm::kHmacSha384, "hmac-sha384", "hmac(sha384)", 48, 192},
    {KnockAlgorithm::kHmacSha512, "hmac-sha512", "hmac(sha512)", 64, 256},
}};

// Of the longest key.
constexpr std::size_t kMostDigits = 2 * kKinds.back().key_octets;

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

const KnockAlgorithmKind& kind_of(KnockAlgorithm algorithm) {
  return kKinds[static_cast<std::size_t>(algorithm)];
}

std::span<const KnockAlgorithmKind> knock_algorithms() { return kKinds; }

Expected<Secret> parse_knock_key(std::string_view text, KnockAlgorithm algorithm) {
  std::string_view digits = without_space(text);
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  const KnockAlgorithmKind& kind = kind_of(algorithm);
  if (digits.size() % 2 == 0 && digits.size() <= kMostDigits) {
    // Without the ':' between octets that parse_hex() allows.
    auto octets =
        digits.find_first_of(":-") == std::string_view::npos ? parse_hex(digits) : std::nullopt;
    if (!octets) return fail("it holds something else than hexadecimal digits");
    Secret secret(*octets);
    if (!octets->empty()) ::explicit_bzero(octets->data(), octets->size());
    if (secret.octets().size() == kind.key_octets) return secret;
  }
  return fail(cat(kind.name, " needs a key of ", kind.key_octets, " octets, ", 2 * kind.key_octets,
                  " hexadecimal digits (RFC 4868 section 2.1.1); this one has ", digits.size(),
                  " digits"));
}

}  // namespace sixgate::conf
