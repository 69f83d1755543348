// SPDX-License-Identifier: Apache-2.0
#include "tests/support/dhcp6_hint_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/support/dhcp6_client_run.h"

namespace sixgate::dhcp6::testing {

namespace {

Prefix range_of(unsigned number) {
  return {Ip6Address::from_halves(0x2001'0db8'0000'0000 | (number & 0xffULL) << 24, 0), 40};
}

}  // namespace

Prefix hint_prefix(unsigned number, unsigned length, std::uint32_t iaid) {
  const Prefix whole = range_of(number);
  const std::uint64_t count = whole.subnet_count(length);
  return *whole.subnet(length, count == 0 ? 0 : iaid % count);
}

TestServer hint_server(unsigned number, HintPolicy policy) {
  TestServer server(number);
  server.edit = [number, policy = std::move(policy), t1 = server.t1, t2 = server.t2,
                 preferred = server.preferred,
                 valid = server.valid](const Message& query, Message& answer) {
    std::erase_if(answer.options, [](const Option& option) {
      return std::holds_alternative<IaPd>(option) || std::holds_alternative<IaNa>(option);
    });
    const auto asked = find_all<IaPd>(query.options);
    const bool with_address = contains<IaNa>(query.options);
    HintQuestion question{.with_address = with_address};
    for (auto it = asked.begin(); it != asked.end(); ++it) ++question.count;
    for (const IaPd& ia : asked) {
      question.iaid = ia.iaid;
      question.length = 0;
      question.named.clear();
      for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) {
        if (one.prefix.address().is_unspecified()) {
          question.length = one.prefix.length();
        } else {
          question.named.push_back(one.prefix);
        }
      }
      IaPd said{.iaid = ia.iaid};
      if (const auto length = policy(question)) {
        said.t1 = t1;
        said.t2 = t2;
        Prefix given = hint_prefix(number, *length, ia.iaid);
        for (const Prefix& one : question.named) {
          if (one.length() == *length && range_of(number).contains(one)) given = one;
        }
        said.options.push_back(IaPrefix{.prefix = given, .preferred = preferred, .valid = valid});
      } else {
        said.options.push_back(StatusCode{.status = Status::kNoPrefixAvail});
      }
      answer.options.push_back(std::move(said));
      ++question.position;
    }
    for (const IaNa& ia : find_all<IaNa>(query.options)) {
      IaNa said{.iaid = ia.iaid, .t1 = t1, .t2 = t2};
      said.options.push_back(
          IaAddress{.address = Ip6Address::from_halves(0x2001'0db8'ffff'0000, number),
                    .preferred = preferred,
                    .valid = valid});
      answer.options.push_back(std::move(said));
    }
  };
  return server;
}

SurveyParameters SurveyRun::defaults() { return {.duid = client_duid()}; }

SurveyRun::SurveyRun(SurveyParameters parameters, std::uint64_t seed)
    : rng(seed), survey(std::move(parameters), rng, limit) {}

bool SurveyRun::run(Duration span) {
  survey.start(now);
  return run_on(span);
}

void SurveyRun::settle() {
  SurveyOutputs outputs = survey.drain();
  if (outputs.progress) progress.push_back(*outputs.progress);
  log.insert(log.end(), outputs.log.begin(), outputs.log.end());
  EXPECT_TRUE(!outputs.finished || survey.finished());
  for (const Datagram& packet : outputs.packets) {
    const Parsed<Message> message = Message::parse(packet.payload);
    ASSERT_TRUE(message) << message.error().to_string();
    EXPECT_EQ(count_malformed(message->options), 0U);
    EXPECT_LE(packet.payload.size(), 1232U) << "a link need not carry more";
    sent.push_back({now, *message});
    if (sent.size() > 20) {
      EXPECT_GE(now - sent[sent.size() - 21].at, seconds(20)) << "more than the rate limit allows";
    }
    for (const TestServer* server : servers) {
      const auto answer = server->answer(*message);
      if (!answer || (lose_answer && lose_answer(answers_++))) continue;
      const auto number = static_cast<std::uint64_t>(
          std::find(servers.begin(), servers.end(), server) - servers.begin());
      on_the_way_.emplace(
          now + server->delay,
          Answer{answer->to_bytes(), Ip6Address::from_halves(0xfe80'0000'0000'0000, number + 1)});
    }
  }
}

bool SurveyRun::run_on(Duration span) {
  const Instant end = now + span;
  settle();
  while (!survey.finished()) {
    std::optional<Instant> next = survey.next_deadline();
    if (!on_the_way_.empty()) next = earlier(next, std::optional(on_the_way_.begin()->first));
    if (!next || *next > end || ::testing::Test::HasFatalFailure()) return false;
    now = std::max(now, *next);
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= now) {
      const Answer answer = on_the_way_.extract(on_the_way_.begin()).mapped();
      survey.receive(answer.bytes, answer.from, now);
      settle();
    }
    survey.expire(now);
    settle();
    const auto later = survey.next_deadline();
    EXPECT_TRUE(!later || *later > now) << "no progress";
    if (later && *later <= now) return false;
  }
  EXPECT_FALSE(survey.next_deadline());
  return true;
}

void SurveyRun::deliver(const Message& message, const char* from) {
  survey.receive(message.to_bytes(), address(from), now);
  settle();
}

std::vector<unsigned> SurveyRun::lengths(std::size_t server) const {
  std::vector<unsigned> found;
  for (const SurveyAnswer& answer : result().servers.at(server).prefixes) {
    found.push_back(answer.widest() ? answer.widest()->prefix.length() : 0);
  }
  return found;
}

std::vector<unsigned> SurveyRun::hints_of(const Message& message) {
  std::vector<unsigned> found;
  for (const IaPd& ia : find_all<IaPd>(message.options)) {
    for (const IaPrefix& one : find_all<IaPrefix>(ia.options)) found.push_back(one.prefix.length());
  }
  return found;
}

}  // namespace sixgate::dhcp6::testing
