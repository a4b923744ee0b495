// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/picture.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::compose {

/// One picture of a show that does not depend on when it is made.
struct GoldenPicture {
  std::string name{};  ///< "scene two", "overlay name 50%", "fade one to two 2/5".
  std::string file{};  ///< "scene-two.png": lower-case letters, digits, - and %.
  Picture picture{};
};

/// Renders every scene, every overlay (half and wholly faded in, over the first scene), every
/// transition that a cue makes in five steps, and a half and a whole fade to black. Files and
/// patterns show their first picture; addresses their slate, nothing is connected to. Clocks say
/// 12:34:56.
/// @param engine  as for make_renderer.
/// @return kMedia for what cannot be opened or drawn, kInterrupted when stopped.
Result<std::vector<GoldenPicture>> golden_pictures(const scene::Show& show, std::string_view engine,
                                                   Log* log, std::stop_token stop);

/// How much two RGB pictures of one size differ.
struct PictureDifference {
  double ssim = 1;  ///< Mean structural similarity of 8 x 8 blocks, over the three channels.
  double worst_ssim =
      1;            ///< Of the worst 32 x 32 tile: a small fault in a large picture shows here.
  int largest = 0;  ///< Of any byte.
};
/// @param a, b  RGB24 of the same size.
PictureDifference compare_rgb(const AVFrame& a, const AVFrame& b);

}  // namespace ts::compose
