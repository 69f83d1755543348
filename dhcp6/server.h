// SPDX-License-Identifier: Apache-2.0
// Server: the DHCPv6 server of the house (RFC 9915 section 18.3), one for all its links, so that two routers on
// two LANs never get the same prefix. Addresses, prefixes for routers behind us, settings; directly and
// through relay agents.
//
// Sans-I/O: events go in with the time they happened at, values come out of drain(). One deadline, recomputed;
// an early or repeated expire() is harmless.
//
// What it decides where the RFC leaves the choice:
// - An address is an interface identifier of the client's, the same under every prefix of its link and under
//   the next one; so one IA_NA has an address in each live prefix.
// - A client that names a lease nobody else has gets it, also in Renew: a server that lost its memory gives no
//   NoBinding. In Rebind only where rapid commit is on (section 18.3.5).
// - Leases of a prefix that is ours no more are returned with lifetimes of 0 beside the new ones (RFC 9096
//   section 3.5), and clients that accept it are told to ask at once.
// - Unicast from clients is not accepted (section 16), IA_TA is obsolete and not answered (section 21.5).
// - A lease that a person ended (release()) is not given again to whom had it before its time would have been
//   over, unless it is reserved for him: he hears that it is gone, and has another one.
// - The name that a client says (RFC 4704) is published in the link's domain, when it has one, unless the name
//   is reserved for another. No DNS update is ever sent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dhcp6/lease_selection.h"
#include "dhcp6/lease_table.h"
#include "dhcp6/message_view.h"
#include "dhcp6/relay_message.h"
#include "dhcp6/released_leases.h"
#include "dhcp6/server_counters.h"
#include "dhcp6/server_reconfigure.h"
#include "dhcp6/server_scope.h"
#include "net/log.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// To be sent from our link-local address on the link, UDP port 547.
struct ServerPacket {
  std::string link;
  Ip6Address destination;
  std::uint16_t port = kClientPort;
  std::vector<std::uint8_t> payload;
  bool operator==(const ServerPacket&) const = default;
};

struct LeaseEvent {
  enum class Kind : std::uint8_t { kAdded, kRenewed, kReleased, kExpired, kDeclined };
  Kind kind = Kind::kAdded;
  std::string link;
  AssociationType type = AssociationType::kAddresses;
  Duid duid;
  std::uint32_t iaid = 0;
  LeaseList leases;  // addresses as /128; of what is given back in part, that part
  Lifetime valid;    // at the moment of the event
  std::string name;
  bool operator==(const LeaseEvent&) const = default;
};
std::string_view to_string(LeaseEvent::Kind kind);  // "added", ...

// To be carried out in this order: what a client hears has been written down.
struct ServerOutputs {
  std::vector<std::uint8_t> journal;  // to be appended
  bool delegations_changed = false;   // Server::delegations() is another value
  bool names_changed = false;         // named_addresses() or each_address() may be
  std::vector<ServerPacket> packets;
  std::vector<LeaseEvent> events;
  LogLines log;
  // Link, and a server of somebody else whose offer a client there takes.
  std::vector<std::pair<std::string, Duid>> foreign_servers;
};

// A prefix that a router behind us has, and the way to it (RFC 9818 LPD-5).
struct DelegatedPrefix {
  Prefix prefix;
  std::string link;
  Ip6Address next_hop;
  Instant valid_until;
  bool operator==(const DelegatedPrefix&) const = default;
};

// An address of a host with a name: leased, or registered by the host.
struct NamedAddress {
  Ip6Address address;
  std::string link;
  std::string name;  // one label, lower case
  bool operator==(const NamedAddress&) const = default;
};

class Server {
 public:
  // `rng` must outlive the server.
  explicit Server(Rng& rng) : rng_(&rng), table_(rng.u64()) {}

  // Once, before anything else: what an earlier run wrote. The journal on the medium is to be replaced by
  // snapshot() then; what drain() gives continues that one. `first`: the epoch of this run when the journal tells none.
  JournalReading restore(std::span<const std::uint8_t> journal, std::string_view boot, Instant now,
                         std::uint32_t first = 1);
  std::vector<std::uint8_t> snapshot(Instant now) const { return table_.snapshot(now); }

  void configure(ServerConfiguration configuration, Instant now);
  // A datagram to port 547 on a link. `port` is the sender's, of use when that is a relay agent; `station` where it was
  // sent from, when that is known.
  void receive(std::string_view link, std::span<const std::uint8_t> payload, const Ip6Address& from,
               const Ip6Address& to, Instant now, std::uint16_t port = kServerPort,
               std::optional<MacAddress> station = std::nullopt);
  // Asked for the station that was heard with an address lately: another's address is given to nobody while others are
  // left, whoever gave it.
  using Heard = std::function<std::optional<MacAddress>(std::string_view link,
                                                        const Ip6Address& address, Instant now)>;
  void look_around(Heard heard) { heard_ = std::move(heard); }
  // Ends leases at once, and says which; their clients are told to ask when they accept that.
  std::vector<LeaseEvent> release(const LeaseSelection& which, Instant now);
  void expire(Instant now);
  std::optional<Instant> next_deadline() const;
  ServerOutputs drain();
  // What drain() gave, when it has been carried out: its memory is used again, so that a server that is asked at a
  // steady rate allocates nothing. Packets may also come back alone.
  void reuse(ServerOutputs done);
  void reuse(std::vector<std::uint8_t> payload);

  const LeaseTable& table() const { return table_; }
  const ServerConfiguration& configuration() const { return configuration_; }
  std::vector<DelegatedPrefix> delegations() const;
  // Of links with a domain. One name is of one client: whoever else says it has none.
  std::vector<NamedAddress> named_addresses() const;
  // What is leased as an address or registered, named or not: visit(link, duid, name, address).
  template <class Visit>
  void each_address(Visit visit) const {
    table_.each([&](BindingNumber, const Binding& binding) {
      if (binding.type != AssociationType::kAddresses) return;
      const LeaseClient& client = table_.client(binding.client);
      for (const Prefix& lease : table_.leases(binding))
        visit(table_.link_name(binding.link), client.duid, client.name, lease.address());
    });
    for (const auto& [address, one] : table_.registrations().all())
      visit(one.link, one.duid, one.name, address);
  }
  const ServerCounters& counters(std::string_view link) const;

 private:
  // One message of a client, with all that is known of whoever sent it.
  struct Query {
    MessageView message;
    const ServerLink* link = nullptr;
    LinkNumber link_number = 0;
    const Duid* duid = nullptr;  // none in an anonymous Information-request
    ClientNumber client = kNoNumber;
    Ip6Address from;                // where the answer goes to
    Ip6Address source;              // the client's own address, also of a relayed message
    const WayBack* way = nullptr;   // of a relayed message
    std::optional<MacAddress> mac;  // that it is known by: its station's, or what it says itself
    std::optional<MacAddress>
        station;            // where it speaks from; not of who speaks through a relay agent
    std::string said_name;  // by itself
    std::string name;       // that it is known by: said_name, or what is reserved for it
    Instant now;
  };
  enum class Intent : std::uint8_t { kOffer, kRapidCommit, kRequest, kRenew, kRebind };
  struct Grant {
    Prefix prefix;   // of an address a /128
    Prefix on_link;  // that the address lies in
    Lifetime preferred;
    Lifetime valid;
  };
  struct Answer {
    AssociationType type = AssociationType::kAddresses;
    std::uint32_t iaid = 0;
    ShortList<Grant, 4> grants;
    LeaseList withdrawn;  // returned with lifetimes of 0
    std::optional<Status> status;
    bool empty() const { return grants.empty() && withdrawn.empty() && !status; }
  };
  // What the IAs before this one in the same message were given.
  struct Given {
    ShortList<std::uint64_t, 4> interface_ids;
    LeaseList prefixes;
    unsigned delegations = 0;
  };
  // T1 and T2 of a whole message (RFC 9915 sections 18.3.2 and 21.4), known when all of its IAs are.
  struct Renewal {
    std::optional<Lifetime> preferred;  // the shortest that will be extended
    std::optional<Lifetime> valid;
    ShortList<std::size_t, 4> places;  // in the message, where they are to be written
    void add(const Answer& answer);
    void write(ByteWriter& writer) const;
  };

  // server.cc
  const ServerLink* link_named(std::string_view name) const;
  const ServerLink* link_of_relay(const RelayedExchange& exchange,
                                  std::string_view received_on) const;
  std::optional<ServerDrop> validate(const Query& query) const;
  // Writes the answer; with nothing to say it writes nothing, and may say why.
  void answer(Query& query, ByteWriter& reply, std::optional<ServerDrop>& drop);
  std::vector<std::uint8_t> spare_payload();
  void dropped(std::string_view link, ServerDrop reason);
  void say(LogLevel level, std::string text) { out_.log.push_back({level, std::move(text)}); }

  // server_names.cc
  void learn_name(Query& query) const;
  void add_name(ByteWriter& reply, const Query& query) const;

  // server_register.cc
  void answer_registration(const Query& query, ByteWriter& reply, std::optional<ServerDrop>& drop);
  bool is_appropriate(const Query& query, const Ip6Address& address) const;
  bool is_registered_by_another(const Query& query, std::uint64_t interface_id) const;
  void end_registrations(Instant now);

  // server_answer.cc
  void begin(ByteWriter& reply, const Query& query, MessageType type) const;
  void answer_leases(const Query& query, Intent intent, ByteWriter& reply);
  void answer_confirm(const Query& query, ByteWriter& reply) const;
  void answer_information(const Query& query, ByteWriter& reply) const;
  void answer_giving_back(const Query& query, bool declined, ByteWriter& reply);
  bool give_back(const Query& query, AssociationType type, std::uint32_t iaid,
                 std::span<const Prefix> named, bool declined);
  static void add_association(ByteWriter& reply, const Answer& answer, Renewal& renewal);
  void add_settings(ByteWriter& reply, const Query& query) const;
  const Reservation* settings_for(const Query& query) const;
  bool can_keep_way_back(const Query& query) const;
  bool accepts_reconfigure(const Query& query) const;
  void add_reconfigure(ByteWriter& reply, const Query& query, bool with_key);

  // server_assign.cc
  Answer assign_addresses(const Query& query, const IaNaView& ia, Intent intent, Given& given);
  Answer assign_prefixes(const Query& query, const IaPdView& ia, Intent intent, Given& given);
  std::optional<std::uint64_t> interface_id_for(const Query& query, std::uint32_t iaid,
                                                BindingNumber known,
                                                std::span<const Ip6Address> named,
                                                const Given& given);
  std::optional<Prefix> prefix_for(const Query& query, std::uint32_t iaid,
                                   const DelegableSpace& space, std::span<const Prefix> named,
                                   const Given& given) const;
  bool may_have(const Query& query, std::uint64_t interface_id, BindingNumber known,
                const Given& given) const;
  bool is_heard_of_another(const Query& query, std::uint64_t interface_id) const;
  const Reservation* reservation_for(const Query& query, std::optional<std::uint32_t> iaid) const;
  const Reservation* reservation_of(const Binding& binding, const ServerLink& link,
                                    Instant now) const;
  std::pair<Lifetime, Lifetime> lifetimes(const Query& query, std::uint32_t iaid,
                                          Instant preferred_until, Instant valid_until) const;
  void commit(const Query& query, const Answer& answer, std::uint64_t interface_id,
              const LeaseList& kept);
  void end(BindingNumber number, LeaseEvent::Kind kind, Instant now);
  LeaseEvent event_of(LeaseEvent::Kind kind, BindingNumber number, Instant now) const;
  void record(LeaseEvent::Kind kind, BindingNumber number, Instant now);

  // server_configure.cc
  void call_up(const ServerConfiguration& before, Instant now);
  bool must_ask(const Binding& binding, const ServerLink& link, const ServerLink* before,
                Instant now) const;
  void send_reconfigure(ClientNumber client);
  // Through relay agents where there is a path.
  void send_reconfigure(const std::string& link, const Duid& client, const Ip6Address& address,
                        const RelayPath* path);
  std::uint64_t next_replay_value();

  Rng* rng_;
  Heard heard_;
  LeaseTable table_;
  ServerConfiguration configuration_;
  ReconfigureQueue reconfigure_;
  ReleasedLeases released_;
  // Links found full, and what LeaseTable::freed() was then: until it changes, or kFullFor has passed (a quarantine
  // ends silently), nobody looks again.
  struct Full {
    std::uint64_t freed = 0;
    Instant until;
  };
  std::map<LinkNumber, Full> full_;
  std::uint32_t replay_ = 0;
  std::map<std::string, ServerCounters, std::less<>> counters_;
  ServerOutputs out_;
  std::vector<std::vector<std::uint8_t>> spare_payloads_;
};

}  // namespace sixgate::dhcp6
