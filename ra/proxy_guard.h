// SPDX-License-Identifier: Apache-2.0
// ProxyGuard: no loop may form between the segments of a shared link (RFC 4389 sections 4.1.3.3 and 6).
//
// A segment takes no part for an hour after it has heard
//   - a Router Advertisement with the P bit, which another proxy has passed on;
//   - on a downstream segment, one of a router: there is another way to the upstream. One that is nobody's
//     default router and knows nothing of the shared prefix (a Thread border router says its own ULA and
//     routes) is no such way, and does no harm;
//   - a message that came from a segment by another way than through us: from our own link-layer address
//     there, or with a nonce (RFC 3971 section 5.3.2) that we, or a host elsewhere, have just sent. A second
//     proxy between the same two segments keeps the nonce, whoever made it. Our own are of one segment each;
//     a host's we pass on to all others with the question, and it may come back from any of them: what is
//     sure is then where it arrives.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/log.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/rng.h"
#include "ra/messages.h"

namespace sixgate::ra {

// RFC 4389's "proxy interface".
struct ProxySegment {
  std::string interface;
  MacAddress station;     // ours
  Ip6Address link_local;  // ours
  bool upstream = false;
  bool ready = false;
  bool operator==(const ProxySegment&) const = default;
};

class ProxyGuard {
 public:
  static constexpr Duration kBlocked = minutes(60);
  static constexpr Duration kNonceMemory = seconds(10);
  static constexpr std::size_t kMaxNonces = 512;

  struct Block {
    Instant until;
    std::string why;
    bool operator==(const Block&) const = default;
  };

  // Everywhere the segments are the present ones, the first ones to be kept rather than later ones.
  using Segments = std::vector<ProxySegment>;

  void hear_router(const Segments& segments, const std::string& on,
                   const std::vector<Prefix>& shared, const RouterAdvertisement& message,
                   const Ip6Address& from, Instant heard, Instant now);
  // Whether a message may be used that came from this station; `said` is the link-layer address inside.
  bool hear_station(const Segments& segments, const std::string& on, const MacAddress& station,
                    const std::optional<MacAddress>& said, Instant now);
  // The same of a solicitation with a nonce.
  bool hear_nonce(const Segments& segments, const std::string& on, const Nonce& nonce, Instant now);
  // One of our own, which goes out there.
  Nonce make_nonce(Rng& rng, std::string to, Instant now);
  // A host's, which was heard and goes out there, too.
  void passed_on(const Nonce& nonce, std::string to);

  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  bool blocked(const std::string& interface) const { return blocks_.contains(interface); }
  const std::map<std::string, Block>& blocks() const { return blocks_; }
  bool take_changed() { return std::exchange(changed_, false); }
  LogLines take_log() { return std::exchange(log_, {}); }

 private:
  struct Heard {
    bool ours = false;
    std::string on;  // of ours: where it was sent; else where it was heard first
    std::set<std::string> passed_on;
    Instant at;
  };
  void block(const std::string& interface, std::string why, Instant until);
  // What went out on one of `from` has arrived on `on` without us.
  void loop(const Segments& segments, const std::set<std::string>& from, const std::string& on,
            std::string_view sign, Instant now);
  void remember(const Nonce& nonce, Heard heard, Instant now);

  std::map<std::string, Block> blocks_;
  std::map<std::vector<std::uint8_t>, Heard> nonces_;
  bool changed_ = false;
  LogLines log_;
};

}  // namespace sixgate::ra
