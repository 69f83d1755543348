// SPDX-License-Identifier: Apache-2.0
// Router: the whole home router without its sockets, clock and kernel. Events go in, values come out;
// daemon/io carries them to and from the world, and tests/sim plays the world in virtual time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conf/config.h"
#include "daemon/address_announcer.h"
#include "daemon/change.h"
#include "daemon/desired_state.h"
#include "daemon/hook.h"
#include "daemon/lan.h"
#include "daemon/lease_events.h"
#include "daemon/lease_hook.h"
#include "daemon/route_check.h"
#include "daemon/shared_prefix.h"
#include "daemon/status.h"
#include "daemon/stored_state.h"
#include "daemon/uplink.h"
#include "delegation/carve.h"
#include "delegation/pool.h"
#include "dhcp6/relay.h"
#include "dhcp6/server.h"
#include "firewall/refusals.h"
#include "net/log.h"
#include "net/rng.h"
#include "pcp/server.h"
#include "ra/nd_proxy.h"

namespace sixgate::daemon {

enum class Channel : std::uint8_t {
  kIcmp6,        // hop limit 255, link-local source
  kDhcp6Client,  // UDP from port 546 to port 547; on a LAN the questions of dhcp6::ServerWatch
  kEcho,         // ICMPv6 Echo Requests of ours and the replies to them, on uplinks
  kDhcp6Server,  // UDP from port 547
  kNeighbors,    // Neighbor Solicitations and Advertisements, whoever they are meant for
  // UDP port 546 of an address of ours that is registered (RFC 9686), on uplinks; in and out.
  kRegistration,
  kPcp,        // UDP port 5351, on LANs; in and out
  kStrangers,  // what begins a flow of TCP or SCTP, whoever it is meant for, from the IPv6 header on; on uplinks, in
};

struct PacketIn {
  std::string interface;
  Channel channel = Channel::kIcmp6;
  Ip6Address source;
  Ip6Address destination;
  unsigned hop_limit = 0;
  std::span<const std::uint8_t> payload;
  std::uint16_t port = 0;                // of the source, of UDP
  std::optional<MacAddress> link_layer;  // of the sender: of kNeighbors, and on station_lans
  bool outgoing = false;                 // of kNeighbors and kStrangers: our own kernel sent it
};

struct PacketOut {
  std::string interface;
  Channel channel = Channel::kIcmp6;
  Ip6Address destination;
  std::vector<std::uint8_t> payload;
  std::optional<Ip6Address> source;  // none: the link-local address; ::: what the kernel chooses
  std::uint16_t port = 0;            // of kDhcp6Server: a client's or a relay agent's; of kPcp
  MacAddress station{};              // of kNeighbors: to which link-layer address
  bool operator==(const PacketOut&) const = default;
};

// What daemon/io is to listen on.
struct WantedSockets {
  std::vector<std::string> uplinks;  // ICMPv6 for Router Advertisements, UDP 546
  std::vector<std::string> lans;     // ICMPv6 with membership of ff02::2, UDP 547 with ff02::1:2
  std::vector<std::string> echo;     // ICMPv6 Echo Replies, on uplinks
  std::vector<std::string> relay_uplinks{};  // UDP 547, for answers of the servers that we relay to
  std::vector<std::string> station_lans{};   // whose clients' link-layer addresses are to be told
  std::vector<std::string> watched{};        // LANs with UDP 546 too
  std::vector<std::string> pcp{};            // UDP 5351, on LANs
  std::vector<std::string> strangers{};      // uplinks, to hear who begins a flow
  std::vector<std::string> neighbors{};      // what hosts ask each other, where a /64 is shared
  // Port 546 of these addresses on these uplinks.
  std::vector<std::pair<std::string, Ip6Address>> registrations{};
  bool operator==(const WantedSockets&) const = default;
};

// To be carried out in this order: what hosts will be told is on the medium before they are told.
struct RouterOutputs {
  // To be kept over a crash of ours. Every change comes here, and is cheap where memory is (/run); only
  // `durable` ones are worth wearing flash for, to be kept over a reboot too. When that fails it is
  // daemon/io's to try again.
  std::optional<StoredState> store;
  bool durable = false;
  // To be appended to the journal of leases.
  std::vector<std::uint8_t> lease_journal;
  std::optional<ChangeSet> changes;  // to be answered by applied(); at most one is under way
  std::vector<PacketOut> packets;
  std::vector<firewall::Refusal> refusals;  // to be sent unless their flow is known by now
  std::vector<HookRun> hooks;  // each to be answered by hook_ended(); of one uplink, one at a time
  std::vector<LeaseHookRun> lease_hooks;  // each to be answered by lease_hook_ended()
  bool lease_events = false;              // there are new ones in Router::lease_events()
  bool names_changed = false;             // named_addresses() may be
  bool sockets_changed = false;           // wanted_sockets() may be
  LogLines log;
  bool ways_changed = false;  // flows may leave by another uplink than before
  bool look = false;      // the kernel's tables are to be read: not all that changes there is told
  bool finished = false;  // after stop(): the last words are said
};

class Router {
 public:
  // How long a change of what routers behind us have may wait for others like it.
  static constexpr Duration kSubdelegationGap = milliseconds(200);
  // And of who has which name: the files that say so are written whole.
  static constexpr Duration kNamesGap = milliseconds(200);
  // And a host that was found, for its route.
  static constexpr Duration kHostRouteGap = milliseconds(50);
  // The kernel tells of no packet that comes by an IPsec knock: how often it is asked.
  static constexpr Duration kKnocksGap = seconds(60);

  // `stored` is made complete: a DUID, a secret and a ULA are generated where they are missing.
  Router(conf::Config config, StoredState stored, Rng& rng, Instant now);

  // Before anything else: the journal of leases that an earlier run left. What the medium has is to be
  // replaced by lease_journal() then, and whenever it has grown long.
  dhcp6::JournalReading restore_leases(std::span<const std::uint8_t> journal, std::string_view boot,
                                       Instant now);
  std::vector<std::uint8_t> lease_journal(Instant now) const { return server_.snapshot(now); }

  // The whole picture after a dump or an event, in this order. Nothing is changed in the kernel before both
  // have been heard once.
  void links(std::vector<LinkState> links, Instant now);
  void kernel(KernelState kernel, Instant now);
  void applied(const ChangeOutcome& outcome, Instant now);
  void receive(const PacketIn& packet, Instant now) { receive(std::span(&packet, 1), now); }
  // What came at the same time is answered together.
  void receive(std::span<const PacketIn> packets, Instant now);
  // What the kernel's neighbour table has news of: for people to see, and for the names of hosts.
  void neighbors(const std::vector<Neighbor>& news, Instant now);
  void hook_ended(const HookRun& run, const HookResult& result, Instant now);
  void lease_hook_ended(std::uint64_t number, const HookResult& result, Instant now);
  // A person's word; what was ended. What another server gave is no longer routed.
  std::vector<dhcp6::LeaseEvent> release_lease(const dhcp6::LeaseSelection& which, Instant now);
  void reload(conf::Config config, Instant now);
  void stop(Instant now);
  // The end of this process alone, another one takes over at once: hosts hear nothing of it.
  void hand_over(Instant now);
  // The tunnels of the IPsec knock anew, for a sender whose sequence begins again. How many there are.
  std::size_t reset_knocks(Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  RouterOutputs drain();
  // What drain() gave, when it has been carried out: its memory is used again (dhcp6::Server::reuse()).
  void reuse(RouterOutputs done);

  WantedSockets wanted_sockets() const;
  std::vector<std::string> watched_sysctls() const;
  Status status(Instant now) const;
  std::string firewall_lack() const;  // why the wanted rules are not in place; empty: they are
  const StoredState& state() const { return state_; }
  // What is wanted at this moment: for the invariants of the simulation.
  const DesiredState& desired() const { return desired_; }
  const dhcp6::Server& server() const { return server_; }
  const dhcp6::Relay& relay() const { return relay_; }
  const LeaseEvents& lease_events() const { return lease_events_; }
  // Of all hosts with a name; when they will be others by time alone is among the deadlines from then on.
  std::vector<dhcp6::NamedAddress> named_addresses(Instant now);

 private:
  struct Inheritance {
    std::vector<KernelAddress> addresses;
    std::vector<KernelRoute> routes;
  };

  void take(const PacketIn& packet, Instant now);
  void build(Instant now);     // uplinks and LANs as config_ has them
  void identify(Instant now);  // a DUID as soon as a link has what it is made of
  void collect(Instant now);   // what the engines have to say
  void build_hooks();
  Hook* hook_of(const Uplink& uplink);
  bool has_uplink(const Hook& hook) const;
  HookView hook_view(const Uplink& uplink);
  void run_hooks(Instant now);
  void settle(Instant now);  // the end of every event
  void update_pool(Instant now);
  void update_plan();
  void back_off(Instant now);
  void inherit();
  bool in_grace(Instant now) const;
  bool delegations_known(Instant now) const;
  void judge_duplicates(Instant now);
  House house(Instant now);
  bool is_dead(const Uplink& uplink, Instant now) const;
  bool translates(std::string_view origin) const;
  std::vector<LanTranslation> lan_translations(const conf::LanConfig& lan,
                                               const std::vector<LanPrefix>& prefixes,
                                               Instant now) const;
  std::vector<LanPrefix> lan_prefixes(const conf::LanConfig& lan, const LinkState* link,
                                      Instant now);
  std::vector<Prefix> withdrawn_prefixes(const Lan& lan, Instant now) const;
  Ip6Address own_address(const std::string& interface, const LinkState* link,
                         const delegation::InterfaceIdPolicy& policy, const Prefix& slash64);
  void reconcile(Instant now);
  void remember_flow_timeout(const Change& change);
  void refuse_middles(Instant now);
  void notice_ways();
  void advertise(Instant now);
  void decide_sharing(Instant now);
  void fit_proxies(Instant now);
  void collect_sharing(Instant now);
  SharingFacts sharing_facts(const Uplink& uplink) const;
  ra::ProxySettings proxy_settings(const Uplink& uplink, const SharedPrefix& shared) const;
  void add_shared(const conf::LanConfig& lan, const LinkState* link, Instant now,
                  std::vector<LanPrefix>& prefixes);
  std::vector<SharedLinks> shared_links() const;
  std::optional<StatusSharing> sharing_status(const Uplink& uplink, Instant now) const;
  void mark_proxied(const std::string& interface, std::vector<StatusHost>& hosts) const;
  bool is_shared(const std::string& lan, const Prefix& prefix) const;
  bool waits_for_loops(const conf::LanConfig& lan) const;
  void note_told_before();
  void collect_server(Instant now);
  void receive_for_servers(const PacketIn& packet, Lan* lan, Instant now);
  void configure_relay();
  std::vector<dhcp6::RelayLink> relay_links() const;
  dhcp6::OwnPrefixes own_prefixes() const;
  void collect_relay(Instant now);
  void collect_pcp();
  void answer_pcp();
  // router_refusals.cc
  bool hears_strangers() const;
  void hear_stranger(const PacketIn& packet, Instant now);
  void answer_strangers(Instant now);
  std::vector<StatusMapping> status_mappings(const std::string& interface, Instant now) const;
  void count_pcp(const std::string& interface,
                 std::map<std::string, std::uint64_t>& counters) const;
  void subdelegations_changed(Instant now);
  // Those that are wanted at this moment.
  bool rules_in_place() const { return applied_ruleset_ == desired_.ruleset; }
  bool is_judged(const std::string& interface) const;
  bool keep_knocks();
  void forget_senders();
  Instant names_wait_until() const;
  void tell_names(Instant now);
  StatusRelay relay_status(const conf::LanConfig& lan, Instant now) const;
  void count_relayed(const std::string& interface,
                     std::map<std::string, std::uint64_t>& counters) const;
  void offer_state(Instant now);
  void keep_everything();
  void remember_addresses();
  void forget_strangers(Instant now);
  bool is_checked(const Uplink& uplink) const;
  RouteCheck::View check_view(const Uplink& uplink, Instant now) const;
  void check_routes(Instant now);
  void announce_addresses(Instant now);
  void register_addresses(Instant now);
  Routed routed(const Uplink& uplink, const Prefix& delegation) const;
  Uplink* uplink_on(std::string_view interface);
  Lan* lan_on(std::string_view interface) const;
  const LinkState* link(std::string_view interface) const;
  PrefixNeed prefix_need(std::string_view uplink) const;
  void say(LogLevel level, std::string text);

  conf::Config config_;
  StoredState state_;
  StoredState
      offered_;  // what was last handed out to be kept; at first nothing, for the boot is new
  StoredState durable_;  // and what was worth wearing flash for
  Rng& rng_;
  std::vector<std::unique_ptr<Uplink>> uplinks_;
  std::vector<std::unique_ptr<Lan>> lans_;
  std::map<std::string, RouteCheck> checks_;            // uplink name ->
  std::map<std::string, AddressAnnouncer> announcers_;  // uplink name ->
  // Of each uplink, and of those that a reload took away until they have ended.
  std::vector<Hook> hooks_;
  // Networks that a reload took away, while their hosts are told.
  struct Leaving {
    std::unique_ptr<Lan> lan;
    Instant stop_at;
  };
  std::vector<Leaving> leaving_;
  // Uplinks that a reload took away, while their leases are given back.
  struct LeavingUplink {
    std::unique_ptr<Uplink> uplink;
    Instant until;
  };
  std::vector<LeavingUplink> leaving_uplinks_;
  dhcp6::Server server_;
  LeaseEvents lease_events_;
  LeaseHook lease_hook_;
  std::optional<Instant> names_due_;  // when a host whose name was told is forgotten
  bool names_changed_ = false;        // since names_told_
  std::optional<Instant> names_told_;
  LearntHosts learnt_hosts_;  // what was last derived from
  dhcp6::Relay relay_;
  pcp::Server pcp_;
  firewall::Refusals refusals_;
  bool heard_strangers_ = false;        // as wanted_sockets() last said
  std::vector<PacketOut> pcp_answers_;  // that wait for the kernel to have the rules
  // Of an uplink; also what was shared and may be again, for as long as its proxy remembers a loop.
  struct Share {
    explicit Share(Rng& rng) : proxy(rng) {}
    std::optional<SharedPrefix> shared;
    std::string why;  // as last said
    ra::NdProxy proxy;
  };
  std::map<std::string, Share> shares_;  // uplink name ->
  std::optional<Instant> sharing_due_;   // when to decide anew
  // Until then TCP that begins in its middle may be of what was shut.
  std::optional<Instant> middles_refused_until_;
  // LANs whose hosts were told a shared prefix by an earlier run of this boot.
  std::set<std::string> told_before_;
  std::optional<Instant> host_routes_due_;  // when hosts that were found get their routes
  Instant host_routes_taken_;
  std::vector<std::string> neighbors_wanted_;                             // as last told
  std::vector<std::pair<std::string, Ip6Address>> registrations_wanted_;  // likewise
  std::vector<LinkState> links_;
  std::optional<KernelState> kernel_;
  // Until the uplinks have spoken, or this long after the start, nothing of an earlier run is removed.
  static constexpr Duration kGrace = seconds(30);
  Instant started_;
  std::map<std::string, Inheritance> inherited_;  // interface of an uplink ->
  bool inheritance_taken_ = false;
  bool grace_ = true;
  bool settled_ = false;  // delegations_known(), as last derived
  // What routers behind us have was last derived from, and is to be when it changed since.
  Instant subdelegations_taken_;
  std::optional<Instant> knocks_look_due_;  // when to see how far senders have come
  std::optional<Instant> knocks_kept_;
  std::optional<Instant> subdelegations_due_;
  std::optional<Instant> withdrawal_ends_;  // when the next withdrawn prefix can be forgotten
  delegation::PrefixPool pool_;
  delegation::CarveResult plan_;
  std::map<std::string, std::vector<LanPrefix>> prefixes_;  // LAN name -> as last derived
  DesiredState desired_;
  std::optional<firewall::Ruleset> applied_ruleset_;
  bool knocks_reset_ = false;           // asked for, and not on its way to the kernel yet
  std::string firewall_complaint_;      // why the last ones could not be applied
  std::optional<Instant> router_lost_;  // since when no LAN has a default router that had one
  bool dirty_ = true;                   // something that derive() looks at has changed
  bool keep_ = true;                    // something that is stored may have changed
  bool changing_ = false;               // a ChangeSet is with the kernel
  bool stopping_ = false;
  std::optional<Instant> retry_at_;  // after changes that failed, or did not last
  ChangeSet held_back_;              // these changes; all others go on meanwhile
  Duration retry_after_{};
  // Where a host has no address of an uplink's: what the kernel chooses an uplink by, as last seen.
  std::set<std::string> ways_;
  ChangeSet last_changes_;  // what was asked of the kernel last, and when
  Instant last_changes_at_;
  std::map<std::pair<std::string, Prefix>, Ip6Address> random_addresses_;  // ip6ifaceid = "random"
  // Since when prefixes count down that a person gave an end: (interface, prefix) ->
  std::map<std::pair<std::string, Prefix>, Instant> static_since_;
  RouterOutputs out_;
};

}  // namespace sixgate::daemon
