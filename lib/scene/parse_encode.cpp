// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ts::scene {
namespace {

constexpr std::size_t kMaxRenditions = 6;
constexpr std::size_t kLongestName = 32;

/// What every encode of the program may set for itself.
Status read_own(const JsonReader& reader, Encode& out) {
  TS_TRY(const auto video, reader.find("video_bitrate"));
  if (video) {
    TS_TRY(out.video_bitrate, read_bitrate(*video, 50'000, 100'000'000));
  }
  TS_TRY(const auto audio, reader.find("audio_bitrate"));
  if (audio) {
    TS_TRY(out.audio_bitrate, read_bitrate(*audio, 32'000, 512'000));
  }
  TS_TRY(const auto preset, reader.find("preset"));
  if (preset) {
    TS_TRY(out.preset, one_of<std::string>(*preset, {{"ultrafast", "ultrafast"},
                                                     {"superfast", "superfast"},
                                                     {"veryfast", "veryfast"},
                                                     {"faster", "faster"},
                                                     {"fast", "fast"},
                                                     {"medium", "medium"},
                                                     {"slow", "slow"}}));
  }
  TS_TRY(const auto profile, reader.find("profile"));
  if (profile) {
    TS_TRY(out.profile,
           one_of<std::string>(*profile,
                               {{"baseline", "baseline"}, {"main", "main"}, {"high", "high"}}));
  }
  TS_TRY(out.encoder, text_or(reader, "encoder", out.encoder, 60));
  return ok_status();
}

int nearest_even(double value) { return 2 * static_cast<int>(std::lround(value / 2)); }

/// Width and height; one of them is enough.
Result<Size> read_size(const JsonReader& reader, Size canvas) {
  const auto side = [&](std::string_view key, int most) -> Result<int> {
    TS_TRY(const auto member, reader.find(key));
    if (!member) return 0;
    TS_TRY(const auto pixels, int_in(*member, 90, most));
    if (pixels % 2 != 0) {
      return member->error(fmt::format("expected an even number, found {}", pixels));
    }
    return static_cast<int>(pixels);
  };
  Size size;
  TS_TRY(size.width, side("width", canvas.width));
  TS_TRY(size.height, side("height", canvas.height));
  if (size.width == 0 && size.height == 0) {
    Error error = reader.error("a rendition needs a size");
    error.hint = "give \"width\" or \"height\"";
    return error;
  }
  const double aspect = static_cast<double>(canvas.width) / canvas.height;
  if (size.width == 0) size.width = std::max(2, nearest_even(size.height * aspect));
  if (size.height == 0) size.height = std::max(2, nearest_even(size.width / aspect));
  const double off = static_cast<double>(size.width) / size.height / aspect;
  if (off < 0.97 || off > 1.03) {
    Error error = reader.error(fmt::format("{} x {} would squeeze the picture of {} x {}",
                                           size.width, size.height, canvas.width, canvas.height));
    error.hint =
        fmt::format("leave the height out, or write {}", nearest_even(size.width / aspect));
    return error;
  }
  return size;
}

/// A name that can be a folder and the end of --out file:F@NAME.
Status check_rendition_name(const JsonReader& reader, std::string_view name) {
  const bool plain = !name.empty() && name.size() <= kLongestName &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
                     });
  if (plain && name != kMainRendition) return ok_status();
  Error error = reader.error(fmt::format("'{}' cannot be a rendition's name", shorten(name, 60)));
  error.hint =
      plain ? "\"main\" is the show's own \"encode\"" : "use up to 32 letters, digits, - and _";
  return error;
}

}  // namespace

Result<Encode> read_encode(const JsonReader& reader) {
  TS_CHECK(reader.only({"video_bitrate", "audio_bitrate", "gop", "preset", "profile", "encoder"}));
  Encode out;
  TS_CHECK(read_own(reader, out));
  TS_TRY(out.gop, duration_or(reader, "gop", out.gop, seconds{20}));
  if (out.gop < milliseconds{100}) {
    TS_TRY(const auto gop, reader.at("gop"));
    return gop.error("expected 100ms to 20s");
  }
  return out;
}

Result<std::vector<Rendition>> read_renditions(const JsonReader& reader, const Canvas& canvas,
                                               const Encode& main) {
  TS_TRY(const auto members, reader.members());
  if (members.size() > kMaxRenditions) {
    return reader.error(
        fmt::format("at most {} renditions, found {}", kMaxRenditions, members.size()));
  }
  std::vector<Rendition> out;
  for (const auto& [name, member] : members) {
    TS_CHECK(check_rendition_name(member, name));
    TS_CHECK(member.only(
        {"width", "height", "video_bitrate", "audio_bitrate", "preset", "profile", "encoder"}));
    Rendition rendition{.name = name, .encode = main};
    TS_TRY(rendition.size, read_size(member, canvas.size));
    // Fewer pixels need fewer bits, but not quite in proportion.
    const double part = static_cast<double>(rendition.size.width) * rendition.size.height /
                        (static_cast<double>(canvas.size.width) * canvas.size.height);
    const double bits = static_cast<double>(main.video_bitrate) * std::pow(part, 0.75);
    rendition.encode.video_bitrate =
        std::max<std::int64_t>(50'000, std::llround(bits / 10'000) * 10'000);
    TS_CHECK(read_own(member, rendition.encode));
    out.push_back(std::move(rendition));
  }
  return out;
}

Result<std::vector<std::string>> read_output_renditions(const JsonReader& reader) {
  TS_TRY(const auto one, reader.find("rendition"));
  TS_TRY(const auto several, reader.find("renditions"));
  std::vector<std::string> out;
  if (one && several) return several->error("either \"rendition\" or \"renditions\"");
  if (one) {
    TS_TRY(std::string name, one->as_string());
    out.push_back(std::move(name));
  }
  if (several) {
    TS_TRY(const auto entries, several->items());
    if (entries.empty()) return several->error("expected the name of a rendition");
    for (const auto& entry : entries) {
      TS_TRY(std::string name, entry.as_string());
      out.push_back(std::move(name));
    }
  }
  return out;
}

}  // namespace ts::scene
