// SPDX-License-Identifier: Apache-2.0
#include "pcp/message.h"

#include <gtest/gtest.h>

#include "net/text.h"
#include "requests.h"

namespace sixgate::pcp {
namespace {

using namespace testing;

ResultCode code_of(const Reading& reading) {
  const auto* code = std::get_if<ResultCode>(&reading);
  return code == nullptr ? ResultCode::kSuccess : *code;
}

ResultCode read(const std::vector<std::uint8_t>& bytes) {
  return code_of(read_request(bytes, address(kHost)));
}

bool silent(const std::vector<std::uint8_t>& bytes) {
  return std::holds_alternative<std::monostate>(read_request(bytes, address(kHost)));
}

TEST(PcpMessage, ARequestIsReadAsItWasWritten) {
  Request request = map(8080, 7200, 17);
  request.external_port = 8080;
  request.external_address = address(kHost);
  request.prefer_failure = true;
  request.filters = {{64, 0, address("2001:db8:9::")}, {128, 0, address("2001:db8:9::7")}};
  std::vector<std::uint8_t> options = option(2);
  for (const auto& one :
       {filter(64, "2001:db8:9::"), option(0x80, {1, 2, 3}), filter(128, "2001:db8:9::7")})
    options.insert(options.end(), one.begin(), one.end());
  const Reading reading = read_request(to_bytes(request, options), address(kHost));
  ASSERT_TRUE(std::holds_alternative<Request>(reading));
  EXPECT_EQ(std::get<Request>(reading), request) << "the optional option is passed over";
  const Request other = peer(5000, "2001:db8:9::7", 53);
  EXPECT_EQ(std::get<Request>(read_request(to_bytes(other), address(kHost))), other);
  const Request announce{.client = address(kHost)};
  EXPECT_EQ(std::get<Request>(read_request(to_bytes(announce), address(kHost))), announce);
}

TEST(Conformance, Row_6887_01_WhatIsNoRequestGetsTheRightErrorOrSilence) {
  const std::vector<std::uint8_t> good = to_bytes(map(80));
  EXPECT_TRUE(silent({}));
  EXPECT_TRUE(silent({2}));
  std::vector<std::uint8_t> changed = good;
  changed[1] |= 0x80;
  EXPECT_TRUE(silent(changed)) << "an answer";
  EXPECT_TRUE(silent({good.begin(), good.begin() + 20})) << "shorter than the header";
  changed = good;
  changed[0] = 1;
  EXPECT_EQ(read(changed), ResultCode::kUnsuppVersion);
  EXPECT_EQ(read({0, 0}), ResultCode::kUnsuppVersion) << "NAT-PMP";
  changed = good;
  changed[1] = 77;
  EXPECT_EQ(read(changed), ResultCode::kUnsuppOpcode);
  changed = good;
  changed.push_back(0);
  EXPECT_EQ(read(changed), ResultCode::kMalformedRequest) << "no multiple of four";
  changed = good;
  changed.resize(1104);
  EXPECT_EQ(read(changed), ResultCode::kMalformedRequest) << "too long";
  EXPECT_EQ(read({good.begin(), good.begin() + 56}), ResultCode::kMalformedRequest)
      << "too short for MAP";
  EXPECT_EQ(code_of(read_request(good, address("2001:db8:1::11"))), ResultCode::kAddressMismatch);
  Request zero = map(80);
  zero.protocol = 0;
  EXPECT_EQ(read(to_bytes(zero)), ResultCode::kMalformedRequest) << "a port of no protocol";
  for (const Request& one : {peer(0, "2001:db8:9::7", 53), peer(80, "2001:db8:9::7", 0)})
    EXPECT_EQ(read(to_bytes(one)), ResultCode::kMalformedRequest);
}

TEST(PcpMessage, OptionsThatCannotBeUnderstoodAreRefused) {
  const auto with = [](const Request& request, const std::vector<std::uint8_t>& options) {
    return read(to_bytes(request, options));
  };
  Request suggests = map(80);
  suggests.external_port = 80;
  const auto twice = [](std::vector<std::uint8_t> one) {
    const std::vector<std::uint8_t> same = one;
    one.insert(one.end(), same.begin(), same.end());
    return one;
  };
  EXPECT_EQ(with(suggests, option(2)), ResultCode::kSuccess);
  EXPECT_EQ(with(suggests, twice(option(2))), ResultCode::kMalformedOption);
  EXPECT_EQ(with(suggests, option(2, {0, 0, 0, 0})), ResultCode::kMalformedOption);
  EXPECT_EQ(with(map(80), option(2)), ResultCode::kMalformedOption) << "no port is preferred";
  EXPECT_EQ(with(map(80, 0), filter(64, "2001:db8:9::")), ResultCode::kMalformedOption)
      << "beside a deletion";
  EXPECT_EQ(with(map(80), filter(129, "2001:db8:9::")), ResultCode::kMalformedOption);
  EXPECT_EQ(with(map(80), filter(64, "::ffff:192.0.2.1")), ResultCode::kMalformedOption);
  EXPECT_EQ(with(map(80), filter(120, "::ffff:192.0.2.0")), ResultCode::kSuccess);
  EXPECT_EQ(with(map(80), option(3, {1})), ResultCode::kMalformedOption);
  EXPECT_EQ(with(peer(80, "2001:db8:9::7", 53), option(2)), ResultCode::kMalformedRequest);
  EXPECT_EQ(with(peer(80, "2001:db8:9::7", 53), filter(64, "2001:db8:9::")),
            ResultCode::kUnsuppOption);
  EXPECT_EQ(with(map(80), option(9)), ResultCode::kUnsuppOption)
      << "unknown, and must be understood";
  EXPECT_EQ(with(map(80), {3, 0, 0xff, 0xff}), ResultCode::kMalformedOption) << "beyond the end";
  EXPECT_EQ(with(map(80), {0x80, 0, 0, 8, 0, 0, 0, 0}), ResultCode::kMalformedOption);
}

TEST(Conformance, Row_6887_04_NobodySpeaksForAnotherHost) {
  const auto party = [](const char* who) {
    const auto octets = address(who).bytes();
    return option(1, {octets.begin(), octets.end()});
  };
  EXPECT_EQ(read(to_bytes(map(80), party("2001:db8:1::99"))), ResultCode::kUnsuppOption);
  EXPECT_EQ(read(to_bytes(map(80), party(kHost))), ResultCode::kMalformedRequest)
      << "RFC 6887 section 13.1";
}

// Octet for octet after figures 2, 3, 9 and 10.
TEST(PcpMessage, AnswersAreWhatTheFiguresSay) {
  const Request request = map(8080);
  const std::string head = "0281000000000e1000000102" + std::string(24, '0');
  EXPECT_EQ(to_hex(success_answer(request, request.client, 8080, 3600, 258)),
            head + "0102030405060708090a0b01" + "06000000" + "1f901f90" +
                "20010db8000100000000000000000010");
  EXPECT_EQ(to_hex(announcement(7)), "028000000000000000000007" + std::string(24, '0'));
  const std::vector<std::uint8_t> bytes = to_bytes(request);
  const std::string refused = to_hex(error_answer(bytes, ResultCode::kNotAuthorized, 1800, 258));
  EXPECT_EQ(refused.substr(0, 24), "028100020000070800000102");
  EXPECT_EQ(refused.substr(24, 24), std::string(24, '0'));
  EXPECT_EQ(refused.substr(48), to_hex(bytes).substr(48)) << "the rest of the request";
  const std::string mismatch =
      to_hex(error_answer(bytes, ResultCode::kAddressMismatch, 1800, 258, false));
  EXPECT_EQ(mismatch.substr(24), to_hex(bytes).substr(24)) << "with 96 bits of the address";
  EXPECT_EQ(
      error_answer(std::vector<std::uint8_t>{0, 0}, ResultCode::kUnsuppVersion, 1800, 1, false)
          .size(),
      24U);
  EXPECT_EQ(error_answer(std::vector<std::uint8_t>(1103, 2), ResultCode::kMalformedRequest, 1800, 1,
                         false)
                .size(),
            1100U);
}

}  // namespace
}  // namespace sixgate::pcp
