// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts {

/// Error = the operator must act; warning = quality suffers, the show goes on; info = a state
/// changed; debug = follow one thing; trace = everything.
enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug, kTrace };

/// Where log lines go. Made once by main and passed by reference; the library itself never
/// prints: the sink does. Thread-safe.
class Log {
 public:
  struct Line {
    WallTime time;
    LogLevel level;
    std::string_view component;
    std::string_view text;
  };
  using Sink = std::function<void(const Line&)>;

  /// A log that drops everything.
  Log() = default;
  Log(const Clock& clock, LogLevel level, Sink sink)
      : clock_(&clock), level_(level), sink_(std::move(sink)) {}

  [[nodiscard]] bool enabled(LogLevel level) const noexcept {
    return sink_ != nullptr && level <= level_;
  }
  /// From now on every occurrence of `secret` in a line is replaced by asterisks: the net under
  /// the wire, not the wire. Of one shorter than 6 bytes, those that stand where values stand.
  void scrub(const Secret& secret);
  /// `text` with every registered secret replaced: for whatever else is shown to people.
  [[nodiscard]] std::string scrubbed(std::string text);
  void write(LogLevel level, std::string_view component, std::string text);

  template <typename... Args>
  void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::kError, component, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::kWarning, component, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::kInfo, component, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    put(LogLevel::kDebug, component, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void put(LogLevel level, std::string_view component, fmt::format_string<Args...> format,
           Args&&... args) {
    if (enabled(level)) write(level, component, fmt::format(format, std::forward<Args>(args)...));
  }

  const Clock* clock_ = nullptr;
  LogLevel level_ = LogLevel::kWarning;
  Sink sink_;
  std::mutex mutex_;
  std::vector<Secret> secrets_;
};

std::string_view to_string(LogLevel level) noexcept;

}  // namespace ts
