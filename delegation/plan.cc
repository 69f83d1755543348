// SPDX-License-Identifier: Apache-2.0
#include "delegation/plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sixgate::delegation {

namespace {

using Blocks = std::vector<std::optional<Block>>;

class Planner {
 public:
  Planner(const Prefix& delegation, const Space& taken, const std::vector<Claim>& claims)
      : whole_(Run::of(delegation)), taken_(taken), claims_(claims), active_(claims.size(), true) {
    for (std::size_t i = 0; i < claims.size(); ++i) {
      limits_.push_back(floor(i, delegation.length()));
      least_.push_back(limits_.back());
      hinted_.push_back(claims[i].hint.has_value());
      by_rank_.push_back(i);
    }
    // Who is served when there are fewer /64s than LANs.
    std::sort(by_rank_.begin(), by_rank_.end(),
              [this](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  }

  Blocks run() {
    // Shrink until everybody has a place, and drop only when all are down to the
    // smallest and no hint is in the way.
    Blocks blocks = attempt();
    while (!complete(blocks)) {
      if (const auto giver = shrinkable(blocks)) {
        limits_[*giver] = blocks[*giver]->length + 1;
      } else if (without_a_hint(blocks)) {
        break;
      } else {
        active_[last_active()] = false;
      }
      blocks = attempt();
    }
    favour_priority(blocks);
    give_back(blocks);
    fill_in_place(blocks);
    return blocks;
  }

 private:
  unsigned floor(std::size_t i, unsigned delegation_length) const {
    return std::max(claims_[i].wanted, delegation_length);
  }

  std::tuple<bool, bool, long, bool, std::size_t> rank(std::size_t i) const {
    const Claim& claim = claims_[i];
    // What exists is not given away to an equal: adding a LAN renumbers nobody. Nor, by one who has a prefix
    // elsewhere, to a higher priority.
    const bool lacks = !claim.held.has_value();
    return {claim.served_elsewhere, claim.served_elsewhere && lacks,
            -static_cast<long>(claim.priority), lacks, i};
  }

  // Everybody's place under the present limits; none for who found no room.
  Blocks attempt() const {
    Blocks blocks(claims_.size());
    Space space = taken_;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      if (active_[i]) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return std::tuple(limits_[a], -static_cast<long>(claims_[a].priority)) <
             std::tuple(limits_[b], -static_cast<long>(claims_[b].priority));
    });
    place_hints(order, blocks, space);
    place_held(order, blocks, space);
    place_known_numbers(order, blocks, space);
    place_rest(order, blocks, space);
    return blocks;
  }

  Run run_of(const Block& block) const {
    return Run::block(whole_.first + block.index, block.length);
  }
  bool in_range(const Place& index) const { return index <= whole_.last - whole_.first; }

  bool put(std::size_t i, const Place& index, unsigned length, Blocks& blocks, Space& space) const {
    if (!in_range(index)) return false;
    const Run run = Run::block(whole_.first + index, length);
    if (run.first != whole_.first + index || !whole_.contains(run)) return false;
    if (!space.is_free(run, claims_[i].lan)) return false;
    blocks[i] = Block{index, length};
    space.take(run, claims_[i].lan);
    return true;
  }

  bool stands_at_hint(const Claim& claim) const {
    return claim.held && claim.is_at_hint(claim.held->index) && !claim.wanted_changed;
  }

  void place_hints(const std::vector<std::size_t>& order, Blocks& blocks, Space& space) const {
    // Who stands where its hint says has what it has; it grows later, and not at the cost of others.
    for (const std::size_t i : by_rank_) {
      if (active_[i] && stands_at_hint(claims_[i])) keep(i, blocks, space);
    }
    for (const std::size_t i : order) {
      if (!blocks[i] && hinted_[i]) put_at_hint(i, blocks, space);
    }
  }

  void put_at_hint(std::size_t i, Blocks& blocks, Space& space) const {
    const Place& hint = *claims_[i].hint;
    if (limits_[i] <= 64 || !in_range(hint)) {
      put(i, hint, limits_[i], blocks, space);
      return;
    }
    const Run slash64 = Run::block(whole_.first + hint, 64);
    const auto at = space.lowest(slash64, limits_[i], claims_[i].lan);
    if (at) put(i, *at - whole_.first, limits_[i], blocks, space);
  }

  void keep(std::size_t i, Blocks& blocks, Space& space) const {
    const Block& held = *claims_[i].held;
    for (unsigned length = std::max(held.length, limits_[i]);
         length <= claims_[i].smallest() && !blocks[i]; ++length) {
      put(i, held.index, length, blocks, space);
    }
  }

  // What a LAN has it keeps: the first /64 at least, which is the one its hosts are in. Everybody's present
  // blocks are set aside before anybody's grows.
  void place_held(const std::vector<std::size_t>& order, Blocks& blocks, Space& space) const {
    for (const std::size_t i : by_rank_) {
      if (active_[i] && !blocks[i] && claims_[i].held) keep(i, blocks, space);
    }
    bool grown = false;
    for (const std::size_t i : order) {
      if (!blocks[i] || !claims_[i].held || blocks[i]->length == limits_[i]) continue;
      grow(i, blocks, all_but(i, blocks));
      grown = true;
    }
    if (grown) space = all_but(claims_.size(), blocks);
  }

  void grow(std::size_t i, Blocks& blocks, const Space& others) const {
    const Place index = blocks[i]->index;
    for (unsigned length = limits_[i]; length < blocks[i]->length; ++length) {
      const Run run = Run::block(whole_.first + index, length);
      if (run.first == whole_.first + index && others.is_free(run, claims_[i].lan)) {
        blocks[i]->length = length;
        break;
      }
    }
    // A person who asks for another size wants that more than the same number.
    if (blocks[i]->length != limits_[i] && claims_[i].wanted_changed) {
      const auto at = others.nearest(whole_, limits_[i], whole_.first + index, claims_[i].lan);
      if (at) blocks[i] = Block{*at - whole_.first, limits_[i]};
    }
  }

  Space all_but(std::size_t skipped, const Blocks& blocks) const {
    Space space = taken_;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (i != skipped && blocks[i]) space.take(run_of(*blocks[i]), claims_[i].lan);
    }
    return space;
  }

  void place_known_numbers(const std::vector<std::size_t>& order, Blocks& blocks,
                           Space& space) const {
    for (const std::size_t i : order) {
      if (!blocks[i] && claims_[i].before) {
        put(i, *claims_[i].before, limits_[i], blocks, space);
      }
    }
  }

  // The number to be near to, when the exact place is not to be had.
  std::optional<Place> wish(const Claim& claim) const {
    // Of a hint that is too large the low bits stay: 10, 11, 12 become 0, 1, 2 in a /60.
    if (claim.hint) return whole_.first + (*claim.hint & (whole_.last - whole_.first));
    if (claim.held && in_range(claim.held->index)) return whole_.first + claim.held->index;
    if (claim.before && in_range(*claim.before)) return whole_.first + *claim.before;
    return std::nullopt;
  }

  void place_rest(const std::vector<std::size_t>& order, Blocks& blocks, Space& space) const {
    for (const std::size_t i : order) {
      if (blocks[i]) continue;
      const auto near = wish(claims_[i]);
      for (unsigned length = limits_[i]; length <= claims_[i].smallest() && !blocks[i]; ++length) {
        const auto at = near ? space.nearest(whole_, length, *near, claims_[i].lan)
                             : space.lowest(whole_, length, claims_[i].lan);
        if (at) put(i, *at - whole_.first, length, blocks, space);
      }
    }
  }

  bool complete(const Blocks& blocks) const {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (active_[i] && !blocks[i]) return false;
    }
    return true;
  }

  // The lowest priority gives first, there the largest block, there the last in the configuration.
  std::optional<std::size_t> shrinkable(const Blocks& blocks) const {
    std::optional<std::size_t> giver;
    const auto key = [&](std::size_t i) {
      return std::tuple(claims_[i].priority, blocks[i]->length, -static_cast<long>(i));
    };
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (!blocks[i] || blocks[i]->length >= claims_[i].smallest()) continue;
      if (!giver || key(i) < key(*giver)) giver = i;
    }
    return giver;
  }

  // Less than a /64 in the one that its hint names may be in the way of who needs that one whole, where there is no other.
  // Rather than leave somebody out, hints are not met.
  bool without_a_hint(Blocks& blocks) {
    const std::vector<bool> before = hinted_;
    for (std::size_t at = by_rank_.size(); at > 0; --at) {
      const std::size_t i = by_rank_[at - 1];
      if (!active_[i] || !hinted_[i] || claims_[i].wanted <= 64) continue;
      hinted_[i] = false;
      Blocks tried = attempt();
      if (complete(tried)) {
        blocks = std::move(tried);
        return true;
      }
    }
    hinted_ = before;
    return false;
  }

  std::size_t last_active() const {
    for (std::size_t at = by_rank_.size(); at > 0; --at) {
      if (active_[by_rank_[at - 1]]) return by_rank_[at - 1];
    }
    return 0;
  }

  // Whether nobody but `exempt` has less in `after`, and `gainer` has more.
  static bool better(const Blocks& before, const Blocks& after, std::size_t gainer,
                     std::size_t exempt) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      const unsigned had = before[i] ? before[i]->length : 129;
      const unsigned has = after[i] ? after[i]->length : 129;
      if (i == gainer ? has >= had : (i != exempt && has > had)) return false;
    }
    return true;
  }

  // Where a LAN got less than it wants while one of lower priority has more than it needs, the
  // latter gives.
  void favour_priority(Blocks& blocks) {
    for (const std::size_t high : by_rank_) {
      for (std::size_t low = blocks.size(); low-- > 0;) {
        if (!blocks[high] || !blocks[low]) continue;
        if (claims_[low].priority >= claims_[high].priority) continue;
        for (unsigned limit = blocks[low]->length + 1;
             limit <= claims_[low].smallest() && blocks[high]->length > least_[high]; ++limit) {
          const std::vector<unsigned> limits = limits_;
          limits_[low] = limit;
          limits_[high] = blocks[high]->length - 1;
          Blocks traded = attempt();
          if (complete(traded) && better(blocks, traded, high, low)) {
            blocks = std::move(traded);
          } else {
            limits_ = limits;
          }
        }
      }
    }
  }

  // Shrinking and dropping one after the other may have taken more than was needed: give back what
  // still fits, a step for each in turn.
  void give_back(Blocks& blocks) {
    for (bool changed = true; changed;) {
      changed = false;
      for (const std::size_t i : by_rank_) {
        const bool was_active = active_[i];
        const unsigned limit = limits_[i];
        const std::vector<bool> hinted = hinted_;
        if (was_active && blocks[i]->length == least_[i]) continue;
        active_[i] = true;
        limits_[i] = was_active ? blocks[i]->length - 1 : claims_[i].smallest();
        Blocks grown = attempt();
        if ((complete(grown) || (!was_active && without_a_hint(grown))) &&
            better(blocks, grown, i, i)) {
          blocks = std::move(grown);
          changed = true;
        } else {
          active_[i] = was_active;
          limits_[i] = limit;
          hinted_ = hinted;
        }
      }
    }
  }

  // What can still grow where it stands does so now and not at the next call.
  void fill_in_place(Blocks& blocks) const {
    for (const std::size_t i : by_rank_) {
      if (!blocks[i]) continue;
      const Space others = all_but(i, blocks);
      for (unsigned length = least_[i]; length < blocks[i]->length; ++length) {
        const Run run = Run::block(whole_.first + blocks[i]->index, length);
        if (run.first == whole_.first + blocks[i]->index && whole_.contains(run) &&
            others.is_free(run, claims_[i].lan)) {
          blocks[i]->length = length;
        }
      }
    }
  }

  const Run whole_;
  const Space& taken_;
  const std::vector<Claim>& claims_;
  std::vector<bool> active_;
  std::vector<bool> hinted_;      // whose hint is to be met
  std::vector<unsigned> limits_;  // the largest block each may have now, as a length
  std::vector<unsigned> least_;   // and at the start
  std::vector<std::size_t> by_rank_;
};

}  // namespace

std::vector<std::optional<Block>> plan(const Prefix& delegation, const Space& taken,
                                       const std::vector<Claim>& claims) {
  return Planner(delegation, taken, claims).run();
}

}  // namespace sixgate::delegation
