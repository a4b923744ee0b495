// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include "control/client.hpp"
#include "core/json.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <thread>

namespace ts::control {
namespace {

constexpr seconds kLong{10};

/// A client that may say and do anything.
class RawClient {
 public:
  explicit RawClient(const std::filesystem::path& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.string().size());
    connected_ =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  [[nodiscard]] bool connected() const { return connected_; }
  void send(std::string_view text) {
    [[maybe_unused]] const auto sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  /// The next line, or "(end)".
  std::string line() {
    while (buffer_.find('\n') == std::string::npos) {
      std::array<char, 4096> chunk{};
      const auto count = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
      if (count <= 0) return "(end)";
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
    const auto end = buffer_.find('\n');
    auto out = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return out;
  }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  bool connected_ = false;
  std::string buffer_;
};

class ControlServer : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path socket() const { return folder_.path() / "run" / "c.sock"; }
  std::unique_ptr<Server> listen(Server::Options options = {}) {
    options.socket = socket();
    auto server = Server::listen(options, clock_);
    if (!server) throw std::runtime_error(server.error().message);
    return std::move(server).value();
  }
  Client client() { return Client::connect(socket(), kLong).value(); }

  test::TempDir folder_;
  test::FakeClock clock_;
};

TEST_F(ControlServer, HandsOverCommandsAndReturnsTheAnswer) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":\"x\",\"command\":\"preview\",\"scene\":\"two\"}\n");

  auto request = server->next(kLong, {});
  ASSERT_TRUE(request.has_value());
  request->reply.ok(4711);

  EXPECT_TRUE(std::holds_alternative<ActCommand>(request->command));
  EXPECT_EQ(operator_.line(), R"({"id":"x","ok":true,"tick":4711})");
}

TEST_F(ControlServer, AnswersWithMoreMembersAndWithErrors) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"output_list\"}\n{\"id\":2,\"command\":\"cut\"}\n");

  server->next(kLong, {})->reply.ok(5, Json{{"outputs", Json::array()}});
  server->next(kLong, {})->reply.fail(
      {.kind = ErrorKind::kNotFound, .message = "no", .hint = "look"});

  EXPECT_EQ(operator_.line(), R"({"id":1,"ok":true,"tick":5,"outputs":[]})");
  EXPECT_EQ(
      operator_.line(),
      R"({"id":2,"ok":false,"error":{"kind":"not_found","code":"not_found","message":"no","hint":"look","retryable":false}})");
}

TEST_F(ControlServer, AnswersACommandThatWasDropped) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"cut\"}\n");

  { auto request = server->next(kLong, {}); }

  EXPECT_NE(operator_.line().find("dropped without an answer"), std::string::npos);
}

TEST_F(ControlServer, AnswersEveryBadLineAndGoesOn) {
  auto server = listen();
  RawClient operator_(socket());

  operator_.send("garbage\n\n\r\n{\"id\":3}\n{\"id\":4,\"command\":\"ping\"}\n");

  EXPECT_NE(operator_.line().find(R"("id":null,"ok":false)"), std::string::npos);
  EXPECT_NE(operator_.line().find(R"("id":3,"ok":false)"), std::string::npos);
  EXPECT_EQ(operator_.line(), R"({"id":4,"ok":true})");
  EXPECT_EQ(server->counters().malformed, 2U);
}

TEST_F(ControlServer, AnswersALineThatIsTooLongOnceAndSkipsItsRest) {
  auto server = listen();
  RawClient operator_(socket());

  operator_.send(std::string(3 * kMaxLine, 'x'));
  operator_.send("\n{\"id\":1,\"command\":\"ping\"}\n");

  EXPECT_NE(operator_.line().find("longer than 65536 bytes"), std::string::npos);
  EXPECT_EQ(operator_.line(), R"({"id":1,"ok":true})");
}

TEST_F(ControlServer, ReadsCommandsThatComeInPieces) {
  auto server = listen();
  RawClient operator_(socket());
  const std::string line = "{\"id\":1,\"command\":\"ping\"}\n";

  for (const char letter : line) operator_.send({&letter, 1});

  EXPECT_EQ(operator_.line(), R"({"id":1,"ok":true})");
}

TEST_F(ControlServer, RefusesCommandsWhenTheQueueIsFull) {
  auto server = listen({.queue = 2});
  RawClient operator_(socket());

  for (int i = 1; i <= 3; ++i) {
    operator_.send("{\"id\":" + std::to_string(i) + ",\"command\":\"cut\"}\n");
  }

  const auto refusal = operator_.line();
  EXPECT_NE(refusal.find(R"("id":3,"ok":false)"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find(R"("code":"busy")"), std::string::npos);
  EXPECT_NE(refusal.find(R"("retryable":true)"), std::string::npos);
  EXPECT_EQ(server->counters().busy, 1U);
}

TEST_F(ControlServer, SendsEventsToThoseWhoAsked) {
  auto server = listen();
  RawClient all(socket());
  RawClient tally_only(socket());
  RawClient none(socket());
  all.send("{\"command\":\"events\"}\n");
  tally_only.send("{\"command\":\"events\",\"kinds\":[\"tally\"]}\n");
  none.send("{\"command\":\"ping\"}\n");
  EXPECT_EQ(all.line(), R"({"id":null,"ok":true})");
  EXPECT_EQ(tally_only.line(), R"({"id":null,"ok":true})");
  EXPECT_EQ(none.line(), R"({"id":null,"ok":true})");

  server->publish("overlay", 3, Json{{"overlay", "name"}, {"visible", true}});
  server->publish("tally", 4, Json{{"program", Json::array({"wide"})}});
  none.send("{\"id\":2,\"command\":\"ping\"}\n");

  EXPECT_EQ(
      all.line(),
      R"({"event":"overlay","tick":3,"time":"2023-11-14T22:13:20Z","overlay":"name","visible":true})");
  EXPECT_NE(all.line().find(R"("event":"tally")"), std::string::npos);
  EXPECT_NE(tally_only.line().find(R"("event":"tally","tick":4)"), std::string::npos);
  EXPECT_EQ(none.line(), R"({"id":2,"ok":true})");
}

TEST_F(ControlServer, DropsASubscriberThatDoesNotReadAndServesTheOthers) {
  auto server = listen({.max_unread = 64 << 10});
  RawClient stuck(socket());
  RawClient healthy(socket());
  stuck.send("{\"command\":\"events\"}\n");
  ASSERT_EQ(stuck.line(), R"({"id":null,"ok":true})");
  const Json padding{{"message", std::string(2000, 'm')}};

  while (server->counters().dropped == 0) {
    server->publish("source", 1, padding);
    healthy.send("{\"id\":1,\"command\":\"ping\"}\n");
    ASSERT_EQ(healthy.line(), R"({"id":1,"ok":true})");
  }

  EXPECT_GT(server->counters().lost_events, 0U);
}

TEST_F(ControlServer, TellsASlowSubscriberHowManyEventsItMissed) {
  auto server = listen({.max_unread = 64 << 10});
  RawClient slow(socket());
  RawClient other(socket());
  slow.send("{\"command\":\"events\"}\n");
  ASSERT_EQ(slow.line(), R"({"id":null,"ok":true})");
  const Json padding{{"message", std::string(2000, 'm')}};
  while (server->counters().lost_events < 3) {
    server->publish("source", 1, padding);
    other.send("{\"id\":1,\"command\":\"ping\"}\n");
    ASSERT_EQ(other.line(), R"({"id":1,"ok":true})");
  }

  // Reads until nothing is left, which makes room for the next event.
  std::string line;
  slow.send("{\"id\":9,\"command\":\"ping\"}\n");
  while (line != R"({"id":9,"ok":true})") line = slow.line();
  server->publish("tally", 2, Json::object());

  EXPECT_NE(slow.line().find(R"({"event":"dropped","count":)"), std::string::npos);
  EXPECT_NE(slow.line().find(R"("event":"tally")"), std::string::npos);
}

TEST_F(ControlServer, KeepsServingWhileOneClientFloodsWithoutReading) {
  auto server = listen({.queue = 4});
  RawClient flood(socket());
  std::jthread flooder([&](const std::stop_token& stop) {
    const std::string line = "{\"id\":1,\"command\":\"nonsense\"}\n";
    while (!stop.stop_requested()) {
      if (::send(flood.fd(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        std::this_thread::yield();
      }
    }
  });
  RawClient operator_(socket());

  for (int i = 0; i < 200; ++i) {
    operator_.send("{\"id\":1,\"command\":\"ping\"}\n");
    ASSERT_EQ(operator_.line(), R"({"id":1,"ok":true})");
  }

  EXPECT_EQ(server->counters().dropped, 0U);
}

TEST_F(ControlServer, RefusesTheSeventeenthClientButServesTheFirst) {
  auto server = listen();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(socket()));
    clients.back()->send("{\"command\":\"ping\"}\n");
    ASSERT_EQ(clients.back()->line(), R"({"id":null,"ok":true})");
  }

  RawClient extra(socket());

  EXPECT_NE(extra.line().find("16 operators are connected already"), std::string::npos);
  EXPECT_EQ(extra.line(), "(end)");
  clients[0]->send("{\"command\":\"ping\"}\n");
  EXPECT_EQ(clients[0]->line(), R"({"id":null,"ok":true})");
}

TEST_F(ControlServer, GivesThePlaceOfASilentClientToANewcomer) {
  auto server = listen({.max_clients = 2, .idle_limit = milliseconds{0}});
  RawClient silent(socket());
  RawClient subscriber(socket());
  silent.send("{\"command\":\"ping\"}\n");
  ASSERT_EQ(silent.line(), R"({"id":null,"ok":true})");
  subscriber.send("{\"command\":\"events\"}\n");
  ASSERT_EQ(subscriber.line(), R"({"id":null,"ok":true})");

  RawClient newcomer(socket());
  newcomer.send("{\"command\":\"ping\"}\n");

  EXPECT_EQ(newcomer.line(), R"({"id":null,"ok":true})");
  EXPECT_EQ(silent.line(), "(end)");
}

TEST_F(ControlServer, WhoNeverAsksHoldsNoOperatorUp) {
  auto server = listen({.max_clients = 1, .mute_limit = milliseconds{0}});
  RawClient mute(socket());
  mute.send("{\"comm");
  RawClient newcomer(socket());
  newcomer.send("{\"command\":\"ping\"}\n");

  EXPECT_EQ(newcomer.line(), R"({"id":null,"ok":true})");
  EXPECT_EQ(mute.line(), "(end)");
}

TEST_F(ControlServer, ForgetsClientsThatGoAwayWithCommandsOpen) {
  auto server = listen();
  {
    RawClient gone(socket());
    gone.send("{\"id\":1,\"command\":\"cut\"}\n");
    auto request = server->next(kLong, {});
    ASSERT_TRUE(request.has_value());
  }
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"ping\"}\n");
  ASSERT_EQ(operator_.line(), R"({"id":1,"ok":true})");

  while (server->counters().clients != 1) {
    operator_.send("{\"id\":1,\"command\":\"ping\"}\n");
    ASSERT_EQ(operator_.line(), R"({"id":1,"ok":true})");
  }
  EXPECT_EQ(server->counters().clients, 1U);
}

TEST_F(ControlServer, AnswersAClientThatHasShutDownItsOwnSide) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"cut\"}\n");
  ::shutdown(operator_.fd(), SHUT_WR);

  server->next(kLong, {})->reply.ok(1);

  EXPECT_EQ(operator_.line(), R"({"id":1,"ok":true,"tick":1})");
  EXPECT_EQ(operator_.line(), "(end)");
}

TEST_F(ControlServer, AnswersWaitingCommandsWhenItEnds) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"cut\"}\n{\"id\":2,\"command\":\"ping\"}\n");
  ASSERT_EQ(operator_.line(), R"({"id":2,"ok":true})");

  server.reset();

  EXPECT_NE(operator_.line().find("the program has ended"), std::string::npos);
  EXPECT_EQ(operator_.line(), "(end)");
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(ControlServer, KeepsItsSocketToItsOwner) {
  const mode_t before = ::umask(0);
  auto server = listen();
  ::umask(before);

  struct stat info {};
  ASSERT_EQ(::stat(socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(socket().parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(ControlServer, DoesNotReplaceASocketSomebodyListensOn) {
  auto server = listen();

  const auto second = Server::listen({.socket = socket()}, clock_);

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(second.error().hint, "stop it with ts compose stop, or give another --control path");
  EXPECT_TRUE(RawClient(socket()).connected());
}

TEST_F(ControlServer, ReplacesTheSocketOfAProcessThatWasKilled) {
  std::filesystem::create_directory(socket().parent_path());
  const pid_t child = ::fork();
  if (child == 0) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = socket().string();
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const bool bound =
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::_exit(bound && ::listen(fd.get(), 1) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(socket()));

  auto server = listen();

  EXPECT_TRUE(RawClient(socket()).connected());
}

TEST_F(ControlServer, LeavesAFileThatIsNoSocketAlone) {
  std::filesystem::create_directory(socket().parent_path());
  std::ofstream(socket()) << "precious";

  const auto server = Server::listen({.socket = socket()}, clock_);

  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(std::filesystem::is_regular_file(socket()));
}

TEST_F(ControlServer, RefusesAPathThatIsTooLong) {
  const auto server = Server::listen({.socket = folder_.path() / std::string(120, 'x')}, clock_);

  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(server.error().hint, "give a path of at most 107 bytes");
}

TEST_F(ControlServer, DoesNotRemoveTheSocketOfASuccessor) {
  auto server = listen();
  std::filesystem::remove(socket());
  auto successor = listen();

  server.reset();

  EXPECT_TRUE(RawClient(socket()).connected());
}

TEST_F(ControlServer, LetsARepliesOutliveIt) {
  auto server = listen();
  RawClient operator_(socket());
  operator_.send("{\"id\":1,\"command\":\"cut\"}\n");
  auto request = server->next(kLong, {});
  ASSERT_TRUE(request.has_value());

  server.reset();
  request->reply.ok(1);

  EXPECT_EQ(operator_.line(), "(end)");
}

class ControlClient : public ControlServer {
 protected:
  /// Answers every request with its tick until stopped.
  std::jthread answering(Server& server) {
    return std::jthread([&server](const std::stop_token& stop) {
      while (auto request = server.next(kLong, stop)) request->reply.ok(42);
    });
  }
};

TEST_F(ControlClient, GetsTheReplyToItsRequest) {
  auto server = listen();
  const auto thread = answering(*server);
  auto operator_ = client();

  const auto reply = operator_.request(Json{{"command", "cut"}}, kLong);

  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().at("tick"), 42);
}

TEST_F(ControlClient, GetsErrorsAsErrors) {
  auto server = listen();
  auto operator_ = client();

  const auto reply = operator_.request(Json{{"command", "tkae"}}, kLong);

  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(reply.error().hint, "did you mean 'take'?");
}

TEST_F(ControlClient, KeepsEventsThatComeBeforeAReply) {
  auto server = listen();
  auto operator_ = client();
  ASSERT_TRUE(operator_.request(Json{{"command", "events"}}, kLong).ok());
  server->publish("guard", 1, Json{{"guard", "black"}});
  const auto thread = answering(*server);

  ASSERT_TRUE(operator_.request(Json{{"command", "cut"}}, kLong).ok());

  const auto event = operator_.next_event(kLong);
  ASSERT_TRUE(event.ok());
  EXPECT_NE(event.value()->find("\"guard\":\"black\""), std::string::npos);
}

TEST_F(ControlClient, SaysThatNobodyListens) {
  const auto nobody = Client::connect(socket(), kLong);

  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(nobody.error().hint,
            "start one with ts compose run SHOW.json, or name its socket with --control");
}

TEST_F(ControlClient, GivesUpAtItsDeadlineAndWhenStopped) {
  auto server = listen();  // nobody takes the request
  auto operator_ = client();

  EXPECT_EQ(operator_.request(Json{{"command", "cut"}}, milliseconds{20}).error().kind,
            ErrorKind::kDeadline);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(operator_.request(Json{{"command", "cut"}}, kLong, stop.get_token()).error().kind,
            ErrorKind::kInterrupted);
  EXPECT_FALSE(operator_.next_event(milliseconds{1}).value().has_value());
}

TEST_F(ControlClient, DoesNotMistakeALateReplyForItsOwn) {
  auto server = listen();
  auto operator_ = client();
  ASSERT_FALSE(operator_.request(Json{{"command", "cut"}}, milliseconds{20}).ok());
  server->next(kLong, {})->reply.ok(1);
  const auto thread = answering(*server);

  const auto reply = operator_.request(Json{{"command", "cut"}}, kLong);

  EXPECT_EQ(reply.value().at("tick"), 42);
}

TEST_F(ControlClient, NoticesThatTheCompositorEnded) {
  auto server = listen();
  auto operator_ = client();
  ASSERT_TRUE(operator_.request(Json{{"command", "events"}}, kLong).ok());

  server.reset();

  EXPECT_EQ(operator_.next_event(kLong).error().code, "closed");
}

TEST_F(ControlClient, ReadsTheRefusalOfAFullServer) {
  auto server = listen({.max_clients = 1});
  auto first = client();
  ASSERT_TRUE(first.request(Json{{"command", "ping"}}, kLong).ok());
  auto second = client();

  const auto reply = second.request(Json{{"command", "ping"}}, kLong);

  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, "busy");
}

}  // namespace
}  // namespace ts::control
