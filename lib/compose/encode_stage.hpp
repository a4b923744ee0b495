// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/latency.hpp"
#include "compose/outputs.hpp"
#include "compose/picture.hpp"
#include "core/bounded_queue.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "media/encoder.hpp"
#include "scene/show.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

namespace ts::compose {

/// What is given up, step by step, when encoding cannot keep up: more than a tenth of the pictures
/// of 2 s had to be repeated. After 15 s without a repeated one (longer each time that was too
/// soon) a step is taken back.
enum class Quality : std::uint8_t {
  kFull,     ///< As the show says.
  kReduced,  ///< The encoder's fastest way that needs no other headers.
  kHalf,     ///< Besides, every second picture repeats the one before.
};
std::string_view to_string(Quality quality) noexcept;

/// Both encoders on their threads, between the tick and the fan-out.
class EncodeStage {
 public:
  struct Counters {
    std::uint64_t frames = 0;   ///< Encoded pictures.
    std::int64_t samples = 0;   ///< Encoded samples per channel.
    std::uint64_t skipped = 0;  ///< Ticks that show the picture before, because encoding was late.
    std::uint64_t gaps = 0;     ///< Ticks missing altogether, after 2 s of being late.
    Quality quality = Quality::kFull;
  };

  /// @param patient  offline: push waits for room and never repeats a picture.
  static Result<std::unique_ptr<EncodeStage>> start(const scene::Show& show, bool baseline,
                                                    bool patient, FanOut& fan_out,
                                                    Log* log = nullptr);
  EncodeStage(const EncodeStage&) = delete;
  EncodeStage& operator=(const EncodeStage&) = delete;
  ~EncodeStage();

  [[nodiscard]] const media::StreamFormat& video_format() const { return video_format_; }
  [[nodiscard]] const media::StreamFormat& audio_format() const { return audio_.format(); }
  void push_picture(Picture picture, std::uint64_t tick, std::stop_token stop);
  void push_samples(std::vector<float> samples, std::stop_token stop);
  /// The next picture becomes a key frame.
  void request_key() noexcept { key_.store(true, std::memory_order_relaxed); }
  /// No more input; returns when everything is encoded and handed on.
  void finish();
  [[nodiscard]] Counters counters() const;
  /// From a tick's picture to its packet.
  [[nodiscard]] Latency latency() const;
  /// The first trouble of an encoder.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  struct Item {
    Picture picture;
    std::uint64_t tick = 0;
    SteadyTime pushed{};
  };
  EncodeStage(media::VideoEncoder video, media::AudioEncoder audio,
              media::VideoEncoderOptions options, bool patient, std::size_t late_limit,
              FanOut& fan_out, Log* log);
  /// One more picture was wanted, `late` when it had to be a repeated one.
  void judge_locked(bool late);
  void set_quality_locked(Quality quality);
  /// Another preset, when its stream has the same headers. On the encoder's thread.
  ts::Status change_encoder(bool fast, const media::PacketSink& sink);
  void encode_video();
  void encode_audio();
  void fail(const Error& error);

  media::VideoEncoder video_;
  const media::StreamFormat video_format_;
  const media::VideoEncoderOptions options_;
  Log* log_;
  media::AudioEncoder audio_;
  const bool patient_;
  const std::size_t late_limit_;
  FanOut& fan_out_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> pictures_;
  Picture newest_{};
  bool closed_ = false;
  std::optional<Error> trouble_{};
  Counters counters_{};
  LatencyHistogram latency_;
  SystemClock clock_;
  std::size_t judged_ = 0;       ///< Pictures in this period.
  std::size_t judged_late_ = 0;  ///< Of these, repeated.
  std::size_t calm_ = 0;         ///< Pictures since the last repeated one.
  std::size_t calm_wanted_ = 0;  ///< For a step back.
  std::atomic<bool> key_{false};
  BoundedQueue<std::vector<float>> samples_{600};
  std::jthread video_thread_;
  std::jthread audio_thread_;
};

}  // namespace ts::compose
