// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "media/encoder.hpp"
#include "media/muxer.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ts::compose {

enum class OutputState : std::uint8_t {
  kConnecting,
  kLive,
  kStalled,  ///< Live, but nothing of what waits has left for 3 s.
  kRetrying,
  kFailed,
  kFinished
};
std::string_view to_string(OutputState state) noexcept;

/// One destination with its own thread, queue and reconnection: a dead one never costs another a
/// frame. Packets are shared references.
class OutputRunner {
 public:
  struct Options {
    bool patient = false;  ///< Offline: push waits for room instead of dropping.
    milliseconds queue{4000};
    Log* log = nullptr;
    /// RTMP counts milliseconds in 31 bits: before that the stream is published anew, at a key
    /// frame and without losing a packet.
    milliseconds republish_after{(std::int64_t{1} << 31U) - 3'600'000};
    /// Called when this output needs a key frame to begin with.
    std::function<void()> request_key{};
  };
  struct Status {
    std::string name{};
    std::string rendition{};  ///< Empty: the main encode.
    OutputState state = OutputState::kConnecting;
    std::int64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t frames = 0;       ///< Pictures written.
    std::uint64_t dropped = 0;      ///< Packets that never left.
    std::uint64_t reconnects = 0;   ///< After trouble.
    std::uint64_t republishes = 0;  ///< As planned.
    milliseconds queued{0};
    std::string reason{};  ///< The trouble it is in; empty while it is live.
    std::string hint{};
    bool ever_live = false;
    std::uint64_t attempts = 0;
  };

  OutputRunner(media::MuxTarget target, media::StreamFormat video,
               std::optional<media::StreamFormat> audio, Options options);
  OutputRunner(const OutputRunner&) = delete;
  OutputRunner& operator=(const OutputRunner&) = delete;
  ~OutputRunner();

  /// Takes part in the program from here. Called by the fan-out only.
  void push(const media::EncodedPacket& packet);
  /// No more packets: writes what is queued, finishes the file and ends. Returns at once.
  void finish();
  /// Waits for the end. @return false when it took longer; abort() then.
  bool wait(milliseconds patience);
  /// Lets go of everything at once.
  void abort();
  [[nodiscard]] Status status() const;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  void run(const std::stop_token& stop);
  /// Opens, then writes until the end or trouble. @return the trouble.
  ts::Status session(const std::stop_token& stop);
  [[nodiscard]] milliseconds queued_locked() const;
  void drop_to_key_locked();
  /// The queue is full and not patient: room for what is newest.
  void make_room_locked();
  /// Whether this picture is left out, since one before it was. @param ask  for a key frame, now.
  bool leave_out_locked(const media::EncodedPacket& packet, bool& ask);
  [[nodiscard]] bool republish_due(const media::EncodedPacket& packet) const;
  void set_state(OutputState state, const Error* error);

  const std::string name_;
  media::MuxTarget target_;
  media::StreamFormat video_;
  std::optional<media::StreamFormat> audio_;
  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<media::EncodedPacket> queue_;
  std::optional<media::EncodedPacket> before_key_{};
  bool need_key_ = true;
  bool pictures_wait_ = false;  ///< For a key frame, while the sound goes on.
  bool key_asked_ = false;      ///< For those.
  bool finishing_ = false;
  bool ended_ = false;
  bool retries_ = false;
  bool planned_ = false;  ///< The session ended to be published anew. Of the output's own thread.
  std::optional<SteadyTime> writing_since_{};  ///< The packet under way was taken then.
  Status figures_{};
  std::optional<std::int64_t> offset_us_{};
  std::jthread thread_;
};

/// Puts the packets of both encoders in order of time and hands each to every output. Thread-safe.
class FanOut {
 public:
  /// @param patient  offline: strictly by time, however far one encoder is ahead.
  FanOut(bool with_audio, bool patient) : with_audio_(with_audio), patient_(patient) {}
  void add(std::shared_ptr<OutputRunner> output);
  void remove(const OutputRunner* output);
  /// From an encoder's thread.
  void push(media::EncodedPacket packet);
  /// That encoder is done; both done flushes the rest.
  void finish(bool video);

 private:
  void emit_locked(bool all);
  const bool with_audio_;
  const bool patient_;
  std::mutex mutex_;
  std::deque<media::EncodedPacket> video_;
  std::deque<media::EncodedPacket> audio_;
  bool video_done_ = false;
  bool audio_done_ = false;
  // Owners: this list and the compositor's own, which reports on them.
  std::vector<std::shared_ptr<OutputRunner>> outputs_;
};

}  // namespace ts::compose
