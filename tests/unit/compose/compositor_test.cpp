// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor.hpp"

#include "support/run_show.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::compose {
namespace {

using test::decode;
using test::Decoded;
using test::run_offline;
using test::TempDir;

TEST(Compositor, AnOfflineShowHasExactlyItsFramesAndSamples) {
  const TempDir folder;
  const auto out = folder.path() / "program.mp4";

  const auto run = run_offline(R"({
    "canvas": {"width": 320, "height": 180, "fps": 30}, "duration": "3s", "frame_code": true,
    "sources": {"red": {"color": "#c02020"}, "blue": {"color": "#2020c0"},
                "bars": {"test": "moving", "tone_hz": 1000}},
    "scenes": {"one": {"layout": "full", "slots": ["red"]},
               "two": {"layout": "pip", "slots": ["blue", "bars"], "corner": "bottom-right"},
               "all": {"layout": "grid", "slots": ["red", "blue", "bars"]}},
    "program": "one",
    "overlays": {"name": {"lower_third": {"title": "Ana Ruiz", "subtitle": "Officiant"}}},
    "cues": [{"at": "1s", "take": "two", "transition": "fade", "duration": "500ms"},
             {"at": "2s", "take": "all"}, {"at": "1500ms", "show": "name"}]})",
                               folder.path(), out);

  ASSERT_TRUE(run.result.ok()) << run.result.error().message;
  EXPECT_EQ(run.result.value().last.frames, 90U);
  EXPECT_EQ(run.result.value().last.samples, 3 * 48'000);
  const Decoded decoded = decode(out);
  ASSERT_EQ(decoded.frames.size(), 90U) << decoded.trouble;
  for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(decoded.code(i), i);
}

}  // namespace
}  // namespace ts::compose
