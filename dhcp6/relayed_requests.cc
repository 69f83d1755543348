// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/relayed_requests.h"

#include <algorithm>

namespace sixgate::dhcp6 {
namespace {

// Those whose Reply commits a prefix (RFC 9915 section 18.3).
bool asks_for_prefixes(const Message& message) {
  const bool commits =
      message.type == MessageType::kRequest || message.type == MessageType::kRenew ||
      message.type == MessageType::kRebind ||
      (message.type == MessageType::kSolicit && contains<RapidCommit>(message.options));
  return commits && contains<IaPd>(message.options);
}

}  // namespace

void RelayedRequests::keep_only(const std::set<std::string>& links) {
  std::erase_if(requests_, [&](const auto& one) { return !links.contains(one.first); });
}

void RelayedRequests::remember(const std::string& link, const Ip6Address& next_hop,
                               const Message& message, Instant now) {
  const ClientId* client = find_single<ClientId>(message.options);
  if (client == nullptr || !asks_for_prefixes(message)) return;
  std::deque<Request>& of_link = requests_[link];
  std::erase_if(of_link, [&](const Request& one) {
    return one.at + kMemory <= now || (one.transaction_id == message.transaction_id &&
                                       one.next_hop == next_hop && one.client == client->duid);
  });
  if (of_link.size() == kMostOfLink) of_link.pop_front();
  of_link.push_back({message.transaction_id, next_hop, client->duid, now});
}

bool RelayedRequests::has_answer(const std::string& link, const Ip6Address& next_hop,
                                 const Message& reply, Instant now) const {
  const ClientId* client = find_single<ClientId>(reply.options);
  const auto of_link = requests_.find(link);
  if (client == nullptr || of_link == requests_.end()) return false;
  return std::any_of(of_link->second.begin(), of_link->second.end(), [&](const Request& one) {
    return one.transaction_id == reply.transaction_id && one.next_hop == next_hop &&
           one.client == client->duid && one.at + kMemory > now;
  });
}

}  // namespace sixgate::dhcp6
