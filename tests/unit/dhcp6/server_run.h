// SPDX-License-Identifier: Apache-2.0
// ServerRun: a DHCPv6 server on two links in virtual time, asked one message after the other, and what it
// writes into its journal.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/server.h"
#include "net/byte_writer.h"
#include "tests/support/dhcp6_test_server.h"

namespace sixgate::dhcp6::testing {

inline const Instant kStart = Instant::from_micros(1'000'000'000);

inline Duid client_duid(unsigned number) {
  const std::uint8_t bytes[]{0,
                             3,
                             0,
                             1,
                             2,
                             0,
                             0,
                             0,
                             static_cast<std::uint8_t>(number >> 8),
                             static_cast<std::uint8_t>(number)};
  return Duid::from_bytes(bytes).value();
}

inline Ip6Address client_address(unsigned number) {
  return Ip6Address::from_halves(0xfe80000000000000, 0x5000 + number);
}

struct Asked {
  MessageType type = MessageType::kSolicit;
  unsigned client = 1;
  std::optional<Duid> server;  // named in the message
  std::vector<IaNa> addresses;
  std::vector<IaPd> prefixes;
  std::vector<std::uint16_t> options;
  bool rapid_commit = false;
  bool accepts_reconfigure = false;
};

inline IaNa ia_na(std::uint32_t iaid, const std::vector<Ip6Address>& addresses = {}) {
  IaNa ia{.iaid = iaid};
  for (const Ip6Address& one : addresses) ia.options.push_back(IaAddress{.address = one});
  return ia;
}
inline IaPd ia_pd(std::uint32_t iaid, const std::vector<Prefix>& prefixes = {}) {
  IaPd ia{.iaid = iaid};
  for (const Prefix& one : prefixes) ia.options.push_back(IaPrefix{.prefix = one});
  return ia;
}

inline Message message_of(const Asked& asked) {
  Message message{.type = asked.type, .transaction_id = 0x123456};
  message.options.push_back(ClientId{client_duid(asked.client)});
  if (asked.server) message.options.push_back(ServerId{*asked.server});
  message.options.push_back(ElapsedTime{});
  if (asked.rapid_commit) message.options.push_back(RapidCommit{});
  if (asked.accepts_reconfigure) message.options.push_back(ReconfigureAccept{});
  if (!asked.options.empty()) message.options.push_back(OptionRequest{asked.options});
  for (const IaNa& ia : asked.addresses) message.options.push_back(ia);
  for (const IaPd& ia : asked.prefixes) message.options.push_back(ia);
  return message;
}

// What the only IA of its kind says.
inline std::vector<Ip6Address> addresses_in(const Message& message, bool alive = true) {
  std::vector<Ip6Address> found;
  for (const IaNa& ia : find_all<IaNa>(message.options)) {
    for (const IaAddress& one : find_all<IaAddress>(ia.options)) {
      if (one.valid.is_zero() != alive) found.push_back(one.address);
    }
  }
  return found;
}
inline std::vector<Prefix> prefixes_in(const Message& message, bool alive = true) {
  std::vector<Prefix> found;
  for (const IaPd& ia : find_all<IaPd>(message.options)) {
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) {
      if (one.valid.is_zero() != alive) found.push_back(one.prefix);
    }
  }
  return found;
}

class ServerRun {
 public:
  ServerRun() { begin(); }

  static ServerConfiguration two_links() {
    ServerConfiguration configuration;
    configuration.duid = test_duid(1);
    configuration.secret.fill(7);
    ServerLink home{.name = "home", .addresses = true};
    home.prefixes = {{prefix("2001:db8:1::/64")}};
    home.spaces = {{.prefix = prefix("2001:db8:1::/56"),
                    .taken = {prefix("2001:db8:1::/64"), prefix("2001:db8:1:1::/64")}}};
    home.in_use = {address("2001:db8:1::1")};
    home.options = {DnsServers{{address("2001:db8:1::53")}},
                    DomainSearchList{{*DomainName::parse("home.arpa")}}};
    ServerLink guests = home;
    guests.name = "guests";
    guests.prefixes = {{prefix("2001:db8:1:1::/64")}};
    configuration.links = {home, guests};
    return configuration;
  }

  // A new run of the server: it knows what the journal says.
  void begin(std::string_view boot = "boot") {
    server.emplace(rng);
    reading = server->restore(journal, boot, now);
    journal = server->snapshot(now);
    server->configure(configuration, now);
    settle();
  }
  void configure() {
    server->configure(configuration, now);
    settle();
  }
  ServerLink& home() { return configuration.links[0]; }

  std::optional<Message> ask(const Message& message, std::string_view link = "home",
                             const Ip6Address& from = client_address(1),
                             const Ip6Address& to = kAllDhcpRelayAgentsAndServers) {
    return ask(message.to_bytes(), link, from, to);
  }
  std::optional<Message> ask(std::span<const std::uint8_t> bytes, std::string_view link,
                             const Ip6Address& from,
                             const Ip6Address& to = kAllDhcpRelayAgentsAndServers) {
    packets.clear();
    server->receive(link, bytes, from, to, now);
    settle();
    EXPECT_LE(packets.size(), 1U);
    if (packets.empty()) return std::nullopt;
    EXPECT_EQ(packets[0].link, link);
    EXPECT_EQ(packets[0].destination, from);
    if (packets[0].port != kClientPort) return std::nullopt;
    auto parsed = Message::parse(packets[0].payload);
    EXPECT_TRUE(parsed && count_malformed(parsed->options) == 0);
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  std::optional<Message> ask(const Asked& asked, std::string_view link = "home") {
    return ask(message_of(asked), link, client_address(asked.client));
  }
  // As the client would go on: Request of what was offered.
  std::optional<Message> four_way(Asked asked, std::string_view link = "home") {
    asked.type = MessageType::kSolicit;
    const auto advertised = ask(asked, link);
    if (!advertised) return std::nullopt;
    asked.type = MessageType::kRequest;
    asked.server = *configuration.duid;
    for (IaNa& ia : asked.addresses) ia = ia_na(ia.iaid, addresses_of(*advertised, ia.iaid));
    return ask(asked, link);
  }
  static std::vector<Ip6Address> addresses_of(const Message& message, std::uint32_t iaid) {
    std::vector<Ip6Address> found;
    for (const IaNa& ia : find_all<IaNa>(message.options)) {
      for (const IaAddress& one : find_all<IaAddress>(ia.options)) {
        if (ia.iaid == iaid && !one.valid.is_zero()) found.push_back(one.address);
      }
    }
    return found;
  }
  std::optional<Message> renew(const Message& reply, unsigned client = 1,
                               MessageType type = MessageType::kRenew) {
    Asked asked{.type = type, .client = client};
    if (type != MessageType::kRebind) asked.server = configuration.duid;
    for (const IaNa& ia : find_all<IaNa>(reply.options))
      asked.addresses.push_back(ia_na(ia.iaid, addresses_of(reply, ia.iaid)));
    for (const IaPd& ia : find_all<IaPd>(reply.options)) {
      IaPd again{.iaid = ia.iaid};
      for (const IaPrefix& one : find_all<IaPrefix>(ia.options))
        again.options.push_back(IaPrefix{.prefix = one.prefix});
      asked.prefixes.push_back(again);
    }
    return ask(asked);
  }

  void run_for(Duration time) {
    const Instant end = now + time;
    for (auto next = server->next_deadline(); next && *next <= end;
         next = server->next_deadline()) {
      now = std::max(now, *next);
      server->expire(now);
      settle();
    }
    now = end;
  }
  void settle() {
    ServerOutputs out = server->drain();
    journal.insert(journal.end(), out.journal.begin(), out.journal.end());
    packets.insert(packets.end(), out.packets.begin(), out.packets.end());
    events.insert(events.end(), out.events.begin(), out.events.end());
    log.insert(log.end(), out.log.begin(), out.log.end());
  }
  std::uint64_t drops(ServerDrop reason, std::string_view link = "home") const {
    return server->counters(link)[reason];
  }

  ServerConfiguration configuration = two_links();
  Rng rng{1};
  Instant now = kStart;
  std::optional<Server> server;
  std::vector<std::uint8_t> journal;
  JournalReading reading;
  std::vector<ServerPacket> packets;
  std::vector<LeaseEvent> events;
  LogLines log;
};

inline Status status_in(const Message& message) {
  for (const IaNa& ia : find_all<IaNa>(message.options)) return status_of(ia.options);
  for (const IaPd& ia : find_all<IaPd>(message.options)) return status_of(ia.options);
  return status_of(message.options);
}

}  // namespace sixgate::dhcp6::testing
