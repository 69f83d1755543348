// SPDX-License-Identifier: Apache-2.0
// Rules of the person's own, in places of our rules that keep their names: before and after what is established is
// accepted, where new flows through the router are judged, and where packets to the router are.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "net/expected.h"

namespace sixgate::firewall {

// A chain of each backend for one place.
struct UserChain {
  std::string_view nft;
  std::string_view ip6tables;
};
inline constexpr UserChain kUserInput{"user_input", "sixgate-user-input"};
inline constexpr UserChain kUserBefore{"user_before_established", "sixgate-user-before"};
inline constexpr UserChain kUserAfter{"user_after_established", "sixgate-user-after"};
inline constexpr UserChain kUserForward{"user_forward", "sixgate-user-forward"};
inline constexpr std::array kUserChains{kUserInput, kUserBefore, kUserAfter, kUserForward};

// What may stand in ip6tables-restore's text: lines that append to our user chains, without comments. The error names
// the line.
Expected<std::string> ip6tables_user_rules(std::string_view text);

// A complaint of nft about its standard input, "/dev/stdin:70:3-9: Error: ...", with the line of the user's own text,
// which begins at line `first` of the input: "line 2: Error: ...". Others as they are.
std::string about_user_rules(std::string_view complaint, std::size_t first);

}  // namespace sixgate::firewall
