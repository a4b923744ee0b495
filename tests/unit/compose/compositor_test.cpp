// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor.hpp"

#include "core/unique_fd.hpp"
#include "support/media.hpp"
#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <future>
#include <iterator>
#include <numeric>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::run_offline;
using test::TempDir;

/// Luma of a color as our canvas carries it.
double luma_of(std::uint32_t rgb) { return to_yuv(rgb).y; }

constexpr const char* kColors =
    R"("canvas": {"width": 320, "height": 180, "fps": 30},
       "sources": {"red": {"color": "#c02020"}, "blue": {"color": "#2020c0"},
                   "white": {"color": "#f0f0f0"}, "moving": {"test": "moving", "tone_hz": 1000}})";

TEST(Compositor, AnOfflineShowHasExactlyItsFramesAndSamples) {
  const TempDir folder;
  const auto out = folder.path() / "program.mp4";

  const auto run = run_offline(std::string("{") + kColors + R"(,
    "duration": "3s", "frame_code": true,
    "scenes": {"one": {"layout": "full", "slots": ["red"]},
               "two": {"layout": "pip", "slots": ["blue", "moving"]},
               "all": {"layout": "grid", "slots": ["red", "blue", "moving"]}},
    "overlays": {"name": {"lower_third": {"title": "Ana Ruiz", "subtitle": "Officiant"}}},
    "cues": [{"at": "1s", "take": "two", "transition": "fade", "duration": "500ms"},
             {"at": "2s", "take": "all"}, {"at": "1500ms", "show": "name"}]})",
                               folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(run.result.value().last.frames, 90U);
  EXPECT_EQ(run.result.value().last.samples, 3 * 48'000);
  const Decoded decoded = decode(out);
  ASSERT_EQ(decoded.frames.size(), 90U) << decoded.trouble;
  for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(decoded.code(i), i);
}

TEST(Compositor, NtscRatesAreExactToo) {
  const TempDir folder;

  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": "30000/1001"}, "duration": "10010ms",
          "sources": {"red": {"color": "red"}}, "scenes": {"s": {"layout": "full", "slots": ["red"]}}})",
      folder.path(), folder.path() / "n.mkv");

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(run.result.value().last.frames, 300U);
  EXPECT_EQ(run.result.value().last.samples, 480'480);
}

TEST(Compositor, LayoutsPutEverySourceIntoItsCell) {
  const TempDir folder;
  const auto out = folder.path() / "layouts.mp4";

  const auto run = run_offline(std::string("{") + kColors + R"(, "duration": "2500ms",
    "scenes": {"full": {"layout": "full", "slots": ["red"]},
               "sbs": {"layout": "side-by-side", "slots": ["red", "white"]},
               "pip": {"layout": "pip", "slots": ["blue", "white"], "corner": "top-left"},
               "grid": {"layout": "grid", "slots": ["red", "white", "blue"]},
               "items": {"items": [{"source": "red"},
                  {"source": "white", "x": 80, "y": 40, "width": 160, "height": 100, "opacity": 0.5}]}},
    "cues": [{"at": "500ms", "take": "sbs"}, {"at": "1s", "take": "pip"},
             {"at": "1500ms", "take": "grid"}, {"at": "2s", "take": "items"}]})",
                               folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 75U);
  const double red = luma_of(0xc02020);
  const double blue = luma_of(0x2020c0);
  const double white = luma_of(0xf0f0f0);
  EXPECT_NEAR(d.luma(10, 0, 0, 320, 180), red, 2);
  EXPECT_NEAR(d.luma(25, 8, 8, 140, 160), red, 2);
  EXPECT_NEAR(d.luma(25, 170, 8, 140, 160), white, 2);
  EXPECT_NEAR(d.luma(40, 32, 32, 64, 30), white, 2);
  EXPECT_NEAR(d.luma(40, 160, 90, 150, 80), blue, 2);
  EXPECT_NEAR(d.luma(55, 4, 4, 150, 80), red, 2);
  EXPECT_NEAR(d.luma(55, 170, 4, 140, 80), white, 2);
  EXPECT_NEAR(d.luma(55, 88, 98, 140, 76), blue, 2);
  EXPECT_NEAR(d.luma(55, 4, 98, 60, 76), 16, 2);
  EXPECT_NEAR(d.luma(70, 100, 60, 120, 60), (red + white) / 2, 3);
  EXPECT_NEAR(d.luma(70, 4, 4, 60, 170), red, 2);
}

TEST(Compositor, AGridHasItsMarginAndBordersInBothEngines) {
  for (const char* engine : {"native", "filtergraph"}) {
    const TempDir folder;
    const auto out = folder.path() / "grid.mp4";

    const auto run = run_offline(std::string("{") + kColors + R"(, "duration": "200ms",
      "scenes": {"s": {"layout": "side-by-side", "slots": ["blue", "blue"], "margin": 20, "gap": 20,
                       "border": 6, "border_color": "#f0f0f0"}}})",
                                 folder.path(), out, engine);

    ASSERT_TRUE(run.result.ok()) << run.result.error().message;
    const Decoded d = decode(out);
    ASSERT_FALSE(d.frames.empty()) << engine;
    EXPECT_NEAR(d.luma(3, 2, 2, 316, 14), 16, 3) << engine;
    EXPECT_NEAR(d.luma(3, 153, 30, 14, 120), 16, 3) << engine;
    EXPECT_NEAR(d.luma(3, 22, 40, 2, 100), luma_of(0xf0f0f0), 8) << engine;
    EXPECT_NEAR(d.luma(3, 296, 40, 2, 100), luma_of(0xf0f0f0), 8) << engine;
    EXPECT_NEAR(d.luma(3, 34, 34, 100, 110), luma_of(0x2020c0), 3) << engine;
    EXPECT_NEAR(d.luma(3, 184, 34, 100, 110), luma_of(0x2020c0), 3) << engine;
  }
}

TEST(Compositor, TheMiddleOfAFadeIsHalfOfBoth) {
  const TempDir folder;
  const auto out = folder.path() / "fade.mp4";

  const auto run = run_offline(std::string("{") + kColors + R"(, "duration": "2s",
    "scenes": {"a": {"layout": "full", "slots": ["blue"]}, "b": {"layout": "full", "slots": ["white"]}},
    "cues": [{"at": "500ms", "take": "b", "transition": "fade", "duration": "300ms"},
             {"at": "1s", "take": "a", "transition": "ftb", "duration": "300ms"},
             {"at": "1500ms", "take": "b", "transition": "wipe", "duration": "300ms"}]})",
                               folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  const double blue = luma_of(0x2020c0);
  const double white = luma_of(0xf0f0f0);
  // 9 ticks: tick 15 + 4 is the fifth of nine, exactly half way.
  EXPECT_NEAR(d.luma(19, 0, 0, 320, 180), (blue + white) / 2, 3);
  EXPECT_NEAR(d.luma(34, 0, 0, 320, 180), 16, 12);
  EXPECT_NEAR(d.luma(49, 4, 0, 150, 180), white, 3);
  EXPECT_NEAR(d.luma(49, 168, 0, 150, 180), blue, 3);
}

TEST(Compositor, OverlaysAppearWhereTheyBelongAndLeave) {
  const TempDir folder;
  const auto out = folder.path() / "overlay.mp4";

  const auto run = run_offline(std::string("{") + kColors + R"(, "duration": "2s",
    "scenes": {"a": {"layout": "full", "slots": ["white"]}},
    "overlays": {"name": {"lower_third": {"title": "Zoë Ñandú"}, "x": 20, "y": 120, "fade": "0ms"}},
    "cues": [{"at": "500ms", "show": "name"}, {"at": "1s", "hide": "name"}]})",
                               folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  const double white = luma_of(0xf0f0f0);
  EXPECT_NEAR(d.luma(10, 24, 124, 60, 16), white, 2);
  EXPECT_LT(d.luma(20, 24, 122, 60, 16), white - 60);
  EXPECT_NEAR(d.luma(20, 20, 20, 200, 80), white, 2);
  EXPECT_NEAR(d.luma(40, 24, 124, 60, 16), white, 2);
}

/// A clip of 2 s whose frames carry numbers and whose second second beeps.
std::filesystem::path make_clip(const TempDir& folder) {
  const auto clip = folder.path() / "clip.mp4";
  const auto made = run_offline(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "2s", "frame_code": true,
          "sources": {"tone": {"test": "bars", "tone_hz": 1000, "muted": true}},
          "scenes": {"s": {"layout": "full", "slots": ["tone"]}},
          "cues": [{"at": "1s", "unmute": "tone"}]})",
      folder.path(), clip);
  EXPECT_TRUE(made.result.ok());
  return clip;
}

TEST(Compositor, ALoopedFileStartsAgainWithoutLosingAFrame) {
  const TempDir folder;
  make_clip(folder);
  const auto out = folder.path() / "looped.mp4";

  const auto run = run_offline(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "5s",
          "sources": {"clip": {"url": "clip.mp4", "loop": true}},
          "scenes": {"s": {"layout": "full", "slots": ["clip"]}}})",
      folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 150U);
  for (std::size_t i = 0; i < 150; ++i) ASSERT_EQ(d.code(i), i % 60) << i;
}

TEST(Compositor, SoundThatComesLateInAFileIsHeard) {
  const TempDir folder;
  // Later than anybody looks ahead for it.
  test::make_media(folder.path() / "whole.mp4", {.frames = 270});
  const auto part = [&](const std::string& streams, int from, int seconds) {
    const auto path = folder.path() / "part.ts";
    test::shell(fmt::format(
        "ffmpeg -nostdin -v error -y -ss {} -t {} -i '{}' {} -streamid 0:256 "
        "-streamid 1:257 -c copy -muxdelay 0 -output_ts_offset {} '{}'",
        from, seconds, (folder.path() / "whole.mp4").string(), streams, from + 1, path.string()));
    std::ifstream in(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  std::ofstream(folder.path() / "late.ts", std::ios::binary)
      << part("-map 0:v", 0, 6) << part("-map 0:v -map 0:a", 6, 3);
  const auto out = folder.path() / "out.mp4";

  const auto run = run_offline(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "9s",
          "sources": {"clip": {"url": "late.ts"}},
          "scenes": {"s": {"layout": "full", "slots": ["clip"]}}})",
      folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 270U);
  EXPECT_LT(d.loudness(1, 5.9), 0.001);
  EXPECT_GT(d.loudness(6.5, 8.8), 0.05);
}

TEST(Compositor, SoundStaysWithItsPictureThroughEveryRoundOfALoop) {
  const TempDir folder;
  make_clip(folder);
  const auto out = folder.path() / "sync.mp4";

  const auto run = run_offline(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "6s",
          "sources": {"clip": {"url": "clip.mp4", "loop": true}},
          "scenes": {"s": {"layout": "full", "slots": ["clip"]}}})",
      folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  const double lead = -d.audio_start;  // priming samples before time 0
  for (const double round : {0.0, 2.0, 4.0}) {
    EXPECT_LT(d.loudness(lead + round + 0.1, lead + round + 0.96), 0.01) << round;
    EXPECT_GT(d.loudness(lead + round + 1.04, lead + round + 1.9), 0.05) << round;
  }
}

TEST(Compositor, OfflineRunsAreTheSameToTheLastByteOfEveryPicture) {
  const TempDir folder;
  const std::string show = std::string("{") + kColors + R"(, "duration": "1s",
    "scenes": {"s": {"layout": "grid", "slots": ["red", "moving", "blue"]}}})";

  ASSERT_TRUE(run_offline(show, folder.path(), folder.path() / "a.mp4").result.ok());
  ASSERT_TRUE(run_offline(show, folder.path(), folder.path() / "b.mp4").result.ok());

  const auto bytes = [](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_TRUE(bytes(folder.path() / "a.mp4") == bytes(folder.path() / "b.mp4"));
}

TEST(Compositor, AMissingSourceIsAnErrorWithAHint) {
  const TempDir folder;

  const auto run = run_offline(
      R"({"duration": "1s", "sources": {"a": {"url": "nothing.mp4"}},
          "scenes": {"s": {"layout": "full", "slots": ["a"]}}})",
      folder.path(), folder.path() / "x.mp4");

  ASSERT_FALSE(run.result.ok());
  EXPECT_EQ(run.result.error().kind, ErrorKind::kMedia);
  EXPECT_NE(run.result.error().message.find("no such file"), std::string::npos);
  EXPECT_FALSE(run.result.error().hint.empty());
}

TEST(Compositor, AFileThatIsNoMediaIsAnErrorWithAHint) {
  const TempDir folder;
  std::ofstream(folder.path() / "text.mp4") << "this is no film";

  const auto run = run_offline(
      R"({"duration": "1s", "sources": {"a": {"url": "text.mp4"}},
          "scenes": {"s": {"layout": "full", "slots": ["a"]}}})",
      folder.path(), folder.path() / "x.mp4");

  ASSERT_FALSE(run.result.ok());
  EXPECT_EQ(run.result.error().kind, ErrorKind::kMedia);
  EXPECT_FALSE(run.result.error().hint.empty());
}

/// A TCP server that takes connections and never says a word.
class SilentServer {
 public:
  SilentServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 8), 0);
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  UniqueFd fd_;
  int port_ = 0;
};

struct LiveRun {
  Result<Compositor::Report> result = Error{};
  double seconds = 0;
};

LiveRun run_live(const std::string& text, const TempDir& folder,
                 std::vector<media::MuxTarget> outputs, RunOptions options = {}) {
  LiveRun out;
  SystemClock clock;
  options.clock = &clock;
  options.outputs = std::move(outputs);
  auto show = scene::parse_show(text, "live show", folder.path());
  if (!show.ok()) return {show.error()};
  auto compositor = Compositor::create(std::move(show).value(), std::move(options));
  if (!compositor.ok()) return {compositor.error()};
  const auto begin = clock.steady_now();
  out.result = compositor.value()->run({}, {});
  out.seconds = std::chrono::duration<double>(clock.steady_now() - begin).count();
  return out;
}

TEST(LiveCompositor, EconomyIsForWhatIsShownAtHalfItsSizeAtMost) {
  const TempDir folder;
  const std::string show =
      R"({"canvas": {"width": 320, "height": 180, "fps": 10}, "duration": "1s",
          "sources": {"big": {"color": "red"}, "small": {"color": "blue"}, "none": {"color": "white"}},
          "scenes": {"s": {"layout": "pip", "slots": ["big", "small"], "scale": 0.3}}})";

  for (const bool economy : {false, true}) {
    std::vector<media::MuxTarget> outputs;
    outputs.push_back(test::file_target(folder.path() / "live.mkv"));
    const LiveRun run = run_live(show, folder, std::move(outputs), {.economy = economy});
    ASSERT_TRUE(run.result.ok()) << run.result.error().message;
    const auto& sources = run.result.value().last.sources;
    EXPECT_FALSE(sources[0].economy);
    EXPECT_EQ(sources[1].economy, economy);
    EXPECT_FALSE(sources[2].economy);
  }
}

constexpr const char* kOneSecond =
    R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "1s",
        "sources": {"red": {"color": "red"}},
        "scenes": {"s": {"layout": "full", "slots": ["red"]}}})";

TEST(LiveCompositor, KeepsTheRecordingThatIsThere) {
  const TempDir folder;
  const auto file = folder.path() / "live.mp4";
  for (int i = 0; i < 3; ++i) {
    std::vector<media::MuxTarget> outputs;
    outputs.push_back(test::file_target(file));
    ASSERT_TRUE(run_live(kOneSecond, folder, std::move(outputs)).result.ok());
  }

  for (const char* name : {"live.mp4", "live-2.mp4", "live-3.mp4"}) {
    EXPECT_EQ(decode(folder.path() / name).frames.size(), 10U) << name;
  }
}

TEST(LiveCompositor, TwoOutputsNeverShareAFile) {
  const TempDir folder;
  for (const bool there_already : {false, true}) {
    if (there_already) std::ofstream(folder.path() / "live.mp4") << "an earlier recording";
    std::vector<media::MuxTarget> outputs;
    outputs.push_back(test::file_target(folder.path() / "live.mp4"));
    outputs.push_back(test::file_target(folder.path() / "." / "live.mp4"));

    const LiveRun run = run_live(kOneSecond, folder, std::move(outputs));

    ASSERT_FALSE(run.result.ok()) << there_already;
    EXPECT_EQ(run.result.error().kind, ErrorKind::kConflict);
  }
}

TEST(LiveCompositor, TheGuardsSlateIsAnAlarmItself) {
  const TempDir folder;
  auto show = scene::parse_show(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30},
          "sources": {"dark": {"color": "black"}, "card": {"color": "#406080"}},
          "scenes": {"live": {"layout": "full", "slots": ["dark"]},
                     "card": {"layout": "full", "slots": ["card"]}},
          "guards": {"black": "200ms", "slate": "card"}, "program": "live"})",
      "show", folder.path());
  ASSERT_TRUE(show.ok()) << show.error().message;
  SystemClock clock;
  RunOptions options;
  options.clock = &clock;
  options.outputs.push_back(test::file_target(folder.path() / "program.mp4"));
  auto made = Compositor::create(std::move(show).value(), std::move(options));
  ASSERT_TRUE(made.ok()) << made.error().message;
  Compositor& compositor = *made.value();
  std::stop_source stop;
  auto program =
      std::async(std::launch::async, [&] { return compositor.run(stop.get_token(), {}).ok(); });

  // Longer than the black itself is an alarm for: half a second.
  const auto deadline = clock.steady_now() + std::chrono::minutes{1};
  Snapshot seen = compositor.snapshot();
  std::optional<std::uint64_t> since;
  while (clock.steady_now() < deadline && (!since || seen.tick < *since + 60)) {
    std::this_thread::yield();
    seen = compositor.snapshot();
    if (!since && seen.slate_for == "live") since = seen.tick;
  }
  stop.request_stop();
  program.wait();

  EXPECT_EQ(seen.scene, "card");
  EXPECT_EQ(seen.slate_for, "live");
  EXPECT_EQ(seen.alarms, std::vector<std::string_view>{"slate"});
}

TEST(LiveCompositor, TwoProgramsNeverShareAnHlsFolder) {
  const TempDir folder;
  const auto hls = folder.path() / "hls";
  std::filesystem::create_directories(hls);
  const auto run = [&] {
    std::vector<media::MuxTarget> outputs(1);
    outputs.front().kind = media::MuxTarget::Kind::kHls;
    outputs.front().name = "hls:hls";
    outputs.front().path = hls.string();
    return run_live(kOneSecond, folder, std::move(outputs));
  };
  {
    // As the other program does.
    const UniqueFd other(::open(hls.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);

    const LiveRun refused = run();

    ASSERT_FALSE(refused.result.ok());
    EXPECT_EQ(refused.result.error().kind, ErrorKind::kConflict);
    EXPECT_TRUE(std::filesystem::is_empty(hls));
  }
  EXPECT_TRUE(run().result.ok());
  EXPECT_TRUE(std::filesystem::exists(hls / "index.m3u8"));
}

TEST(LiveCompositor, AnOutputNeverWritesOverASource) {
  const TempDir folder;
  const auto file = folder.path() / "camera.mp4";
  test::make_media(file, {.frames = 30});
  const auto size = std::filesystem::file_size(file);
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(test::file_target(file));

  const LiveRun run = run_live(
      R"({"duration": "1s", "sources": {"cam": {"url": "camera.mp4"}},
          "scenes": {"s": {"layout": "full", "slots": ["cam"]}}})",
      folder, std::move(outputs));

  ASSERT_FALSE(run.result.ok());
  EXPECT_EQ(run.result.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(std::filesystem::file_size(file), size);
}

TEST(LiveCompositor, OnlyWhatIsHotIsDecodedUnseen) {
  const TempDir folder;
  test::make_media(folder.path() / "camera.mp4", {.frames = 90});
  const auto decoded_unseen = [&](const std::string& own, bool all) {
    std::vector<media::MuxTarget> outputs;
    outputs.push_back(test::file_target(folder.path() / "live.mkv"));
    const LiveRun run = run_live(
        R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "1s",
            "sources": {"seen": {"color": "red"}, "hidden": {"url": "camera.mp4")" +
            own + R"(}},
            "scenes": {"s": {"layout": "full", "slots": ["seen"]},
                       "t": {"layout": "full", "slots": ["hidden"]}}})",
        folder, std::move(outputs), {.hot = all});
    if (!run.result.ok()) {
      ADD_FAILURE() << run.result.error().message;
      return std::uint64_t{0};
    }
    return run.result.value().last.sources[1].feed.pictures;
  };

  EXPECT_EQ(decoded_unseen("", false), 0U);
  EXPECT_GT(decoded_unseen(R"(, "hot": true)", false), 5U);
  EXPECT_GT(decoded_unseen("", true), 5U);
}

TEST(LiveCompositor, TheProgramsFilterWorksBesideTheTick) {
  const TempDir folder;
  const auto out = folder.path() / "live.mkv";
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(test::file_target(out));

  const LiveRun run = run_live(
      R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "2s", "frame_code": true,
          "filter": "negate", "sources": {"black": {"color": "black"}},
          "scenes": {"s": {"layout": "full", "slots": ["black"]}}})",
      folder, std::move(outputs));

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(run.result.value().last.frames, 20U);
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 20U);
  for (std::uint32_t i = 0; i < 20; ++i) {
    EXPECT_GT(d.luma(i, 0, 40, 160, 50), 200) << i;
    EXPECT_EQ(d.code(i), i);
  }
}

TEST(LiveCompositor, ASourceThatNeverSpeaksDoesNotDelayTheProgram) {
  const TempDir folder;
  const SilentServer server;
  const auto out = folder.path() / "live.mkv";
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(test::file_target(out));

  const LiveRun run = run_live(
      R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "2s", "frame_code": true,
          "sources": {"silent": {"url": "rtmp://127.0.0.1:)" +
          std::to_string(server.port()) +
          R"(/live/x"}, "white": {"color": "#f0f0f0"}},
          "scenes": {"s": {"layout": "side-by-side", "slots": ["white", "silent"]}}})",
      folder, std::move(outputs));

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(run.result.value().last.frames, 20U);
  EXPECT_EQ(run.result.value().last.samples, 96'000);
  EXPECT_GE(run.seconds, 1.9);
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 20U);
  EXPECT_NEAR(d.luma(10, 10, 20, 60, 60), luma_of(0xf0f0f0), 3);
  EXPECT_NEAR(d.luma(10, 90, 10, 60, 20), luma_of(0x1A212B), 6) << "the slate";
}

TEST(LiveCompositor, ADeadOutputCostsTheOthersNothingAndIsReported) {
  const TempDir folder;
  const SilentServer server;
  const auto out = folder.path() / "healthy.mkv";
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(test::file_target(out));
  media::MuxTarget dead;
  dead.kind = media::MuxTarget::Kind::kRtmp;
  dead.name = "output 'dead'";
  dead.url = Secret("rtmp://127.0.0.1:" + std::to_string(server.port()) + "/live/secret-key");
  outputs.push_back(std::move(dead));

  const LiveRun run = run_live(
      R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "2s", "frame_code": true,
          "sources": {"white": {"color": "#f0f0f0"}},
          "scenes": {"s": {"layout": "full", "slots": ["white"]}}})",
      folder, std::move(outputs));

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(decode(out).frames.size(), 20U);
  EXPECT_EQ(run.result.value().failed_outputs, std::vector<std::string>{"output 'dead'"});
  for (const auto& output : run.result.value().last.outputs) {
    EXPECT_EQ(output.reason.find("secret-key"), std::string::npos);
  }
}

TEST(LiveCompositor, WhenEveryOutputRefusesTheRunEndsWithTheReason) {
  const TempDir folder;
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(test::file_target(folder.path() / "no" / "such" / "folder.mp4"));

  const LiveRun run = run_live(
      R"({"canvas": {"width": 160, "height": 90, "fps": 10}, "duration": "60s",
          "sources": {"white": {"color": "#f0f0f0"}},
          "scenes": {"s": {"layout": "full", "slots": ["white"]}}})",
      folder, std::move(outputs));

  ASSERT_FALSE(run.result.ok());
  EXPECT_EQ(run.result.error().kind, ErrorKind::kMedia);
  EXPECT_NE(run.result.error().message.find("no such file"), std::string::npos);
  EXPECT_LT(run.seconds, 20);
}

TEST(LiveCompositor, CommandsTakeEffectTogetherAndAnswerWithTheirTick) {
  const TempDir folder;
  SystemClock clock;
  RunOptions options;
  options.clock = &clock;
  options.outputs.push_back(test::file_target(folder.path() / "c.mkv"));
  auto show = scene::parse_show(
      R"({"canvas": {"width": 160, "height": 90, "fps": 25},
          "sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"one": {"layout": "full", "slots": ["a"]}, "two": {"layout": "full", "slots": ["b"]}}})",
      "show", "");
  auto compositor =
      Compositor::create(std::move(show).value(), std::move(options)).value().release();
  const std::unique_ptr<Compositor> owner(compositor);
  auto refused = compositor->post({scene::TakeAction{.scene = "two"}, scene::MuteAction{"nobody"}});
  auto taken = compositor->post({scene::TakeAction{.scene = "two"}, scene::MuteAction{"a"}});
  auto stopped = compositor->post({scene::StopAction{}});

  const auto result = compositor->run({}, {});

  ASSERT_TRUE(result.ok()) << result.error().message;
  const auto refusal = refused.get();
  ASSERT_FALSE(refusal.ok());
  EXPECT_EQ(refusal.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(taken.get().value(), 0U);
  EXPECT_EQ(stopped.get().value(), 0U);
  EXPECT_EQ(result.value().last.scene, "one") << "nothing was composed, so nothing was published";
}

}  // namespace
}  // namespace ts::compose
