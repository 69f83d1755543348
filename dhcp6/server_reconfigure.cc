// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server_reconfigure.h"

#include <algorithm>

#include "dhcp6/client_reconfigure.h"
#include "dhcp6/message.h"
#include "net/sha256.h"

namespace sixgate::dhcp6 {
namespace {

constexpr Duration kReconfigureTimeout = seconds(2);  // REC_TIMEOUT
constexpr unsigned kReconfigureMaxCount = 8;          // REC_MAX_RC

}  // namespace

Authentication::Key reconfigure_key_of(const std::array<std::uint8_t, 32>& secret,
                                       const Duid& client) {
  constexpr std::uint8_t kPurpose[] = {'r', 'e', 'c', 'o', 'n', 'f', 'i', 'g',
                                       'u', 'r', 'e', ' ', 'k', 'e', 'y'};
  Sha256 hash;
  hash.update(secret);
  hash.update(kPurpose);
  hash.update(client.bytes());
  const Sha256::Digest digest = hash.finish();
  Authentication::Key key{};
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

std::vector<std::uint8_t> make_reconfigure(const Duid& server, const Duid& client,
                                           const Authentication::Key& key,
                                           std::uint64_t replay_value) {
  Message message{.type = MessageType::kReconfigure, .transaction_id = 0, .options = {}};
  message.options.push_back(ServerId{server});
  message.options.push_back(ClientId{client});
  message.options.push_back(ReconfigureMessage{MessageType::kRenew});
  message.options.push_back(Authentication::with_reconfigure_digest({}, replay_value));
  const auto digest = reconfigure_digest_of(message.to_bytes(), key);
  if (!digest) return {};
  message.options.back() = Authentication::with_reconfigure_digest(*digest, replay_value);
  return message.to_bytes();
}

bool ReconfigureAttempt::is_last() const { return sent == kReconfigureMaxCount; }

void ReconfigureAttempt::count(Instant now) {
  next = now + kReconfigureTimeout * (1U << sent);
  ++sent;
}

std::vector<ClientNumber> ReconfigureQueue::due(Instant now) {
  std::vector<ClientNumber> due;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    ReconfigureAttempt& attempt = it->second;
    if (attempt.next > now) {
      ++it;
      continue;
    }
    if (attempt.is_last()) {
      it = waiting_.erase(it);  // it renews in its own time
      continue;
    }
    due.push_back(it->first);
    attempt.count(now);
    ++it;
  }
  return due;
}

std::optional<Instant> ReconfigureQueue::next() const {
  std::optional<Instant> next;
  for (const auto& [client, attempt] : waiting_) next = earlier(next, std::optional(attempt.next));
  return next;
}

}  // namespace sixgate::dhcp6
