// SPDX-License-Identifier: Apache-2.0
#include "daemon/reconcile.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "daemon/flow_timeouts.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// Which object of the kernel it is, whatever its attributes.
auto key(const KernelAddress& a) { return std::tie(a.interface, a.address); }
auto key(const KernelRoute& r) {
  // The kernel tells routes apart by destination, source, metric and table; the next hop is part of ours so
  // that a route that moves is put anew before the old one goes.
  return std::tie(r.table, r.destination, r.source, r.metric, r.kind, r.interface, r.gateway);
}
auto key(const KernelKnock& k) { return std::tie(k.address, k.spi); }

// Finds objects of a list in logarithmic time: a house may have thousands of delegations. Of several with one key the
// first.
template <class T>
class Index {
 public:
  explicit Index(const std::vector<T>& all) {
    sorted_.reserve(all.size());
    for (const T& one : all) sorted_.push_back(&one);
    std::stable_sort(sorted_.begin(), sorted_.end(), before);
  }
  const T* find(const T& wanted) const {
    const auto it = std::lower_bound(sorted_.begin(), sorted_.end(), &wanted, before);
    return it != sorted_.end() && key(**it) == key(wanted) ? *it : nullptr;
  }

 private:
  static bool before(const T* a, const T* b) { return key(*a) < key(*b); }
  std::vector<const T*> sorted_;
};

bool close(Instant a, Instant b) {
  if (a.is_never() || b.is_never()) return a == b;
  const Duration apart = a < b ? b - a : a - b;
  return apart <= kLifetimeTolerance;
}

// Ends in the past are all the same to the kernel, which shows zero.
bool same_end(Instant a, Instant b, Instant now) {
  return close(std::max(a, now), std::max(b, now));
}

bool satisfied(const KernelAddress& have, const KernelAddress& want, Instant now) {
  return have.prefix_length == want.prefix_length && !have.dad_failed &&
         same_end(have.preferred_until, want.preferred_until, now) &&
         same_end(have.valid_until, want.valid_until, now);
}

// The kernel shows the rest of a route's life in hundredths of a second that fit 31 bits, 248 days at most,
// though it may live longer.
bool beyond_showing(Instant end, Instant now) {
  constexpr Duration kSurelyShown = hours(24 * 240);
  return !end.is_never() && end > now + kSurelyShown;
}

bool satisfied(const KernelRoute& have, const KernelRoute& want, Instant now) {
  return have.preference == want.preference && have.mtu == want.mtu &&
         (same_end(have.expires, want.expires, now) ||
          (beyond_showing(have.expires, now) && beyond_showing(want.expires, now)));
}

// The kernel shows no key to who may not see it: then it is another one, and put anew.
bool satisfied(const KernelKnock& have, const KernelKnock& want) {
  return have.inner == want.inner && have.algorithm == want.algorithm &&
         have.icv_bits == want.icv_bits && have.key == want.key && have.mark == want.mark;
}

// How long flows are remembered is wanted to be at least so. Milliseconds become ticks of the kernel's clock,
// which has at least a hundred a second, and come back rounded up.
bool same_setting(std::string_view key, std::string_view have, std::string_view want) {
  if (have == want) return true;
  const bool least = key.starts_with(kFlowTimeoutPrefix);
  if (!least && !key.ends_with("_ms")) return false;
  const auto shown = parse_decimal(have);
  const auto written = parse_decimal(want);
  return shown && written && *shown >= *written && (least || *shown - *written < 10);
}

template <class T>
bool among(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// The kernel changes no selector of a state that is there: it is taken away and put again. With the same key what
// was seen of the sender's sequence is still true, so that no captured packet opens anything.
void put_knocks(ChangeSet& out, const DesiredState& desired, const KernelState& kernel) {
  for (const KernelKnockPolicy& policy : desired.knock_policies) {
    if (!among(kernel.knock_policies, policy)) out.push_back(PutKnockPolicy{policy});
  }
  const Index there(kernel.knocks);
  for (const KernelKnock& want : desired.knocks) {
    const KernelKnock* have = there.find(want);
    if (have != nullptr && satisfied(*have, want)) continue;
    KernelKnock put = want;
    if (have != nullptr) {
      out.push_back(RemoveKnock{*have});
      if (have->key == want.key) put.replay = have->replay;
    }
    out.push_back(PutKnock{std::move(put)});
  }
}

// Whether rules are in place that know the interface; while there are none at all nothing is forwarded. To rules that do
// not know it, what it brings is not theirs to judge: it gets no address and no route before they do.
bool is_judged(const std::string& interface, const firewall::Ruleset& wanted,
               const std::optional<firewall::Ruleset>& applied) {
  return !applied || !has_interface(wanted, interface) || has_interface(*applied, interface);
}

template <class Selected>
void put_routes(ChangeSet& out, const DesiredState& desired, const Index<KernelRoute>& there,
                Instant now, const Selected& selected) {
  for (const KernelRoute& want : desired.routes) {
    if (!selected(want)) continue;
    const KernelRoute* have = there.find(want);
    if (have == nullptr || !satisfied(*have, want, now)) out.push_back(PutRoute{want});
  }
}

void set_sysctls(ChangeSet& out, const std::map<std::string, std::string>& wanted,
                 const KernelState& kernel) {
  for (const auto& [name, value] : wanted) {
    const auto have = kernel.sysctls.find(name);
    // A key that the kernel does not have belongs to an absent interface or an older kernel.
    if (have != kernel.sysctls.end() && !same_setting(name, have->second, value))
      out.push_back(SetSysctl{name, value});
  }
}

bool is_unreachable(const KernelRoute& r) { return r.kind == KernelRoute::Kind::kUnreachable; }
bool is_on_link(const KernelRoute& r) { return !is_unreachable(r) && !r.gateway; }
bool has_gateway(const KernelRoute& r) { return r.gateway.has_value(); }

}  // namespace

ChangeSet difference(const DesiredState& desired, const KernelState& kernel,
                     const std::optional<firewall::Ruleset>& applied_ruleset, Removal removal,
                     Instant now) {
  ChangeSet out;
  const Index routes(kernel.routes);
  const Index addresses(kernel.addresses);
  // Make: nothing may loop, then nothing may lack an address, then nothing may pass unfiltered.
  const auto judged = [&](const auto& one) {
    return is_judged(one.interface, desired.ruleset, applied_ruleset);
  };
  put_routes(out, desired, routes, now, is_unreachable);
  set_sysctls(out, desired.sysctls, kernel);
  for (const KernelAddress& want : desired.addresses) {
    if (!judged(want)) continue;
    const KernelAddress* have = addresses.find(want);
    if (have == nullptr || !satisfied(*have, want, now)) out.push_back(PutAddress{want});
  }
  put_routes(out, desired, routes, now,
             [&](const KernelRoute& route) { return is_on_link(route) && judged(route); });
  for (const KernelRule& rule : desired.rules) {
    if (!among(kernel.rules, rule)) out.push_back(PutRule{rule});
  }
  put_knocks(out, desired, kernel);
  if (applied_ruleset != desired.ruleset) out.push_back(ApplyFirewall{desired.ruleset});
  // Somebody else may have switched forwarding on: without rules there is no way out either.
  if (applied_ruleset) {
    set_sysctls(out, desired.forwarding, kernel);
    put_routes(out, desired, routes, now,
               [&](const KernelRoute& route) { return has_gateway(route) && judged(route); });
  }
  if (removal == Removal::kWithheld) return out;

  // Break, in the reverse order.
  const Index wanted_knocks(desired.knocks);
  for (const KernelKnock& have : kernel.knocks) {
    if (wanted_knocks.find(have) == nullptr) out.push_back(RemoveKnock{have});
  }
  for (const KernelKnockPolicy& policy : kernel.knock_policies) {
    if (!among(desired.knock_policies, policy)) out.push_back(RemoveKnockPolicy{policy});
  }
  const Index wanted_routes(desired.routes);
  const Index wanted_addresses(desired.addresses);
  const auto remove_routes = [&](bool (*selected)(const KernelRoute&)) {
    for (const KernelRoute& have : kernel.routes) {
      if (selected(have) && wanted_routes.find(have) == nullptr) out.push_back(RemoveRoute{have});
    }
  };
  remove_routes(has_gateway);
  for (const KernelRule& rule : kernel.rules) {
    if (!among(desired.rules, rule)) out.push_back(RemoveRule{rule});
  }
  remove_routes(is_on_link);
  for (const KernelAddress& have : kernel.addresses) {
    if (have.ours && wanted_addresses.find(have) == nullptr) out.push_back(RemoveAddress{have});
  }
  remove_routes(is_unreachable);
  return out;
}

namespace {

template <class T>
void replace(std::vector<T>& all, const T& value) {
  std::erase_if(all, [&](const T& t) { return key(t) == key(value); });
  all.push_back(value);
}

template <class T>
void erase(std::vector<T>& all, const T& value) {
  std::erase_if(all, [&](const T& t) { return key(t) == key(value); });
}

struct Apply {
  KernelState& kernel;

  void operator()(const PutAddress& c) const {
    const auto had = std::find_if(kernel.addresses.begin(), kernel.addresses.end(),
                                  [&](const KernelAddress& a) { return key(a) == key(c.address); });
    KernelAddress put = c.address;
    put.ours = true;
    // The kernel starts DAD for what is new and says how it ended in an event.
    put.tentative = had == kernel.addresses.end() || had->tentative;
    replace(kernel.addresses, put);
  }
  void operator()(const RemoveAddress& c) const { erase(kernel.addresses, c.address); }
  void operator()(const PutRoute& c) const { replace(kernel.routes, c.route); }
  void operator()(const RemoveRoute& c) const { erase(kernel.routes, c.route); }
  void operator()(const PutRule& c) const {
    std::erase(kernel.rules, c.rule);
    kernel.rules.push_back(c.rule);
  }
  void operator()(const RemoveRule& c) const { std::erase(kernel.rules, c.rule); }
  void operator()(const PutKnock& c) const { replace(kernel.knocks, c.knock); }
  void operator()(const RemoveKnock& c) const { erase(kernel.knocks, c.knock); }
  void operator()(const PutKnockPolicy& c) const { kernel.knock_policies.push_back(c.policy); }
  void operator()(const RemoveKnockPolicy& c) const { std::erase(kernel.knock_policies, c.policy); }
  void operator()(const SetSysctl& c) const { kernel.sysctls[c.key] = c.value; }
  void operator()(const ApplyFirewall&) const {}
};

}  // namespace

void apply(const Change& change, KernelState& kernel) { std::visit(Apply{kernel}, change); }

// Of routes there may be thousands: one pass for all changes of them.
void apply_all(std::span<const Change> changes, KernelState& kernel) {
  using Key = decltype(key(std::declval<const KernelRoute&>()));
  std::map<Key, const KernelRoute*> last;  // what the last change of each puts; null: it removes
  for (const Change& change : changes) {
    if (const auto* put = std::get_if<PutRoute>(&change))
      last.insert_or_assign(key(put->route), &put->route);
    else if (const auto* remove = std::get_if<RemoveRoute>(&change))
      last.insert_or_assign(key(remove->route), nullptr);
    else
      apply(change, kernel);
  }
  if (last.empty()) return;
  std::erase_if(kernel.routes, [&](const KernelRoute& route) { return last.contains(key(route)); });
  for (const Change& change : changes) {
    const auto* put = std::get_if<PutRoute>(&change);
    if (put != nullptr && last.at(key(put->route)) == &put->route)
      kernel.routes.push_back(put->route);
  }
}

}  // namespace sixgate::daemon
