// SPDX-License-Identifier: Apache-2.0
#include "compose/multiview.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ts::compose {
namespace {

Picture plain_frame(std::uint32_t rgb, scene::Size size = {320, 180}) {
  media::AvFrame frame = make_canvas(size);
  fill_rect(*frame, {0, 0, size.width, size.height}, rgb);
  return share(std::move(frame));
}

/// The color of the pixel, as bytes of Y, U, V.
std::array<int, 3> color_at(const Picture& picture, int x, int y) {
  std::array<int, 3> out{};
  for (int plane = 0; plane < 3; ++plane) {
    const int shift = plane == 0 ? 0 : 1;
    out[static_cast<std::size_t>(plane)] =
        picture->data[plane][(y >> shift) * picture->linesize[plane] + (x >> shift)];
  }
  return out;
}
std::array<int, 3> yuv(std::uint32_t rgb) {
  const Yuv color = to_yuv(rgb);
  return {color.y, color.u, color.v};
}

TEST(Multiview, HasProgramPreviewAndEverySourceInAFrameOfItsColor) {
  Multiview view;
  view.program = {
      .name = "PROGRAM", .picture = plain_frame(0x0000C0), .tally = Multiview::Tally::kProgram};
  view.preview = {
      .name = "PREVIEW", .picture = plain_frame(0xC000C0), .tally = Multiview::Tally::kPreview};
  view.sources.push_back(
      {.name = "a", .picture = plain_frame(0x00C0C0), .tally = Multiview::Tally::kProgram});
  view.sources.push_back({.name = "b", .picture = nullptr, .trouble = "lost"});

  const Picture picture = draw_multiview(view);

  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->width, 1280);
  EXPECT_EQ(picture->height, 720);
  EXPECT_EQ(color_at(picture, 320, 200), yuv(0xC000C0));  // preview on the left
  EXPECT_EQ(color_at(picture, 960, 200), yuv(0x0000C0));
  EXPECT_EQ(color_at(picture, 8, 100), yuv(0x209040));     // its frame is green
  EXPECT_EQ(color_at(picture, 1270, 100), yuv(0xD02020));  // the program's is red
  EXPECT_EQ(color_at(picture, 160, 600), yuv(0x00C0C0));   // the first source
  EXPECT_EQ(color_at(picture, 8, 600), yuv(0xD02020));
  // A source without a picture is an empty tile with its name.
  EXPECT_EQ(color_at(picture, 480, 600), yuv(0x1A212B));
}

TEST(Multiview, AnyNumberOfSourcesOfAnyShapeFits) {
  for (int count = 0; count <= 64; count += 7) {
    Multiview view;
    for (int i = 0; i < count; ++i) {
      const std::array<scene::Size, 4> shapes{{{320, 180}, {180, 320}, {720, 576}, {2, 2}}};
      view.sources.push_back(
          {.name = "source " + std::to_string(i),
           .picture = plain_frame(0x808080, shapes[static_cast<std::size_t>(i % 4)])});
    }
    const Picture picture = draw_multiview(view);
    ASSERT_TRUE(picture) << count;
    EXPECT_EQ(picture->height, 720);
  }
}

}  // namespace
}  // namespace ts::compose
