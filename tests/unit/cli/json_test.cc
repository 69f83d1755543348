// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "daemon/json.h"

namespace sixgate::cli {
namespace {

Json parse(std::string_view text) {
  auto json = Json::parse(text);
  EXPECT_TRUE(json) << text << ": " << (json ? "" : json.error().message);
  return json ? std::move(*json) : Json();
}

TEST(Json, ReadsEveryKindOfValue) {
  const Json json = parse(
      R"( { "text": "a\"b\\\/\b\f\n\r\t", "number": -12, "yes": true, "no": false, "none": null,)"
      "\r\n\t"
      R"( "list": [ 1, [], {} ], "object": {"x": 7} } )");
  EXPECT_EQ(json["text"].text(), "a\"b\\/\b\f\n\r\t");
  EXPECT_EQ(json["number"].number(), -12);
  EXPECT_TRUE(json["yes"].truth());
  EXPECT_FALSE(json["no"].truth());
  EXPECT_TRUE(json["none"].is_null());
  EXPECT_EQ(json["list"].elements().size(), 3U);
  EXPECT_EQ(json["object"]["x"].number(), 7);
}

TEST(Json, AsksNeverFail) {
  const Json json = parse(R"({"text":"x","number":1.5})");
  EXPECT_TRUE(json["absent"]["deeper"].is_null());
  EXPECT_EQ(json["text"].number(), 0);
  EXPECT_EQ(json["number"].number(), 0);  // not a whole one
  EXPECT_EQ(json["number"].text(), "");
  EXPECT_TRUE(json["text"].elements().empty());
  EXPECT_TRUE(json["text"].members().empty());
  EXPECT_FALSE(json["text"].truth());
}

TEST(Json, ReadsTheWholeRangeOfIntegers) {
  EXPECT_EQ(parse("9223372036854775807").number(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse("-9223372036854775808").number(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse("9223372036854775808").number(), 0);  // only approximately known
  EXPECT_TRUE(Json::parse("1e400"));
}

TEST(Json, ReadsEscapesOfEveryPlane) {
  EXPECT_EQ(parse(R"("\u0041\u00fc\u20ac\ud83c\udfe0")").text(),
            "A\xc3\xbc\xe2\x82\xac\xf0\x9f\x8f\xa0");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{\"a\":1,}",
                                      "[1 2]",
                                      "01",
                                      "-",
                                      "1.",
                                      "1e",
                                      "+1",
                                      ".5",
                                      "nul",
                                      "truex",
                                      "\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"a\nb\"",
                                      "1 2",
                                      "[]]",
                                      "'a'"}) {
    EXPECT_FALSE(Json::parse(text)) << text;
  }
}

TEST(Json, ErrorsNameTheOctet) {
  EXPECT_EQ(Json::parse("[1, x]").error().message, "JSON: not a value at octet 4");
}

TEST(Json, DepthIsBounded) {
  EXPECT_TRUE(Json::parse(std::string(30, '[') + std::string(30, ']')));
  EXPECT_FALSE(Json::parse(std::string(100000, '[')));
}

TEST(Json, ReadsWhatTheDaemonWrites) {
  daemon::JsonWriter writer;
  const std::string odd("q\"\\\x01\x7f\n\xc3\xbc", 8);
  writer.begin_object()
      .member("odd", odd)
      .member("n", -5)
      .key("l")
      .begin_array()
      .null()
      .end_array();
  writer.end_object();
  const Json json = parse(writer.text());
  EXPECT_EQ(json["odd"].text(), odd);
  EXPECT_EQ(json["n"].number(), -5);
  EXPECT_TRUE(json["l"].elements().at(0).is_null());
}

}  // namespace
}  // namespace sixgate::cli
