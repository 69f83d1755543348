// SPDX-License-Identifier: Apache-2.0
// The names of our chains of ip6tables, by table. Of the rules in them know the files of ip6tables_parts.h, of how they are
// reached and taken away ip6tables_jumps.cc.
#pragma once

#include <array>
#include <string_view>

#include "firewall/user_rules.h"

namespace sixgate::firewall {

inline constexpr std::string_view kPrerouting = "sixgate-prerouting";  // raw
inline constexpr std::string_view kUntracked = "sixgate-untracked";
inline constexpr std::string_view kOutput = "sixgate-output";
inline constexpr std::string_view kMss = "sixgate-mss";      // mangle
inline constexpr std::string_view kInput = "sixgate-input";  // filter
inline constexpr std::string_view kForward = "sixgate-forward";
inline constexpr std::string_view kLeaving = "sixgate-leaving";
inline constexpr std::string_view kToUs = "sixgate-to-us";
inline constexpr std::string_view kThrough = "sixgate-through";
inline constexpr std::string_view kSource = "sixgate-source";
inline constexpr std::string_view kFromWan = "sixgate-from-wan";
inline constexpr std::string_view kToWan = "sixgate-to-wan";
inline constexpr std::string_view kToGuarded = "sixgate-to-guarded";
inline constexpr std::string_view kGuardedBehind = "sixgate-shut";
inline constexpr std::string_view kLog = "sixgate-log";
inline constexpr std::string_view kOthers = "sixgate-others";
inline constexpr std::string_view kBeside = "sixgate-beside";
inline constexpr std::string_view kRemember = "sixgate-remember";
inline constexpr std::string_view kTranslateIn = "sixgate-translate-in";  // nat
inline constexpr std::string_view kTranslateOut = "sixgate-translate-out";
inline constexpr std::string_view kTranslated = "sixgate-translated";  // filter
// What is counted (firewall/counted.h), by its name, and after a dot which fate it is; the
// packet's fate is in these chains alone, which stay when others are written anew.
inline constexpr std::string_view kRefused = "sixgate-refused";
inline constexpr std::string_view kRefusedSilently = "sixgate-refused.drop";
inline constexpr std::string_view kApart = "sixgate-apart";
inline constexpr std::string_view kRouter = "sixgate-router";
inline constexpr std::string_view kRouterTold = "sixgate-router.told";
inline constexpr std::string_view kForged = "sixgate-forged";
inline constexpr std::string_view kForgedSilently = "sixgate-forged.drop";
inline constexpr std::string_view kOutside = "sixgate-outside";
inline constexpr std::string_view kMisplaced = "sixgate-misplaced";
inline constexpr std::string_view kUnrouted = "sixgate-unrouted";
inline constexpr std::string_view kUnroutedSilently = "sixgate-unrouted.drop";
inline constexpr std::string_view kUnroutedBack = "sixgate-unrouted.back";
inline constexpr std::string_view kUnprovisioned = "sixgate-unprovisioned";
inline constexpr std::string_view kUnprovisionedSilently = "sixgate-unprovisioned.drop";
inline constexpr std::string_view kInvalid = "sixgate-invalid";
inline constexpr std::string_view kMiddles = "sixgate-middles";
inline constexpr std::string_view kLogged = "sixgate-logged";
inline constexpr std::string_view kFlood = "sixgate-flood";
inline constexpr std::string_view kUnasked = "sixgate-unasked";
inline constexpr std::string_view kPinholes = "sixgate-pinholes";
inline constexpr std::string_view kEndpoints = "sixgate-endpoints";
inline constexpr std::string_view kKnocks = "sixgate-knocks";

inline constexpr std::array kRawChains{kPrerouting, kOutput, kUntracked};
inline constexpr std::array kMangleChains{kMss};
inline constexpr std::array kNatChains{kTranslateIn, kTranslateOut};
inline constexpr std::array kFilterChains{kInput,
                                          kForward,
                                          kLeaving,
                                          kToUs,
                                          kThrough,
                                          kSource,
                                          kFromWan,
                                          kToWan,
                                          kToGuarded,
                                          kGuardedBehind,
                                          kTranslated,
                                          kLog,
                                          kOthers,
                                          kBeside,
                                          kRemember,
                                          kUserInput.ip6tables,
                                          kUserBefore.ip6tables,
                                          kUserAfter.ip6tables,
                                          kUserForward.ip6tables};
inline constexpr std::array kRawFates{kMisplaced, kOutside};
inline constexpr std::array kFilterFates{kRefused,        kRefusedSilently,
                                         kApart,          kRouter,
                                         kRouterTold,     kForged,
                                         kForgedSilently, kOutside,
                                         kMisplaced,      kUnrouted,
                                         kUnroutedBack,   kUnroutedSilently,
                                         kUnprovisioned,  kUnprovisionedSilently,
                                         kInvalid,        kMiddles,
                                         kFlood,          kUnasked,
                                         kPinholes,       kEndpoints,
                                         kKnocks,         kLogged};

}  // namespace sixgate::firewall
