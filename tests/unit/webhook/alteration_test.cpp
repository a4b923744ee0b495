// SPDX-License-Identifier: Apache-2.0
#include "webhook/alteration_internal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::webhook {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1772359200}};

Verdict verdict_on(std::string_view signed_body, std::string_view received, Provider provider) {
  Credentials credentials{.livekit_key = "APIkey"};
  credentials.secrets.emplace_back("secret");
  const auto headers = sign(provider, signed_body, credentials, kNow).value();
  return verify(provider, {.headers = headers, .body = received}, credentials, kNow,
                {.diagnose = true});
}

/// What each provider's verdict says about a body that changed from `sent` to `received`.
void expect_alteration(std::string_view sent, std::string_view received, Alteration expected) {
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    const auto verdict = verdict_on(sent, received, provider);
    EXPECT_FALSE(verdict.accepted);
    EXPECT_EQ(to_string(verdict.alteration), to_string(expected))
        << to_string(provider) << ": " << sent << " -> " << received;
    if (expected != Alteration::kUnknown) {
      EXPECT_EQ(verdict.detail.find("the body was altered on its way: "), 0U) << verdict.detail;
      EXPECT_FALSE(verdict.hint.empty());
    }
  }
}

TEST(Alteration, OfReserializedJson) {
  const std::string compact = R"({"a":{"b":[1,2.50,"x, y: {}"],"c":{}},"d":[]})";
  expect_alteration(compact, R"({"a": {"b": [1, 2.50, "x, y: {}"], "c": {}}, "d": []})",
                    Alteration::kReserialized);
  expect_alteration(compact,
                    "{\n  \"a\": {\n    \"b\": [\n      1,\n      2.50,\n      \"x, y: {}\"\n    "
                    "],\n    \"c\": {}\n  },\n  \"d\": []\n}",
                    Alteration::kReserialized);
  // Signed pretty, received compact.
  expect_alteration(relayout_json(compact, JsonLayout::kIndent4, JsonEscapes::kKeep) + "\n",
                    compact, Alteration::kReserialized);
  expect_alteration(relayout_json(compact, JsonLayout::kTab, JsonEscapes::kKeep), compact,
                    Alteration::kReserialized);
}

TEST(Alteration, OfEscapes) {
  expect_alteration("{\"a\":\"\u00fc\U0001F3A5/\"}", R"({"a":"\u00fc\ud83c\udfa5\/"})",
                    Alteration::kReserialized);
  expect_alteration(R"({"a":"\u00fc\ud83c\udfa5"})", "{\"a\": \"\u00fc\U0001F3A5\"}",
                    Alteration::kReserialized);
}

TEST(Alteration, OfTheFinalNewline) {
  expect_alteration("{}", "{}\n", Alteration::kNewlineAdded);
  expect_alteration("{}", "{}\r\n", Alteration::kNewlineAdded);
  expect_alteration("{}", "{}\n\n", Alteration::kNewlineAdded);
  expect_alteration("{}\n", "{}", Alteration::kNewlineRemoved);
}

TEST(Alteration, OfLineEndings) {
  expect_alteration("{\n\"a\":1\n}", "{\r\n\"a\":1\r\n}", Alteration::kLineEndings);
  expect_alteration("{\r\n\"a\":1\r\n}", "{\n\"a\":1\n}", Alteration::kLineEndings);
}

TEST(Alteration, OfTheByteOrderMark) {
  expect_alteration("{}", "\xEF\xBB\xBF{}", Alteration::kBomAdded);
  expect_alteration("\xEF\xBB\xBF{}", "{}", Alteration::kBomRemoved);
}

TEST(Alteration, OfTheCharacterSet) {
  const std::string utf8 = "{\"a\":\"\u00fc\"}";
  expect_alteration(utf8, "{\"a\":\"\xfc\"}", Alteration::kCharset);
  expect_alteration(utf8, "{\"a\":\"\u00c3\u00bc\"}", Alteration::kCharset);
}

// Audit 3: PowerShell's > writes UTF-16 with a line end.
TEST(Alteration, OfUtf16) {
  const auto utf16 = [](std::u16string_view text, bool big) {
    std::string out;
    for (const char16_t unit : text) {
      const char high = static_cast<char>(unit >> 8U);
      const char low = static_cast<char>(unit & 0xFFU);
      out += big ? high : low;
      out += big ? low : high;
    }
    return out;
  };
  const std::string utf8 = "{\"a\":\"\u00fc\U0001F600\"}";
  const std::u16string wide = u"{\"a\":\"\u00fc\U0001F600\"}";
  for (const bool big : {false, true}) {
    expect_alteration(utf8, utf16(wide, big), Alteration::kCharset);
    expect_alteration(utf8, utf16(u"\uFEFF" + wide, big), Alteration::kCharset);
    expect_alteration(utf8, utf16(u"\uFEFF" + wide + u"\r\n", big), Alteration::kCharset);
  }
  // Half a pair is no text.
  expect_alteration(utf8, utf16(u"{\"\xD83D", false), Alteration::kUnknown);
}

TEST(Alteration, OfWrappings) {
  const std::string body = R"({"a":"b\n\u00fc"})";
  expect_alteration(body, "  " + body, Alteration::kBlanks);
  expect_alteration(body, body + " \n ", Alteration::kBlanks);
  expect_alteration(body, R"("{\"a\":\"b\\n\\u00fc\"}")", Alteration::kWrapped);
  expect_alteration("{}", "e30=", Alteration::kBase64);
  expect_alteration("{}", "e30=\n", Alteration::kBase64);
  expect_alteration("{}", "e30", Alteration::kUnknown);
  expect_alteration("{}", R"("{]")", Alteration::kUnknown);
}

TEST(Alteration, ThatDroppedOrCompressedTheBody) {
  expect_alteration("{}", "", Alteration::kEmpty);
  expect_alteration("{}", "\x1f\x8b\x08\x01\x02", Alteration::kGzip);
}

TEST(Alteration, ThatCannotBeUndoneIsSaidToBeUnknown) {
  expect_alteration(R"({"a":1})", R"({"a":2})", Alteration::kUnknown);
  expect_alteration(R"({"a":1,"b":2})", R"({"b":2,"a":1})", Alteration::kUnknown);
}

// A name may hold U+FFFD from the start: with another secret the signature fails just so.
TEST(Alteration, ThatIsOnlyLikelyIsNotClaimed) {
  const auto lossy = verdict_on("{\"a\":\"\xff\"}", "{\"a\":\"\uFFFD\"}", Provider::kMux);
  EXPECT_EQ(lossy.detail,
            "no signature matches: the body may have been altered on its way (the body holds "
            "U+FFFD, which a decoder writes where bytes were no UTF-8), or the secret is another "
            "one");
  EXPECT_NE(lossy.hint.find("; compare the secret with the endpoint's"), std::string::npos);

  const auto proven = verdict_on("{\"a\":\"\xff\"}", "{\"a\":\"\uFFFD\"}", Provider::kLivekit);
  EXPECT_EQ(proven.detail.find("the body was altered on its way: the body holds U+FFFD"), 0U)
      << "LiveKit's token is genuine: the body is not the signed one";
}

TEST(Alteration, OfGosHtmlEscapes) {
  const std::string sent = "{\"a\":\"<b> & \u2028\\n\\u0041\",\"b\":1}";
  const std::string by_go = R"({"a":"\u003cb\u003e \u0026 \u2028\n\u0041","b":1})";
  expect_alteration(sent, by_go, Alteration::kReserialized);
  expect_alteration(by_go, sent, Alteration::kReserialized);
  expect_alteration(sent, relayout_json(by_go, JsonLayout::kIndent2, JsonEscapes::kKeep),
                    Alteration::kReserialized);
}

TEST(Alteration, OfGosSortedMembersIsASign) {
  const std::string sent =
      R"({"type":"t","id":"e","data":{"status":"ready","id":"a"},"created_at":"c","attempts":[]})";
  const std::string sorted =
      R"({"attempts":[],"created_at":"c","data":{"id":"a","status":"ready"},"id":"e","type":"t"})";
  const auto mux = verdict_on(sent, sorted, Provider::kMux);
  EXPECT_EQ(to_string(mux.alteration), to_string(Alteration::kReserialized));
  EXPECT_EQ(mux.detail.find("no signature matches: the body may have been altered"), 0U)
      << mux.detail;
  EXPECT_NE(mux.detail.find("sorted by name"), std::string::npos);
  EXPECT_EQ(verdict_on(sent, sorted, Provider::kLivekit).detail.find("the body was altered"), 0U);

  // Names that have no neighbour are in order by nature.
  EXPECT_EQ(
      verdict_on(sent, R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}})", Provider::kMux).alteration,
      Alteration::kUnknown);
}

TEST(Alteration, IsNotLookedForInHugeBodies) {
  const std::string body(std::size_t{2} << 20U, 'x');
  expect_alteration(body, body + "\n", Alteration::kUnknown);
}

TEST(Alteration, OfAWrongSecretIsNotInvented) {
  Credentials credentials;
  credentials.secrets.emplace_back("secret");
  const Headers headers{{"mux-signature", mux_signature("{}", Secret("other"), kNow)}};
  const auto verdict = verify(Provider::kMux, {.headers = headers, .body = "{}"}, credentials, kNow,
                              {.diagnose = true});
  EXPECT_EQ(verdict.alteration, Alteration::kUnknown);
  EXPECT_EQ(verdict.detail,
            "no signature matches: the secret is another one, or the body was altered");
}

TEST(RelayoutJson, KeepsEverythingButBlanks) {
  const std::string json = R"({"a":[1,-2.50e3,true,null,"\"\\ \n"],"b":{"c":[{}]}})";
  for (const auto layout : {JsonLayout::kSpaced, JsonLayout::kIndent2, JsonLayout::kTab}) {
    const auto changed = relayout_json(json, layout, JsonEscapes::kKeep);
    EXPECT_NE(changed, json);
    EXPECT_EQ(relayout_json(changed, JsonLayout::kCompact, JsonEscapes::kKeep), json);
  }
}

TEST(RelayoutJson, SurvivesWhatIsNoJson) {
  for (const std::string text : {"", "{", "\"", "\"\\", "}}}]]", "[[[[", "{\"a\":\"\\ud83c\"}",
                                 "{\"a\":\"\\u12\"}", ":,:,"}) {
    for (const auto escapes : {JsonEscapes::kKeep, JsonEscapes::kRaw, JsonEscapes::kAscii}) {
      static_cast<void>(relayout_json(text, JsonLayout::kIndent2, escapes));
    }
  }
  const auto deep =
      relayout_json(std::string(100000, '['), JsonLayout::kIndent4, JsonEscapes::kKeep);
  EXPECT_LT(deep.size(), std::size_t{1} << 20U) << "indentation of hostile nesting is bounded";
}

}  // namespace
}  // namespace ts::webhook
