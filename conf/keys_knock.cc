// SPDX-License-Identifier: Apache-2.0
// The keys of the IPsec knock.
#include <array>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

const Words<KnockAlgorithm>& algorithm_words() {
  static const Words<KnockAlgorithm> kWords = [] {
    Words<KnockAlgorithm> words;
    for (const KnockAlgorithmKind& kind : knock_algorithms())
      words.emplace_back(kind.name, kind.algorithm);
    return words;
  }();
  return kWords;
}

const std::array kKnockKeys{
    Key<KnockConfig>{"spi",
                     "The number that names the tunnel on both sides: 256 to 4294967295, also as "
                     "0x....",
                     [](const Value& v, KnockConfig& c, Complaints& e) {
                       if (v.kind == Value::Kind::kInteger && v.integer >= 0 &&
                           v.integer < kFirstSpi) {
                         e.push_back({v.at,
                                      "the SPIs 0 to 255 are reserved (RFC 4302 section 2.4): take "
                                      "one from 256 on"});
                         return;
                       }
                       read_number32(v, kFirstSpi, c.spi, e);
                     },
                     [](const KnockConfig& c) { return cat(c.spi); }},
    Key<KnockConfig>{
        "key_file",
        "Where the key is, in hexadecimal digits; nobody but its owner may read it. To make one:\n"
        "umask 077; head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n' > knock.key",
        [](const Value& v, KnockConfig& c, Complaints& e) { read_into(v, c.key_file, e); },
        [](const KnockConfig& c) { return quoted(c.key_file); }},
    Key<KnockConfig>{"algorithm",
                     "\"hmac-sha256\", \"hmac-sha384\" or \"hmac-sha512\", whose keys have 32, 48 "
                     "and 64 octets.",
                     [](const Value& v, KnockConfig& c, Complaints& e) {
                       read_word(v, algorithm_words(), c.algorithm, e);
                     },
                     [](const KnockConfig& c) { return quoted(kind_of(c.algorithm).name); }},
    Key<KnockConfig>{
        "mark", "The firewall's mark for what came so: one that nothing else here sets.",
        [](const Value& v, KnockConfig& c, Complaints& e) { read_number32(v, 1, c.mark, e); },
        [](const KnockConfig& c) { return cat(c.mark); }},
    Key<KnockConfig>{"lans", "To which LANs. []: to every protected and isolated one.",
                     [](const Value& v, KnockConfig& c, Complaints& e) {
                       if (auto texts = read_texts(as_list(v), e)) c.lans = std::move(*texts);
                     },
                     [](const KnockConfig& c) { return quoted_list(c.lans); }},
};

}  // namespace

std::span<const Key<KnockConfig>> knock_keys() { return kKnockKeys; }

}  // namespace sixgate::conf
