// SPDX-License-Identifier: Apache-2.0
#include "compose/guards.hpp"

#include "media/filter_check.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace ts::compose {
namespace {

std::uint64_t ticks_of(milliseconds time) {
  return static_cast<std::uint64_t>(time.count()) * 30 / 1000;
}

Picture plain(std::uint32_t rgb) {
  media::AvFrame frame = make_canvas({128, 72});
  fill_rect(*frame, {0, 0, 128, 72}, rgb);
  return share(std::move(frame));
}

ProgramSound sound_of(double peak_db, double lufs = -23, double reduction = 0) {
  ProgramSound sound;
  sound.level.peak = from_db(peak_db);
  sound.loudness.momentary = lufs;
  sound.reduction_db = reduction;
  return sound;
}

/// Runs guards for a while and keeps what they say.
class Watcher {
 public:
  explicit Watcher(const scene::Guards& settings) : guards_(settings, ticks_of) {}
  std::vector<std::string> run(int ticks, const Picture& picture, const ProgramSound& sound,
                               Guards::Meant meant = {}) {
    std::vector<std::string> out;
    for (int i = 0; i < ticks; ++i) {
      guards_.observe(tick_++, scene_, picture, sound, meant);
      for (const auto& event : guards_.take_events()) {
        out.push_back(event.name + " " + event.detail + " " + std::to_string(event.tick));
      }
    }
    return out;
  }
  void take(std::string scene) { scene_ = std::move(scene); }
  [[nodiscard]] const Guards& guards() const { return guards_; }

 private:
  Guards guards_;
  std::string scene_ = "live";
  std::uint64_t tick_ = 0;
};

using Events = std::vector<std::string>;

TEST(PictureProbe, ALogoIsNoPictureAndAClockNoMovement) {
  const std::vector<scene::Rect> logo{{80, 0, 40, 24}};
  const auto with_logo = [](std::uint32_t behind, std::uint32_t rgb) {
    media::AvFrame frame = make_canvas({128, 72});
    fill_rect(*frame, {0, 0, 128, 72}, behind);
    fill_rect(*frame, {80, 0, 40, 24}, rgb);
    return share(std::move(frame));
  };
  PictureProbe probe(5);
  EXPECT_FALSE(probe.see(with_logo(0x000000, 0xFFFFFF)).dark);
  EXPECT_TRUE(probe.see(with_logo(0x000000, 0xFFFFFF), logo).dark);
  (void)probe.see(with_logo(0x808080, 0xFFFFFF), logo);
  EXPECT_FALSE(probe.see(with_logo(0x808080, 0x202020), logo).moved);
  EXPECT_TRUE(probe.see(with_logo(0x909090, 0x202020), logo).moved);

  const std::vector<scene::Rect> everything{{0, 0, 128, 72}};
  const PictureProbe::Finding hidden = probe.see(with_logo(0x000000, 0x000000), everything);
  EXPECT_FALSE(hidden.dark);
  EXPECT_TRUE(hidden.moved);
}

TEST(Guards, BlackIsAnAlarmAfterItsTimeAndOverAfterHalfASecond) {
  Watcher watcher({.black = seconds{1}});

  EXPECT_EQ(watcher.run(29, plain(0x000000), sound_of(-20)), Events{});
  EXPECT_EQ(watcher.run(1, plain(0x000000), sound_of(-20)), Events{"black on 29"});
  EXPECT_TRUE(watcher.guards().picture_fails());
  EXPECT_EQ(watcher.run(14, plain(0x808080), sound_of(-20)), Events{});
  EXPECT_EQ(watcher.run(1, plain(0x808080), sound_of(-20)), Events{"black off 44"});
  EXPECT_TRUE(watcher.guards().active().empty());
}

TEST(Guards, AnotherPictureInBetweenStartsTheTimeAnew) {
  Watcher watcher({.black = seconds{1}});
  EXPECT_EQ(watcher.run(25, plain(0), sound_of(-20)), Events{});
  EXPECT_EQ(watcher.run(1, plain(0xFFFFFF), sound_of(-20)), Events{});
  EXPECT_EQ(watcher.run(29, plain(0), sound_of(-20)), Events{});
}

TEST(Guards, AnotherSceneIsNotToBlameForTheOneBefore) {
  Watcher watcher({.black = seconds{1}, .frozen = seconds{1}});
  (void)watcher.run(60, plain(0x101010), sound_of(-20));
  ASSERT_TRUE(watcher.guards().picture_fails());

  // It moves: the alarm is on for another half second, and nobody's fault.
  watcher.take("other");
  (void)watcher.run(1, plain(0x808080), sound_of(-20));
  EXPECT_FALSE(watcher.guards().active().empty());
  EXPECT_FALSE(watcher.guards().picture_fails());
  // It begins in the dark, as a fade does: its time begins with it.
  watcher.take("third");
  (void)watcher.run(29, plain(0), sound_of(-20));
  EXPECT_FALSE(watcher.guards().picture_fails()) << "not for its whole time";
  (void)watcher.run(1, plain(0), sound_of(-20));
  EXPECT_TRUE(watcher.guards().picture_fails());
}

TEST(Guards, ASlateMayBeDarkAndStill) {
  Watcher watcher({.black = seconds{1}, .frozen = seconds{1}});
  EXPECT_EQ(watcher.run(90, plain(0), sound_of(-20), {.still = true, .dark = true}), Events{});
}

TEST(Guards, TheOperatorsBlackIsNoFault) {
  Watcher watcher({.black = seconds{1}, .frozen = seconds{1}, .silent = seconds{1}});
  EXPECT_EQ(watcher.run(300, plain(0), sound_of(-120), {.black = true}), Events{});
}

TEST(Guards, AFrozenPictureIsAnAlarmButAStillIsNot) {
  Watcher watcher({.frozen = seconds{1}});
  EXPECT_EQ(watcher.run(300, plain(0x405060), sound_of(-20), {.still = true}), Events{});
  EXPECT_EQ(watcher.run(30, plain(0x405060), sound_of(-20)).size(), 1U);
}

TEST(Guards, NoiseOfACodecIsNoMovementAndRealMovementIs) {
  PictureProbe probe(4);
  (void)probe.see(plain(0x808080));
  EXPECT_FALSE(probe.see(plain(0x818181)).moved);
  EXPECT_FALSE(probe.see(plain(0x7F7F7F)).moved);
  EXPECT_TRUE(probe.see(plain(0x909090)).moved);
}

TEST(Guards, SoundHasItsOwn) {
  Watcher watcher({.silent = seconds{1}, .clipped = milliseconds{100}, .quiet = seconds{2}});

  EXPECT_EQ(watcher.run(30, plain(0xFF), sound_of(-80, -80)), Events{"silent on 29"});
  EXPECT_EQ(watcher.run(60, plain(0xFF), sound_of(-30, -50)),
            (Events{"silent off 44", "quiet on 89"}));
  EXPECT_EQ(watcher.run(3, plain(0xFF), sound_of(-1, -10, 6)), Events{"clipped on 92"});
  EXPECT_EQ(watcher.run(20, plain(0xFF), sound_of(-10, -20)),
            (Events{"quiet off 104", "clipped off 107"}));
}

TEST(Guards, WithoutSettingsNothingIsWatched) {
  Watcher watcher({});
  EXPECT_EQ(watcher.run(3000, plain(0), sound_of(-120)), Events{});
}

TEST(AutoSlate, ComesForABlackPictureAndGoesWhenTheSceneIsBack) {
  auto show = scene::parse_show(
      R"({"sources": {"cam": {"color": "red"}, "card": {"color": "blue"}},
          "scenes": {"live": {"layout": "full", "slots": ["cam"]},
                     "slate": {"layout": "full", "slots": ["card"]}},
          "guards": {"black": "1s", "slate": "slate"}})",
      "show", ".");
  ASSERT_TRUE(show.ok()) << show.error().message;
  AutoSlate slate(show.value(), 30);
  Picture camera = plain(0);
  const auto picture_of = [&](std::string_view) { return camera; };

  EXPECT_FALSE(slate.step("live", false, picture_of));
  const auto take = slate.step("live", true, picture_of);
  ASSERT_TRUE(take);
  EXPECT_EQ(take->scene, "slate");
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(slate.step("slate", false, picture_of));
  std::optional<scene::TakeAction> back;
  int ticks = 0;
  for (; !back && ticks < 100; ++ticks) {
    camera = plain(0x808080);
    back = slate.step("slate", false, picture_of);
  }
  ASSERT_TRUE(back);
  EXPECT_EQ(back->scene, "live");
  EXPECT_EQ(ticks, 30);
  EXPECT_FALSE(slate.step("live", false, picture_of));
}

TEST(AutoSlate, LeavesTheOperatorAlone) {
  auto show = scene::parse_show(
      R"({"sources": {"cam": {"color": "red"}, "card": {"color": "blue"}},
          "scenes": {"live": {"layout": "full", "slots": ["cam"]},
                     "other": {"layout": "full", "slots": ["card"]},
                     "slate": {"layout": "full", "slots": ["card"]}},
          "guards": {"black": "1s", "slate": "slate"}})",
      "show", ".");
  ASSERT_TRUE(show.ok());
  AutoSlate slate(show.value(), 1);
  const Picture good = plain(0x808080);
  const auto picture_of = [&](std::string_view) { return good; };

  ASSERT_TRUE(slate.step("live", true, [](std::string_view) { return Picture{}; }));
  EXPECT_FALSE(slate.step("other", false, picture_of));
  EXPECT_FALSE(slate.step("slate", false, picture_of)) << "the operator's own choice stays";
}

TEST(FilterCheck, LetsPicturesFiltersThrough) {
  for (const char* chain :
       {"", "hqdn3d", "eq=contrast=1.1:brightness=0.05,unsharp", " crop = 100:100 , hflip",
        "lutyuv=y='if(gt(val,100),255,0)'", "eq@one=gamma=1.2", "crop=iw-mod(iw\\,2):ih"}) {
    EXPECT_TRUE(media::check_filter(chain).ok()) << chain;
  }
}

TEST(FilterCheck, RefusesFilesNetworkAndLabels) {
  for (const char* chain : {"movie=/etc/passwd",
                            "hflip,movie=http://127.0.0.1/a",
                            "hflip, movie =x",
                            "amovie=x",
                            "lut3d=file=/etc/passwd",
                            "drawtext=textfile=/etc/passwd",
                            "subtitles=/etc/passwd",
                            "zmq",
                            "null[a];movie=x[b];[a][b]overlay",
                            "[in]hflip",
                            "hflip;vflip",
                            "hflip@a,movie@b=x",
                            "'movie'=x",
                            "m\\ovie=x",
                            "sws_flags=1;hflip",
                            "hflip,",
                            ",",
                            "=",
                            "frei0r=x",
                            "metadata",
                            "hflip=x]y",
                            "signature=filename=/tmp/x",
                            "psnr=stats_file=/tmp/x"}) {
    EXPECT_FALSE(media::check_filter(chain).ok()) << chain;
  }
}

TEST(FilterCheck, TriesTheOptionsToo) {
  EXPECT_TRUE(media::try_filter("").ok());
  EXPECT_TRUE(media::try_filter("hqdn3d,eq=contrast=1.1,crop=iw-mod(iw\\,2):ih").ok());

  const auto status = media::try_filter("hflip,eq=contrastt=2");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kUsage);
  EXPECT_NE(status.error().message.find("not found"), std::string::npos) << status.error().message;
  EXPECT_FALSE(media::try_filter("movie=/etc/passwd").ok());
}

TEST(FilterCheck, NamesTheFilterThatWasMeant) {
  const auto status = media::check_filter("hflp");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().hint, "did you mean 'hflip'?");
}

}  // namespace
}  // namespace ts::compose
