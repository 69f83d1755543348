// SPDX-License-Identifier: Apache-2.0
#include "conf/served_options.h"

#include <algorithm>
#include <array>

#include "conf/suggest.h"
#include "dhcp6/option_names.h"
#include "net/text.h"

namespace sixgate::conf {
namespace {

// Without a key and a struct of their own: text, and nothing but text.
constexpr std::uint16_t kPosixTimezone = 41;  // OPTION_NEW_POSIX_TIMEZONE
constexpr std::uint16_t kTzdbTimezone = 42;   // OPTION_NEW_TZDB_TIMEZONE
constexpr std::uint16_t kBootFileUrl = 59;    // OPT_BOOTFILE_URL

// What the server itself says, or only clients and relay agents do.
constexpr std::array<std::uint16_t, 27> kOfTheExchange{1,  2,  3,  4,  5,  6,  7,  8,   9,
                                                       11, 12, 13, 14, 15, 16, 18, 19,  20,
                                                       25, 26, 37, 38, 39, 67, 79, 135, 148};
// What other keys make.
constexpr std::array<std::uint16_t, 13> kOfOtherKeys{17, 23, 24, 31, 32,  41, 42,
                                                     56, 59, 82, 83, 103, 144};

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

dhcp6::UnknownOption text_option(std::uint16_t code, std::string_view text) {
  return {code, dhcp6::Octets(text.begin(), text.end())};
}

}  // namespace

Expected<dhcp6::NtpServers> parse_time_source(std::string_view text) {
  dhcp6::NtpServers source;
  if (const auto address = Ip6Address::parse(text)) {
    if (address->is_unspecified() || address->is_loopback() || address->is_v4_mapped())
      return fail(cat(*address, " can be no host's time server"));
    (address->is_multicast() ? source.multicast_addresses : source.addresses).push_back(*address);
    return source;
  }
  const auto name = DomainName::parse(text);
  if (!name || name->is_root() || text.find(':') != std::string_view::npos)
    return fail(cat("\"", printable(text), "\" is neither an IPv6 address nor a name"));
  source.names.push_back(*name);
  return source;
}

Expected<std::string> parse_posix_timezone(std::string_view text) {
  // IEEE 1003.1: at least three letters and an offset, or a name in angle brackets.
  if (!text.empty() && (text.size() < 4 || text.size() > 255 || !is_plain(text) || text[0] == ':'))
    return fail(
        cat("\"", printable(text), "\" is no time zone such as \"CET-1CEST,M3.5.0,M10.5.0/3\""));
  return std::string(text);
}

Expected<std::string> parse_tzdb_timezone(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  };
  if (text.size() > 255 || !std::all_of(text.begin(), text.end(), fits))
    return fail(cat("\"", printable(text), "\" is no time zone such as \"Europe/Vienna\""));
  return std::string(text);
}

Expected<std::string> parse_boot_file_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (!text.empty() && (text.size() > 1024 || !is_plain(text) || scheme == std::string_view::npos ||
                        scheme == 0 || scheme + 3 == text.size()))
    return fail(
        cat("\"", printable(text), "\" is no URL such as \"tftp://[2001:db8::69]/boot.efi\""));
  return std::string(text);
}

Expected<VendorOption> parse_vendor_option(std::string_view text) {
  constexpr std::string_view kForm = "needs \"ENTERPRISE:CODE:HEX\", such as \"32473:1:0a0b0c\"";
  const std::size_t first = std::min(text.find(':'), text.size());
  const std::size_t second = text.find(':', first + 1);
  if (first == text.size() || second == std::string_view::npos) return fail(std::string(kForm));
  const auto enterprise = parse_decimal(text.substr(0, first));
  const auto code = parse_decimal(text.substr(first + 1, second - first - 1));
  const std::string_view digits = text.substr(second + 1);
  const auto octets = parse_hex(digits);
  if (!enterprise || *enterprise > 0xffffffff || !code || *code > 0xffff ||
      (!octets && !digits.empty()) || digits.size() > 2048)
    return fail(std::string(kForm));
  return VendorOption{static_cast<std::uint32_t>(*enterprise),
                      {static_cast<std::uint16_t>(*code), octets.value_or(dhcp6::Octets{})}};
}

Expected<std::uint16_t> parse_option_code(std::string_view text) {
  if (const auto code = dhcp6::option_code_of(text)) return *code;
  const auto number = parse_decimal(text);
  if (number && *number > 0 && *number <= 0xffff) return static_cast<std::uint16_t>(*number);
  std::vector<std::string_view> names;
  for (const dhcp6::OptionName& one : dhcp6::option_names()) names.push_back(one.name);
  return fail(cat("no DHCPv6 option is named \"", printable(text),
                  "\", though any may be given by its code", suggestion(text, names)));
}

Expected<dhcp6::UnknownOption> parse_served_option(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  const auto octets = parse_hex(digits);
  if (colon == text.size() || (!octets && !digits.empty()) || digits.size() > 2048)
    return fail("needs \"CODE:HEX\", such as \"60:00026162\"");
  const auto code = parse_option_code(text.substr(0, colon));
  if (!code) return fail(code.error().message);
  const auto among = [&](const auto& codes) {
    return std::find(codes.begin(), codes.end(), *code) != codes.end();
  };
  if (among(kOfOtherKeys)) return fail(cat("option ", *code, " is made from a key of its own"));
  if (among(kOfTheExchange)) return fail(cat("option ", *code, " is the protocol's own"));
  return dhcp6::UnknownOption{*code, octets.value_or(dhcp6::Octets{})};
}

std::string text_of(const dhcp6::NtpServers& source) {
  if (!source.addresses.empty()) return source.addresses.front().to_string();
  if (!source.multicast_addresses.empty()) return source.multicast_addresses.front().to_string();
  return source.names.empty() ? std::string() : source.names.front().to_string();
}

std::string text_of(const VendorOption& option) {
  return cat(option.enterprise, ':', text_of(option.option));
}

std::string text_of(const dhcp6::UnknownOption& option) {
  return cat(option.code, ':', to_hex(option.bytes));
}

dhcp6::Options to_options(const ServedOptions& served) {
  dhcp6::Options out;
  if (!served.dns_servers.empty()) out.push_back(dhcp6::DnsServers{served.dns_servers});
  if (!served.search_domains.empty()) out.push_back(dhcp6::DomainSearchList{served.search_domains});
  // RFC 9463 section 4.1: in the order of their Service Priority.
  std::vector<ra::EncryptedDns> resolvers = served.encrypted_dns;
  std::stable_sort(resolvers.begin(), resolvers.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  for (const ra::EncryptedDns& one : resolvers)
    out.push_back(
        dhcp6::EncryptedDns{one.priority, one.name, one.addresses, one.service_parameters});
  if (!served.captive_portal.empty()) out.push_back(dhcp6::CaptivePortal{served.captive_portal});
  out.insert(out.end(), served.ntp.begin(), served.ntp.end());
  if (!served.sntp.empty()) out.push_back(dhcp6::SntpServers{served.sntp});
  const auto add_text = [&](std::uint16_t code, const std::string& text) {
    if (!text.empty()) out.push_back(text_option(code, text));
  };
  add_text(kPosixTimezone, served.posix_timezone);
  add_text(kTzdbTimezone, served.tzdb_timezone);
  add_text(kBootFileUrl, served.boot_file_url);
  if (served.sol_max_rt > seconds(0)) out.push_back(dhcp6::SolMaxRt{served.sol_max_rt});
  if (served.inf_max_rt > seconds(0)) out.push_back(dhcp6::InfMaxRt{served.inf_max_rt});
  // Section 21.17: of one vendor one option, which holds all of its own.
  for (const VendorOption& one : served.vendor_options) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const dhcp6::Option& option) {
      const auto* vendor = std::get_if<dhcp6::VendorOptions>(&option);
      return vendor != nullptr && vendor->enterprise == one.enterprise;
    });
    if (same == out.end())
      out.push_back(dhcp6::VendorOptions{one.enterprise, {one.option}});
    else
      std::get_if<dhcp6::VendorOptions>(&*same)->suboptions.push_back(one.option);
  }
  out.insert(out.end(), served.raw.begin(), served.raw.end());
  return out;
}

}  // namespace sixgate::conf
