// SPDX-License-Identifier: Apache-2.0
// A PCP server between clients that say whatever they like, a house that loses and gains prefixes, and jumps of time.
// Whatever comes: who asks alone is answered, doors are of who asked, within what the LAN has and within the quotas,
// an answer is as long as the protocol allows, and an error changes nothing.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "net/byte_reader.h"
#include "net/byte_writer.h"
#include "pcp/server.h"

namespace {

using namespace sixgate;
using namespace sixgate::pcp;

void require(bool condition) {
  if (!condition) std::abort();
}

const Ip6Address kRouter = Ip6Address::from_halves(0xfe80000000000000, 1);
const Prefix kFirst(Ip6Address::from_halves(0x20010db800010000, 0), 64);
const Prefix kSecond(Ip6Address::from_halves(0x20010db800020000, 0), 64);

class Run {
 public:
  explicit Run(std::span<const std::uint8_t> input) : input_(input) { configure(3); }

  void play() {
    for (int events = 0; !input_.at_end() && events < 200; ++events) event();
  }

 private:
  void configure(std::uint8_t which) {
    Link link{.interface = "lan0", .prefixes = {}, .doors = {}};
    if ((which & 1) != 0) link.prefixes.push_back({kFirst, Instant::never()});
    if ((which & 2) != 0) link.prefixes.push_back({kSecond, now_ + hours(1)});
    if ((which & 4) != 0) link.doors.push_back({client(1), 6, 22, 80});
    prefixes_ = link.prefixes;
    server_.configure({link}, true, now_);
  }

  static Ip6Address client(std::uint8_t number) {
    return (number % 2 == 0 ? kFirst : kSecond)
        .with_suffix(Ip6Address::from_halves(0, number % 8U));
  }

  static MacAddress station(std::uint8_t number) {
    return MacAddress({2, 0, 0, 0, 0, static_cast<std::uint8_t>(number % 4)});
  }

  void event() {
    switch (input_.u8() % 8) {
      case 0:
        configure(input_.u8());
        break;
      case 1:
        server_.forget(client(input_.u8()));
        break;
      case 2:
        now_ = now_ + milliseconds(input_.u16());
        server_.expire(now_);
        break;
      case 3:
        now_ = now_ + minutes(input_.u8());
        server_.expire(now_);
        break;
      case 4: {
        const std::uint8_t host = input_.u8();
        const MacAddress whose = station(input_.u8());
        server_.see("lan0", client(host), whose);
        require(count_of(whose) <= kMostPerHost);
        break;
      }
      default:
        ask();
    }
    judge();
  }

  void ask() {
    const Ip6Address from = client(input_.u8());
    const std::uint8_t size = input_.u8();
    // Some are strangers.
    std::optional<MacAddress> whose;
    if (size % 3 != 0) whose = station(size);
    const auto content = input_.bytes(std::min<std::size_t>(size * 4U, input_.left()));
    std::vector<std::uint8_t> datagram;
    ByteWriter writer(datagram);
    writer.bytes(content);
    // Nearly always the right version and address: what is behind them is to be reached.
    if (datagram.size() >= 24 && size % 16 != 0) {
      datagram[0] = kVersion;
      const auto octets = from.bytes();
      std::copy(octets.begin(), octets.end(), datagram.begin() + 8);
    }
    const std::vector<Mapping> before = server_.mappings();
    server_.drain();
    server_.receive("lan0", datagram, from, 4000, kRouter, now_, whose);
    const ServerOutputs out = server_.drain();
    require(out.datagrams.size() <= 1);
    for (const Datagram& answer : out.datagrams) {
      require(answer.destination == from && answer.port == 4000 && answer.source == kRouter);
      require(answer.payload.size() >= 24 && answer.payload.size() <= kLargestMessage);
      require(answer.payload.size() % 4 == 0 && (answer.payload[1] & 0x80) != 0);
      if (answer.payload[3] != 0) require(server_.mappings() == before);
    }
    if (server_.mappings() != before) require(out.changed);
    for (const Mapping& one : server_.mappings()) {
      const bool known = std::find(before.begin(), before.end(), one) != before.end();
      require(known || one.host == from);
    }
    if (server_.mappings().size() > before.size()) require(count_of(whose) <= limit_of(whose));
  }

  std::size_t count_of(std::optional<MacAddress> whose) const {
    return static_cast<std::size_t>(
        std::count_if(server_.mappings().begin(), server_.mappings().end(),
                      [&](const Mapping& one) { return one.station == whose; }));
  }
  static std::size_t limit_of(std::optional<MacAddress> whose) {
    return whose ? kMostPerHost : kMostOfStrangers;
  }

  void judge() {
    server_.drain();
    const std::vector<Mapping>& all = server_.mappings();
    require(all.size() <= kMostPerLan);
    for (const Mapping& one : all) {
      require(one.until > now_ && one.until <= now_ + seconds(kLongestLife.count()));
      require(std::any_of(prefixes_.begin(), prefixes_.end(), [&](const Link::Reachable& prefix) {
        return prefix.prefix.contains(one.host);
      }));
      require(one.sources.size() <= kMostFilters);
    }
    for (std::uint8_t i = 0; i < 8; ++i) {
      const auto of_host = std::count_if(all.begin(), all.end(),
                                         [&](const Mapping& one) { return one.host == client(i); });
      require(of_host <= static_cast<std::ptrdiff_t>(kMostPerHost));
    }
  }

  ByteReader input_;
  Instant now_ = Instant::from_micros(1'000'000'000);
  std::vector<Link::Reachable> prefixes_;
  Server server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(std::span(data, size)).play();
  return 0;
}
