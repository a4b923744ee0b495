// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"
#include "media/ffmpeg.hpp"

#include <filesystem>
#include <string>

namespace ts::media {

/// The picture in the pixels a PNG has: RGB24, or RGBA when it has alpha.
/// @return as encode_png.
Result<AvFrame> to_rgb(const AVFrame& picture);

/// The picture as a PNG (8-bit RGB, or RGBA when it has alpha). YUV without its own mark counts as
/// BT.709, limited range.
/// @return kMedia when the picture's format cannot be converted.
Result<std::string> encode_png(const AVFrame& picture);

/// encode_png into a file that appears whole or not at all. Its folder must exist.
Status write_png(const AVFrame& picture, const std::filesystem::path& path);

}  // namespace ts::media
