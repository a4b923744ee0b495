// SPDX-License-Identifier: Apache-2.0
#include "scene/parse_values.hpp"

#include "core/duration.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

namespace ts::scene {

Error at_path(const JsonReader& reader, Error error) {
  error.message = fmt::format("at {}: {}", reader.path(), error.message);
  return error;
}

Result<milliseconds> read_duration(const JsonReader& reader, milliseconds most) {
  if (!reader.is_string()) return reader.expected("a duration with its unit, such as \"500ms\"");
  TS_TRY(const std::string text, reader.as_string());
  auto parsed = parse_duration(text);
  if (!parsed.ok()) return at_path(reader, std::move(parsed).error());
  if (parsed.value() > most) {
    return reader.error(fmt::format("at most {}, found \"{}\"", format_duration(most), text));
  }
  return parsed.value();
}

Result<milliseconds> duration_or(const JsonReader& object, std::string_view key,
                                 milliseconds fallback, milliseconds most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  return read_duration(*member, most);
}

Result<std::int64_t> int_in(const JsonReader& reader, std::int64_t least, std::int64_t most) {
  if (!reader.json().is_number_integer()) return reader.expected("a whole number");
  TS_TRY(const std::int64_t value, reader.as_int());
  if (value < least || value > most) {
    return reader.error(fmt::format("expected {} to {}, found {}", least, most, value));
  }
  return value;
}

Result<std::int64_t> int_in_or(const JsonReader& object, std::string_view key,
                               std::int64_t fallback, std::int64_t least, std::int64_t most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  return int_in(*member, least, most);
}

Result<double> number_in(const JsonReader& reader, double least, double most) {
  TS_TRY(const double value, reader.as_number());
  if (!(value >= least && value <= most)) {
    return reader.error(fmt::format("expected {} to {}, found {}", least, most, value));
  }
  return value;
}

Result<double> number_in_or(const JsonReader& object, std::string_view key, double fallback,
                            double least, double most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  return number_in(*member, least, most);
}

Result<std::string> text_at_most(const JsonReader& reader, std::size_t most) {
  TS_TRY(std::string text, reader.as_string());
  if (text.size() > most) {
    return reader.error(fmt::format("at most {} bytes of text, found {}", most, text.size()));
  }
  if (text.find('\0') != std::string::npos) return reader.error("text without a zero byte");
  return text;
}

Result<std::string> text_or(const JsonReader& object, std::string_view key, std::string fallback,
                            std::size_t most) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  return text_at_most(*member, most);
}

Result<std::uint32_t> read_color(const JsonReader& reader) {
  static constexpr std::pair<std::string_view, std::uint32_t> kNamed[] = {
      {"black", 0x000000}, {"white", 0xFFFFFF}, {"red", 0xFF0000},   {"green", 0x00FF00},
      {"blue", 0x0000FF},  {"gray", 0x808080},  {"yellow", 0xFFFF00}};
  TS_TRY(const std::string text, reader.as_string());
  for (const auto& [name, rgb] : kNamed) {
    if (text == name) return rgb;
  }
  std::string_view digits = text;
  if (digits.starts_with('#')) digits.remove_prefix(1);
  std::uint32_t rgb = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rgb, 16);
  if (digits.size() != 6 || error != std::errc{} || end != digits.data() + digits.size()) {
    return reader.error(
        fmt::format("expected a color such as \"#1b2a41\", found \"{}\"", shorten(text, 40)));
  }
  return rgb;
}

Result<std::uint32_t> color_or(const JsonReader& object, std::string_view key,
                               std::uint32_t fallback) {
  TS_TRY(const auto member, object.find(key));
  if (!member) return fallback;
  return read_color(*member);
}

Result<Ratio> read_rate(const JsonReader& reader) {
  Ratio rate;
  if (reader.is_string()) {
    TS_TRY(const std::string text, reader.as_string());
    const auto parts = split(text, '/');
    const auto num = parse_u64(parts[0]);
    const auto den = parts.size() == 2 ? parse_u64(parts[1]) : std::optional<std::uint64_t>(1);
    if (parts.size() > 2 || !num || !den || *den == 0 || *num > 1'000'000 || *den > 100'000) {
      return reader.expected("a rate such as 30 or \"30000/1001\"");
    }
    rate = {static_cast<std::int64_t>(*num), static_cast<std::int64_t>(*den)};
  } else {
    TS_TRY(const double value, reader.as_number());
    const double whole = std::round(value);
    // 23.976, 29.97 and 59.94 are what people write for n * 1000 / 1001.
    if (std::abs(value - whole) < 1e-9 && whole >= 1 && whole <= 1000) {
      rate = {static_cast<std::int64_t>(whole), 1};
    } else if (std::abs(std::ceil(value) * 1000 / 1001 - value) < 0.005 && value <= 1000) {
      rate = {static_cast<std::int64_t>(std::ceil(value)) * 1000, 1001};
    } else if (value > 0 && value < 1000) {
      rate = {static_cast<std::int64_t>(std::llround(value * 1000)), 1000};
    }
  }
  if (rate.num > 0) {
    const std::int64_t divisor = std::gcd(rate.num, rate.den);
    rate = {rate.num / divisor, rate.den / divisor};
  }
  if (rate.value() < 1 || rate.value() > 120) {
    return reader.error("expected a rate from 1 to 120 frames per second");
  }
  return rate;
}

Result<std::int64_t> read_bitrate(const JsonReader& reader, std::int64_t least, std::int64_t most) {
  std::int64_t value = -1;
  if (reader.is_string()) {
    TS_TRY(const std::string text, reader.as_string());
    std::string_view digits = text;
    std::uint64_t factor = 1;
    if (digits.ends_with('k') || digits.ends_with('K')) factor = 1000;
    if (digits.ends_with('M') || digits.ends_with('m')) factor = 1'000'000;
    if (factor > 1) digits.remove_suffix(1);
    const auto number = parse_u64(digits);
    if (number && *number <= 1'000'000'000) value = static_cast<std::int64_t>(*number * factor);
  } else if (reader.json().is_number_integer()) {
    TS_TRY(value, reader.as_int());
  }
  if (value < 0) return reader.expected("a bit rate such as \"2500k\" or \"6M\"");
  if (value < least || value > most) {
    return reader.error(fmt::format("expected {}k to {}k, found {} bits per second", least / 1000,
                                    most / 1000, value));
  }
  return value;
}

Status check_name(const JsonReader& reader, std::string_view name, std::string_view what) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ' ';
  };
  bool good = !name.empty() && name.size() <= 64;
  for (const char c : name) good = good && allowed(c);
  if (good) return ok_status();
  Error error = reader.error(fmt::format("a {} cannot be called '{}'", what, shorten(name, 70)));
  error.hint = "use 1 to 64 letters (a to z), digits, spaces and _ . -";
  return error;
}

Status at_most(const JsonReader& reader, std::size_t count, std::size_t most,
               std::string_view what) {
  if (count <= most) return ok_status();
  return reader.error(fmt::format("at most {} {}, found {}", most, what, count));
}

Status check_file_kind(std::string_view path) {
  std::string name = std::filesystem::path(path).filename().string();
  if (name.empty()) name = path;
  const std::string extension = to_lower(std::filesystem::path(name).extension().string());
  for (const std::string_view known : {".mp4", ".mkv", ".mov", ".ts", ".flv"}) {
    if (extension == known) return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("unknown kind of file '{}'", shorten(name, 80)),
               .hint = "end the name in .mp4, .mkv, .mov, .ts or .flv"};
}

std::string resolved(const std::filesystem::path& folder, const std::string& path) {
  const std::filesystem::path given(path);
  return given.is_absolute() ? path : (folder / given).lexically_normal().string();
}

Error unknown_name(const JsonReader& reader, std::string_view what, std::string_view name,
                   const std::vector<std::string>& known) {
  Error error = reader.error(fmt::format("unknown {} '{}'", what, shorten(name, 70)));
  if (const auto near = nearest(name, known)) {
    error.hint = fmt::format("did you mean '{}'?", *near);
  } else if (!known.empty()) {
    error.hint = fmt::format("known: {}", fmt::join(known, ", "));
  } else {
    error.hint = fmt::format("the show has no {}", what);
  }
  return error;
}

}  // namespace ts::scene
