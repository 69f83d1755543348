// SPDX-License-Identifier: Apache-2.0
// What ip6tables-save and nft print of everybody's rules: any text is read, what is ours lacks nothing of itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "firewall/counted.h"
#include "firewall/ip6tables_saved.h"
#include "firewall/nft_listing.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate::firewall;
  const std::string text(data, data + size);
  // Two halves: what was given, and what is there.
  const std::string given = text.substr(0, size / 2);
  const std::string lack = ip6tables_lack(given, text.substr(size / 2));
  // Of rules that are there all that can be missing is a jump.
  const std::string itself = ip6tables_lack(text, text);
  require(itself.empty() || itself.starts_with("nothing leads from "));
  require(lack.find('\n') == std::string::npos);
  require(ip6tables_ahead(text, 0).size() >= ip6tables_ahead(text, 1).size());
  for (const auto& names :
       {ip6tables_dropping_invalid(text), nft_dropping_invalid(text), nft_closed(text)}) {
    for (const std::string& name : names) require(name.find('\n') == std::string::npos);
  }
  require(ip6tables_counts(text).size() == kCountedKinds.size());
  unsigned number = 0;
  for (const RuleCount& one : ip6tables_rule_counts(text)) {
    require(one.number == 1 || one.number == number + 1);
    number = one.number;
  }
  (void)saved_by_legacy(text);
  return 0;
}
