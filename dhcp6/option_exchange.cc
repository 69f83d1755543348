// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/option_exchange.h"

#include <algorithm>

#include "dhcp6/message.h"
#include "dhcp6/option_codec.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::uint8_t kReconfigureKey = 1;  // RFC 9915 section 20.4.1
constexpr std::uint8_t kReconfigureDigest = 2;

std::optional<Authentication::Key> reconfigure_value(const Authentication& authentication,
                                                     std::uint8_t type) {
  Authentication::Key key{};
  if (authentication.protocol != Authentication::kReconfigureKeyProtocol ||
      authentication.algorithm != Authentication::kHmacMd5 ||
      authentication.replay_method != Authentication::kMonotonicCounter ||
      authentication.information.size() != 1 + key.size() ||
      authentication.information[0] != type) {
    return std::nullopt;
  }
  std::copy(authentication.information.begin() + 1, authentication.information.end(), key.begin());
  return key;
}

Authentication with_reconfigure_value(std::uint8_t type, const Authentication::Key& value,
                                      std::uint64_t replay_value) {
  Authentication authentication{.protocol = Authentication::kReconfigureKeyProtocol,
                                .algorithm = Authentication::kHmacMd5,
                                .replay_method = Authentication::kMonotonicCounter,
                                .replay_value = replay_value,
                                .information = {}};
  authentication.information.reserve(1 + value.size());
  authentication.information.push_back(type);
  authentication.information.insert(authentication.information.end(), value.begin(), value.end());
  return authentication;
}

Parsed<Duid> parse_duid(ByteReader& reader) {
  auto duid = Duid::from_bytes(reader.rest());
  if (!reader.ok() || !duid) return reader.error("DUID of no or more than 130 octets");
  return std::move(*duid);
}

std::uint32_t on_wire(seconds value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value.count(), 0, 0xffffffff));
}

}  // namespace

Parsed<ClientId> ClientId::parse(ByteReader& reader) {
  auto duid = parse_duid(reader);
  if (!duid) return Unexpected<ParseError>(duid.error());
  return ClientId{std::move(*duid)};
}
void ClientId::emit(ByteWriter& writer) const { writer.bytes(duid.bytes()); }

Parsed<ServerId> ServerId::parse(ByteReader& reader) {
  auto duid = parse_duid(reader);
  if (!duid) return Unexpected<ParseError>(duid.error());
  return ServerId{std::move(*duid)};
}
void ServerId::emit(ByteWriter& writer) const { writer.bytes(duid.bytes()); }

Parsed<OptionRequest> OptionRequest::parse(ByteReader& reader) {
  OptionRequest request;
  request.codes.reserve(reader.left() / 2);
  while (reader.ok() && !reader.at_end()) request.codes.push_back(reader.u16());
  return codec::finish(reader, std::move(request));
}
void OptionRequest::emit(ByteWriter& writer) const {
  for (const std::uint16_t code : codes) writer.u16(code);
}
bool OptionRequest::contains(std::uint16_t code) const {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Parsed<Preference> Preference::parse(ByteReader& reader) {
  const Preference preference{reader.u8()};
  return codec::finish(reader, preference);
}
void Preference::emit(ByteWriter& writer) const { writer.u8(value); }

ElapsedTime ElapsedTime::since(Instant begin, Instant now) {
  const std::int64_t hundredths = (now - begin).count() / 10000;
  return {Hundredths(static_cast<std::uint16_t>(std::clamp<std::int64_t>(hundredths, 0, 0xffff)))};
}
Parsed<ElapsedTime> ElapsedTime::parse(ByteReader& reader) {
  const ElapsedTime time{Hundredths(reader.u16())};
  return codec::finish(reader, time);
}
void ElapsedTime::emit(ByteWriter& writer) const { writer.u16(elapsed.count()); }

Parsed<RelayedMessage> RelayedMessage::parse(ByteReader& reader) {
  RelayedMessage relayed{codec::octets(reader.rest())};
  return codec::finish(reader, std::move(relayed));
}

Parsed<Authentication> Authentication::parse(ByteReader& reader) {
  Authentication authentication;
  authentication.protocol = reader.u8();
  authentication.algorithm = reader.u8();
  authentication.replay_method = reader.u8();
  authentication.replay_value = reader.u64();
  authentication.information = codec::octets(reader.rest());
  return codec::finish(reader, std::move(authentication));
}
void Authentication::emit(ByteWriter& writer) const {
  writer.u8(protocol);
  writer.u8(algorithm);
  writer.u8(replay_method);
  writer.u64(replay_value);
  writer.bytes(information);
}
std::optional<Authentication::Key> Authentication::reconfigure_key() const {
  return reconfigure_value(*this, kReconfigureKey);
}
std::optional<Authentication::Key> Authentication::reconfigure_digest() const {
  return reconfigure_value(*this, kReconfigureDigest);
}
Authentication Authentication::with_reconfigure_key(const Key& key, std::uint64_t replay_value) {
  return with_reconfigure_value(kReconfigureKey, key, replay_value);
}
Authentication Authentication::with_reconfigure_digest(const Key& digest,
                                                       std::uint64_t replay_value) {
  return with_reconfigure_value(kReconfigureDigest, digest, replay_value);
}

Parsed<ServerUnicast> ServerUnicast::parse(ByteReader& reader) {
  const ServerUnicast unicast{reader.address()};
  return codec::finish(reader, unicast);
}
void ServerUnicast::emit(ByteWriter& writer) const { writer.address(address); }

Parsed<StatusCode> StatusCode::parse(ByteReader& reader) {
  StatusCode code;
  code.status = static_cast<Status>(reader.u16());
  code.message = codec::parse_text(reader);
  return codec::finish(reader, std::move(code));
}
void StatusCode::emit(ByteWriter& writer) const {
  writer.u16(static_cast<std::uint16_t>(status));
  codec::append_text(writer, message);
}

Parsed<RapidCommit> RapidCommit::parse(ByteReader& reader) {
  return codec::finish(reader, RapidCommit{});
}

Parsed<UserClass> UserClass::parse(ByteReader& reader) {
  UserClass user_class{codec::parse_items(reader)};
  if (user_class.items.empty()) return reader.error("user class without an item");
  return codec::finish(reader, std::move(user_class));
}
void UserClass::emit(ByteWriter& writer) const { codec::append_items(writer, items); }

Parsed<VendorClass> VendorClass::parse(ByteReader& reader) {
  VendorClass vendor_class;
  vendor_class.enterprise = reader.u32();
  vendor_class.items = codec::parse_items(reader);
  return codec::finish(reader, std::move(vendor_class));
}
void VendorClass::emit(ByteWriter& writer) const {
  writer.u32(enterprise);
  codec::append_items(writer, items);
}

Parsed<VendorOptions> VendorOptions::parse(ByteReader& reader) {
  VendorOptions vendor;
  vendor.enterprise = reader.u32();
  if (!reader.ok()) return reader.error("option too short");
  auto suboptions = codec::parse_suboptions(reader);
  if (!suboptions) return Unexpected<ParseError>(suboptions.error());
  vendor.suboptions = std::move(*suboptions);
  return vendor;
}
void VendorOptions::emit(ByteWriter& writer) const {
  writer.u32(enterprise);
  codec::append_suboptions(writer, suboptions);
}

Parsed<InterfaceId> InterfaceId::parse(ByteReader& reader) {
  InterfaceId interface { codec::octets(reader.rest()) };
  return codec::finish(reader, std::move(interface));
}

Parsed<ReconfigureMessage> ReconfigureMessage::parse(ByteReader& reader) {
  const ReconfigureMessage message{static_cast<MessageType>(reader.u8())};
  if (reader.ok() && message.type != MessageType::kRenew && message.type != MessageType::kRebind &&
      message.type != MessageType::kInformationRequest) {
    return reader.error("reconfigure message asks for another type than 5, 6 or 11");
  }
  return codec::finish(reader, message);
}
void ReconfigureMessage::emit(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(type));
}

Parsed<ReconfigureAccept> ReconfigureAccept::parse(ByteReader& reader) {
  return codec::finish(reader, ReconfigureAccept{});
}

Parsed<InformationRefreshTime> InformationRefreshTime::parse(ByteReader& reader) {
  const InformationRefreshTime refresh{Lifetime(reader.u32())};
  return codec::finish(reader, refresh);
}
void InformationRefreshTime::emit(ByteWriter& writer) const { writer.u32(time.count()); }

Parsed<SolMaxRt> SolMaxRt::parse(ByteReader& reader) {
  const SolMaxRt limit{seconds(reader.u32())};
  return codec::finish(reader, limit);
}
void SolMaxRt::emit(ByteWriter& writer) const { writer.u32(on_wire(value)); }

Parsed<InfMaxRt> InfMaxRt::parse(ByteReader& reader) {
  const InfMaxRt limit{seconds(reader.u32())};
  return codec::finish(reader, limit);
}
void InfMaxRt::emit(ByteWriter& writer) const { writer.u32(on_wire(value)); }

}  // namespace sixgate::dhcp6
