// SPDX-License-Identifier: Apache-2.0
#include "mux/playback.hpp"

#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

namespace ts::mux {
namespace {

Error usage(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// What values a modifier takes.
enum class Takes : std::uint8_t {
  kResolution,
  kDesc,
  kBoolean,
  kText,
  kEpoch,
  kSeconds,
  kPixels,
  kRotation,
  kFit,
  kFps,
  kFormat,
};

struct Modifier {
  std::string_view name;
  Takes takes;
};

constexpr auto kHls = std::to_array<Modifier>({
    {"max_resolution", Takes::kResolution},
    {"min_resolution", Takes::kResolution},
    {"rendition_order", Takes::kDesc},
    {"redundant_streams", Takes::kBoolean},
    {"roku_trick_play", Takes::kBoolean},
    {"default_subtitles_lang", Takes::kText},
    {"program_start_time", Takes::kEpoch},
    {"program_end_time", Takes::kEpoch},
    {"asset_start_time", Takes::kSeconds},
    {"asset_end_time", Takes::kSeconds},
    {"low_latency", Takes::kBoolean},
});
constexpr auto kThumbnail = std::to_array<Modifier>({
    {"time", Takes::kSeconds},
    {"program_time", Takes::kEpoch},
    {"width", Takes::kPixels},
    {"height", Takes::kPixels},
    {"rotate", Takes::kRotation},
    {"fit_mode", Takes::kFit},
    {"flip_v", Takes::kBoolean},
    {"flip_h", Takes::kBoolean},
});
constexpr auto kAnimated = std::to_array<Modifier>({
    {"start", Takes::kSeconds},
    {"end", Takes::kSeconds},
    {"width", Takes::kPixels},
    {"height", Takes::kPixels},
    {"fps", Takes::kFps},
});
constexpr auto kStoryboard = std::to_array<Modifier>({
    {"format", Takes::kFormat},
    {"asset_start_time", Takes::kSeconds},
    {"asset_end_time", Takes::kSeconds},
});
constexpr auto kStatic = std::to_array<Modifier>({{"download", Takes::kText}});

std::span<const Modifier> modifiers_of(PlaybackKind kind) {
  switch (kind) {
    case PlaybackKind::kHls:
      return kHls;
    case PlaybackKind::kThumbnail:
      return kThumbnail;
    case PlaybackKind::kAnimated:
      return kAnimated;
    case PlaybackKind::kStoryboard:
      return kStoryboard;
    case PlaybackKind::kStatic:
      return kStatic;
    case PlaybackKind::kPlayer:
      break;
  }
  return {};
}

const Modifier* find_modifier(PlaybackKind kind, std::string_view name) {
  const auto known = modifiers_of(kind);
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Modifier& item) { return item.name == name; });
  return found == known.end() ? nullptr : &*found;
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size() ||
      !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// Empty when the value is good, else what is expected.
std::string expectation(Takes takes, std::string_view value) {
  const auto one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), value) != words.end()
               ? std::string()
               : fmt::format("one of {}", fmt::join(words, ", "));
  };
  const auto number = read_number(value);
  switch (takes) {
    case Takes::kResolution:
      return one_of({"270p", "360p", "480p", "540p", "720p", "1080p", "1440p", "2160p"});
    case Takes::kDesc:
      return one_of({"desc"});
    case Takes::kBoolean:
      return one_of({"true", "false"});
    case Takes::kText:
      return value.empty() ? "a text" : "";
    case Takes::kEpoch:
      return parse_u64(value) ? "" : "a Unix time in whole seconds";
    case Takes::kSeconds:
      return number && *number >= 0 ? "" : "a number of seconds";
    case Takes::kPixels:
      return number && *number >= 1 && *number <= 8192 && *number == std::floor(*number)
                 ? ""
                 : "a whole number of pixels";
    case Takes::kRotation:
      return one_of({"90", "180", "270"});
    case Takes::kFit:
      return one_of({"preserve", "stretch", "crop", "smartcrop", "pad"});
    case Takes::kFps:
      return number && *number >= 1 && *number <= 30 ? "" : "1 to 30";
    case Takes::kFormat:
      return one_of({"jpg", "png", "webp"});
  }
  return {};
}

constexpr std::string_view kKinds[]{"hls", "thumbnail", "gif", "storyboard", "static", "player"};

Error no_such_latency() {
  return usage("Mux has no playback modifier 'latency'",
               "latency is a property of the live stream: create it with --latency reduced or low "
               "(latency_mode); a player can only turn low latency off, with low_latency=false");
}

Error unknown_modifier(PlaybackKind kind, std::string_view name) {
  if (name == "latency" || name == "latency_mode") return no_such_latency();
  std::vector<std::string> names;
  for (const Modifier& known : modifiers_of(kind)) names.emplace_back(known.name);
  const auto near = nearest(name, names);
  return usage(fmt::format("Mux has no modifier '{}' for {}", shorten(name, 60),
                           kKinds[static_cast<std::size_t>(kind)]),
               near            ? fmt::format("did you mean {}?", *near)
               : names.empty() ? "leave it out"
                               : fmt::format("use one of {}", fmt::join(names, ", ")));
}

Status check_value(const Modifier& modifier, std::string_view value) {
  const std::string wanted = expectation(modifier.takes, value);
  if (wanted.empty()) return ok_status();
  return usage(fmt::format("{} cannot be '{}'", modifier.name, shorten(value, 60)),
               fmt::format("use {}", wanted));
}

const std::string* value_of(const Modifiers& modifiers, std::string_view name) {
  const auto found = std::find_if(modifiers.begin(), modifiers.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == modifiers.end() ? nullptr : &found->second;
}

/// What one modifier alone cannot tell.
Status check_together(PlaybackKind kind, const Modifiers& modifiers) {
  const auto ordered = [&](std::string_view first, std::string_view second) -> Status {
    const std::string* from = value_of(modifiers, first);
    const std::string* to = value_of(modifiers, second);
    if (from != nullptr && to != nullptr && *read_number(*from) >= *read_number(*to)) {
      return usage(fmt::format("{} is not before {}", first, second));
    }
    return ok_status();
  };
  if (kind == PlaybackKind::kHls) {
    TS_CHECK(ordered("program_start_time", "program_end_time"));
    TS_CHECK(ordered("asset_start_time", "asset_end_time"));
    const std::string* least = value_of(modifiers, "min_resolution");
    const std::string* most = value_of(modifiers, "max_resolution");
    const auto lines = [](std::string_view text) {
      return parse_u64(text.substr(0, text.size() - 1)).value_or(0);
    };
    if (least != nullptr && most != nullptr && lines(*least) > lines(*most)) {
      return usage("min_resolution is above max_resolution");
    }
  }
  if (kind == PlaybackKind::kAnimated) {
    TS_CHECK(ordered("start", "end"));
    const std::string* start = value_of(modifiers, "start");
    const std::string* end = value_of(modifiers, "end");
    if (end != nullptr &&
        *read_number(*end) - (start == nullptr ? 0.0 : *read_number(*start)) > 10) {
      return usage("an animated image spans at most 10 s", "bring start and end nearer together");
    }
  }
  return ok_status();
}

Result<std::string> format_of(const PlaybackUrlRequest& request) {
  const auto pick = [&](std::initializer_list<std::string_view> known) -> Result<std::string> {
    if (request.format.empty()) return std::string(*known.begin());
    if (std::find(known.begin(), known.end(), request.format) != known.end()) return request.format;
    return usage(
        fmt::format("{} has no format '{}'", kKinds[static_cast<std::size_t>(request.kind)],
                    shorten(request.format, 40)),
        fmt::format("use one of {}", fmt::join(known, ", ")));
  };
  switch (request.kind) {
    case PlaybackKind::kThumbnail:
      return pick({"jpg", "png", "webp"});
    case PlaybackKind::kAnimated:
      return pick({"gif", "webp"});
    case PlaybackKind::kStoryboard:
      return pick({"vtt", "json", "jpg", "png", "webp"});
    case PlaybackKind::kStatic:
      return pick({"highest", "2160p", "1440p", "1080p", "720p", "540p", "480p", "360p", "270p",
                   "capped-1080p", "audio", "high", "medium", "low"});
    case PlaybackKind::kHls:
    case PlaybackKind::kPlayer:
      break;
  }
  if (!request.format.empty()) {
    return usage(fmt::format("{} has no formats to choose from",
                             kKinds[static_cast<std::size_t>(request.kind)]));
  }
  return std::string();
}

}  // namespace

Result<PlaybackKind> parse_playback_kind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i] == text) return static_cast<PlaybackKind>(i);
  }
  if (text == "animated") return PlaybackKind::kAnimated;
  if (text == "video") return PlaybackKind::kHls;
  const std::vector<std::string> names(std::begin(kKinds), std::end(kKinds));
  const auto near = nearest(text, names);
  return usage(fmt::format("playback kind '{}' is unknown", shorten(text, 60)),
               near ? fmt::format("did you mean {}?", *near)
                    : fmt::format("use one of {}", fmt::join(names, ", ")));
}

Status check_modifier(PlaybackKind kind, std::string_view name, std::string_view value) {
  const Modifier* known = find_modifier(kind, name);
  if (known == nullptr) return unknown_modifier(kind, name);
  return check_value(*known, value);
}

namespace {

/// What a token opens; kPlayer, which has no modifiers, for all else.
PlaybackKind kind_of(TokenType type) noexcept {
  if (type == TokenType::kVideo) return PlaybackKind::kHls;
  if (type == TokenType::kThumbnail) return PlaybackKind::kThumbnail;
  if (type == TokenType::kGif) return PlaybackKind::kAnimated;
  if (type == TokenType::kStoryboard) return PlaybackKind::kStoryboard;
  return PlaybackKind::kPlayer;
}

}  // namespace

bool knows_claim(TokenType type, std::string_view name) {
  return name == "playback_restriction_id" || find_modifier(kind_of(type), name) != nullptr;
}

Status check_claim(TokenType type, std::string_view name, std::string_view value) {
  const PlaybackKind kind = kind_of(type);
  if (const Modifier* known = find_modifier(kind, name)) return check_value(*known, value);
  if (name == "latency" || name == "latency_mode") return no_such_latency();
  std::vector<std::string> names{"playback_restriction_id"};
  if (name == names.front()) return ok_status();
  for (const Modifier& known : modifiers_of(kind)) names.emplace_back(known.name);
  if (const auto near = nearest(name, names)) {
    return usage(fmt::format("parameter '{}' is not one of Mux's", shorten(name, 60)),
                 fmt::format("did you mean {}?", *near));
  }
  return ok_status();
}

Result<std::string> playback_url(const PlaybackUrlRequest& request) {
  TS_TRY(const auto id, net::path_segment(request.playback_id, "playback id"));
  TS_TRY(const auto format, format_of(request));
  if (!request.token.empty() && !request.modifiers.empty()) {
    return usage(fmt::format("modifier '{}' beside a token is not honored by Mux",
                             request.modifiers.front().first),
                 "put it into the token: ts mux sign --param NAME=VALUE");
  }
  for (const auto& [name, value] : request.modifiers) {
    TS_CHECK(check_modifier(request.kind, name, value));
    if (std::count_if(request.modifiers.begin(), request.modifiers.end(),
                      [&](const auto& entry) { return entry.first == name; }) > 1) {
      return usage(fmt::format("modifier '{}' is given twice", name));
    }
  }
  TS_CHECK(check_together(request.kind, request.modifiers));

  std::string url;
  std::string token_name = "token";
  switch (request.kind) {
    case PlaybackKind::kHls:
      url = fmt::format("{}/{}.m3u8", request.stream_base_url, id);
      break;
    case PlaybackKind::kThumbnail:
      url = fmt::format("{}/{}/thumbnail.{}", request.image_base_url, id, format);
      break;
    case PlaybackKind::kAnimated:
      url = fmt::format("{}/{}/animated.{}", request.image_base_url, id, format);
      break;
    case PlaybackKind::kStoryboard:
      url = fmt::format("{}/{}/storyboard.{}", request.image_base_url, id, format);
      break;
    case PlaybackKind::kStatic:
      url = fmt::format("{}/{}/{}", request.stream_base_url, id,
                        format == "audio" ? "audio.m4a" : format + ".mp4");
      break;
    case PlaybackKind::kPlayer:
      url = fmt::format("https://player.mux.com/{}", id);
      token_name = "playback-token";
      break;
  }
  char separator = '?';
  for (const auto& [name, value] : request.modifiers) {
    url += separator + name + "=" + net::percent_encode(value);
    separator = '&';
  }
  if (!request.token.empty()) {
    url += separator + token_name + "=" + net::percent_encode(request.token);
  }
  return url;
}

}  // namespace ts::mux
