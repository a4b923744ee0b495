// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"
#include "compose/source_recording.hpp"
#include "compose/spliced_times.hpp"
#include "core/result.hpp"
#include "media/reader.hpp"
#include "scene/show.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace ts::compose {

/// A packet that was read and not decoded yet, or the seam between two rounds of a loop.
struct QueuedPacket {
  media::AvPacket packet{};  ///< Null: the seam. What follows belongs to `round`.
  ProgramTime round{};       ///< Begin of its round on the source's own timeline.
  bool last = false;         ///< With a null packet: nothing follows.
};

/// What is read of an input and not decoded yet: its pictures and its sound between the in and out
/// points, round after round where it loops. For one thread.
class RoundReader {
 public:
  /// @param input   lives longer than this.
  /// @param splice  times that start anew in the middle go on (files); a live source's clock is set
  ///                anew instead, by its timeline.
  RoundReader(const scene::MediaInput& input, bool splice, std::string what)
      : input_(input), splice_(splice), what_(std::move(what)) {}

  /// From the in point of an input that was just opened, and that stays the caller's.
  /// @return kMedia when it cannot be sought to.
  Status begin(media::Reader& reader);
  /// Reads one packet into its queue, or the end of a round into both.
  /// @param recording  gets what is read, as it came.
  /// @return kMedia when nothing more will come of it.
  Status read(SourceRecording& recording);

  /// Whether there are pictures (sound): promised, until the first round ends without one.
  [[nodiscard]] bool has(bool video) const { return track(video).present; }
  /// Nothing more is to be read now: it is over, or so much waits to be decoded.
  [[nodiscard]] bool full() const;
  /// The latter.
  [[nodiscard]] bool crowded() const;
  [[nodiscard]] bool empty(bool video) const { return track(video).queue.empty(); }
  /// The next one of a queue that is not empty.
  [[nodiscard]] const QueuedPacket& front(bool video) const { return track(video).queue.front(); }
  QueuedPacket take(bool video);
  /// Pictures that were taken and are to be decoded after all.
  void put_back(std::deque<QueuedPacket> pictures);

  /// Time on the input's own clock, from its beginning (or its in point).
  [[nodiscard]] ProgramTime time(std::int64_t pts, bool video) const;
  /// The same to the nanosecond: microseconds would shift frames of 29.97 by a third of one.
  [[nodiscard]] ProgramTime exact_time(std::int64_t pts, AVRational time_base) const;
  /// When a packet is decoded.
  [[nodiscard]] ProgramTime time(const AVPacket& packet, bool video) const;

 private:
  struct Track {
    bool present = false;
    bool came = false;   ///< A packet of it was read.
    bool begun = false;  ///< One of this round does not lie before the in point.
    int untimed = 0;     ///< Packets that came before the first one with a time; then -1.
    std::deque<QueuedPacket> queue{};
  };
  [[nodiscard]] const Track& track(bool video) const { return tracks_[video ? 0 : 1]; }
  Track& track(bool video) { return tracks_[video ? 0 : 1]; }
  [[nodiscard]] ProgramTime length(const AVPacket& packet, bool video) const;
  void splice(media::Reader::Packet& read);
  Status end_of_round();

  const scene::MediaInput& input_;
  bool splice_;
  std::string what_;
  media::Reader* reader_ = nullptr;
  std::array<Track, 2> tracks_{};
  std::size_t queued_bytes_ = 0;
  bool done_ = false;
  SplicedTimes spliced_;
  ProgramTime round_{};
  ProgramTime round_end_{};
  ProgramTime sound_end_{};  ///< For a round whose promised pictures never come.
};

}  // namespace ts::compose
