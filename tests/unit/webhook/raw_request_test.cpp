// SPDX-License-Identifier: Apache-2.0
#include "webhook/webhook.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::webhook {
namespace {

std::string body_of(const std::string& raw) {
  const auto request = parse_raw_request(raw);
  return request.ok() ? request.value().body : "error: " + request.error().message;
}

TEST(ParseRawRequest, TakesTheHeadApart) {
  const auto request = parse_raw_request(
      "POST /hooks?x=1 HTTP/1.1\r\nHost: example.com\r\nMux-Signature:  t=1,v1=ab \r\n"
      "Empty:\r\nContent-Length: 2\r\n\r\n{}");

  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request.value().method, "POST");
  EXPECT_EQ(request.value().target, "/hooks?x=1");
  EXPECT_EQ(find_header(request.value().headers, "mux-signature"), "t=1,v1=ab");
  EXPECT_EQ(find_header(request.value().headers, "empty"), "");
  EXPECT_EQ(request.value().body, "{}");
}

TEST(ParseRawRequest, CutsTheBodyAtItsLength) {
  EXPECT_EQ(body_of("POST / HTTP/1.1\nContent-Length: 2\n\n{}\n"), "{}")
      << "the editor's newline is not part of it";
  EXPECT_EQ(body_of("POST / HTTP/1.1\n\n{}\n"), "{}\n") << "without a length all of it is";
  EXPECT_EQ(body_of("POST / HTTP/1.1\n\n"), "");
}

TEST(ParseRawRequest, ReadsChunks) {
  EXPECT_EQ(body_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3;ext=1\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"),
            "{\"a\":1}");
}

TEST(ParseRawRequest, RefusesWhatIsMalformed) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "does not begin with a request line"},
      {"{}", "does not begin with a request line"},
      {"POST / FTP/1\n\n", "does not begin with a request line"},
      {"POST / HTTP/1.1\nHost: x", "no blank line"},
      {"POST / HTTP/1.1\nno colon\n\n", "malformed header line"},
      {"POST / HTTP/1.1\nBad Name: x\n\n", "malformed header line"},
      {"POST / HTTP/1.1\nA: b\n c\n\n", "folded"},
      {"POST / HTTP/1.1\nContent-Length: two\n\n{}", "malformed Content-Length"},
      {"POST / HTTP/1.1\nContent-Length: -1\n\n{}", "malformed Content-Length"},
      {"POST / HTTP/1.1\nContent-Length: 3\n\n{}", "2 of 3 bytes"},
      {"POST / HTTP/1.1\nContent-Length: 2\ncontent-length: 2\n\n{}", "more than one Content-Len"},
      {"POST / HTTP/1.1\nContent-Length: 2\nA: b\nCONTENT-LENGTH: 1\n\n{}", "more than one"},
      {"POST / HTTP/1.1\nContent-Length: 99999999999\n\n{}", "16 MiB"},
      {"POST / HTTP/1.1\nTransfer-Encoding: gzip\n\n{}", "transfer coding"},
      {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\nxyz\r\n", "malformed chunk size"},
      {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n5\r\n{}", "inside a chunk"},
      {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\r\n{}\r\n0\r\n\r\n", "longer than"},
      {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\n{}\r\n", "before its last chunk"},
      {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\nffffffffffffffff\r\n{}", "16 MiB"},
  };
  for (const auto& [raw, reason] : cases) {
    const auto request = parse_raw_request(raw);
    ASSERT_FALSE(request.ok()) << raw;
    EXPECT_EQ(request.error().kind, ErrorKind::kUsage);
    EXPECT_NE(request.error().message.find(reason), std::string::npos) << request.error().message;
  }
}

// Cloudflare's live notifications carry the secret itself in a header.
TEST(ParseRawRequest, QuotesNothingThatMayBeASecret) {
  for (const char* raw :
       {"cf-webhook-auth: hush\n\n{}", "hush\n\n{}", "POST / HTTP/1.1\nA: b\nhush\n\n{}",
        "POST / HTTP/1.1\nA: b\ncf-webhook-auth : hush\n\n{}",
        "POST / HTTP/1.1\nA: b\n:hush\n\n"}) {
    const auto request = parse_raw_request(raw);
    ASSERT_FALSE(request.ok()) << raw;
    EXPECT_EQ(request.error().message.find("hush"), std::string::npos) << request.error().message;
    EXPECT_EQ(request.error().message.find("cf-"), std::string::npos) << request.error().message;
    EXPECT_FALSE(request.error().hint.empty());
  }
  EXPECT_NE(parse_raw_request("POST / HTTP/1.1\nA: b\nhush\n\n").error().message.find("(line 3)"),
            std::string::npos);
}

}  // namespace
}  // namespace ts::webhook
