// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_keys.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace sixgate::daemon {

using firewall::NftElement;
using firewall::NftKey;

namespace {

constexpr std::size_t kNameSize = 16;
constexpr std::size_t kAddressSize = 16;
constexpr std::size_t kNumberSize = 4;
constexpr std::size_t kStationSize = 8;
static_assert(kNftMostKey == kNameSize + 2 * kAddressSize + kNumberSize);
using Key = NftKeyOctets;

enum class End : std::uint8_t { kFirst, kLast };

Ip6Address address_at(const Prefix& prefix, End end) {
  return end == End::kFirst ? prefix.address() : prefix.last_address();
}

Key key_of(NftKey kind, const NftElement& element, End end) {
  Key key{};
  const auto name = [&](std::size_t at, const std::string& text) {
    std::copy_n(text.begin(), std::min(text.size(), kNameSize - 1), key.data() + at);
  };
  const auto address = [&](std::size_t at, const Prefix& prefix) {
    std::ranges::copy(address_at(prefix, end).bytes(), key.data() + at);
  };
  const std::uint16_t number = end == End::kFirst ? element.first : element.last;
  const auto port = [&](std::size_t at) {
    key[at] = static_cast<std::uint8_t>(number >> 8);
    key[at + 1] = static_cast<std::uint8_t>(number);
  };
  constexpr std::size_t kTail = kNameSize + 2 * kAddressSize;
  name(0, element.interface);
  switch (kind) {
    case NftKey::kInterface:
      break;
    case NftKey::kInterfacePair:
      name(kNameSize, element.other);
      break;
    case NftKey::kInterfaceMark:
      // The kernel's own number, in its own order of octets.
      std::memcpy(key.data() + kNameSize, &element.mark, kNumberSize);
      break;
    case NftKey::kInterface64:
    case NftKey::kInterfacePrefix:
      address(kNameSize, element.prefix);
      break;
    case NftKey::kPort:
      address(kNameSize, element.prefix);
      port(kNameSize + kAddressSize);
      break;
    case NftKey::kPorts:
      port(kTail);
      address(kNameSize, element.source);
      address(kNameSize + kAddressSize, element.prefix);
      break;
    case NftKey::kProtocol:
      key[kTail] = static_cast<std::uint8_t>(number);
      address(kNameSize, element.source);
      address(kNameSize + kAddressSize, element.prefix);
      break;
    case NftKey::kStation:
      address(kNameSize, element.prefix);
      std::ranges::copy(element.station.bytes(), key.data() + kNameSize + kAddressSize);
      break;
  }
  return key;
}

// The prefix from `first` to `last`, if that is one.
std::optional<Prefix> prefix_between(const Ip6Address& first, const Ip6Address& last) {
  for (unsigned length = 0; length <= 128; ++length) {
    const Prefix prefix(first, length);
    if (prefix.address() == first && prefix.last_address() == last) return prefix;
  }
  return std::nullopt;
}

std::string name_at(const Key& key, std::size_t at) {
  const auto* begin = key.data() + at;
  return std::string(begin, std::find(begin, begin + kNameSize, 0));
}

std::optional<Prefix> prefix_at(const Key& first, const Key& last, std::size_t at) {
  const auto address = [at](const Key& key) {
    Ip6Address::Bytes bytes{};
    std::copy_n(key.data() + at, kAddressSize, bytes.begin());
    return Ip6Address(bytes);
  };
  return prefix_between(address(first), address(last));
}

}  // namespace

std::size_t nft_key_size(NftKey key) {
  switch (key) {
    case NftKey::kInterface:
      return kNameSize;
    case NftKey::kInterfacePair:
      return 2 * kNameSize;
    case NftKey::kInterfaceMark:
      return kNameSize + kNumberSize;
    case NftKey::kInterface64:
    case NftKey::kInterfacePrefix:
      return kNameSize + kAddressSize;
    case NftKey::kPort:
      return kNameSize + kAddressSize + kNumberSize;
    case NftKey::kPorts:
    case NftKey::kProtocol:
      return kNftMostKey;
    case NftKey::kStation:
      return kNameSize + kAddressSize + kStationSize;
  }
  return 0;
}

NftKeyOctets nft_first_key(NftKey kind, const NftElement& element) {
  return key_of(kind, element, End::kFirst);
}

NftKeyOctets nft_last_key(NftKey kind, const NftElement& element) {
  return key_of(kind, element, End::kLast);
}

std::optional<NftElement> nft_element(NftKey kind, const NftKeyOctets& first,
                                      const NftKeyOctets& last) {
  NftElement element{name_at(first, 0)};
  if (name_at(last, 0) != element.interface) return std::nullopt;
  const auto port = [](const Key& key, std::size_t at) {
    return static_cast<std::uint16_t>(unsigned{key[at]} << 8 | key[at + 1]);
  };
  switch (kind) {
    case NftKey::kInterface:
      return element;
    case NftKey::kInterfacePair:
      element.other = name_at(first, kNameSize);
      return element;
    case NftKey::kInterfaceMark:
      std::memcpy(&element.mark, first.data() + kNameSize, kNumberSize);
      return element;
    case NftKey::kInterface64: {
      const auto address = prefix_at(first, first, kNameSize);
      if (!address) return std::nullopt;
      element.prefix = Prefix(address->address(), 64);
      // Other bits are never looked up.
      return element.prefix.address() == address->address() ? std::optional(element) : std::nullopt;
    }
    case NftKey::kPort: {
      const auto host = prefix_at(first, first, kNameSize);
      if (!host) return std::nullopt;
      element.prefix = *host;
      element.first = element.last = port(first, kNameSize + kAddressSize);
      return element;
    }
    case NftKey::kInterfacePrefix:
    case NftKey::kStation: {
      const auto prefix = prefix_at(first, last, kNameSize);
      if (!prefix) return std::nullopt;
      element.prefix = *prefix;
      if (kind == NftKey::kInterfacePrefix) return element;
      const auto station = [](const Key& key) {
        MacAddress::Bytes bytes{};
        std::copy_n(key.data() + kNameSize + kAddressSize, bytes.size(), bytes.begin());
        return MacAddress(bytes);
      };
      element.station = station(first);
      return station(last) == element.station ? std::optional(element) : std::nullopt;
    }
    case NftKey::kPorts:
    case NftKey::kProtocol: {
      const auto source = prefix_at(first, last, kNameSize);
      const auto host = prefix_at(first, last, kNameSize + kAddressSize);
      if (!source || !host) return std::nullopt;
      element.source = *source;
      element.prefix = *host;
      constexpr std::size_t kTail = kNameSize + 2 * kAddressSize;
      const bool ports = kind == NftKey::kPorts;
      element.first = ports ? port(first, kTail) : first[kTail];
      element.last = ports ? port(last, kTail) : last[kTail];
      return element;
    }
  }
  return std::nullopt;
}

}  // namespace sixgate::daemon
