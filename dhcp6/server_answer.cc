// SPDX-License-Identifier: Apache-2.0
// What the server writes (RFC 9915 sections 18.3.1 to 18.3.9).
#include <algorithm>
#include <utility>

#include "dhcp6/option_codec.h"
#include "dhcp6/server.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// How long a declined address is left alone.
constexpr Duration kQuarantine = hours(24);

std::string_view explanation(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "all is well";
    case Status::kNoAddrsAvail:
      return "no address for you on this link";
    case Status::kNoBinding:
      return "nothing is known of this IA";
    case Status::kNotOnLink:
      return "an address does not belong on this link";
    case Status::kNoPrefixAvail:
      return "no prefix is left";
    case Status::kUnspecFail:
    case Status::kUseMulticast:
      break;
  }
  return "it did not work";
}

void emit_status(ByteWriter& reply, Status status) {
  const OpenOption open(reply, StatusCode::kCode);
  reply.u16(static_cast<std::uint16_t>(status));
  codec::append_text(reply, explanation(status));
}

Lifetime share(Lifetime whole, unsigned tenths) {
  if (whole.is_infinite()) return whole;
  return Lifetime(static_cast<std::uint32_t>(std::uint64_t{whole.count()} * tenths / 10));
}

void emit_lease(ByteWriter& reply, AssociationType type, const Prefix& lease, Lifetime preferred,
                Lifetime valid) {
  if (type == AssociationType::kAddresses) {
    emit_option(
        reply,
        IaAddress{
            .address = lease.address(), .preferred = preferred, .valid = valid, .options = {}});
  } else {
    emit_option(reply,
                IaPrefix{.prefix = lease, .preferred = preferred, .valid = valid, .options = {}});
  }
}

constexpr std::uint16_t code_of_ia(AssociationType type) {
  return type == AssociationType::kAddresses ? IaNa::kCode : IaPd::kCode;
}

void emit_unknown_ia(ByteWriter& reply, AssociationType type, std::uint32_t iaid) {
  const OpenOption open(reply, code_of_ia(type));
  reply.u32(iaid);
  reply.zeros(8);  // T1, T2
  emit_status(reply, Status::kNoBinding);
}

}  // namespace

void Server::Renewal::add(const Answer& answer) {
  for (const Grant& grant : answer.grants) {
    if (!grant.preferred.is_zero())
      preferred = std::min(preferred.value_or(Lifetime::infinite()), grant.preferred);
    valid = std::min(valid.value_or(Lifetime::infinite()), grant.valid);
  }
}

void Server::Renewal::write(ByteWriter& writer) const {
  // With nothing that will be extended there is no point in asking before the end (section 18.3.4).
  const Lifetime end = valid.value_or(Lifetime());
  const Lifetime t1 = preferred ? share(*preferred, 5) : end;
  const Lifetime t2 = preferred ? share(*preferred, 8) : end;
  for (const std::size_t place : places) {
    writer.patch_u32(place, t1.count());
    writer.patch_u32(place + 4, t2.count());
  }
}

void Server::begin(ByteWriter& reply, const Query& query, MessageType type) const {
  reply.u8(static_cast<std::uint8_t>(type));
  reply.u24(query.message.transaction_id);
  if (query.duid != nullptr) {
    const OpenOption open(reply, ClientId::kCode);
    reply.bytes(query.duid->bytes());
  }
  const OpenOption open(reply, ServerId::kCode);
  reply.bytes(configuration_.duid->bytes());
}

void Server::answer_leases(const Query& query, Intent intent, ByteWriter& reply) {
  const bool offer = intent == Intent::kOffer;
  begin(reply, query, offer ? MessageType::kAdvertise : MessageType::kReply);
  if (intent == Intent::kRapidCommit) emit_option(reply, RapidCommit{});
  if ((offer || intent == Intent::kRapidCommit) && query.link->preference != 0)
    emit_option(reply, Preference{query.link->preference});

  Given given;
  Renewal renewal;
  bool any = false;
  bool left_out = false;
  const auto take = [&](const Answer& answer) {
    for (const Grant& grant : answer.grants) {
      if (answer.type == AssociationType::kPrefixes) {
        given.prefixes.push_back(grant.prefix);
      } else {
        given.interface_ids.push_back(grant.on_link.interface_id(grant.prefix.address()));
      }
    }
    if (answer.empty()) {
      left_out = true;
      return;
    }
    any = true;
    add_association(reply, answer, renewal);
  };
  const OptionsView& said = query.message.options;
  said.each<IaNaView>(
      [&](const IaNaView& ia) { take(assign_addresses(query, ia, intent, given)); });
  said.each<IaPdView>([&](const IaPdView& ia) { take(assign_prefixes(query, ia, intent, given)); });
  // Sections 18.3.3, 18.3.5: what cannot be judged is not answered.
  if (!any && left_out) return reply.truncate(0);

  renewal.write(reply);
  add_settings(reply, query);
  add_reconfigure(reply, query, !offer);
  if (query.client != kNoNumber && !offer) reconfigure_.remove(query.client);
}

// What a client does best with comes first, for there are some that take no more than one: what the world can reach,
// then what lives in the house alone, then what is running out.
void Server::add_association(ByteWriter& reply, const Answer& answer, Renewal& renewal) {
  const auto rank = [](const Grant& grant) {
    return (grant.preferred.is_zero() ? 2 : 0) + (grant.prefix.address().is_unique_local() ? 1 : 0);
  };
  const OpenOption open(reply, code_of_ia(answer.type));
  reply.u32(answer.iaid);
  renewal.add(answer);
  // A status says that there is nothing to renew.
  if (!answer.status) renewal.places.push_back(reply.size());
  reply.zeros(8);  // T1, T2
  for (int wanted = 0; wanted <= 3; ++wanted) {
    for (const Grant& grant : answer.grants) {
      if (rank(grant) == wanted)
        emit_lease(reply, answer.type, grant.prefix, grant.preferred, grant.valid);
    }
  }
  for (const Prefix& gone : answer.withdrawn) emit_lease(reply, answer.type, gone, {}, {});
  if (answer.status) emit_status(reply, *answer.status);
}

// Settings are those of the whole client: one of its IAs is enough to know it by.
const Reservation* Server::settings_for(const Query& query) const {
  const Reservation* kept = nullptr;
  const auto look = [&](const auto& ia) {
    if (kept == nullptr) kept = reservation_for(query, ia.iaid);
  };
  if (!query.link->reservations.empty()) {
    query.message.options.each<IaNaView>(look);
    query.message.options.each<IaPdView>(look);
  }
  return kept != nullptr ? kept : reservation_for(query, std::nullopt);
}

// What was asked for and is there, in the order it was asked for (sections 18.3 and 21.7).
void Server::add_settings(ByteWriter& reply, const Query& query) const {
  const auto asked = query.message.options.find<OptionRequestView>();
  if (!asked) return;
  const Reservation* kept = settings_for(query);
  const auto add = [&](const Options& options, std::uint16_t code) {
    bool any = false;
    for (const Option& option : options) {
      const auto* written = std::get_if<UnknownOption>(&option);  // as configure() made them all
      if (written == nullptr || written->code != code) continue;
      const OpenOption open(reply, code);
      reply.bytes(written->bytes);
      any = true;
    }
    return any;
  };
  ShortList<std::uint16_t, 16> done;  // those that we have
  bool asks_name = false;
  for (ByteReader codes = asked->codes; !codes.at_end();) {
    const std::uint16_t code = codes.u16();
    asks_name = asks_name || code == ClientFqdn::kCode;
    if (std::find(done.begin(), done.end(), code) != done.end()) continue;
    const std::size_t before = reply.size();
    // Section 21.23: in no other message.
    if (code == InformationRefreshTime::kCode &&
        query.message.type == MessageType::kInformationRequest) {
      const bool own = kept != nullptr && kept->information_refresh;
      emit_option(reply, InformationRefreshTime{own ? *kept->information_refresh
                                                    : query.link->information_refresh});
    }
    if (code == kAddressRegistration && query.link->registers)
      const OpenOption open(reply, kAddressRegistration);
    if (kept == nullptr || !add(kept->options, code)) add(query.link->options, code);
    if (reply.size() != before) done.push_back(code);
  }
  if (asks_name) add_name(reply, query);
}

// Sections 18.3.2, 18.3.9 and 20.4.2.
void Server::add_reconfigure(ByteWriter& reply, const Query& query, bool with_key) {
  if (!query.link->reconfigure || query.duid == nullptr ||
      !query.message.options.contains<ReconfigureAccept>() || !can_keep_way_back(query))
    return;
  emit_option(reply, ReconfigureAccept{});
  if (!with_key) return;
  emit_option(reply,
              Authentication::with_reconfigure_key(
                  reconfigure_key_of(configuration_.secret, *query.duid), next_replay_value()));
}

// Section 18.3.3.
void Server::answer_confirm(const Query& query, ByteWriter& reply) const {
  bool any = false;
  bool all = true;
  query.message.options.each<IaNaView>([&](const IaNaView& ia) {
    ia.options.each<IaAddress>([&](const IaAddress& address) {
      any = true;
      all = all && std::any_of(query.link->prefixes.begin(), query.link->prefixes.end(),
                               [&](const ScopePrefix& prefix) {
                                 return prefix.valid_until > query.now &&
                                        prefix.prefix.contains(address.address);
                               });
    });
  });
  if (!any || (!all && !query.link->settled)) return;
  begin(reply, query, MessageType::kReply);
  emit_status(reply, all ? Status::kSuccess : Status::kNotOnLink);
}

// Section 18.3.6. Who only asks for settings is not remembered, and so never told to ask again.
void Server::answer_information(const Query& query, ByteWriter& reply) const {
  begin(reply, query, MessageType::kReply);
  add_settings(reply, query);
}

// False when nothing is known of the IA.
bool Server::give_back(const Query& query, AssociationType type, std::uint32_t iaid,
                       std::span<const Prefix> named, bool declined) {
  const BindingNumber number = table_.find(query.client, type, iaid);
  if (number == kNoNumber) return false;
  LeaseList left;
  LeaseList given;
  for (const Prefix& lease : table_.leases(table_.binding(number))) {
    const bool returned = std::find(named.begin(), named.end(), lease) != named.end();
    (returned ? given : left).push_back(lease);
  }
  if (given.empty()) return true;  // none of it is theirs
  if (declined) {
    // The identifier is somebody's, whatever the prefix.
    const Binding& binding = table_.binding(number);
    table_.decline(binding.link, binding.interface_id, query.now + kQuarantine, query.now);
    end(number, LeaseEvent::Kind::kDeclined, query.now);
  } else if (left.empty()) {
    end(number, LeaseEvent::Kind::kReleased, query.now);
  } else {
    LeaseEvent event = event_of(LeaseEvent::Kind::kReleased, number, query.now);
    event.leases = std::move(given);
    out_.events.push_back(std::move(event));
    const Binding& binding = table_.binding(number);
    LeaseList kept = std::move(left);
    if (type == AssociationType::kAddresses) {
      const LeaseList addresses = std::exchange(kept, {});
      for (const Prefix& on_link : table_.prefixes(binding)) {
        if (std::any_of(addresses.begin(), addresses.end(),
                        [&](const Prefix& address) { return on_link.contains(address.address()); }))
          kept.push_back(on_link);
      }
      out_.names_changed = true;
    } else {
      out_.delegations_changed = true;
    }
    table_.put(query.client, type, iaid,
               {binding.link, binding.interface_id, std::move(kept), binding.valid_until},
               query.now);
  }
  return true;
}

// Sections 18.3.7 and 18.3.8.
void Server::answer_giving_back(const Query& query, bool declined, ByteWriter& reply) {
  begin(reply, query, MessageType::kReply);
  emit_status(reply, Status::kSuccess);
  query.message.options.each<IaNaView>([&](const IaNaView& ia) {
    LeaseList named;
    ia.options.each<IaAddress>(
        [&](const IaAddress& one) { named.push_back(Prefix(one.address, 128)); });
    if (!give_back(query, AssociationType::kAddresses, ia.iaid, named, declined))
      emit_unknown_ia(reply, AssociationType::kAddresses, ia.iaid);
  });
  if (declined) return;  // prefixes are not declined (section 18.2.8)
  query.message.options.each<IaPdView>([&](const IaPdView& ia) {
    LeaseList named;
    ia.options.each<IaPrefix>([&](const IaPrefix& one) { named.push_back(one.prefix); });
    if (!give_back(query, AssociationType::kPrefixes, ia.iaid, named, false))
      emit_unknown_ia(reply, AssociationType::kPrefixes, ia.iaid);
  });
}

}  // namespace sixgate::dhcp6
