// SPDX-License-Identifier: Apache-2.0
// The view of a message says what the values of the same octets say, whatever the octets are.
#include "dhcp6/message_view.h"

#include "tests/support/random_dhcp6.h"
#include "tests/unit/dhcp6/codec_support.h"

namespace sixgate::dhcp6 {
namespace {

template <class T>
std::vector<T> seen(const OptionsView& view) {
  std::vector<T> all;
  view.each<T>([&](const T& one) { all.push_back(one); });
  return all;
}

template <class T>
void expect_same(const OptionsView& view, const Options& options) {
  std::vector<T> all;
  for (const T& one : find_all<T>(options)) all.push_back(one);
  ASSERT_TRUE(seen<T>(view) == all) << "option " << T::kCode;
  ASSERT_EQ(view.contains<T>(), contains<T>(options)) << "option " << T::kCode;
  const T* single = find_single<T>(options);
  const auto found = view.find_single<T>();
  ASSERT_EQ(found.has_value(), single != nullptr) << "option " << T::kCode;
  if (single != nullptr) {
    ASSERT_TRUE(*found == *single) << "option " << T::kCode;
  }
}

template <class Ia, class Inside>
void expect_same_ia(const OptionsView& view, const Options& options) {
  const auto all = seen<IaView<Ia>>(view);
  std::size_t at = 0;
  for (const Ia& ia : find_all<Ia>(options)) {
    ASSERT_LT(at, all.size()) << "option " << Ia::kCode;
    ASSERT_EQ(all[at].iaid, ia.iaid);
    expect_same<Inside>(all[at].options, ia.options);
    expect_same<StatusCode>(all[at].options, ia.options);
    ++at;
  }
  ASSERT_EQ(at, all.size()) << "option " << Ia::kCode;
}

void expect_same(const Octets& bytes) {
  const auto message = Message::parse(bytes);
  const auto view = MessageView::parse(bytes);
  ASSERT_EQ(view.has_value(), message.has_value());
  if (!message) {
    ASSERT_TRUE(view.error() == message.error());
    return;
  }
  ASSERT_EQ(view->type, message->type);
  ASSERT_EQ(view->transaction_id, message->transaction_id);
  expect_same<ClientId>(view->options, message->options);
  expect_same<ServerId>(view->options, message->options);
  expect_same<RapidCommit>(view->options, message->options);
  expect_same<ReconfigureAccept>(view->options, message->options);
  expect_same<ClientFqdn>(view->options, message->options);
  expect_same<IaAddress>(view->options, message->options);
  expect_same_ia<IaNa, IaAddress>(view->options, message->options);
  expect_same_ia<IaTa, IaAddress>(view->options, message->options);
  expect_same_ia<IaPd, IaPrefix>(view->options, message->options);
  const OptionRequest* request = find<OptionRequest>(message->options);
  const auto asked = view->options.find<OptionRequestView>();
  ASSERT_EQ(asked.has_value(), request != nullptr);
  if (request == nullptr) return;
  std::vector<std::uint16_t> codes;
  for (ByteReader rest = asked->codes; !rest.at_end();) codes.push_back(rest.u16());
  ASSERT_EQ(codes, request->codes);
  for (const std::uint16_t code : codes) ASSERT_TRUE(asked->contains(code));
  ASSERT_EQ(asked->contains(DnsServers::kCode), request->contains(DnsServers::kCode));
}

// A message of what the server reads, several of each now and then.
Message question(Rng& rng) {
  RandomDhcp6 random(rng);
  Message message{.type = MessageType::kSolicit, .transaction_id = rng.u32() & kTransactionIdMask};
  for (std::uint64_t wanted = rng.below(12); message.options.size() < wanted;) {
    Option option = random.option(3);
    const std::uint16_t code = option_code(option);
    const bool read = code <= OptionRequest::kCode || code == RapidCommit::kCode ||
                      code == ReconfigureAccept::kCode || code == IaPd::kCode ||
                      code == ClientFqdn::kCode;
    if (read || rng.below(8) == 0) message.options.push_back(std::move(option));
  }
  return message;
}

TEST(DhcpMessageView, SaysWhatTheValuesSay) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    expect_same(question(rng).to_bytes());
    expect_same(RandomDhcp6(rng).message().to_bytes());
    if (HasFatalFailure()) return;
  }
}

TEST(DhcpMessageView, AlsoOfDamagedOctets) {
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    Octets bytes = question(rng).to_bytes();
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes)
      bytes[rng.below(bytes.size())] = static_cast<std::uint8_t>(rng.below(40));
    if (rng.below(4) == 0) bytes.resize(rng.below(bytes.size() + 1));
    expect_same(bytes);
    if (HasFatalFailure()) return;
  }
}

TEST(DhcpMessageView, RefusesWhatTheParserRefuses) {
  Octets bytes{1, 0, 0, 0};
  for (unsigned i = 0; i < ParseBudget{}.options; ++i) bytes.insert(bytes.end(), {0, 99, 0, 0});
  EXPECT_TRUE(MessageView::parse(bytes).has_value());
  bytes.insert(bytes.end(), {0, 99, 0, 0});
  EXPECT_FALSE(MessageView::parse(bytes).has_value());
  EXPECT_FALSE(MessageView::parse(Octets{12, 0, 0, 0}).has_value());  // Relay-forward
  EXPECT_FALSE(MessageView::parse({}).has_value());
}

}  // namespace
}  // namespace sixgate::dhcp6
