// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_reconfigure.h"

#include <algorithm>

#include "dhcp6/hmac_md5.h"
#include "net/byte_reader.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::size_t kDigestSize = 16;

// Where in the message the digest of the (first) Authentication option lies: after type, transaction id,
// option header, protocol, algorithm, RDM, replay detection and the type octet (section 20.4.1).
std::optional<std::size_t> digest_position(std::span<const std::uint8_t> raw) {
  constexpr std::size_t kBeforeDigest = 1 + 1 + 1 + 8 + 1;
  ByteReader reader(raw);
  reader.skip(4);
  while (reader.ok() && !reader.at_end()) {
    const std::uint16_t code = reader.u16();
    const std::uint16_t length = reader.u16();
    if (code == Authentication::kCode) {
      if (length != kBeforeDigest + kDigestSize || reader.left() < length) return std::nullopt;
      return reader.offset() + kBeforeDigest;
    }
    reader.skip(length);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Authentication::Key> reconfigure_digest_of(std::span<const std::uint8_t> raw,
                                                         const Authentication::Key& key) {
  const std::optional<std::size_t> at = digest_position(raw);
  if (!at) return std::nullopt;
  std::vector<std::uint8_t> blanked(raw.begin(), raw.end());
  std::fill_n(blanked.begin() + static_cast<std::ptrdiff_t>(*at), kDigestSize, std::uint8_t{0});
  return hmac_md5(key, blanked);
}

std::variant<ReconfigureOrder, ClientDrop> check_reconfigure(
    const Message& message, std::span<const std::uint8_t> raw,
    const std::optional<ReconfigureKey>& key) {
  const ReconfigureMessage* order = find_single<ReconfigureMessage>(message.options);
  if (!order) return ClientDrop::kReconfigureInvalid;
  const Authentication* authentication = find_single<Authentication>(message.options);
  if (!key || !authentication) return ClientDrop::kReconfigureRefused;
  const auto theirs = authentication->reconfigure_digest();
  const auto ours = reconfigure_digest_of(raw, key->key);
  if (!theirs || !ours || *theirs != *ours) return ClientDrop::kReconfigureUnproven;
  // After the digest, so that a stranger learns nothing about the counter.
  if (authentication->replay_value <= key->replay_value) return ClientDrop::kReconfigureReplayed;
  return ReconfigureOrder{order->type, authentication->replay_value};
}

}  // namespace sixgate::dhcp6
