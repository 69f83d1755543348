// SPDX-License-Identifier: Apache-2.0
#include "conf/key_values.h"

#include <algorithm>
#include <array>

#include "conf/suggest.h"
#include "delegation/unique_local.h"
#include "dhcp6/duid.h"
#include "dhcp6/option_names.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

std::string wanted(std::string_view what, const Value& value) {
  return cat("needs ", what, ", this is ", kind_name(value.kind));
}

}  // namespace

std::optional<bool> read_boolean(const Value& value, Complaints& complaints) {
  if (value.kind == Value::Kind::kBoolean) return value.boolean;
  complaints.push_back({value.at, wanted("true or false (without quotes)", value)});
  return std::nullopt;
}

Value as_list(const Value& value) {
  if (value.kind != Value::Kind::kString) return value;
  return Value{.kind = Value::Kind::kArray, .at = value.at, .array = {value}};
}

void read_option_codes(const Value& value, std::vector<std::uint16_t>& out,
                       Complaints& complaints) {
  if (value.kind != Value::Kind::kArray) {
    complaints.push_back({value.at, cat("needs a list of options such as [\"aftr\", 59], this is ",
                                        kind_name(value.kind))});
    return;
  }
  out.clear();
  for (const Value& item : value.array) {
    std::uint16_t code = 0;
    if (item.kind == Value::Kind::kString) {
      read_parsed(item, code, parse_option_code, complaints);
    } else if (const auto number = read_number(item, 1, 65535, complaints)) {
      code = static_cast<std::uint16_t>(*number);
    }
    if (code != 0) out.push_back(code);
  }
}

void read_servers(const Value& value, std::vector<Ip6Address>& out, std::string_view what,
                  Complaints& complaints) {
  const auto texts = read_texts(value, complaints);
  if (!texts) return;
  out.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const std::string& text = (*texts)[i];
    const auto address = Ip6Address::parse(text);
    if (!address) {
      complaints.push_back(
          {value.array[i].at, cat("\"", printable(text), "\" is no IPv6 address")});
    } else if (address->is_unspecified() || address->is_multicast() || address->is_loopback() ||
               address->is_v4_mapped()) {
      complaints.push_back({value.array[i].at, cat(*address, " can be no host's ", what)});
    } else {
      out.push_back(*address);
    }
  }
}

std::optional<DomainName> parse_domain(std::string_view text) {
  const auto domain = DomainName::parse(text);
  return domain && !domain->is_root() ? domain : std::nullopt;
}

void read_domains(const Value& value, std::vector<DomainName>& out, Complaints& complaints) {
  const auto texts = read_texts(value, complaints);
  if (!texts) return;
  out.clear();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    if (const auto name = parse_domain((*texts)[i])) {
      out.push_back(*name);
    } else {
      complaints.push_back(
          {value.array[i].at, cat("\"", printable((*texts)[i]), "\" is no domain name")});
    }
  }
}

void read_into(const Value& value, bool& out, Complaints& complaints) {
  if (const auto read = read_boolean(value, complaints)) out = *read;
}

void read_into(const Value& value, std::string& out, Complaints& complaints) {
  if (auto read = read_text(value, complaints)) out = std::move(*read);
}

std::optional<std::int64_t> read_number(const Value& value, std::int64_t low, std::int64_t high,
                                        Complaints& complaints) {
  if (value.kind != Value::Kind::kInteger) {
    complaints.push_back(
        {value.at, wanted(value.kind == Value::Kind::kString ? "a whole number (without quotes)"
                                                             : "a whole number",
                          value)});
    return std::nullopt;
  }
  if (value.integer < low || value.integer > high) {
    complaints.push_back({value.at, cat(value.integer, " is not within ", low, "..", high)});
    return std::nullopt;
  }
  return value.integer;
}

void read_number32(const Value& value, std::int64_t low, std::uint32_t& out,
                   Complaints& complaints) {
  if (const auto number = read_number(value, low, kMax32, complaints))
    out = static_cast<std::uint32_t>(*number);
}

std::optional<std::string> read_text(const Value& value, Complaints& complaints) {
  if (value.kind == Value::Kind::kString) return value.string;
  complaints.push_back({value.at, wanted("a text in quotes", value)});
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_texts(const Value& value, Complaints& complaints) {
  if (value.kind != Value::Kind::kArray) {
    complaints.push_back({value.at, wanted("a list such as [\"a\", \"b\"]", value)});
    return std::nullopt;
  }
  std::vector<std::string> texts;
  bool good = true;
  for (const Value& item : value.array) {
    const auto text = read_text(item, complaints);
    good = good && text.has_value();
    if (text) texts.push_back(*text);
  }
  return good ? std::optional(std::move(texts)) : std::nullopt;
}

Expected<Prefix> parse_prefix_text(std::string_view text) {
  const auto prefix = Prefix::parse(text);
  if (!prefix) return fail(cat("\"", printable(text), "\" is no prefix such as 2001:db8::/56"));
  const auto address = Ip6Address::parse(text.substr(0, text.find('/')));
  if (address && *address != prefix->address()) {
    return fail(cat("\"", printable(text), "\" has bits beyond its length; did you mean \"",
                    *prefix, "\"?"));
  }
  return *prefix;
}

std::string InterfaceAddress::to_string() const { return cat(address, '/', prefix_length); }

Expected<std::optional<InterfaceAddress>> parse_interface_address(std::string_view text) {
  if (text.empty()) return std::optional<InterfaceAddress>();
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = Ip6Address::parse(text.substr(0, slash));
  const auto prefix = Prefix::parse(text);
  if (!address || !prefix) {
    return fail(
        cat("\"", printable(text), "\" is no address with a length such as 2001:db8::2/64"));
  }
  if ((!address->is_global_unicast() && !address->is_unique_local()) || prefix->length() == 0) {
    return fail(cat("\"", printable(text), "\" can be no address of the router's own"));
  }
  return std::optional(InterfaceAddress{*address, prefix->length()});
}

Expected<std::optional<Ip6Address>> parse_gateway(std::string_view text) {
  if (text.empty()) return std::optional<Ip6Address>();
  const auto address = Ip6Address::parse(text);
  if (!address ||
      (!address->is_link_local() && !address->is_global_unicast() && !address->is_unique_local())) {
    return fail(cat("\"", printable(text), "\" is no address of a router such as fe80::1"));
  }
  return address;
}

Expected<RouteCheckConfig> parse_route_check(std::string_view text) {
  using Mode = RouteCheckConfig::Mode;
  if (text == "auto") return RouteCheckConfig{.mode = Mode::kAuto};
  if (text == "off") return RouteCheckConfig{.mode = Mode::kOff};
  const auto address = Ip6Address::parse(text);
  if (!address) return fail(unknown_word(text, {"auto", "off", "2001:db8::1"}));
  if (!address->is_global_unicast() && !address->is_link_local() && !address->is_unique_local()) {
    return fail(cat("\"", printable(text), "\" is nobody who could answer"));
  }
  return RouteCheckConfig{.mode = Mode::kAddress, .target = *address};
}

Expected<UlaConfig> parse_ula(std::string_view text) {
  if (text == "auto") return UlaConfig{.mode = UlaConfig::Mode::kAuto};
  if (text == "none") return UlaConfig{.mode = UlaConfig::Mode::kNone};
  if (text.find(':') == std::string_view::npos) {
    return fail(unknown_word(text, {"auto", "none", "fd12:3456:789a::/48"}));
  }
  const Expected<Prefix> prefix = parse_prefix_text(text);
  if (!prefix) return fail(prefix.error().message);
  if (!delegation::is_usable_unique_local(*prefix)) {
    return fail(cat("\"", *prefix,
                    "\" is no ULA prefix of a home: it must lie in fd00::/8 and be a /48, at most "
                    "a /64 (RFC 4193)"));
  }
  return UlaConfig{.mode = UlaConfig::Mode::kPrefix, .prefix = *prefix};
}

Expected<DuidConfig> parse_duid(std::string_view text) {
  using Kind = DuidConfig::Kind;
  if (text == "auto") return DuidConfig{.kind = Kind::kAuto};
  if (text == "llt") return DuidConfig{.kind = Kind::kLlt};
  if (text == "ll") return DuidConfig{.kind = Kind::kLl};
  if (text == "uuid") return DuidConfig{.kind = Kind::kUuid};
  const auto explicit_one = [](const dhcp6::Duid& duid) {
    return DuidConfig{.kind = Kind::kExplicit, .bytes = {duid.bytes().begin(), duid.bytes().end()}};
  };
  if (text.starts_with("uuid:")) {
    const auto bytes = parse_hex(text.substr(5));
    if (!bytes || bytes->size() != 16) return fail("\"uuid:\" needs 32 hexadecimal digits");
    std::array<std::uint8_t, 16> uuid{};
    std::copy(bytes->begin(), bytes->end(), uuid.begin());
    return explicit_one(dhcp6::Duid::uuid(uuid));
  }
  if (text.starts_with("en:")) {
    const std::string_view rest = text.substr(3);
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const auto number = parse_decimal(rest.substr(0, colon));
    const auto bytes = colon < rest.size() ? parse_hex(rest.substr(colon + 1)) : std::nullopt;
    if (number && *number <= 0xffffffff && bytes) {
      const auto duid = dhcp6::Duid::en(static_cast<std::uint32_t>(*number), *bytes);
      if (duid) return explicit_one(*duid);
    }
    return fail("\"en:\" needs an enterprise number and an identifier: \"en:32473:0a0b0c\"");
  }
  const auto bytes = parse_hex(text);
  if (!bytes) return fail(unknown_word(text, {"auto", "llt", "ll", "uuid", "en:32473:0a0b0c"}));
  // A type of two octets and an identifier of 1..128 (RFC 9915 section 11.1).
  if (bytes->size() < 3 || bytes->size() > 130) {
    return fail("a DUID has from 3 to 130 octets");
  }
  return DuidConfig{.kind = Kind::kExplicit, .bytes = *bytes};
}

Expected<dhcp6::InterfaceIdRange> parse_interface_id_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto suffix = [](std::string_view part) -> std::optional<std::uint64_t> {
    const auto address = Ip6Address::parse(part);
    if (!address || address->high() != 0) return std::nullopt;
    return address->low();
  };
  if (dash != std::string_view::npos) {
    const auto first = suffix(text.substr(0, dash));
    const auto last = suffix(text.substr(dash + 1));
    if (first && last && *first <= *last) return dhcp6::InterfaceIdRange{*first, *last};
  }
  return fail(cat("\"", printable(text), "\" is no range of suffixes such as \"::1000-::ffff\""));
}

Expected<std::optional<std::uint64_t>> parse_hint(std::string_view text) {
  if (text.empty()) return std::optional<std::uint64_t>();
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  const bool all_hex = std::all_of(digits.begin(), digits.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (digits.empty() || !all_hex) {
    return fail(cat("\"", printable(text),
                    "\" is no subnet number: write it in hexadecimal, such as \"10\""));
  }
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits.size() > 8) return fail(cat("\"", printable(text), "\" is larger than ffffffff"));
  std::uint64_t number = 0;
  for (const char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    number = number << 4 | static_cast<std::uint64_t>(digit);
  }
  return std::optional(number);
}

Expected<Prefix> parse_prefix_wish(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('/')) digits.remove_prefix(1);
  Prefix hint;
  if (const auto length = parse_decimal(digits)) {
    if (*length > 128) return fail(cat("/", *length, " is no prefix length"));
    hint = Prefix(Ip6Address(), static_cast<unsigned>(*length));
  } else {
    const Expected<Prefix> prefix = parse_prefix_text(text);
    if (!prefix) return fail(prefix.error().message);
    hint = *prefix;
  }
  if (hint.length() < 1 || hint.length() > 64) {
    return fail(cat("a prefix to be shared out has a length within 1..64, this is ", hint));
  }
  if (!hint.address().is_unspecified() && !hint.address().is_global_unicast() &&
      !hint.address().is_unique_local()) {
    return fail(cat(hint, " is no range of unicast addresses"));
  }
  return hint;
}

const Words<Addressing>& addressing_words() {
  static const Words<Addressing> words{{"slaac", Addressing::kSlaac},
                                       {"slaac+stateless", Addressing::kSlaacStateless},
                                       {"slaac+dhcpv6", Addressing::kSlaacDhcpv6},
                                       {"dhcpv6", Addressing::kDhcpv6}};
  return words;
}

const Words<RequestAddress>& request_address_words() {
  static const Words<RequestAddress> words{{"auto", RequestAddress::kAuto},
                                           {"always", RequestAddress::kAlways},
                                           {"never", RequestAddress::kNever}};
  return words;
}

const Words<UplinkMode>& uplink_mode_words() {
  static const Words<UplinkMode> words{
      {"auto", UplinkMode::kAuto}, {"static", UplinkMode::kStatic}, {"none", UplinkMode::kNone}};
  return words;
}

const Words<SharePrefix>& share_prefix_words() {
  static const Words<SharePrefix> words{
      {"auto", SharePrefix::kAuto}, {"on", SharePrefix::kOn}, {"off", SharePrefix::kOff}};
  return words;
}

const Words<FirewallConfig::Choice>& firewall_words() {
  using Choice = FirewallConfig::Choice;
  static const Words<Choice> words{{"auto", Choice::kAuto},
                                   {"nft", Choice::kNft},
                                   {"ip6tables", Choice::kIp6tables},
                                   {"none", Choice::kNone}};
  return words;
}

const Words<FirewallConfig::OnStop>& on_stop_words() {
  using OnStop = FirewallConfig::OnStop;
  static const Words<OnStop> words{
      {"keep", OnStop::kKeep}, {"block", OnStop::kBlock}, {"remove", OnStop::kRemove}};
  return words;
}

const Words<FirewallConfig::Log>& firewall_log_words() {
  using Log = FirewallConfig::Log;
  static const Words<Log> words{{"none", Log::kNone}, {"refused", Log::kRefused}};
  return words;
}

// Whether an endpoint of a LAN is open to everybody once it has sent something.
const Words<bool>& filtering_words() {
  static const Words<bool> words{{"address-and-port-dependent", false},
                                 {"endpoint-independent", true}};
  return words;
}

const Words<Downstream>& downstream_words() {
  static const Words<Downstream> words{{"zone", Downstream::kZone},
                                       {"filtered", Downstream::kFiltered},
                                       {"exposed", Downstream::kExposed}};
  return words;
}

const Words<firewall::Zone>& zone_words() {
  static const Words<firewall::Zone> words{{"protected", firewall::Zone::kProtected},
                                           {"exposed", firewall::Zone::kExposed},
                                           {"isolated", firewall::Zone::kIsolated},
                                           {"closed", firewall::Zone::kClosed}};
  return words;
}

const Words<ra::RouterPreference>& preference_words() {
  static const Words<ra::RouterPreference> words{{"low", ra::RouterPreference::kLow},
                                                 {"medium", ra::RouterPreference::kMedium},
                                                 {"high", ra::RouterPreference::kHigh}};
  return words;
}

const Words<LogLevel>& log_level_words() {
  static const Words<LogLevel> words{{"error", LogLevel::kError},
                                     {"warning", LogLevel::kWarning},
                                     {"info", LogLevel::kInfo},
                                     {"debug", LogLevel::kDebug}};
  return words;
}

const Words<Durability>& durability_words() {
  static const Words<Durability> words{{"process", Durability::kProcess},
                                       {"power", Durability::kPower}};
  return words;
}

const Words<HostsFormat>& hosts_format_words() {
  static const Words<HostsFormat> words{{"hosts", HostsFormat::kHosts},
                                        {"unbound", HostsFormat::kUnbound}};
  return words;
}

std::string unknown_word(std::string_view word, const std::vector<std::string_view>& known) {
  std::string list;
  for (std::size_t i = 0; i < known.size(); ++i) {
    list += cat(i == 0 ? "" : (i + 1 == known.size() ? " or " : ", "), "\"", known[i], "\"");
  }
  return cat("\"", printable(word), "\" is not known; it can be ", list, suggestion(word, known));
}

std::string_view to_string(Addressing addressing) {
  return word_of(addressing, addressing_words());
}
std::string_view to_string(RequestAddress request) {
  return word_of(request, request_address_words());
}
std::string_view to_string(UplinkMode mode) { return word_of(mode, uplink_mode_words()); }
std::string_view to_string(SharePrefix share) { return word_of(share, share_prefix_words()); }
std::string_view to_string(FirewallConfig::Choice choice) {
  return word_of(choice, firewall_words());
}

std::string prefix_request_text(const PrefixRequest& request) {
  const auto one = [](const Prefix& wish) {
    return wish.address().is_unspecified() ? cat(wish.length()) : quoted(wish.to_string());
  };
  switch (request.kind) {
    case PrefixRequest::Kind::kAuto:
      return quoted("auto");
    case PrefixRequest::Kind::kPlain:
      return "true";
    case PrefixRequest::Kind::kNone:
      return quoted("none");
    case PrefixRequest::Kind::kWishes:
      break;
  }
  if (request.wishes.size() == 1) return one(request.wishes.front());
  std::string text = "[";
  for (const Prefix& wish : request.wishes) text += cat(text.size() == 1 ? "" : ", ", one(wish));
  return text + ']';
}

std::string option_codes_text(const std::vector<std::uint16_t>& codes) {
  std::string out = "[";
  for (const std::uint16_t code : codes) {
    const std::string_view name = dhcp6::option_name(code);
    out += cat(out.size() == 1 ? "" : ", ", name.empty() ? cat(code) : quoted(name));
  }
  return out + ']';
}

std::string hint_text(const std::optional<std::uint64_t>& hint) {
  if (!hint) return {};
  std::string digits;
  std::uint64_t number = *hint;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
    number >>= 4;
  } while (number != 0);
  return digits;
}

std::string route_check_text(const RouteCheckConfig& check) {
  switch (check.mode) {
    case RouteCheckConfig::Mode::kAuto:
      return "auto";
    case RouteCheckConfig::Mode::kOff:
      return "off";
    case RouteCheckConfig::Mode::kAddress:
      return check.target.to_string();
  }
  return {};
}

std::string ula_text(const UlaConfig& ula) {
  switch (ula.mode) {
    case UlaConfig::Mode::kAuto:
      return "auto";
    case UlaConfig::Mode::kNone:
      return "none";
    case UlaConfig::Mode::kPrefix:
      return ula.prefix.to_string();
  }
  return {};
}

std::string duid_text(const DuidConfig& duid) {
  switch (duid.kind) {
    case DuidConfig::Kind::kAuto:
      return "auto";
    case DuidConfig::Kind::kLlt:
      return "llt";
    case DuidConfig::Kind::kLl:
      return "ll";
    case DuidConfig::Kind::kUuid:
      return "uuid";
    case DuidConfig::Kind::kExplicit:
      return to_hex(duid.bytes);
  }
  return {};
}

std::string boolean(bool value) { return value ? "true" : "false"; }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f) {
      out += "\\u00";
      out += "0123456789abcdef"[octet >> 4];
      out += "0123456789abcdef"[octet & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += cat(out.size() == 1 ? "" : ", ", quoted(text));
  return out + ']';
}

}  // namespace sixgate::conf
