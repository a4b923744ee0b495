// SPDX-License-Identifier: Apache-2.0
#include "httpd/server.hpp"

#include "support/tcp_client.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace ts::httpd {
namespace {

using test::TcpClient;

std::unique_ptr<HttpServer> start(Router router, ServerOptions options = {}) {
  auto server = HttpServer::start(std::move(options), std::move(router));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return std::move(server).value();
}

Router echo() {
  Router router;
  router.on("*", "/echo", [](const Request& request) {
    auto response = Response::text(200, request.method + " " + request.body);
    response.headers.set("X-Peer", request.peer);
    return response;
  });
  return router;
}

std::string get(std::string_view path, std::string_view more = "") {
  std::string out = "GET ";
  out += path;
  out += " HTTP/1.1\r\nHost: h\r\n";
  out += more;
  return out + "\r\n";
}

std::string get_and_close(std::string_view path, const std::string& more = "") {
  return get(path, more + "Connection: close\r\n");
}

std::string talk(const HttpServer& server, const std::string& wire) {
  TcpClient client(server.port());
  client.send(wire);
  return client.receive_all();
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

TEST(HttpServer, AnswersWithTheBodyItWasSent) {
  const auto server = start(echo());

  const auto answer =
      talk(*server,
           "PUT /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("X-Peer: 127.0.0.1\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "PUT abc");
}

TEST(HttpServer, RefusesAPortInUse) {
  const auto first = start(echo());

  const auto second = HttpServer::start({.port = first->port()}, echo());

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().hint, "choose another port, or stop the program that listens there");
}

TEST(HttpServer, RefusesAForeignAddress) {
  const auto server = HttpServer::start({.address = "192.0.2.1"}, echo());

  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(server.error().hint, "use an address of this machine, such as 127.0.0.1");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  const auto server = start(echo());
  std::string wire;
  for (int i = 0; i < 20; ++i) {
    wire += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
  }

  const auto answers = talk(*server, wire + get_and_close("/echo"));

  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = answers.find("POST " + std::to_string(10 + i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(answers.find("GET ", at), std::string::npos);
  EXPECT_EQ(server->stats().connections_accepted, 1U);
  EXPECT_EQ(server->stats().requests, 21U);
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const auto server = start(echo());

  const auto answer = talk(*server, "HEAD /echo HTTP/1.0\r\n\r\n");

  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST(HttpServer, RefusesALargeBodyBeforeItIsSent) {
  const auto server = start(echo(), {.max_body_bytes = 10});

  const auto answer = talk(*server, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST(HttpServer, LetsARouteTakeMore) {
  Router router = echo();
  router.on("POST", "/big",
            [](const Request& r) { return Response::text(200, std::to_string(r.body.size())); },
            {.max_body_bytes = std::size_t{16} << 20U});
  const auto server = start(std::move(router));
  const std::string body(std::size_t{16} << 20U, 'x');

  const auto answer =
      talk(*server, "POST /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);

  EXPECT_EQ(body_of(answer), "16777216");
}

TEST(HttpServer, SaysContinueToThoseWhoAsk) {
  const auto server = start(echo());
  TcpClient client(server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: "
      "100-continue\r\nContent-Length: 2\r\n\r\n");

  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");

  EXPECT_EQ(body_of(client.receive_all()), "POST ok");
}

TEST(HttpServer, EndsASlowHeaderWith408) {
  const auto server = start(echo(), {.header_timeout = milliseconds{100}});

  const auto answer = talk(*server, "GET / HTTP/1.1\r\nHos");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
  EXPECT_EQ(server->stats().timeouts, 1U);
}

TEST(HttpServer, EndsASlowBodyWith408) {
  const auto server = start(echo(), {.body_timeout = milliseconds{100}});

  const auto answer =
      talk(*server, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST(HttpServer, ClosesAConnectionThatSaysNothing) {
  const auto server = start(echo(), {.header_timeout = milliseconds{50}});

  EXPECT_EQ(talk(*server, ""), "");
}

TEST(HttpServer, ServesHonestClientsWhileManyAreSlow) {
  const auto server = start(echo(), {.max_connections = 300});
  std::vector<TcpClient> slow;
  for (int i = 0; i < 600; ++i) {
    slow.emplace_back(server->port());
    slow.back().send("GET / HTTP/1.1\r\n");
  }

  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(body_of(talk(*server, get_and_close("/echo"))), "GET ");
  }

  EXPECT_LE(server->stats().connections_open, 300U);
  EXPECT_GE(server->stats().connections_evicted, 300U);
}

TEST(HttpServer, TakesAnAnswerFromAnyThreadLater) {
  std::promise<Responder> waiting;
  Router router = echo();
  router.on_async("GET", "/later",
                  [&](Request, Responder responder) { waiting.set_value(std::move(responder)); });
  const auto server = start(std::move(router));
  TcpClient client(server->port());
  client.send(get_and_close("/later"));

  auto responder = waiting.get_future().get();
  EXPECT_EQ(body_of(talk(*server, get_and_close("/echo"))), "GET ");
  std::jthread([&] { responder.send(Response::text(202, "late")); }).join();

  EXPECT_EQ(body_of(client.receive_all()), "late");
}

TEST(HttpServer, Answers500ForAHandlerThatThrowsOrForgets) {
  Router router;
  router.on("GET", "/throw", [](const Request&) -> Response { throw std::runtime_error("bug"); });
  router.on_async("GET", "/forget", [](Request, const Responder&) {});
  const auto server = start(std::move(router));

  EXPECT_TRUE(talk(*server, get_and_close("/throw")).starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(talk(*server, get_and_close("/forget")).starts_with("HTTP/1.1 500 "));
}

TEST(HttpServer, AnswersThatComeAfterItsEndGoNowhere) {
  std::promise<Responder> waiting;
  Router router;
  router.on_async("GET", "/later",
                  [&](Request, Responder responder) { waiting.set_value(std::move(responder)); });
  auto server = start(std::move(router));
  TcpClient client(server->port());
  client.send(get("/later"));
  auto responder = waiting.get_future().get();

  server.reset();
  responder.send(Response::text(200, "too late"));

  EXPECT_EQ(client.receive_all(), "");
}

TEST(HttpServer, StopsInHalfASecondAndLetsAnswersOut) {
  std::latch entered(1);
  std::promise<void> go;
  Router router;
  router.on("GET", "/busy", [&](const Request&) {
    entered.count_down();
    go.get_future().wait();
    return Response::text(200, "done");
  });
  const auto server = start(std::move(router));
  TcpClient idle(server->port());
  TcpClient busy(server->port());
  busy.send(get("/busy"));
  entered.wait();
  const auto begin = std::chrono::steady_clock::now();

  std::jthread stopper([&] { server->stop(); });
  EXPECT_EQ(idle.receive_all(), "");
  go.set_value();

  EXPECT_EQ(body_of(busy.receive_all()), "done");
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{500});
}

TEST(HttpServer, StopsInHalfASecondWhenNobodyAnswers) {
  std::promise<Responder> waiting;
  Router router;
  router.on_async("GET", "/later",
                  [&](Request, Responder responder) { waiting.set_value(std::move(responder)); });
  const auto server = start(std::move(router));
  TcpClient client(server->port());
  client.send(get("/later"));
  const auto responder = waiting.get_future().get();
  const auto begin = std::chrono::steady_clock::now();

  server->stop();

  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{500});
}

TEST(HttpServer, SaysBusyWhenTooManyWait) {
  std::latch entered(1);
  std::promise<void> go;
  const auto opened = go.get_future().share();
  Router router;
  router.on("GET", "/busy", [&](const Request& request) {
    if (request.query == "first") entered.count_down();
    opened.wait();
    return Response::text(200, "done");
  });
  const auto server = start(std::move(router), {.worker_threads = 1, .max_queued_requests = 1});
  TcpClient first(server->port());
  first.send(get_and_close("/busy?first"));
  entered.wait();
  TcpClient second(server->port());
  TcpClient third(server->port());
  second.send(get_and_close("/busy"));
  third.send(get_and_close("/busy"));

  // One of the two waits; the other is refused at once.
  while (server->stats().refused == 0) std::this_thread::yield();
  go.set_value();
  const auto answers = second.receive_all() + third.receive_all();

  EXPECT_NE(answers.find("HTTP/1.1 200 "), std::string::npos);
  EXPECT_NE(answers.find("HTTP/1.1 503 "), std::string::npos);
  EXPECT_NE(answers.find("Retry-After: 1\r\n"), std::string::npos);
}

TEST(HttpServer, CannotBeMadeToSplitAnAnswer) {
  Router router;
  router.on("GET", "/", [](const Request&) {
    auto response = Response::empty(200);
    response.headers.set("X-A", "a\r\nX-B: b");
    return response;
  });
  const auto server = start(std::move(router));

  EXPECT_EQ(talk(*server, get_and_close("/")).find("\nX-B"), std::string::npos);
}

TEST(HttpServer, ResetsOnPurpose) {
  Router router;
  router.on("GET", "/", [](const Request&) {
    Response response;
    response.fault.kind = Fault::Kind::kReset;
    return response;
  });
  const auto server = start(std::move(router));
  TcpClient client(server->port());
  client.send(get("/"));

  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(client.error(), ECONNRESET);
}

TEST(HttpServer, TruncatesOnPurpose) {
  Router router;
  router.on("GET", "/", [](const Request&) {
    auto response = Response::text(200, "0123456789");
    response.fault = {.kind = Fault::Kind::kTruncate, .after_bytes = 4};
    return response;
  });
  const auto server = start(std::move(router));

  const auto answer = talk(*server, get("/"));

  EXPECT_NE(answer.find("Content-Length: 10\r\n"), std::string::npos);
  EXPECT_EQ(body_of(answer), "0123");
}

TEST(HttpServer, DelaysOnPurposeWithoutHoldingAWorker) {
  Router router = echo();
  router.on("GET", "/slow", [](const Request&) {
    auto response = Response::text(200, "slow");
    response.fault.delay = milliseconds{150};
    return response;
  });
  const auto server = start(std::move(router), {.worker_threads = 1});
  const auto begin = std::chrono::steady_clock::now();
  TcpClient slow(server->port());
  slow.send(get_and_close("/slow"));

  EXPECT_EQ(body_of(talk(*server, get_and_close("/echo"))), "GET ");
  EXPECT_EQ(body_of(slow.receive_all()), "slow");

  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds{150});
}

class Files : public testing::Test {
 protected:
  Files() {
    std::string content(300'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 26);
    std::ofstream(dir_.path() / "x.ts", std::ios::binary) << content;
    std::ofstream(dir_.path() / "empty.ts");
    content_ = content;
    Router router;
    router.on("GET", "/{path*}", serve_directory(dir_.path()));
    server_ = start(std::move(router));
  }
  std::string ask(const std::string& more) { return talk(*server_, get_and_close("/x.ts", more)); }

  test::TempDir dir_;
  std::string content_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Files, SendsAFileWhole) {
  EXPECT_EQ(body_of(ask("")), content_);
  EXPECT_NE(talk(*server_, get_and_close("/empty.ts")).find("Content-Length: 0\r\n"),
            std::string::npos);
}

TEST_F(Files, SendsRanges) {
  const auto middle = ask("Range: bytes=100-199\r\n");
  EXPECT_TRUE(middle.starts_with("HTTP/1.1 206 ")) << middle;
  EXPECT_NE(middle.find("Content-Range: bytes 100-199/300000\r\n"), std::string::npos);
  EXPECT_EQ(body_of(middle), content_.substr(100, 100));
  EXPECT_EQ(body_of(ask("Range: bytes=299990-\r\n")), content_.substr(299990));
  EXPECT_EQ(body_of(ask("Range: bytes=-10\r\n")), content_.substr(299990));
  EXPECT_EQ(body_of(ask("Range: bytes=-400000\r\n")), content_);
}

TEST_F(Files, RefusesOrIgnoresImpossibleRanges) {
  const auto beyond = ask("Range: bytes=300000-\r\n");
  EXPECT_TRUE(beyond.starts_with("HTTP/1.1 416 ")) << beyond;
  EXPECT_NE(beyond.find("Content-Range: bytes */300000\r\n"), std::string::npos);
  for (const auto* range : {"bytes=5-4", "bytes=0-1,3-4", "bytes=a-b", "bytes=-", "lines=1-2",
                            "bytes=99999999999999999999-"}) {
    const auto answer = ask("Range: " + std::string(range) + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << range;
    EXPECT_EQ(body_of(answer).size(), 300'000U) << range;
  }
}

TEST_F(Files, KnowsWhatTheClientHas) {
  const auto first = ask("");
  const auto begin = first.find("ETag: ") + 6;
  const auto etag = first.substr(begin, first.find('\r', begin) - begin);

  const auto second = ask("If-None-Match: \"other\", " + etag + "\r\n");

  EXPECT_TRUE(second.starts_with("HTTP/1.1 304 ")) << second;
  EXPECT_EQ(body_of(second), "");
  EXPECT_TRUE(ask("If-None-Match: \"other\"\r\n").starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace ts::httpd
