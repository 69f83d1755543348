// SPDX-License-Identifier: Apache-2.0
// The DHCPv6 codec at the command line, for tests that hold it against programs of others.
//   dhcp6_tool emit   writes messages of every type with every option, one a line in hex
//   dhcp6_tool read   reads such lines and says what is in them, one line each
#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "dhcp6/relay_message.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

Ip6Address address(std::string_view text) { return Ip6Address::parse(text).value(); }
Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }
DomainName name(std::string_view text) { return DomainName::parse(text).value(); }
Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

const MacAddress kMac({0x02, 0x00, 0x5e, 0x00, 0x53, 0x01});

Options every_top_level_option() {
  const Lifetime preferred(3600), valid(7200);
  const Prefix delegated = prefix("2001:db8:1200::/56");
  const S46PortParameters ports{.offset = 6, .psid_length = 8, .psid = 0x0300};
  const S46Rule rule{.flags = S46Rule::kForwardingRule,
                     .ea_length = 16,
                     .ipv4_length = 24,
                     .ipv4_prefix = 0xc0000200,
                     .ipv6_prefix = prefix("2001:db8:8000::/40"),
                     .options = {ports}};
  const S46Binding binding{
      .ipv4_address = 0xcb007107, .bind_prefix = prefix("2001:db8:a000::/56"), .options = {ports}};
  const S46BorderRelay border{address("2001:db8::46")};
  return {
      ClientId{Duid::llt(kMac, 800000000)},
      ServerId{Duid::en(4491, octets("server")).value()},
      IaNa{.iaid = 1,
           .t1 = Lifetime(1800),
           .t2 = Lifetime(2880),
           .options = {IaAddress{address("2001:db8::5"), preferred, valid, {}},
                       IaAddress{address("2001:db8::6"),
                                 Lifetime(0),
                                 Lifetime(0),
                                 {StatusCode{Status::kNotOnLink, "moved"}}},
                       StatusCode{Status::kSuccess, "assigned"}}},
      IaTa{.iaid = 2, .options = {IaAddress{address("2001:db8::7"), preferred, valid, {}}}},
      OptionRequest{{23, 24, 31, 56, 64, 67, 82, 83, 94, 95, 96, 103, 144}},
      Preference{255},
      ElapsedTime{ElapsedTime::Hundredths(123)},
      Authentication::with_reconfigure_key({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
                                           7),
      ServerUnicast{address("2001:db8::1")},
      StatusCode{Status::kSuccess, "all is well"},
      RapidCommit{},
      UserClass{{octets("one"), octets("two")}},
      VendorClass{32473, {octets("router")}},
      VendorOptions{32473, {{1, octets("a")}, {2, octets("bc")}}},
      ReconfigureAccept{},
      SipDomains{{name("sip.example.org")}},
      SipServers{{address("2001:db8::5060")}},
      DnsServers{{address("2001:db8::53"), address("2001:db8::54")}},
      DomainSearchList{{name("example.org"), name("lan.example.org")}},
      IaPd{.iaid = 3,
           .t1 = Lifetime(1800),
           .t2 = Lifetime::infinite(),
           .options = {IaPrefix{
                           delegated,
                           preferred,
                           Lifetime::infinite(),
                           {PdExclude::make(delegated, prefix("2001:db8:1200:ff::/64")).value()}},
                       StatusCode{Status::kSuccess, ""}}},
      SntpServers{{address("2001:db8::123")}},
      InformationRefreshTime{Lifetime(86400)},
      ClientFqdn{ClientFqdn::kServerUpdates, name("gate.example.org"), false},
      NtpServers{.addresses = {address("2001:db8::123")},
                 .multicast_addresses = {address("ff05::101")},
                 .names = {name("ntp.example.org")},
                 .others = {}},
      AftrName{name("aftr.example.org")},
      SolMaxRt{seconds(3600)},
      InfMaxRt{seconds(3600)},
      S46MapE{{rule, border}},
      S46MapT{{rule, S46DefaultRule{prefix("2001:db8:64::/96")}}},
      S46Lightweight{{border, binding}},
      CaptivePortal{"https://portal.example.org/api"},
      EncryptedDns{.priority = 1,
                   .authentication_name = name("dot.example.org"),
                   .addresses = {address("2001:db8::53")},
                   .service_parameters = {0, 1, 0, 4, 3, 'd', 'o', 't'}},
  };
}

void print(const std::vector<std::uint8_t>& bytes) { std::printf("%s\n", to_hex(bytes).c_str()); }

int emit() {
  const Options all = every_top_level_option();
  // Each option alone, so that one a reader does not like cannot hide behind another.
  for (const Option& option : all)
    print(Message{MessageType::kReply, 0x123456, {option}}.to_bytes());
  print(Message{MessageType::kReply, 0x123456, all}.to_bytes());
  const Options identified{ClientId{Duid::ll(kMac)}, ServerId{Duid::ll(kMac)}};
  for (unsigned type = 1; type <= 11; ++type) {
    print(Message{static_cast<MessageType>(type), type, identified}.to_bytes());
  }
  print(Message{
      MessageType::kReconfigure,
      0,
      {ClientId{Duid::ll(kMac)}, ServerId{Duid::ll(kMac)}, ReconfigureMessage{MessageType::kRenew},
       Authentication::with_reconfigure_digest({}, 8)}}
            .to_bytes());
  for (const MessageType type : {MessageType::kRelayForward, MessageType::kRelayReply}) {
    RelayedExchange exchange;
    exchange.message = {
        type == MessageType::kRelayReply ? MessageType::kReply : MessageType::kSolicit, 9,
        identified};
    for (const std::uint8_t hops : {std::uint8_t{1}, std::uint8_t{0}}) {
      exchange.relays.push_back(
          {type, hops, address("2001:db8::1"), address("fe80::2"), {InterfaceId{octets("lan0")}}});
    }
    std::vector<std::uint8_t> bytes;
    ByteWriter writer(bytes);
    if (!exchange.emit(writer)) return 1;
    print(bytes);
  }
  return 0;
}

// What is in the options, depth first, in the form of "name=value" words that a test can count and compare.
struct Facts {
  std::vector<std::string> codes, iaids, timers, addresses, prefixes, lifetimes, name_servers,
      statuses;

  void add(const Options& options) {
    for (const Option& option : options) {
      codes.push_back(std::to_string(option_code(option)));
      if (const auto* na = std::get_if<IaNa>(&option)) {
        iaids.push_back(cat(na->iaid));
        timers.push_back(cat(na->t1.count(), '/', na->t2.count()));
      } else if (const auto* pd = std::get_if<IaPd>(&option)) {
        iaids.push_back(cat(pd->iaid));
        timers.push_back(cat(pd->t1.count(), '/', pd->t2.count()));
      } else if (const auto* one = std::get_if<IaAddress>(&option)) {
        addresses.push_back(one->address.to_string());
        lifetimes.push_back(cat(one->preferred.count(), '/', one->valid.count()));
      } else if (const auto* held = std::get_if<IaPrefix>(&option)) {
        prefixes.push_back(held->prefix.to_string());
        lifetimes.push_back(cat(held->preferred.count(), '/', held->valid.count()));
      } else if (const auto* dns = std::get_if<DnsServers>(&option)) {
        for (const Ip6Address& server : dns->addresses) name_servers.push_back(server.to_string());
      } else if (const auto* status = std::get_if<StatusCode>(&option)) {
        statuses.push_back(cat(static_cast<std::uint16_t>(status->status)));
      }
      std::visit(
          [this](const auto& value) {
            if constexpr (requires {
                            { value.options } -> std::same_as<const Options&>;
                          }) {
              add(value.options);
            }
          },
          option);
    }
  }

  void print() const {
    const auto list = [](const char* title, const std::vector<std::string>& values) {
      std::printf(" %s=", title);
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::printf("%s%s", i == 0 ? "" : ",", values[i].c_str());
      }
    };
    list("codes", codes);
    list("iaids", iaids);
    list("timers", timers);
    list("addresses", addresses);
    list("prefixes", prefixes);
    list("lifetimes", lifetimes);
    list("dns", name_servers);
    list("statuses", statuses);
    std::printf("\n");
  }
};

bool read_line(std::string& line) {
  line.clear();
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c == '\n') return true;
    line += static_cast<char>(c);
  }
  return !line.empty();
}

int read() {
  for (std::string line; read_line(line);) {
    const auto bytes = parse_hex(line);
    if (!bytes) return 2;
    const auto exchange = RelayedExchange::parse(*bytes);
    if (!exchange) {
      std::printf("error: %s\n", exchange.error().to_string().c_str());
      continue;
    }
    std::printf("relays=%zu type=%u transaction=%x malformed=%zu", exchange->relays.size(),
                static_cast<unsigned>(exchange->message.type), exchange->message.transaction_id,
                count_malformed(exchange->message.options));
    Facts facts;
    facts.add(exchange->message.options);
    facts.print();
  }
  return 0;
}

}  // namespace
}  // namespace sixgate::dhcp6

int main(int argc, char** argv) {
  const std::string_view verb = argc == 2 ? argv[1] : "";
  if (verb == "emit") return sixgate::dhcp6::emit();
  if (verb == "read") return sixgate::dhcp6::read();
  std::fprintf(stderr, "usage: dhcp6_tool emit|read\n");
  return 2;
}
