// SPDX-License-Identifier: Apache-2.0
// TestServers that differ in what they do with hints, and surveys that run against them in virtual time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dhcp6/survey.h"
#include "net/rng.h"
#include "tests/support/dhcp6_test_server.h"

namespace sixgate::dhcp6::testing {

// One IA_PD of a query.
struct HintQuestion {
  std::uint32_t iaid = 0;
  unsigned length = 0;        // of the hint; 0: none
  std::vector<Prefix> named;  // prefixes, not lengths
  std::size_t position = 0;   // among the IA_PDs of the message
  std::size_t count = 0;      // of them
  bool with_address = false;  // the message has an IA_NA
};
// The length it gets; none: NoPrefixAvail.
using HintPolicy = std::function<std::optional<unsigned>(const HintQuestion&)>;
inline HintPolicy always(unsigned length) {
  return [length](const HintQuestion&) { return length; };
}

// Delegates by `policy` in every message with IA_PDs, a prefix of its own for each length and IAID, and always the
// same; gives 2001:db8:ffff::NUMBER to every IA_NA.
TestServer hint_server(unsigned number, HintPolicy policy);
// What it gives for these.
Prefix hint_prefix(unsigned number, unsigned length, std::uint32_t iaid);

class SurveyRun {
 public:
  explicit SurveyRun(SurveyParameters parameters = defaults(), std::uint64_t seed = 1);
  static SurveyParameters defaults();

  Rng rng;
  TransmissionLimit limit{20, seconds(20)};
  Survey survey;
  Instant now = Instant::from_micros(5'000'000'000);
  std::vector<TestServer*> servers;
  // Whether the n-th answer (from 0) is lost.
  std::function<bool(std::size_t)> lose_answer;

  struct Sent {
    Instant at;
    Message message;
  };
  std::vector<Sent> sent;
  std::vector<SurveyProgress> progress;
  LogLines log;

  // start() and on to the end; false when it is not over within `span`.
  bool run(Duration span = minutes(10));
  bool run_on(Duration span);
  void deliver(const Message& message, const char* from = "fe80::1");
  void settle();
  const SurveyResult& result() const { return survey.result(); }
  // The lengths offered to the hints of a server; 0: none.
  std::vector<unsigned> lengths(std::size_t server = 0) const;
  // The lengths of the hints in the IA_PDs of a Solicit.
  static std::vector<unsigned> hints_of(const Message& message);

 private:
  struct Answer {
    std::vector<std::uint8_t> bytes;
    Ip6Address from;
  };
  std::multimap<Instant, Answer> on_the_way_;
  std::size_t answers_ = 0;
};

}  // namespace sixgate::dhcp6::testing
