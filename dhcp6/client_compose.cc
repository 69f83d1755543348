// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/client_compose.h"

#include <algorithm>
#include <array>

namespace sixgate::dhcp6 {
namespace {

// Section 21.7: these are not asked for; they come when they have to.
constexpr std::array<std::uint16_t, 20> kNeverRequested{
    ClientId::kCode,           ServerId::kCode,          IaNa::kCode,          IaTa::kCode,
    IaAddress::kCode,          OptionRequest::kCode,     Preference::kCode,    ElapsedTime::kCode,
    RelayedMessage::kCode,     Authentication::kCode,    ServerUnicast::kCode, StatusCode::kCode,
    RapidCommit::kCode,        UserClass::kCode,         VendorClass::kCode,   InterfaceId::kCode,
    ReconfigureMessage::kCode, ReconfigureAccept::kCode, IaPd::kCode,          IaPrefix::kCode};

// Which leases of an IA a message names.
std::vector<Prefix> named(const Association& ia, MessageType type, const Offer* offer,
                          bool name_leases) {
  std::vector<Prefix> prefixes;
  if (!name_leases) return prefixes;
  if (offer) {
    for (const OfferedAssociation& theirs : offer->associations) {
      if (theirs.type != ia.type || theirs.iaid != ia.iaid) continue;
      for (const OfferedLease& lease : theirs.leases) prefixes.push_back(lease.prefix);
    }
    return prefixes;
  }
  // Sections 18.2.4 and 18.2.7: to our server only what it has on record. Where we ask for anything at all,
  // what we once had says what we would like.
  const bool bound_only = ia.has_bound() || type == MessageType::kRenew;
  for (const HeldLease& lease : ia.leases) {
    if (lease.bound || !bound_only) prefixes.push_back(lease.prefix);
  }
  return prefixes;
}

Options prefix_options(const Association& ia, const Prefix& prefix, MessageType type) {
  Options options;
  if (type != MessageType::kRelease) return options;
  // RFC 6603 section 6.1: what is released carries the exclusion it came with.
  for (const HeldLease& lease : ia.leases) {
    if (lease.prefix != prefix || !lease.excluded) continue;
    if (auto exclude = PdExclude::make(prefix, *lease.excluded)) options.push_back(*exclude);
  }
  return options;
}

// The hint of an IA_PD, when it still says something that is not had (RFC 8168 sections 3.1, 3.4).
const Prefix* useful_hint(const Association& ia, MessageType type,
                          const std::vector<Prefix>& prefixes) {
  if (!ia.hint || ia.hint->length() == 0) return nullptr;
  const Prefix& hint = *ia.hint;
  if (hint.address().is_unspecified()) {
    const bool had = std::any_of(prefixes.begin(), prefixes.end(),
                                 [&](const Prefix& p) { return p.length() <= hint.length(); });
    return had ? nullptr : &hint;
  }
  // A prefix we were never given is not named in Renew and Rebind (section 18.2.4).
  const bool renewing = type == MessageType::kRenew || type == MessageType::kRebind;
  const bool had = std::find(prefixes.begin(), prefixes.end(), hint) != prefixes.end();
  return renewing || had ? nullptr : &hint;
}

Option association_option(const Association& ia, MessageType type, const Offer* offer,
                          bool name_leases) {
  const std::vector<Prefix> prefixes = named(ia, type, offer, name_leases);
  // T1, T2 and lifetimes are 0 in what a client writes (sections 21.4, 21.6, 21.21, 21.22).
  if (ia.type == AssociationType::kAddresses) {
    IaNa option{.iaid = ia.iaid};
    for (const Prefix& one : prefixes)
      option.options.push_back(IaAddress{.address = one.address()});
    return option;
  }
  IaPd option{.iaid = ia.iaid};
  for (const Prefix& one : prefixes) {
    option.options.push_back(IaPrefix{.prefix = one, .options = prefix_options(ia, one, type)});
  }
  const bool giving_back = type == MessageType::kRelease;
  if (const Prefix* hint = giving_back ? nullptr : useful_hint(ia, type, prefixes)) {
    option.options.push_back(IaPrefix{.prefix = *hint});
  }
  return option;
}

// A name of one label is for the server to complete (RFC 4704 section 4.2).
ClientFqdn fqdn_of(const DomainName& name) {
  const bool one_label = name.to_string().find('.') == std::string::npos;
  return {.flags = ClientFqdn::kServerUpdates, .name = name, .partial = one_label};
}

bool carries_option_request(MessageType type) {
  return type == MessageType::kSolicit || type == MessageType::kRequest ||
         type == MessageType::kRenew || type == MessageType::kRebind ||
         type == MessageType::kInformationRequest;
}

}  // namespace

OptionRequest option_request(const ClientParameters& parameters, MessageType type, bool name) {
  const bool stateless = type == MessageType::kInformationRequest;
  std::vector<std::uint16_t> codes = parameters.extra_options;
  // RFC 7084 WAA-4, WAA-5, WAA-8; what hosts of the house may want from us beyond that (RFC 8910 section 2.2,
  // RFC 9463 section 5.1, and what other home routers pass on).
  codes.insert(codes.end(), {DnsServers::kCode, DomainSearchList::kCode, NtpServers::kCode,
                             SolMaxRt::kCode, SipDomains::kCode, SipServers::kCode,
                             SntpServers::kCode, CaptivePortal::kCode, EncryptedDns::kCode});
  if (name) codes.push_back(ClientFqdn::kCode);  // RFC 4704 section 5
  if (stateless) {
    codes.insert(codes.end(), {InformationRefreshTime::kCode, InfMaxRt::kCode});  // 18.2.6
  } else if (!parameters.delegations.empty()) {
    codes.push_back(PdExclude::kCode);  // RFC 6603 section 5.1
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::erase_if(codes, [&](std::uint16_t code) {
    if (code == 0) return true;
    // Section 21.23: in no other message.
    if (code == InformationRefreshTime::kCode) return !stateless;
    return std::find(kNeverRequested.begin(), kNeverRequested.end(), code) != kNeverRequested.end();
  });
  return {.codes = std::move(codes)};
}

Message compose(const ClientParameters& parameters, const Exchange& exchange,
                const std::vector<Association>& associations, const Offer* offer, bool name_leases,
                Instant now) {
  const MessageType type = exchange.type;
  Message message{.type = type, .transaction_id = exchange.transaction_id};
  Options& options = message.options;
  options.push_back(ClientId{parameters.duid});
  if (exchange.server) options.push_back(ServerId{*exchange.server});
  const Retransmission& timing = exchange.timing;
  options.push_back(timing.sent() ? ElapsedTime::since(timing.first_sent(), now) : ElapsedTime{});
  const bool name = exchange.extras.name && parameters.name;
  if (carries_option_request(type)) options.push_back(option_request(parameters, type, name));
  if (exchange.extras.rapid_commit) options.push_back(RapidCommit{});
  if (name) options.push_back(fqdn_of(*parameters.name));
  if (carries_option_request(type) && parameters.accept_reconfigure) {
    options.push_back(ReconfigureAccept{});
  }
  if (type == MessageType::kInformationRequest) return message;

  const bool addresses_only = type == MessageType::kConfirm || type == MessageType::kDecline;
  const bool leases_only = addresses_only || type == MessageType::kRelease;
  for (const Association& ia : associations) {
    if (addresses_only && ia.type != AssociationType::kAddresses) continue;
    if (leases_only && ia.leases.empty()) continue;
    options.push_back(association_option(ia, type, offer, name_leases));
  }
  return message;
}

}  // namespace sixgate::dhcp6
