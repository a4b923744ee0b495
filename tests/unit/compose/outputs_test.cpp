// SPDX-License-Identifier: Apache-2.0
#include "compose/outputs.hpp"

#include "compose/picture.hpp"
#include "rtmp/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace ts::compose {
namespace {

/// An RTMP server that notes when the pictures of each publish are due.
class Receiver final : public rtmp::PublishHandler {
 public:
  /// @param refusals  so many publishes are refused at first.
  explicit Receiver(int refusals = 0) : refusals_(refusals) {
    auto started = rtmp::RtmpServer::start({}, *this);
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
  }
  Result<std::unique_ptr<rtmp::MediaSink>> accept(rtmp::PublishRequest /*request*/) override {
    const std::lock_guard lock(mutex_);
    if (refusals_-- > 0) {
      return Error{.kind = ErrorKind::kAuth, .message = "nobody knows this key"};
    }
    publishes_.emplace_back();
    return std::unique_ptr<rtmp::MediaSink>(std::make_unique<Sink>(*this, publishes_.size() - 1));
  }
  [[nodiscard]] media::MuxTarget target() const {
    media::MuxTarget out;
    out.kind = media::MuxTarget::Kind::kRtmp;
    out.name = "output 'test'";
    out.url = Secret(fmt::format("rtmp://127.0.0.1:{}/live/key", server_->port()));
    return out;
  }
  /// Times of every publish, once `count` pictures have come or 20 s have passed.
  std::vector<std::vector<std::int64_t>> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds{20}, [&] { return pictures_ >= count; });
    return publishes_;
  }

 private:
  class Sink final : public rtmp::MediaSink {
   public:
    Sink(Receiver& owner, std::size_t index) : owner_(owner), index_(index) {}
    void on_tag(const rtmp::TagView& tag) override {
      if (tag.type != rtmp::TagType::kVideo || !rtmp::is_picture(tag)) return;
      const std::lock_guard lock(owner_.mutex_);
      owner_.publishes_[index_].push_back(tag.timestamp_ms);
      ++owner_.pictures_;
      owner_.changed_.notify_all();
    }
    void on_end(rtmp::EndReason /*reason*/, std::string_view /*detail*/) noexcept override {}

   private:
    Receiver& owner_;
    std::size_t index_;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<std::int64_t>> publishes_;
  std::size_t pictures_ = 0;
  int refusals_;
  std::unique_ptr<rtmp::RtmpServer> server_;
};

/// One small key frame, to be sent at any time.
class Pictures {
 public:
  Pictures() : encoder_(make()) {
    const auto canvas = make_canvas({160, 90});
    fill_rect(*canvas, {0, 0, 160, 90}, 0x406080);
    EXPECT_TRUE(encoder_
                    .encode(*canvas, 0, true,
                            [this](media::EncodedPacket packet) { packet_ = std::move(packet); })
                    .ok());
  }
  [[nodiscard]] const media::StreamFormat& format() const { return encoder_.format(); }
  /// The key frame as picture `number` of 25 a second.
  [[nodiscard]] media::EncodedPacket at(std::int64_t number) const {
    media::AvPacket copy = media::reference(*packet_.packet);
    copy->pts = copy->dts = number;
    media::EncodedPacket out = packet_;
    out.dts_us = number * 40'000;
    out.packet = std::shared_ptr<const AVPacket>(copy.release(), [](const AVPacket* owned) {
      auto* pointer = const_cast<AVPacket*>(owned);  // NOLINT
      av_packet_free(&pointer);
    });
    return out;
  }

 private:
  static media::VideoEncoder make() {
    auto made = media::VideoEncoder::create(
        {.width = 160, .height = 90, .rate = {25, 1}, .preset = "ultrafast"});
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }
  media::VideoEncoder encoder_;
  media::EncodedPacket packet_{};
};

TEST(OutputRunner, TimesBeyondTheThirdByteArriveAsTheyWereSent) {
  Receiver receiver;
  const Pictures pictures;
  OutputRunner output(receiver.target(), pictures.format(), std::nullopt, {.patient = true});
  // 2^24 ms is picture 419430.4.
  std::vector<std::int64_t> expected{0};
  output.push(pictures.at(0));
  for (std::int64_t number = 419'420; number < 419'450; ++number) {
    output.push(pictures.at(number));
    expected.push_back(number * 40);
  }
  output.finish();

  const auto publishes = receiver.wait(expected.size());

  ASSERT_EQ(publishes.size(), 1U);
  EXPECT_EQ(publishes[0], expected);
}

TEST(OutputRunner, PublishesAnewBeforeTheTimesRunOutAndLosesNoPicture) {
  Receiver receiver;
  const Pictures pictures;
  OutputRunner output(receiver.target(), pictures.format(), std::nullopt,
                      {.patient = true, .republish_after = seconds{1}});
  for (std::int64_t number = 0; number < 100; ++number) output.push(pictures.at(number));
  output.finish();

  const auto publishes = receiver.wait(100);

  ASSERT_EQ(publishes.size(), 4U);
  for (const auto& times : publishes) {
    ASSERT_EQ(times.size(), 25U);
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i], static_cast<std::int64_t>(i) * 40);
    }
  }
  ASSERT_TRUE(output.wait(seconds{10}));
  EXPECT_EQ(output.status().republishes, 3U);
  EXPECT_EQ(output.status().reconnects, 0U);
  EXPECT_EQ(output.status().dropped, 0U);
}

/// An RTMP server that takes nothing for a while; notes what came, pictures and sound apart.
class SlowReceiver final : public rtmp::PublishHandler {
 public:
  SlowReceiver() {
    auto started = rtmp::RtmpServer::start({}, *this);
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
  }
  Result<std::unique_ptr<rtmp::MediaSink>> accept(rtmp::PublishRequest /*request*/) override {
    return std::unique_ptr<rtmp::MediaSink>(std::make_unique<Sink>(*this));
  }
  [[nodiscard]] media::MuxTarget target() const {
    media::MuxTarget out;
    out.kind = media::MuxTarget::Kind::kRtmp;
    out.name = "output 'slow'";
    out.url = Secret(fmt::format("rtmp://127.0.0.1:{}/live/key", server_->port()));
    return out;
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    stuck_ = false;
    changed_.notify_all();
  }
  std::vector<std::int64_t> sound_until(std::int64_t time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds{20}, [&] { return !sound_.empty() && sound_.back() >= time; });
    return sound_;
  }

 private:
  class Sink final : public rtmp::MediaSink {
   public:
    explicit Sink(SlowReceiver& owner) : owner_(owner) {}
    void on_tag(const rtmp::TagView& tag) override {
      std::unique_lock lock(owner_.mutex_);
      if (tag.type == rtmp::TagType::kVideo && rtmp::is_picture(tag)) {
        owner_.changed_.wait(lock, [&] { return !owner_.stuck_; });
      }
      // The decoder's configuration is no sound.
      const bool raw =
          tag.type == rtmp::TagType::kAudio && tag.payload.size() > 2 && tag.payload[1] == 1;
      if (!raw) return;
      owner_.sound_.push_back(tag.timestamp_ms);
      owner_.changed_.notify_all();
    }
    void on_end(rtmp::EndReason /*reason*/, std::string_view /*detail*/) noexcept override {}

   private:
    SlowReceiver& owner_;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stuck_ = true;
  std::vector<std::int64_t> sound_;
  std::unique_ptr<rtmp::RtmpServer> server_;
};

TEST(OutputRunner, ASlowLineLosesPicturesAndNoSound) {
  SlowReceiver receiver;
  const Pictures pictures;
  auto encoder = media::AudioEncoder::create(128'000);
  ASSERT_TRUE(encoder.ok());
  // Each picture fills a good part of a socket; each 40 ms have their sound.
  const std::string padding(1 << 20U, 'x');
  int asked = 0;
  OutputRunner output(receiver.target(), pictures.format(), encoder.value().format(),
                      {.queue = milliseconds{1000}, .request_key = [&] { ++asked; }});
  std::int64_t number = 0;
  std::int64_t last_sound = 0;
  const auto push_next = [&](bool key) {
    media::EncodedPacket picture = pictures.at(number++);
    if (!key) {
      media::AvPacket large = media::reference(*picture.packet);
      const auto before = static_cast<std::size_t>(large->size);
      ASSERT_EQ(av_grow_packet(large.get(), static_cast<int>(padding.size())), 0);
      std::memcpy(large->data + before, padding.data(), padding.size());
      large->flags &= ~AV_PKT_FLAG_KEY;
      picture.key = false;
      picture.packet = std::shared_ptr<const AVPacket>(large.release(), [](const AVPacket* owned) {
        auto* pointer = const_cast<AVPacket*>(owned);  // NOLINT
        av_packet_free(&pointer);
      });
    }
    output.push(picture);
    const std::vector<float> samples(2 * 1920, 0.1F);
    ASSERT_TRUE(encoder.value()
                    .encode(samples,
                            [&](const media::EncodedPacket& packet) {
                              if (packet.dts_us < 0) return;  // primes the decoder
                              last_sound = std::max(last_sound, packet.dts_us / 1000);
                              output.push(packet);
                            })
                    .ok());
  };
  push_next(true);
  const auto deadline = SystemClock{}.steady_now() + seconds{20};
  while (output.status().state != OutputState::kLive && SystemClock{}.steady_now() < deadline) {
    std::this_thread::yield();
  }
  while (output.status().dropped == 0 && SystemClock{}.steady_now() < deadline) {
    push_next(false);
    std::this_thread::yield();
  }
  for (int i = 0; i < 10; ++i) push_next(false);

  receiver.go_on();
  const std::vector<std::int64_t> sound = receiver.sound_until(last_sound);

  ASSERT_GT(sound.size(), 20U);
  for (std::size_t i = 1; i < sound.size(); ++i) {
    EXPECT_LE(sound[i] - sound[i - 1], 22) << "after " << sound[i - 1] << " ms";
  }
  EXPECT_GE(sound.back(), last_sound);
  // With room again a key frame is asked for, once, and pictures go on with it.
  while (output.status().queued > milliseconds{0} && SystemClock{}.steady_now() < deadline) {
    std::this_thread::yield();
  }
  const std::uint64_t before = output.status().frames;
  push_next(false);
  push_next(false);
  EXPECT_EQ(asked, 1);
  push_next(true);
  while (output.status().frames == before && SystemClock{}.steady_now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(output.status().frames, before + 1);
}

TEST(OutputRunner, OnceItIsLiveItIsInNoTroubleAnyMore) {
  Receiver receiver(1);
  const Pictures pictures;
  OutputRunner output(receiver.target(), pictures.format(), std::nullopt, {.patient = true});
  const auto deadline = SystemClock{}.steady_now() + seconds{20};
  const auto wait_for = [&](OutputState state) {
    while (output.status().state != state && SystemClock{}.steady_now() < deadline) {
      std::this_thread::yield();
    }
    return output.status();
  };

  const auto refused = wait_for(OutputState::kRetrying);
  const auto live = wait_for(OutputState::kLive);

  EXPECT_NE(refused.reason, "");
  EXPECT_NE(refused.hint, "");
  EXPECT_EQ(live.state, OutputState::kLive);
  EXPECT_EQ(live.reconnects, 1U);
  EXPECT_EQ(live.reason, "");
  EXPECT_EQ(live.hint, "");
}

}  // namespace
}  // namespace ts::compose
