// SPDX-License-Identifier: Apache-2.0
// The text of the stored state: a line for each thing, words separated by spaces, first a header, last a
// checksum of everything above it. A person can read it, and a torn or rotten file is known for what it is.
#include "daemon/stored_state.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <span>
#include <tuple>

#include "net/sha256.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::string_view kHeader = "sixgate-state 1\n";
constexpr std::string_view kHeaderWord = "sixgate-state ";
constexpr std::string_view kChecksumWord = "checksum ";

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

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
    text_ += cat(kChecksumWord, to_hex(Sha256::of(octets(text_))), '\n');
    return std::move(text_);
  }

 private:
  std::string text_{kHeader};
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
  const std::vector<std::uint8_t> nonce = words.hex();
  if (nonce.size() == one.nonce.size())
    std::copy(nonce.begin(), nonce.end(), one.nonce.begin());
  else
    words.bad();
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
    const std::vector<std::uint8_t> octets = words.hex();
    dhcp6::ReconfigureKey& key = lease.reconfigure_key.emplace();
    if (octets.size() == key.key.size())
      std::copy(octets.begin(), octets.end(), key.key.begin());
    else
      words.bad();
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
    const std::vector<std::uint8_t> secret = words.hex();
    if (secret.size() == state.secret.size())
      std::copy(secret.begin(), secret.end(), state.secret.begin());
    else
      words.bad();
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
  } else if (kind == "pcp") {
    state.pcp_epoch = words.instant(moved);
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

// The state without its times, which pass by themselves.
StoredState without_times(StoredState state) {
  for (auto& [name, lease] : state.leases) {
    for (dhcp6::LeasedAddress& a : lease.addresses) a.preferred_until = a.valid_until = Instant();
    for (dhcp6::LeasedPrefix& p : lease.prefixes) p.preferred_until = p.valid_until = Instant();
    lease.renew_at = lease.rebind_at = Instant();
    lease.verified = false;
  }
  for (auto& [name, records] : state.advertised) {
    for (ra::AdvertisedRecord& record : records) record.host_valid_until = Instant();
  }
  for (auto& [name, records] : state.advertised_options) {
    for (ra::AdvertisedOption& record : records) record.host_valid_until = Instant();
  }
  for (dhcp6::RelayedDelegation& one : state.relayed) one.valid_until = Instant();
  state.mappings.clear();
  state.pcp_epoch.reset();
  state.flow_timeouts.clear();
  for (auto& [name, shared] : state.shared) {
    shared.preferred_until = shared.valid_until = Instant();
    shared.ends.reset();
    for (SharedPrefix::Further& one : shared.further)
      one.preferred_until = one.valid_until = Instant();
  }
  for (KernelAddress& a : state.addresses) a.preferred_until = a.valid_until = Instant();
  std::sort(state.addresses.begin(), state.addresses.end(),
            [](const KernelAddress& a, const KernelAddress& b) {
              return std::tie(a.interface, a.address) < std::tie(b.interface, b.address);
            });
  return state;
}

// Until when anything leased is valid.
Instant latest_end(const StoredState& state) {
  Instant end;
  for (const auto& [name, lease] : state.leases) {
    for (const dhcp6::LeasedAddress& a : lease.addresses) end = std::max(end, a.valid_until);
    for (const dhcp6::LeasedPrefix& p : lease.prefixes) end = std::max(end, p.valid_until);
  }
  return end;
}

}  // namespace

bool StoredState::differs(const StoredState& kept) const {
  const auto comparable = [](StoredState state) {
    for (auto& [name, records] : state.advertised) {
      for (ra::AdvertisedRecord& record : records) record.host_valid_until = Instant();
    }
    for (auto& [name, records] : state.advertised_options) {
      for (ra::AdvertisedOption& record : records) record.host_valid_until = Instant();
    }
    return state;
  };
  return comparable(*this) != comparable(kept);
}

bool is_of_boot(std::string_view text, std::string_view boot_id) {
  if (text.substr(0, kHeader.size()) != kHeader) return false;
  text.remove_prefix(kHeader.size());
  Words words(text.substr(0, text.find('\n')));
  const bool clock = words.next() == "clock";
  (void)words.next();
  return clock && words.name() == boot_id && words.ok();
}

bool StoredState::worth_writing(const StoredState& written, Instant now) const {
  if (without_times(*this) != without_times(written)) return true;
  // Renewals move only times. What is stored may lag, but must not come to tell less than a third of the
  // truth; leases under half an hour are too short to outlive a reboot usefully.
  const auto lags = [now](Instant end, Instant written_end) {
    const Duration truth = end - now;
    const Duration told = std::max(written_end - now, Duration{});
    return truth >= minutes(30) && told < truth / 3;
  };
  // Without their times they are the same ones, in the same order.
  for (std::size_t i = 0; i < relayed.size(); ++i) {
    if (lags(relayed[i].valid_until, written.relayed[i].valid_until)) return true;
  }
  return lags(latest_end(*this), latest_end(written));
}

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
  for (const auto& [key, before] : state.flow_timeouts)
    out.line("flow-timeout", word(key), word(before));
  if (state.pcp_epoch) out.line("pcp", text_of(*state.pcp_epoch));
  for (const pcp::Mapping& one : state.mappings) write_mapping(out, one);
  return out.finish();
}

Expected<StoredState> parse_stored_state(std::string_view text, Instant now,
                                         std::string_view boot_id) {
  if (text.substr(0, kHeaderWord.size()) != kHeaderWord) return fail("not a state file of sixgate");
  if (text.substr(0, kHeader.size()) != kHeader)
    return fail("written by another version of sixgate");
  const std::size_t at = text.rfind(kChecksumWord);
  if (at == std::string_view::npos || text[at - 1] != '\n') return fail("truncated");
  const std::string_view body = text.substr(0, at);
  if (text.substr(at) != cat(kChecksumWord, to_hex(Sha256::of(octets(body))), '\n'))
    return fail("damaged: its checksum is wrong");

  StoredState state;
  Duration moved{};
  bool other_boot = false;
  std::string_view left = body.substr(kHeader.size());
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
    state.flow_timeouts.clear();
  }
  return state;
}

}  // namespace sixgate::daemon
