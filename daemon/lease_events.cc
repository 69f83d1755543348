// SPDX-License-Identifier: Apache-2.0
#include "daemon/lease_events.h"

namespace sixgate::daemon {
namespace {

JsonWriter begin_line(const EventPlace& place, std::string_view event) {
  JsonWriter json;
  json.begin_object().member("schema", 1).member("epoch", place.epoch);
  json.member("seq", place.number).member("event", event);
  return json;
}

}  // namespace

std::string_view event_name(const dhcp6::LeaseEvent& event) {
  const bool prefix = event.type == dhcp6::AssociationType::kPrefixes;
  if (prefix && event.kind == dhcp6::LeaseEvent::Kind::kAdded) return "delegated";
  return dhcp6::to_string(event.kind);
}

void write_event(JsonWriter& json, const dhcp6::LeaseEvent& event) {
  const bool prefix = event.type == dhcp6::AssociationType::kPrefixes;
  json.member("lan", event.link)
      .member("type", prefix ? "prefix" : "address")
      .member("duid", event.duid.to_string())
      .member("iaid", event.iaid)
      .member("name", event.name)
      .key("leases")
      .begin_array();
  for (const Prefix& lease : event.leases) {
    if (prefix)
      json.value(lease);
    else
      json.value(lease.address());
  }
  json.end_array().member("valid", event.valid);
}

void LeaseEvents::add(const dhcp6::LeaseEvent& event) {
  const std::size_t place = last_++ % kMost;
  if (place == kept_.size())
    kept_.push_back(event);
  else
    kept_[place] = event;
}

std::string LeaseEvents::greeting(EventPlace& place) const {
  if (place.epoch != epoch_ || place.number > last_) {
    // What was between him and the beginning of this run nobody knows.
    const bool stranger = place == EventPlace{};
    place = stranger ? last() : EventPlace{epoch_, last_ - kept_.size()};
    if (!stranger) {
      JsonWriter json = begin_line(place, "missed");
      json.key("count").null().end_object();
      return json.take();
    }
  }
  JsonWriter json = begin_line(place, "begin");
  json.end_object();
  return json.take();
}

std::string LeaseEvents::missed(EventPlace& place) const {
  const std::uint64_t behind = last_ - kept_.size();  // the last that is not kept
  const std::uint64_t count = behind - place.number;
  place.number = behind;
  JsonWriter json = begin_line(place, "missed");
  json.member("count", count).end_object();
  return json.take();
}

std::optional<std::string> LeaseEvents::next(EventPlace& place) const {
  if (place.number >= last_) return std::nullopt;
  if (place.number < last_ - kept_.size()) return missed(place);
  const dhcp6::LeaseEvent& event = kept_[place.number % kMost];
  ++place.number;
  JsonWriter json = begin_line(place, event_name(event));
  write_event(json, event);
  json.end_object();
  return json.take();
}

}  // namespace sixgate::daemon
