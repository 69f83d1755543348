// SPDX-License-Identifier: Apache-2.0
// World: virtual time and links that lose, delay, duplicate and reorder. Everything that will happen is an
// event in one queue; one seed decides all of it, so a failing run can be seen again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/ip6_address.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::sim {

struct LinkQuality {
  double loss = 0;
  double duplicate = 0;
  Duration least_delay = Duration(100);
  Duration most_delay = milliseconds(2);
};

class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed) {}

  Instant now() const { return now_; }
  Rng& rng() { return rng_; }

  void at(Instant when, std::function<void()> what) {
    queue_.emplace(std::pair(std::max(when, now_), sequence_++), std::move(what));
  }
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  // Carries a packet over a link: zero, one or two times, each after a delay of its own.
  void carry(const LinkQuality& link, const std::function<void()>& deliver) {
    const int copies = rng_.chance(link.loss) ? 0 : rng_.chance(link.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i)
      after(rng_.between(link.least_delay, link.most_delay), deliver);
  }

  void run_until(Instant end) {
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      auto event = queue_.extract(queue_.begin());
      now_ = event.key().first;
      event.mapped()();
    }
    now_ = std::max(now_, end);
  }
  void run_for(Duration time) { run_until(now_ + time); }

 private:
  Rng rng_;
  Instant now_ = Instant::from_micros(1'000'000);
  std::uint64_t sequence_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue_;
};

// One deadline of an engine in the queue: set again after every event, late ones find nothing to do.
class Alarm {
 public:
  Alarm(World& world, std::function<void()> ring) : world_(world), ring_(std::move(ring)) {}
  void set(std::optional<Instant> when) {
    ++generation_;
    if (!when || when->is_never()) return;
    world_.at(*when, [this, alive = std::weak_ptr<int>(alive_), generation = generation_] {
      if (!alive.expired() && generation == generation_) ring_();
    });
  }

 private:
  World& world_;
  std::function<void()> ring_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace sixgate::sim
