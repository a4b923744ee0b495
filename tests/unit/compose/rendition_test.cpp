// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor.hpp"
#include "compose/hls_ladder.hpp"
#include "core/clock.hpp"
#include "core/file.hpp"
#include "media/hls_playlist.hpp"
#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::TempDir;

constexpr const char* kShow = R"({"duration": "4s", "frame_code": true,
    "canvas": {"width": 640, "height": 360, "fps": 25},
    "sources": {"t": {"test": "moving", "tone_hz": 440}},
    "scenes": {"s": {"layout": "full", "slots": ["t"]}},
    "encode": {"video_bitrate": "600k", "gop": "1s"},
    "renditions": {"low": {"width": 320, "video_bitrate": "200k"},
                   "talk": {"width": 160, "audio_bitrate": "48k"}}})";

Result<Compositor::Report> run(const std::string& text, const TempDir& folder,
                               std::vector<media::MuxTarget> outputs) {
  SystemClock clock;
  RunOptions options;
  options.offline = true;
  options.clock = &clock;
  options.outputs = std::move(outputs);
  TS_TRY(scene::Show show, scene::parse_show(text, "show", folder.path()));
  TS_TRY(const auto compositor, Compositor::create(std::move(show), std::move(options)));
  return compositor->run({}, {});
}

media::MuxTarget rendition_target(const TempDir& folder, const std::string& file,
                                  const std::string& rendition) {
  media::MuxTarget target = test::file_target(folder.path() / file);
  if (!rendition.empty()) target.renditions = {rendition};
  return target;
}

/// Times of the key frames of a file, in milliseconds.
std::set<long> key_times(const std::filesystem::path& path) {
  std::set<long> out;
  auto opened = media::Reader::open({.url = path.string(), .name = path.string()}, {});
  if (!opened.ok()) return out;
  media::Reader& reader = *opened.value();
  while (true) {
    auto packet = reader.read();
    if (!packet.ok() || !packet.value()) return out;
    const AVPacket& raw = *packet.value()->packet;
    if (!packet.value()->video || (raw.flags & AV_PKT_FLAG_KEY) == 0) continue;
    out.insert(std::lround(static_cast<double>(raw.pts) * av_q2d(reader.time_base(true)) * 1000));
  }
}

TEST(Renditions, EachHasEveryFrameAndTheSameKeyFrames) {
  const TempDir folder;
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(rendition_target(folder, "main.mp4", ""));
  outputs.push_back(rendition_target(folder, "low.mp4", "low"));
  outputs.push_back(rendition_target(folder, "talk.mp4", "talk"));

  const auto report = run(kShow, folder, std::move(outputs));

  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report.value().last.frames, 100U);
  ASSERT_EQ(report.value().last.renditions.size(), 2U);
  const std::set<long> keys{0, 1000, 2000, 3000};
  const Decoded full = decode(folder.path() / "main.mp4");
  for (const auto& [file, width] :
       {std::pair{"main.mp4", 640}, std::pair{"low.mp4", 320}, std::pair{"talk.mp4", 160}}) {
    SCOPED_TRACE(file);
    const Decoded d = decode(folder.path() / file);
    ASSERT_EQ(d.frames.size(), 100U) << d.trouble;
    EXPECT_EQ(d.frames[0]->width, width);
    EXPECT_EQ(d.frames[0]->height, width * 9 / 16);
    EXPECT_EQ(key_times(folder.path() / file), keys);
    EXPECT_EQ(d.left.size() / 1024, full.left.size() / 1024);
    EXPECT_NEAR(d.loudness(1, 3), full.loudness(1, 3), 0.01);
    EXPECT_NEAR(d.frame_times[99], 3.96, 0.001);
    // The same picture, smaller.
    EXPECT_NEAR(d.luma(50, 0, width / 16, width, width / 4), full.luma(50, 0, 40, 640, 160), 1.5);
    if (width >= 320) {
      for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(d.code(i), i);
    }
  }
  for (const auto& rendition : report.value().last.renditions) {
    EXPECT_EQ(rendition.counters.frames, 100U);
    EXPECT_EQ(rendition.counters.gaps, 0U);
  }
}

TEST(Renditions, HlsLadderIsAMasterPlaylistOfAlignedSegments) {
  const TempDir folder;
  media::MuxTarget hls;
  hls.kind = media::MuxTarget::Kind::kHls;
  hls.name = "output 'hls'";
  hls.path = (folder.path() / "out").string();
  hls.segment = milliseconds{1000};
  hls.renditions = {"main", "low"};
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(std::move(hls));

  const auto report = run(kShow, folder, std::move(outputs));

  ASSERT_TRUE(report.ok()) << report.error().message;
  ASSERT_EQ(report.value().last.outputs.size(), 2U);
  EXPECT_EQ(report.value().last.outputs[1].name, "output 'hls@low'");
  const auto text = read_file(folder.path() / "out/index.m3u8");
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text.value().find("RESOLUTION=640x360,FRAME-RATE=25.000,CODECS=\"avc1.64"),
            std::string::npos)
      << text.value();
  EXPECT_NE(text.value().find("\nlow/index.m3u8\n"), std::string::npos) << text.value();
  EXPECT_LT(text.value().find("main/index.m3u8"), text.value().find("low/index.m3u8"));
  const auto parsed = media::parse_hls(text.value());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  for (const char* name : {"main", "low"}) {
    const Decoded d = decode(folder.path() / "out" / name / "index.m3u8");
    EXPECT_EQ(d.frames.size(), 100U) << d.trouble;
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "out" / name / "part000003.ts"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out" / name / "part000004.ts"));
  }
}

TEST(Renditions, ANameTheShowHasNotIsRefusedWithTheNearest) {
  const TempDir folder;
  std::vector<media::MuxTarget> outputs;
  outputs.push_back(rendition_target(folder, "x.mp4", "lwo"));

  const auto report = run(kShow, folder, std::move(outputs));

  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(report.error().hint, "did you mean 'low'?");
}

/// A picture that takes an encoder some time.
Picture noise(std::uint32_t seed, scene::Size size) {
  auto frame = make_canvas(size);
  for (int y = 0; y < frame->height; ++y) {
    for (int x = 0; x < frame->width; ++x) {
      seed = seed * 1664525U + 1013904223U;
      frame->data[0][y * frame->linesize[0] + x] = static_cast<std::uint8_t>(seed >> 24U);
    }
  }
  for (int plane = 1; plane < 3; ++plane) {
    std::memset(frame->data[plane], 128,
                static_cast<std::size_t>(frame->linesize[plane] * frame->height / 2));
  }
  return share(std::move(frame));
}

TEST(Renditions, ASlowOneCostsTheMainEncodeNothing) {
  // The rendition's preset takes many times longer than the main one's.
  const auto show = scene::parse_show(
      R"({"canvas": {"width": 320, "height": 180, "fps": 30},
          "sources": {"t": {"color": "black"}},
          "scenes": {"s": {"layout": "full", "slots": ["t"]}},
          "encode": {"preset": "ultrafast", "video_bitrate": "200k"},
          "renditions": {"slow": {"width": 320, "preset": "slow", "video_bitrate": "20M"}}})",
      "show", {});
  ASSERT_TRUE(show.ok()) << show.error().message;
  auto bank = EncoderBank::start(show.value(), {});
  ASSERT_TRUE(bank.ok());
  ASSERT_TRUE(bank.value()->use("slow").ok());
  std::vector<Picture> pictures;
  for (std::uint32_t i = 0; i < 8; ++i) pictures.push_back(noise(i, {320, 180}));

  // As fast as the main encoder takes them: the other one falls behind.
  SystemClock clock;
  const auto deadline = clock.steady_now() + seconds{60};
  std::uint64_t tick = 0;
  while (bank.value()->renditions()[0].counters.skipped == 0) {
    ASSERT_LT(clock.steady_now(), deadline);
    bank.value()->push_picture(pictures[tick % 8], tick, {});
    ++tick;
    while (bank.value()->counters().frames < tick) {
      ASSERT_LT(clock.steady_now(), deadline);
      clock.wait_for(milliseconds{1}, {});  // the encoder's thread works
    }
  }
  bank.value()->finish();

  EXPECT_EQ(bank.value()->counters().frames, tick);
  EXPECT_EQ(bank.value()->counters().skipped, 0U);
  const auto slow = bank.value()->renditions()[0].counters;
  EXPECT_EQ(slow.frames + slow.gaps, tick);
}

TEST(Renditions, OneThatStartsLateHasItsSoundInStep) {
  const auto show = scene::parse_show(kShow, "show", {});
  ASSERT_TRUE(show.ok());
  auto bank = EncoderBank::start(show.value(), {.patient = true});
  ASSERT_TRUE(bank.ok());
  const Picture picture = noise(3, {640, 360});
  const std::vector<float> block(2 * 1920, 0.1F);
  const TempDir folder;
  const auto attach = [&](const std::string& name, const std::string& file) {
    auto feed = bank.value()->use(name);
    EXPECT_TRUE(feed.ok());
    auto runner =
        std::make_shared<OutputRunner>(test::file_target(folder.path() / file), feed.value().video,
                                       feed.value().audio, OutputRunner::Options{.patient = true});
    feed.value().fan_out->add(runner);
    return runner;
  };
  std::vector<std::shared_ptr<OutputRunner>> runners{attach("", "main.mkv")};
  for (std::uint64_t tick = 0; tick < 75; ++tick) {
    if (tick == 50) {
      for (const char* name : {"low", "talk"}) {
        runners.push_back(attach(name, name + std::string(".mkv")));
      }
    }
    bank.value()->push_picture(picture, tick, {});
    bank.value()->push_samples(block, {});
  }
  bank.value()->finish();
  for (const auto& runner : runners) {
    runner->finish();
    ASSERT_TRUE(runner->wait(seconds{30}));
  }

  for (const char* file : {"low.mkv", "talk.mkv"}) {
    SCOPED_TRACE(file);
    const Decoded d = decode(folder.path() / file);
    ASSERT_EQ(d.frames.size(), 25U) << d.trouble;
    EXPECT_NEAR(d.frame_times[0], 0, 0.03);
    EXPECT_NEAR(d.audio_start, 0, 0.03);
    EXPECT_NEAR(static_cast<double>(d.left.size()) / 48'000, 1.0, 0.06);
  }
}

}  // namespace
}  // namespace ts::compose
