// SPDX-License-Identifier: Apache-2.0
#include "ra/option_lifetimes.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

namespace sixgate::ra {

namespace {

std::vector<Lifetime> lifetimes(const Option& option) {
  return std::visit(
      [](const auto& o) -> std::vector<Lifetime> {
        using T = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<T, PrefixInformation>) {
          return {o.valid, o.preferred};
        } else if constexpr (std::is_same_v<T, Pref64>) {
          return {o.seconds_left()};
        } else if constexpr (requires { Lifetime(o.lifetime); }) {
          return {o.lifetime};
        } else {
          return {};
        }
      },
      option);
}

bool shortened(Lifetime was, Lifetime is, std::uint32_t slack) {
  const std::uint32_t before = was.count();
  const std::uint32_t after = is.count();
  return (before == 0) != (after == 0) || (after < before && before - after > slack);
}

bool is_news(const Option& before, const Option& after) {
  if (without_lifetimes(before) != without_lifetimes(after)) return true;
  // PREF64 counts in units of eight seconds.
  const std::uint32_t slack = std::holds_alternative<Pref64>(after) ? 8 : 2;
  const std::vector<Lifetime> was = lifetimes(before);
  const std::vector<Lifetime> is = lifetimes(after);
  return !std::equal(was.begin(), was.end(), is.begin(), is.end(),
                     [&](Lifetime a, Lifetime b) { return !shortened(a, b, slack); });
}

}  // namespace

Option without_lifetimes(Option option) {
  std::visit(
      [](auto& o) {
        using T = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<T, PrefixInformation>) {
          o.valid = o.preferred = Lifetime(0);
        } else if constexpr (std::is_same_v<T, Pref64>) {
          o.lifetime = 0;
        } else if constexpr (requires { o.lifetime = Lifetime(0); }) {
          o.lifetime = Lifetime(0);
        }
      },
      option);
  return option;
}

std::uint32_t shortest_lifetime(const RouterAdvertisement& message) {
  std::uint32_t shortest = std::numeric_limits<std::uint32_t>::max();
  const auto lower = [&](std::uint32_t lifetime) {
    if (lifetime > 0) shortest = std::min(shortest, lifetime);
  };
  lower(static_cast<std::uint32_t>(message.router_lifetime.count()));
  for (const Option& option : message.options) {
    for (const Lifetime lifetime : lifetimes(option)) lower(lifetime.count());
  }
  return shortest;
}

bool is_news(const RouterAdvertisement& before, const RouterAdvertisement& after) {
  RouterAdvertisement a = before;
  RouterAdvertisement b = after;
  a.options.clear();
  b.options.clear();
  return a != b || !std::equal(before.options.begin(), before.options.end(), after.options.begin(),
                               after.options.end(),
                               [](const Option& x, const Option& y) { return !is_news(x, y); });
}

}  // namespace sixgate::ra
