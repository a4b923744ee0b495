// SPDX-License-Identifier: Apache-2.0
#include "compose/encode_stage.hpp"

#include "core/clock.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

scene::Show small_show() {
  scene::Show show;
  show.canvas = {.size = {320, 180}, .rate = {10, 1}};
  show.encode.preset = "veryfast";
  return show;
}

/// A picture that takes an encoder some time.
Picture noise(std::uint32_t seed) {
  auto frame = make_canvas({320, 180});
  for (int y = 0; y < frame->height; ++y) {
    for (int x = 0; x < frame->width; ++x) {
      seed = seed * 1664525U + 1013904223U;
      frame->data[0][y * frame->linesize[0] + x] = static_cast<std::uint8_t>(seed >> 24U);
    }
  }
  for (int plane = 1; plane < 3; ++plane) {
    std::memset(frame->data[plane], 128, static_cast<std::size_t>(frame->linesize[plane]) * 90);
  }
  return share(std::move(frame));
}

/// Waits until the stage has encoded everything it took.
bool wait_encoded(const EncodeStage& stage, std::uint64_t frames) {
  SystemClock clock;
  const auto deadline = clock.steady_now() + seconds{60};
  while (stage.counters().frames < frames) {
    if (clock.steady_now() > deadline) return false;
    clock.wait_for(milliseconds{1}, {});  // the encoder's thread works
  }
  return true;
}

TEST(EncodeStage, GivesUpQualityUnderPressureAndTakesItBack) {
  FanOut fan_out(true, false);
  auto started = EncodeStage::start(encode_settings(small_show()), fan_out);
  ASSERT_TRUE(started.ok()) << started.error().message;
  EncodeStage& stage = *started.value();
  const Picture picture = noise(7);
  std::uint64_t tick = 0;

  // Far more pictures than can be encoded: first one step is given up, then the next.
  while (stage.counters().quality == Quality::kFull && tick < 2000) {
    stage.push_picture(picture, tick++, false, {});
  }
  EXPECT_EQ(stage.counters().quality, Quality::kReduced);
  while (stage.counters().quality == Quality::kReduced && tick < 2000) {
    stage.push_picture(picture, tick++, false, {});
  }
  EXPECT_EQ(stage.counters().quality, Quality::kHalf);
  EXPECT_GT(stage.counters().skipped, 0U);

  // Then as many as it can do.
  std::uint64_t taken = tick - stage.counters().gaps;
  ASSERT_TRUE(wait_encoded(stage, taken));
  while (stage.counters().quality != Quality::kFull && tick < 10'000) {
    stage.push_picture(picture, tick++, false, {});
    ASSERT_TRUE(wait_encoded(stage, ++taken));
  }
  EXPECT_EQ(stage.counters().quality, Quality::kFull);
  stage.finish();
  EXPECT_EQ(stage.counters().frames, taken);
  EXPECT_FALSE(stage.trouble());
}

TEST(EncodeStage, CheaperDecodingComesFirstWhereItHelps) {
  FanOut fan_out(true, false);
  auto started = EncodeStage::start(encode_settings(small_show()), fan_out);
  ASSERT_TRUE(started.ok()) << started.error().message;
  EncodeStage& stage = *started.value();
  stage.offer_economy(true);
  const Picture picture = noise(7);
  std::uint64_t tick = 0;

  std::vector<Quality> down{Quality::kFull};
  while (stage.counters().quality != Quality::kHalf && tick < 2000) {
    stage.push_picture(picture, tick++, false, {});
    if (stage.counters().quality != down.back()) down.push_back(stage.counters().quality);
  }
  EXPECT_EQ(down, (std::vector<Quality>{Quality::kFull, Quality::kEconomy, Quality::kReduced,
                                        Quality::kHalf}));

  std::uint64_t taken = tick - stage.counters().gaps;
  ASSERT_TRUE(wait_encoded(stage, taken));
  std::vector<Quality> up{Quality::kHalf};
  while (stage.counters().quality != Quality::kFull && tick < 10'000) {
    stage.push_picture(picture, tick++, false, {});
    ASSERT_TRUE(wait_encoded(stage, ++taken));
    if (stage.counters().quality != up.back()) up.push_back(stage.counters().quality);
  }
  EXPECT_EQ(up, (std::vector<Quality>{Quality::kHalf, Quality::kReduced, Quality::kEconomy,
                                      Quality::kFull}));
}

TEST(EncodeStage, TicksThatComeLateCostQualityToo) {
  FanOut fan_out(true, false);
  auto started = EncodeStage::start(encode_settings(small_show()), fan_out);
  ASSERT_TRUE(started.ok()) << started.error().message;
  EncodeStage& stage = *started.value();
  const Picture picture = noise(7);

  // The encoder keeps up with every picture; every other tick was late before.
  for (std::uint64_t tick = 0; tick < 200; ++tick) {
    if (tick % 2 == 1) stage.note_late();
    stage.push_picture(picture, tick, false, {});
    ASSERT_TRUE(wait_encoded(stage, tick + 1));
  }

  EXPECT_NE(stage.counters().quality, Quality::kFull);
  EXPECT_EQ(stage.counters().skipped, 0U);
}

TEST(EncodeStage, KeepsItsQualityWhileItKeepsUp) {
  FanOut fan_out(true, false);
  auto started = EncodeStage::start(encode_settings(small_show()), fan_out);
  ASSERT_TRUE(started.ok()) << started.error().message;
  EncodeStage& stage = *started.value();

  for (std::uint64_t tick = 0; tick < 60; ++tick) {
    stage.push_picture(noise(static_cast<std::uint32_t>(tick)), tick, false, {});
    ASSERT_TRUE(wait_encoded(stage, tick + 1));
  }

  EXPECT_EQ(stage.counters().quality, Quality::kFull);
  EXPECT_EQ(stage.counters().skipped, 0U);
}

}  // namespace
}  // namespace ts::compose
