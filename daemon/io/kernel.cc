// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/kernel.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <variant>

#include "daemon/io/clock.h"
#include "daemon/io/netlink_codec.h"
#include "daemon/io/pppoe.h"
#include "daemon/io/sysctl.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

constexpr std::array<int, 5> kGroups{RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE,
                                     RTNLGRP_IPV6_RULE, RTNLGRP_IPV6_NETCONF};

// A burst is over a few milliseconds after it began; a storm of events gets a look now and then.
constexpr Duration kCoalesce = milliseconds(5);
constexpr double kLooksAtOnce = 20;
constexpr double kLooksPerSecond = 4;

// Errors that say: what was to go is not there.
bool is_gone(int code) {
  return code == ESRCH || code == EADDRNOTAVAIL || code == ENOENT || code == ENODEV;
}

}  // namespace

// Netlink requests that go to the kernel together, and what their errors mean.
class Kernel::Batch {
 public:
  enum class Kind { kPut, kRemove, kRule, kBeside };

  Batch(Kernel& kernel, std::vector<ChangeFailure>& failures)
      : kernel_(kernel), failures_(failures) {}

  void add(NetlinkMessage message, std::size_t index, Kind kind) {
    messages_.push_back(std::move(message));
    items_.push_back({index, kind});
    // Each has a page to itself: a house with thousands of routes is not to have them all in memory at once.
    if (messages_.size() == NetlinkSocket::kBatch) flush();
  }

  void flush() {
    const auto answers = kernel_.requests_.execute(messages_);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const int code = answers[i].code;
      const Kind kind = items_[i].kind;
      if (code == 0 || (kind == Kind::kRemove && is_gone(code))) continue;
      // The rule is there. The next hop is there: the kernel took over its new lifetime.
      if ((kind == Kind::kRule || kind == Kind::kBeside) && code == EEXIST) continue;
      failures_.push_back({items_[i].index, answers[i].text});
    }
    messages_.clear();
    items_.clear();
  }

 private:
  struct Item {
    std::size_t index;
    Kind kind;
  };
  Kernel& kernel_;
  std::vector<ChangeFailure>& failures_;
  std::vector<NetlinkMessage> messages_;
  std::vector<Item> items_;
};

Expected<std::unique_ptr<Kernel>> Kernel::open(EventLoop& loop, EventLoop::Callback changed,
                                               LogSink log) {
  auto requests = NetlinkSocket::open();
  if (!requests) return Unexpected<Error>(requests.error());
  auto events = NetlinkSocket::open(kGroups);
  if (!events) return Unexpected<Error>(events.error());
  return std::unique_ptr<Kernel>(new Kernel(loop, std::move(changed), std::move(log),
                                            std::move(*requests), std::move(*events)));
}

Kernel::Kernel(EventLoop& loop, EventLoop::Callback changed, LogSink log, NetlinkSocket requests,
               NetlinkSocket events)
    : log_(std::move(log)),
      changed_(std::move(changed)),
      requests_(std::move(requests)),
      events_(std::move(events)),
      coalesce_(loop,
                [this] {
                  pending_ = false;
                  credit_ -= 1;
                  drain_events();  // what came meanwhile is seen by the same look
                  pending_ = false;
                  coalesce_.cancel();
                  changed_();
                }),
      credit_(kLooksAtOnce),
      credited_(clock_now()),
      watch_(loop, events_.fd()),
      xfrm_(loop, [this] { look_again(); }) {
  watch_.on_readable([this] { drain_events(); });
}

Kernel::RoutePlace Kernel::place_of(const KernelRoute& route) {
  return {route.destination, route.source, route.table, route.metric};
}

Kernel::RouteHop Kernel::hop_of(const KernelRoute& route) {
  return {route.kind, route.interface, route.gateway};
}

// The Router knows of a route that it has just asked for: the kernel's answer says whether it is there. With thousands
// of delegations a look at all of them after each would be most of the work.
bool Kernel::is_echo(const nlmsghdr* header) const {
  const bool route = header->nlmsg_type == RTM_NEWROUTE || header->nlmsg_type == RTM_DELROUTE;
  return route && header->nlmsg_pid == requests_.port();
}

bool Kernel::is_relevant(const nlmsghdr* header) const {
  const Instant now;  // only identities are looked at
  switch (header->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return parse_link(header).has_value();
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return parse_address(header, now).has_value();
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const auto routes = parse_routes(header, now);
      return !routes.empty() && routes.front().ours;
    }
    case RTM_NEWRULE:
    case RTM_DELRULE: {
      const auto rule = parse_rule(header);
      return rule && rule->ours;
    }
    case RTM_NEWNETCONF:
      return true;
    default:
      return false;
  }
}

void Kernel::note_failed_address(const nlmsghdr* header) {
  if (header->nlmsg_type != RTM_DELADDR) return;
  const auto message = parse_address(header, clock_now());
  if (!message || !message->address.dad_failed) return;
  failed_.insert_or_assign({message->index, message->address.address}, message->address);
}

void Kernel::drain_events() {
  bool relevant = false;
  const bool lost = events_.drain([&](const nlmsghdr* header) {
    relevant = relevant || (!is_echo(header) && is_relevant(header));
    note_failed_address(header);
  });
  if (lost) {
    log_({LogLevel::kInfo, "netlink events were lost, reading the kernel's tables again"});
  }
  if (relevant || lost) look_again();
}

void Kernel::look_again() {
  if (pending_) return;
  pending_ = true;
  const Instant now = clock_now();
  const double passed = static_cast<double>((now - credited_).count()) / 1e6;
  credit_ = std::min(kLooksAtOnce, credit_ + passed * kLooksPerSecond);
  credited_ = now;
  const bool storm = credit_ < 1;
  coalesce_.at(now + (storm ? Duration(static_cast<std::int64_t>(1e6 / kLooksPerSecond))
                            : Duration(kCoalesce)));
}

unsigned Kernel::index_of(const std::string& interface) const {
  const auto found = indexes_.find(interface);
  return found == indexes_.end() ? 0 : found->second;
}

Expected<KernelPicture> Kernel::read(std::span<const std::string> sysctls, Instant now) {
  KernelPicture picture;
  std::map<unsigned, std::size_t> at;  // interface index -> place in picture.links
  std::map<unsigned, unsigned> vlans;  // their device, by index
  auto done = requests_.dump(
      link_dump().get(),
      [&] {
        picture.links.clear();
        vlans.clear();
      },
      [&](const nlmsghdr* header) {
        auto link = parse_link(header);
        if (!link) return;
        if (link->vlan_carrier != 0) vlans.emplace(link->link.index, link->vlan_carrier);
        picture.links.push_back(std::move(link->link));
      });
  if (!done) return Unexpected<Error>(done.error());
  std::sort(picture.links.begin(), picture.links.end(),
            [](const LinkState& a, const LinkState& b) { return a.index < b.index; });
  indexes_.clear();
  for (std::size_t i = 0; i < picture.links.size(); ++i) {
    at.emplace(picture.links[i].index, i);
    indexes_.emplace(picture.links[i].name, picture.links[i].index);
  }
  const auto name_of = [&](unsigned index) {
    const auto found = at.find(index);
    return found == at.end() ? std::string() : picture.links[found->second].name;
  };
  for (const auto& [vlan, carrier] : vlans) {
    if (std::string name = name_of(carrier); !name.empty())
      picture.links[at.at(vlan)].carriers.push_back(std::move(name));
  }
  if (std::ranges::any_of(picture.links, &LinkState::ppp)) {
    const std::vector<std::string> devices = pppoe_devices();
    for (LinkState& link : picture.links) {
      if (link.ppp) link.carriers = devices;
    }
  }

  std::map<unsigned, Ip6Address> link_locals;
  const auto offer_link_local = [&](unsigned index, const Ip6Address& address) {
    const auto [place, first] = link_locals.emplace(index, address);
    if (first) return;
    const auto before = link_locals_.find(index);
    if (before != link_locals_.end() && place->second == before->second) return;
    const bool was_chosen = before != link_locals_.end() && before->second == address;
    if (was_chosen || address < place->second) place->second = address;
  };
  done = requests_.dump(
      address_dump().get(),
      [&] {
        picture.state.addresses.clear();
        link_locals.clear();
      },
      [&](const nlmsghdr* header) {
        auto message = parse_address(header, now);
        if (!message) return;
        if (message->link_scope && message->usable && message->address.address.is_link_local()) {
          offer_link_local(message->index, message->address.address);
        }
        message->address.interface = name_of(message->index);
        if (!message->global_scope || message->address.interface.empty()) return;
        picture.state.addresses.push_back(std::move(message->address));
      });
  if (!done) return Unexpected<Error>(done.error());
  for (const auto& [key, address] : failed_) {
    const std::string name = name_of(key.first);
    const auto there = [&](const KernelAddress& a) {
      return a.interface == name && a.address == address.address;
    };
    if (name.empty() ||
        std::any_of(picture.state.addresses.begin(), picture.state.addresses.end(), there)) {
      continue;
    }
    picture.state.addresses.push_back(address);
    picture.state.addresses.back().interface = name;
  }
  for (const auto& [index, address] : link_locals) {
    if (const auto found = at.find(index); found != at.end()) {
      picture.links[found->second].link_local = address;
    }
  }
  link_locals_ = std::move(link_locals);

  done = requests_.dump(
      route_dump().get(), [&] { picture.state.routes.clear(); },
      [&](const nlmsghdr* header) {
        for (RouteMessage& message : parse_routes(header, now)) {
          if (!message.ours) continue;
          message.route.interface = name_of(message.index);
          picture.state.routes.push_back(std::move(message.route));
        }
      });
  if (!done) return Unexpected<Error>(done.error());
  routes_.clear();
  for (const KernelRoute& route : picture.state.routes)
    routes_[place_of(route)].push_back(hop_of(route));

  done = requests_.dump(
      rule_dump().get(), [&] { picture.state.rules.clear(); },
      [&](const nlmsghdr* header) {
        if (const auto message = parse_rule(header); message && message->ours) {
          picture.state.rules.push_back(message->rule);
        }
      });
  if (!done) return Unexpected<Error>(done.error());

  done = xfrm_.read(picture.state);
  if (!done) return Unexpected<Error>(done.error());

  for (const std::string& key : sysctls) {
    if (auto value = read_sysctl(key)) picture.state.sysctls.emplace(key, std::move(*value));
  }
  return picture;
}

std::vector<ChangeFailure> Kernel::apply(std::span<const Change> changes, std::size_t first,
                                         Instant now) {
  std::vector<ChangeFailure> failures;
  Batch batch(*this, failures);
  using Kind = Batch::Kind;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::size_t at = first + i;
    const Change& change = changes[i];
    const auto missing = [&](const std::string& interface) {
      failures.push_back({at, cat("there is no interface ", interface)});
    };
    if (const auto* put = std::get_if<PutAddress>(&change)) {
      const unsigned index = index_of(put->address.interface);
      if (index == 0) {
        missing(put->address.interface);
        continue;
      }
      failed_.erase({index, put->address.address});
      batch.add(put_address(put->address, index, now), at, Kind::kPut);
    } else if (const auto* remove = std::get_if<RemoveAddress>(&change)) {
      const unsigned index = index_of(remove->address.interface);
      failed_.erase({index, remove->address.address});
      if (index != 0) batch.add(remove_address(remove->address, index), at, Kind::kRemove);
    } else if (const auto* put_to = std::get_if<PutRoute>(&change)) {
      const KernelRoute& route = put_to->route;
      const bool unreachable = route.kind == KernelRoute::Kind::kUnreachable;
      const unsigned index = unreachable ? 0 : index_of(route.interface);
      if (!unreachable && index == 0) {
        missing(route.interface);
        continue;
      }
      // Ours in the same place decide: replacing where there is none of ours would replace somebody
      // else's, and replacing one of several next hops would remove the others.
      std::vector<RouteHop>& hops = routes_[place_of(route)];
      RouteHop hop = hop_of(route);
      const bool same = std::find(hops.begin(), hops.end(), hop) != hops.end();
      const RoutePut how = hops.empty()               ? RoutePut::kNew
                           : hops.size() == 1 && same ? RoutePut::kReplace
                                                      : RoutePut::kBeside;
      if (!same) hops.push_back(std::move(hop));
      batch.add(put_route(route, index, how, now), at,
                how == RoutePut::kBeside ? Kind::kBeside : Kind::kPut);
    } else if (const auto* remove_from = std::get_if<RemoveRoute>(&change)) {
      const KernelRoute& route = remove_from->route;
      const bool unreachable = route.kind == KernelRoute::Kind::kUnreachable;
      const unsigned index = unreachable ? 0 : index_of(route.interface);
      if (const auto known = routes_.find(place_of(route)); known != routes_.end()) {
        std::erase(known->second, hop_of(route));
        if (known->second.empty()) routes_.erase(known);
      }
      if (unreachable || index != 0) batch.add(remove_route(route, index), at, Kind::kRemove);
    } else if (const auto* add_rule = std::get_if<PutRule>(&change)) {
      batch.add(put_rule(add_rule->rule), at, Kind::kRule);
    } else if (const auto* remove_a_rule = std::get_if<RemoveRule>(&change)) {
      batch.add(remove_rule(remove_a_rule->rule), at, Kind::kRemove);
    } else if (const auto* set = std::get_if<SetSysctl>(&change)) {
      batch.flush();  // the order of a ChangeSet is kept
      if (const auto done = write_sysctl(set->key, set->value); !done) {
        failures.push_back({at, done.error().message});
      }
    } else if (const auto answer = xfrm_.apply(change); answer && answer->code != 0) {
      failures.push_back({at, answer->text});
    }
  }
  batch.flush();
  std::sort(failures.begin(), failures.end(),
            [](const ChangeFailure& a, const ChangeFailure& b) { return a.index < b.index; });
  return failures;
}

}  // namespace sixgate::daemon
