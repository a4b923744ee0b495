// SPDX-License-Identifier: Apache-2.0
#include "tui/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace ts::cli::tui {
namespace {

// Alternate screen, no cursor, no wrapping; and the way back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::array kFatal{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGHUP};

// One terminal a process; read by signal handlers.
std::atomic<bool> entered{false};
termios before{};

void restore() noexcept {
  if (!entered.exchange(false)) return;
  // Only async-signal-safe calls.
  (void)!::write(STDOUT_FILENO, kLeave.data(), kLeave.size());
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

extern "C" void on_fatal(int signal) {
  restore();
  (void)std::signal(signal, SIG_DFL);
  (void)::raise(signal);
}

/// Function and arrow keys after "ESC [" or "ESC O".
std::optional<Key> named_key(char introducer, std::string_view parameter, char final) {
  if (final == 'A') return Key{.kind = Key::Kind::kUp};
  if (final == 'B') return Key{.kind = Key::Kind::kDown};
  if (final == 'C' && parameter.empty()) return Key{.kind = Key::Kind::kRight};
  if (final == 'D' && parameter.empty()) return Key{.kind = Key::Kind::kLeft};
  if (introducer == 'O' && final >= 'P' && final <= 'S') {
    return Key{.kind = Key::Kind::kFunction, .number = final - 'P' + 1};
  }
  if (final != '~' || parameter.size() > 3) return std::nullopt;
  static constexpr std::array<std::pair<int, int>, 12> kFunctions{{{11, 1},
                                                                   {12, 2},
                                                                   {13, 3},
                                                                   {14, 4},
                                                                   {15, 5},
                                                                   {17, 6},
                                                                   {18, 7},
                                                                   {19, 8},
                                                                   {20, 9},
                                                                   {21, 10},
                                                                   {23, 11},
                                                                   {24, 12}}};
  const int code = std::atoi(std::string(parameter).c_str());
  for (const auto& [sent, number] : kFunctions) {
    if (sent == code) return Key{.kind = Key::Kind::kFunction, .number = number};
  }
  return std::nullopt;
}

/// Length of the escape sequence at `at`, 0 when more must come.
std::size_t sequence(std::string_view bytes, std::size_t at, std::vector<Key>& keys) {
  if (at + 1 >= bytes.size()) return 0;
  const char introducer = bytes[at + 1];
  if (introducer != '[' && introducer != 'O') return 1;
  for (std::size_t end = at + 2; end < bytes.size(); ++end) {
    const auto byte = static_cast<unsigned char>(bytes[end]);
    if (byte < 0x40 && end - at < 32) continue;
    // The Linux console sends ESC [ [ A to E for F1 to F5.
    if (bytes[end] == '[' && end == at + 2) {
      if (end + 1 >= bytes.size()) return 0;
      const char last = bytes[end + 1];
      if (last >= 'A' && last <= 'E') {
        keys.push_back({.kind = Key::Kind::kFunction, .number = last - 'A' + 1});
      }
      return 4;
    }
    if (const auto key = named_key(introducer, bytes.substr(at + 2, end - at - 2), bytes[end])) {
      keys.push_back(*key);
    }
    return end - at + 1;
  }
  return 0;
}

}  // namespace

std::vector<Key> take_keys(std::string& bytes) {
  std::vector<Key> keys;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const char byte = bytes[at];
    if (byte == '\x1b') {
      const std::size_t length = sequence(bytes, at, keys);
      if (length == 0) break;
      at += length;
      continue;
    }
    ++at;
    if (byte == '\r' || byte == '\n') keys.push_back({.kind = Key::Kind::kEnter});
    if (byte == 3) keys.push_back({.kind = Key::Kind::kInterrupt});
    if (byte == 12) keys.push_back({.kind = Key::Kind::kRedraw});
    if (byte == 26) keys.push_back({.kind = Key::Kind::kSuspend});
    if (byte >= ' ' && byte < 0x7F) keys.push_back({.letter = byte});
  }
  bytes.erase(0, at);
  return keys;
}

Colors colors_of(std::string_view term, std::string_view colorterm, bool wanted) noexcept {
  if (!wanted || term == "dumb") return Colors::kNone;
  if (colorterm == "truecolor" || colorterm == "24bit" || term.ends_with("-direct")) {
    return Colors::kTrue;
  }
  return Colors::k256;
}

Result<std::unique_ptr<Terminal>> Terminal::open(Colors colors) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
      ::tcgetattr(STDIN_FILENO, &before) != 0) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the operator's screen needs a terminal",
                 .hint = "use ts compose status, or --print 120x40 for one screen as text"};
  }
  std::unique_ptr<Terminal> terminal(new Terminal(colors));
  for (const int signal : kFatal) (void)std::signal(signal, on_fatal);
  (void)std::atexit(restore);
  terminal->enter();
  return terminal;
}

void Terminal::enter() {
  termios raw = before;
  raw.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  entered.store(true);
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  (void)!::write(STDOUT_FILENO, kEnter.data(), kEnter.size());
  forget();
}

void Terminal::leave() noexcept { restore(); }

Terminal::~Terminal() { leave(); }

void Terminal::suspend() {
  leave();
  (void)::raise(SIGSTOP);
  enter();
}

Terminal::Size Terminal::size() const noexcept {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {.columns = window.ws_col, .rows = window.ws_row};
}

Status Terminal::show(const Screen& screen) {
  const std::string bytes = difference(shown_ ? &*shown_ : nullptr, screen, colors_);
  std::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    return Error{.kind = ErrorKind::kInterrupted, .message = "the terminal is gone"};
  }
  shown_ = screen;
  return ok_status();
}

Result<std::vector<Key>> Terminal::keys(milliseconds limit) {
  pollfd waited{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waited, 1, static_cast<int>(limit.count()));
  if (ready > 0) {
    std::array<char, 256> bytes{};
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0) input_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "the terminal is gone"};
    }
  } else if (!input_.empty()) {
    input_.clear();  // a lone Esc
  }
  return take_keys(input_);
}

}  // namespace ts::cli::tui
