// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/registrations.h"

namespace sixgate::dhcp6 {

const Registration* Registrations::find(const Ip6Address& address) const {
  const auto found = all_.find(address);
  return found == all_.end() ? nullptr : &found->second;
}

void Registrations::put(const Ip6Address& address, Registration registration) {
  remove(address);
  if (!registration.until.is_never()) ends_.emplace(registration.until, address);
  all_.emplace(address, std::move(registration));
}

void Registrations::remove(const Ip6Address& address) {
  const auto found = all_.find(address);
  if (found == all_.end()) return;
  ends_.erase({found->second.until, address});
  all_.erase(found);
}

std::optional<Ip6Address> Registrations::next_ended(Instant now) const {
  if (ends_.empty() || ends_.begin()->first > now) return std::nullopt;
  return ends_.begin()->second;
}

std::optional<Instant> Registrations::next_end() const {
  if (ends_.empty()) return std::nullopt;
  return ends_.begin()->first;
}

}  // namespace sixgate::dhcp6
