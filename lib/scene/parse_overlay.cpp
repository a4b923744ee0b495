// SPDX-License-Identifier: Apache-2.0
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <fmt/format.h>

#include <utility>

namespace ts::scene {

Result<Overlay> read_overlay(const std::string& name, const JsonReader& reader,
                             const std::filesystem::path& folder) {
  TS_CHECK(reader.only({"lower_third", "image", "text", "clock", "countdown", "size", "x", "y",
                        "width", "opacity", "visible", "fade", "for"}));
  Overlay overlay{.name = name};
  TS_TRY(const auto lower_third, reader.find("lower_third"));
  TS_TRY(const auto image, reader.find("image"));
  TS_TRY(const auto text, reader.find("text"));
  TS_TRY(const auto clock, reader.find("clock"));
  TS_TRY(const auto countdown, reader.find("countdown"));
  const int kinds = (lower_third ? 1 : 0) + (image ? 1 : 0) + (text ? 1 : 0) + (clock ? 1 : 0) +
                    (countdown ? 1 : 0);
  if (kinds != 1) {
    Error error = reader.error(kinds == 0 ? "an overlay needs something to show"
                                          : "an overlay is one thing only");
    error.hint = "give exactly one of lower_third, image, text, clock or countdown";
    return error;
  }
  if (lower_third) {
    TS_CHECK(lower_third->only({"title", "subtitle"}));
    LowerThird content;
    TS_TRY(const auto title, lower_third->at("title"));
    TS_TRY(content.title, text_at_most(title, 400));
    TS_TRY(content.subtitle, text_or(*lower_third, "subtitle", "", 400));
    overlay.content = content;
  }
  if (image) {
    ImageOverlay content;
    TS_TRY(const std::string path, text_at_most(*image, 4096));
    if (path.empty() || path.find("://") != std::string::npos) {
      return image->error("expected the path of a picture");
    }
    content.path = resolved(folder, path);
    TS_TRY(const auto width, reader.find("width"));
    if (width) {
      TS_TRY(const auto pixels, int_in(*width, 2, 3840));
      content.width = static_cast<int>(pixels);
    }
    overlay.content = content;
  }
  if (text) {
    TextOverlay content;
    TS_TRY(content.text, text_at_most(*text, 2000));
    TS_TRY(const auto size, int_in_or(reader, "size", 36, 8, 400));
    content.size = static_cast<int>(size);
    overlay.content = content;
  }
  if (clock) {
    TS_TRY(overlay.content, read_clock(*clock, reader));
  }
  if (countdown) {
    TS_TRY(overlay.content, read_countdown(*countdown, reader));
  }
  for (const auto& [key, target] : {std::pair{"x", &overlay.x}, std::pair{"y", &overlay.y}}) {
    TS_TRY(const auto member, reader.find(key));
    if (!member) continue;
    TS_TRY(const auto pixels, int_in(*member, -3840, 3840));
    *target = static_cast<int>(pixels);
  }
  TS_TRY(overlay.opacity, number_in_or(reader, "opacity", 1, 0, 1));
  TS_TRY(overlay.visible, reader.bool_or("visible", false));
  TS_TRY(overlay.fade, duration_or(reader, "fade", milliseconds{300}, seconds{10}));
  TS_TRY(const auto length, reader.find("for"));
  if (length) {
    TS_TRY(overlay.length, read_duration(*length, kMaxAt));
    if (*overlay.length <= milliseconds{0}) return length->error("longer than nothing");
  }
  return overlay;
}

}  // namespace ts::scene
