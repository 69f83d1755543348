// SPDX-License-Identifier: Apache-2.0
#include "tests/support/dhcp6_test_server.h"

#include <algorithm>
#include <cstdlib>

namespace sixgate::dhcp6::testing {

Duid test_duid(unsigned number) {
  const std::vector<std::uint8_t> bytes{0,
                                        2,
                                        0,
                                        0,
                                        0xab,
                                        0x11,
                                        static_cast<std::uint8_t>(number >> 8),
                                        static_cast<std::uint8_t>(number)};
  return Duid::from_bytes(bytes).value();
}

Ip6Address address(const char* text) {
  const auto parsed = Ip6Address::parse(text);
  if (!parsed) std::abort();
  return *parsed;
}

Prefix prefix(const char* text) {
  const auto parsed = Prefix::parse(text);
  if (!parsed) std::abort();
  return *parsed;
}

namespace {

void put_status(Options& options, Status status) {
  options.push_back(StatusCode{.status = status, .message = "said by the test"});
}

IaNa answer_addresses(const TestServer& server, const IaNa& asked) {
  IaNa ia{.iaid = asked.iaid, .t1 = server.t1, .t2 = server.t2};
  const auto held = server.addresses.find(asked.iaid);
  if (server.address_status) {
    put_status(ia.options, *server.address_status);
  } else if (held == server.addresses.end()) {
    put_status(ia.options, Status::kNoAddrsAvail);
  } else {
    for (const Ip6Address& one : held->second) {
      ia.options.push_back(
          IaAddress{.address = one, .preferred = server.preferred, .valid = server.valid});
    }
  }
  return ia;
}

IaPd answer_prefixes(const TestServer& server, const IaPd& asked) {
  IaPd ia{.iaid = asked.iaid, .t1 = server.t1, .t2 = server.t2};
  const auto held = server.prefixes.find(asked.iaid);
  if (server.prefix_status) {
    put_status(ia.options, *server.prefix_status);
  } else if (held != server.prefixes.end()) {
    for (const Prefix& one : held->second) {
      ia.options.push_back(
          IaPrefix{.prefix = one, .preferred = server.preferred, .valid = server.valid});
    }
  }
  for (const Prefix& one : server.withdrawn) ia.options.push_back(IaPrefix{.prefix = one});
  if (ia.options.empty()) put_status(ia.options, Status::kNoPrefixAvail);
  return ia;
}

}  // namespace

std::optional<Message> TestServer::answer(const Message& query) const {
  heard.push_back(query);
  if (silent || std::find(deaf_to.begin(), deaf_to.end(), query.type) != deaf_to.end()) {
    return std::nullopt;
  }
  const ServerId* named = find<ServerId>(query.options);
  if (named && named->duid != duid) return std::nullopt;

  const bool solicit = query.type == MessageType::kSolicit;
  const bool commit = solicit && rapid_commit && contains<RapidCommit>(query.options);
  Message answer{.type = solicit && !commit ? MessageType::kAdvertise : MessageType::kReply,
                 .transaction_id = query.transaction_id};
  Options& options = answer.options;
  if (const ClientId* client = find<ClientId>(query.options)) options.push_back(*client);
  options.push_back(ServerId{duid});
  if (commit) options.push_back(RapidCommit{});
  if (solicit && preference) options.push_back(Preference{*preference});
  if (status) put_status(options, *status);
  options.insert(options.end(), configuration.begin(), configuration.end());
  const bool with_leases = solicit || query.type == MessageType::kRequest ||
                           query.type == MessageType::kRenew || query.type == MessageType::kRebind;
  if (with_leases) {
    for (const IaNa& ia : find_all<IaNa>(query.options)) {
      if (omit_missing && !addresses.contains(ia.iaid)) continue;
      options.push_back(answer_addresses(*this, ia));
    }
    for (const IaPd& ia : find_all<IaPd>(query.options)) {
      if (omit_missing && !prefixes.contains(ia.iaid)) continue;
      options.push_back(answer_prefixes(*this, ia));
    }
  }
  if (edit) edit(query, answer);
  return answer;
}

}  // namespace sixgate::dhcp6::testing
