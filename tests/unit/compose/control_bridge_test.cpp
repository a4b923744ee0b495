// SPDX-License-Identifier: Apache-2.0
#include "compose/control_bridge.hpp"

#include "control/client.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/unique_fd.hpp"
#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace ts::compose {
namespace {

constexpr seconds kLong{20};

constexpr std::string_view kShow = R"({
  "name": "desk", "canvas": {"width": 320, "height": 180, "fps": 30},
  "sources": {"bars": {"test": "bars", "tone_hz": 1000}, "red": {"color": "#c02020"}},
  "scenes": {"one": {"layout": "full", "slots": ["bars"]},
             "two": {"layout": "full", "slots": ["red"]},
             "both": {"layout": "side-by-side", "slots": ["bars", "red"]}},
  "overlays": {"name": {"lower_third": {"title": "Ana"}}},
  "program": "one"})";

/// A program that runs in real time, and an operator connected to it.
class ControlBridgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bridge = ControlBridge::listen({.socket = folder_.path() / "c.sock", .clock = &clock_});
    ASSERT_TRUE(bridge.ok()) << bridge.error().message;
    bridge_ = std::move(bridge).value();
    auto show = scene::parse_show(kShow, "show", folder_.path());
    ASSERT_TRUE(show.ok()) << show.error().message;
    RunOptions options;
    options.clock = &clock_;
    options.outputs.push_back(test::file_target(folder_.path() / "program.mp4"));
    options.on_event = [this](const ProgramEvent& event) { bridge_->publish(event); };
    auto compositor = Compositor::create(std::move(show).value(), std::move(options));
    ASSERT_TRUE(compositor.ok()) << compositor.error().message;
    compositor_ = std::move(compositor).value();
    bridge_->serve(*compositor_);
    program_ = std::async(std::launch::async, [this] { return compositor_->run({}, {}).ok(); });
    // On air: a command sent before the first frame would hold for frame 0.
    while (compositor_->snapshot().tick == 0) std::this_thread::yield();
    client_.emplace(control::Client::connect(bridge_->socket(), kLong).value());
  }
  void TearDown() override {
    if (program_.valid()) {
      [[maybe_unused]] const auto asked = ask(R"({"command":"stop"})");
      program_.wait();
    }
    bridge_.reset();
  }

  Result<Json> ask(std::string_view request) {
    return client_->request(parse_json(request, "request").value(), kLong);
  }
  std::uint64_t tick_of(std::string_view request) {
    const auto reply = ask(request);
    if (!reply.ok()) throw std::runtime_error(reply.error().message);
    return reply.value().at("tick").get<std::uint64_t>();
  }
  /// The next event of this kind.
  Json event(std::string_view kind) {
    for (;;) {
      const auto line = client_->next_event(kLong);
      if (!line.ok() || !line.value()) throw std::runtime_error("no such event came");
      auto json = parse_json(*line.value(), "event").value();
      if (json.at("event") == kind) return json;
    }
  }

  test::TempDir folder_;
  SystemClock clock_;
  std::unique_ptr<ControlBridge> bridge_;
  std::unique_ptr<Compositor> compositor_;
  std::future<bool> program_;
  std::optional<control::Client> client_;
};

TEST_F(ControlBridgeTest, TellsTheTickOfATakeInReplyAndEvent) {
  ASSERT_TRUE(ask(R"({"command":"events","kinds":["scene"]})").ok());

  const auto tick = tick_of(R"({"command":"take","scene":"two"})");

  auto scene = event("scene");
  while (scene.at("program") != "two") scene = event("scene");
  EXPECT_EQ(scene.at("tick"), tick);
  EXPECT_EQ(scene.at("state"), "begin");
}

TEST_F(ControlBridgeTest, CountsTheOutgoingSceneAsOnAirUntilTheTransitionEnds) {
  ASSERT_TRUE(ask(R"({"command":"preview","scene":"two"})").ok());
  ASSERT_TRUE(ask(R"({"command":"events","kinds":["tally"]})").ok());

  const auto tick = tick_of(R"({"command":"take","transition":"fade","duration_ms":200})");

  auto tally = event("tally");
  while (tally.at("tick") < tick) tally = event("tally");
  EXPECT_EQ(tally.at("program"), Json::array({"bars", "red"}));
  while (tally.at("program").size() == 2) tally = event("tally");
  EXPECT_EQ(tally.at("program"), Json::array({"red"}));
  EXPECT_EQ(tally.at("preview"), Json::array({"bars"}));
  EXPECT_EQ(tally.at("tick"), tick + 6);
}

TEST_F(ControlBridgeTest, DoesABatchInOneFrameOrNotAtAll) {
  const auto refused = ask(R"({"command":"batch","commands":[{"command":"cut","scene":"two"},
                                             {"command":"overlay_show","overlay":"nope"}]})");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(ask(R"({"command":"status"})").value().at("status").at("program"), "one");

  tick_of(R"({"command":"batch","commands":[{"command":"cut","scene":"two"},
      {"command":"audio","source":"bars","gain_db":-6,"solo":true},
      {"command":"overlay_show","overlay":"name"}]})");

  const auto status = ask(R"({"command":"status"})").value().at("status");
  EXPECT_EQ(status.at("program"), "two");
  EXPECT_EQ(status.at("sources").at(0).at("gain_db"), -6);
}

TEST_F(ControlBridgeTest, TheLastOfContradictoryCommandsHolds) {
  ASSERT_TRUE(ask(R"({"command":"events","kinds":["scene"]})").ok());

  const auto tick = tick_of(R"({"command":"batch","commands":[
      {"command":"cut","scene":"two"}, {"command":"cut","scene":"one"}, {"command":"cut","scene":"both"},
      {"command":"audio","source":"bars","mute":true}, {"command":"audio","source":"bars","mute":false},
      {"command":"preview","scene":"one"}, {"command":"preview","scene":"two"}]})");

  const auto status = ask(R"({"command":"status"})").value().at("status");
  EXPECT_EQ(status.at("program"), "both");
  EXPECT_EQ(status.at("preview"), "two");
  EXPECT_EQ(status.at("sources").at(0).at("muted"), false);
  // All of it in one frame: no scene in between was on air.
  for (auto scene = event("scene");; scene = event("scene")) {
    if (scene.at("tick") < tick) continue;
    EXPECT_EQ(scene.at("tick"), tick);
    if (scene.at("preview") == "two") break;
  }
}

TEST_F(ControlBridgeTest, ShowsThePreviewAndEverythingInOnePicture) {
  const std::string path = (folder_.path() / "shot.png").string();
  const auto empty = ask(R"({"command":"shot","preview":true,"path":")" + path + R"("})");
  EXPECT_EQ(empty.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(empty.error().message, "the preview is empty");
  tick_of(R"({"command":"preview","scene":"two"})");

  // The preview is all red.
  const auto preview = ask(R"({"command":"picture","preview":true,"width":4,"height":2})");
  ASSERT_TRUE(preview.ok()) << preview.error().message;
  const auto shot = ask(R"({"command":"shot","multiview":true,"path":")" + path + R"("})");
  const auto both =
      ask(R"({"command":"shot","multiview":true,"preview":true,"path":")" + path + R"("})");

  EXPECT_EQ(preview.value().at("rgb").get<std::string>().substr(0, 3), "wCA");
  ASSERT_TRUE(shot.ok()) << shot.error().message;
  EXPECT_EQ(shot.value().at("width"), 1280);
  EXPECT_TRUE(read_file(path).value().starts_with("\x89PNG"));
  EXPECT_EQ(both.error().kind, ErrorKind::kUsage);
}

TEST_F(ControlBridgeTest, SavesThePictureOnAir) {
  const auto path = folder_.path() / "shot.png";

  const auto reply = ask(R"({"command":"shot","path":")" + path.string() + R"("})");
  const auto nowhere = ask(R"({"command":"shot","path":"/nonexistent/x.png"})");
  const auto nobody = ask(R"({"command":"shot","path":"/tmp/x.png","source":"nope"})");

  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply.value().at("width"), 320);
  EXPECT_TRUE(read_file(path).value().starts_with("\x89PNG"));
  EXPECT_FALSE(nowhere.ok());
  EXPECT_EQ(nobody.error().kind, ErrorKind::kNotFound);
}

TEST_F(ControlBridgeTest, AddsAndFinishesAnOutputWhileTheProgramRuns) {
  const auto path = folder_.path() / "extra.mp4";
  ASSERT_TRUE(ask(R"({"command":"events","kinds":["output"]})").ok());

  ASSERT_TRUE(
      ask(R"({"command":"output_add","name":"extra","output":"file:)" + path.string() + R"("})")
          .ok());
  const auto twice =
      ask(R"({"command":"output_add","name":"extra","output":"file:)" + path.string() + R"("})");
  auto change = event("output");
  while (change.at("output") != "extra" || change.at("state") != "live") change = event("output");
  while (ask(R"({"command":"output_list"})").value().at("outputs").at(1).at("frames") < 10) {
  }
  ASSERT_TRUE(ask(R"({"command":"output_remove","name":"extra"})").ok());
  while (change.at("output") != "extra" || change.at("state") != "removed") {
    change = event("output");
  }

  EXPECT_EQ(twice.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(twice.error().message, "there is an output 'extra' already");
  const auto decoded = test::decode(path);
  EXPECT_GE(decoded.frames.size(), 10U) << decoded.trouble;
  EXPECT_EQ(ask(R"({"command":"output_remove","name":"extra"})").error().kind,
            ErrorKind::kNotFound);
}

/// A receiver that takes connections and never says a word.
class SilentReceiver {
 public:
  SilentReceiver() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_.get(), plain, size), 0);
    EXPECT_EQ(::listen(fd_.get(), 4), 0);
    EXPECT_EQ(::getsockname(fd_.get(), plain, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
};

TEST_F(ControlBridgeTest, PicturesDoNotWaitForAnOutputThatHangs) {
  const SilentReceiver receiver;
  const auto key = folder_.path() / "key.txt";
  ASSERT_TRUE(
      write_file_atomic(key, fmt::format("rtmp://127.0.0.1:{}/live/x", receiver.port()), 0600)
          .ok());
  ASSERT_TRUE(ask(R"({"command":"output_add","name":"far","output":"rtmp-url-file:)" +
                  key.string() + R"("})")
                  .ok());
  auto other = control::Client::connect(bridge_->socket(), kLong).value();
  auto removed = std::async(std::launch::async, [&] {
    return other.request(Json{{"command", "output_remove"}, {"name", "far"}}, kLong).ok();
  });
  // Nobody has it any more: the removal waits for its last words now.
  while (ask(R"({"command":"output_list"})").value().at("outputs").size() > 1) {
  }

  const auto picture = client_->request(Json{{"command", "picture"}, {"width", 4}, {"height", 2}},
                                        milliseconds{2000});

  EXPECT_TRUE(picture.ok()) << picture.error().message;
  EXPECT_EQ(removed.wait_for(seconds{0}), std::future_status::timeout);
  EXPECT_TRUE(removed.get());
}

TEST_F(ControlBridgeTest, GoesOnWithoutItsOnlyLiveOutputWhileAnotherIsTried) {
  SilentReceiver nobody;
  nobody.close();
  const auto key = folder_.path() / "key.txt";
  ASSERT_TRUE(
      write_file_atomic(key, fmt::format("rtmp://127.0.0.1:{}/live/x", nobody.port()), 0600).ok());
  ASSERT_TRUE(ask(R"({"command":"output_add","name":"far","output":"rtmp-url-file:)" +
                  key.string() + R"("})")
                  .ok());
  while (ask(R"({"command":"output_list"})").value().at("outputs").at(1).at("state") !=
         "retrying") {
  }

  ASSERT_TRUE(ask(R"({"command":"output_remove","name":"program.mp4"})").ok());

  const std::uint64_t removed_at = compositor_->snapshot().tick;
  while (program_.wait_for(milliseconds{10}) == std::future_status::timeout &&
         compositor_->snapshot().tick < removed_at + 20) {
  }
  EXPECT_GE(compositor_->snapshot().tick, removed_at + 20);
}

TEST_F(ControlBridgeTest, ARecordingLosesNothingWhileItsDiskStandsStill) {
  // A pipe that nobody reads takes no more than its buffer.
  const std::string path = (folder_.path() / "slow.ts").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_GE(::fcntl(reader.get(), F_SETPIPE_SZ, 4096), 0);
  ASSERT_TRUE(
      ask(R"({"command":"output_add","name":"slow","output":"file:)" + path + R"("})").ok());

  Json slow;
  do {
    slow = ask(R"({"command":"output_list"})").value().at("outputs").at(1);
  } while (slow.at("queued_ms") < 5000 && slow.at("dropped") == 0);

  EXPECT_EQ(slow.at("dropped"), 0);
  // The disk is there again.
  const std::jthread drain([&reader] {
    std::array<char, 65536> chunk{};
    ::fcntl(reader.get(), F_SETFL, 0);
    while (::read(reader.get(), chunk.data(), chunk.size()) > 0) {
    }
  });
  EXPECT_TRUE(ask(R"({"command":"output_remove","name":"slow"})").ok());
}

TEST_F(ControlBridgeTest, TellsWhoSetsATextWhatViewersWillNotSee) {
  const auto fits = ask(R"({"command":"overlay_set","overlay":"name","title":"Ana Ruiz"})");
  const auto cut = ask(R"({"command":"overlay_set","overlay":"name","title":")" +
                       std::string(200, 'W') + R"("})");

  ASSERT_TRUE(fits.ok() && cut.ok());
  EXPECT_FALSE(fits.value().contains("warnings"));
  EXPECT_EQ(cut.value().at("warnings"),
            Json::array({"overlay 'name': the text does not fit and is cut off"}));
}

TEST_F(ControlBridgeTest, TellsWhoSetsATextThatItLeavesThePicture) {
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "line\\n";

  const auto high = ask(R"({"command":"overlay_set","overlay":"name","title":")" + lines + R"("})");

  ASSERT_TRUE(high.ok());
  const std::string warning = high.value().at("warnings").at(0);
  EXPECT_TRUE(warning.ends_with(" pixels beyond the picture")) << warning;
}

TEST_F(ControlBridgeTest, ARemovedSourceTakesItsOwnSceneWithIt) {
  const std::string add = R"({"command":"source_add","name":"z","source":{"color":"#2020c0"}})";
  ASSERT_TRUE(ask(add).ok());
  tick_of(R"({"command":"audio","source":"z","solo":true,"delay_ms":200})");

  const auto others = ask(R"({"command":"status"})").value().at("status").at("sources").at(0);
  EXPECT_EQ(others.at("muted"), false) << "only left out";
  EXPECT_EQ(others.at("left_out"), true);

  ASSERT_TRUE(ask(R"({"command":"events","kinds":["source"]})").ok());

  ASSERT_TRUE(ask(R"({"command":"source_remove","name":"z"})").ok());

  for (auto change = event("source"); change.at("source") != "z" || change.at("state") != "removed";
       change = event("source")) {
  }
  for (const char* command :
       {R"({"command":"cut","scene":"z"})", R"({"command":"preview","scene":"z"})",
        R"({"command":"audio","source":"z","mute":true})",
        R"({"command":"shot","path":"/tmp/none.png","source":"z"})"}) {
    EXPECT_EQ(ask(command).error().kind, ErrorKind::kNotFound) << command;
  }
  EXPECT_EQ(ask(R"({"command":"cut","scene":"z"})").error().hint, "known: one, two, both");
  EXPECT_EQ(ask(R"({"command":"audio","source":"z","mute":true})").error().hint,
            "known: bars, red");
  EXPECT_EQ(ask(R"({"command":"scene_set","name":"new","scene":{"layout":"full","slots":["z"]}})")
                .error()
                .kind,
            ErrorKind::kUsage);
  const auto status = ask(R"({"command":"status"})").value().at("status");
  EXPECT_EQ(status.at("scenes"), Json::array({"one", "two", "both"}));
  // It was solo: the others are heard again.
  EXPECT_EQ(status.at("sources").at(0).at("muted"), false);
  ASSERT_TRUE(ask(add).ok());
  tick_of(R"({"command":"cut","scene":"z"})");
  const auto again = ask(R"({"command":"status"})").value().at("status");
  EXPECT_EQ(again.at("program"), "z");
  EXPECT_EQ(again.at("sources").at(2).at("delay_ms"), 0);
}

TEST_F(ControlBridgeTest, ASourceDucksUnderOneThatIsThere) {
  const auto wrong = ask(R"({"command":"source_add","name":"z","source":{"color":"#2020c0",
                             "duck":{"under":["brs"]}}})");

  EXPECT_EQ(wrong.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(wrong.error().message, "source 'z' ducks under 'brs', which the program has not");
}

TEST_F(ControlBridgeTest, ASourceThatIsSeenStays) {
  ASSERT_TRUE(ask(R"({"command":"source_add","name":"z","source":{"color":"#2020c0"}})").ok());
  const auto remove = R"({"command":"source_remove","name":"z"})";

  tick_of(R"({"command":"cut","scene":"z"})");
  const auto on_air = ask(remove);
  tick_of(R"({"command":"take","scene":"one","transition":"fade","duration_ms":2000})");
  const auto outgoing = ask(remove);
  tick_of(R"({"command":"cut","scene":"two"})");
  tick_of(R"({"command":"preview","scene":"z"})");
  const auto in_preview = ask(remove);
  tick_of(R"({"command":"preview","scene":"one"})");

  EXPECT_EQ(on_air.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(on_air.error().message, "source 'z' is on air");
  EXPECT_EQ(outgoing.error().message, "source 'z' is on air");
  EXPECT_EQ(in_preview.error().message, "source 'z' is in preview");
  EXPECT_EQ(in_preview.error().hint, "put another scene there first: ts compose preview SCENE");
  EXPECT_TRUE(ask(remove).ok());
}

TEST_F(ControlBridgeTest, ASceneArrangedAnewOutlivesItsSource) {
  ASSERT_TRUE(ask(R"({"command":"source_add","name":"z","source":{"color":"#2020c0"}})").ok());
  ASSERT_TRUE(ask(R"({"command":"scene_set","name":"z",
                      "scene":{"layout":"side-by-side","slots":["z","red"]}})")
                  .ok());

  ASSERT_TRUE(ask(R"({"command":"source_remove","name":"z"})").ok());

  EXPECT_TRUE(ask(R"({"command":"cut","scene":"z"})").ok());
}

TEST_F(ControlBridgeTest, TheTallyFollowsAnArrangedScene) {
  ASSERT_TRUE(ask(R"({"command":"source_add","name":"z","source":{"color":"#2020c0"}})").ok());
  ASSERT_TRUE(ask(R"({"command":"events","kinds":["tally"]})").ok());

  ASSERT_TRUE(ask(R"({"command":"cut","scene":"z"})").ok());
  auto tally = event("tally");
  while (tally.at("program") != Json::array({"z"})) tally = event("tally");
  // Arranged while it is on air: a second camera is live now, and its light must be on.
  ASSERT_TRUE(ask(R"({"command":"scene_set","name":"z",
                      "scene":{"layout":"side-by-side","slots":["z","red"]}})")
                  .ok());
  while (tally.at("program").size() < 2) tally = event("tally");

  EXPECT_EQ(tally.at("program"), Json::array({"red", "z"}));
}

TEST_F(ControlBridgeTest, AnswersStopBeforeTheProgramEnds) {
  const auto reply = ask(R"({"command":"stop"})");

  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_TRUE(program_.get());
  bridge_.reset();
  for (;;) {
    const auto line = client_->next_event(kLong);
    if (line.ok()) continue;
    EXPECT_EQ(line.error().code, "closed");
    break;
  }
}

}  // namespace
}  // namespace ts::compose
