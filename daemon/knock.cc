// SPDX-License-Identifier: Apache-2.0
#include "daemon/knock.h"

#include <algorithm>
#include <optional>

#include "daemon/json.h"
#include "net/sha256.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// A state has one selector, and a house may have several delegations: the least that holds them all. The policies
// say exactly which.
Prefix around(const std::vector<Prefix>& prefixes) {
  Prefix whole = prefixes.front();
  for (const Prefix& prefix : prefixes) {
    while (!whole.contains(prefix)) whole = Prefix(whole.address(), whole.length() - 1);
  }
  return whole;
}

std::vector<Prefix> delegated_by(const House& house, const std::string& uplink, Instant now) {
  std::vector<Prefix> out;
  for (const delegation::Delegation& one : house.delegations) {
    if (one.origin == uplink && !one.withdrawn && one.valid_until > now) out.push_back(one.prefix);
  }
  return out;
}

bool is_opened(const conf::KnockConfig& knock, const conf::LanConfig& lan) {
  if (!knock.lans.empty())
    return std::find(knock.lans.begin(), knock.lans.end(), lan.name) != knock.lans.end();
  return firewall::is_guarded(lan.zone);
}

// More than a house ever has addresses on its uplinks.
constexpr std::size_t kMostKept = 16;
constexpr std::uint32_t kAllSeen = 0xffffffff;

StoredKnock stored(const KernelKnock& knock, std::span<const std::uint8_t> secret) {
  Sha256 hash;
  hash.update(secret);
  hash.update(knock.key.octets());
  const Sha256::Digest digest = hash.finish();
  StoredKnock out{.address = knock.address, .spi = knock.spi, .sequence = knock.replay.sequence};
  std::copy_n(digest.begin(), out.key.size(), out.key.begin());
  return out;
}

bool same_sender(const StoredKnock& a, const StoredKnock& b) {
  return a.address == b.address && a.spi == b.spi && a.key == b.key;
}

// The state says nothing of the prefix, so that it outlives a renumbering: made anew, it would begin its sequence
// again, and the house would take its packets for captured ones.
std::string client_tunnel(const KernelKnock& knock) {
  const std::string state = cat("src \"$SELF\" dst ", knock.address, " proto ah spi ", knock.spi);
  return cat("\nip xfrm state get ", state, " > /dev/null 2>&1 ||\n  ip xfrm state add ", state,
             " reqid ", kKnockRequest, " mode tunnel \\\n    auth-trunc '", knock.algorithm,
             "' \"$KEY\" ", knock.icv_bits, "\nip xfrm policy update dir out src \"$SELF\" dst ",
             knock.inner, " \\\n  tmpl src \"$SELF\" dst ", knock.address, " proto ah reqid ",
             kKnockRequest, " mode tunnel\n");
}

}  // namespace

void derive_knock(const House& house, DesiredState& out, Instant now) {
  if (!house.config->knock || house.config->knock->key.empty()) return;
  const conf::KnockConfig& knock = *house.config->knock;
  const conf::KnockAlgorithmKind& kind = conf::kind_of(knock.algorithm);
  for (const UplinkView& uplink : house.uplinks) {
    const std::vector<Prefix> inner = delegated_by(house, uplink.config->name, now);
    if (inner.empty()) continue;
    for (const KernelAddress& address : out.addresses) {
      if (address.interface != uplink.config->interface || address.valid_until <= now) continue;
      out.knocks.push_back({address.address,
                            knock.spi,
                            around(inner),
                            std::string(kind.kernel),
                            kind.icv_bits,
                            knock.key,
                            knock.mark,
                            {}});
    }
    for (const Prefix& prefix : inner) {
      if (std::find(out.knock_policies.begin(), out.knock_policies.end(),
                    KernelKnockPolicy{prefix}) == out.knock_policies.end())
        out.knock_policies.push_back({prefix});
    }
  }
  if (out.knocks.empty()) return;
  for (const LanView& lan : house.lans) {
    if (is_opened(knock, *lan.config))
      out.ruleset.knocks.push_back({lan.config->interface, knock.mark});
  }
}

std::vector<StoredKnock> knocks_to_keep(std::vector<StoredKnock> kept,
                                        const std::vector<KernelKnock>& there,
                                        std::span<const std::uint8_t> secret) {
  for (const KernelKnock& knock : there) {
    if (knock.key.empty() || knock.replay.sequence == 0) continue;
    const StoredKnock seen = stored(knock, secret);
    const auto same = std::find_if(kept.begin(), kept.end(),
                                   [&](const StoredKnock& one) { return same_sender(one, seen); });
    if (same != kept.end()) {
      if (same->sequence >= seen.sequence) continue;
      kept.erase(same);
    }
    if (kept.size() >= kMostKept) kept.erase(kept.begin());
    kept.push_back(seen);
  }
  return kept;
}

void recall_knocks(std::vector<KernelKnock>& wanted, const std::vector<StoredKnock>& kept,
                   std::span<const std::uint8_t> secret) {
  if (kept.empty()) return;
  for (KernelKnock& knock : wanted) {
    const StoredKnock mine = stored(knock, secret);
    for (const StoredKnock& one : kept) {
      if (same_sender(one, mine)) knock.replay = {one.sequence, kAllSeen};
    }
  }
}

std::string knock_json(const std::vector<KernelKnock>& knocks) {
  JsonWriter json;
  json.begin_object().member("schema", 1).member("client", knock_client_text(knocks)).end_object();
  return json.take();
}

std::string knock_reset_json(std::size_t tunnels) {
  JsonWriter json;
  json.begin_object().member("schema", 1).member("reset", tunnels).end_object();
  return json.take();
}

std::string knock_client_text(const std::vector<KernelKnock>& knocks) {
  if (knocks.empty())
    return "# No tunnel is there: [ipsec_knock] is not configured, or no uplink has an address and "
           "a "
           "prefix.\n";
  std::string out =
      "# On the other machine, as root. Its copy of the key file is knock.key; SELF is its own "
      "address.\n"
      "SELF=...\n"
      "KEY=0x$(tr -d ' \\n' < knock.key | sed s/^0x//)\n";
  std::vector<Prefix> seen;
  for (const KernelKnock& knock : knocks) {
    if (std::find(seen.begin(), seen.end(), knock.inner) == seen.end()) {
      out += client_tunnel(knock);
      seen.push_back(knock.inner);
    } else {
      out += cat("\n# To ", knock.inner, " also by way of ", knock.address,
                 ": the same with that address instead.\n");
    }
  }
  return cat(
      out,
      "\n# Only the way to the house goes through the tunnel; answers come without. When the "
      "house has another\n"
      "# prefix, obey what is printed then: a state that is there is kept, and its sequence "
      "goes on. A state made\n"
      "# anew (after a reboot, say) sends what counts as old packets until `sixgate knock "
      "reset` here.\n");
}

}  // namespace sixgate::daemon
