// SPDX-License-Identifier: Apache-2.0
// The DHCPv6 codec's appetite: how often it asks for memory for a usual message, and what the worst datagram a
// peer can send costs. (codec_bench times the usual ones.)
#include <cstdio>
#include <cstdlib>
#include <new>

#include "dhcp6/message.h"
#include "tests/bench/harness.h"

namespace {
std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sixgate::dhcp6 {
namespace {

const Duid kClient = Duid::ll(MacAddress({0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}));
const Duid kServer = Duid::ll(MacAddress({0x02, 0x00, 0x5e, 0x00, 0x53, 0x02}));

Message solicit() {
  return {MessageType::kSolicit,
          0x123456,
          {ClientId{kClient}, OptionRequest{{23, 24, 56, 67, 82}}, ElapsedTime{},
           IaNa{.iaid = 1, .options = {}},
           IaPd{.iaid = 2, .options = {IaPrefix{*Prefix::parse("::/56"), {}, {}, {}}}}}};
}

Message reply() {
  const Lifetime preferred(3600), valid(7200);
  return {
      MessageType::kReply,
      0x123456,
      {ClientId{kClient}, ServerId{kServer},
       IaNa{.iaid = 1,
            .t1 = Lifetime(1800),
            .t2 = Lifetime(2880),
            .options = {IaAddress{*Ip6Address::parse("2001:db8:0:1::5"), preferred, valid, {}}}},
       IaPd{.iaid = 2,
            .t1 = Lifetime(1800),
            .t2 = Lifetime(2880),
            .options = {IaPrefix{*Prefix::parse("2001:db8:1200::/40"), preferred, valid, {}}}},
       DnsServers{{*Ip6Address::parse("2001:db8::53"), *Ip6Address::parse("2001:db8::54")}},
       SolMaxRt{seconds(3600)}}};
}

// As many options as one message may have, filling a datagram.
Message widest() {
  Message message{MessageType::kReply, 1, {}};
  for (unsigned i = 0; i < ParseBudget().options; ++i) {
    message.options.emplace_back(UnknownOption{65000, Octets(59)});
  }
  return message;
}

// Identity associations in each other to the end of a datagram.
std::vector<std::uint8_t> deepest() {
  constexpr std::size_t kHeader = 4, kFixed = 12;
  std::vector<std::uint8_t> bytes{7, 0, 0, 1};
  ByteWriter writer(bytes);
  for (std::size_t left = 65000; left > kHeader + kFixed; left -= kHeader + kFixed) {
    writer.u16(IaNa::kCode);
    writer.u16(static_cast<std::uint16_t>(left - kHeader));
    writer.zeros(kFixed);
  }
  // What is left over is too short for an option: the innermost framing is broken.
  bytes.resize(4 + 65000);
  return bytes;
}

void report(const char* what, const std::vector<std::uint8_t>& bytes) {
  allocations = 0;
  bench::keep(Message::parse(bytes));
  const std::size_t needed = allocations;
  const double nanoseconds = bench::nanoseconds([&] { bench::keep(Message::parse(bytes)); });
  std::printf("%-28s %8zu octets %10.0f ns %6zu allocations\n", what, bytes.size(), nanoseconds,
              needed);
}

}  // namespace
}  // namespace sixgate::dhcp6

int main() {
  using namespace sixgate::dhcp6;
  report("parse solicit", solicit().to_bytes());
  report("parse reply", reply().to_bytes());
  report("parse 1024 options", widest().to_bytes());
  report("parse endless nesting", deepest());
}
