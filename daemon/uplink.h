// SPDX-License-Identifier: Apache-2.0
// Uplink: one way to the Internet. It listens to the routers of its link, lets what they say decide what
// the DHCPv6 client asks for (RFC 7084 section 4.2), and keeps what was had through flaps and restarts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conf/config.h"
#include "daemon/kernel_state.h"
#include "dhcp6/address_registrar.h"
#include "dhcp6/client.h"
#include "net/log.h"
#include "net/rng.h"
#include "ra/router_listener.h"

namespace sixgate::daemon {

struct UplinkOutputs {
  std::vector<ra::Packet> solicitations;
  std::vector<dhcp6::Datagram> datagrams;
  std::vector<dhcp6::RegistrationDatagram> registrations;
  bool changed = false;  // heard(), lease() or the link is another value than at the last drain
  LogLines log;
};

struct PrefixNeed {
  Prefix hint;            // the size to ask for when the configuration names none
  unsigned slash64s = 1;  // that the LANs take from this uplink
};

class Uplink {
 public:
  // How long a first Router Advertisement may take before the client asks without knowing M and O: servers
  // that delegate on links without one are common (RFC 7084 WPD-4 is only the least).
  static constexpr Duration kAdvertisementPatience = seconds(3);
  // A client that has asked in vain for this long begins again when a router turns up.
  static constexpr Duration kVainAsking = seconds(15);
  // An uplink without a way out for longer than this, and than its carrier_hold, is dead: another may serve
  // instead. A router that goes and comes is no reason to move every host.
  static constexpr Duration kDeadAfter = seconds(3);
  // Where the link would rather delegate (RFC 9762) no address is made of its prefixes before it has had this
  // long for that.
  static constexpr Duration kDelegationPatience = seconds(20);
  // Before any router was heard since the start nothing is known of it for this long.
  static constexpr Duration kFirstRouter = seconds(30);

  Uplink(conf::UplinkConfig config, std::optional<dhcp6::Lease> stored, Rng& rng);

  // What the client is to say of itself, and what the house needs; before the link is first ready.
  void identify(const dhcp6::Duid& duid, std::uint32_t first_iaid, const PrefixNeed& need,
                Instant now);
  void reconfigure(conf::UplinkConfig config, const PrefixNeed& need, Instant now);
  void link(const LinkState* state, Instant now);  // null: the interface is absent
  void receive(const ra::ReceivedPacket& packet, Instant now);
  void receive(std::span<const std::uint8_t> datagram, const Ip6Address& from,
               dhcp6::Arrival arrival, Instant now);
  // The addresses of the link that are ours, usable and not leased, as they are now: a server that asks for it is
  // told of them (RFC 9686).
  void own_addresses(const std::vector<dhcp6::OwnAddress>& addresses, Instant now);
  // What came to one of them.
  void receive_registration(std::span<const std::uint8_t> datagram, const Ip6Address& to,
                            Instant now);
  void decline(const Ip6Address& address, Instant now);
  // There is reason to doubt the lease: it is verified, and stays in use.
  void question(Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  UplinkOutputs drain();
  void stop(Instant now);
  // After stop(): nothing is left to be said.
  bool stopped() const;

  const conf::UplinkConfig& config() const { return config_; }
  // Of the kernel's neighbour table: whether an address on its link answers. True: it is a router's, and news.
  bool probed(const Ip6Address& address, bool answers, Instant now);
  const ra::Heard& heard() const { return listener_.heard(); }
  const dhcp6::Lease& lease() const { return lease_; }
  bool ready() const { return ready_; }
  // Until then it may turn out that more is delegated than is now.
  Instant delegation_due() const {
    return config_.mode == conf::UplinkMode::kAuto && config_.request_prefix.wanted()
               ? ready_since_ + kDelegationPatience
               : Instant();
  }
  // This prefix has an address of ours: autonomous, and not one in which the link prefers delegation that works (RFC
  // 9762 section 7.1).
  bool forms_address_in(const Prefix& prefix) const {
    return std::find(formed_.begin(), formed_.end(), prefix) != formed_.end();
  }
  // Not ready for less than carrier_hold: the LANs need not know.
  bool held(Instant now) const;
  // There is a way out.
  bool serves() const { return !no_way_at_ && ready_; }
  // There is no way out here, and has not been for a while.
  bool dead(Instant now) const;
  // The routers or the server of this uplink have spoken since the start.
  bool verdict() const {
    return heard().any || lease_.verified || config_.mode == conf::UplinkMode::kNone ||
           config_.gateway;
  }
  // A lease that is to be kept over a restart: what the configuration says needs no keeping.
  bool lease_is_learnt() const { return config_.mode == conf::UplinkMode::kAuto; }
  std::string client_state() const;
  // When it is next looked for a wider prefix.
  Instant probe_at() const { return client_ && ready_ ? client_->probe_at() : Instant::never(); }
  bool rebinding() const { return client_ && client_->state() == dhcp6::ClientState::kRebinding; }
  const dhcp6::AddressRegistrar& registrar() const { return registrar_; }
  const ra::ListenerCounters& listener_counters() const { return listener_.counters(); }
  const dhcp6::ClientCounters* client_counters() const {
    return client_ ? &client_->counters() : nullptr;
  }

 private:
  enum class Asking : std::uint8_t { kNothing, kStateless, kStateful };
  struct Wish {
    Asking asking = Asking::kNothing;
    bool address = false;
    bool operator==(const Wish&) const = default;
  };
  // What to ask now; none while it is too early to tell.
  std::optional<Wish> wish(Instant now) const;
  void follow_wish(Instant now);
  dhcp6::ClientParameters parameters(bool address) const;
  void take_lease(dhcp6::Lease lease);
  void follow_mode(bool another, Instant now);
  void follow_registration();
  void notice_prefixes(Instant now);
  void form_addresses(Instant now);
  bool has_default_router(Instant now) const;
  void notice_service(Instant now);
  Duration dead_after() const;

  conf::UplinkConfig config_;
  Rng* rng_;
  ra::RouterListener listener_;
  std::optional<dhcp6::Client> client_;
  dhcp6::AddressRegistrar registrar_;
  std::optional<dhcp6::Duid> duid_;
  std::uint32_t first_iaid_ = 0;
  PrefixNeed need_;
  dhcp6::Lease lease_;
  Wish asked_;
  std::optional<Ip6Address> link_local_;
  std::optional<std::vector<Prefix>> link_prefixes_;  // as last heard
  std::vector<Prefix> delegating_prefixes_;           // of these the ones with P
  std::vector<Prefix> formed_;
  bool registration_asked_ = false;  // by a server, since the link is ready
  bool ready_ = false;
  bool stopping_ = false;
  Instant ready_since_;
  std::optional<Instant> lost_at_;    // the end of carrier_hold counts from here
  std::optional<Instant> no_way_at_;  // since when there is no way out; none: there is one
  Instant last_expiry_;
  Instant asking_since_;  // when the client last began, or began again
  UplinkOutputs out_;
};

}  // namespace sixgate::daemon
