// SPDX-License-Identifier: Apache-2.0
// ISC dhclient's lease file: a log of declarations, the last of each kind counts.
//
//   default-duid "\000\001...";
//   lease6 {
//     interface "wan0";
//     ia-pd b2:c3:00:04 { starts 1795646029; iaprefix 2001:db8::/56 { preferred-life 3000; max-life 6000; } }
//     option dhcp6.client-id 0:1:0:1:...;
//   }
#include <algorithm>
#include <limits>

#include "daemon/foreign_identity.h"
#include "daemon/foreign_words.h"
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using End = Statement::End;

// Quoted as octets, or bare as hexadecimal digits: the option lease-id-format of dhclient.conf decides.
std::optional<std::vector<std::uint8_t>> octets_of(const Word& word) {
  if (word.quoted) return std::vector<std::uint8_t>(word.text.begin(), word.text.end());
  return parse_loose_hex(word.text);
}

std::optional<dhcp6::Duid> duid_of(const Word& word) {
  const auto octets = octets_of(word);
  return octets ? dhcp6::Duid::from_bytes(*octets) : std::nullopt;
}

std::optional<std::uint32_t> iaid_of(const Word& word) {
  const auto octets = octets_of(word);
  if (!octets || octets->size() != 4) return std::nullopt;
  ByteReader reader(*octets);
  return reader.u32();
}

Lifetime lifetime_of(const Word& word) {
  const std::uint64_t value = parse_decimal(word.text).value_or(0);
  return Lifetime(static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max())));
}

std::optional<std::int64_t> moment_of(const Word& word) {
  const auto value = parse_decimal(word.text);
  if (!value || *value > std::uint64_t{1} << 40) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

class LeaseFile {
 public:
  explicit LeaseFile(std::string_view text) : statements_(text) {}

  ForeignIdentities read() {
    for (;;) {
      const Statement statement = statements_.next();
      if (statement.end == End::kFile) break;
      const auto& words = statement.words;
      if (statement.end == End::kOpen) {
        if (words.size() == 1 && words[0].is("lease6")) {
          lease();
        } else {
          statements_.skip_block();
        }
      } else if (words.size() == 2 && words[0].is("default-duid")) {
        if (auto duid = duid_of(words[1])) default_duid_ = std::move(duid);
      }
    }
    if (found_.empty() && default_duid_) found_.emplace_back();
    for (ForeignIdentity& one : found_) {
      if (!one.duid) one.duid = default_duid_;
    }
    return std::move(found_);
  }

 private:
  void lease() {
    ForeignIdentity read;
    bool released = false;
    for (;;) {
      const Statement statement = statements_.next();
      const auto& words = statement.words;
      if (statement.end == End::kClose || statement.end == End::kFile) break;
      if (statement.end == End::kOpen) {
        const bool address = words.size() == 2 && words[0].is("ia-na");
        const bool delegation = words.size() == 2 && words[0].is("ia-pd");
        const auto iaid = address || delegation ? iaid_of(words[1]) : std::nullopt;
        if (!iaid) {
          statements_.skip_block();
          continue;
        }
        auto& first = delegation ? read.delegation_iaid : read.address_iaid;
        if (!first) first = iaid;
        association(read, delegation, *iaid);
      } else if (words.size() == 2 && words[0].is("interface")) {
        read.interface = words[1].text;
      } else if (words.size() == 1 && words[0].is("released")) {
        released = true;
      } else if (words.size() == 3 && words[0].is("option") && words[1].is("dhcp6.client-id")) {
        read.duid = duid_of(words[2]);
      } else if (words.size() == 3 && words[0].is("option") && words[1].is("dhcp6.server-id")) {
        read.server = duid_of(words[2]);
      }
    }
    if (released) read.leases.clear();
    const auto known = std::find_if(found_.begin(), found_.end(), [&](const auto& one) {
      return one.interface == read.interface;
    });
    if (known != found_.end()) {
      *known = std::move(read);
    } else if (found_.size() < kMaxForeignIdentities) {
      found_.push_back(std::move(read));
    }
  }

  void association(ForeignIdentity& into, bool delegation, std::uint32_t iaid) {
    std::optional<std::int64_t> since;
    for (;;) {
      const Statement statement = statements_.next();
      const auto& words = statement.words;
      if (statement.end == End::kClose || statement.end == End::kFile) return;
      if (statement.end == End::kOpen) {
        const auto prefix = words.size() == 2 ? leased(words, delegation) : std::nullopt;
        if (prefix) {
          resource(into,
                   {.delegated = delegation, .iaid = iaid, .prefix = *prefix, .since = since});
        } else {
          statements_.skip_block();
        }
      } else if (words.size() == 2 && words[0].is("starts")) {
        since = moment_of(words[1]);
      }
    }
  }

  static std::optional<Prefix> leased(const std::vector<Word>& words, bool delegation) {
    if (delegation && words[0].is("iaprefix")) return Prefix::parse(words[1].text);
    const auto address =
        !delegation && words[0].is("iaaddr") ? Ip6Address::parse(words[1].text) : std::nullopt;
    return address ? std::optional(Prefix(*address, 128)) : std::nullopt;
  }

  void resource(ForeignIdentity& into, ForeignLease lease) {
    for (;;) {
      const Statement statement = statements_.next();
      const auto& words = statement.words;
      if (statement.end == End::kClose || statement.end == End::kFile) break;
      if (statement.end == End::kOpen) {
        statements_.skip_block();
      } else if (words.size() == 2 && words[0].is("starts")) {
        lease.since = moment_of(words[1]);
      } else if (words.size() == 2 && words[0].is("preferred-life")) {
        lease.preferred = lifetime_of(words[1]);
      } else if (words.size() == 2 && words[0].is("max-life")) {
        lease.valid = lifetime_of(words[1]);
      }
    }
    if (into.leases.size() < kMaxForeignLeases) into.leases.push_back(lease);
  }

  Statements statements_;
  std::optional<dhcp6::Duid> default_duid_;
  ForeignIdentities found_;
};

}  // namespace

ForeignIdentities read_dhclient_leases(std::string_view text) { return LeaseFile(text).read(); }

}  // namespace sixgate::daemon
