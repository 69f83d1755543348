// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "daemon/foreign_identity.h"
#include "daemon/foreign_words.h"
#include "dhcp6/message.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// A number, or else up to four characters as the four octets.
std::optional<std::uint32_t> iaid_of(std::string_view text) {
  if (const auto number = parse_decimal(text)) {
    if (*number > 0xffffffffU) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
  }
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint32_t iaid = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    iaid = iaid << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return iaid;
}

template <class Association, class Leased>
void take(ForeignIdentity& into, const Association& ia, bool delegated) {
  auto& first = delegated ? into.delegation_iaid : into.address_iaid;
  if (!first) first = ia.iaid;
  for (const Leased& one : dhcp6::find_all<Leased>(ia.options)) {
    if (into.leases.size() >= kMaxForeignLeases) return;
    ForeignLease lease{.delegated = delegated, .iaid = ia.iaid};
    if constexpr (std::is_same_v<Leased, dhcp6::IaPrefix>) {
      lease.prefix = one.prefix;
    } else {
      lease.prefix = Prefix(one.address, 128);
    }
    lease.preferred = one.preferred;
    lease.valid = one.valid;
    into.leases.push_back(lease);
  }
}

}  // namespace

std::optional<dhcp6::Duid> read_dhcpcd_duid(std::string_view text) {
  const auto words = next_line(text);
  return words && words->size() == 1 ? dhcp6::Duid::parse((*words)[0].text) : std::nullopt;
}

std::optional<ForeignIdentity> read_dhcpcd_lease(std::span<const std::uint8_t> reply) {
  const auto message = dhcp6::Message::parse(reply);
  if (!message || message->type != dhcp6::MessageType::kReply) return std::nullopt;
  ForeignIdentity read;
  if (const auto* client = dhcp6::find_single<dhcp6::ClientId>(message->options)) {
    read.duid = client->duid;
  }
  if (const auto* server = dhcp6::find_single<dhcp6::ServerId>(message->options)) {
    read.server = server->duid;
  }
  for (const dhcp6::IaNa& ia : dhcp6::find_all<dhcp6::IaNa>(message->options)) {
    take<dhcp6::IaNa, dhcp6::IaAddress>(read, ia, false);
  }
  for (const dhcp6::IaPd& ia : dhcp6::find_all<dhcp6::IaPd>(message->options)) {
    take<dhcp6::IaPd, dhcp6::IaPrefix>(read, ia, true);
  }
  return read;
}

ForeignIdentity read_dhcpcd_configuration(std::string_view text, std::string_view interface,
                                          const std::optional<MacAddress>& mac) {
  ForeignIdentity read;
  read.interface = interface;
  std::optional<std::uint32_t> own;  // `iaid` of the interface
  bool asks_address = false;
  bool asks_prefix = false;
  bool relevant = true;  // what stands before the first interface is for all
  while (const auto words = next_line(text)) {
    if (words->empty()) continue;
    const Word& key = (*words)[0];
    if (key.is("interface")) {
      relevant = std::any_of(words->begin() + 1, words->end(),
                             [&](const Word& name) { return name.text == interface; });
      continue;
    }
    if (key.is("ssid") || key.is("profile")) relevant = false;
    if (!relevant) continue;
    const std::string_view argument = words->size() > 1 ? (*words)[1].text : std::string_view();
    if (key.is("iaid")) own = iaid_of(argument);
    if (key.is("ia_na") && !asks_address) {
      asks_address = true;
      read.address_iaid = iaid_of(argument);
    }
    if (key.is("ia_pd") && !asks_prefix) {
      asks_prefix = true;
      read.delegation_iaid = iaid_of(argument.substr(0, argument.find('/')));
    }
  }
  if (!own && mac) {
    const MacAddress::Bytes& octets = mac->bytes();
    own = std::uint32_t{octets[2]} << 24 | std::uint32_t{octets[3]} << 16 |
          std::uint32_t{octets[4]} << 8 | octets[5];
  }
  if (asks_address && !read.address_iaid) read.address_iaid = own;
  if (asks_prefix && !read.delegation_iaid) read.delegation_iaid = own;
  return read;
}

}  // namespace sixgate::daemon
