// SPDX-License-Identifier: Apache-2.0
#include "ra/withdrawals.h"

#include <algorithm>
#include <set>
#include <type_traits>

namespace sixgate::ra {

namespace {

struct Atom {
  Option withdrawal;
  Lifetime lifetime;
};

// The single things of which an option speaks, each as the option that takes it back alone.
std::vector<Atom> atoms(const Option& option) {
  std::vector<Atom> out;
  std::visit(
      [&](const auto& o) {
        using T = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<T, RouteInformation>) {
          const RouteInformation gone{o.prefix, RouterPreference::kMedium, Lifetime(0)};
          out.push_back({gone, o.lifetime});
        } else if constexpr (std::is_same_v<T, RecursiveDnsServers>) {
          for (const Ip6Address& server : o.addresses)
            out.push_back({RecursiveDnsServers{Lifetime(0), {server}}, o.lifetime});
        } else if constexpr (std::is_same_v<T, DnsSearchList>) {
          for (const DomainName& name : o.names)
            out.push_back({DnsSearchList{Lifetime(0), {name}}, o.lifetime});
        } else if constexpr (std::is_same_v<T, Pref64>) {
          out.push_back({Pref64{o.prefix, 0}, o.seconds_left()});
        } else if constexpr (std::is_same_v<T, EncryptedDns>) {
          EncryptedDns gone = o;
          gone.lifetime = Lifetime(0);
          out.push_back({gone, o.lifetime});
        } else if constexpr (std::is_same_v<T, CaptivePortal>) {
          const bool none = o.uri == kUnrestrictedPortal;
          out.push_back(
              {CaptivePortal{std::string(kUnrestrictedPortal)}, none ? Lifetime(0) : kValidLimit});
        }
      },
      option);
  return out;
}

std::vector<std::uint8_t> key_of(const Option& withdrawal) {
  std::vector<std::uint8_t> key;
  ByteWriter writer(key);
  emit_option(withdrawal, writer);
  return key;
}

std::set<std::vector<std::uint8_t>> keys_of(const Options& live) {
  std::set<std::vector<std::uint8_t>> keys;
  for (const Option& option : live) {
    for (const Atom& atom : atoms(option)) keys.insert(key_of(atom.withdrawal));
  }
  return keys;
}

std::set<Prefix> prefixes_of(const Options& live) {
  std::set<Prefix> prefixes;
  for (const Option& option : live) {
    if (const auto* information = std::get_if<PrefixInformation>(&option))
      prefixes.insert(information->prefix);
  }
  return prefixes;
}

// `kind_of` tells which entries share the limit.
template <class Map, class IsLive, class KindOf>
void trim_map(Map& map, Instant now, IsLive is_live, KindOf kind_of) {
  std::erase_if(map, [&](const auto& entry) { return entry.second.until <= now; });
  std::map<int, std::vector<typename Map::iterator>> withdrawn;
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (!is_live(it->first)) withdrawn[kind_of(it->first)].push_back(it);
  }
  for (auto& [kind, entries] : withdrawn) {
    if (entries.size() <= kMaxWithdrawn) continue;
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a->second.until != b->second.until ? a->second.until < b->second.until
                                                : a->first < b->first;
    });
    entries.resize(entries.size() - kMaxWithdrawn);
    for (const auto& it : entries) map.erase(it);
  }
}

}  // namespace

void Withdrawals::restore(const AdvertisedRecord& record) {
  const auto [place, is_new] = prefixes_.try_emplace(record.prefix);
  Held& held = place->second;
  if (is_new || held.on_link != record.on_link || held.autonomous != record.autonomous) ++revision_;
  held.on_link = record.on_link;
  held.autonomous = record.autonomous;
  held.until = std::max(held.until, record.host_valid_until);
}

void Withdrawals::restore(const AdvertisedOption& record) {
  for (const Atom& atom : atoms(record.withdrawal)) {
    const auto [place, is_new] = options_.try_emplace(key_of(atom.withdrawal));
    if (is_new) ++revision_;
    HeldOption& held = place->second;
    held.withdrawal = atom.withdrawal;
    held.until = std::max(held.until, record.host_valid_until);
  }
}

void Withdrawals::note(const Options& sent, Instant now) {
  for (const Option& option : sent) {
    if (const auto* said = std::get_if<PrefixInformation>(&option)) {
      if (said->valid.is_zero()) continue;
      restore(AdvertisedRecord{said->prefix, said->on_link, said->autonomous,
                               expiry(now, said->valid)});
      continue;
    }
    for (const Atom& atom : atoms(option)) {
      if (atom.lifetime.is_zero()) continue;
      restore(AdvertisedOption{atom.withdrawal, expiry(now, atom.lifetime)});
    }
  }
}

std::vector<Withdrawals::Hold> Withdrawals::holds(const Options& sent) {
  std::vector<Hold> out;
  for (const Option& option : sent) {
    if (const auto* said = std::get_if<PrefixInformation>(&option)) {
      const auto place = prefixes_.find(said->prefix);
      if (!said->valid.is_zero() && place != prefixes_.end())
        out.push_back({&place->second.until, said->valid});
      continue;
    }
    for (const Atom& atom : atoms(option)) {
      const auto place = options_.find(key_of(atom.withdrawal));
      if (!atom.lifetime.is_zero() && place != options_.end())
        out.push_back({&place->second.until, atom.lifetime});
    }
  }
  return out;
}

Instant Withdrawals::first_end() const {
  Instant first = Instant::never();
  for (const auto& [prefix, held] : prefixes_) first = std::min(first, held.until);
  for (const auto& [key, held] : options_) first = std::min(first, held.until);
  return first;
}

Options Withdrawals::prefixes(const Options& live, Instant now) const {
  const std::set<Prefix> said = prefixes_of(live);
  Options options;
  for (const auto& [prefix, held] : prefixes_) {
    if (held.until <= now || said.contains(prefix)) continue;
    PrefixInformation option;
    option.prefix = prefix;
    option.on_link = held.on_link;
    option.autonomous = held.autonomous;
    options.emplace_back(option);
  }
  return options;
}

Options Withdrawals::others(const Options& live, Instant now) const {
  const std::set<Key> said = keys_of(live);
  std::vector<Ip6Address> servers;
  std::vector<DomainName> names;
  Options options;
  for (const auto& [key, held] : options_) {
    if (held.until <= now || said.contains(key)) continue;
    if (const auto* server = std::get_if<RecursiveDnsServers>(&held.withdrawal)) {
      servers.push_back(server->addresses.front());
    } else if (const auto* name = std::get_if<DnsSearchList>(&held.withdrawal)) {
      names.push_back(name->names.front());
    } else {
      options.push_back(held.withdrawal);
    }
  }
  for (Option& option : server_options(servers, Lifetime(0))) options.push_back(std::move(option));
  for (Option& option : domain_options(names, Lifetime(0))) options.push_back(std::move(option));
  return options;
}

void Withdrawals::trim(const Options& live, Instant now) {
  const std::size_t before = prefixes_.size() + options_.size();
  const std::set<Prefix> said_prefixes = prefixes_of(live);
  trim_map(
      prefixes_, now, [&](const Prefix& prefix) { return said_prefixes.contains(prefix); },
      [](const Prefix&) { return 0; });
  const std::set<Key> said = keys_of(live);
  trim_map(
      options_, now, [&](const Key& key) { return said.contains(key); },
      [](const Key& key) { return int{key.front()}; });
  if (prefixes_.size() + options_.size() != before) ++revision_;
}

std::vector<AdvertisedRecord> Withdrawals::prefix_records() const {
  std::vector<AdvertisedRecord> records;
  for (const auto& [prefix, held] : prefixes_) {
    records.push_back({prefix, held.on_link, held.autonomous, held.until});
  }
  return records;
}

std::vector<AdvertisedOption> Withdrawals::option_records() const {
  std::vector<AdvertisedOption> records;
  for (const auto& [key, held] : options_) records.push_back({held.withdrawal, held.until});
  return records;
}

}  // namespace sixgate::ra
