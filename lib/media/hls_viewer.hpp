// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"
#include "media/hls_source.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ts::media {

/// A track as the decoder sees it.
struct ViewedTrack {
  std::string codec{};
  int width = 0;
  int height = 0;
  double declared_fps = 0;
  int sample_rate = 0;
  int channels = 0;
};

/// What decoding has shown that single frames do not.
struct ViewerStats {
  std::optional<ViewedTrack> video{};
  std::optional<ViewedTrack> audio{};
  std::uint64_t damaged = 0;       ///< Packets or frames the decoders complained about.
  std::uint64_t backward_dts = 0;  ///< Packets whose decode time did not rise.
  milliseconds stalled{};          ///< How long a player with no extra buffer would have stood.
  std::uint64_t stalls = 0;
};

/// A decoded picture or block of sound. The frame is borrowed for the call.
struct ViewedFrame {
  const AVFrame* frame = nullptr;
  microseconds
      position{};  ///< Since the beginning of what was fetched; goes on at discontinuities.
  microseconds duration{};  ///< Zero when unknown.
};

/// Plays an HLS stream as a viewer does, without a clock of its own: every frame of every segment
/// is decoded as soon as it is there. For one thread.
class HlsViewer {
 public:
  struct Callbacks {
    std::function<void(const ViewedFrame&)> on_video{};
    std::function<void(const ViewedFrame&)> on_audio{};
  };

  HlsViewer(HlsSource source, Clock& clock, Callbacks callbacks);
  HlsViewer(const HlsViewer&) = delete;
  HlsViewer& operator=(const HlsViewer&) = delete;
  ~HlsViewer();

  /// Plays until the end of the stream, or until `length` of it was decoded, or `deadline`.
  /// @return kCheckFailed when the stream stops, kMedia when it cannot be decoded, or what fetching
  ///         returns. What was seen until then counts.
  Status play(std::optional<microseconds> length, SteadyTime deadline);

  [[nodiscard]] const HlsSourceStats& source_stats() const noexcept { return source_.stats(); }
  [[nodiscard]] const ViewerStats& stats() const noexcept { return stats_; }

 private:
  struct Run;
  struct Decoder;

  Result<bool> next_segment();
  Status play_run();
  Status decode(Decoder& decoder, const AVPacket* packet);
  static int read_callback(void* self, std::uint8_t* buffer, int size) noexcept;
  int read(std::uint8_t* buffer, int size);
  void note_arrival(const FetchedSegment& segment);

  HlsSource source_;
  Clock& clock_;
  Callbacks callbacks_;
  ViewerStats stats_;
  std::optional<microseconds> length_;
  SteadyTime deadline_{};
  std::optional<FetchedSegment> segment_;  ///< The one being read.
  std::size_t read_offset_ = 0;
  bool segment_begins_run_ = false;  ///< Not read yet; belongs to the next run.
  bool source_ended_ = false;
  std::optional<Error> source_error_;
  microseconds run_position_{};
  std::optional<SteadyTime> playing_since_;
  microseconds first_position_{};
};

}  // namespace ts::media
