// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/mixer.hpp"
#include "compose/picture.hpp"
#include "compose/program.hpp"
#include "scene/show.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::compose {

/// Looks at a grid of 64 x 36 points of pictures as they come. For one thread.
class PictureProbe {
 public:
  struct Finding {
    bool dark = false;   ///< No point is brighter than the limit, but for a hundredth of them.
    bool moved = false;  ///< Differs from the picture that moved last.
  };
  /// @param dark_percent  of white.
  explicit PictureProbe(double dark_percent);
  /// @param picture  yuv420p, limited range.
  /// @param covered  what lies over it and is not looked at; a picture that is covered wholly is
  ///                 neither dark nor still.
  Finding see(const Picture& picture, std::span<const scene::Rect> covered = {});

 private:
  static constexpr int kColumns = 64;
  static constexpr int kRows = 36;
  double dark_luma_;
  Picture last_{};
  Finding found_{};
  std::optional<std::array<std::uint8_t, kColumns * kRows>> reference_{};
};

/// A condition that has to last before it is an alarm, and to be over for half a second before it
/// is none.
class Alarm {
 public:
  /// @param after  ticks; nullopt is off.
  Alarm(std::optional<std::uint64_t> after, std::uint64_t calm) : after_(after), calm_(calm) {}
  /// @return true when it changed.
  bool step(bool bad) noexcept;
  [[nodiscard]] bool active() const noexcept { return active_; }
  /// Whether it has lasted its time and lasts still.
  [[nodiscard]] bool lasts() const noexcept { return after_ && bad_ >= *after_; }
  /// It has to last its time anew; one that is active stays until it is over.
  void begin_anew() noexcept { bad_ = 0; }

 private:
  std::optional<std::uint64_t> after_;
  std::uint64_t calm_;
  std::uint64_t bad_ = 0;
  std::uint64_t good_ = 0;
  bool active_ = false;
};

/// Watches what goes out for black, frozen, silent, clipped and too quiet. For one thread.
class Guards {
 public:
  /// @param ticks_of  the program's: ticks in a duration.
  Guards(const scene::Guards& settings, const std::function<std::uint64_t(milliseconds)>& ticks_of);

  /// What is not a fault at this tick.
  struct Meant {
    bool black = false;  ///< The operator's fade to black: neither picture nor sound is expected.
    bool still = false;  ///< All that is shown never moves.
    bool dark = false;   ///< Nor need it be bright.
  };
  /// @param covered  where overlays are: a logo is no picture, and a clock no movement.
  /// @param scene    on air: with another one the picture's faults have to last their time anew.
  void observe(std::uint64_t tick, std::string_view scene, const Picture& picture,
               const ProgramSound& sound, Meant meant, std::span<const scene::Rect> covered = {});
  /// kGuard events since the last call.
  std::vector<ProgramEvent> take_events();
  /// The names of the alarms that are on.
  [[nodiscard]] std::vector<std::string_view> active() const;
  /// The scene on air is black or frozen for as long as makes an alarm.
  [[nodiscard]] bool picture_fails() const noexcept;

 private:
  struct Watch {
    std::string_view name;
    Alarm alarm;
  };
  void step(std::size_t index, bool bad, std::uint64_t tick);

  scene::Guards settings_;
  PictureProbe probe_;
  std::string scene_;
  std::array<Watch, 5> watches_;
  std::vector<ProgramEvent> events_;
};

/// Brings the guards' slate on air and takes it away again. For one thread.
class AutoSlate {
 public:
  AutoSlate(const scene::Show& show, std::uint64_t calm_ticks);

  /// @param on_air  the scene on air.
  /// @param fails   Guards::picture_fails().
  /// @param picture_of  the newest picture of a source; null when it has none of its own.
  /// @return what to do now.
  std::optional<scene::TakeAction> step(const std::string& on_air, bool fails,
                                        const std::function<Picture(std::string_view)>& picture_of);
  /// The scene that the slate stands in for; empty while there is none.
  [[nodiscard]] const std::string& before() const noexcept { return before_; }

 private:
  struct Watched {
    std::string source;
    PictureProbe probe;
    std::uint64_t still = 0;  ///< Ticks since it moved.
  };
  [[nodiscard]] bool shows_something(const std::function<Picture(std::string_view)>& picture_of);

  const scene::Show& show_;
  std::uint64_t calm_;
  std::string before_;  ///< The scene to go back to; empty while no slate is on air.
  std::vector<Watched> watched_;
  std::uint64_t good_ = 0;
};

}  // namespace ts::compose
