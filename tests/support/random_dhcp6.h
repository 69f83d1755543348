// SPDX-License-Identifier: Apache-2.0
// Random DHCPv6 values of every shape the codec knows, for property tests: whatever comes out of
// here must survive emission and parsing unchanged.
#pragma once

#include "dhcp6/relay_message.h"
#include "net/rng.h"

namespace sixgate::dhcp6 {

class RandomDhcp6 {
 public:
  explicit RandomDhcp6(Rng& rng) : rng_(rng) {}

  Message message();             // any type but the relay agents'
  RelayMessage relay_message();  // with one relayed message
  RelayedExchange relayed_exchange();
  Option option(unsigned depth);  // any alternative of the variant but MalformedOption
  Options options(std::size_t most, unsigned depth);

 private:
  std::uint8_t u8() { return static_cast<std::uint8_t>(rng_.u32()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(rng_.u32()); }
  std::size_t count(std::size_t most) { return static_cast<std::size_t>(rng_.below(most + 1)); }
  bool coin() { return rng_.below(2) == 0; }
  Octets octets(std::size_t least, std::size_t most);
  std::string text(std::size_t most);
  Ip6Address address();
  std::vector<Ip6Address> addresses();
  DomainName name();
  std::vector<DomainName> names();
  Prefix prefix();
  Lifetime lifetime();
  Duid duid();
  std::uint16_t unknown_code();
  std::vector<UnknownOption> suboptions(std::uint16_t first_code);

  template <std::size_t I>
  Option alternative(std::size_t index, unsigned depth);
  template <class T>
  T make(unsigned depth);

  Rng& rng_;
};

}  // namespace sixgate::dhcp6
