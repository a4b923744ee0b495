// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tui/screen.hpp"

#include "core/clock.hpp"
#include "core/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli::tui {

/// What a key press means, whatever bytes the terminal sent for it.
struct Key {
  enum class Kind {
    kLetter,
    kEnter,
    kUp,
    kDown,
    kLeft,
    kRight,
    kFunction,
    kInterrupt,
    kSuspend,
    kRedraw
  };
  Kind kind = Kind::kLetter;
  char letter = 0;  ///< Of kLetter.
  int number = 0;   ///< Of kFunction: 1 to 12.
  friend bool operator==(const Key&, const Key&) = default;
};

/// Takes key presses apart; a sequence that is cut stays in `bytes` for the next call.
std::vector<Key> take_keys(std::string& bytes);

/// The controlling terminal while it is ours: alternate screen, no echo, no cursor. Whatever ends
/// the program (return, exception, signal, crash) gives it back as it was.
///
/// Why not a library: of those that draw 24-bit color, neither FTXUI nor notcurses is in Debian 12,
/// and ncurses does so only with terminfo's *-direct entries, which a plain installation does not
/// have. The sequences used here are those that every terminal of this century knows.
class Terminal {
 public:
  /// @return kUsage when stdin or stdout is no terminal.
  static Result<std::unique_ptr<Terminal>> open(Colors colors);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  struct Size {
    int columns = 80;
    int rows = 24;
  };
  [[nodiscard]] Size size() const noexcept;
  /// Shows the screen; only what changed is written.
  Status show(const Screen& screen);
  /// Keys pressed, waiting for the first at most `limit`.
  /// @return kInterrupted when the terminal is gone.
  Result<std::vector<Key>> keys(milliseconds limit);
  /// Gives the terminal back, stops the process and goes on when it is continued.
  void suspend();
  /// The next show() draws everything.
  void forget() noexcept { shown_.reset(); }

 private:
  explicit Terminal(Colors colors) : colors_(colors) {}
  void enter();
  static void leave() noexcept;

  Colors colors_;
  std::optional<Screen> shown_{};
  std::string input_;
};

/// What the environment says of the terminal.
Colors colors_of(std::string_view term, std::string_view colorterm, bool wanted) noexcept;

}  // namespace ts::cli::tui
