// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <span>

#include "daemon/stored_state.h"
#include "daemon/stored_text.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::string_view kAnyHeader = "sixgate-state ";  // of whatever version

// The word that a name was written as.
std::optional<std::string> unword(std::string_view text) {
  std::string out;
  if (text == "\\e") return out;
  while (!text.empty()) {
    if (text[0] != '\\') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 4 || text[1] != 'x') return std::nullopt;
    const auto octet = parse_hex(text.substr(2, 2));
    if (!octet) return std::nullopt;
    out += static_cast<char>((*octet)[0]);
    text.remove_prefix(4);
  }
  return out;
}

// One line taken apart. A word that is missing or is not what it should be makes the line bad.
class Words {
 public:
  explicit Words(std::string_view line) : left_(line) {}
  bool ok() const { return ok_ && left_.empty(); }
  bool more() const { return !left_.empty(); }

  std::string_view next() {
    if (left_.empty()) {
      ok_ = false;
      return {};
    }
    const std::size_t space = left_.find(' ');
    const std::string_view taken = left_.substr(0, space);
    left_.remove_prefix(space == std::string_view::npos ? left_.size() : space + 1);
    return taken;
  }
  std::string name() { return take(unword(next())); }
  std::uint64_t number() { return take(parse_decimal(next())); }
  std::uint32_t number32() { return static_cast<std::uint32_t>(bounded(0xffffffffU)); }
  std::uint16_t number16() { return static_cast<std::uint16_t>(bounded(0xffffU)); }
  std::uint8_t number8() { return static_cast<std::uint8_t>(bounded(0xffU)); }
  unsigned length() { return static_cast<unsigned>(bounded(128)); }
  bool flag() { return bounded(1) == 1; }
  Ip6Address address() { return take(Ip6Address::parse(next())); }
  Prefix prefix() { return take(Prefix::parse(next())); }
  std::vector<std::uint8_t> hex() { return take(parse_hex(next())); }
  // So many octets.
  void hex(std::span<std::uint8_t> out) {
    const std::vector<std::uint8_t> octets = hex();
    if (octets.size() == out.size())
      std::copy(octets.begin(), octets.end(), out.begin());
    else
      ok_ = false;
  }
  // Instants of this clock, or of the clock before the reboot moved onto this one.
  Instant instant(Duration moved) {
    const std::string_view text = next();
    if (text == "never") return Instant::never();
    std::int64_t micros = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), micros);
    // Centuries either way: a number that no clock of ours has shown.
    constexpr std::int64_t kLimit = std::int64_t{1} << 60;
    if (ec != std::errc() || end != text.data() + text.size() || micros > kLimit ||
        micros < -kLimit)
      ok_ = false;
    return ok_ ? Instant::from_micros(micros) + moved : Instant();
  }
  std::optional<Prefix> optional_prefix() {
    const std::string_view text = next();
    if (text == "-") return std::nullopt;
    return take(Prefix::parse(text));
  }
  // "48,56", ascending, or "-"
  std::vector<unsigned> lengths() {
    std::vector<unsigned> all;
    std::string_view text = next();
    if (text == "-") return all;
    while (ok_) {
      const std::size_t comma = text.find(',');
      const auto length = parse_decimal(text.substr(0, comma));
      if (!length || *length > 128 || (!all.empty() && *length <= all.back())) break;
      all.push_back(static_cast<unsigned>(*length));
      if (comma == std::string_view::npos) return all;
      text.remove_prefix(comma + 1);
    }
    ok_ = false;
    return {};
  }
  // One of a few words.
  template <class Enum>
  Enum one_of(std::initializer_list<Enum> all) {
    const std::string_view text = next();
    for (const Enum one : all) {
      if (dhcp6::to_string(one) == text) return one;
    }
    ok_ = false;
    return *all.begin();
  }
  void bad() { ok_ = false; }

 private:
  std::uint64_t bounded(std::uint64_t most) {
    const std::uint64_t value = number();
    if (value > most) ok_ = false;
    return value;
  }
  template <class T>
  T take(std::optional<T> value) {
    if (!value) ok_ = false;
    return value ? std::move(*value) : T{};
  }
  std::string_view left_;
  bool ok_ = true;
};

pcp::Mapping read_mapping(Words& words, Duration moved) {
  pcp::Mapping one;
  one.interface = words.name();
  one.host = words.address();
  one.protocol = words.number8();
  one.port = words.number16();
  one.peer = words.address();
  one.peer_port = words.number16();
  words.hex(one.nonce);
  one.until = words.instant(moved);
  return one;
}

void read_lease_line(std::string_view kind, Words& words, StoredState& state, Duration moved) {
  dhcp6::Lease& lease = state.leases[words.name()];
  if (kind == "lease") {
    const std::string_view server = words.next();
    if (server != "-") {
      lease.server = dhcp6::Duid::parse(server);
      if (!lease.server) words.bad();
    }
    lease.renew_at = words.instant(moved);
    lease.rebind_at = words.instant(moved);
    lease.stateful = words.flag();
  } else if (kind == "lease-address") {
    dhcp6::LeasedAddress leased;
    leased.iaid = words.number32();
    leased.address = words.address();
    leased.preferred_until = words.instant(moved);
    leased.valid_until = words.instant(moved);
    lease.addresses.push_back(leased);
  } else if (kind == "lease-prefix") {
    dhcp6::LeasedPrefix leased;
    leased.iaid = words.number32();
    leased.prefix = words.prefix();
    leased.preferred_until = words.instant(moved);
    leased.valid_until = words.instant(moved);
    leased.excluded = words.optional_prefix();
    lease.prefixes.push_back(leased);
  } else if (kind == "lease-server") {
    lease.server_address = words.address();
  } else if (kind == "lease-dns") {
    lease.dns_servers.push_back(words.address());
  } else if (kind == "lease-search") {
    const std::vector<std::uint8_t> wire = words.hex();
    ByteReader reader(wire);
    auto name = DomainName::parse(reader);
    if (name)
      lease.search_domains.push_back(std::move(*name));
    else
      words.bad();
  } else if (kind == "lease-options") {
    const std::vector<std::uint8_t> wire = words.hex();
    ByteReader reader(wire);
    dhcp6::ParseBudget budget;
    auto options = dhcp6::parse_options(reader, budget);
    if (options)
      lease.other_options = std::move(*options);
    else
      words.bad();
  } else if (kind == "lease-key") {
    dhcp6::ReconfigureKey& key = lease.reconfigure_key.emplace();
    words.hex(key.key);
    key.replay_value = words.number();
  } else if (kind == "lease-known") {
    using dhcp6::Finding;
    using dhcp6::HintBehaviour;
    const auto duid = dhcp6::Duid::parse(words.next());
    if (!duid) return words.bad();
    dhcp6::ServerProfile server{.server = *duid, .lengths = {}};
    server.lengths = words.lengths();
    server.hints = words.one_of({HintBehaviour::kUnknown, HintBehaviour::kIgnored,
                                 HintBehaviour::kFollowed, HintBehaviour::kExact});
    server.together = words.one_of({Finding::kUnknown, Finding::kNo, Finding::kYes});
    server.fails_on_several = words.flag();
    server.leaves_times = words.flag();
    if (words.more()) {  // earlier versions end here
      server.rapid_commit = words.one_of({Finding::kUnknown, Finding::kNo, Finding::kYes});
      server.fails_on_rapid_commit = words.flag();
      server.fails_on_name = words.flag();
    }
    lease.servers.learn(std::move(server), true);
  } else {
    words.bad();
  }
}

void read_line(std::string_view line, StoredState& state, Duration moved, bool& ok) {
  Words words(line);
  const std::string_view kind = words.next();
  if (kind == "duid") {
    state.duid = dhcp6::Duid::parse(words.next());
    if (!state.duid) words.bad();
  } else if (kind == "secret") {
    words.hex(state.secret);
  } else if (kind == "ula") {
    state.unique_local = words.prefix();
  } else if (kind == "iaid") {
    const std::string name = words.name();
    state.iaids[name] = words.number32();
  } else if (kind.substr(0, 5) == "lease") {
    read_lease_line(kind, words, state, moved);
  } else if (kind == "carve" || kind == "carve-part") {
    delegation::Remembered entry;
    entry.lan = words.name();
    entry.interface = words.name();
    entry.origin = words.name();
    entry.delegation = words.prefix();
    entry.index.high = words.number();
    if (kind == "carve-part") entry.index.low = words.number();
    entry.length = words.length();
    entry.wanted = words.length();
    state.carve.entries.push_back(entry);
  } else if (kind == "advertised") {
    const std::string name = words.name();
    ra::AdvertisedRecord record;
    record.prefix = words.prefix();
    record.on_link = words.flag();
    record.autonomous = words.flag();
    record.host_valid_until = words.instant(moved);
    state.advertised[name].push_back(record);
  } else if (kind == "advertised-option") {
    const std::string name = words.name();
    const std::vector<std::uint8_t> wire = words.hex();
    const Instant until = words.instant(moved);
    ByteReader reader(wire);
    auto options = ra::parse_options(reader);
    if (options && options->size() == 1)
      state.advertised_options[name].push_back({std::move(options->front()), until});
    else
      words.bad();
  } else if (kind == "shared") {
    SharedPrefix& shared = state.shared[words.name()];
    shared.source =
        words.flag() ? SharedPrefix::Source::kDelegated : SharedPrefix::Source::kAdvertised;
    shared.prefix = words.prefix();
    shared.preferred_until = words.instant(moved);
    shared.valid_until = words.instant(moved);
    const Instant ends = words.instant(moved);
    if (!ends.is_never()) shared.ends = ends;
  } else if (kind == "shared-further") {
    SharedPrefix& shared = state.shared[words.name()];
    SharedPrefix::Further further;
    further.prefix = words.prefix();
    further.preferred_until = words.instant(moved);
    further.valid_until = words.instant(moved);
    shared.further.push_back(further);
  } else if (kind == "dad") {
    const std::string name = words.name();
    state.dad_counters[name] = words.number32();
  } else if (kind == "address") {
    KernelAddress address;
    address.interface = words.name();
    address.address = words.address();
    address.prefix_length = words.length();
    address.preferred_until = words.instant(moved);
    address.valid_until = words.instant(moved);
    address.ours = true;
    state.addresses.push_back(address);
  } else if (kind == "relayed") {
    const std::string link = words.name();
    const Prefix prefix = words.prefix();
    const Ip6Address next_hop = words.address();
    const auto client = dhcp6::Duid::parse(words.next());
    const std::uint32_t iaid = words.number32();
    const Instant until = words.instant(moved);
    if (client)
      state.relayed.push_back({prefix, link, next_hop, *client, iaid, until});
    else
      words.bad();
  } else if (kind == "tcp-let-in") {
    state.tcp_let_in = true;
  } else if (kind == "epochs") {
    state.lease_epochs = words.number32();
  } else if (kind == "knock") {
    StoredKnock& knock = state.knocks.emplace_back();
    knock.address = words.address();
    knock.spi = words.number32();
    words.hex(knock.key);
    knock.sequence = words.number32();
  } else if (kind == "pcp") {
    state.pcp_epoch = words.instant(moved);
  } else if (kind == "pcp-external") {
    std::string interface = words.name();
    const Prefix internal = words.prefix();
    state.pcp_externals[{std::move(interface), internal}] = words.prefix();
  } else if (kind == "flow-timeout") {
    std::string key = words.name();
    state.flow_timeouts[std::move(key)] = words.name();
  } else if (kind == "mapping") {
    state.mappings.push_back(read_mapping(words, moved));
  } else if (kind == "mapping-source") {
    const Prefix source = words.prefix();
    if (state.mappings.empty())
      words.bad();
    else
      state.mappings.back().sources.push_back(source);
  } else {
    words.bad();
  }
  ok = words.ok();
}

}  // namespace

bool is_of_boot(std::string_view text, std::string_view boot_id) {
  if (text.substr(0, kStoredHeader.size()) != kStoredHeader) return false;
  text.remove_prefix(kStoredHeader.size());
  Words words(text.substr(0, text.find('\n')));
  const bool clock = words.next() == "clock";
  (void)words.next();
  return clock && words.name() == boot_id && words.ok();
}

Expected<StoredState> parse_stored_state(std::string_view text, Instant now,
                                         std::string_view boot_id) {
  if (text.substr(0, kAnyHeader.size()) != kAnyHeader) return fail("not a state file of sixgate");
  if (text.substr(0, kStoredHeader.size()) != kStoredHeader)
    return fail("written by another version of sixgate");
  const std::size_t at = text.rfind(kStoredChecksum);
  if (at == std::string_view::npos || text[at - 1] != '\n') return fail("truncated");
  const std::string_view body = text.substr(0, at);
  if (text.substr(at) != stored_checksum_line(body)) return fail("damaged: its checksum is wrong");

  StoredState state;
  Duration moved{};
  bool other_boot = false;
  std::string_view left = body.substr(kStoredHeader.size());
  for (unsigned line = 2; !left.empty(); ++line) {
    const std::size_t end = left.find('\n');
    const std::string_view one = left.substr(0, end);
    bool ok = true;
    if (line == 2) {
      Words words(one);
      ok = words.next() == "clock";
      const Instant written = words.instant(Duration{});
      const std::string boot = words.name();
      ok = ok && words.ok() && !written.is_never();
      other_boot = boot != boot_id;
      if (ok && other_boot) moved = now - written;
    } else {
      read_line(one, state, moved, ok);
    }
    if (!ok) return fail(cat("line ", line, " cannot be read"));
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  if (other_boot) {
    state.mappings.clear();
    state.pcp_epoch.reset();
    state.pcp_externals.clear();
    state.flow_timeouts.clear();
    state.tcp_let_in = false;
  }
  return state;
}

}  // namespace sixgate::daemon
