// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/hmac_md5.h"

#include <bit>
#include <cstddef>
#include <vector>

namespace sixgate::dhcp6 {
namespace {

constexpr std::size_t kBlock = 64;

// RFC 1321 section 3.4: T[i] is the integer part of 4294967296 * abs(sin(i)).
constexpr std::array<std::uint32_t, 64> kSines{
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
// Shifts of the four rounds.
constexpr std::array<std::array<int, 4>, 4> kShifts{
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

using State = std::array<std::uint32_t, 4>;

void take_block(State& state, std::span<const std::uint8_t> block) {
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    words[i / 4] |= static_cast<std::uint32_t>(block[i]) << (8 * (i % 4));
  }
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    std::uint32_t mixed = 0;
    std::size_t word = 0;
    if (i < 16) {
      mixed = (b & c) | (~b & d);
      word = i;
    } else if (i < 32) {
      mixed = (b & d) | (c & ~d);
      word = (5 * i + 1) % 16;
    } else if (i < 48) {
      mixed = b ^ c ^ d;
      word = (3 * i + 5) % 16;
    } else {
      mixed = c ^ (b | ~d);
      word = (7 * i) % 16;
    }
    const std::uint32_t sum = a + mixed + kSines[i] + words[word];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kShifts[i / 16][i % 4]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

Md5Digest md5(std::span<const std::uint8_t> message) {
  State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const std::size_t whole = message.size() / kBlock * kBlock;
  for (std::size_t at = 0; at < whole; at += kBlock) take_block(state, message.subspan(at, kBlock));
  // The rest, a one bit, zeros, and the length in bits: one or two blocks.
  std::array<std::uint8_t, 2 * kBlock> tail{};
  const std::size_t left = message.size() - whole;
  for (std::size_t i = 0; i < left; ++i) tail[i] = message[whole + i];
  tail[left] = 0x80;
  const std::size_t size = left + 9 <= kBlock ? kBlock : 2 * kBlock;
  const std::uint64_t bits = static_cast<std::uint64_t>(message.size()) * 8;
  for (std::size_t i = 0; i < 8; ++i)
    tail[size - 8 + i] = static_cast<std::uint8_t>(bits >> (8 * i));
  for (std::size_t at = 0; at < size; at += kBlock) {
    take_block(state, std::span(tail).subspan(at, kBlock));
  }
  Md5Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (8 * (i % 4)));
  }
  return digest;
}

Md5Digest hmac_md5(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message) {
  std::array<std::uint8_t, kBlock> padded{};
  const Md5Digest hashed = key.size() > kBlock ? md5(key) : Md5Digest{};
  const std::span<const std::uint8_t> used = key.size() > kBlock ? std::span(hashed) : key;
  for (std::size_t i = 0; i < used.size(); ++i) padded[i] = used[i];

  std::vector<std::uint8_t> inner;
  inner.reserve(kBlock + message.size());
  for (const std::uint8_t octet : padded) inner.push_back(octet ^ 0x36);
  inner.insert(inner.end(), message.begin(), message.end());
  const Md5Digest inside = md5(inner);

  std::array<std::uint8_t, kBlock + 16> outer{};
  for (std::size_t i = 0; i < kBlock; ++i) outer[i] = padded[i] ^ 0x5c;
  for (std::size_t i = 0; i < inside.size(); ++i) outer[kBlock + i] = inside[i];
  return md5(outer);
}

}  // namespace sixgate::dhcp6
