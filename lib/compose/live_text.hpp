// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/raster.hpp"
#include "core/clock.hpp"
#include "scene/show.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ts::compose {

/// What a clock or countdown says at a moment.
/// @param wall     the time of day.
/// @param elapsed  since the program began.
/// @return empty for an overlay that is neither.
std::string live_text(const scene::Overlay& overlay, WallTime wall, milliseconds elapsed);

/// Pictures of overlays whose text changes by itself. Each text is drawn once, on a thread of its
/// own and a second ahead of time; nothing is drawn for a text that stays.
class LiveText {
 public:
  /// @param patient  offline: at() draws itself rather than being late.
  LiveText(const scene::Show& show, bool patient);

  [[nodiscard]] bool is_live(std::size_t overlay) const;
  /// Another moment for a countdown. On the tick's thread.
  void set_moment(const std::string& overlay, WallTime to);
  /// The overlay's picture for this moment, or the one before while it is being drawn; without a
  /// picture before the first one is done. Never waits, unless patient. On the tick's thread.
  DrawnOverlay at(std::size_t overlay, WallTime wall, milliseconds elapsed);

 private:
  struct Job {
    std::size_t overlay;
    std::string text;
  };
  struct Slot {
    std::deque<std::pair<std::string, DrawnOverlay>> drawn{};  ///< The newest few.
    std::string asked{};                                       ///< The last text asked for.
    std::string asked_ahead{};
    DrawnOverlay shown{};
    WallTime last{};  ///< When at() was called last.
  };
  void ask(std::size_t overlay, std::string& last, const std::string& text);
  void run(const std::stop_token& stop);

  std::vector<scene::Overlay> overlays_;        // what they say; the tick's thread
  const std::vector<scene::Overlay> drawn_as_;  // how it is drawn
  scene::Canvas canvas_;
  bool patient_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Slot> slots_;
  std::deque<Job> jobs_;
  std::jthread thread_;
};

}  // namespace ts::compose
