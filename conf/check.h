// SPDX-License-Identifier: Apache-2.0
// What is wrong with a Config whose values are each well-formed: contradictions between them. The same check
// serves the file and the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"

namespace sixgate::conf {

struct Problem {
  enum class Where : std::uint8_t {
    kGlobal,
    kUla,
    kFirewall,
    kUplink,
    kLan,
    kReservation,
    kPinhole,
    kKnock
  };
  Where where = Where::kGlobal;
  std::size_t index = 0;  // of an uplink, LAN, reservation or pinhole
  std::string_view key;   // empty: the table itself
  std::string text;
  bool is_error = true;
};

std::vector<Problem> check(const Config& config);

// Why a text is no name of an interface.
std::string no_interface_name(std::string_view name);

// A name for an uplink or LAN: 1..32 of letters, digits, '.', '_', '-'.
bool is_section_name(std::string_view name);

}  // namespace sixgate::conf
