// SPDX-License-Identifier: Apache-2.0
#include "scene/show.hpp"

#include "core/text.hpp"
#include "scene/parse_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ts::scene {
namespace {

template <typename T>
const T* find_named(const std::vector<T>& all, std::string_view wanted) noexcept {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const T& item) { return item.name == wanted; });
  return found == all.end() ? nullptr : &*found;
}

constexpr std::array<std::pair<TransitionKind, std::string_view>, 4> kTransitions{{
    {TransitionKind::kCut, "cut"},
    {TransitionKind::kFade, "fade"},
    {TransitionKind::kFtb, "ftb"},
    {TransitionKind::kWipe, "wipe"},
}};

/// Cuts "@low" or "@main,low" off the end. A file's own name may have an @ in it: what follows the
/// last one has a dot or a slash then.
std::vector<std::string> take_renditions(std::string_view& text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at + 1 == text.size()) return {};
  const std::string_view names = text.substr(at + 1);
  const bool plain = std::all_of(names.begin(), names.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == ',';
  });
  if (!plain) return {};
  std::vector<std::string> out;
  for (const std::string_view name : split(names, ',')) out.emplace_back(name);
  text = text.substr(0, at);
  return out;
}

}  // namespace

const Source* Show::find_source(std::string_view wanted) const noexcept {
  return find_named(sources, wanted);
}
const Scene* Show::find_scene(std::string_view wanted) const noexcept {
  return find_named(scenes, wanted);
}
const Overlay* Show::find_overlay(std::string_view wanted) const noexcept {
  return find_named(overlays, wanted);
}

const Rendition* Show::find_rendition(std::string_view wanted) const noexcept {
  return find_named(renditions, wanted);
}

std::string_view to_string(TransitionKind kind) noexcept {
  for (const auto& [value, name] : kTransitions) {
    if (value == kind) return name;
  }
  return "cut";
}

Result<TransitionKind> parse_transition(std::string_view text) {
  for (const auto& [value, name] : kTransitions) {
    if (name == text) return value;
  }
  Error error{.kind = ErrorKind::kUsage,
              .message = fmt::format("unknown transition '{}'", shorten(text, 60)),
              .hint = "known: cut, fade, ftb, wipe"};
  if (const auto near = nearest(text, {"cut", "fade", "ftb", "wipe"})) {
    error.hint = fmt::format("did you mean '{}'?", *near);
  }
  return error;
}

std::string_view to_string(LayoutKind kind) noexcept {
  switch (kind) {
    case LayoutKind::kFull:
      return "full";
    case LayoutKind::kSideBySide:
      return "side-by-side";
    case LayoutKind::kPip:
      return "pip";
    case LayoutKind::kGrid:
      return "grid";
    case LayoutKind::kScreen:
      return "screen";
    case LayoutKind::kItems:
      return "items";
  }
  return "items";
}

std::string_view to_string(Fit fit) noexcept {
  switch (fit) {
    case Fit::kCover:
      return "cover";
    case Fit::kContain:
      return "contain";
    case Fit::kStretch:
      return "stretch";
  }
  return "cover";
}

Result<Output> parse_output(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  std::vector<std::string> renditions;
  if (kind == "file" || kind == "hls" || kind == "rtmp-url-file" || kind == "srt-url-file") {
    renditions = take_renditions(text);
  }
  const std::string value(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  const auto missing = [&](std::string_view what, std::string_view example) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("output '{}:' names no {}", kind, what),
                 .hint = fmt::format("write {}:{}", kind, example)};
  };
  Output output{.renditions = std::move(renditions)};
  output.name = std::string(text);
  if (kind == "file") {
    if (value.empty()) return missing("file", "program.mp4");
    TS_CHECK(check_file_kind(value));
    output.target = FileOutput{value};
  } else if (kind == "hls") {
    if (value.empty()) return missing("folder", "out");
    output.target = HlsOutput{.folder = value};
  } else if (kind == "rtmp-url-file") {
    if (value.empty()) return missing("file", "key.txt");
    output.target = RtmpUrlFileOutput{value};
  } else if (kind == "srt-url-file") {
    if (value.empty()) return missing("file", "address.txt");
    output.target = SrtUrlFileOutput{value};
  } else if (kind == "mux") {
    if (value.empty()) return missing("live stream", "LIVE_STREAM_ID");
    output.target = MuxOutput{value};
  } else if (kind == "whip") {
    if (value.empty()) return missing("address", "https://SERVER/PATH");
    output.target = WhipOutput{value};
  } else if (text == "room") {
    output.target = RoomOutput{};
  } else {
    Error error{.kind = ErrorKind::kUsage,
                .message = fmt::format("unknown output '{}'", shorten(text, 80)),
                .hint =
                    "write file:F, hls:DIR, rtmp-url-file:F, srt-url-file:F, mux:ID, whip:URL "
                    "or room"};
    if (kind == "rtmp" || kind == "rtmps") {
      error.hint = "an RTMP address is a secret: put it into a file and write rtmp-url-file:F";
      error.message = "an RTMP address cannot be given on the command line";
    }
    return error;
  }
  return output;
}

Status check_renditions(const Output& output, const std::vector<Rendition>& known) {
  std::vector<std::string> names{std::string(kMainRendition)};
  for (const Rendition& rendition : known) names.push_back(rendition.name);
  for (std::size_t i = 0; i < output.renditions.size(); ++i) {
    const std::string& name = output.renditions[i];
    const auto before = output.renditions.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(output.renditions.begin(), before, name) != before) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("rendition '{}' twice", shorten(name, 70)),
                   .hint = "name each once"};
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    Error error{.kind = ErrorKind::kUsage,
                .message = fmt::format("the show has no rendition '{}'", shorten(name, 70))};
    if (const auto near = nearest(name, names)) {
      error.hint = fmt::format("did you mean '{}'?", *near);
    } else {
      error.hint = known.empty() ? "add \"renditions\" to the show (ts help show-file)"
                                 : fmt::format("known: {}", fmt::join(names, ", "));
    }
    return error;
  }
  if (output.renditions.size() > 1 && !std::holds_alternative<HlsOutput>(output.target)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "only an HLS output takes several renditions",
                 .hint = "write one output for each"};
  }
  const bool far = std::holds_alternative<MuxOutput>(output.target) ||
                   std::holds_alternative<WhipOutput>(output.target) ||
                   std::holds_alternative<RoomOutput>(output.target);
  if (far && !output.renditions.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "mux, whip and room take the main encode",
                 .hint = "leave the rendition out"};
  }
  return ok_status();
}

std::string describe(const Output& output) {
  struct Visitor {
    std::string operator()(const FileOutput& file) const { return "file " + file.path; }
    std::string operator()(const SrtUrlFileOutput& srt) const {
      return "SRT address in " + srt.path;
    }
    std::string operator()(const RtmpUrlFileOutput& rtmp) const {
      return "RTMP address in " + rtmp.path;
    }
    std::string operator()(const HlsOutput& hls) const { return "HLS in " + hls.folder; }
    std::string operator()(const MuxOutput& mux) const {
      return "Mux stream " + mux.live_stream_id;
    }
    std::string operator()(const WhipOutput&) const { return "WHIP"; }
    std::string operator()(const RoomOutput&) const { return "LiveKit room"; }
  };
  return std::visit(Visitor{}, output.target);
}

}  // namespace ts::scene
