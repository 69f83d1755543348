// SPDX-License-Identifier: Apache-2.0
// From one value of a file to one member of a Config and back: the kinds of values that keys have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "conf/value.h"
#include "net/text.h"

namespace sixgate::conf {

inline constexpr std::int64_t kMax32 = 0xffffffff;

// What is wrong with a value, and where in it.
struct Complaint {
  Position at;
  std::string text;
};
using Complaints = std::vector<Complaint>;

// Each returns none after having complained.
std::optional<bool> read_boolean(const Value& value, Complaints& complaints);
std::optional<std::int64_t> read_number(const Value& value, std::int64_t low, std::int64_t high,
                                        Complaints& complaints);
void read_number32(const Value& value, std::int64_t low, std::uint32_t& out,
                   Complaints& complaints);
std::optional<std::string> read_text(const Value& value, Complaints& complaints);
std::optional<std::vector<std::string>> read_texts(const Value& value, Complaints& complaints);

template <class D>
void read_duration(const Value& value, D& out, std::int64_t low, std::int64_t high,
                   Complaints& complaints) {
  if (const auto read = read_number(value, low, high, complaints)) out = D(*read);
}

// The same, and of one text a list of one: that needs no brackets.
Value as_list(const Value& value);

// A list of texts, each of which parses or says why not.
template <class T, class Parse>
void read_list(const Value& value, std::vector<T>& out, Parse parse, Complaints& complaints) {
  const Value list = as_list(value);
  const auto texts = read_texts(list, complaints);
  if (!texts) return;
  out.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    auto parsed = parse((*texts)[i]);
    if (parsed)
      out.push_back(std::move(*parsed));
    else
      complaints.push_back({list.array[i].at, parsed.error().message});
  }
}

// Of a text that parses or does not; the error is its own explanation.
Expected<Prefix> parse_prefix_text(std::string_view text);
Expected<std::optional<InterfaceAddress>> parse_interface_address(std::string_view text);
Expected<std::optional<Ip6Address>> parse_gateway(std::string_view text);
Expected<RouteCheckConfig> parse_route_check(std::string_view text);
Expected<UlaConfig> parse_ula(std::string_view text);
Expected<DuidConfig> parse_duid(std::string_view text);
Expected<dhcp6::InterfaceIdRange> parse_interface_id_range(std::string_view text);
Expected<std::optional<std::uint64_t>> parse_hint(std::string_view text);
Expected<Prefix> parse_prefix_wish(std::string_view text);

// One word of a fixed set, with its value.
template <class E>
using Words = std::vector<std::pair<std::string_view, E>>;

const Words<Addressing>& addressing_words();
const Words<RequestAddress>& request_address_words();
const Words<UplinkMode>& uplink_mode_words();
const Words<SharePrefix>& share_prefix_words();
const Words<FirewallConfig::Choice>& firewall_words();
const Words<FirewallConfig::OnStop>& on_stop_words();
const Words<FirewallConfig::Log>& firewall_log_words();
const Words<firewall::Zone>& zone_words();
const Words<bool>& filtering_words();
const Words<Downstream>& downstream_words();
const Words<ra::RouterPreference>& preference_words();
const Words<LogLevel>& log_level_words();
const Words<Durability>& durability_words();
const Words<HostsFormat>& hosts_format_words();

std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known);

template <class E>
Expected<E> parse_word(std::string_view text, const Words<E>& words) {
  std::vector<std::string_view> known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known.push_back(word);
  }
  return fail(unknown_word(text, known));
}

template <class E>
std::string_view word_of(E value, const Words<E>& words) {
  for (const auto& [word, its] : words) {
    if (its == value) return word;
  }
  return {};
}

template <class E>
void read_word(const Value& value, const Words<E>& words, E& out, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  const Expected<E> parsed = parse_word(*text, words);
  if (parsed) {
    out = *parsed;
  } else {
    complaints.push_back({value.at, parsed.error().message});
  }
}

// A text that parses to the member, or says why not.
template <class T, class Parse>
void read_parsed(const Value& value, T& out, Parse parse, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  const auto parsed = parse(*text);
  if (parsed) {
    out = *parsed;
  } else {
    complaints.push_back({value.at, parsed.error().message});
  }
}

// "" is what makes the member empty.
template <class T, class Parse>
void read_unless_empty(const Value& value, std::optional<T>& out, Parse parse,
                       std::string_view otherwise, Complaints& complaints) {
  const auto text = read_text(value, complaints);
  if (!text) return;
  out.reset();
  if (text->empty()) return;
  if (auto parsed = parse(*text)) {
    out.emplace(*parsed);
  } else {
    complaints.push_back({value.at, cat("\"", printable(*text), "\" ", otherwise)});
  }
}

// Codes of DHCPv6 options, by number or name.
void read_option_codes(const Value& value, std::vector<std::uint16_t>& out, Complaints& complaints);
// Addresses that hosts are told; `what` they can be none of otherwise.
void read_servers(const Value& value, std::vector<Ip6Address>& out, std::string_view what,
                  Complaints& complaints);
// A name of a domain below the root.
std::optional<DomainName> parse_domain(std::string_view text);
void read_domains(const Value& value, std::vector<DomainName>& out, Complaints& complaints);

void read_into(const Value& value, bool& out, Complaints& complaints);
void read_into(const Value& value, std::string& out, Complaints& complaints);

// The texts that read back to the same value.
std::string prefix_request_text(const PrefixRequest& request);  // as TOML
std::string option_codes_text(const std::vector<std::uint16_t>& codes);
std::string hint_text(const std::optional<std::uint64_t>& hint);
std::string route_check_text(const RouteCheckConfig& check);
std::string ula_text(const UlaConfig& ula);
std::string duid_text(const DuidConfig& duid);

// As TOML.
std::string boolean(bool value);
std::string quoted(std::string_view text);
std::string quoted_list(const std::vector<std::string>& texts);
// Of addresses, prefixes, names: whatever has to_string().
template <class T>
std::string quoted_texts(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(value.to_string());
  return quoted_list(texts);
}
// Of what has a text_of().
template <class T>
std::string list_text(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(text_of(value));
  return quoted_list(texts);
}

}  // namespace sixgate::conf
