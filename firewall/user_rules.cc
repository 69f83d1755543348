// SPDX-License-Identifier: Apache-2.0
#include "firewall/user_rules.h"

#include <algorithm>

#include "net/text.h"

namespace sixgate::firewall {
namespace {

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(++number, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
    line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line;
}

bool appends(std::string_view line) {
  return std::any_of(kUserChains.begin(), kUserChains.end(), [&](const UserChain& chain) {
    return line.starts_with(cat("-A ", chain.ip6tables, " "));
  });
}

}  // namespace

Expected<std::string> ip6tables_user_rules(std::string_view text) {
  std::string rules;
  std::string wrong;
  each_line(text, [&](std::size_t number, std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') return;
    if (!appends(line) && wrong.empty()) {
      wrong =
          cat("line ", number, ": \"", printable(line), "\" does not begin with \"-A\" and one of");
      for (const UserChain& chain : kUserChains) wrong += cat(' ', chain.ip6tables);
    }
    rules += cat(line, "\n");
  });
  if (!wrong.empty()) return fail(std::move(wrong));
  return rules;
}

std::string about_user_rules(std::string_view complaint, std::size_t first) {
  std::string out;
  each_line(complaint, [&](std::size_t, std::string_view line) {
    // As nft names its input; which of the two, its version decides.
    const std::size_t begin = line.starts_with("-:") ? 2 : line.starts_with("/dev/stdin:") ? 11 : 0;
    const std::size_t end = line.find(':', begin);
    const auto number = begin > 0 && end != std::string_view::npos
                            ? parse_decimal(line.substr(begin, end - begin))
                            : std::nullopt;
    if (number && *number >= first) {
      const std::size_t rest = std::min(line.find(' ', end), line.size());
      out += cat("line ", *number - first + 1, ":", line.substr(rest), "\n");
    } else {
      out += cat(line, "\n");
    }
  });
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace sixgate::firewall
