// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "media/muxer.hpp"
#include "media/reader.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ts::compose {

/// A clean recording of one source: its packets as they came, never encoded anew, one Matroska file
/// for each time it was connected and sent something (NAME.mkv, NAME-2.mkv …). For one thread.
/// Trouble ends the recording with a warning, never the source.
class SourceRecording {
 public:
  /// @param folder  exists; empty: nothing is recorded.
  /// @param log     may be null.
  SourceRecording(std::string folder, std::string name, Log* log)
      : folder_(std::move(folder)), name_(std::move(name)), log_(log) {}

  /// The source was opened.
  void begin(const media::Reader& reader);
  /// A stream came that was not there before: a file has all of its streams from its beginning.
  void begin_anew(const media::Reader& reader);
  void write(const media::Reader::Packet& packet);
  /// The source is gone; finishes the file.
  void end();

 private:
  void open();
  void fail(const Error& error);

  std::string folder_;
  std::string name_;
  Log* log_;
  std::unique_ptr<media::Muxer> muxer_;
  std::int64_t start_us_ = 0;
  bool video_ = false;
  int number_ = 2;  ///< Of the next file.
  // The streams; none while nothing is to be recorded.
  std::optional<media::StreamFormat> first_;
  std::optional<media::StreamFormat> second_;
};

}  // namespace ts::compose
