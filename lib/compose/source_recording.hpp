// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/feed.hpp"
#include "core/log.hpp"
#include "media/muxer.hpp"
#include "media/reader.hpp"
#include "media/stream_watch.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ts::compose {

/// A clean recording of one source: its packets as they came, never encoded anew, one Matroska file
/// for each time it was connected and sent something (NAME.mkv, NAME-2.mkv …), and for each time
/// its clock stepped back or it became another stream meanwhile. For one thread.
/// Trouble ends a file with a warning and is told, never the source; another file is tried later.
class SourceRecording {
 public:
  struct Options {
    std::string folder{};  ///< Exists; empty: nothing is recorded.
    std::string name{};    ///< The source's.
    Log* log = nullptr;    ///< May be null.
    std::function<ProgramTime()> now{};
    /// Called with what is wrong, and with nothing when it is over.
    std::function<void(const std::string&)> on_trouble{};
  };
  explicit SourceRecording(Options options) : options_(std::move(options)) {}

  /// The source was opened.
  void begin(const media::Reader& reader);
  /// A stream came that was not there before: a file has all of its streams from its beginning.
  void begin_anew(const media::Reader& reader);
  void write(const media::Reader::Packet& packet);
  /// The source is gone; finishes the file.
  void end();
  /// The source is over: what its recording lacks is no trouble any more.
  void finish();

 private:
  struct Track {
    explicit Track(const media::StreamFormat& format) : watch(format) {}
    media::StreamWatch watch;
    std::optional<std::int64_t> last{};  ///< When the last one in the file is decoded.
    bool out = false;                    ///< What comes is for the next file.
    std::int64_t offset_us = 0;          ///< Taken from its times.
  };
  [[nodiscard]] std::int64_t to_us(const Track& track, std::int64_t time) const;
  /// Notes what the packet changes. @return whether it has a place in a file.
  bool see(Track& track, const AVPacket& packet);
  void open(const AVPacket& first);
  /// Where the second stream's times lie after a step. @return false before the file's beginning.
  bool place_second(const AVPacket& packet);
  void close();
  void fail(const Error& error);
  void watch_health();

  Options options_;
  std::unique_ptr<media::Muxer> muxer_;
  std::string path_;
  bool recording_ = false;
  bool video_ = false;
  bool anew_ = false;     ///< The next file begins as soon as it can.
  bool stepped_ = false;  ///< The clock is another one than at the beginning.
  std::int64_t start_us_ = 0;
  int number_ = 2;  ///< Of the next file.
  std::optional<Track> first_;
  std::optional<Track> second_;
  bool trouble_ = false;
  ProgramTime retry_at_{};
  ProgramTime wait_{};        ///< Until the last retry.
  ProgramTime healthy_at_{};  ///< When a file that is written after trouble proves to be well.
};

}  // namespace ts::compose
