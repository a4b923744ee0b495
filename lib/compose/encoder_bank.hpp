// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/encode_stage.hpp"
#include "compose/outputs.hpp"
#include "compose/picture.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::compose {

/// The main encode and the show's renditions: each with encoders, threads, queue and fan-out of its
/// own, so that a slow one never costs another a picture. A rendition costs nothing until an output
/// takes it; sound is encoded once for all that want it the same. Key frames of all are at the same
/// ticks.
class EncoderBank {
 public:
  struct Options {
    bool baseline = false;  ///< Constrained baseline for the main encode.
    bool patient = false;   ///< Offline.
    Log* log = nullptr;     ///< May be null.
  };
  /// What an output is made from.
  struct Feed {
    FanOut* fan_out = nullptr;  ///< Of the bank; lives as long.
    media::StreamFormat video{};
    media::StreamFormat audio{};
    scene::Encode encode{};
    scene::Size size{};
  };
  struct Info {
    std::string name{};
    scene::Size size{};
    EncodeStage::Counters counters{};
    std::string trouble{};
  };

  /// Starts the main encode.
  static Result<std::unique_ptr<EncoderBank>> start(const scene::Show& show, Options options);
  EncoderBank(const EncoderBank&) = delete;
  EncoderBank& operator=(const EncoderBank&) = delete;
  ~EncoderBank();

  /// The encode of that name ("" and "main": the main one), started when it is not running yet. Any
  /// thread but the tick's. @return kNotFound, kMedia.
  Result<Feed> use(const std::string& name);
  /// Once per tick and in order; always from the same thread. Waits only when patient.
  void push_picture(const Picture& picture, std::uint64_t tick, const std::stop_token& stop);
  /// A tick was late before its picture came: less is given to the encoders, too. Any thread.
  void note_late();
  /// From one thread, too, but it may be another one.
  void push_samples(std::vector<float> samples, const std::stop_token& stop);
  /// The next picture becomes a key frame, in every encode. Any thread.
  void request_key() noexcept { key_.store(true, std::memory_order_relaxed); }
  /// No more input; returns when everything is encoded and handed on.
  void finish();
  /// Whether cheaper decoding would help now; for the main encode's ladder.
  void offer_economy(bool possible) const;
  /// Of the main encode.
  [[nodiscard]] EncodeStage::Counters counters() const;
  /// Of the main encode: from a tick's picture to its packet.
  [[nodiscard]] Latency latency() const;
  /// The first trouble of the main encode: the program ends.
  [[nodiscard]] std::optional<Error> trouble() const;
  /// The renditions that run.
  [[nodiscard]] std::vector<Info> renditions() const;
  /// The first trouble of a rendition; the program goes on.
  [[nodiscard]] std::optional<Error> rendition_trouble() const;

 private:
  struct Member {
    Member(std::string member_name, scene::Size member_size, scene::Encode member_encode,
           bool patient)
        : name(std::move(member_name)),
          size(member_size),
          encode(std::move(member_encode)),
          fan_out(true, patient) {}
    std::string name;
    scene::Size size;
    scene::Encode encode;
    FanOut fan_out;
    std::unique_ptr<EncodeStage> stage{};
    EncodeStage* sound = nullptr;  ///< Whose sound it takes; its own stage's when that has sound.
    bool sounding = false;         ///< Its own sound has begun. Of push_samples.
    bool reported = false;         ///< Its trouble is in the log. Of push_picture.
    [[nodiscard]] bool has_own_sound() const noexcept { return sound == stage.get(); }
  };
  EncoderBank(const scene::Show& show, Options options);
  /// With starting_ held.
  Result<Member*> add(std::string name, scene::Size size, const scene::Encode& encode);
  /// A picture now: members are never taken away.
  [[nodiscard]] std::vector<Member*> members() const;

  const scene::Canvas canvas_;
  const std::vector<scene::Rendition> known_;
  const Options options_;
  std::uint64_t gop_ticks_ = 60;
  std::atomic<bool> key_{false};
  std::mutex starting_;       // opening an encoder takes milliseconds: not while mutex_ is held
  mutable std::mutex mutex_;  // of the list; taken once per tick
  std::vector<std::unique_ptr<Member>> members_{};  // the main encode first
  std::int64_t samples_ = 0;                        // of push_samples
};

}  // namespace ts::compose
