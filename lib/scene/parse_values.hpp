// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small readers of values in a show file. Private to scene.
#include "core/json.hpp"
#include "scene/show.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::scene {

/// The latest time in a show, and the longest duration.
inline constexpr milliseconds kMaxAt{std::chrono::hours{24 * 7}};
inline constexpr double kMinGain = -120;  // dB
inline constexpr double kMaxGain = 24;    // dB

/// The value's error, with `at <path>: ` before its message.
Error at_path(const JsonReader& reader, Error error);

Result<milliseconds> read_duration(const JsonReader& reader, milliseconds most);
Result<milliseconds> duration_or(const JsonReader& object, std::string_view key,
                                 milliseconds fallback, milliseconds most);
Result<std::int64_t> int_in(const JsonReader& reader, std::int64_t least, std::int64_t most);
Result<std::int64_t> int_in_or(const JsonReader& object, std::string_view key,
                               std::int64_t fallback, std::int64_t least, std::int64_t most);
Result<double> number_in(const JsonReader& reader, double least, double most);
Result<double> number_in_or(const JsonReader& object, std::string_view key, double fallback,
                            double least, double most);
Result<std::string> text_at_most(const JsonReader& reader, std::size_t most);
Result<std::string> text_or(const JsonReader& object, std::string_view key, std::string fallback,
                            std::size_t most);
/// "#rrggbb", "rrggbb" or one of a few names.
Result<std::uint32_t> read_color(const JsonReader& reader);
Result<std::uint32_t> color_or(const JsonReader& object, std::string_view key,
                               std::uint32_t fallback);
/// 30, 29.97, "30000/1001".
Result<Ratio> read_rate(const JsonReader& reader);
/// "2500k", "6M", 128000.
Result<std::int64_t> read_bitrate(const JsonReader& reader, std::int64_t least, std::int64_t most);
/// A name for something in the show: letters, digits, space and _ . - , 1 to 64 characters.
Status check_name(const JsonReader& reader, std::string_view name, std::string_view what);

/// @return kUsage when there are more than `most`.
Status at_most(const JsonReader& reader, std::size_t count, std::size_t most,
               std::string_view what);

/// @return kUsage when no output can write a file of that name: its end says what kind it is.
Status check_file_kind(std::string_view path);

/// A path of the show file, which may be relative to its folder.
std::string resolved(const std::filesystem::path& folder, const std::string& path);

/// One of a few words.
template <typename T>
Result<T> one_of(const JsonReader& reader,
                 std::initializer_list<std::pair<std::string_view, T>> words);

/// kUsage: "unknown `what` 'x'", with the nearest of the names as the hint.
Error unknown_name(const JsonReader& reader, std::string_view what, std::string_view name,
                   const std::vector<std::string>& known);

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const T& item : all) names.push_back(item.name);
  return names;
}

/// The name, when one of `all` has it.
template <typename T>
Result<std::string> existing_name(const JsonReader& reader, std::string_view what,
                                  const std::vector<T>& all) {
  TS_TRY(std::string name, reader.as_string());
  for (const T& item : all) {
    if (item.name == name) return name;
  }
  return unknown_name(reader, what, name, names_of(all));
}

template <typename T>
Result<T> one_of(const JsonReader& reader,
                 std::initializer_list<std::pair<std::string_view, T>> words) {
  TS_TRY(const std::string text, reader.as_string());
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known.emplace_back(word);
  }
  return unknown_name(reader, "word", text, known);
}

}  // namespace ts::scene
