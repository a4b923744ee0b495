// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ts::frame {

/// A machine-readable frame number in the picture itself, so that a peer at the far end of any
/// chain (RTMP, HLS, scaling) can tell which program frame it sees.
///
/// One row of square cells from the top left corner, each 1/80 of the picture's width (16 px at
/// 1280): 4 sync cells (white black white white), 24 bits of the number (most significant first,
/// white is 1), 8 bits of CRC-8 over them, 2 end cells (black white). The number wraps at 2^24,
/// after 6 days at 30 fps. Only luma carries it; make the chroma of the area neutral.
inline constexpr int kFrameCodeCells = 4 + 24 + 8 + 2;
inline constexpr int kFrameCodeColumns = 80;
inline constexpr std::uint32_t kFrameCodeModulus = std::uint32_t{1} << 24U;

/// A plane of 8-bit luma. The pixels are borrowed.
struct LumaView {
  const std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
  int height = 0;
};
struct MutableLuma {
  std::uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;
  int width = 0;
  int height = 0;
};

/// The rectangle the code covers in a picture of this width, from (0, 0); even in both directions.
struct FrameCodeArea {
  int width = 0;
  int height = 0;
};
FrameCodeArea frame_code_area(int picture_width) noexcept;

/// Draws `number` modulo 2^24. A plane narrower than 160 or lower than the area is left alone.
void draw_frame_code(const MutableLuma& plane, std::uint64_t number) noexcept;

/// Reads the number from a picture that may have been compressed and scaled (aspect kept).
/// @return nullopt when there is no code, or it is too damaged to be sure.
std::optional<std::uint32_t> read_frame_code(const LumaView& plane) noexcept;

}  // namespace ts::frame
