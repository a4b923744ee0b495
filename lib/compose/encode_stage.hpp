// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/outputs.hpp"
#include "compose/picture.hpp"
#include "core/bounded_queue.hpp"
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
#include <thread>
#include <vector>

namespace ts::compose {

/// Both encoders on their threads, between the tick and the fan-out.
class EncodeStage {
 public:
  struct Counters {
    std::uint64_t frames = 0;   ///< Encoded pictures.
    std::int64_t samples = 0;   ///< Encoded samples per channel.
    std::uint64_t skipped = 0;  ///< Ticks that show the picture before, because encoding was late.
    std::uint64_t gaps = 0;     ///< Ticks missing altogether, after 2 s of being late.
  };

  /// @param patient  offline: push waits for room and never repeats a picture.
  static Result<std::unique_ptr<EncodeStage>> start(const scene::Show& show, bool baseline,
                                                    bool patient, FanOut& fan_out);
  EncodeStage(const EncodeStage&) = delete;
  EncodeStage& operator=(const EncodeStage&) = delete;
  ~EncodeStage();

  [[nodiscard]] const media::StreamFormat& video_format() const { return video_.format(); }
  [[nodiscard]] const media::StreamFormat& audio_format() const { return audio_.format(); }
  void push_picture(Picture picture, std::uint64_t tick, std::stop_token stop);
  void push_samples(std::vector<float> samples, std::stop_token stop);
  /// The next picture becomes a key frame.
  void request_key() noexcept { key_.store(true, std::memory_order_relaxed); }
  /// No more input; returns when everything is encoded and handed on.
  void finish();
  [[nodiscard]] Counters counters() const;
  /// The first trouble of an encoder.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  struct Item {
    Picture picture;
    std::uint64_t tick = 0;
  };
  EncodeStage(media::VideoEncoder video, media::AudioEncoder audio, bool patient,
              std::size_t late_limit, FanOut& fan_out);
  void encode_video();
  void encode_audio();
  void fail(const Error& error);

  media::VideoEncoder video_;
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
  std::atomic<bool> key_{false};
  BoundedQueue<std::vector<float>> samples_{600};
  std::jthread video_thread_;
  std::jthread audio_thread_;
};

}  // namespace ts::compose
