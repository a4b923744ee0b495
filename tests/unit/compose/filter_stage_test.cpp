// SPDX-License-Identifier: Apache-2.0
#include "compose/filter_stage.hpp"

#include <gtest/gtest.h>

#include <future>
#include <utility>
#include <vector>

namespace ts::compose {
namespace {

Picture picture_of(std::uint32_t gray) {
  media::AvFrame frame = make_canvas({32, 18});
  fill_rect(*frame, {0, 0, 32, 18}, gray * 0x010101);
  return share(std::move(frame));
}

/// What left the stage.
struct Sent {
  std::vector<std::pair<Picture, std::uint64_t>> all{};
  [[nodiscard]] FilterStage::Sink sink() {
    return [this](const Picture& picture, std::uint64_t tick) { all.emplace_back(picture, tick); };
  }
};

TEST(FilterStage, AFilterThatHangsCostsTheTickNothing) {
  Sent sent;
  std::promise<void> release;
  auto released = release.get_future().share();
  FilterStage stage(
      [released](const Picture& picture) -> Result<Picture> {
        released.wait();
        return picture;
      },
      sent.sink(), 10, [](const Error&) {});
  std::vector<Picture> pictures;
  for (std::uint32_t i = 0; i < 20; ++i) pictures.push_back(picture_of(i));

  // The filter answers nothing, and yet all of this returns.
  for (std::uint64_t tick = 0; tick < 20; ++tick) stage.push(pictures[tick], tick);
  const auto counters = stage.counters();
  release.set_value();
  stage.finish();

  EXPECT_EQ(sent.all.size() + counters.gaps, 20U);
  EXPECT_GE(counters.late, 6U);
  EXPECT_EQ(sent.all[0].first, pictures[0]);
  for (std::size_t i = 0; i < sent.all.size(); ++i) {
    ASSERT_TRUE(sent.all[i].first);
    if (i == 0) continue;
    EXPECT_GT(sent.all[i].second, sent.all[i - 1].second);
  }
  // What was late shows the picture before, not one of another time.
  EXPECT_EQ(sent.all.back().first, stage.newest());
}

TEST(FilterStage, AFilterThatFailsIsLeftOut) {
  Sent sent;
  int told = 0;
  int called = 0;
  FilterStage stage(
      [&](const Picture&) -> Result<Picture> {
        ++called;
        return Error{.kind = ErrorKind::kMedia, .message = "no"};
      },
      sent.sink(), 100, [&](const Error&) { ++told; });
  const Picture picture = picture_of(7);

  for (std::uint64_t tick = 0; tick < 5; ++tick) stage.push(picture, tick);
  stage.finish();

  EXPECT_EQ(called, 1);
  EXPECT_EQ(told, 1);
  ASSERT_EQ(sent.all.size(), 5U);
  for (const auto& [shown, tick] : sent.all) EXPECT_EQ(shown, picture);
}

}  // namespace
}  // namespace ts::compose
