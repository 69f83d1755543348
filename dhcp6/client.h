// SPDX-License-Identifier: Apache-2.0
// Client: the DHCPv6 client of one uplink (RFC 9915 section 18.2), IA_NA and IA_PDs in one session.
//
// Sans-I/O: events go in with the time they happened at, packets and changes come out of drain(). One
// deadline, recomputed; an early or repeated expire() is harmless, and after expire(now) the next deadline is
// later than `now`.
//
// What differs from a plain reading of section 18.2, on purpose:
// - Where the parameters name hints to survey, discovery is a survey (survey.h): all that is on offer is looked
//   at before one Request takes the widest prefix.
// - Leases are kept to their own end, or until a server takes them back with lifetime 0 or a new lease
//   arrives in their IA: never dropped because a server is silent or has forgotten us.
// - Stored leases that nobody confirms are looked after in steps: Rebind (or Confirm), Solicit that names
//   them, Solicit that does not; and a server that turns up is asked for them once more before it is asked
//   for others. They stay in use all the while.
// - While a prefix is bound that could be wider, a survey is made now and then (client_upgrade.cc). What is found is
//   requested in an IA_PD of its own, and only when it is there the old prefix retires: deprecated, in use, and
//   released last.
// - An IA that could not be had, or was not renewed, is asked for again before T1, with back-off.
// - Rapid commit and our name, which some servers do not bear, are left out where they fail (client_extras.cc).
// - A restart after failures backs off beyond what the retransmission rules demand.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/client_counters.h"
#include "dhcp6/client_discovery.h"
#include "dhcp6/client_exchange.h"
#include "dhcp6/client_lease.h"
#include "dhcp6/client_parameters.h"
#include "dhcp6/datagram.h"
#include "dhcp6/survey.h"
#include "net/ip6_address.h"
#include "net/log.h"
#include "net/rng.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

enum class ClientState : std::uint8_t {
  kIdle,
  kSoliciting,
  kRequesting,
  kBound,
  kRenewing,
  kRebinding,  // at T2, or to verify delegated prefixes
  kConfirming,
  kInformationRequesting,
  kInformed,
  kReleasing,
  kDeclining,  // bound, and giving an address back
};
std::string_view to_string(ClientState state);  // "soliciting", ...

struct ClientOutputs {
  // What changed in the lease, as the whole new value (it may be empty). To be applied before the packets
  // are sent: nothing released or declined may be in use any more (sections 18.2.7, 18.2.8).
  std::optional<Lease> lease;
  std::vector<Datagram> packets;
  // A server said that it registers addresses (RFC 9686 section 4.1).
  bool registration_asked = false;
  LogLines log;  // one info line per transition, "a -> b: why", without the name of the uplink
};

class Client {
 public:
  // `rng` must outlive the client.
  Client(ClientParameters parameters, Rng& rng);
  Client(const Client&) = delete;  // a survey shares its transmission limit
  Client& operator=(const Client&) = delete;

  // Begins a session with addresses and prefixes. A stored lease with anything still valid in it is handed
  // out at once, unverified, and verified by Rebind, or by Confirm when there are only addresses (18.2.12);
  // its IAs that the parameters do not name any more are forgotten. Starting again begins from nothing.
  void start_stateful(std::optional<Lease> stored, Instant now);
  // Begins Information-requests (18.2.6). Stored settings are handed out at once, unverified, until a server
  // has spoken.
  void start_stateless(std::optional<Lease> stored, Instant now);
  // The link went away and is back, or may be another one: verify what we have, or ask afresh at once.
  void link_changed(Instant now);
  // The prefixes advertised on the link changed (18.2.12): Renew, Confirm or Information-request, at most
  // once in 30 s.
  // `rebind`: Rebind at any rate, as RFC 9762 section 7.1 asks where the link's wish for delegation has changed.
  void prefixes_changed(Instant now, bool rebind = false);
  // Our link-local address is another one: the server that may send Reconfigure must know (18.2.4).
  void source_address_changed(Instant now);
  // Another policy; what it asks for beyond what is bound is asked for at once.
  void adapt(const DelegationPolicy& policy, Instant now);
  // Duplicate Address Detection failed (18.2.8). Ignored when the address is not leased.
  void decline(const Ip6Address& address, Instant now);
  // Ends the session: with Release when the parameters ask for it (then drained packets and deadlines go on
  // until state() is kIdle, which the caller may cut short), else silently, with the lease as it is.
  void stop(Instant now);

  // A datagram to port 546 from any port.
  void receive(std::span<const std::uint8_t> payload, const Ip6Address& from, Instant now,
               Arrival arrival = Arrival::kUnicast);
  void expire(Instant now);
  // Absolute; none when nothing is to come.
  std::optional<Instant> next_deadline() const;
  ClientOutputs drain();

  ClientState state() const;
  const Lease& lease() const { return lease_; }  // always current, also before drain()
  const ClientCounters& counters() const { return counters_; }
  const ClientParameters& parameters() const { return parameters_; }
  // The survey that is under way; null when there is none.
  const Survey* survey() const { return survey_ ? &*survey_ : nullptr; }
  // When it is next looked for a wider prefix than the bound one; never where that is not done.
  Instant probe_at() const { return probe_at_; }
  // Present values of SOL_MAX_RT and INF_MAX_RT (21.24, 21.25).
  Duration solicit_max_timeout() const { return solicit_max_; }
  Duration information_max_timeout() const { return information_max_; }

 private:
  enum class Mode : std::uint8_t { kOff, kStateful, kStateless };
  // A Release or Decline. It runs beside the session's own exchange.
  struct GivingBack {
    Exchange exchange;
    std::vector<Association> associations;
  };

  // client.cc: the course of a session.
  void reset(Mode mode);
  Exchange make_exchange(MessageType type, const RetransmissionParameters& timing,
                         Instant starts_at);
  void give_back(MessageType type, const RetransmissionParameters& timing, Instant starts_at,
                 std::vector<Association> associations, const Duid& server);
  Instant soon(Instant now);  // within SOL_MAX_DELAY, CNF_MAX_DELAY, INF_MAX_DELAY: all 1 s
  void discover(Instant now, bool after_failure, std::string_view why);
  void request(const Duid& server, std::optional<Offer> offer, Instant now, std::string_view why);
  void try_next_server(Instant now, std::string_view why);
  void renew(Instant now, std::string_view why);
  void rebind(Instant now, std::string_view why);
  void verify(Instant now, std::string_view why);
  void look_again(Instant now);
  void begin_survey(Instant starts_at);
  SurveyParameters survey_parameters(std::vector<Prefix> hints) const;
  // What it has to say, its log at `level` or less loud; true when it is over.
  bool take_from(Survey& survey, LogLevel level);
  void follow_survey(Instant now);
  void choose(const SurveyResult& result, Instant now);
  std::optional<Offer> offer_of(const SurveyedServer& server) const;
  void add_further(Offer& offer, const SurveyedServer& server) const;
  bool names_held(const Offer& offer) const;
  void take_offers(Instant now, std::string_view why);
  void seek(bool name_leases, Instant now, std::string_view why);
  Duration solicit_ceiling() const;  // MRT of a Solicit
  void ask_for_information(Instant now, std::string_view why);
  void become_bound(Instant now, bool after_reply, std::string_view why);
  void settle(Instant now, bool after_reply);  // the times at which a bound client acts
  void log_transition(ClientState before, std::string_view why);
  void publish();

  // client_upgrade.cc: a wider prefix while one is bound.
  std::vector<Prefix> wider_hints() const;
  void forget_probe();
  void plan_probe(Instant now);
  bool step_probe(Instant now);
  void follow_probe(Instant now);
  void upgrade(Offer offer, Instant now);
  void on_reply_to_upgrade(const Message& message, const Duid& server, Instant now);
  bool step_retired(Instant now);
  Instant next_release() const;
  void release(Association retired, Instant now);

  // client_timers.cc: what time does.
  void run(Instant now);   // everything that is due
  bool step(Instant now);  // one thing; false when nothing is due
  bool step_giving_back(Instant now);
  bool step_exchange(Instant now);
  bool step_bound(Instant now);
  bool may_await_timers() const;  // no exchange, or one that T1 interrupts
  void exchange_failed(Instant now);
  void exchange_timed_out(Instant now);
  void transmit(Exchange& exchange, const std::vector<Association>& associations, Instant now);

  // client_extras.cc: what some servers do not bear.
  void choose_extras(Exchange& exchange) const;
  void vary_extras(Exchange& exchange);
  void make_plain(Exchange& exchange, bool plain);
  bool ask_plainly(Instant now);
  void doubt(const Duid& server, Instant now);
  void confirm_doubt();
  void learn_from_offer(const Offer& offer);
  void learn_from_reply(const Duid& server, const std::vector<OfferedAssociation>& offered);

  // client_receive.cc: what servers say.
  void dropped(ClientDrop reason);
  void notice_registration(const Message& message);
  void on_advertise(const Message& message, Instant now);
  void on_reply(const Message& message, Instant now);
  void on_reconfigure(const Message& message, std::span<const std::uint8_t> raw, Instant now);
  void on_reply_with_leases(const Message& message, const Duid& server, Instant now);
  // `received` before `now`: of one that had to wait, whose lifetimes began when it came.
  void on_reply_to_renewal(const Message& message, const Duid& server, Instant received,
                           Instant now);
  bool waits_for_ours(const Message& message, const std::vector<OfferedAssociation>& offered,
                      Instant now);
  void take_other(Instant now);
  void on_reply_to_confirm(const Message& message, const Duid& server, Instant now);
  void on_reply_with_information(const Message& message, const Duid& server, Instant now);
  std::vector<Association> asked_associations() const;
  bool lacks_any() const;
  bool ask_for_less(const Duid& server, Instant now, std::string_view why);
  bool offers_something(const std::vector<OfferedAssociation>& offered) const;
  void accept(const Message& message, const Duid& server);
  void take_max_timeouts(const Message& message);

  ClientParameters parameters_;
  Rng* rng_;
  Mode mode_ = Mode::kOff;
  std::optional<Exchange> exchange_;
  std::optional<Survey> survey_;  // instead of an exchange
  std::optional<GivingBack> giving_back_;
  Bindings bindings_;
  Discovery discovery_;
  std::optional<Offer> offer_;  // what the Request is for
  bool name_leases_ = true;     // false after NotOnLink (18.2.10.1)
  // The server gives no prefix to whom asks for an address too (SurveyedServer::together).
  bool prefix_alone_ = false;

  std::optional<Duid> server_;
  Lease configuration_;  // only the options, the server's address and the key are used
  Ip6Address sender_;    // of the message that is looked at
  bool verified_ = false;
  bool looked_again_ = false;  // since the link, or we, came back

  // When bound: the times that are still to come, and the back-off of asking again.
  Instant renew_at_ = Instant::never();
  Instant rebind_at_ = Instant::never();
  std::optional<Retransmission> again_;
  std::optional<Instant> refresh_at_;  // information refresh time (21.23)
  std::optional<Instant> recheck_at_;  // prefixes_changed()
  std::optional<Instant> rechecked_at_;
  bool recheck_rebinds_ = false;
  std::optional<Retransmission> failures_;  // of discovery, one after the other

  std::optional<Survey> probe_;  // beside whatever else goes on
  Instant probe_at_ = Instant::never();
  Duration probe_pace_{};  // grows while nothing is found
  ServerProfiles servers_;

  Duration solicit_max_ = kDefaultMaxRt;
  Duration information_max_ = kDefaultMaxRt;
  TransmissionLimit limit_;

  Lease lease_;
  Lease reported_;
  ClientOutputs outputs_;
  ClientCounters counters_;
};

}  // namespace sixgate::dhcp6
