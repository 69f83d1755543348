// SPDX-License-Identifier: Apache-2.0
// The DHCPv6 server alone, journal written into memory: what a four-way exchange costs with 100 leases and with
// 60,000, what a lease costs in octets of memory, and what it writes in a day.
#include <malloc.h>

#include <chrono>
#include <cstdio>

#include "dhcp6/server.h"

namespace {

using namespace sixgate;
using namespace sixgate::dhcp6;

struct Load {
  Rng rng{1};
  Server server{rng};
  Instant now = Instant::from_micros(1'000'000'000);
  std::size_t journal = 0;
  Duid us = Duid::ll(MacAddress({2, 0, 0, 0, 0, 1}));

  Load() {
    ServerLink link{.name = "home", .addresses = true};
    link.prefixes = {{Prefix(Ip6Address::from_halves(0x20010db800010000, 0), 64)}};
    (void)server.restore({}, "boot", now);
    server.configure({us, {}, {link}}, now);
  }

  static Duid duid(std::uint32_t number) {
    return Duid::llt(
        MacAddress({2, 1, static_cast<std::uint8_t>(number >> 24),
                    static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                    static_cast<std::uint8_t>(number)}),
        5);
  }

  std::vector<std::uint8_t> ask(MessageType type, std::uint32_t client, bool with_server,
                                const Ip6Address* address = nullptr) {
    Message message{.type = type, .transaction_id = client, .options = {}};
    message.options.push_back(ClientId{duid(client)});
    if (with_server) message.options.push_back(ServerId{us});
    message.options.push_back(OptionRequest{{23, 24}});
    message.options.push_back(ElapsedTime{});
    IaNa ia{.iaid = 1, .t1 = {}, .t2 = {}, .options = {}};
    if (address) ia.options.push_back(IaAddress{*address, {}, {}, {}});
    message.options.push_back(ia);
    server.receive("home", message.to_bytes(), Ip6Address::from_halves(0xfe80000000000000, client),
                   kAllDhcpRelayAgentsAndServers, now);
    ServerOutputs out = server.drain();
    journal += out.journal.size();
    std::vector<std::uint8_t> said;
    if (!out.packets.empty()) said = out.packets[0].payload;
    server.reuse(std::move(out));
    return said;
  }
  void exchange(std::uint32_t client) {
    (void)ask(MessageType::kSolicit, client, false);
    (void)ask(MessageType::kRequest, client, true);
  }
};

double microseconds_each(Load& load, std::uint32_t from, std::uint32_t count) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < count; ++i) load.exchange(from + i);
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / count;
}

}  // namespace

int main() {
  Load load;
  for (std::uint32_t i = 0; i < 100; ++i) load.exchange(i);
  // Both the client's messages and ours are counted: the server's share is about half.
  std::printf("four-way exchange, 100 leases     %8.2f us\n", microseconds_each(load, 0, 100));
  const std::size_t before = mallinfo2().uordblks;
  for (std::uint32_t i = 100; i < 60000; ++i) load.exchange(i);
  const std::size_t after = mallinfo2().uordblks;
  std::printf("memory for each further lease     %8.1f octets\n",
              static_cast<double>(after - before) / (60000 - 100));
  std::printf("four-way exchange, 60,000 leases  %8.2f us\n", microseconds_each(load, 30000, 5000));
  std::printf("the last 1,440 of the pool        %8.2f us\n", microseconds_each(load, 60000, 1440));
  const std::size_t written = load.journal;
  (void)load.ask(MessageType::kRenew, 7, true);
  // Renewed at T1, 1350 s.
  std::printf("journal for a lease-day           %8zu octets\n",
              (load.journal - written) * (86400 / 1350));
  return 0;
}
