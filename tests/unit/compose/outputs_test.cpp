// SPDX-License-Identifier: Apache-2.0
#include "compose/outputs.hpp"

#include "compose/picture.hpp"
#include "rtmp/server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <condition_variable>
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
