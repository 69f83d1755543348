// SPDX-License-Identifier: Apache-2.0
// The version that programs name themselves with; CMake gives it.
#pragma once

#include <string_view>

namespace sixgate::daemon {

#ifdef SIXGATE_VERSION
inline constexpr std::string_view kVersion = SIXGATE_VERSION;
#else
inline constexpr std::string_view kVersion = "0.1.0";
#endif

}  // namespace sixgate::daemon
