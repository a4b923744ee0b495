// SPDX-License-Identifier: Apache-2.0
#include "httpd/parser_internal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::httpd {
namespace {

using State = RequestParser::State;

constexpr std::size_t kHeaderLimit = 16384;
constexpr std::size_t kBodyLimit = 1000;

/// Feeds `wire` in pieces of `piece` bytes; `rest` gets what does not belong to the request.
State run(RequestParser& parser, const std::string& wire, std::size_t piece = 65536,
          std::string* rest = nullptr) {
  std::string input;
  std::size_t at = 0;
  for (;;) {
    auto state = parser.advance(input);
    if (state == State::kHeaderDone) state = parser.begin_body(kBodyLimit);
    if (state == State::kBody && !input.empty()) state = parser.advance(input);
    if (state == State::kDone || state == State::kFailed || at >= wire.size()) {
      if (rest != nullptr) *rest = input + wire.substr(std::min(at, wire.size()));
      return state;
    }
    input += wire.substr(at, piece);
    at += piece;
  }
}

int status_of(const std::string& wire) {
  RequestParser parser(kHeaderLimit);
  return run(parser, wire) == State::kFailed ? parser.error_status() : 0;
}

TEST(RequestParser, ReadsARequestWhole) {
  RequestParser parser(kHeaderLimit);

  const auto state = run(parser,
                         "POST /a%20b?x=1&y=a+b HTTP/1.1\r\nhost: h\r\nX-One: 1\r\nx-one: 2\r\n"
                         "Content-Length: 5\r\n\r\nhe\0lo"
                         "GET",
                         7);

  ASSERT_EQ(state, State::kBody);  // The literal above ends at its NUL.
  std::string more("\0lo", 3);
  ASSERT_EQ(parser.advance(more), State::kDone);
  EXPECT_EQ(parser.request().method, "POST");
  EXPECT_EQ(parser.request().path, "/a%20b");
  EXPECT_EQ(parser.request().query, "x=1&y=a+b");
  EXPECT_EQ(parser.request().query_value("y"), "a b");
  EXPECT_EQ(parser.request().headers.get("X-ONE"), "1");
  EXPECT_EQ(parser.request().headers.count("x-one"), 2U);
  EXPECT_EQ(parser.request().body, std::string("he\0lo", 5));
  EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, SeesTheSameRequestForEverySplit) {
  const std::string wire =
      "\r\nPOST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=1\r\nwiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nTrailer: t\r\n\r\nGET "
      "/next";

  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    RequestParser parser(kHeaderLimit);
    std::string rest;
    ASSERT_EQ(run(parser, wire, piece, &rest), State::kDone) << piece;
    EXPECT_EQ(parser.request().body, "wikipedia in \r\n\r\nchunks.") << piece;
    EXPECT_EQ(rest, "GET /next") << piece;
  }
}

TEST(RequestParser, RefusesWhatTwoPartiesCouldReadDifferently) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";

  EXPECT_EQ(status_of(start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: 1, 1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: +1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: 0x1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Content-Length: 99999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: chunked, identity\r\n\r\n"), 501);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400);
  EXPECT_EQ(status_of(start + "X: a\r\n b\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "X: a\nY: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "X: a\rY: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + "X : a\r\n\r\n"), 400);
  EXPECT_EQ(status_of(start + std::string("X: a\0b\r\n\r\n", 10)), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesMalformedRequestLines) {
  EXPECT_EQ(status_of("\x16\x03\x01\x02\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET x HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n"), 417);
}

TEST(RequestParser, RefusesMalformedChunks) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

  EXPECT_EQ(status_of(start + "\r\n"), 400);
  EXPECT_EQ(status_of(start + "g\r\n"), 400);
  EXPECT_EQ(status_of(start + "-1\r\n"), 400);
  EXPECT_EQ(status_of(start + "0x1\r\n"), 400);
  EXPECT_EQ(status_of(start + "1 1\r\n"), 400);
  EXPECT_EQ(status_of(start + "1\r\nab\r\n"), 400);
  EXPECT_EQ(status_of(start + "ffffffffffffffff\r\n"), 400);
  EXPECT_EQ(status_of(start + "1\n"), 0) << "still waiting";
  EXPECT_EQ(status_of(start + "1\n\r\n"), 400);
  EXPECT_EQ(status_of(start + std::string(300, '1')), 400);
  EXPECT_EQ(status_of(start + "0\r\n" + std::string(5000, 't') + "\r\n\r\n"), 400);
}

TEST(RequestParser, RefusesALargeBodyBeforeReadingIt) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";

  EXPECT_EQ(status_of(start + "Content-Length: 1000\r\n\r\n"), 0);
  EXPECT_EQ(status_of(start + "Content-Length: 1001\r\n\r\n"), 413);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"), 413);
  EXPECT_EQ(status_of(start + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3e8\r\n"), 413);
}

TEST(RequestParser, RefusesALargeHeader) {
  const auto header = [](std::size_t size) {
    std::string wire = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    wire.append(size - wire.size() - 4, 'x');
    return wire + "\r\n\r\n";
  };

  EXPECT_EQ(status_of(header(kHeaderLimit)), 0);
  EXPECT_EQ(status_of(header(kHeaderLimit + 1)), 431);
  EXPECT_EQ(status_of(std::string(kHeaderLimit + 1, 'x')), 431);
}

TEST(RequestParser, KnowsWhenTheConnectionEnds) {
  const auto keep_alive = [](const std::string& wire) {
    RequestParser parser(kHeaderLimit);
    EXPECT_EQ(run(parser, wire), State::kDone);
    return parser.keep_alive();
  };

  EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, ReadsAbsoluteTargets) {
  RequestParser parser(kHeaderLimit);

  ASSERT_EQ(run(parser, "GET http://h:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), State::kDone);

  EXPECT_EQ(parser.request().path, "/a");
  EXPECT_EQ(parser.request().query, "b");
}

}  // namespace
}  // namespace ts::httpd
