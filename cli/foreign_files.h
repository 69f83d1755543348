// SPDX-License-Identifier: Apache-2.0
// Where other DHCPv6 clients leave their files, and what is found there.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/foreign_identity.h"

namespace sixgate::cli {

enum class ForeignClient : std::uint8_t { kOdhcp6c, kDhcpcd, kWide, kDhclient, kNetworkd };
inline constexpr std::array<ForeignClient, 5> kForeignClients{
    ForeignClient::kOdhcp6c, ForeignClient::kDhcpcd, ForeignClient::kWide, ForeignClient::kDhclient,
    ForeignClient::kNetworkd};

std::string_view to_string(ForeignClient client);  // "odhcp6c", "dhcpcd", ...
std::optional<ForeignClient> parse_foreign_client(std::string_view text);

struct Search {
  std::string root;                // "" or a directory that stands for /
  std::vector<std::string> files;  // these instead of the usual places
  std::string interface;           // the uplink
  // Computes what no file says any more (networkd's identity from the machine's id): where the person named
  // the client.
  bool compute = false;
};

struct FoundIdentity {
  ForeignClient client = ForeignClient::kOdhcp6c;
  std::vector<std::string> files;  // what it was read from
  daemon::ForeignIdentity identity;
  bool complete() const { return identity.duid && identity.delegation_iaid; }
};

struct SearchResult {
  std::vector<FoundIdentity> found;
  std::vector<std::string> problems;  // files that are there and cannot be read
  bool forbidden = false;             // one of them for want of permission
};

SearchResult search_identities(ForeignClient client, const Search& search);

}  // namespace sixgate::cli
