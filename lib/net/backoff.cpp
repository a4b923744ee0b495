// SPDX-License-Identifier: Apache-2.0
#include "net/backoff.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ts::net {

std::chrono::milliseconds Backoff::next() {
  // splitmix64: any seed is good, one multiply-xor chain a number.
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
  mixed ^= mixed >> 31U;
  const double unit = static_cast<double>(mixed >> 11U) * 0x1.0p-53;
  const double share = options_.least_share + (1.0 - options_.least_share) * unit;
  const double grown =
      static_cast<double>(options_.base.count()) * std::pow(options_.factor, std::min(tries_, 60));
  ++tries_;
  const double wait = std::min(grown, static_cast<double>(options_.cap.count())) * share;
  return std::chrono::milliseconds(std::llround(wait));
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto number = [&](std::size_t at, std::size_t count) {
    return parse_u64(text.substr(at, count));
  };
  const auto* month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = number(5, 2);
  const auto year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(*year)},
      std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + milliseconds(0);
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view retry_after_ms,
                                                           std::string_view retry_after,
                                                           WallTime now) {
  const auto read = [](std::string_view text) -> std::optional<double> {
    text = trim(text);
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || failure != std::errc{} || end != text.data() + text.size() ||
        !std::isfinite(value) || value < 0) {
      return std::nullopt;
    }
    return std::min(value, 1e9);
  };
  if (const auto ms = read(retry_after_ms)) return std::chrono::milliseconds(std::llround(*ms));
  if (const auto s = read(retry_after)) return std::chrono::milliseconds(std::llround(*s * 1000));
  if (const auto date = parse_http_date(trim(retry_after)); date && *date > now) return *date - now;
  return std::nullopt;
}

}  // namespace ts::net
