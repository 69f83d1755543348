// SPDX-License-Identifier: Apache-2.0
// A DHCPv6 client through any sequence of events: garbage, answers that are nearly right, time that passes or
// jumps, links that change. Whatever comes, it makes progress, keeps its rate, writes messages that parse,
// and never holds a lease that is over.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "dhcp6/client.h"
#include "net/byte_reader.h"

namespace {

using namespace sixgate;
using namespace sixgate::dhcp6;

void require(bool condition) {
  if (!condition) std::abort();
}

Duid duid(std::uint8_t number) {
  const std::uint8_t bytes[]{0, 2, 0, 0, 0xab, 0x11, number};
  return Duid::from_bytes(bytes).value();
}

class Run {
 public:
  explicit Run(std::span<const std::uint8_t> input)
      : input_(input), rng_(7), client_(parameters(input_.u8()), rng_) {}

  void play() {
    for (int events = 0; !input_.at_end() && events < 200; ++events) {
      event();
      settle();
      client_.expire(now_);
      settle();
      const auto next = client_.next_deadline();
      require(!next || *next > now_);
      if (client_.state() == ClientState::kIdle) {
        require(!next);
        continue;
      }
      for (const LeasedAddress& one : client_.lease().addresses) require(one.valid_until > now_);
      for (const LeasedPrefix& one : client_.lease().prefixes) require(one.valid_until > now_);
    }
  }

 private:
  static ClientParameters parameters(std::uint8_t bits) {
    ClientParameters p{.duid = duid(0)};
    if (bits & 1) p.address_iaid = 1;
    if (bits & 2) p.delegations.push_back({1, Prefix(Ip6Address(), 56)});
    if (bits & 4) p.delegations.push_back({2, std::nullopt});
    p.rapid_commit = (bits & 8) != 0;
    if (bits & 128) p.name = DomainName::parse(std::string_view("router"));
    p.release_on_stop = (bits & 16) != 0;
    p.accept_reconfigure = (bits & 32) == 0;
    if (bits & 64) p.survey_hints = every_hint();
    return p;
  }

  void event() {
    switch (input_.u8() % 12) {
      case 0:
        receive(input_.bytes(std::min<std::size_t>(input_.u8(), input_.left())));
        break;
      case 1:
      case 2:
      case 3:
        answer();
        break;
      case 4:
      case 5:
        if (const auto next = client_.next_deadline()) now_ = std::max(now_, *next);
        break;
      case 6:
        now_ = now_ + milliseconds(input_.u16());
        break;
      case 7:
        now_ = now_ + seconds(input_.u32());
        break;
      case 8:
        client_.link_changed(now_);
        break;
      case 9:
        if (input_.u8() & 1) {
          client_.prefixes_changed(now_);
        } else {
          client_.source_address_changed(now_);
        }
        break;
      case 10:
        if (!client_.lease().addresses.empty()) {
          client_.decline(client_.lease().addresses.front().address, now_);
        }
        break;
      case 11:
        start_or_stop();
        break;
    }
  }

  void start_or_stop() {
    const Lease lease = client_.lease();
    switch (input_.u8() % 4) {
      case 0:
        client_.start_stateful(std::nullopt, now_);
        break;
      case 1:
        client_.start_stateful(lease, now_);
        break;
      case 2:
        client_.start_stateless({}, now_);
        break;
      case 3:
        client_.stop(now_);
        break;
    }
  }

  Lifetime lifetime() {
    const std::uint8_t kind = input_.u8();
    if (kind < 32) return Lifetime(0);
    if (kind < 64) return Lifetime::infinite();
    if (kind < 200) return Lifetime(kind);
    return Lifetime(input_.u32());
  }

  void lease_options(Options& options, bool prefix) {
    for (unsigned count = input_.u8() % 3; count > 0; --count) {
      const std::uint8_t which = input_.u8();
      const Ip6Address address = Ip6Address::from_halves(
          0x20010db800000000 | static_cast<std::uint64_t>(which) << 8, prefix ? 0 : which);
      const Lifetime preferred = lifetime();
      const Lifetime valid = lifetime();
      if (prefix) {
        options.push_back(IaPrefix{
            .prefix = Prefix(address, 40 + which % 30), .preferred = preferred, .valid = valid});
      } else {
        options.push_back(IaAddress{.address = address, .preferred = preferred, .valid = valid});
      }
    }
    const std::uint8_t status = input_.u8();
    if (status < 64) options.push_back(StatusCode{.status = static_cast<Status>(status % 8)});
  }

  // An answer to the last message, well-formed unless the input spoils it.
  void answer() {
    const std::uint8_t bits = input_.u8();
    Message message{.type = (bits & 1) ? MessageType::kReply : MessageType::kAdvertise,
                    .transaction_id = last_.transaction_id};
    message.options.push_back(ClientId{duid(0)});
    message.options.push_back(ServerId{duid(static_cast<std::uint8_t>(1 + (bits >> 1) % 3))});
    if (bits & 8) message.options.push_back(RapidCommit{});
    if (bits & 16) message.options.push_back(Preference{input_.u8()});
    if (bits & 32) {
      message.options.push_back(SolMaxRt{seconds(input_.u32())});
      message.options.push_back(InformationRefreshTime{lifetime()});
    }
    if (bits & 64) {
      message.options.push_back(StatusCode{.status = static_cast<Status>(input_.u8() % 8)});
    }
    for (const IaNa& asked : find_all<IaNa>(last_.options)) {
      IaNa ia{.iaid = asked.iaid, .t1 = lifetime(), .t2 = lifetime()};
      lease_options(ia.options, false);
      message.options.push_back(std::move(ia));
    }
    for (const IaPd& asked : find_all<IaPd>(last_.options)) {
      IaPd ia{.iaid = asked.iaid, .t1 = lifetime(), .t2 = lifetime()};
      lease_options(ia.options, true);
      message.options.push_back(std::move(ia));
    }
    std::vector<std::uint8_t> bytes = message.to_bytes();
    if (bits & 128) {
      for (unsigned count = input_.u8() % 4; count > 0; --count) {
        bytes[input_.u8() % bytes.size()] = input_.u8();
      }
    }
    receive(bytes);
  }

  void receive(std::span<const std::uint8_t> bytes) {
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    client_.receive(exact, Ip6Address::from_halves(0xfe80000000000000, 1), now_);
  }

  void settle() {
    const ClientOutputs outputs = client_.drain();
    if (outputs.lease) require(*outputs.lease == client_.lease());
    for (const Datagram& packet : outputs.packets) {
      require(packet.destination == kAllDhcpRelayAgentsAndServers);
      Parsed<Message> message = Message::parse(packet.payload);
      require(message.has_value() && count_malformed(message->options) == 0);
      last_ = *std::move(message);
      sent_.push_back(now_);
      if (sent_.size() > 20) {
        require(now_ - sent_.front() >= seconds(20));
        sent_.pop_front();
      }
    }
  }

  ByteReader input_;
  Rng rng_;
  Client client_;
  Instant now_ = Instant::from_micros(1'000'000'000);
  Message last_;
  std::deque<Instant> sent_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run run(std::span(data, size));
  run.play();
  return 0;
}
