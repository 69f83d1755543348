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

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<std::uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
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
  const std::size_t octets = digits.size() / 2;
  std::array<std::uint8_t, 64> key{};
  if (digits.size() % 2 == 0 && octets <= key.size()) {
    bool good = true;
    for (std::size_t i = 0; i < octets; ++i) {
      const auto high = digit(digits[2 * i]);
      const auto low = digit(digits[2 * i + 1]);
      good = good && high && low;
      if (good) key[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    Secret secret(std::span<const std::uint8_t>(key).first(octets));
    ::explicit_bzero(key.data(), key.size());
    if (!good) return fail("it holds something else than hexadecimal digits");
    if (octets == kind.key_octets) return secret;
  }
  return fail(cat(kind.name, " needs a key of ", kind.key_octets, " octets, ", 2 * kind.key_octets,
                  " hexadecimal digits (RFC 4868 section 2.1.1); this one has ", digits.size(),
                  " digits"));
}

}  // namespace sixgate::conf
