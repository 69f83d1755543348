// SPDX-License-Identifier: Apache-2.0
// Apart from lease_events.cc: the person's tool reads places, and carries no DHCPv6 server for it.
#include "daemon/lease_events.h"
#include "net/text.h"

namespace sixgate::daemon {

std::optional<EventPlace> parse_event_place(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto epoch = parse_decimal(text.substr(0, dot));
  const auto number = parse_decimal(text.substr(dot + 1));
  if (!epoch || *epoch > 0xffffffff || !number) return std::nullopt;
  return EventPlace{static_cast<std::uint32_t>(*epoch), *number};
}

}  // namespace sixgate::daemon
