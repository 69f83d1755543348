// SPDX-License-Identifier: Apache-2.0
#include "daemon/server_options.h"

#include <variant>

namespace sixgate::daemon {

dhcp6::Options server_options(const Services& services) {
  dhcp6::Options out;
  const auto list = [&](auto option, const auto& values) {
    if (!values.empty()) out.push_back(std::move(option));
  };
  list(dhcp6::DnsServers{services.dns_servers}, services.dns_servers);
  list(dhcp6::DomainSearchList{services.search_domains}, services.search_domains);
  list(dhcp6::SntpServers{services.sntp_servers}, services.sntp_servers);
  list(dhcp6::SipServers{services.sip_servers}, services.sip_servers);
  list(dhcp6::SipDomains{services.sip_domains}, services.sip_domains);
  // RFC 5908 section 4: one time source an option.
  for (const Ip6Address& one : services.ntp_servers)
    out.push_back(dhcp6::NtpServers{{one}, {}, {}, {}});
  for (const Ip6Address& one : services.ntp_multicast)
    out.push_back(dhcp6::NtpServers{{}, {one}, {}, {}});
  for (const DomainName& one : services.ntp_names)
    out.push_back(dhcp6::NtpServers{{}, {}, {one}, {}});
  for (const dhcp6::EncryptedDns& one : services.encrypted_dns) out.push_back(one);
  if (services.aftr) out.push_back(dhcp6::AftrName{*services.aftr});
  if (services.map_e) out.push_back(*services.map_e);
  if (services.map_t) out.push_back(*services.map_t);
  if (services.lightweight) out.push_back(*services.lightweight);
  if (!services.captive_portal.empty())
    out.push_back(dhcp6::CaptivePortal{services.captive_portal});
  for (const dhcp6::Option& option : services.others) {
    // The provider's word on our own name is no host's name (RFC 4704).
    if (!std::holds_alternative<dhcp6::ClientFqdn>(option)) out.push_back(option);
  }
  return out;
}

}  // namespace sixgate::daemon
