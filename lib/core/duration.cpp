// SPDX-License-Identifier: Apache-2.0
#include "core/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace ts {
namespace {

struct Unit {
  std::string_view name;
  double millis;
};
// "ms" before "m": the first match wins.
constexpr std::array<Unit, 5> kUnits{
    {{"ms", 1.0}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};

Error bad(std::string_view text, std::string hint) {
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("'{}' is not a duration", shorten(text, 40)),
               .hint = std::move(hint)};
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (is_number(text)) return bad(text, fmt::format("write {0}s, {0}m or {0}h", shorten(text, 20)));
  if (text.empty()) return bad(text, "write it with its unit, such as 90s, 15m or 2h");
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, failure] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.data()));
    // ".5h" and "1.h" are more often a slip than meant.
    if (failure != std::errc{} || number < 0 || rest.front() == '-' || rest.front() == '.' ||
        digits.ends_with('.')) {
      return bad(text, "write it with its unit, such as 90s, 15m or 2h");
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (rest.starts_with(candidate.name)) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) return bad(text, "use the units ms, s, m, h or d, such as 90s or 1h30m");
    rest.remove_prefix(unit->name.size());
    total += number * unit->millis;
  }
  // 100 years: past any use, far from overflow.
  if (!(total <= 3.2e12)) return bad(text, "use at most 36500d");
  return std::chrono::milliseconds(std::llround(total));
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 0) return "-" + format_duration(-duration);
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 10'000) return fmt::format("{:.1f}s", static_cast<double>(ms) / 1000.0);
  const auto total_seconds = (ms + 500) / 1000;
  if (total_seconds < 60) return fmt::format("{}s", total_seconds);
  if (total_seconds < 3600) {
    return fmt::format("{}m{:02}s", total_seconds / 60, total_seconds % 60);
  }
  return fmt::format("{}h{:02}m", total_seconds / 3600, total_seconds / 60 % 60);
}

}  // namespace ts
