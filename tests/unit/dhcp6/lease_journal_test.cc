// SPDX-License-Identifier: Apache-2.0
// The journal and the table made of it: torn ends, rot, other clocks, and crashes at every octet.
#include <set>

#include "server_run.h"

namespace sixgate::dhcp6::testing {
namespace {

std::vector<JournalRecord> read_all(std::span<const std::uint8_t> bytes,
                                    JournalReading* reading = nullptr) {
  std::vector<JournalRecord> records;
  const JournalReading said =
      read_journal(bytes, [&](const JournalRecord& record, Instant) { records.push_back(record); });
  if (reading != nullptr) *reading = said;
  return records;
}

std::vector<JournalRecord> one_of_each() {
  BoundRecord addresses{.number = 3,
                        .iaid = 9,
                        .duid = client_duid(1),
                        .link = "home",
                        .interface_id = 0x1234,
                        .prefixes = {prefix("2001:db8::/64"), prefix("fd00::/64")},
                        .valid_until = kStart + seconds(5400),
                        .client_address = client_address(1),
                        .accepts_reconfigure = true,
                        .name = "laptop"};
  BoundRecord prefixes = addresses;
  prefixes.number = 4;
  prefixes.type = AssociationType::kPrefixes;
  prefixes.prefixes = {prefix("2001:db8:0:40::/62")};
  prefixes.valid_until = Instant::never();
  prefixes.relayed = true;
  return {SessionRecord{"boot", 7, kStart},
          addresses,
          prefixes,
          ExtendedRecord{3, kStart + seconds(9000)},
          EndedRecord{4},
          DeclinedRecord{"home", 0x4321, kStart + hours(24)}};
}

std::vector<std::uint8_t> journal_of(const std::vector<JournalRecord>& records) {
  std::vector<std::uint8_t> bytes;
  emit_journal_header(bytes);
  for (const JournalRecord& record : records) emit_journal_record(bytes, record, kStart);
  return bytes;
}

TEST(LeaseJournal, ReadsWhatItWrote) {
  JournalReading reading;
  const auto bytes = journal_of(one_of_each());
  EXPECT_EQ(read_all(bytes, &reading), one_of_each());
  EXPECT_EQ(reading.header, JournalReading::Header::kGood);
  EXPECT_EQ(reading.whole, bytes.size());
  EXPECT_EQ(reading.torn + reading.rotten + reading.unknown, 0U);
}

TEST(LeaseJournal, ATornEndCostsTheTornRecordOnly) {
  const auto records = one_of_each();
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i <= records.size(); ++i)
    ends.push_back(journal_of({records.begin(), records.begin() + static_cast<long>(i)}).size());
  const auto bytes = journal_of(records);
  for (std::size_t cut = ends[0]; cut <= bytes.size(); ++cut) {
    std::size_t whole = 0;
    while (whole + 1 < ends.size() && ends[whole + 1] <= cut) ++whole;
    JournalReading reading;
    EXPECT_EQ(read_all(std::span(bytes).first(cut), &reading).size(), whole) << cut;
    EXPECT_EQ(reading.whole, ends[whole]);
    EXPECT_EQ(reading.torn, cut - ends[whole]);
  }
  for (std::size_t cut = 0; cut < ends[0]; ++cut) {
    JournalReading reading;
    EXPECT_TRUE(read_all(std::span(bytes).first(cut), &reading).empty());
    EXPECT_EQ(reading.header, JournalReading::Header::kMissing);
  }
}

TEST(LeaseJournal, RotCostsTheRecordItTouches) {
  const auto records = one_of_each();
  const auto good = journal_of(records);
  const std::size_t header = journal_of({}).size();
  for (std::size_t at = header; at < good.size(); ++at) {
    auto bytes = good;
    bytes[at] ^= 0x10;
    JournalReading reading;
    const auto left = read_all(bytes, &reading);
    EXPECT_EQ(left.size(), records.size() - 1) << at;
    for (const JournalRecord& record : left)
      EXPECT_NE(std::find(records.begin(), records.end(), record), records.end());
    EXPECT_GT(reading.rotten + reading.torn, 0U);
  }
}

TEST(LeaseJournal, TheFutureIsRecognised) {
  auto bytes = journal_of(one_of_each());
  bytes[journal_of({}).size() - 1] = 2;
  JournalReading reading;
  EXPECT_TRUE(read_all(bytes, &reading).empty());
  EXPECT_EQ(reading.header, JournalReading::Header::kFromTheFuture);
  auto foreign = journal_of({});
  foreign[0] = 'S';
  foreign.resize(200, 'x');
  EXPECT_TRUE(read_all(foreign, &reading).empty());
  EXPECT_EQ(reading.header, JournalReading::Header::kForeign);
}

TEST(LeaseJournal, RotInTheHeaderCostsNoRecord) {
  const auto good = journal_of(one_of_each());
  for (std::size_t at = 0; at + 1 < journal_of({}).size(); ++at) {
    auto bytes = good;
    bytes[at] ^= 0x10;
    JournalReading reading;
    EXPECT_EQ(read_all(bytes, &reading), one_of_each()) << at;
    EXPECT_GT(reading.rotten, 0U);
  }
}

TEST(LeaseJournal, ARecordOfALaterVersionIsPassedOver) {
  auto bytes = journal_of({SessionRecord{"boot", 7, kStart}});
  std::vector<std::uint8_t> later{0xa6, 99, 0, 3, 0, 0, 0, 1, 7, 7, 7};
  std::uint32_t sum = ~0U;  // the CRC-32 of IEEE 802.3
  for (const std::uint8_t octet : later) {
    sum ^= octet;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ (0xedb88320U & (0U - (sum & 1U)));
  }
  for (const int shift : {24, 16, 8, 0}) later.push_back(static_cast<std::uint8_t>(~sum >> shift));
  bytes.insert(bytes.end(), later.begin(), later.end());
  emit_journal_record(bytes, EndedRecord{4}, kStart);
  JournalReading reading;
  EXPECT_EQ(read_all(bytes, &reading).size(), 2U);
  EXPECT_EQ(reading.unknown, 1U);
  EXPECT_EQ(reading.rotten + reading.torn, 0U);
}

// RFC 9915 section 20.3: the replay value never goes back, also when the journal is lost.
TEST(LeaseJournal, AnEpochIsNeverUsedTwice) {
  LeaseTable table;
  (void)table.restore({}, "boot", kStart, 65);
  EXPECT_EQ(table.epoch(), 65U);
  LeaseTable next;
  (void)next.restore(table.snapshot(kStart), "boot", kStart, 129);
  EXPECT_EQ(next.epoch(), 66U);
}

TEST(Conformance, Row_9096_L_13g_BindingsOutliveACrash) {
  ServerRun run;
  Asked asked{.addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}};
  const auto reply = run.four_way(asked);
  ASSERT_TRUE(reply);
  const std::vector<DelegatedPrefix> before = run.server->delegations();
  run.begin();
  EXPECT_EQ(run.server->delegations(), before);
  const auto renewed = run.renew(*reply);
  ASSERT_TRUE(renewed);
  EXPECT_EQ(addresses_in(*renewed), addresses_in(*reply));
  EXPECT_EQ(prefixes_in(*renewed), prefixes_in(*reply));
}

TEST(LeaseJournal, AfterARebootWhatRemainedCountsFromTheStart) {
  ServerRun run;
  ASSERT_TRUE(run.four_way({.addresses = {ia_na(1)}}));
  run.run_for(seconds(1000));
  ASSERT_TRUE(run.four_way({.client = 2, .addresses = {ia_na(1)}}));  // the last that was heard
  run.now = Instant::from_micros(5'000'000);
  run.begin("another boot");
  std::vector<std::int64_t> left;
  run.server->table().each([&](BindingNumber, const Binding& binding) {
    left.push_back(remaining(binding.valid_until, run.now).count());
  });
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::int64_t>{4400, 5400}));
  run.run_for(seconds(4500));
  EXPECT_EQ(run.server->table().binding_count(), 1U);
}

TEST(LeaseJournal, ARestartForgetsNothingAndKeepsItShort) {
  ServerRun run;
  const auto reply = run.four_way({.addresses = {ia_na(1)}});
  ASSERT_TRUE(reply);
  const std::size_t first = run.journal.size();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run.renew(*reply));
  // A renewal is a short record.
  EXPECT_LE(run.journal.size() - first, 100U * 32);
  run.begin();
  EXPECT_LT(run.journal.size(), first + 32);
}

// A crash after every octet: whatever a client has heard is known to the next run, and nobody else has it.
TEST(LeaseJournal, NothingThatAClientHeardIsLostWhereverTheJournalEnds) {
  ServerRun run;
  struct Promise {
    std::size_t written;  // how long the journal was when the Reply left
    unsigned client;
    Message reply;
  };
  std::vector<Promise> promises;
  const std::size_t begin = run.journal.size();
  for (unsigned client = 1; client <= 6; ++client) {
    const auto reply =
        run.four_way({.client = client, .addresses = {ia_na(1)}, .prefixes = {ia_pd(1)}});
    ASSERT_TRUE(reply);
    promises.push_back({run.journal.size(), client, *reply});
    if (client == 3) {
      ASSERT_TRUE(run.renew(promises[0].reply, 1, MessageType::kRelease));
      promises.erase(promises.begin());
    }
  }
  const auto whole = run.journal;
  for (std::size_t cut = begin; cut <= whole.size(); ++cut) {
    ServerRun after;
    after.now = run.now;
    after.journal.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
    after.begin();
    std::set<Ip6Address> addresses;
    after.server->table().each([&](BindingNumber, const Binding& binding) {
      if (binding.type != AssociationType::kAddresses) return;
      for (const Prefix& lease : after.server->table().leases(binding))
        EXPECT_TRUE(addresses.insert(lease.address()).second);
    });
    for (const Promise& promise : promises) {
      if (promise.written > cut) continue;
      const ClientNumber client = after.server->table().find_client(client_duid(promise.client));
      ASSERT_NE(client, kNoNumber) << cut;
      for (const AssociationType type : {AssociationType::kAddresses, AssociationType::kPrefixes}) {
        const BindingNumber number = after.server->table().find(client, type, 1);
        ASSERT_NE(number, kNoNumber) << cut;
        const auto leases = after.server->table().leases(after.server->table().binding(number));
        if (type == AssociationType::kPrefixes) {
          EXPECT_EQ(leases, prefixes_in(promise.reply));
        } else {
          EXPECT_EQ(leases.front().address(), addresses_in(promise.reply).at(0));
        }
      }
    }
  }
}

TEST(NumberIndex, FindsWhatIsThereAndNothingElse) {
  NumberIndex index;
  Rng rng(5);
  std::map<std::uint32_t, std::uint64_t> there;
  for (int step = 0; step < 20000; ++step) {
    if (there.empty() || rng.chance(0.55)) {
      const auto number = static_cast<std::uint32_t>(step);
      // Many of the same hash.
      const std::uint64_t hash = rng.below(200) << 32;
      index.insert(hash, number);
      there[number] = hash;
    } else {
      auto it = there.lower_bound(
          static_cast<std::uint32_t>(rng.below(static_cast<std::uint64_t>(step))));
      if (it == there.end()) it = there.begin();
      index.erase(it->second, it->first);
      EXPECT_EQ(index.find(it->second, [&](auto n) { return n == it->first; }), NumberIndex::kNone);
      there.erase(it);
    }
    EXPECT_EQ(index.size(), there.size());
  }
  for (const auto& [number, hash] : there)
    EXPECT_EQ(index.find(hash, [&, wanted = number](auto n) { return n == wanted; }), number);
}

}  // namespace
}  // namespace sixgate::dhcp6::testing
