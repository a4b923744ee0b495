// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tui/screen.hpp"

#include "core/clock.hpp"
#include "core/json_fwd.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ts::cli::tui {

/// Everything the operator's screen shows. Filled from the compositor's status replies.
struct Model {
  struct Source {
    std::string name{};
    std::string state{};
    std::string reason{};
    bool on_air = false;
    bool muted = false;
    bool solo = false;
    bool left_out = false;
    bool follow = false;
    double gain_db = 0;
    double level_db = -120;
    double ducked_db = 0;
  };
  struct Overlay {
    std::string name{};
    bool on_air = false;
    bool broken = false;
  };
  struct Output {
    std::string name{};
    std::string state{};
    std::string reason{};
    std::int64_t bytes = 0;
    double bits = 0;  ///< A second.
    std::int64_t dropped = 0;
  };
  std::string show{};
  std::string engine{};
  std::string program{};
  std::string preview{};
  std::int64_t time_ms = 0;
  double fps = 0;
  std::int64_t late = 0;
  bool black = false;
  bool holding = false;    ///< The show waits for "go".
  std::string next_cue{};  ///< What the show does next by itself; empty for nothing.
  std::int64_t next_cue_in_ms = 0;
  std::int64_t ends_in_ms = -1;  ///< -1: nobody knows.
  std::vector<std::string> alarms{};
  std::vector<std::string> scenes{};
  std::vector<Source> sources{};
  std::vector<Overlay> overlays{};
  std::vector<Output> outputs{};
  double peak_db = -120;
  double true_peak_max_db = -120;
  double limited_db = 0;
  double momentary = -120;
  double short_term = -120;
  double integrated = -120;
  // The picture, RGB, 3 bytes a pixel.
  int picture_width = 0;
  int picture_height = 0;
  std::string picture{};
  /// Small pictures of the sources by name, RGB of kThumbnail's size.
  std::map<std::string, std::string> thumbnails{};
  // The operator's own:
  std::size_t selected = 0;  ///< Source.
  std::string message{};
  bool wrong = false;  ///< The message tells trouble.
  SteadyTime said_at{};

  void say(std::string text, bool trouble, SteadyTime now);
  /// Lets go of a message that is no news any more.
  void forget_message(SteadyTime now);

  /// Takes a status reply's "status" in; members that are missing or of another type stay as they
  /// were or empty. Bit rates come from the status before.
  void take_status(const Json& status);
};

/// How large the picture is on a screen of this size, in pixels: two to a cell, one above the
/// other. 0 by 0 where there is no room.
struct PictureSize {
  int width = 0;
  int height = 0;
};
PictureSize picture_size(int columns, int rows) noexcept;

/// A source's small picture, in pixels.
inline constexpr PictureSize kThumbnail{.width = 20, .height = 12};
/// How many of them have room below the lists on a screen of this size.
int thumbnails_shown(const Model& model, int columns, int rows) noexcept;

/// Draws the operator's screen. Any size; what does not fit is left out from the bottom.
Screen draw(const Model& model, int columns, int rows);

}  // namespace ts::cli::tui
