// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/encoder_bank.hpp"
#include "core/result.hpp"
#include "media/muxer.hpp"

#include <string>
#include <vector>

namespace ts::compose {

/// One target for each of the encodes an output takes. An HLS output with several becomes one
/// playlist in a folder for each, FOLDER/NAME/index.m3u8, and its name "x" becomes "x@NAME".
std::vector<media::MuxTarget> one_per_rendition(const media::MuxTarget& target);

/// What a master playlist says of one rendition.
struct LadderStep {
  std::string name{};
  EncoderBank::Feed feed{};
};
/// The text of a master playlist beside the folders of one_per_rendition, best rendition first.
std::string master_playlist(std::vector<LadderStep> steps);

}  // namespace ts::compose
