// SPDX-License-Identifier: Apache-2.0
#include "delegation/carve.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "delegation/plan.h"
#include "delegation/space.h"
#include "net/text.h"

namespace sixgate::delegation {

namespace {

constexpr unsigned kMaxRounds = 8;
constexpr std::size_t kMaxAbsent = 64;  // how many entries of LANs that are gone are kept

std::string hex(std::uint64_t number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
    number >>= 4;
  } while (number != 0);
  return digits;
}

unsigned wanted_length(const LanRequest& lan) {
  return std::clamp(lan.assign_length, 48U, kLongestAssign);
}

bool is_unicast(const Prefix& prefix) {
  return prefix.address().is_global_unicast() || prefix.address().is_unique_local();
}

class Carver {
 public:
  Carver(const std::vector<Delegation>& delegations, const std::vector<LanRequest>& lans,
         const CarveMemory& memory)
      : lans_(lans), memory_(memory) {
    for (const Delegation& d : delegations) {
      (d.standing == Standing::kLive ? live_ : deprecated_).push_back(&d);
    }
    // The smaller of two nested delegations has the fewer places: it is carved first.
    const auto earlier = [](const Delegation* a, const Delegation* b) {
      return std::tuple(-static_cast<int>(a->prefix.length()), a->origin, a->prefix) <
             std::tuple(-static_cast<int>(b->prefix.length()), b->origin, b->prefix);
    };
    std::sort(live_.begin(), live_.end(), earlier);
    std::sort(deprecated_.begin(), deprecated_.end(), earlier);
    resolve_memory();
  }

  // Where the outcome takes from a LAN what it had according to this carver's memory.
  void report_moves(CarveResult& outcome) const {
    for (const Assignment& given : outcome.assignments) {
      for (std::size_t lan = 0; lan < lans_.size(); ++lan) {
        if (lans_[lan].name != given.lan || given.standing != Standing::kLive) continue;
        const Remembered* entry = find_entry(lan, [&given](const Remembered& e) {
          return e.delegation == given.delegation && e.origin == given.origin;
        });
        const auto had = entry == nullptr ? std::nullopt : remembered_prefix(*entry);
        if (had && had->address() != given.prefix.address()) {
          outcome.findings.push_back(
              {LogLevel::kWarning, cat(who(lan), " moves from ", *had, " to ", given.prefix)});
        }
      }
    }
  }

  CarveResult run() {
    keep_deprecated();
    check_hints();
    for (std::size_t at = 0; at < live_.size(); ++at) {
      if (usable(*live_[at])) carve_live(at);
    }
    finish();
    return std::move(result_);
  }

 private:
  struct Given {
    std::size_t lan;
    const Delegation* delegation;
    Prefix prefix;
    unsigned wanted;
  };

  struct Unserved {
    std::size_t lan;
    const Delegation* delegation;
    std::size_t claims;  // how many LANs it was to serve
  };

  // Which configured LAN an entry speaks of: by name, else the LAN that now has its interface and
  // no entry of its own name (it was renamed).
  void resolve_memory() {
    for (const Remembered& entry : memory_.entries) {
      std::optional<std::size_t> found;
      for (std::size_t i = 0; i < lans_.size() && !found; ++i) {
        if (lans_[i].name == entry.lan) found = i;
      }
      for (std::size_t i = 0; i < lans_.size() && !found; ++i) {
        const bool known =
            std::any_of(memory_.entries.begin(), memory_.entries.end(),
                        [&](const Remembered& other) { return other.lan == lans_[i].name; });
        if (!known && lans_[i].interface == entry.interface) found = i;
      }
      lan_of_entry_.push_back(found);
    }
  }

  const Remembered* find_entry(std::size_t lan, const auto& matches) const {
    for (std::size_t i = 0; i < memory_.entries.size(); ++i) {
      if (lan_of_entry_[i] == lan && matches(memory_.entries[i])) return &memory_.entries[i];
    }
    return nullptr;
  }

  // What the LAN has of this very prefix; also when its origin has another name now.
  const Remembered* held_entry(std::size_t lan, const Delegation& d) const {
    const Remembered* same = find_entry(lan, [&d](const Remembered& entry) {
      return entry.delegation == d.prefix && entry.origin == d.origin;
    });
    if (same != nullptr || d.standing == Standing::kDeprecated) return same;
    return find_entry(lan, [&d](const Remembered& entry) { return entry.delegation == d.prefix; });
  }

  // What it had of an earlier delegation of the same origin; of an origin that is new, its number
  // elsewhere.
  const Remembered* earlier_entry(std::size_t lan, const Delegation& d) const {
    const auto same_origin = [&d](const Remembered& entry) { return entry.origin == d.origin; };
    if (std::any_of(memory_.entries.begin(), memory_.entries.end(), same_origin)) {
      return find_entry(lan, same_origin);
    }
    return find_entry(lan, [](const Remembered&) { return true; });
  }

  static std::optional<Prefix> remembered_prefix(const Remembered& entry) {
    const Run whole = Run::of(entry.delegation);
    if (entry.length > kLongestAssign || entry.length < entry.delegation.length() ||
        entry.index > whole.last - whole.first) {
      return std::nullopt;
    }
    const Place first = whole.first + entry.index;
    const Prefix prefix(first.address(), entry.length);
    if (Place::of(prefix.address()) != first) return std::nullopt;
    return prefix;
  }

  // The part of a block that hosts are in.
  static Run on_link(const Prefix& prefix) {
    return Run::block(Place::of(prefix.address()), std::max(prefix.length(), 64U));
  }

  bool configured_for(std::size_t lan, const Delegation& d) const {
    return lans_[lan].takes_from(d.origin);
  }

  static Run kept_by_provider(const Prefix& excluded) {
    return Run::block(Place::of(excluded.address()), std::min(excluded.length(), 64U));
  }

  // Deprecated prefixes stay with their LAN for its hosts' sake; nobody else may have them
  // meanwhile.
  void keep_deprecated() {
    for (const Delegation* d : deprecated_) {
      for (std::size_t lan = 0; lan < lans_.size(); ++lan) {
        const Remembered* entry = held_entry(lan, *d);
        if (entry == nullptr || !configured_for(lan, *d)) continue;
        const auto prefix = remembered_prefix(*entry);
        if (!prefix) continue;
        if (!space_.is_free(on_link(*prefix), Space::kNobody)) continue;
        space_.take(on_link(*prefix), lan, true);
        given_.push_back({lan, d, *prefix, entry->wanted});
      }
    }
    // RFC 6603: used on the link to the delegating router; and so is the rest of its /64.
    for (const auto* list : {&live_, &deprecated_}) {
      for (const Delegation* d : *list) {
        if (d->excluded) space_.take(kept_by_provider(*d->excluded), Space::kNobody);
      }
    }
  }

  void check_hints() {
    if (live_.empty()) return;
    for (const LanRequest& lan : lans_) {
      if (!lan.hint) continue;
      const std::uint64_t aligned = Run::block({*lan.hint, 0}, wanted_length(lan)).first.high;
      if (aligned != *lan.hint) {
        warn(cat("LAN ", lan.name, ": ip6hint ", hex(*lan.hint), " does not begin a /",
                 wanted_length(lan), "; it is taken as ", hex(aligned)));
      }
    }
  }

  bool usable(const Delegation& d) {
    if (d.prefix.length() > 64) {
      result_.findings.push_back(
          {LogLevel::kError, cat(d.prefix, " from ", d.origin,
                                 " is longer than a /64: no LAN can use it, hosts need a whole "
                                 "/64 to configure addresses")});
      return false;
    }
    if (!is_unicast(d.prefix)) {
      result_.findings.push_back({LogLevel::kError, cat(d.prefix, " from ", d.origin,
                                                        " is no range of unicast addresses: "
                                                        "it is not used")});
      return false;
    }
    return true;
  }

  // A LAN that takes prefixes of two origins is served once when both delegate the very same
  // prefix.
  bool served_by_twin(std::size_t lan, std::size_t at) const {
    for (std::size_t i = 0; i < at; ++i) {
      if (live_[i]->prefix == live_[at]->prefix && configured_for(lan, *live_[i])) return true;
    }
    return false;
  }

  bool has_room_for_all(const Delegation& d) const {
    const bool shared = std::any_of(live_.begin(), live_.end(), [&d](const Delegation* other) {
      return other != &d && other->prefix.overlaps(d.prefix);
    });
    const std::uint64_t takers = slash64s_needed(lans_, d.origin);
    const std::uint64_t kept =
        d.excluded ? std::max<std::uint64_t>(1, d.excluded->subnet_count(64)) : 0;
    return !shared && d.prefix.subnet_count(64) >= takers + kept;
  }

  bool served_elsewhere(std::size_t lan, std::size_t at) const {
    const auto same_kind = [&](const Delegation& other) {
      return other.prefix.length() <= 64 && !other.prefix.address().is_unique_local() &&
             other.standing == Standing::kLive;
    };
    if (live_[at]->prefix.address().is_unique_local()) return false;
    for (const Given& given : given_) {
      if (given.lan == lan && same_kind(*given.delegation)) return true;
    }
    for (std::size_t i = at + 1; i < live_.size(); ++i) {
      if (same_kind(*live_[i]) && configured_for(lan, *live_[i]) && !served_by_twin(lan, i) &&
          (has_room_for_all(*live_[i]) || held_entry(lan, *live_[i]) != nullptr)) {
        return true;
      }
    }
    return false;
  }

  // What is not free in delegation `at`: also what LANs have of overlapping ones whose turn comes
  // later.
  Space space_for(std::size_t at) const {
    Space space = space_;
    for (std::size_t i = at + 1; i < live_.size(); ++i) {
      if (!live_[i]->prefix.overlaps(live_[at]->prefix)) continue;
      for (std::size_t lan = 0; lan < lans_.size(); ++lan) {
        const Remembered* entry = held_entry(lan, *live_[i]);
        if (entry == nullptr || !configured_for(lan, *live_[i]) || served_by_twin(lan, i)) continue;
        if (const auto prefix = remembered_prefix(*entry)) {
          space.take(on_link(*prefix), lan);
        }
      }
    }
    return space;
  }

  Claim claim_of(std::size_t lan, std::size_t at) const {
    const Delegation& d = *live_[at];
    Claim claim{.lan = lan,
                .wanted = wanted_length(lans_[lan]),
                .priority = lans_[lan].priority,
                .served_elsewhere = served_elsewhere(lan, at)};
    if (lans_[lan].hint) claim.hint = Run::block({*lans_[lan].hint, 0}, claim.wanted).first;
    if (const Remembered* entry = held_entry(lan, d); entry != nullptr) {
      if (const auto prefix = remembered_prefix(*entry)) {
        claim.held = Block{entry->index, prefix->length()};
        claim.wanted_changed = entry->wanted != claim.wanted;
      }
    } else if (const Remembered* past = earlier_entry(lan, d); past != nullptr) {
      claim.before = past->index;
    }
    return claim;
  }

  void carve_live(std::size_t at) {
    const Delegation& d = *live_[at];
    std::vector<Claim> claims;
    for (std::size_t lan = 0; lan < lans_.size(); ++lan) {
      if (configured_for(lan, d) && !served_by_twin(lan, at)) claims.push_back(claim_of(lan, at));
    }
    const Space space = space_for(at);
    const std::vector<std::optional<Block>> blocks = plan(d.prefix, space, claims);
    const Run whole = Run::of(d.prefix);
    std::vector<std::optional<Prefix>> prefixes;
    for (const auto& block : blocks) {
      prefixes.push_back(
          block ? std::optional(Prefix((whole.first + block->index).address(), block->length))
                : std::nullopt);
    }
    for (std::size_t i = 0; i < claims.size(); ++i) {
      report(d, claims, prefixes, i);
      if (prefixes[i]) settle(claims[i].lan, d, *prefixes[i]);
    }
  }

  void settle(std::size_t lan, const Delegation& d, const Prefix& prefix) {
    // Its own deprecated prefix, alive again: said once.
    std::erase_if(given_, [&](const Given& given) {
      return given.lan == lan && given.delegation->standing == Standing::kDeprecated &&
             prefix.contains(given.prefix.address());
    });
    space_.take(Run::of(prefix), lan);
    given_.push_back({lan, &d, prefix, wanted_length(lans_[lan])});
  }

  void warn(std::string text) { result_.findings.push_back({LogLevel::kWarning, std::move(text)}); }

  std::string who(std::size_t lan) const {
    return lans_[lan].name == lans_[lan].interface ? cat("LAN ", lans_[lan].name)
                                                   : cat("LAN ", lans_[lan].name, " (",
                                                         lans_[lan].interface, ")");
  }

  void report(const Delegation& d, const std::vector<Claim>& claims,
              const std::vector<std::optional<Prefix>>& prefixes, std::size_t i) {
    const Claim& claim = claims[i];
    const LanRequest& lan = lans_[claim.lan];
    if (!prefixes[i]) {
      result_.left_out.push_back({lan.name, lan.interface, d.origin, d.prefix, {}});
      unserved_.push_back({claim.lan, &d, claims.size()});
      return;
    }
    if (prefixes[i]->length() > claim.wanted) {
      warn(cat(who(claim.lan), " wants a /", claim.wanted, " of ", d.prefix, " (", d.origin,
               "), there is room for ", *prefixes[i]));
    }
    report_hint(d, claims, prefixes, i);
  }

  void report_hint(const Delegation& d, const std::vector<Claim>& claims,
                   const std::vector<std::optional<Prefix>>& prefixes, std::size_t i) {
    const Claim& claim = claims[i];
    if (!claim.hint) return;
    const Run whole = Run::of(d.prefix);
    if (*claim.hint > whole.last - whole.first) {
      warn(cat(who(claim.lan), ": ip6hint ", hex(claim.hint->high), " lies outside ", d.prefix,
               " (", d.origin, "); it gets ", *prefixes[i]));
      return;
    }
    if (claim.is_at_hint(Place::of(prefixes[i]->address()) - whole.first)) return;
    const Run wished_run =
        Run::block(whole.first + *claim.hint, std::clamp(claim.wanted, d.prefix.length(), 64U));
    std::string reason = "is in use";
    for (std::size_t other = 0; other < claims.size(); ++other) {
      if (other != i && prefixes[other] && Run::of(*prefixes[other]).overlaps(wished_run)) {
        reason = cat("is taken by LAN ", lans_[claims[other].lan].name);
      }
    }
    if (d.excluded && kept_by_provider(*d.excluded).overlaps(wished_run)) {
      reason = cat("overlaps ", *d.excluded, ", which the provider keeps");
    }
    warn(cat(who(claim.lan), ": ip6hint ", hex(claim.hint->high), " in ", d.prefix, " (", d.origin,
             ") ", reason, "; it gets ", *prefixes[i]));
  }

  void trim_deprecated() {
    for (Given& given : given_) {
      if (given.delegation->standing == Standing::kLive) continue;
      const auto overlapped = [&] {
        return std::any_of(given_.begin(), given_.end(), [&given](const Given& other) {
          return &other != &given && other.prefix.overlaps(given.prefix);
        });
      };
      while (given.prefix.length() < 64 && overlapped()) {
        given.prefix = Prefix(given.prefix.address(), given.prefix.length() + 1);
      }
    }
  }

  // RFC 7084 WPD-3: too small a delegation is a system management error. Not where the origin delegates a /64 to
  // each LAN.
  void report_unserved() {
    std::set<std::pair<std::size_t, std::string_view>> told;
    for (const Unserved& one : unserved_) {
      const Delegation& d = *one.delegation;
      const bool served = std::any_of(given_.begin(), given_.end(), [&](const Given& given) {
        return given.lan == one.lan && given.delegation->origin == d.origin &&
               given.delegation->standing == Standing::kLive;
      });
      if (served || !told.insert({one.lan, d.origin}).second) continue;
      result_.findings.push_back(
          {LogLevel::kError,
           cat(who(one.lan), " gets no prefix from ", d.prefix, " (", d.origin,
               "): it is too small for ", one.claims, one.claims == 1 ? " LAN" : " LANs",
               "; `priority` decides who is served, a wider prefix of the provider would serve "
               "all")});
      for (LeftOut& left_out : result_.left_out) {
        if (left_out.lan == lans_[one.lan].name && left_out.origin == d.origin)
          left_out.finding = result_.findings.back().text;
      }
    }
  }

  void finish() {
    report_unserved();
    trim_deprecated();
    std::stable_sort(given_.begin(), given_.end(), [](const Given& a, const Given& b) {
      return std::tuple(a.lan, a.delegation->standing, a.delegation->origin, a.prefix) <
             std::tuple(b.lan, b.delegation->standing, b.delegation->origin, b.prefix);
    });
    for (const Given& given : given_) {
      const LanRequest& lan = lans_[given.lan];
      const Delegation& d = *given.delegation;
      result_.assignments.push_back(
          {lan.name, lan.interface, d.origin, d.prefix, given.prefix, d.standing});
      const Run whole = Run::of(d.prefix);
      result_.memory.entries.push_back({lan.name, lan.interface, d.origin, d.prefix,
                                        Place::of(given.prefix.address()) - whole.first,
                                        given.prefix.length(), given.wanted});
    }
    remember_the_past();
  }

  bool present(const Remembered& entry) const {
    const auto same = [&entry](const Delegation* d) {
      return d->prefix == entry.delegation && d->origin == entry.origin;
    };
    return std::any_of(live_.begin(), live_.end(), same) ||
           std::any_of(deprecated_.begin(), deprecated_.end(), same);
  }

  // Of the LANs that are here: their last place with an origin that delegates nothing to them now.
  // Of LANs that are not: their places, until somebody else has them.
  void remember_the_past() {
    std::vector<Remembered>& entries = result_.memory.entries;
    const std::size_t current = entries.size();
    std::size_t absent = 0;
    for (std::size_t i = 0; i < memory_.entries.size(); ++i) {
      Remembered entry = memory_.entries[i];
      const auto prefix = remembered_prefix(entry);
      if (!prefix) continue;
      if (lan_of_entry_[i]) {
        const LanRequest& lan = lans_[*lan_of_entry_[i]];
        entry.lan = lan.name;
        entry.interface = lan.interface;
        const bool superseded =
            std::any_of(entries.begin(), entries.end(), [&entry](const Remembered& other) {
              return other.lan == entry.lan && other.origin == entry.origin;
            });
        if (!superseded && !present(entry)) entries.push_back(std::move(entry));
        continue;
      }
      const bool interface_used =
          std::any_of(lans_.begin(), lans_.end(),
                      [&entry](const LanRequest& lan) { return lan.interface == entry.interface; });
      const bool place_used = std::any_of(given_.begin(), given_.end(), [&](const Given& given) {
        return given.prefix.overlaps(*prefix);
      });
      if (!interface_used && !place_used && absent < kMaxAbsent) {
        ++absent;
        entries.push_back(std::move(entry));
      }
    }
    // One order, whatever way an entry came in; what is here stays before what is past.
    std::sort(entries.begin() + static_cast<std::ptrdiff_t>(current), entries.end());
  }

  const std::vector<LanRequest>& lans_;
  const CarveMemory& memory_;
  std::vector<const Delegation*> live_;
  std::vector<const Delegation*> deprecated_;
  std::vector<std::optional<std::size_t>> lan_of_entry_;
  Space space_;
  std::vector<Given> given_;
  std::vector<Unserved> unserved_;
  CarveResult result_;
};

}  // namespace

std::uint64_t slash64s_needed(const std::vector<LanRequest>& lans, std::string_view origin) {
  std::uint64_t whole = 0;
  // Of a /64, in units of the smallest block. Sizes are powers of two: together they fit without a gap.
  std::uint64_t parts = 0;
  for (const LanRequest& lan : lans) {
    if (!lan.takes_from(origin)) continue;
    if (lan.splits_slash64())
      parts += std::uint64_t{1} << (kLongestAssign - wanted_length(lan));
    else
      ++whole;
  }
  constexpr std::uint64_t kOne = std::uint64_t{1} << (kLongestAssign - 64);
  return whole + (parts + kOne - 1) / kOne;
}

CarveResult carve(const std::vector<Delegation>& delegations, const std::vector<LanRequest>& lans,
                  const CarveMemory& memory) {
  Carver first(delegations, lans, memory);
  CarveResult result = first.run();
  // With several delegations, what a LAN gets of one changes what is fair in another. Go on until nothing
  // changes any more, so that the next call with this memory changes nothing either.
  for (unsigned round = 0; round < kMaxRounds; ++round) {
    CarveResult next = Carver(delegations, lans, result.memory).run();
    const bool settled = next.assignments == result.assignments;
    result = std::move(next);
    if (settled) break;
  }
  first.report_moves(result);
  return result;
}

}  // namespace sixgate::delegation
