// SPDX-License-Identifier: Apache-2.0
// Whole offline runs: sound, guards, overlays that change by themselves, filters.
#include "compose/compositor.hpp"
#include "compose/golden.hpp"
#include "compose/live_text.hpp"
#include "support/ebur128.hpp"
#include "support/media.hpp"
#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::run_offline;
using test::TempDir;

std::vector<std::string> guard_events(const test::ShowRun& run) {
  std::vector<std::string> out;
  for (const auto& event : run.events) {
    if (event.kind == ProgramEvent::Kind::kGuard) out.push_back(event.name + " " + event.detail);
  }
  return out;
}

TEST(ProgramSound, IsAsLoudAsFfmpegSaysAndBelowItsCeiling) {
  const TempDir folder;
  const auto out = folder.path() / "program.mkv";

  // Three tones that add up to far more than full scale.
  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 25}, "duration": "6s",
          "sources": {"a": {"test": "bars", "tone_hz": 440, "gain_db": 16},
                      "b": {"test": "bars", "tone_hz": 997, "gain_db": 16},
                      "c": {"test": "bars", "tone_hz": 3000, "gain_db": 10}},
          "scenes": {"s": {"layout": "full", "slots": ["a"]}}, "sound": {"ceiling_dbtp": -3}})",
      folder.path(), out);
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const ProgramSound& sound = run.result.value().last.sound;
  const auto judged = test::ffmpeg_ebur128("-i " + out.string());

  ASSERT_TRUE(judged);
  EXPECT_NEAR(sound.loudness.integrated, judged->integrated, 0.3);
  EXPECT_LE(to_db(sound.true_peak_max), -3);
  EXPECT_GT(sound.reduction_db, 0.5);
  EXPECT_LE(judged->true_peak, -2) << "AAC adds a little";
  EXPECT_EQ(run.result.value().last.samples, 6 * 48'000);
}

TEST(Offline, ATrackThatEndsBeforeTheOtherIsNotWaitedFor) {
  const TempDir folder;
  for (const auto& [picture, sound] : {std::pair{3, 1}, std::pair{1, 3}}) {
    const auto clip = folder.path() / "clip.mkv";
    test::shell(
        fmt::format("ffmpeg -v error -y -f lavfi -i testsrc2=s=160x90:r=25:d={} "
                    "-f lavfi -i sine=d={}:r=48000 -c:v libx264 -preset ultrafast -c:a aac {}",
                    picture, sound, clip.string()));

    const auto run = run_offline(
        R"({"canvas": {"width": 160, "height": 90, "fps": 25}, "duration": "4s",
            "sources": {"a": {"url": "clip.mkv"}},
            "scenes": {"s": {"layout": "full", "slots": ["a"]}}})",
        folder.path(), folder.path() / fmt::format("out-{}.mkv", picture));

    ASSERT_TRUE(run.result.ok()) << run.result.error().message;
    const Snapshot& last = run.result.value().last;
    EXPECT_EQ(last.frames, 100U);
    EXPECT_EQ(last.sources.front().feed.losses, 0U) << "nothing came for 20 s";
    EXPECT_EQ(last.sources.front().feed.pictures, static_cast<std::uint64_t>(25 * picture));
  }
}

TEST(ProgramSound, ASourceThatFollowsIsHeardOnlyWhileItIsShown) {
  const TempDir folder;
  const auto out = folder.path() / "follow.mkv";

  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30}, "duration": "3s",
          "sources": {"a": {"test": "bars", "tone_hz": 440, "follow": true}, "b": {"color": "red"}},
          "scenes": {"a": {"layout": "full", "slots": ["a"]}, "b": {"layout": "full", "slots": ["b"]}},
          "cues": [{"at": "1s", "take": "b", "transition": "fade", "duration": "500ms"},
                   {"at": "2s", "take": "a"}]})",
      folder.path(), out);
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded sound = decode(out);

  const double whole = sound.loudness(0.3, 0.9);
  EXPECT_NEAR(whole, 0.126 / std::sqrt(2.0), 0.01);
  EXPECT_NEAR(sound.loudness(1.2, 1.3), whole / std::sqrt(2.0), 0.015) << "equal power half way";
  EXPECT_LT(sound.loudness(1.6, 1.95), 0.001);
  EXPECT_NEAR(sound.loudness(2.1, 2.9), whole, 0.01);
}

TEST(ProgramGuards, BlackRaisesAnAlarmAndBringsTheSlateAndBack) {
  const TempDir folder;
  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30}, "duration": "6s",
          "sources": {"dark": {"color": "#000000"}, "card": {"test": "bars", "tone_hz": 440}},
          "scenes": {"live": {"layout": "full", "slots": ["dark"]},
                     "slate": {"layout": "full", "slots": ["card"]}},
          "guards": {"black": "1s", "silent": "1s", "slate": "slate"}})",
      folder.path(), folder.path() / "g.mkv");
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;

  EXPECT_EQ(guard_events(run), (std::vector<std::string>{"black on", "black off"}));
  EXPECT_EQ(run.result.value().last.scene, "slate") << "the scene is still dark";
}

TEST(ProgramGuards, TheOperatorsBlackIsNone) {
  const TempDir folder;
  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30}, "duration": "4s",
          "sources": {"a": {"test": "moving", "tone_hz": 440}},
          "scenes": {"live": {"layout": "full", "slots": ["a"]}},
          "cues": [{"at": "500ms", "black": true, "duration": "300ms"}],
          "guards": {"black": "1s", "silent": "1s", "frozen": "1s"}})",
      folder.path(), folder.path() / "g.mkv");
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_TRUE(guard_events(run).empty());
}

TEST(LiveOverlays, ACountdownChangesOnceASecondAndHidesByItself) {
  const TempDir folder;
  const auto out = folder.path() / "c.mkv";
  const auto run = run_offline(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "5s",
          "sources": {"a": {"color": "#204060"}}, "scenes": {"s": {"layout": "full", "slots": ["a"]}},
          "overlays": {"left": {"countdown": "10s", "size": 60, "visible": true, "fade": "0s",
                                "for": "4s"}}})",
      folder.path(), out);
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  ASSERT_EQ(d.frames.size(), 150U);

  const double plain = d.luma(149, 80, 50, 160, 80);
  EXPECT_GT(d.luma(0, 80, 50, 160, 80), plain + 5) << "shown from the first frame";
  EXPECT_NEAR(d.luma(121, 80, 50, 160, 80), plain, 1) << "gone after four seconds";
  int hidden = 0;
  for (const auto& event : run.events) hidden += event.kind == ProgramEvent::Kind::kOverlayHide;
  EXPECT_EQ(hidden, 1);
}

TEST(LiveText, ACountdownCanBeGivenAnotherMoment) {
  const auto show = scene::parse_show(
      R"({"canvas": {"width": 320, "height": 180}, "sources": {"a": {"color": "#204060"}},
          "scenes": {"s": {"layout": "full", "slots": ["a"]}},
          "overlays": {"left": {"countdown": "10s", "size": 60}}})",
      "show", "");
  ASSERT_TRUE(show.ok()) << show.error().message;
  LiveText live(show.value(), true);
  const WallTime noon = parse_rfc3339("2026-11-20T12:00:00Z").value();
  const Picture ten = live.at(0, noon, {}).picture;

  live.set_moment("left", noon + seconds{600});
  const Picture minutes = live.at(0, noon, {}).picture;
  live.set_moment("left", noon + seconds{10});
  const Picture again = live.at(0, noon, {}).picture;

  ASSERT_TRUE(ten && minutes && again);
  const auto same = [](const Picture& a, const Picture& b) {
    bool equal = a->width == b->width && a->height == b->height;
    for (int y = 0; equal && y < a->height; ++y) {
      equal = std::memcmp(a->data[3] + y * a->linesize[3], b->data[3] + y * b->linesize[3],
                          static_cast<std::size_t>(a->width)) == 0;
    }
    return equal;
  };
  EXPECT_FALSE(same(ten, minutes));
  EXPECT_TRUE(same(ten, again));
}

TEST(LiveText, SaysTheTimeAndWhatIsLeft) {
  scene::Overlay clock{.name = "c",
                       .content = scene::ClockOverlay{.format = "%H:%M:%S", .utc = true}};
  const WallTime noon = parse_rfc3339("2026-11-20T12:00:05.900Z").value();
  EXPECT_EQ(live_text(clock, noon, {}), "12:00:05");

  scene::Overlay left{.name = "l", .content = scene::CountdownOverlay{.length = seconds{3700}}};
  EXPECT_EQ(live_text(left, noon, milliseconds{0}), "1:01:40");
  EXPECT_EQ(live_text(left, noon, milliseconds{100'001}), "1:00:00");
  EXPECT_EQ(live_text(left, noon, milliseconds{101'000}), "59:59");
  EXPECT_EQ(live_text(left, noon, seconds{3699}), "00:01");
  EXPECT_EQ(live_text(left, noon, seconds{3700}), "00:00");

  scene::Overlay to{.name = "t",
                    .content = scene::CountdownOverlay{.to = noon + seconds{61}, .done = "Now"}};
  EXPECT_EQ(live_text(to, noon, {}), "01:01");
  EXPECT_EQ(live_text(to, noon + seconds{61}, {}), "Now");
}

TEST(Overlays, OneThatCannotBeDrawnDoesNotStopTheProgram) {
  const TempDir folder;
  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30}, "duration": "1s",
          "sources": {"a": {"color": "red"}}, "scenes": {"s": {"layout": "full", "slots": ["a"]}},
          "overlays": {"logo": {"image": "nowhere.png", "visible": true},
                       "name": {"text": "Ana", "visible": true}}})",
      folder.path(), folder.path() / "o.mkv");
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const auto& overlays = run.result.value().last.overlays;
  ASSERT_EQ(overlays.size(), 2U);
  EXPECT_NE(overlays[0].trouble.find("no such file"), std::string::npos);
  EXPECT_EQ(overlays[1].trouble, "");
  EXPECT_EQ(run.result.value().last.frames, 30U);
}

TEST(Filters, OfTheProgramAndOfSourcesAreSeen) {
  const TempDir folder;
  const auto out = folder.path() / "f.mkv";
  const auto run = run_offline(
      R"({"canvas": {"width": 160, "height": 90, "fps": 30}, "duration": "1s",
          "sources": {"a": {"color": "#404040", "filter": "negate"}},
          "scenes": {"s": {"layout": "full", "slots": ["a"]}}, "filter": "lutyuv=y=val/2"})",
      folder.path(), out);
  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  const Decoded d = decode(out);
  EXPECT_NEAR(d.luma(10, 10, 10, 100, 60), (16 + 219 * (1 - 64 / 255.0)) / 2, 4);
}

TEST(Filters, ThatReadFilesAreRefusedBeforeTheShow) {
  const TempDir folder;
  for (const char* where : {R"("filter": "movie=/etc/passwd",)", R"("filter": "subtitles=x",)"}) {
    const auto run = run_offline(std::string("{") + where +
                                     R"("duration": "1s", "sources": {"a": {"color": "red"}},
                                        "scenes": {"s": {"layout": "full", "slots": ["a"]}}})",
                                 folder.path(), folder.path() / "f.mkv");
    ASSERT_FALSE(run.result.ok());
    EXPECT_NE(run.result.error().message.find("may not be used here"), std::string::npos);
  }
}

TEST(Golden, TheSamePictureHasNoDifferenceAndASmallFaultShows) {
  media::AvFrame a = media::make_frame();
  a->format = AV_PIX_FMT_RGB24;
  a->width = 320;
  a->height = 180;
  ASSERT_EQ(av_frame_get_buffer(a.get(), 0), 0);
  for (int y = 0; y < 180; ++y) {
    for (int x = 0; x < 960; ++x) {
      a->data[0][y * a->linesize[0] + x] = static_cast<std::uint8_t>(x * 7 + y * 3);
    }
  }
  media::AvFrame b = media::make_frame();
  b->format = AV_PIX_FMT_RGB24;
  b->width = 320;
  b->height = 180;
  ASSERT_EQ(av_frame_get_buffer(b.get(), 0), 0);
  av_frame_copy(b.get(), a.get());

  EXPECT_EQ(compare_rgb(*a, *b).largest, 0);
  EXPECT_NEAR(compare_rgb(*a, *b).ssim, 1, 1e-9);
  for (int y = 64; y < 80; ++y) {
    for (int x = 0; x < 60; ++x) b->data[0][y * b->linesize[0] + 300 + x] ^= 0x40;
  }
  const PictureDifference found = compare_rgb(*a, *b);
  EXPECT_EQ(found.largest, 64);
  EXPECT_GT(found.ssim, 0.99) << "a small fault hides in the mean";
  EXPECT_LT(found.worst_ssim, 0.9) << "but not in its tile";
}

TEST(Golden, NamesEverySceneOverlayAndTransitionStepOnce) {
  const TempDir folder;
  const auto show = scene::parse_show(
      R"({"canvas": {"width": 160, "height": 90}, "sources": {"a": {"color": "red"}, "b": {"color": "blue"}},
          "scenes": {"One": {"layout": "full", "slots": ["a"]}, "one": {"layout": "full", "slots": ["b"]}},
          "overlays": {"t": {"text": "x"}},
          "cues": [{"at": "1s", "take": "one", "transition": "wipe"}, {"at": "3s", "take": "One"},
                   {"at": "5s", "take": "one", "transition": "wipe"}]})",
      "show", folder.path());
  ASSERT_TRUE(show.ok()) << show.error().message;

  const auto pictures = golden_pictures(show.value(), RunOptions{}.engine, nullptr, {});

  ASSERT_TRUE(pictures.ok()) << pictures.error().message;
  EXPECT_EQ(pictures.value().size(), 2U + 2U + 5U + 2U);
  std::set<std::string> files;
  for (const auto& picture : pictures.value()) files.insert(picture.file);
  EXPECT_EQ(files.size(), pictures.value().size());
}

}  // namespace
}  // namespace ts::compose
