// SPDX-License-Identifier: Apache-2.0
// Encoders that fail. A program of its own, since it stands between us and FFmpeg: what it defines
// is what the encoders call.
#include "compose/encode_stage.hpp"
#include "media/reader.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Fault {
  std::atomic<std::int64_t> picture{-1};  ///< From this one on the encoder fails,
  std::atomic<std::int64_t> sample{-1};   ///< or from the sound that begins here,
  std::atomic<int> times{0};              ///< so often.
};
Fault fault;

bool fails(std::atomic<std::int64_t>& from, const AVFrame* frame) {
  const std::int64_t at = from.load();
  return at >= 0 && frame != nullptr && frame->pts >= at && fault.times.fetch_sub(1) > 0;
}

}  // namespace

extern "C" int avcodec_send_frame(AVCodecContext* context, const AVFrame* frame) {
  using Send = int(AVCodecContext*, const AVFrame*);
  static Send* const real = reinterpret_cast<Send*>(dlsym(RTLD_NEXT, "avcodec_send_frame"));
  const bool video = context->codec_type == AVMEDIA_TYPE_VIDEO;
  if (fails(video ? fault.picture : fault.sample, frame)) return AVERROR_EXTERNAL;
  return real(context, frame);
}

namespace ts::compose {
namespace {

constexpr std::int64_t kPictures = 40;

/// A program of 4 s, in a file.
struct Recording {
  std::vector<std::int64_t> pictures{};  ///< Times, ms, from the first on, as they were decoded.
  std::vector<std::int64_t> keys{};      ///< Of the key frames.
  std::int64_t sound = 0;                ///< Decoded samples per channel.
  std::optional<Error> trouble{};
  std::vector<std::string> warnings{};
};

class EncoderFaults : public testing::Test {
 protected:
  EncoderFaults() {
    fault.picture = -1;
    fault.sample = -1;
    fault.times = 0;
  }
  ~EncoderFaults() override { std::filesystem::remove(path_); }

  Recording record() {
    Recording out;
    const SystemClock clock;
    std::mutex mutex;
    Log log(clock, LogLevel::kWarning, [&](const Log::Line& line) {
      const std::lock_guard lock(mutex);
      out.warnings.emplace_back(line.text);
    });
    scene::Show show;
    show.canvas = {.size = {160, 90}, .rate = {10, 1}};
    show.encode.preset = "veryfast";
    FanOut fan_out(true, true);
    EncodeSettings settings = encode_settings(show);
    settings.patient = true;
    settings.log = &log;
    auto started = EncodeStage::start(settings, fan_out);
    EXPECT_TRUE(started.ok());
    EncodeStage& stage = *started.value();
    media::MuxTarget target;
    target.kind = media::MuxTarget::Kind::kFile;
    target.path = path_;
    const auto output = std::make_shared<OutputRunner>(std::move(target), stage.video_format(),
                                                       stage.audio_format(),
                                                       OutputRunner::Options{.patient = true});
    fan_out.add(output);
    auto canvas = make_canvas({160, 90});
    fill_rect(*canvas, {0, 0, 160, 90}, 0x406080);
    const Picture picture = share(std::move(canvas));
    for (std::int64_t n = 0; n < kPictures; ++n) {
      stage.push_picture(picture, static_cast<std::uint64_t>(n), n % 20 == 0, {});
      stage.push_samples(std::vector<float>(std::size_t{4800} * 2, 0.1F), {});
    }
    stage.finish();
    output->finish();
    EXPECT_TRUE(output->wait(seconds{20}));
    EXPECT_EQ(output->status().state, OutputState::kFinished) << output->status().reason;
    out.trouble = stage.trouble();
    read(out);
    return out;
  }

 private:
  void read(Recording& out) const {
    auto opened = media::Reader::open({.url = path_, .is_file = true, .name = "the file"}, {});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    media::Reader& reader = *opened.value();
    bool going = true;
    while (going) {
      auto packet = reader.read();
      ASSERT_TRUE(packet.ok());
      going = packet.value().has_value();
      const bool video = !going || packet.value()->video;
      if (going && video && (packet.value()->packet->flags & AV_PKT_FLAG_KEY) != 0) {
        out.keys.push_back(packet.value()->packet->pts);
      }
      if (!going) reader.send(false, nullptr);
      reader.send(video, going ? packet.value()->packet.get() : nullptr);
      while (const auto frame = reader.receive(true)) out.pictures.push_back(frame->pts);
      while (const auto frame = reader.receive(false)) out.sound += frame->nb_samples;
    }
    ASSERT_FALSE(out.pictures.empty());
    const std::int64_t begin = out.pictures.front();  // after what primes the sound's decoder
    for (std::int64_t& time : out.pictures) time -= begin;
    for (std::int64_t& time : out.keys) time -= begin;
  }
  const std::string path_ = fmt::format("{}/ts-encoder-faults-{}.mkv",
                                        std::filesystem::temp_directory_path().string(), getpid());
};

std::vector<std::int64_t> every(std::int64_t step_ms, std::int64_t count) {
  std::vector<std::int64_t> out;
  for (std::int64_t n = 0; n < count; ++n) out.push_back(n * step_ms);
  return out;
}

TEST_F(EncoderFaults, WithoutOneNothingIsMadeAnew) {
  const Recording made = record();

  EXPECT_EQ(made.pictures, every(100, kPictures));
  EXPECT_EQ(made.keys, (std::vector<std::int64_t>{0, 2000}));
  EXPECT_TRUE(made.warnings.empty());
}

TEST_F(EncoderFaults, AnotherEncoderGoesOnWithTheSamePictureAsAKeyFrame) {
  fault.picture = 13;
  fault.times = 1;

  const Recording made = record();

  EXPECT_FALSE(made.trouble) << made.trouble->message;
  EXPECT_EQ(made.pictures, every(100, kPictures));
  EXPECT_EQ(made.keys, (std::vector<std::int64_t>{0, 1300, 2000}));
  EXPECT_EQ(made.warnings.size(), 1U);
}

TEST_F(EncoderFaults, ItIsTriedUntilItWorks) {
  fault.picture = 13;
  fault.times = 3;

  const Recording made = record();

  EXPECT_FALSE(made.trouble) << made.trouble->message;
  EXPECT_EQ(made.pictures, every(100, kPictures));
}

TEST_F(EncoderFaults, SoundGoesOnAtItsPlace) {
  const Recording whole = record();
  fault.sample = 48'000;
  fault.times = 1;

  const Recording made = record();

  EXPECT_FALSE(made.trouble) << made.trouble->message;
  EXPECT_EQ(made.pictures, every(100, kPictures));
  // A tick's sound, what was waiting for it, and what primes the second encoder.
  EXPECT_LT(made.sound, whole.sound);
  EXPECT_GT(made.sound, whole.sound - 4800 - 2048);
  EXPECT_EQ(made.warnings.size(), 1U);
}

TEST_F(EncoderFaults, OneThatCannotBeHelpedIsTheProgramsEnd) {
  fault.picture = 13;
  fault.times = 1'000'000;
  const Picture picture = share(make_canvas({160, 90}));
  auto made = LastingEncoder::create(
      {.encoder = {.width = 160, .height = 90, .rate = {10, 1}}, .name = "encoder"});
  ASSERT_TRUE(made.ok());
  std::vector<milliseconds> waits;
  const auto wait = [&](milliseconds time) {
    waits.push_back(time);
    return true;
  };

  const Status status = made.value().encode(
      picture, 13, true, [](const auto&) {}, wait);

  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().hint.find("libx264"), std::string::npos);
  EXPECT_LE(std::accumulate(waits.begin(), waits.end(), milliseconds{}), seconds{5});
  EXPECT_GE(waits.size(), 10U);
}

}  // namespace
}  // namespace ts::compose
