// SPDX-License-Identifier: Apache-2.0
#include "home.h"

#include <algorithm>

#include "daemon/reconcile.h"
#include "net/text.h"

namespace sixgate::sim {
namespace {

const Ip6Address kRouterOnLan = Ip6Address::from_halves(0xfe80000000000000, 0x6);

MacAddress mac_of(unsigned n) {
  return MacAddress({0x02, 0, 0x5e, 0, 0x53, static_cast<std::uint8_t>(n)});
}

bool is_global(const Prefix& prefix) { return !kUniqueLocal.contains(prefix); }

}  // namespace

conf::Config two_lans() {
  conf::Config config;
  conf::UplinkConfig uplink;
  uplink.name = "wan";
  uplink.interface = kWan;
  // What hosts here may have is what is delegated; sharing has its own tests.
  uplink.share_prefix = conf::SharePrefix::kOff;
  config.uplinks.push_back(uplink);
  for (const char* interface : kLans) {
    conf::LanConfig lan;
    lan.name = lan.interface = interface;
    lan.request.name = lan.request.interface = interface;
    config.lans.push_back(lan);
  }
  return config;
}

Home::Home(World& world, SimIsp& isp, conf::Config config)
    : world_(world),
      config_(std::move(config)),
      rng_(world.rng().u64()),
      kernel_(world),
      alarm_(world, [this] { event([&](daemon::Router& r) { r.expire(world_.now()); }); }) {
  kernel_.on_change = [this] {
    event([&](daemon::Router& r) {
      r.links(kernel_.links(), world_.now());
      r.kernel(kernel_.state(), world_.now());
    });
  };
  kernel_.add_link(kWan, mac_of(1));
  for (unsigned i = 0; i < 2; ++i) {
    kernel_.add_link(kLans[i], mac_of(2 + i));
    for (unsigned h = 0; h < 2; ++h) {
      auto host = std::make_unique<SimHost>(world, 0x0200'5eff'fe00'0010 + 16 * i + h);
      host->send = [this, i](std::vector<std::uint8_t> payload) {
        world_.carry(lan_quality, [this, i, payload] {
          if (!kernel_.usable(kLans[i])) return;
          event([&](daemon::Router& r) {
            r.receive({kLans[i], daemon::Channel::kIcmp6, Ip6Address(), kAllRouters, 255, payload},
                      world_.now());
          });
        });
      };
      host->send_dhcp = [this, i, from = host->link_local()](std::vector<std::uint8_t> payload) {
        world_.carry(lan_quality, [this, i, from, payload] {
          if (!kernel_.usable(kLans[i])) return;
          event([&](daemon::Router& r) {
            r.receive({kLans[i], daemon::Channel::kDhcp6Server, from, kAllDhcpRelayAgentsAndServers,
                       1, payload, dhcp6::kClientPort},
                      world_.now());
          });
        });
      };
      hosts_.push_back(std::move(host));
    }
  }
  add_server(isp);
}

void Home::add_server(SimIsp& isp) {
  isps_.push_back(&isp);
  const auto from_isp = [this](daemon::Channel channel) {
    return [this, channel](std::vector<std::uint8_t> payload, Ip6Address source,
                           Ip6Address destination) {
      world_.carry(wan_quality, [this, channel, payload, source, destination] {
        if (!kernel_.usable(kWan)) return;
        event([&](daemon::Router& r) {
          r.receive({kWan, channel, source, destination, 255, payload}, world_.now());
        });
      });
    };
  };
  isp.send_dhcp = from_isp(daemon::Channel::kDhcp6Client);
  isp.send_icmp = from_isp(daemon::Channel::kIcmp6);
  isp.send_echo = from_isp(daemon::Channel::kEcho);
}

void Home::start() {
  ++life_;
  finished_ = false;
  daemon::StoredState stored;
  const std::string boot = cat("boot", boots_);
  if (const auto& kept = memory_ ? memory_ : disk_) {
    auto read = daemon::parse_stored_state(*kept, world_.now(), boot);
    if (read)
      stored = std::move(*read);
    else
      violation(cat("stored state: ", read.error().message));
  }
  router_ = std::make_unique<daemon::Router>(config_, std::move(stored), rng_, world_.now());
  event([&](daemon::Router& r) {
    r.links(kernel_.links(), world_.now());
    r.kernel(kernel_.state(), world_.now());
  });
}

void Home::crash() {
  router_.reset();
  alarm_.set(std::nullopt);
  world_.after(seconds(2), [this, life = life_] {
    if (life == life_) start();
  });
}

void Home::reboot() {
  router_.reset();
  alarm_.set(std::nullopt);
  ++boots_;
  memory_.reset();
  unknown_ += world_.now() - written_ + seconds(30);
  kernel_.flush_routes();
  for (const char* name : {kWan, kLans[0], kLans[1]}) kernel_.set_up(name, false);
  kernel_.forget_firewall();
  world_.after(seconds(30), [this, life = life_] {
    for (const char* name : {kWan, kLans[0], kLans[1]}) kernel_.set_up(name, true);
    if (life == life_) start();
  });
}

void Home::reload(conf::Config config) {
  config_ = config;
  event([&](daemon::Router& r) { r.reload(std::move(config), world_.now()); });
}

void Home::stop() {
  event([&](daemon::Router& r) { r.stop(world_.now()); });
}

void Home::event(const std::function<void(daemon::Router&)>& what) {
  if (!router_) return;
  what(*router_);
  pump();
}

bool Home::effect() {
  ++effects_;
  if (crash_after_ && effects_ == *crash_after_) {
    crash_after_.reset();
    crash();
    return false;
  }
  return true;
}

void Home::pump() {
  daemon::RouterOutputs out = router_->drain();
  for (const LogLine& line : out.log)
    log_.push_back(cat(world_.now().micros() / 1000, " ", to_string(line.level), " ", line.text));
  if (out.store) {
    memory_ = daemon::serialise(*out.store, world_.now(), cat("boot", boots_));
    if (!daemon::is_of_boot(*memory_, cat("boot", boots_))) violation("the boot is not told apart");
    if (out.durable) {
      disk_ = memory_;
      written_ = world_.now();
      ++durable_writes_;
    }
    if (!effect()) return;
  }
  if (out.changes) {
    daemon::ChangeOutcome outcome;
    outcome.changes = std::move(*out.changes);
    for (std::size_t i = 0; i < outcome.changes.size(); ++i) {
      if (const auto reason = kernel_.apply(outcome.changes[i]))
        outcome.failures.push_back({i, *reason});
      // RFC 7084 G-3 and firewall.md: nothing is forwarded in before there is a rule set.
      if (kernel_.forwarding() && !kernel_.firewall()) violation("forwarding without a rule set");
      if (!effect()) return;
    }
    world_.after(rng_.between(Duration{}, milliseconds(5)),
                 [this, outcome = std::move(outcome), life = life_] {
                   if (life != life_) return;
                   event([&](daemon::Router& r) { r.applied(outcome, world_.now()); });
                 });
  }
  for (const daemon::PacketOut& packet : out.packets) {
    send(packet);
    if (!effect()) return;
  }
  if (out.finished) {
    finished_ = true;
    router_.reset();
    alarm_.set(std::nullopt);
    return;
  }
  const auto next = router_->next_deadline();
  if (next && *next < world_.now())
    violation(cat("a deadline lies ", (world_.now() - *next).count(), " us in the past"));
  // A deadline that is now rings now, but a queue that never moves on is a bug of its own.
  alarm_.set(next);
}

void Home::send(const daemon::PacketOut& packet) {
  if (!kernel_.usable(packet.interface)) return;
  if (packet.interface == kWan) {
    for (SimIsp* isp : isps_) {
      world_.carry(wan_quality, [this, isp, packet] {
        switch (packet.channel) {
          case daemon::Channel::kDhcp6Client:
            return isp->receive_dhcp(packet.payload);
          case daemon::Channel::kEcho:
            return isp->receive_echo(packet.payload, *packet.source);
          case daemon::Channel::kIcmp6:
            return isp->receive_icmp(packet.payload);
          case daemon::Channel::kDhcp6Server:
            return violation("the uplink was served by DHCPv6");
          case daemon::Channel::kRegistration:
            return violation("addresses are registered that nobody asked for");
          case daemon::Channel::kNeighbors:
            return violation("a /64 is shared that nobody shares");
          case daemon::Channel::kPcp:
            return violation("the Internet was told of PCP");
          case daemon::Channel::kStrangers:
            return violation("there only is something to hear");
        }
      });
    }
    return;
  }
  const std::size_t lan = packet.interface == kLans[0] ? 0 : 1;
  // Nobody here is another server.
  if (packet.channel == daemon::Channel::kDhcp6Client) return;
  if (packet.channel == daemon::Channel::kDhcp6Server) {
    for (std::size_t h = 2 * lan; h < 2 * lan + 2; ++h) {
      if (hosts_[h]->link_local() != packet.destination) continue;
      world_.carry(lan_quality, [this, h, payload = packet.payload] {
        hosts_[h]->receive_dhcp(payload, kRouterOnLan);
      });
    }
    return;
  }
  check_advertisement(packet.payload);
  for (std::size_t h = 2 * lan; h < 2 * lan + 2; ++h) {
    world_.carry(lan_quality, [this, h, payload = packet.payload] { hosts_[h]->receive(payload); });
  }
}

// Nothing advertised outlives the delegation it comes from, but for the time no clock counted.
void Home::check_advertisement(const std::vector<std::uint8_t>& payload) {
  const auto said = ra::RouterAdvertisement::parse(payload);
  if (!said) {
    violation("an advertisement of ours cannot be parsed");
    return;
  }
  for (const ra::Option& option : said->options) {
    const auto* prefix = std::get_if<ra::PrefixInformation>(&option);
    if (prefix == nullptr || !is_global(prefix->prefix) || prefix->valid.is_zero()) continue;
    std::optional<Instant> until;
    for (const SimIsp* isp : isps_) {
      const auto theirs = isp->valid_until(prefix->prefix);
      if (theirs && (!until || *until < *theirs)) until = theirs;
    }
    if (!until || expiry(world_.now(), prefix->valid) > *until + seconds(2) + unknown_)
      violation(cat("prefix ", prefix->prefix, " is advertised for ", prefix->valid.count(),
                    " s, longer than it is delegated"));
    if (prefix->preferred > prefix->valid) violation("preferred above valid");
  }
}

void Home::violation(std::string text) {
  if (violations_.size() < 20)
    violations_.push_back(cat(world_.now().micros() / 1000, " ms: ", text));
}

std::vector<std::string> Home::at_rest() const {
  std::vector<std::string> wrong = violations_;
  if (!router_) {
    wrong.push_back("the router is not running");
    return wrong;
  }
  auto& kernel = const_cast<FakeKernel&>(kernel_);
  for (const daemon::Change& change :
       daemon::difference(router_->desired(), kernel.state(), kernel.firewall(),
                          daemon::Removal::kAllowed, world_.now()))
    wrong.push_back(cat("still to be done: ", daemon::to_string(change)));
  if (!kernel.forwarding()) wrong.push_back("forwarding is off");
  std::vector<Prefix> routed;
  for (const SimIsp* isp : isps_) {
    const std::vector<Prefix> theirs = isp->routed();
    routed.insert(routed.end(), theirs.begin(), theirs.end());
  }
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    bool global = false;
    for (const Ip6Address& address : hosts_[h]->preferred()) {
      if (kUniqueLocal.contains(address)) continue;
      const bool live = std::any_of(routed.begin(), routed.end(),
                                    [&](const Prefix& p) { return p.contains(address); });
      global = global || live;
      if (!live) wrong.push_back(cat("host ", h, " prefers ", address, ", which nobody routes"));
      // The firewall matches the addresses.
      const auto is_in = [&](const Prefix& assigned) { return assigned.contains(address); };
      const bool open =
          kernel.firewall() &&
          std::any_of(kernel.firewall()->lans.begin(), kernel.firewall()->lans.end(),
                      [&](const auto& one) {
                        return one.interface == kLans[h / 2] &&
                               std::any_of(one.assigned.begin(), one.assigned.end(), is_in);
                      });
      if (live && !open) wrong.push_back(cat("the firewall does not know ", address));
    }
    if (!global) wrong.push_back(cat("host ", h, " has no global address"));
    if (!hosts_[h]->has_default_router())
      wrong.push_back(cat("host ", h, " has no default router"));
  }
  return wrong;
}

std::string Home::summary() const {
  std::vector<std::string> lines;
  auto& kernel = const_cast<FakeKernel&>(kernel_);
  const daemon::KernelState state = kernel.state();
  for (const auto& a : state.addresses)
    lines.push_back(cat("address ", a.address, '/', a.prefix_length, ' ', a.interface));
  for (const auto& r : state.routes)
    lines.push_back(cat("route ", r.destination, ' ', r.interface, ' ', r.metric, ' ', r.table));
  for (const auto& r : state.rules) lines.push_back(cat("rule ", r.destination));
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    for (const Ip6Address& address : hosts_[h]->preferred())
      lines.push_back(cat("host ", h, ' ', address));
  }
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  return out;
}

}  // namespace sixgate::sim
