// SPDX-License-Identifier: Apache-2.0
// What whoever listens to leases hears: everything once, in order, and how much he missed.
#include "daemon/lease_events.h"

#include <gtest/gtest.h>

namespace sixgate::daemon {
namespace {

dhcp6::LeaseEvent event(std::uint32_t iaid) {
  return {.kind = dhcp6::LeaseEvent::Kind::kAdded,
          .link = "home",
          .duid = *dhcp6::Duid::parse("000300010200"),
          .iaid = iaid,
          .leases = {*Prefix::parse("2001:db8:1::77/128")},
          .valid = Lifetime(5400),
          .name = "nas"};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(LeaseEvents, AreToldOnceAndInOrder) {
  LeaseEvents events;
  events.begin(7);
  events.add(event(1));
  EventPlace place;
  EXPECT_EQ(events.greeting(place), "{\"schema\":1,\"epoch\":7,\"seq\":1,\"event\":\"begin\"}");
  EXPECT_FALSE(events.next(place)) << "what was before is for those who say where they were";
  events.add(event(2));
  events.add(event(3));
  EXPECT_EQ(*events.next(place),
            "{\"schema\":1,\"epoch\":7,\"seq\":2,\"event\":\"added\",\"lan\":\"home\","
            "\"type\":\"address\",\"duid\":\"000300010200\",\"iaid\":2,\"name\":\"nas\","
            "\"leases\":[\"2001:db8:1::77\"],\"valid\":5400}");
  EXPECT_TRUE(has(*events.next(place), "\"seq\":3,"));
  EXPECT_FALSE(events.next(place));
}

TEST(LeaseEvents, WhoComesBackGoesOnWhereHeWas) {
  LeaseEvents events;
  events.begin(7);
  for (std::uint32_t i = 1; i <= 5; ++i) events.add(event(i));
  EventPlace place = *parse_event_place("7.3");
  EXPECT_TRUE(has(events.greeting(place), "\"seq\":3,\"event\":\"begin\""));
  EXPECT_TRUE(has(*events.next(place), "\"seq\":4,"));
  EXPECT_TRUE(has(*events.next(place), "\"seq\":5,"));
  EXPECT_FALSE(events.next(place));
}

TEST(LeaseEvents, WhoWasAwayTooLongIsToldHowManyHeMissed) {
  LeaseEvents events;
  events.begin(7);
  EventPlace place = *parse_event_place("7.0");
  (void)events.greeting(place);
  const std::uint32_t all = static_cast<std::uint32_t>(LeaseEvents::kMost) + 10;
  for (std::uint32_t i = 1; i <= all; ++i) events.add(event(i));
  EXPECT_TRUE(has(*events.next(place), "\"seq\":10,\"event\":\"missed\",\"count\":10"));
  std::uint64_t heard = 0;
  std::string last;
  while (const auto line = events.next(place)) {
    last = *line;
    ++heard;
  }
  EXPECT_EQ(heard, LeaseEvents::kMost);
  EXPECT_TRUE(has(last, "\"iaid\":" + std::to_string(all))) << "the last one is never missed";
}

TEST(LeaseEvents, AfterARestartNobodyKnowsWhatWasMissed) {
  LeaseEvents events;
  events.begin(8);
  events.add(event(1));
  for (const char* was : {"7.3", "8.2", "9.0"}) {
    EventPlace place = *parse_event_place(was);
    EXPECT_TRUE(
        has(events.greeting(place), "\"epoch\":8,\"seq\":0,\"event\":\"missed\",\"count\":null"))
        << was;
    EXPECT_TRUE(has(*events.next(place), "\"seq\":1,")) << was;
    EXPECT_FALSE(events.next(place)) << was;
  }
}

TEST(LeaseEvents, PlacesAreTwoNumbers) {
  EXPECT_EQ(parse_event_place("7.1234"), (EventPlace{7, 1234}));
  for (const char* wrong : {"", "7", "7.", ".1", "a.1", "4294967296.1", "7.1.1", "-1.1"})
    EXPECT_FALSE(parse_event_place(wrong)) << wrong;
}

}  // namespace
}  // namespace sixgate::daemon
