// SPDX-License-Identifier: Apache-2.0
// What a DHCPv6 server hands out beyond addresses and prefixes, as a person writes it: for everybody on a LAN, or
// for one client. What is given here takes the place of what the providers tell of the same option.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dhcp6/options.h"
#include "net/domain_name.h"
#include "net/expected.h"
#include "net/ip6_address.h"
#include "net/time.h"
#include "ra/options.h"

namespace sixgate::conf {

// As text: "32473:1:0a0b" (RFC 9915 section 21.17).
struct VendorOption {
  std::uint32_t enterprise = 0;
  dhcp6::UnknownOption option;
  bool operator==(const VendorOption&) const = default;
};

struct ServedOptions {
  // Of one client. What a LAN has of these four its Router Advertisements say too, and other keys hold it.
  std::vector<Ip6Address> dns_servers;
  std::vector<DomainName> search_domains;
  std::vector<ra::EncryptedDns> encrypted_dns;
  std::string captive_portal;

  std::vector<dhcp6::NtpServers> ntp;  // each one time source (RFC 5908 section 4)
  std::vector<Ip6Address> sntp;
  std::string posix_timezone;  // RFC 4833 section 3
  std::string tzdb_timezone;
  std::string boot_file_url;  // RFC 5970 section 3.1
  seconds sol_max_rt{0};      // RFC 9915 sections 21.24, 21.25; 0: not sent
  seconds inf_max_rt{0};
  seconds information_refresh{0};  // section 21.23; 0: as long as leases last
  std::vector<VendorOption> vendor_options;
  std::vector<dhcp6::UnknownOption> raw;
  bool operator==(const ServedOptions&) const = default;
};

// An address, a multicast group or a name.
Expected<dhcp6::NtpServers> parse_time_source(std::string_view text);
Expected<std::string> parse_posix_timezone(std::string_view text);
Expected<std::string> parse_tzdb_timezone(std::string_view text);
Expected<std::string> parse_boot_file_url(std::string_view text);
Expected<VendorOption> parse_vendor_option(std::string_view text);
// "CODE:HEX" or "NAME:HEX", of options that nothing else here makes.
Expected<dhcp6::UnknownOption> parse_served_option(std::string_view text);
// A code or a name.
Expected<std::uint16_t> parse_option_code(std::string_view text);

std::string text_of(const dhcp6::NtpServers& source);
std::string text_of(const VendorOption& option);
std::string text_of(const dhcp6::UnknownOption& option);

// As they go out; the refresh time is the server's own to say.
dhcp6::Options to_options(const ServedOptions& served);

}  // namespace sixgate::conf
