// SPDX-License-Identifier: Apache-2.0
// What the text for ip6tables-restore is put together with: a table of it, and words that several chains use.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "net/text.h"

namespace sixgate::firewall::ip6tables {

// ND, MLD, SEND and multicast router discovery (RFC 4890 section 4.3.3): never beyond their link.
inline constexpr std::array kLinkTypes{130, 131, 132, 133, 134, 135, 136, 137,
                                       141, 142, 143, 148, 149, 151, 152, 153};
// Not beyond their site (RFC 4890 section 4.3.5).
inline constexpr std::array kSiteTypes{100, 101, 127, 138, 139, 140, 200, 201, 255};

inline constexpr std::string_view kAccept = "ACCEPT";
inline constexpr std::string_view kDrop = "DROP";
inline constexpr std::string_view kReturn = "RETURN";

// One table of the text: its chains first, then its rules.
class Table {
 public:
  template <std::size_t kCount>
  Table(std::string_view name, const std::array<std::string_view, kCount>& names)
      : text_(cat("*", name, "\n")) {
    chains(names);
  }
  template <std::size_t kCount>
  void chains(const std::array<std::string_view, kCount>& names) {
    for (const std::string_view chain : names) text_ += cat(":", chain, " - [0:0]\n");
  }
  void rule(std::string_view chain, std::string_view match, std::string_view target,
            std::string_view why) {
    text_ += cat("-A ", chain, match.empty() ? "" : " ", match, " -m comment --comment \"", why,
                 "\" -j ", target, "\n");
  }
  // What a chain of one fate ends with.
  void drop(std::string_view chain, std::string_view why) { rule(chain, "", kDrop, why); }
  // A rejection with a limit, and silence beyond it.
  void refuse(std::string_view chain, std::string_view rejection, std::string_view why,
              std::string_view limit = "--limit 100/second --limit-burst 200") {
    rule(chain, cat("-m limit ", limit), cat("REJECT --reject-with ", rejection), why);
    drop(chain, "the same beyond the limit");
  }
  void append(std::string_view lines) { text_ += lines; }
  std::string text() && { return std::move(text_ += "COMMIT\n"); }

 private:
  std::string text_;
};

inline std::string icmp(int type) { return cat("-p ipv6-icmp -m icmp6 --icmpv6-type ", type); }

}  // namespace sixgate::firewall::ip6tables
