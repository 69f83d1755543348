// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "daemon/foreign_identity.h"
#include "daemon/foreign_words.h"
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

using End = Statement::End;

// One `interface NAME { send ia-pd 3; send ia-na 7; };`
ForeignIdentity read_interface(Statements& statements, const std::string& name) {
  ForeignIdentity read;
  read.interface = name;
  for (;;) {
    const Statement statement = statements.next();
    if (statement.end == End::kClose || statement.end == End::kFile) return read;
    if (statement.end == End::kOpen) {
      statements.skip_block();
      continue;
    }
    // send ia-pd 0, ia-na 0; is one statement of several options.
    const auto& words = statement.words;
    if (words.empty() || !words[0].is("send")) continue;
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
      std::string_view number = words[i + 1].text;
      if (number.ends_with(',')) number.remove_suffix(1);
      const auto iaid = parse_decimal(number);
      if (!iaid || *iaid > 0xffffffffU) continue;
      if (words[i].is("ia-na") && !read.address_iaid) {
        read.address_iaid = static_cast<std::uint32_t>(*iaid);
      } else if (words[i].is("ia-pd") && !read.delegation_iaid) {
        read.delegation_iaid = static_cast<std::uint32_t>(*iaid);
      }
    }
  }
}

}  // namespace

std::optional<dhcp6::Duid> read_wide_duid(std::span<const std::uint8_t> octets) {
  ByteReader reader(octets);
  const std::uint16_t size = reader.u16();
  const std::size_t swapped = static_cast<std::size_t>(size & 0xff) << 8 | size >> 8;
  const auto duid = reader.rest();
  // Whichever byte order makes sense: a disk may have been moved to another machine.
  if (!reader.ok() || (duid.size() != size && duid.size() != swapped)) return std::nullopt;
  return dhcp6::Duid::from_bytes(duid);
}

ForeignIdentities read_wide_configuration(std::string_view text) {
  ForeignIdentities found;
  Statements statements(text);
  for (;;) {
    const Statement statement = statements.next();
    if (statement.end == End::kFile) return found;
    if (statement.end != End::kOpen) continue;
    const auto& words = statement.words;
    if (words.size() == 2 && words[0].is("interface") && found.size() < kMaxForeignIdentities) {
      found.push_back(read_interface(statements, words[1].text));
    } else {
      statements.skip_block();
    }
  }
}

}  // namespace sixgate::daemon
