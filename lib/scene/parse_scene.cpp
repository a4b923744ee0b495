// SPDX-License-Identifier: Apache-2.0
#include "scene/geometry.hpp"
#include "scene/layout.hpp"
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ts::scene {
namespace {

constexpr std::size_t kMaxItems = 16;

Result<Fit> read_fit(const JsonReader& reader) {
  return one_of<Fit>(
      reader, {{"cover", Fit::kCover}, {"contain", Fit::kContain}, {"stretch", Fit::kStretch}});
}

Result<Crop> read_crop(const JsonReader& reader) {
  TS_CHECK(reader.only({"left", "top", "right", "bottom"}));
  Crop crop;
  TS_TRY(crop.left, number_in_or(reader, "left", 0, 0, 0.95));
  TS_TRY(crop.top, number_in_or(reader, "top", 0, 0, 0.95));
  TS_TRY(crop.right, number_in_or(reader, "right", 0, 0, 0.95));
  TS_TRY(crop.bottom, number_in_or(reader, "bottom", 0, 0, 0.95));
  // 0.4 + 0.55 is a little more than 0.95.
  constexpr double kMost = 0.95 + 1e-9;
  if (crop.left + crop.right > kMost || crop.top + crop.bottom > kMost) {
    return reader.error("the crop leaves less than a twentieth of the picture");
  }
  return crop;
}

Result<std::vector<Layer>> read_slots(const JsonReader& reader, LayoutKind kind, const Show& show) {
  LayoutOptions options{.kind = kind};
  TS_TRY(const auto slots, reader.at("slots"));
  TS_TRY(const auto entries, slots.items());
  const SlotRange range = slots_of(kind);
  if (entries.size() < static_cast<std::size_t>(range.least) ||
      entries.size() > static_cast<std::size_t>(range.most)) {
    return slots.error(fmt::format("layout \"{}\" takes {} slot{}, found {}", to_string(kind),
                                   range.least == range.most
                                       ? fmt::format("{}", range.least)
                                       : fmt::format("{} to {}", range.least, range.most),
                                   range.most == 1 ? "" : "s", entries.size()));
  }
  for (const auto& entry : entries) {
    TS_TRY(std::string source, existing_name(entry, "source", show.sources));
    options.slots.push_back(std::move(source));
  }
  TS_TRY(const auto corner, reader.find("corner"));
  if (corner) {
    TS_TRY(options.corner, one_of<Corner>(*corner, {{"top-left", Corner::kTopLeft},
                                                    {"top-right", Corner::kTopRight},
                                                    {"bottom-left", Corner::kBottomLeft},
                                                    {"bottom-right", Corner::kBottomRight}}));
  }
  TS_TRY(options.scale, number_in_or(reader, "scale", options.scale, 0.05, 1));
  TS_TRY(const auto margin, reader.find("margin"));
  TS_TRY(const auto gap, int_in_or(reader, "gap", 0, 0, 200));
  TS_TRY(const auto border, int_in_or(reader, "border", 0, 0, 64));
  if (margin) {
    TS_TRY(options.margin, int_in(*margin, 0, 1000));
  }
  options.gap = static_cast<int>(gap);
  options.border = static_cast<int>(border + border % 2);
  TS_TRY(options.border_rgb, color_or(reader, "border_color", options.border_rgb));
  TS_TRY(const auto fit, reader.find("fit"));
  if (fit) {
    TS_TRY(options.fit, read_fit(*fit));
    options.fit_given = true;
  }
  auto layers = arrange(show.canvas, options);
  for (const Layer& layer : layers) {
    if (layer.cell.width >= 2 && layer.cell.height >= 2) continue;
    Error error = reader.error("the margin and the gap leave no room for the pictures");
    error.hint = fmt::format("make them smaller: the canvas has {} x {} pixels",
                             show.canvas.size.width, show.canvas.size.height);
    return error;
  }
  return layers;
}

/// What the scene says that its layout has no use for.
Result<std::vector<std::string>> idle_members(const JsonReader& reader, LayoutKind kind) {
  const bool items = kind == LayoutKind::kItems;
  const bool small = kind == LayoutKind::kPip || kind == LayoutKind::kScreen;
  const bool cells = kind == LayoutKind::kSideBySide || kind == LayoutKind::kGrid;
  TS_TRY(const auto border, int_in_or(reader, "border", 0, 0, 64));
  std::vector<std::string> idle;
  for (const auto& [key, used] : {std::pair{"slots", !items},
                                  {"corner", small},
                                  {"scale", small},
                                  {"margin", !items},
                                  {"gap", cells},
                                  {"border", !items},
                                  {"border_color", !items && border > 0},
                                  {"fit", !items}}) {
    TS_TRY(const auto member, reader.find(key));
    if (member && !used) idle.emplace_back(key);
  }
  return idle;
}

Result<std::vector<Layer>> read_items(const JsonReader& reader, const Show& show) {
  struct Item {
    Layer layer;
    std::int64_t z;
  };
  TS_TRY(const auto items, reader.at("items"));
  TS_TRY(const auto entries, items.items());
  TS_CHECK(at_most(items, entries.size(), kMaxItems, "items"));
  std::vector<Item> parsed;
  for (const auto& entry : entries) {
    TS_CHECK(entry.only({"source", "x", "y", "width", "height", "fit", "crop", "opacity", "z",
                         "border", "border_color"}));
    Item item{};
    TS_TRY(const auto source, entry.at("source"));
    TS_TRY(item.layer.source, existing_name(source, "source", show.sources));
    const Size canvas = show.canvas.size;
    TS_TRY(const auto x, int_in_or(entry, "x", 0, -8000, 8000));
    TS_TRY(const auto y, int_in_or(entry, "y", 0, -8000, 8000));
    TS_TRY(const auto width, int_in_or(entry, "width", canvas.width, 2, 8000));
    TS_TRY(const auto height, int_in_or(entry, "height", canvas.height, 2, 8000));
    item.layer.cell = even_around({.x = static_cast<int>(x),
                                   .y = static_cast<int>(y),
                                   .width = static_cast<int>(width),
                                   .height = static_cast<int>(height)});
    if (even_inside(item.layer.cell, canvas).width == 0) {
      return entry.error("the item lies outside the canvas");
    }
    TS_TRY(const auto fit, entry.find("fit"));
    if (fit) {
      TS_TRY(item.layer.fit, read_fit(*fit));
    }
    TS_TRY(const auto crop, entry.find("crop"));
    if (crop) {
      TS_TRY(item.layer.crop, read_crop(*crop));
    }
    TS_TRY(item.layer.opacity, number_in_or(entry, "opacity", 1, 0, 1));
    TS_TRY(const auto border, int_in_or(entry, "border", 0, 0, 64));
    item.layer.border = static_cast<int>(border + border % 2);
    TS_TRY(item.layer.border_rgb, color_or(entry, "border_color", 0xFFFFFF));
    TS_TRY(item.z, int_in_or(entry, "z", 0, -1000, 1000));
    parsed.push_back(std::move(item));
  }
  std::stable_sort(parsed.begin(), parsed.end(),
                   [](const Item& a, const Item& b) { return a.z < b.z; });
  std::vector<Layer> layers;
  layers.reserve(parsed.size());
  for (Item& item : parsed) layers.push_back(std::move(item.layer));
  return layers;
}

}  // namespace

Result<Scene> read_scene(const std::string& name, const JsonReader& reader, const Show& show) {
  TS_CHECK(reader.only({"layout", "slots", "items", "corner", "scale", "margin", "gap", "border",
                        "border_color", "fit", "gains"}));
  Scene scene{.name = name};
  TS_TRY(const auto items, reader.find("items"));
  TS_TRY(const auto layout, reader.find("layout"));
  if (items && !layout) {
    scene.layout = LayoutKind::kItems;
  } else {
    TS_TRY(const auto required, reader.at("layout"));
    TS_TRY(scene.layout, one_of<LayoutKind>(required, {{"full", LayoutKind::kFull},
                                                       {"side-by-side", LayoutKind::kSideBySide},
                                                       {"pip", LayoutKind::kPip},
                                                       {"grid", LayoutKind::kGrid},
                                                       {"screen", LayoutKind::kScreen},
                                                       {"items", LayoutKind::kItems}}));
  }
  if (scene.layout == LayoutKind::kItems) {
    TS_TRY(scene.layers, read_items(reader, show));
  } else {
    if (items) return items->error("only the layout \"items\" takes items");
    TS_TRY(scene.layers, read_slots(reader, scene.layout, show));
  }
  TS_TRY(scene.idle, idle_members(reader, scene.layout));
  TS_TRY(const auto gains, reader.find("gains"));
  if (gains) {
    TS_TRY(const auto members, gains->members());
    for (const auto& [source, gain] : members) {
      if (show.find_source(source) == nullptr) {
        return unknown_name(gain, "source", source, names_of(show.sources));
      }
      TS_TRY(scene.gains_db[source], number_in(gain, kMinGain, kMaxGain));
    }
  }
  return scene;
}

}  // namespace ts::scene
