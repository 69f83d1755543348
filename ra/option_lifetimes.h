// SPDX-License-Identifier: Apache-2.0
// The lifetimes inside options, whatever option it is.
#pragma once

#include <cstdint>

#include "ra/messages.h"

namespace sixgate::ra {

// The option with these lifetimes zero: what it speaks of, without until when.
Option without_lifetimes(Option option);

// The shortest lifetime above zero that is said, the router's own included, in seconds; all ones when
// there is none.
std::uint32_t shortest_lifetime(const RouterAdvertisement& message);

// Whether hosts must hear of `after` at once when they know `before`: anything differs, apart from
// lifetimes that grew. A lease counted in whole seconds comes back a second shorter now and then: that
// is no news.
bool is_news(const RouterAdvertisement& before, const RouterAdvertisement& after);

}  // namespace sixgate::ra
