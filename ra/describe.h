// SPDX-License-Identifier: Apache-2.0
// A Router Advertisement in words, for status, logs and `sixgate monitor`.
#pragma once

#include <string>
#include <vector>

#include "ra/messages.h"

namespace sixgate::ra {

// One field or option: "router lifetime" is "2700 s", "prefix 2001:db8:1::/64" is "on-link, autonomous,
// preferred 2700 s, valid 5400 s". Names are stable; what several options share is told apart by its name.
struct DescribedField {
  std::string name;
  std::string value;
  bool operator==(const DescribedField&) const = default;
};
std::vector<DescribedField> describe(const RouterAdvertisement& message);

// What it amounts to, in one line: "router lifetime 2700 s, prefixes 2001:db8:1::/64".
std::string summary(const RouterAdvertisement& message);

}  // namespace sixgate::ra
