// SPDX-License-Identifier: Apache-2.0
// The keys of a LAN whose DHCPv6 server is another machine.
#include <array>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

// true: All_DHCP_Servers on the uplink (RFC 9915 section 19); one address needs no brackets.
void read_relay(const Value& value, LanConfig& lan, Complaints& complaints) {
  lan.relay.servers.clear();
  if (value.kind == Value::Kind::kBoolean) {
    if (value.boolean) lan.relay.servers.push_back({kAllDhcpServers, {}});
    return;
  }
  if (as_list(value).kind != Value::Kind::kArray) {
    complaints.push_back({value.at, cat("needs true or a list of addresses such as "
                                        "[\"2001:db8::547\"], this is ",
                                        kind_name(value.kind))});
    return;
  }
  read_list(value, lan.relay.servers, parse_relay_to, complaints);
}

const std::array kRelayKeys{
    Key<LanConfig>{
        "dhcpv6_relay",
        "The LAN's DHCPv6 server is another machine: relay to these addresses, such as\n"
        "[\"2001:db8::547\"], which alone may answer; true: to All_DHCP_Servers on the uplink's\n"
        "link. After \"%\" may stand on which uplink or LAN the address is: \"ff05::1:3%wan\".\n"
        "addressing is \"slaac+dhcpv6\" then when it is not given. []: we are the server.",
        read_relay, [](const LanConfig& c) { return quoted_texts(c.relay.servers); }},
    Key<LanConfig>{"dhcpv6_relay_limit",
                   "How many prefixes of that server are routed to routers of this LAN; how many\n"
                   "of them to one router, delegate_limit says.",
                   [](const Value& v, LanConfig& c, Complaints& e) {
                     if (const auto n = read_number(v, 1, 10000, e))
                       c.relay.limit = static_cast<unsigned>(*n);
                   },
                   [](const LanConfig& c) { return cat(c.relay.limit); }},
};

}  // namespace

std::span<const Key<LanConfig>> relay_keys() { return kRelayKeys; }

}  // namespace sixgate::conf
