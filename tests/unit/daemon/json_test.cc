// SPDX-License-Identifier: Apache-2.0
#include "daemon/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "net/prefix.h"

namespace sixgate::daemon {
namespace {

TEST(JsonWriter, WritesNestedObjectsAndArraysInOrder) {
  JsonWriter json;
  json.begin_object().member("schema", 1).key("lans").begin_array();
  json.begin_object().member("name", "lan").member("up", true).end_object();
  json.begin_object().end_object();
  json.value(-3).null().begin_array().end_array().end_array();
  json.member("prefix", *Prefix::parse("2001:db8::/56")).end_object();
  EXPECT_EQ(
      json.text(),
      R"({"schema":1,"lans":[{"name":"lan","up":true},{},-3,null,[]],"prefix":"2001:db8::/56"})");
}

TEST(JsonWriter, WritesTheWholeRangeOfIntegers) {
  JsonWriter json;
  json.begin_array()
      .value(std::numeric_limits<std::int64_t>::min())
      .value(std::numeric_limits<std::uint64_t>::max())
      .value(std::uint8_t{7})
      .end_array();
  EXPECT_EQ(json.text(), "[-9223372036854775808,18446744073709551615,7]");
}

TEST(JsonWriter, EscapesWhatJsonForbids) {
  JsonWriter json;
  json.value(std::string_view("a\"b\\c\n\t\x01\x7f\0z", 11));
  EXPECT_EQ(json.text(), "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\\u0000z\"");
}

TEST(JsonWriter, KeepsUtf8AndReplacesWhatIsNot) {
  JsonWriter json;
  json.begin_array()
      .value("gr\xc3\xbc\xc3\x9f \xf0\x9f\x8f\xa0")
      .value("\xff\xc3")              // never an octet of UTF-8; cut short
      .value("\xc0\xaf\xed\xa0\x80")  // overlong; a surrogate
      .end_array();
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(json.text(), "[\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x8f\xa0\",\"" + r + r + "\",\"" + r + r +
                             r + r + r + "\"]");
}

TEST(JsonWriterDeathTest, AbortsOnMisuse) {
  EXPECT_DEATH({ JsonWriter().end_object(); }, "");
  EXPECT_DEATH({ JsonWriter().begin_object().value(1); }, "");
  EXPECT_DEATH({ JsonWriter().begin_object().end_array(); }, "");
  EXPECT_DEATH({ JsonWriter().begin_object().key("a").end_object(); }, "");
  EXPECT_DEATH({ JsonWriter().value(1).value(2); }, "");
}

}  // namespace
}  // namespace sixgate::daemon
