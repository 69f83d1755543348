// SPDX-License-Identifier: Apache-2.0
// Addresses that hosts made themselves and tell us of (RFC 9686): remembered for names and for people, and kept
// out of what is leased. Nothing is permitted or forbidden by it.
#include <algorithm>
#include <utility>

#include "dhcp6/server.h"
#include "net/text.h"

namespace sixgate::dhcp6 {

// Section 4.2.1: "appropriate to the link", or within what the client was delegated.
bool Server::is_appropriate(const Query& query, const Ip6Address& address) const {
  for (const ScopePrefix& prefix : query.link->prefixes) {
    if (prefix.valid_until > query.now && prefix.prefix.contains(address)) return true;
  }
  if (query.client == kNoNumber) return false;
  for (BindingNumber at = table_.client(query.client).first; at != kNoNumber;
       at = table_.binding(at).next) {
    for (const Prefix& prefix : table_.binding(at).delegated) {
      if (prefix.contains(address)) return true;
    }
  }
  return false;
}

bool Server::is_registered_by_another(const Query& query, std::uint64_t interface_id) const {
  const Registrations& known = table_.registrations();
  return std::any_of(
      query.link->prefixes.begin(), query.link->prefixes.end(), [&](const ScopePrefix& prefix) {
        const Registration* one =
            known.find(prefix.prefix.with_suffix(Ip6Address::from_halves(0, interface_id)));
        return one != nullptr && (query.duid == nullptr || one->duid != *query.duid);
      });
}

void Server::answer_registration(const Query& query, ByteWriter& reply,
                                 std::optional<ServerDrop>& drop) {
  const auto named = query.message.options.find_single<IaAddress>();
  if (!query.link->registers) {
    drop = ServerDrop::kNothingToSay;
    return;
  }
  if (!named || named->address != query.source) {
    drop = ServerDrop::kNotItsAddress;
    return;
  }
  const Ip6Address& address = named->address;
  const std::string who =
      cat("DUID ", *query.duid, query.mac ? cat(", MAC address ", *query.mac) : std::string());
  const Registration* known = table_.registrations().find(address);
  const bool is_its_own = known != nullptr && known->duid == *query.duid;
  const bool of_another = known != nullptr && !is_its_own;
  // What we leased is not for clients to register.
  const BindingNumber leased =
      table_.find_address(query.link_number, query.link->interface_id_of(address));
  const auto holds = [&](const Prefix& on_link) { return on_link.contains(address); };
  const bool is_leased =
      leased != kNoNumber && std::any_of(table_.prefixes(table_.binding(leased)).begin(),
                                         table_.prefixes(table_.binding(leased)).end(), holds);
  if (is_leased || (!is_its_own && !is_appropriate(query, address))) {
    drop = ServerDrop::kNotItsAddress;
    if (!is_leased && !query.link->settled) return;  // its prefix may yet come
    say(LogLevel::kInfo, cat("lan ", query.link->name, ": ", address, " is not registered, it is ",
                             is_leased ? "leased" : "of no prefix of this link", "; ", who));
    return;
  }
  const bool same = is_its_own && known->name == query.name;
  if (known != nullptr || !table_.registrations().is_full()) {
    if (of_another)
      say(LogLevel::kWarning, cat("lan ", query.link->name, ": ", address,
                                  " was registered by DUID ", known->duid, ", and now by ", who));
    if (!same || named->valid.is_zero()) {
      out_.names_changed = true;
      say(LogLevel::kInfo,
          cat("lan ", query.link->name, ": ", address, " ",
              named->valid.is_zero() ? "is no longer registered" : "is registered", "; ", who,
              query.name.empty() ? std::string() : cat(", name ", query.name)));
    }
    table_.register_address(address,
                            {.link = query.link->name,
                             .duid = *query.duid,
                             .name = query.name,
                             .until = expiry(query.now, named->valid)},
                            query.now);
  }
  begin(reply, query, MessageType::kAddrRegReply);
  emit_option(reply, *named);
}

void Server::end_registrations(Instant now) {
  while (const auto address = table_.registrations().next_ended(now)) {
    Registration ended = *table_.registrations().find(*address);
    say(LogLevel::kInfo, cat("lan ", ended.link, ": the registration of ", *address,
                             " has expired; DUID ", ended.duid));
    ended.until = now;
    table_.register_address(*address, std::move(ended), now);
    out_.names_changed = true;
  }
}

}  // namespace sixgate::dhcp6
