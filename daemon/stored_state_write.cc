// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "daemon/stored_state.h"
#include "daemon/stored_text.h"
#include "net/byte_writer.h"
#include "net/sha256.h"
#include "net/text.h"

namespace sixgate::daemon {

std::string stored_checksum_line(std::string_view above) {
  const std::span octets(reinterpret_cast<const std::uint8_t*>(above.data()), above.size());
  return cat(kStoredChecksum, to_hex(Sha256::of(octets)), '\n');
}

namespace {

// A name as one word: spaces, control characters and backslashes as \xNN; the empty name as \e.
std::string word(std::string_view name) {
  if (name.empty()) return "\\e";
  std::string out;
  for (const char c : name) {
    if (c == ' ')
      out += "\\x20";
    else
      out += printable(std::string_view(&c, 1));
  }
  return out;
}

std::string text_of(Instant at) { return at.is_never() ? "never" : std::to_string(at.micros()); }

class Writer {
 public:
  template <class... Words>
  void line(const Words&... words) {
    std::size_t n = 0;
    ((text_ += n++ == 0 ? "" : " ", text_ += words), ...);
    text_ += '\n';
  }
  std::string finish() {
    text_ += stored_checksum_line(text_);
    return std::move(text_);
  }

 private:
  std::string text_{kStoredHeader};
};

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string text_of(const std::vector<unsigned>& lengths) {
  std::string text;
  for (const unsigned length : lengths) text += cat(text.empty() ? "" : ",", length);
  return text.empty() ? "-" : text;
}

void write_lease(Writer& out, const std::string& uplink, const dhcp6::Lease& lease) {
  const std::string name = word(uplink);
  out.line("lease", name, lease.server ? lease.server->to_string() : "-", text_of(lease.renew_at),
           text_of(lease.rebind_at), lease.stateful ? "1" : "0");
  for (const dhcp6::LeasedAddress& a : lease.addresses) {
    out.line("lease-address", name, number(a.iaid), a.address.to_string(),
             text_of(a.preferred_until), text_of(a.valid_until));
  }
  for (const dhcp6::LeasedPrefix& p : lease.prefixes) {
    out.line("lease-prefix", name, number(p.iaid), p.prefix.to_string(), text_of(p.preferred_until),
             text_of(p.valid_until), p.excluded ? p.excluded->to_string() : "-");
  }
  if (lease.server_address) out.line("lease-server", name, lease.server_address->to_string());
  for (const Ip6Address& server : lease.dns_servers)
    out.line("lease-dns", name, server.to_string());
  for (const DomainName& domain : lease.search_domains) {
    std::vector<std::uint8_t> wire;
    ByteWriter writer(wire);
    domain.emit(writer);
    out.line("lease-search", name, to_hex(wire));
  }
  if (!lease.other_options.empty()) {
    std::vector<std::uint8_t> wire;
    ByteWriter writer(wire);
    if (dhcp6::emit_options(writer, lease.other_options))
      out.line("lease-options", name, to_hex(wire));
  }
  if (lease.reconfigure_key) {
    out.line("lease-key", name, to_hex(lease.reconfigure_key->key),
             number(lease.reconfigure_key->replay_value));
  }
  for (const dhcp6::ServerProfile& server : lease.servers.all()) {
    out.line("lease-known", name, server.server.to_string(), text_of(server.lengths),
             std::string(dhcp6::to_string(server.hints)),
             std::string(dhcp6::to_string(server.together)), server.fails_on_several ? "1" : "0",
             server.leaves_times ? "1" : "0", std::string(dhcp6::to_string(server.rapid_commit)),
             server.fails_on_rapid_commit ? "1" : "0", server.fails_on_name ? "1" : "0");
  }
}

void write_mapping(Writer& out, const pcp::Mapping& one) {
  out.line("mapping", word(one.interface), one.host.to_string(), number(one.protocol),
           number(one.port), one.peer.to_string(), number(one.peer_port), to_hex(one.nonce),
           text_of(one.until));
  for (const Prefix& source : one.sources) out.line("mapping-source", source.to_string());
}

}  // namespace

std::string serialise(const StoredState& state, Instant now, std::string_view boot_id) {
  Writer out;
  out.line("clock", text_of(now), word(boot_id));
  if (state.duid) out.line("duid", state.duid->to_string());
  out.line("secret", to_hex(state.secret));
  if (state.unique_local) out.line("ula", state.unique_local->to_string());
  for (const auto& [name, iaid] : state.iaids) out.line("iaid", word(name), number(iaid));
  for (const auto& [name, lease] : state.leases) write_lease(out, name, lease);
  for (const delegation::Remembered& r : state.carve.entries) {
    if (r.index.low == 0) {
      out.line("carve", word(r.lan), word(r.interface), word(r.origin), r.delegation.to_string(),
               number(r.index.high), number(r.length), number(r.wanted));
    } else {
      out.line("carve-part", word(r.lan), word(r.interface), word(r.origin),
               r.delegation.to_string(), number(r.index.high), number(r.index.low),
               number(r.length), number(r.wanted));
    }
  }
  for (const auto& [name, records] : state.advertised) {
    for (const ra::AdvertisedRecord& r : records) {
      out.line("advertised", word(name), r.prefix.to_string(), r.on_link ? "1" : "0",
               r.autonomous ? "1" : "0", text_of(r.host_valid_until));
    }
  }
  for (const auto& [name, records] : state.advertised_options) {
    for (const ra::AdvertisedOption& r : records) {
      std::vector<std::uint8_t> wire;
      ByteWriter writer(wire);
      ra::emit_option(r.withdrawal, writer);
      out.line("advertised-option", word(name), to_hex(wire), text_of(r.host_valid_until));
    }
  }
  for (const auto& [name, shared] : state.shared) {
    out.line("shared", word(name), shared.source == SharedPrefix::Source::kDelegated ? "1" : "0",
             shared.prefix.to_string(), text_of(shared.preferred_until),
             text_of(shared.valid_until), text_of(shared.ends.value_or(Instant::never())));
    for (const SharedPrefix::Further& one : shared.further)
      out.line("shared-further", word(name), one.prefix.to_string(), text_of(one.preferred_until),
               text_of(one.valid_until));
  }
  for (const auto& [name, counter] : state.dad_counters)
    out.line("dad", word(name), number(counter));
  for (const KernelAddress& a : state.addresses) {
    out.line("address", word(a.interface), a.address.to_string(), number(a.prefix_length),
             text_of(a.preferred_until), text_of(a.valid_until));
  }
  for (const dhcp6::RelayedDelegation& one : state.relayed) {
    out.line("relayed", word(one.link), one.prefix.to_string(), one.next_hop.to_string(),
             one.client.to_string(), number(one.iaid), text_of(one.valid_until));
  }
  if (state.tcp_let_in) out.line("tcp-let-in");
  if (state.lease_epochs != 0) out.line("epochs", number(state.lease_epochs));
  for (const StoredKnock& one : state.knocks) {
    out.line("knock", one.address.to_string(), number(one.spi), to_hex(one.key),
             number(one.sequence));
  }
  for (const auto& [key, before] : state.flow_timeouts)
    out.line("flow-timeout", word(key), word(before));
  if (state.pcp_epoch) out.line("pcp", text_of(*state.pcp_epoch));
  for (const auto& [inside, external] : state.pcp_externals)
    out.line("pcp-external", word(inside.first), inside.second.to_string(), external.to_string());
  for (const pcp::Mapping& one : state.mappings) write_mapping(out, one);
  return out.finish();
}

}  // namespace sixgate::daemon
