// SPDX-License-Identifier: Apache-2.0
#include "crypto/encoding.hpp"

#include "crypto/random.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::crypto {
namespace {

// RFC 4648, section 10.
TEST(Base64, OfTheRfcsTestVectors) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : cases) {
    EXPECT_EQ(base64_encode(plain), text);
    const auto decoded = base64_decode(text);
    ASSERT_TRUE(decoded.ok()) << text;
    EXPECT_EQ(decoded.value(), plain);
  }
}

TEST(Base64Url, UsesItsOwnAlphabetAndNoPadding) {
  const std::string bytes = "\xfb\xff\xfe";
  EXPECT_EQ(base64_encode(bytes), "+//+");
  EXPECT_EQ(base64url_encode(bytes), "-__-");
  EXPECT_EQ(base64url_encode("f"), "Zg");
  EXPECT_FALSE(base64url_decode("+//+").ok());
  EXPECT_FALSE(base64_decode("-__-").ok());
}

TEST(Base64Url, RefusesWhatLenientDecodersTake) {
  for (const char* text : {"Zg==", "Zg=", "Zm9v\n", " Zm9v", "Zm 9v", "Z", "Zm9vZ", "Zm9é"}) {
    const auto decoded = base64url_decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.error().code, "bad_base64");
  }
}

TEST(Base64, RefusesWrongPadding) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v=", "=Zm9", "Zm9v\n"}) {
    EXPECT_FALSE(base64_decode(text).ok()) << text;
  }
}

TEST(Base64, RoundTripsEveryLengthInEveryForm) {
  for (std::size_t length = 0; length < 70; ++length) {
    const auto bytes = random_bytes(length);
    for (const auto alphabet : {Alphabet::kStandard, Alphabet::kUrl}) {
      for (const auto padding : {Padding::kRequired, Padding::kForbidden}) {
        const auto decoded =
            base64_decode(base64_encode(bytes, alphabet, padding), alphabet, padding);
        ASSERT_TRUE(decoded.ok());
        EXPECT_EQ(decoded.value(), bytes);
      }
    }
  }
}

TEST(Hex, IsLowerCaseAndReadsBoth) {
  EXPECT_EQ(hex_encode("\x01\xab\xff"), "01abff");
  EXPECT_EQ(hex_decode("01ABff").value(), "\x01\xab\xff");
  EXPECT_FALSE(hex_decode("abc").ok());
  EXPECT_FALSE(hex_decode("0g").ok());
}

}  // namespace
}  // namespace ts::crypto
