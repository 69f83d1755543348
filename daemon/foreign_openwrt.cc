// SPDX-License-Identifier: Apache-2.0
// OpenWrt's /etc/config/network, as far as it says how netifd starts odhcp6c:
//
//   config globals 'globals'
//           option dhcp_default_duid '0004...'     (newer releases)
//   config interface 'wan6'
//           option proto 'dhcpv6'
//           option device '@wan'                   (the device of another interface)
//           option clientid '0003...'
#include <algorithm>

#include "daemon/foreign_identity.h"
#include "daemon/foreign_words.h"
#include "dhcp6/hmac_md5.h"
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

struct Section {
  std::string type;
  std::string name;
  std::string proto;
  std::string device;
  std::string client_id;
  std::string request_prefix;
  std::string default_duid;
};

std::vector<Section> read_sections(std::string_view text) {
  std::vector<Section> sections;
  while (const auto words = next_line(text)) {
    if (words->size() >= 2 && (*words)[0].is("config")) {
      if (sections.size() >= kMaxForeignIdentities) break;
      sections.emplace_back().type = (*words)[1].text;
      if (words->size() > 2) sections.back().name = (*words)[2].text;
    } else if (words->size() == 3 && (*words)[0].is("option") && !sections.empty()) {
      const std::string& key = (*words)[1].text;
      const std::string& value = (*words)[2].text;
      Section& section = sections.back();
      if (key == "proto") section.proto = value;
      // "ifname" is what "device" was called before OpenWrt 21.02.
      if (key == "device" || key == "ifname") section.device = value;
      if (key == "clientid") section.client_id = value;
      if (key == "reqprefix") section.request_prefix = value;
      if (key == "dhcp_default_duid") section.default_duid = value;
    }
  }
  return sections;
}

// An alias names another section, which may be an alias again, and in a wrong file for ever.
std::string device_of(const std::vector<Section>& sections, const Section& section) {
  std::string device = section.device;
  for (std::size_t steps = 0; device.starts_with('@') && steps < sections.size(); ++steps) {
    const auto target = std::find_if(sections.begin(), sections.end(), [&](const Section& one) {
      return one.type == "interface" && one.name == device.substr(1);
    });
    if (target == sections.end()) return {};
    device = target->device;
  }
  return device.starts_with('@') ? std::string() : device;
}

}  // namespace

std::uint32_t odhcp6c_address_iaid(std::string_view interface) {
  const std::vector<std::uint8_t> octets(interface.begin(), interface.end());
  const dhcp6::Md5Digest digest = dhcp6::md5(octets);
  ByteReader reader(digest);
  return reader.u32();
}

ForeignIdentities read_openwrt_network(std::string_view text) {
  const std::vector<Section> sections = read_sections(text);
  std::optional<dhcp6::Duid> common;
  for (const Section& section : sections) {
    if (section.type == "globals") common = dhcp6::Duid::parse(section.default_duid);
  }
  ForeignIdentities found;
  for (const Section& section : sections) {
    if (section.type != "interface" || section.proto != "dhcpv6") continue;
    ForeignIdentity one;
    one.interface = device_of(sections, section);
    one.duid = dhcp6::Duid::parse(section.client_id);
    if (!one.duid) one.duid = common;
    if (!one.interface.empty()) one.address_iaid = odhcp6c_address_iaid(one.interface);
    // The IA_PDs of odhcp6c are numbered from 1 in the order it is asked for them; netifd asks for one.
    if (section.request_prefix != "no") one.delegation_iaid = 1;
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace sixgate::daemon
