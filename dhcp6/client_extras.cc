// SPDX-License-Identifier: Apache-2.0
// What a message carries that some servers do not bear: the wish for rapid commit (RFC 9915 section 18.2.1) and our
// name (RFC 4704). A server may ignore either; there are some that ignore the message instead, or answer UnspecFail.
// Each is said until it is seen to fail, is then left out, and this is remembered of the server.
#include <algorithm>
#include <utility>

#include "dhcp6/client.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// How many Solicits with everything go unanswered before one is plain. From then on they take turns.
constexpr unsigned kFullSolicits = 2;
// How many Requests do. Whoever is asked by one has just advertised.
constexpr unsigned kFullRequests = 3;

bool may_say_name(MessageType type) {  // RFC 4704 section 5
  return type == MessageType::kSolicit || type == MessageType::kRequest ||
         type == MessageType::kRenew || type == MessageType::kRebind;
}

ServerProfile shown_by(const Duid& server, const std::vector<OfferedAssociation>& associations) {
  ServerProfile profile{.server = server, .lengths = {}};
  std::vector<unsigned> offered;
  bool times = false;
  for (const OfferedAssociation& ia : associations) {
    if (ia.type != AssociationType::kPrefixes || ia.leases.empty()) continue;
    for (const OfferedLease& lease : ia.leases) offered.push_back(lease.prefix.length());
    times = times || !ia.t1.is_zero() || !ia.t2.is_zero();
  }
  profile.show(std::move(offered), times);
  return profile;
}

}  // namespace

void Client::choose_extras(Exchange& exchange) const {
  exchange.extras = {};
  if (exchange.plain) return;
  // A Solicit is for whoever is there.
  const bool solicit = exchange.type == MessageType::kSolicit;
  const std::optional<Duid>& asked = exchange.server || solicit ? exchange.server : server_;
  const auto fails = [&](bool ServerProfile::*what) {
    const auto& all = servers_.all();
    return std::any_of(all.begin(), all.end(), [&](const ServerProfile& one) {
      return one.*what && (!asked || one.server == *asked);
    });
  };
  exchange.extras.rapid_commit =
      parameters_.rapid_commit && solicit && !fails(&ServerProfile::fails_on_rapid_commit);
  // A Request for a wider prefix is about nothing else.
  exchange.extras.name = parameters_.name && may_say_name(exchange.type) && !exchange.upgrade &&
                         !fails(&ServerProfile::fails_on_name);
}

// Another transmission is due. One with another content is a message of its own (section 16.1).
void Client::vary_extras(Exchange& exchange) {
  const unsigned sent = exchange.timing.transmissions();
  bool plain = exchange.plain;
  if (exchange.type == MessageType::kSolicit) plain = sent >= kFullSolicits && sent % 2 == 0;
  if (exchange.type == MessageType::kRequest && sent >= kFullRequests) plain = true;
  if (plain == exchange.plain || (plain && !exchange.extras.any())) return;
  make_plain(exchange, plain);
}

void Client::make_plain(Exchange& exchange, bool plain) {
  exchange.plain = plain;
  exchange.transaction_id = rng_->u32() & kTransactionIdMask;
  choose_extras(exchange);
}

// A server answers UnspecFail to what carries our name. A Request goes again at once; Renew and Rebind keep their
// times (section 18.2.10).
bool Client::ask_plainly(Instant now) {
  if (!exchange_->extras.name || exchange_->type == MessageType::kSolicit) return false;
  outputs_.log.push_back({LogLevel::kInfo, "asking without our name"});
  make_plain(*exchange_, true);
  if (exchange_->type == MessageType::kRequest) {
    exchange_->timing = Retransmission(kRequestTiming);
    exchange_->starts_at = now;
  }
  return true;
}

// A server answers a plain Solicit. Perhaps it just was not there before: it is asked once more with everything, and
// what it offers waits for that.
void Client::doubt(const Duid& server, Instant now) {
  RetransmissionParameters timing = kSolicitTiming;
  timing.maximum_timeout = solicit_ceiling();
  exchange_ = make_exchange(MessageType::kSolicit, timing, now);
  exchange_->doubted = server;
  outputs_.log.push_back(
      {LogLevel::kInfo, cat("server ", server, " answers a plain Solicit: asking again in full")});
}

void Client::confirm_doubt() {
  if (!exchange_->doubted) return;
  const Duid& server = *exchange_->doubted;
  if (exchange_->extras.rapid_commit) servers_.mark(server, &ServerProfile::fails_on_rapid_commit);
  if (exchange_->extras.name) servers_.mark(server, &ServerProfile::fails_on_name);
}

void Client::learn_from_offer(const Offer& offer) {
  if (exchange_->doubted == offer.server) exchange_->doubted.reset();
  if (!exchange_->extras.rapid_commit) return;
  ServerProfile seen = shown_by(offer.server, offer.associations);
  seen.rapid_commit = Finding::kNo;
  servers_.learn(std::move(seen), false);
}

void Client::learn_from_reply(const Duid& server, const std::vector<OfferedAssociation>& offered) {
  ServerProfile seen = shown_by(server, offered);
  if (exchange_->type == MessageType::kSolicit) {
    seen.rapid_commit = Finding::kYes;
  } else if (exchange_->plain) {
    seen.fails_on_name = true;
  } else if (!servers_.find(server)) {
    return;  // nothing to be remembered
  }
  servers_.learn(std::move(seen), false);
}

}  // namespace sixgate::dhcp6
