// SPDX-License-Identifier: Apache-2.0
#include "scene/parse_parts.hpp"

#include "scene/parse_values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ts::scene {
namespace {

constexpr milliseconds kMaxHold{std::chrono::hours{1}};
constexpr milliseconds kMaxCountdown{std::chrono::hours{100}};
constexpr milliseconds kMaxRamp{seconds{20}};

/// One guard: a duration, false, or an object with "after" and its level.
Status read_guard(const JsonReader& guards, std::string_view name,
                  std::optional<milliseconds>& after, std::string_view level_key = {},
                  double* level = nullptr, double least = 0, double most = 0) {
  TS_TRY(const auto member, guards.find(name));
  if (!member) return ok_status();
  if (member->json().is_boolean()) {
    TS_TRY(const bool on, member->as_bool());
    if (!on) return ok_status();
    Error error = member->error("a guard needs a time");
    error.hint = "write for example \"5s\", or false to switch it off";
    return error;
  }
  JsonReader time = *member;
  if (member->is_object()) {
    if (level != nullptr) {
      TS_CHECK(member->only({"after", level_key}));
      TS_TRY(*level, number_in_or(*member, level_key, *level, least, most));
    } else {
      TS_CHECK(member->only({"after"}));
    }
    TS_TRY(time, member->at("after"));
  }
  TS_TRY(after, read_duration(time, kMaxHold));
  if (*after <= milliseconds{0}) return time.error("longer than nothing");
  return ok_status();
}

/// Text with the conversions of strftime that make sense on a picture.
Status check_format(const JsonReader& reader, std::string_view format) {
  static constexpr std::string_view kKnown = "aAbBdeFHIjmMpPrRSTuyYZz%";
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    ++i;
    if (i < format.size() && kKnown.find(format[i]) != std::string_view::npos) continue;
    Error error = reader.error("unknown conversion in the clock's format");
    error.hint = "use %H %M %S %I %p %d %m %Y %F %T %a %A %b %B, or %% for a percent sign";
    return error;
  }
  return ok_status();
}

}  // namespace

Result<Duck> read_duck(const JsonReader& reader) {
  TS_CHECK(reader.only({"under", "by_db", "threshold_db", "attack", "hold", "release"}));
  Duck duck;
  TS_TRY(const auto under, reader.at("under"));
  if (under.is_array()) {
    TS_TRY(const auto entries, under.items());
    for (const auto& entry : entries) {
      TS_TRY(std::string name, entry.as_string());
      duck.under.push_back(std::move(name));
    }
  } else {
    TS_TRY(std::string name, under.as_string());
    duck.under.push_back(std::move(name));
  }
  if (duck.under.empty()) return under.error("expected the name of a source");
  TS_TRY(duck.by_db, number_in_or(reader, "by_db", duck.by_db, 0, 60));
  TS_TRY(duck.threshold_db, number_in_or(reader, "threshold_db", duck.threshold_db, -90, 0));
  TS_TRY(duck.attack, duration_or(reader, "attack", duck.attack, kMaxRamp));
  TS_TRY(duck.hold, duration_or(reader, "hold", duck.hold, kMaxRamp));
  TS_TRY(duck.release, duration_or(reader, "release", duck.release, kMaxRamp));
  return duck;
}

Status check_duck(const JsonReader& reader, std::string_view source,
                  const std::vector<std::string>& sources) {
  TS_TRY(const Duck duck, read_duck(reader));
  TS_TRY(const auto under, reader.at("under"));
  for (const std::string& name : duck.under) {
    if (name == source) return under.error("a source cannot duck under itself");
    if (std::find(sources.begin(), sources.end(), name) == sources.end()) {
      return unknown_name(under, "source", name, sources);
    }
  }
  return ok_status();
}

Result<double> read_ceiling(const JsonReader& reader) {
  TS_CHECK(reader.only({"ceiling_dbtp"}));
  return number_in_or(reader, "ceiling_dbtp", -1, -20, 0);
}

Result<Guards> read_guards(const JsonReader& reader, const std::vector<std::string>& scenes) {
  TS_CHECK(reader.only({"black", "frozen", "silent", "clipped", "quiet", "slate"}));
  Guards guards;
  TS_CHECK(
      read_guard(reader, "black", guards.black, "below_percent", &guards.black_percent, 0, 50));
  TS_CHECK(read_guard(reader, "frozen", guards.frozen));
  TS_CHECK(read_guard(reader, "silent", guards.silent, "below_db", &guards.silent_db, -100, -20));
  TS_CHECK(read_guard(reader, "clipped", guards.clipped, "over_db", &guards.clipped_db, 0, 40));
  TS_CHECK(read_guard(reader, "quiet", guards.quiet, "below_lufs", &guards.quiet_lufs, -70, -5));
  TS_TRY(const auto slate, reader.find("slate"));
  if (slate) {
    TS_TRY(guards.slate, slate->as_string());
    if (std::find(scenes.begin(), scenes.end(), guards.slate) == scenes.end()) {
      return unknown_name(*slate, "scene", guards.slate, scenes);
    }
    if (!guards.black && !guards.frozen) {
      Error error = slate->error("nothing would ever show the slate");
      error.hint = "add \"black\" or \"frozen\"";
      return error;
    }
  }
  return guards;
}

Result<ClockOverlay> read_clock(const JsonReader& reader, const JsonReader& overlay) {
  ClockOverlay content;
  if (reader.json().is_boolean()) {
    TS_TRY(const bool on, reader.as_bool());
    if (!on) return reader.error("expected true, a format or an object");
  } else if (reader.is_object()) {
    TS_CHECK(reader.only({"format", "zone"}));
    TS_TRY(content.format, text_or(reader, "format", content.format, 100));
    TS_TRY(const auto zone, reader.find("zone"));
    if (zone) {
      TS_TRY(content.utc, one_of<bool>(*zone, {{"utc", true}, {"local", false}}));
    }
  } else {
    TS_TRY(content.format, text_at_most(reader, 100));
  }
  if (content.format.empty()) return reader.error("expected a format");
  TS_CHECK(check_format(reader, content.format));
  TS_TRY(const auto size, int_in_or(overlay, "size", content.size, 8, 400));
  content.size = static_cast<int>(size);
  return content;
}

Result<CountdownOverlay> read_countdown(const JsonReader& reader, const JsonReader& overlay) {
  CountdownOverlay content;
  std::optional<JsonReader> time = reader;
  bool wall = false;
  if (reader.is_object()) {
    TS_CHECK(reader.only({"for", "to", "done"}));
    TS_TRY(content.done, text_or(reader, "done", "", 200));
    TS_TRY(time, reader.find("for"));
    TS_TRY(const auto to, reader.find("to"));
    if (time.has_value() == to.has_value()) {
      return reader.error("expected either \"for\" or \"to\"");
    }
    wall = to.has_value();
    if (wall) time = to;
  } else {
    TS_TRY(const std::string text, reader.as_string());
    wall = text.find('T') != std::string::npos;
  }
  if (wall) {
    TS_TRY(const std::string text, time->as_string());
    auto moment = parse_rfc3339(text);
    if (!moment.ok()) return at_path(*time, std::move(moment).error());
    content.to = moment.value();
  } else {
    TS_TRY(content.length, read_duration(*time, kMaxCountdown));
    if (content.length <= milliseconds{0}) return time->error("longer than nothing");
  }
  TS_TRY(const auto size, int_in_or(overlay, "size", content.size, 8, 400));
  content.size = static_cast<int>(size);
  return content;
}

}  // namespace ts::scene
