// SPDX-License-Identifier: Apache-2.0
// The keys of a pinhole.
#include <array>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

// A port, a range, or a list of both; a number needs no quotes.
void read_ports(const Value& value, PinholeConfig& pinhole, Complaints& complaints) {
  std::vector<Value> list{value};
  if (value.kind == Value::Kind::kArray) list = value.array;
  pinhole.ports.clear();
  for (const Value& one : list) {
    const bool number = one.kind == Value::Kind::kInteger;
    if (!number && one.kind != Value::Kind::kString) {
      complaints.push_back(
          {one.at, cat("needs a port such as 22 or \"8000-8010\", this is ", kind_name(one.kind))});
      continue;
    }
    const auto ports = parse_ports(number ? cat(one.integer) : one.string);
    if (ports) {
      pinhole.ports.push_back(*ports);
    } else {
      complaints.push_back({one.at, ports.error().message});
    }
  }
}

std::string ports_text(const PinholeConfig& pinhole) {
  std::vector<std::string> texts;
  for (const PortRange& range : pinhole.ports) texts.push_back(to_string(range));
  return quoted_list(texts);
}

const std::array kPinholeKeys{
    Key<PinholeConfig>{
        "lan", "On which LAN the host is. \"\": on any.",
        [](const Value& v, PinholeConfig& c, Complaints& e) { read_into(v, c.lan, e); },
        [](const PinholeConfig& c) { return quoted(c.lan); }},
    Key<PinholeConfig>{
        "host",
        "The host: a suffix such as \"::77\", good under every prefix; one address; a MAC\n"
        "address; \"duid:\" and a DUID; or the name that it has in `sixgate leases`.",
        [](const Value& v, PinholeConfig& c, Complaints& e) {
          read_parsed(v, c.host, parse_pinhole_host, e);
        },
        [](const PinholeConfig& c) { return quoted(to_string(c.host)); }},
    Key<PinholeConfig>{"protocol",
                       "\"tcp\", \"udp\", \"tcp+udp\", \"sctp\", or a number of IANA's.",
                       [](const Value& v, PinholeConfig& c, Complaints& e) {
                         Value text = v;  // a number needs no quotes
                         if (v.kind == Value::Kind::kInteger) {
                           text.kind = Value::Kind::kString;
                           text.string = cat(v.integer);
                         }
                         read_parsed(text, c.protocols, parse_protocols, e);
                       },
                       [](const PinholeConfig& c) { return quoted(protocols_text(c.protocols)); }},
    Key<PinholeConfig>{"ports", "Of TCP and UDP: 22, or [22, \"8000-8010\"]. []: all.", read_ports,
                       ports_text},
    Key<PinholeConfig>{"sources", "From where, such as [\"2001:db8:9::/48\"]. []: from everywhere.",
                       [](const Value& v, PinholeConfig& c, Complaints& e) {
                         read_list(v, c.sources, parse_prefix_text, e);
                       },
                       [](const PinholeConfig& c) { return quoted_texts(c.sources); }},
};

}  // namespace

std::span<const Key<PinholeConfig>> pinhole_keys() { return kPinholeKeys; }

}  // namespace sixgate::conf
