// SPDX-License-Identifier: Apache-2.0
#include "delegation/interface_identifier.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "net/interface_id.h"
#include "net/sha256.h"
#include "net/text.h"

namespace sixgate::delegation {

Expected<InterfaceIdPolicy> InterfaceIdPolicy::parse(std::string_view text) {
  if (text == "eui64") return InterfaceIdPolicy{.kind = Kind::kEui64};
  if (text == "stable") return InterfaceIdPolicy{.kind = Kind::kStable};
  if (text == "random") return InterfaceIdPolicy{.kind = Kind::kRandom};
  const std::optional<Ip6Address> suffix = Ip6Address::parse(text);
  if (!suffix) {
    return fail(cat("\"", printable(text),
                    "\" is no interface identifier: write a suffix such as \"::1\", or \"eui64\", "
                    "\"stable\" or \"random\""));
  }
  if (suffix->high() != 0) {
    return fail(cat(*suffix,
                    " has bits in the upper half: an interface identifier is the lower 64 ",
                    "bits, such as ", Ip6Address::from_halves(0, suffix->low())));
  }
  if (is_reserved_interface_id(suffix->low())) {
    return fail(cat(*suffix, " is reserved (RFC 5453): no interface may have it"));
  }
  return InterfaceIdPolicy{.kind = Kind::kFixed, .fixed = *suffix};
}

std::string InterfaceIdPolicy::to_string() const {
  switch (kind) {
    case Kind::kFixed:
      return fixed.to_string();
    case Kind::kEui64:
      return "eui64";
    case Kind::kStable:
      return "stable";
    case Kind::kRandom:
      return "random";
  }
  return {};
}

bool is_reserved_interface_id(std::uint64_t id) { return sixgate::is_reserved_interface_id(id); }

std::uint64_t stable_interface_id(const Prefix& on_link, std::string_view interface,
                                  const StableSecret& secret, unsigned dad_counter) {
  for (std::uint32_t counter = dad_counter;; ++counter) {
    // RID = F(Prefix, Net_Iface, Network_ID, DAD_Counter, secret_key); the name ends with a zero,
    // which no name contains, so that no two inputs run together.
    std::vector<std::uint8_t> input;
    const Ip6Address::Bytes& bytes = on_link.address().bytes();
    const std::ptrdiff_t octets = on_link.length() > 64 ? 16 : 8;
    input.insert(input.end(), bytes.begin(), bytes.begin() + octets);
    input.insert(input.end(), interface.begin(), interface.end());
    input.push_back(0);
    for (unsigned shift = 32; shift > 0; shift -= 8) {
      input.push_back(static_cast<std::uint8_t>(counter >> (shift - 8)));
    }
    input.insert(input.end(), secret.begin(), secret.end());
    const Sha256::Digest digest = Sha256::of(input);
    std::uint64_t id = 0;  // the least significant 64 bits of RID
    for (std::size_t i = digest.size() - 8; i < digest.size(); ++i) id = id << 8 | digest[i];
    id = on_link.interface_id(Ip6Address::from_halves(0, id));
    if (!sixgate::is_reserved_interface_id(on_link, id)) return id;
  }
}

Ip6Address make_address(const Prefix& on_link, const InterfaceIdPolicy& policy,
                        const MacAddress* mac, std::string_view interface,
                        const StableSecret& secret, unsigned dad_counter, Rng& rng) {
  const auto with = [&on_link](std::uint64_t id) {
    return on_link.with_suffix(Ip6Address::from_halves(0, id));
  };
  const auto usable = [&on_link](std::uint64_t id) {
    return !sixgate::is_reserved_interface_id(on_link,
                                              on_link.interface_id(Ip6Address::from_halves(0, id)));
  };
  switch (policy.kind) {
    case InterfaceIdPolicy::Kind::kFixed:
      return with(policy.fixed.low());
    case InterfaceIdPolicy::Kind::kEui64:
      if (mac != nullptr && dad_counter == 0 && usable(mac->eui64())) return with(mac->eui64());
      break;
    case InterfaceIdPolicy::Kind::kStable:
      break;
    case InterfaceIdPolicy::Kind::kRandom:
      for (;;) {
        const std::uint64_t id = rng.u64();
        if (usable(id)) return with(id);
      }
  }
  return with(stable_interface_id(on_link, interface, secret, dad_counter));
}

}  // namespace sixgate::delegation
