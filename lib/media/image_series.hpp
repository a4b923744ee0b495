// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "media/filter_graph.hpp"
#include "media/flv_demuxer.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ts::media {

/// Where a series of stills goes, and how they are taken.
struct ImageSeriesTarget {
  enum class Naming : std::uint8_t {
    kIndex,      ///< PREFIX_00000.jpeg, PREFIX_00001.jpeg …
    kTimestamp,  ///< PREFIX_20261126173000123.jpeg: UTC, to the millisecond.
    kOverwrite,  ///< PREFIX.jpeg, always the newest.
  };
  std::filesystem::path prefix{};
  milliseconds interval{10'000};  ///< Of media time; at least 1 ms.
  int width = 0;                  ///< 0: by the height and the picture's shape, or its own size.
  int height = 0;
  Naming naming = Naming::kIndex;
  bool manifest = true;  ///< PREFIX.json, written anew with every still.
};

/// Takes a still out of a coded stream every so often: the first picture, then the first one of
/// each interval. Decodes the whole stream. Owned and called by one thread.
class ImageSeries {
 public:
  ImageSeries(ImageSeriesTarget target, const Clock& clock)
      : target_(std::move(target)), clock_(clock) {}

  /// From here on the tracks look like this. @return kMedia when there is no picture to take.
  Status begin(const Tracks& tracks);
  /// @return kMedia when a still cannot be written; damaged pictures are left out.
  Status write(const CodedPacket& coded);
  Status finish();
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  struct Taken {
    std::string file;
    WallTime at;
  };
  /// Takes what the decoder has.
  Status drain();
  Status take(const AVFrame& frame);
  [[nodiscard]] std::filesystem::path next_file(WallTime at) const;
  [[nodiscard]] Status write_manifest() const;

  const ImageSeriesTarget target_;
  const Clock& clock_;
  AvCodecContext decoder_{};
  std::optional<FilterGraph> graph_{};  ///< For frames of one shape.
  std::optional<milliseconds> due_{};
  std::uint64_t count_ = 0;
  std::vector<Taken> taken_{};
};

}  // namespace ts::media
