// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/lasting_encoder.hpp"
#include "compose/latency.hpp"
#include "compose/outputs.hpp"
#include "compose/picture.hpp"
#include "compose/picture_scaler.hpp"
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
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ts::compose {

/// What is given up, step by step, when this machine cannot keep up: more than a tenth of the
/// pictures of 2 s had to be repeated (the first step only where it helps). After 15 s without a
/// repeated one (longer each time that was too soon) a step is taken back.
enum class Quality : std::uint8_t {
  kFull,     ///< As the show says.
  kEconomy,  ///< Sources that are much reduced are decoded without their loop filter.
  kReduced,  ///< The encoder's fastest way that needs no other headers.
  kHalf,     ///< Besides, every second picture repeats the one before.
};
std::string_view to_string(Quality quality) noexcept;

struct EncodeSettings {
  scene::Canvas canvas{};  ///< What comes in.
  scene::Size size{};      ///< What is encoded; pictures are scaled when it is another size.
  scene::Encode encode{};
  bool baseline = false;  ///< Constrained baseline, unless `encode` names a profile.
  bool patient = false;   ///< Offline: push waits for room and never repeats a picture.
  bool sound = true;      ///< False: the fan-out gets its sound from another stage.
  std::string name{};     ///< In messages; empty for the main encode.
  Log* log = nullptr;
};
/// The main encode of a show.
EncodeSettings encode_settings(const scene::Show& show);

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

  static Result<std::unique_ptr<EncodeStage>> start(EncodeSettings settings, FanOut& fan_out);
  EncodeStage(const EncodeStage&) = delete;
  EncodeStage& operator=(const EncodeStage&) = delete;
  ~EncodeStage();

  [[nodiscard]] const media::StreamFormat& video_format() const { return video_.format(); }
  /// Only with sound.
  [[nodiscard]] const media::StreamFormat& audio_format() const { return audio_format_; }
  /// The encoded sound goes there, too, from now on. Only with sound.
  void share_sound(FanOut& with);
  /// @param key  the picture becomes a key frame; when it is left out, the next one does.
  void push_picture(Picture picture, std::uint64_t tick, bool key, std::stop_token stop);
  /// The tick was late before it came here: that counts like an encoder that is late. Any thread.
  void note_late();
  void push_samples(std::vector<float> samples, std::stop_token stop);
  /// The first sample pushed will be that one of the program. Before the first push.
  void begin_sound_at(std::int64_t sample) noexcept {
    audio_->begin_at(sample);
    sound_at_ = sample;
  }
  /// No more input; returns when everything is encoded and handed on.
  void finish();
  /// Whether Quality::kEconomy would save anything now. Any thread.
  void offer_economy(bool possible) noexcept {
    economy_possible_.store(possible, std::memory_order_relaxed);
  }
  [[nodiscard]] Counters counters() const;
  /// From a tick's picture to its packet.
  [[nodiscard]] Latency latency() const;
  /// The first trouble of an encoder.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  struct Item {
    Picture picture;
    std::uint64_t tick = 0;
    bool key = false;
    SteadyTime pushed{};
  };
  EncodeStage(LastingEncoder video, std::optional<media::AudioEncoder> audio,
              const EncodeSettings& settings, FanOut& fan_out);
  /// One more picture was wanted, `late` when it had to be a repeated one.
  void judge_locked(bool late);
  void set_quality_locked(Quality quality);
  [[nodiscard]] Quality worse_than(Quality quality) const noexcept;
  [[nodiscard]] Quality better_than(Quality quality) const noexcept;
  /// On the encoder's thread. @return false when nothing more is wanted.
  bool wait_open(milliseconds time);
  /// A block that cannot be encoded is left out, and the next one gets another encoder.
  ts::Status encode_sound(const std::vector<float>& block, const media::PacketSink& sink);
  void encode_video();
  void encode_audio();
  void fail(const Error& error);

  LastingEncoder video_;
  const std::string name_;
  Log* log_;
  std::optional<PictureScaler> scaler_{};  // of the encoder's thread
  std::optional<media::AudioEncoder> audio_;
  const media::StreamFormat audio_format_;
  const std::int64_t audio_bitrate_;
  std::int64_t sound_at_ = 0;  ///< Number of the next sample.
  int sound_failures_ = 0;     ///< In a row.
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
  std::atomic<bool> economy_possible_{false};
  bool key_owed_ = false;  ///< The picture that should have become one was left out.
  std::mutex sound_mutex_;
  std::vector<FanOut*> sound_to_{};
  BoundedQueue<std::vector<float>> samples_{600};
  std::jthread video_thread_;
  std::jthread audio_thread_;
};

}  // namespace ts::compose
