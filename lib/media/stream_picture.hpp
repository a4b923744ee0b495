// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::media {

/// A picture made of a recording (an HLS folder, also while it grows).
struct PictureRequest {
  enum class Kind : std::uint8_t { kStill, kAnimation, kStoryboard };
  enum class Fit : std::uint8_t { kPreserve, kStretch, kCrop, kPad };

  std::filesystem::path folder{};
  std::filesystem::path out{};  ///< Its ending says the format: png, jpg, webp, gif.
  Kind kind = Kind::kStill;
  /// Still: where; without, the newest picture. Animation: where it begins.
  std::optional<milliseconds> time{};
  milliseconds length{5000};  ///< Animation; at most 10 s.
  int fps = 15;               ///< Animation; 1 to 30.
  int width = 0;              ///< 0: by the height and the picture's shape.
  int height = 0;
  Fit fit = Fit::kPreserve;
  int rotate = 0;  ///< 0, 90, 180 or 270 degrees, clockwise.
  bool flip_v = false;
  bool flip_h = false;
};

struct PictureMade {
  int width = 0;
  int height = 0;
  milliseconds duration{};  ///< Of the recording.
  std::size_t pictures = 0;
  /// Storyboard: where each tile begins, in time; they lie in rows of `columns`.
  std::vector<milliseconds> tiles{};
  int columns = 0;
  int tile_width = 0;
  int tile_height = 0;
};

/// Decodes what is wanted and writes one file, whole or not at all.
/// @return kUsage for a format or a size that cannot be, kNotFound when the recording has no
///         picture there, kMedia when it cannot be decoded or encoded.
Result<PictureMade> make_picture(const PictureRequest& request, const std::stop_token& stop);

}  // namespace ts::media
