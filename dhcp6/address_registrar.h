// SPDX-License-Identifier: Apache-2.0
// AddressRegistrar: tells the DHCPv6 servers of one link which addresses there we made ourselves, when they have
// asked for it (RFC 9686). It is for their records: nothing depends on an answer.
//
//             look(): a new address                    RT over, fewer than MRC sent
//   unknown ------------------------> being told ------------------------------+
//                                      |   ^  |   ^                            |
//                   Reply, or MRC sent |   |  |   +----------------------------+
//                                      v   |  | look(): it is there no more
//                                     known   v
//                                      |      forgotten
//                                      | NextAddrRegRefreshTime, once its lifetime was changed by more than 1%
//                                      +-----> being told
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "dhcp6/duid.h"
#include "dhcp6/retransmission.h"
#include "net/ip6_address.h"
#include "net/log.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// An address that is assigned to the link's interface and usable; valid_until never: for ever.
struct OwnAddress {
  Ip6Address address;
  Instant preferred_until = Instant::never();  // in the past: deprecated
  Instant valid_until = Instant::never();
  bool operator==(const OwnAddress&) const = default;
};

// To be sent from `source`, UDP port 546, to All_DHCP_Relay_Agents_and_Servers (section 4.2).
struct RegistrationDatagram {
  Ip6Address source;
  std::vector<std::uint8_t> payload;
  bool operator==(const RegistrationDatagram&) const = default;
};

// Section 4.5.
inline constexpr RetransmissionParameters kRegistrationTiming{.initial_timeout = seconds(1),
                                                              .maximum_count = 3};

class AddressRegistrar {
 public:
  // Between seeing an address and telling of it: port and firewall are to be open for the answer.
  static constexpr Duration kOpening = milliseconds(100);
  // StaticAddrRegRefreshInterval and AddrRegRefreshCoalesce (sections 4.6.2, 4.6.3).
  static constexpr Duration kStaticRefresh = hours(4);
  static constexpr Duration kCoalesce = seconds(60);

  // `rng` must outlive it.
  explicit AddressRegistrar(Rng& rng) : rng_(&rng) {}

  // A server of this link wants to know (section 4.4); from then on until stop(), whatever is said later.
  void start(const Duid& own);
  // The link is left: what was learnt of it, and what was told there, is forgotten.
  void stop();
  bool started() const { return own_.has_value(); }

  // All there are now. Those that are not valid addresses of global scope are passed over (section 4.2).
  void look(const std::vector<OwnAddress>& addresses, Instant now);
  // What came to port 546 of an address of ours.
  void receive(std::span<const std::uint8_t> payload, const Ip6Address& to, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;

  struct Outputs {
    std::vector<RegistrationDatagram> packets;
    LogLines log;
  };
  Outputs drain();

  // What a server has answered for, in order.
  std::vector<Ip6Address> registered() const;

 private:
  struct Entry {
    OwnAddress own;
    std::uint32_t transaction_id = 0;
    std::optional<Retransmission> telling;    // none: it is known, or nobody answers
    bool answered = false;                    // the present transaction, or the last one
    bool known = false;                       // some transaction was
    Instant told_valid_until;                 // what the last message said
    Instant next_refresh = Instant::never();  // NextAddrRegRefreshTime
    std::optional<Instant> scheduled;         // what is really planned
  };
  void tell(Entry& entry, Instant now);
  void transmit(Entry& entry, Instant now);
  void reschedule(Entry& entry, Instant now) const;
  Duration refresh_interval(const Entry& entry, Instant now) const;

  Rng* rng_;
  std::optional<Duid> own_;
  unsigned desync_ = 1000;  // AddrRegDesyncMultiplier, in thousandths
  std::map<Ip6Address, Entry> entries_;
  Outputs out_;
};

}  // namespace sixgate::dhcp6
