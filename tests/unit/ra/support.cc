// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ra/support.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "net/text.h"
#include "tests/support/source_dir.h"

namespace sixgate::ra::test {

namespace {

template <class T>
T must(std::optional<T> value, std::string_view text) {
  if (!value) {
    ADD_FAILURE() << "not understood: " << text;
    std::abort();
  }
  return *value;
}

}  // namespace

Ip6Address ip(std::string_view text) { return must(Ip6Address::parse(text), text); }
Prefix prefix(std::string_view text) { return must(Prefix::parse(text), text); }
DomainName name(std::string_view text) { return must(DomainName::parse(text), text); }
std::vector<std::uint8_t> bytes(std::string_view hex) { return must(parse_hex(hex), hex); }

Captured captured(std::string_view file) {
  std::ifstream in(sixgate::test::source_path(cat("tests/data/ra/", file, ".hex")));
  Captured out;
  std::string hex;
  for (std::string line; std::getline(in, line);) {
    const std::size_t space = line.find(' ');
    const std::string key = line.substr(0, space);
    if (key == "#") continue;
    if (space == std::string::npos) {
      hex += line;
    } else if (key == "source") {
      out.source = ip(line.substr(space + 1));
    } else if (key == "destination") {
      out.destination = ip(line.substr(space + 1));
    } else if (key == "hop_limit") {
      out.hop_limit = static_cast<unsigned>(std::stoul(line.substr(space + 1)));
    }
  }
  out.payload = bytes(hex);
  EXPECT_FALSE(out.payload.empty()) << file;
  return out;
}

std::vector<std::uint8_t> solicitation(bool with_link_layer) {
  RouterSolicitation message;
  if (with_link_layer) {
    message.options.emplace_back(
        SourceLinkLayerAddress(MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x99})));
  }
  return to_bytes(message);
}

void Lan::collect() {
  AdvertiserOutputs out = advertiser.drain();
  for (const Packet& packet : out.packets) {
    auto message = RouterAdvertisement::parse(packet.payload);
    ASSERT_TRUE(message) << message.error().to_string();
    sent.push_back({now, packet.destination, *message, packet.payload.size() + 40});
  }
  log.insert(log.end(), out.log.begin(), out.log.end());
}

void Lan::run_until(Instant end) {
  for (auto due = advertiser.next_deadline(); due && *due <= end;
       due = advertiser.next_deadline()) {
    now = std::max(now, *due);
    advertiser.expire(now);
    collect();
    const auto next = advertiser.next_deadline();
    ASSERT_TRUE(!next || *next > now) << "the deadline does not move";
  }
  now = std::max(now, end);
}

void Lan::configure(const Advertisement& advertisement) {
  advertiser.configure(advertisement, now);
  collect();
}

void Lan::solicit(const Ip6Address& from, bool with_link_layer) {
  const auto payload = solicitation(with_link_layer && !from.is_unspecified());
  advertiser.receive({payload, from, kAllRouters, 255}, now);
  collect();
}

std::vector<Sent> Lan::multicasts() const {
  std::vector<Sent> out;
  std::copy_if(sent.begin(), sent.end(), std::back_inserter(out),
               [](const Sent& s) { return s.to == kAllNodes; });
  return out;
}

AdvertisedPrefix advertised(std::string_view text, Instant preferred_until, Instant valid_until) {
  AdvertisedPrefix entry;
  entry.prefix = prefix(text);
  entry.preferred_until = preferred_until;
  entry.valid_until = valid_until;
  return entry;
}

Advertisement home(Instant now) {
  Advertisement home;
  home.default_router = true;
  home.other = true;
  home.link_layer = MacAddress({0x02, 0, 0x5e, 0, 0x53, 0x01});
  home.prefixes = {advertised("2001:db8:0:1::/64", now + hours(24), now + hours(48)),
                   advertised("fd00:1:2:1::/64", Instant::never(), Instant::never())};
  home.routes = {{prefix("2001:db8::/56"), RouterPreference::kMedium, now + hours(48)},
                 {prefix("fd00:1:2::/48"), RouterPreference::kMedium, Instant::never()}};
  home.dns_servers = {ip("fd00:1:2:1::1"), ip("fe80::1")};
  home.search_domains = {name("home.arpa"), name("lan.example.org")};
  home.dns_valid_until = now + hours(48);
  return home;
}

const PrefixInformation* find_prefix(const RouterAdvertisement& message, std::string_view text) {
  for (const Option& option : message.options) {
    const auto* found = std::get_if<PrefixInformation>(&option);
    if (found && found->prefix == prefix(text)) return found;
  }
  return nullptr;
}

const RouteInformation* find_route(const RouterAdvertisement& message, std::string_view text) {
  for (const Option& option : message.options) {
    const auto* found = std::get_if<RouteInformation>(&option);
    if (found && found->prefix == prefix(text)) return found;
  }
  return nullptr;
}

void Wan::collect() {
  ListenerOutputs out = listener.drain();
  for (Packet& packet : out.packets) {
    solicited.push_back(now);
    packets.push_back(std::move(packet));
  }
  changed = out.changed;
  log.insert(log.end(), out.log.begin(), out.log.end());
}

void Wan::run_until(Instant end) {
  for (auto due = listener.next_deadline(); due && *due <= end; due = listener.next_deadline()) {
    now = std::max(now, *due);
    listener.expire(now);
    collect();
    const auto next = listener.next_deadline();
    ASSERT_TRUE(!next || *next > now) << "the deadline does not move";
  }
  now = std::max(now, end);
}

void Wan::hear(const RouterAdvertisement& message, const Ip6Address& from) {
  const auto payload = to_bytes(message);
  listener.receive({payload, from, kAllNodes, 255}, now);
  collect();
}

}  // namespace sixgate::ra::test
