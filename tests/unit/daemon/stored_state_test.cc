// SPDX-License-Identifier: Apache-2.0
#include "daemon/stored_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "house_model.h"
#include "net/rng.h"
#include "net/sha256.h"
#include "net/text.h"
#include "tests/support/random_dhcp6.h"
#include "tests/support/source_dir.h"

namespace sixgate::daemon {
namespace {

using testing::address;
using testing::domain;
using testing::kNow;
using testing::mac;
using testing::prefix;

constexpr const char* kBoot = "5b1d";

// A home of some weeks.
StoredState usual() {
  StoredState state;
  state.duid = dhcp6::Duid::llt(mac(1), 700'000'000);
  for (std::size_t i = 0; i < state.secret.size(); ++i)
    state.secret[i] = static_cast<std::uint8_t>(7 * i + 1);
  state.unique_local = prefix("fd12:3456:789a::/48");
  state.iaids["wan"] = 0xa1b2c3d4;
  dhcp6::Lease& lease = state.leases["wan"];
  lease.server = dhcp6::Duid::ll(mac(9));
  lease.server_address = address("fe80::9");
  lease.addresses.push_back(
      {0xa1b2c3d4, address("2001:db8:ffff::7"), kNow + seconds(1800), kNow + seconds(3600)});
  lease.prefixes.push_back({0xa1b2c3d4, prefix("2001:db8:1::/56"), kNow + seconds(1800),
                            kNow + seconds(3600), prefix("2001:db8:1:ff::/64")});
  lease.renew_at = kNow + seconds(900);
  lease.rebind_at = kNow + seconds(1440);
  lease.dns_servers = {address("2001:db8:53::1"), address("2001:db8:53::2")};
  lease.search_domains = {domain("home.example")};
  lease.stateful = true;
  lease.reconfigure_key = dhcp6::ReconfigureKey{
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0x1122334455667788};
  lease.servers.learn({.server = dhcp6::Duid::ll(mac(9)),
                       .lengths = {56, 64},
                       .hints = dhcp6::HintBehaviour::kIgnored,
                       .together = dhcp6::Finding::kYes,
                       .fails_on_several = true,
                       .rapid_commit = dhcp6::Finding::kNo,
                       .fails_on_rapid_commit = true,
                       .fails_on_name = true},
                      true);
  lease.servers.learn({.server = dhcp6::Duid::ll(mac(10)), .lengths = {}, .leaves_times = true},
                      true);
  state.carve.entries.push_back({"lan0", "lan0", "wan", prefix("2001:db8:1::/56"), {1, 0}, 64, 64});
  state.carve.entries.push_back(
      {"lan0", "lan0", "ula", prefix("fd12:3456:789a::/48"), {0, 0}, 64, 60});
  state.carve.entries.push_back(
      {"lan1", "lan1", "wan", prefix("2001:db8:2::/60"), {3, 0x0100'0000'0000'0000}, 72, 72});
  state.advertised["lan0"].push_back({prefix("2001:db8:1:1::/64"), true, true, kNow + hours(1)});
  state.advertised["lan0"].push_back({prefix("fd12:3456:789a::/64"), true, false, kNow + hours(1)});
  state.dad_counters["lan0 2001:db8:1:1::/64"] = 2;
  KernelAddress own;
  own.interface = "lan0";
  own.address = address("2001:db8:1:1::1");
  own.preferred_until = kNow + seconds(1800);
  own.valid_until = kNow + seconds(3600);
  own.ours = true;
  state.addresses.push_back(own);
  state.relayed.push_back({prefix("2001:db8:88:100::/56"), "lan1", address("fe80::c"),
                           dhcp6::Duid::ll(mac(11)), 0xfffffffe, kNow + seconds(3600)});
  state.lease_epochs = 65;
  state.knocks.push_back(
      {address("2001:db8:ffff::7"), 0x5150, {1, 2, 3, 4, 5, 6, 7, 8}, 0xffffffff});
  return state;
}

std::string text_of(const StoredState& state) { return serialise(state, kNow, kBoot); }

std::string with_checksum(const std::string& body) {
  const std::vector<std::uint8_t> octets(body.begin(), body.end());
  return cat(body, "checksum ", to_hex(Sha256::of(octets)), '\n');
}

// A state file whose checksum is right, whatever its lines say.
std::string file_with(const std::string& lines) {
  return with_checksum(cat("sixgate-state 1\nclock 1000000000 ", kBoot, "\n", lines));
}

class RandomState {
 public:
  explicit RandomState(std::uint64_t seed) : rng_(seed), dhcp6_(rng_) {}

  StoredState state() {
    StoredState out;
    if (rng_.chance(0.8)) out.duid = dhcp6::Duid::llt(mac(8), rng_.u32());
    rng_.fill(out.secret);
    if (rng_.chance(0.5)) out.unique_local = some_prefix();
    for (auto n = rng_.below(4); n > 0; --n) out.iaids[name()] = rng_.u32();
    for (auto n = rng_.below(3); n > 0; --n) out.leases[name()] = lease();
    for (auto n = rng_.below(4); n > 0; --n)
      out.carve.entries.push_back({name(),
                                   name(),
                                   name(),
                                   some_prefix(),
                                   {rng_.u64(), rng_.chance(0.5) ? 0 : rng_.u64()},
                                   static_cast<unsigned>(rng_.below(113)),
                                   static_cast<unsigned>(rng_.below(113))});
    for (auto n = rng_.below(3); n > 0; --n) {
      std::vector<ra::AdvertisedRecord>& records = out.advertised[name()];
      for (auto k = 1 + rng_.below(3); k > 0; --k)
        records.push_back({some_prefix(), rng_.chance(0.5), rng_.chance(0.5), instant()});
    }
    for (auto n = rng_.below(3); n > 0; --n) out.dad_counters[name()] = rng_.u32();
    for (auto n = rng_.below(4); n > 0; --n) {
      KernelAddress a;
      a.interface = name();
      a.address = some_address();
      a.prefix_length = static_cast<unsigned>(rng_.below(129));
      a.preferred_until = instant();
      a.valid_until = instant();
      a.ours = true;
      out.addresses.push_back(a);
    }
    return out;
  }

 private:
  std::string name() {
    static constexpr std::string_view kOctets("a0 \\x\n\t.-_\xc3\xa4\0\x7f", 14);
    std::string out;
    for (auto n = rng_.below(9); n > 0; --n)
      out += kOctets[static_cast<std::size_t>(rng_.below(kOctets.size()))];
    return out;
  }
  Ip6Address some_address() { return Ip6Address::from_halves(rng_.u64(), rng_.u64()); }
  Prefix some_prefix() { return {some_address(), static_cast<unsigned>(rng_.below(129))}; }
  Instant instant() {
    if (rng_.chance(0.2)) return Instant::never();
    return kNow + rng_.between(-hours(1), hours(24 * 365));
  }
  dhcp6::Lease lease() {
    dhcp6::Lease out;
    if (rng_.chance(0.8)) out.server = dhcp6::Duid::ll(mac(7));
    for (auto n = rng_.below(3); n > 0; --n)
      out.addresses.push_back({rng_.u32(), some_address(), instant(), instant()});
    for (auto n = rng_.below(3); n > 0; --n) {
      out.prefixes.push_back({rng_.u32(), some_prefix(), instant(), instant(),
                              rng_.chance(0.3) ? std::optional(some_prefix()) : std::nullopt});
    }
    out.renew_at = instant();
    out.rebind_at = instant();
    for (auto n = rng_.below(3); n > 0; --n) out.dns_servers.push_back(some_address());
    if (rng_.chance(0.5)) out.search_domains = {domain("a.example"), DomainName()};
    out.other_options = dhcp6_.options(3, 1);
    out.stateful = rng_.chance(0.5);
    if (rng_.chance(0.3)) {
      out.reconfigure_key.emplace();
      rng_.fill(out.reconfigure_key->key);
      out.reconfigure_key->replay_value = rng_.u64();
    }
    return out;
  }

  Rng rng_;
  dhcp6::RandomDhcp6 dhcp6_;
};

TEST(StoredState, AUsualHomeComesBackAsItWas) {
  const auto read = parse_stored_state(text_of(usual()), kNow + seconds(5), kBoot);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, usual());
}

// The file must stay readable for the next version, so its text is part of the contract.
TEST(StoredState, IsTextThatAPersonCanRead) {
  StoredState state;
  state.unique_local = prefix("fd12:3456:789a::/48");
  state.iaids["wan"] = 7;
  state.leases["my isp"].prefixes.push_back(
      {7, prefix("2001:db8:1::/56"), kNow + seconds(1), Instant::never(), std::nullopt});
  EXPECT_EQ(text_of(state),
            file_with("secret 0000000000000000000000000000000000000000000000000000000000000000\n"
                      "ula fd12:3456:789a::/48\n"
                      "iaid wan 7\n"
                      "lease my\\x20isp - never never 0\n"
                      "lease-prefix my\\x20isp 7 2001:db8:1::/56 1001000000 never -\n"));
}

TEST(StoredState, TheSameStateGivesTheSameOctets) {
  EXPECT_EQ(text_of(usual()), text_of(usual()));
  const auto read = parse_stored_state(text_of(usual()), kNow, kBoot);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(*read), text_of(usual()));
}

TEST(StoredStateProperty, RandomStatesComeBackAsTheyWere) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    const StoredState state = RandomState(seed).state();
    const auto read = parse_stored_state(text_of(state), kNow + hours(2), kBoot);
    ASSERT_TRUE(read.has_value()) << read.error().message << '\n' << text_of(state);
    ASSERT_EQ(*read, state) << text_of(state);
  }
}

// Whether a lease was verified is about one run of the daemon: the next one has to ask.
TEST(StoredState, ASharedPrefixIsKept) {
  StoredState state;
  SharedPrefix& shared = state.shared["wan"];
  shared.source = SharedPrefix::Source::kDelegated;
  shared.prefix = *Prefix::parse("2001:db8:5::/64");
  shared.preferred_until = Instant::from_micros(5'000'000);
  shared.valid_until = Instant::never();
  state.shared["tether"] = shared;
  state.shared["tether"].source = SharedPrefix::Source::kAdvertised;
  state.shared["tether"].ends = Instant::from_micros(7'000'000);
  state.shared["tether"].further = {
      {*Prefix::parse("2001:db8:6::/64"), Instant::from_micros(8'000'000), Instant::never()}};
  const Instant now = Instant::from_micros(1'000'000);
  const auto read = parse_stored_state(serialise(state, now, "boot"), now, "boot");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->shared, state.shared);
  StoredState later = state;
  later.shared["wan"].preferred_until = Instant::from_micros(6'000'000);
  EXPECT_FALSE(later.worth_writing(state, now)) << "each Router Advertisement moves it";
  later.shared.erase("wan");
  EXPECT_TRUE(later.worth_writing(state, now));
}

TEST(StoredState, AVerifiedLeaseIsToBeVerifiedAgain) {
  StoredState state = usual();
  state.leases["wan"].verified = true;
  const auto read = parse_stored_state(text_of(state), kNow, kBoot);
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->leases.at("wan").verified);
}

// Otherwise a server's Reconfigure would be refused after every restart (RFC 9915 section 20.4.3).
TEST(StoredState, TheKeyOfReconfigureIsKept) {
  const auto read = parse_stored_state(text_of(usual()), kNow, kBoot);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->leases.at("wan").reconfigure_key, usual().leases.at("wan").reconfigure_key);
}

TEST(Conformance, Row_ROB_03_ATruncatedOrRottenFileIsRefused) {
  const std::string whole = text_of(usual());
  ASSERT_TRUE(parse_stored_state(whole, kNow, kBoot).has_value());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    ASSERT_FALSE(parse_stored_state(whole.substr(0, cut), kNow, kBoot).has_value())
        << "cut to " << cut << " octets";
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string rotten = whole;
      rotten[at] = static_cast<char>(rotten[at] ^ (1 << bit));
      ASSERT_FALSE(parse_stored_state(rotten, kNow, kBoot).has_value())
          << "octet " << at << ", bit " << bit;
    }
  }
  for (const std::string& more : {cat(whole, "x"), cat(whole, "\n"), cat(whole, whole)})
    EXPECT_FALSE(parse_stored_state(more, kNow, kBoot).has_value());
}

TEST(StoredState, SaysWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const auto read = parse_stored_state(text, kNow, kBoot);
    return read ? std::string("nothing") : read.error().message;
  };
  EXPECT_EQ(why(""), "not a state file of sixgate");
  EXPECT_EQ(why("#!/bin/sh\n"), "not a state file of sixgate");
  EXPECT_EQ(why(with_checksum("sixgate-state 2\nclock 0 x\n")),
            "written by another version of sixgate");
  EXPECT_EQ(why("sixgate-state 1\n"), "truncated");
  EXPECT_EQ(why("sixgate-state 1\nclock 0 x\nchecksum 00\n"), "damaged: its checksum is wrong");
  EXPECT_EQ(why(file_with("ula fd00::\n")), "line 3 cannot be read");
  EXPECT_EQ(why(with_checksum("sixgate-state 1\n")), "nothing");  // says nothing, but nothing wrong
}

TEST(StoredState, RefusesLinesThatItDoesNotUnderstand) {
  const char* bad[] = {
      "\n",
      "unheard of\n",
      "duid\n",
      "duid xyz\n",
      "duid 0\n",
      "duid 00030001025e00530001 more\n",
      "secret 00\n",
      "secret\n",
      "ula 2001:db8::\n",
      "ula 2001:db8::/129\n",
      "iaid wan\n",
      "iaid wan 4294967296\n",
      "iaid wan -1\n",
      "iaid wa\\n 1\n",
      "iaid wa\\x2 1\n",
      "iaid wa\\xzz 1\n",
      "lease wan - never never 2\n",
      "lease wan - never 12h 1\n",
      "lease wan 0 never never 1\n",
      "lease wan - never never\n",
      "lease-address wan 1 2001:db8::1/64 1 1\n",
      "lease-address wan 1 2001:db8::1 1\n",
      "lease-prefix wan 1 2001:db8::/56 1 1\n",
      "lease-prefix wan 1 2001:db8::/56 1 1 x\n",
      "lease-dns wan dns.example\n",
      "lease-search wan 05aa\n",
      "lease-options wan 0001\n",
      "lease-key wan 00 1\n",
      "lease-key wan 000102030405060708090a0b0c0d0e0f\n",
      "lease-what wan 1\n",
      "leasewan\n",
      "carve a b c 2001:db8::/56 0 64\n",
      "carve a b c 2001:db8::/56 0 129 64\n",
      "carve-part a b c 2001:db8::/56 0 72 72\n",
      "carve-part a b c 2001:db8::/56 0 x 72 72\n",
      "advertised lan0 2001:db8::/64 1 yes 1\n",
      "advertised lan0 2001:db8::/64 1 1 99999999999999999999\n",
      "advertised lan0 2001:db8::/64 1 1 1152921504606846977\n",  // 36,000 years
      "dad lan0 x\n",
      "address lan0 2001:db8::1 200 1 1\n",
      "address lan0 2001:db8::1 64 1\n",
  };
  for (const char* line : bad) {
    const auto read = parse_stored_state(file_with(line), kNow, kBoot);
    EXPECT_FALSE(read.has_value()) << line;
    if (!read) {
      EXPECT_EQ(read.error().message, "line 3 cannot be read") << line;
    }
  }
  for (const char* clock : {"", "clock\n", "clock never x\n", "clock 1\n", "ula fd00::/48\n"}) {
    const auto read = parse_stored_state(
        with_checksum(cat("sixgate-state 1\n", clock, "iaid wan 1\n")), kNow, kBoot);
    EXPECT_FALSE(read.has_value()) << clock;
  }
}

TEST(StoredState, WhatEarlierVersionsKnewOfAServerIsTaken) {
  const auto read = parse_stored_state(
      file_with(
          "lease wan - never never 1\nlease-known wan 00030001aabbccddeeff 56 ignored yes 1 0\n"),
      kNow, kBoot);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const auto& known = read->leases.at("wan").servers.all();
  ASSERT_EQ(known.size(), 1U);
  EXPECT_TRUE(known[0].fails_on_several);
  EXPECT_EQ(known[0].rapid_commit, dhcp6::Finding::kUnknown);
  EXPECT_FALSE(known[0].fails_on_name);
}

// Times.

TEST(Conformance, Row_ROB_02_NoWallClockIsReadAnywhere) {
  // Everything counts on CLOCK_BOOTTIME, which daemon/io/clock.cc reads; setting the time of day moves no
  // lifetime, because nobody looks at it but the log, for its time stamps.
  static constexpr const char* kRooms[] = {"net",      "dhcp6", "ra",    "delegation",
                                           "firewall", "conf",  "daemon"};
  static constexpr const char* kWallClocks[] = {"CLOCK_REALTIME",
                                                "CLOCK_TAI",
                                                "system_clock",
                                                "utc_clock",
                                                "gettimeofday",
                                                "::time(",
                                                "std::time(",
                                                "localtime",
                                                "gmtime",
                                                "timespec_get",
                                                "high_resolution_clock",
                                                "file_clock",
                                                "microsec_clock",
                                                "second_clock",
                                                "boost::asio::deadline_timer",
                                                "boost::asio::system_timer"};
  unsigned files = 0;
  for (const char* room : kRooms) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(test::source_path(room))) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".h") continue;
      if (entry.path().filename() == "stderr_log.cc") continue;
      ++files;
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string source{std::istreambuf_iterator<char>(stream), {}};
      for (const char* clock : kWallClocks)
        EXPECT_EQ(source.find(clock), std::string::npos) << entry.path() << " uses " << clock;
      if (entry.path().filename() != "clock.cc" && entry.path().parent_path().filename() != "io") {
        EXPECT_EQ(source.find("clock_gettime"), std::string::npos) << entry.path();
      }
    }
  }
  EXPECT_GT(files, 100U);

  // And what is stored says only what remains: read after a reboot, whatever the date then is, each
  // lifetime is as long as it was.
  const auto read = parse_stored_state(text_of(usual()), Instant::from_micros(1), "another boot");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->leases.at("wan").prefixes[0].valid_until,
            Instant::from_micros(1) + seconds(3600));
}

TEST(StoredState, WithinOneBootInstantsAreExact) {
  const auto read = parse_stored_state(text_of(usual()), kNow + hours(24), kBoot);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->leases.at("wan").prefixes[0].valid_until, kNow + seconds(3600));  // over by now
}

TEST(StoredState, ARebootMovesInstantsOntoTheNewClock) {
  StoredState state = usual();
  state.advertised["lan0"][1].host_valid_until = Instant::never();
  state.leases["wan"].addresses[0].preferred_until = kNow - seconds(10);
  const Instant now = Instant::from_micros(20'000'000);  // 20 s after power on
  const auto read = parse_stored_state(text_of(state), now, "another boot");
  ASSERT_TRUE(read.has_value());
  const dhcp6::Lease& lease = read->leases.at("wan");
  EXPECT_EQ(lease.prefixes[0].preferred_until, now + seconds(1800));
  EXPECT_EQ(lease.prefixes[0].valid_until, now + seconds(3600));
  EXPECT_EQ(lease.addresses[0].preferred_until, now - seconds(10));
  EXPECT_EQ(lease.renew_at, now + seconds(900));
  EXPECT_EQ(lease.rebind_at, now + seconds(1440));
  EXPECT_EQ(read->advertised.at("lan0")[0].host_valid_until, now + hours(1));
  EXPECT_TRUE(read->advertised.at("lan0")[1].host_valid_until.is_never());
  EXPECT_EQ(read->addresses[0].valid_until, now + seconds(3600));
}

TEST(StoredState, TheBootIsToldFromTheHeader) {
  const std::string text = text_of(usual());
  EXPECT_TRUE(is_of_boot(text, kBoot));
  EXPECT_FALSE(is_of_boot(text, "5b1"));
  EXPECT_FALSE(is_of_boot(text, ""));
  EXPECT_FALSE(is_of_boot("", kBoot));
  EXPECT_FALSE(is_of_boot("sixgate-state 1\n", kBoot));
  EXPECT_FALSE(is_of_boot("sixgate-state 2\nclock 0 5b1d\n", kBoot));
  EXPECT_TRUE(is_of_boot(serialise(usual(), kNow, ""), ""));  // /proc may be missing
  EXPECT_TRUE(is_of_boot(serialise(usual(), kNow, "a b\\"), "a b\\"));
}

// Identity and plan.

TEST(Conformance, Row_7084_ULA_2_TheUlaAndItsSubnetsComeBackAfterAReboot) {
  const auto read = parse_stored_state(text_of(usual()), Instant(), "another boot");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->unique_local, usual().unique_local);
  EXPECT_EQ(read->carve, usual().carve);
}

// Flash wears: what is worth a write.

TEST(StoredState, ANewThingIsWorthWriting) {
  const StoredState written = usual();
  EXPECT_FALSE(usual().worth_writing(written, kNow));
  const auto worth = [&](auto change) {
    StoredState state = usual();
    change(state);
    return state.worth_writing(written, kNow);
  };
  EXPECT_TRUE(worth([](StoredState& s) { s.duid = dhcp6::Duid::ll(mac(3)); }));
  EXPECT_TRUE(worth([](StoredState& s) { s.unique_local.reset(); }));
  EXPECT_TRUE(worth([](StoredState& s) { s.secret[0] ^= 1; }));
  EXPECT_TRUE(worth([](StoredState& s) { s.iaids["dsl"] = 1; }));
  EXPECT_TRUE(worth([](StoredState& s) { s.leases.clear(); }));
  EXPECT_TRUE(worth(
      [](StoredState& s) { s.leases["wan"].prefixes[0].prefix = prefix("2001:db8:2::/56"); }));
  EXPECT_TRUE(worth([](StoredState& s) { s.leases["wan"].server = dhcp6::Duid::ll(mac(8)); }));
  EXPECT_TRUE(worth([](StoredState& s) { s.carve.entries[0].index.high = 2; }));
  EXPECT_TRUE(worth([](StoredState& s) {
    s.advertised["lan1"].push_back({prefix("2001:db8:1:2::/64"), true, true, kNow});
  }));
  EXPECT_TRUE(worth([](StoredState& s) { s.advertised["lan0"][0].autonomous = false; }));
  EXPECT_TRUE(worth([](StoredState& s) { s.dad_counters["lan0 2001:db8:1:1::/64"] = 3; }));
  EXPECT_TRUE(worth([](StoredState& s) { s.addresses[0].address = address("2001:db8:1:1::2"); }));
}

void move_times(StoredState& state, Duration by) {
  for (auto& [name, lease] : state.leases) {
    lease.renew_at = lease.renew_at + by;
    lease.rebind_at = lease.rebind_at + by;
    for (auto& a : lease.addresses) {
      a.preferred_until = a.preferred_until + by;
      a.valid_until = a.valid_until + by;
    }
    for (auto& p : lease.prefixes) {
      p.preferred_until = p.preferred_until + by;
      p.valid_until = p.valid_until + by;
    }
  }
  for (auto& [name, records] : state.advertised) {
    for (auto& record : records) record.host_valid_until = record.host_valid_until + by;
  }
  for (auto& a : state.addresses) {
    a.preferred_until = a.preferred_until + by;
    a.valid_until = a.valid_until + by;
  }
}

TEST(StoredState, ARenewalAloneIsNotWorthWritingAtOnce) {
  const StoredState written = usual();
  StoredState renewed = usual();
  renewed.leases["wan"].verified = true;
  move_times(renewed, seconds(900));
  EXPECT_FALSE(renewed.worth_writing(written, kNow + seconds(900)));
  // But kept in memory, where it costs nothing.
  EXPECT_TRUE(renewed.differs(written));
}

// What is stored may lag, but must tell at least a third of the truth.
TEST(StoredState, WhatLagsTooFarIsWritten) {
  const StoredState written = usual();  // valid for an hour from kNow
  StoredState state = usual();
  move_times(state, seconds(2400));
  const Instant now = kNow + seconds(2400);  // told 1200 s, truth 3600 s
  EXPECT_FALSE(state.worth_writing(written, now));
  EXPECT_TRUE(state.worth_writing(written, now + seconds(1)));
}

TEST(StoredState, ShortLeasesAreNotWorthTheFlash) {
  const StoredState written = usual();
  StoredState state = usual();
  move_times(state, seconds(1799));
  const Instant now = kNow + seconds(3600);  // what was written is over; the truth has 1799 s
  EXPECT_FALSE(state.worth_writing(written, now));
  move_times(state, seconds(1));
  EXPECT_TRUE(state.worth_writing(written, now));
}

// One that is renewed must not be forgotten by a power failure because another lasts longer.
TEST(StoredState, ADelegationThatLagsIsWritten) {
  StoredState renewed = usual();
  renewed.relayed[0].valid_until = kNow + seconds(10800);
  EXPECT_FALSE(renewed.worth_writing(usual(), kNow));
  renewed.relayed[0].valid_until = kNow + seconds(10801);
  EXPECT_TRUE(renewed.worth_writing(usual(), kNow));
  renewed.relayed.clear();
  EXPECT_TRUE(renewed.worth_writing(usual(), kNow));
}

TEST(StoredState, AnEndlessLeaseIsWrittenOnce) {
  StoredState endless = usual();
  endless.leases["wan"].prefixes[0].valid_until = Instant::never();
  EXPECT_TRUE(endless.worth_writing(usual(), kNow));
  EXPECT_FALSE(endless.worth_writing(endless, kNow + hours(24 * 3650)));
}

TEST(StoredState, TheOrderOfAddressesIsNothingNew) {
  StoredState two = usual();
  two.addresses.push_back(two.addresses[0]);
  two.addresses[1].address = address("2001:db8:1:1::2");
  StoredState turned = two;
  std::swap(turned.addresses[0], turned.addresses[1]);
  EXPECT_FALSE(turned.worth_writing(two, kNow));
}

// Every Router Advertisement moves until when a host may hold what it says; that alone is no difference.
TEST(StoredState, WhatHostsHoldALittleLongerIsNoDifference) {
  StoredState later = usual();
  later.advertised["lan0"][0].host_valid_until = kNow + hours(2);
  EXPECT_FALSE(later.differs(usual()));
  EXPECT_FALSE(later.worth_writing(usual(), kNow));
  later.advertised["lan0"].pop_back();
  EXPECT_TRUE(later.differs(usual()));
}

TEST(StoredState, WhatWasAdvertisedBesidePrefixesIsKept) {
  StoredState state = usual();
  state.advertised_options["lan 0"] = {
      {ra::Pref64{prefix("64:ff9b::/96"), 0}, kNow + seconds(1800)},
      {ra::CaptivePortal{std::string(ra::kUnrestrictedPortal)}, Instant::never()}};
  const auto read = parse_stored_state(text_of(state), kNow, kBoot);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->advertised_options, state.advertised_options);
  StoredState later = state;
  later.advertised_options["lan 0"][0].host_valid_until = kNow + seconds(9000);
  EXPECT_FALSE(later.differs(state)) << "until when moves with every advertisement";
  EXPECT_FALSE(later.worth_writing(state, kNow));
  later.advertised_options["lan 0"].pop_back();
  EXPECT_TRUE(later.worth_writing(state, kNow));
  EXPECT_FALSE(parse_stored_state(file_with("advertised-option lan 26 never\n"), kNow, kBoot));
  EXPECT_FALSE(parse_stored_state(file_with("advertised-option lan 0000 never\n"), kNow, kBoot));
}

}  // namespace
}  // namespace sixgate::daemon
