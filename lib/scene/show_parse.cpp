// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "scene/layout.hpp"
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"
#include "scene/scene_parse.hpp"
#include "scene/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace ts::scene {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSources = 64;
constexpr std::size_t kMaxScenes = 128;
constexpr std::size_t kMaxItems = 16;
constexpr std::size_t kMaxOverlays = 64;
constexpr std::size_t kMaxCues = 10'000;
constexpr std::size_t kMaxOutputs = 16;
constexpr milliseconds kMaxAt{std::chrono::hours{24 * 7}};
constexpr milliseconds kMaxTransition{seconds{60}};
constexpr milliseconds kMaxDelay{seconds{10}};
constexpr double kMinGain = -120;
constexpr double kMaxGain = 24;

template <typename T>
std::vector<std::string> names_of(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& item : all) names.push_back(item.name);
  return names;
}

/// Turns one JSON document into a Show. One method per member of the file.
class Parser {
 public:
  Parser(const JsonReader& root, fs::path folder) : root_(root) {
    show_.folder = std::move(folder);
  }

  Result<Show> parse() {
    TS_CHECK(root_.only({"schema", "name", "canvas", "sources", "scenes", "overlays", "program",
                         "cues", "encode", "renditions", "sound", "guards", "filter", "outputs",
                         "duration", "frame_code"}));
    TS_TRY(const std::string schema, root_.string_or("schema", "ts.show/1"));
    if (schema != "ts.show/1") {
      TS_TRY(const auto member, root_.at("schema"));
      Error error = member.error(fmt::format("unknown schema '{}'", shorten(schema, 40)));
      error.hint = "this version reads ts.show/1";
      return error;
    }
    TS_TRY(show_.name, text_or(root_, "name", "show", 200));
    TS_TRY(show_.frame_code, root_.bool_or("frame_code", false));
    TS_TRY(const auto duration, root_.find("duration"));
    if (duration) {
      TS_TRY(show_.duration, read_duration(*duration, kMaxAt));
      if (*show_.duration <= milliseconds{0}) return duration->error("longer than nothing");
    }
    TS_CHECK(parse_canvas());
    TS_CHECK(parse_sources());
    TS_CHECK(parse_scenes());
    TS_CHECK(parse_overlays());
    TS_CHECK(parse_program());
    TS_CHECK(parse_cues());
    TS_TRY(const auto encode, root_.find("encode"));
    if (encode) {
      TS_TRY(show_.encode, read_encode(*encode));
    }
    TS_TRY(const auto renditions, root_.find("renditions"));
    if (renditions) {
      TS_TRY(show_.renditions, read_renditions(*renditions, show_.canvas, show_.encode));
    }
    TS_TRY(const auto sound, root_.find("sound"));
    if (sound) {
      TS_TRY(show_.ceiling_dbtp, read_ceiling(*sound));
    }
    TS_TRY(const auto guards, root_.find("guards"));
    if (guards) {
      TS_TRY(show_.guards, read_guards(*guards, names_of(show_.scenes)));
    }
    TS_TRY(show_.filter, text_or(root_, "filter", "", 2000));
    TS_CHECK(parse_outputs());
    return std::move(show_);
  }

  /// The document is one source's object.
  Result<Source> parse_single_source(const std::string& name) {
    TS_CHECK(check_name(root_, name, "source"));
    return parse_source(name, root_);
  }

  /// The document is one scene's object, over the canvas and the sources of `show`.
  Result<Scene> parse_single_scene(const std::string& name, const Show& show) {
    show_.canvas = show.canvas;
    show_.sources = show.sources;
    TS_CHECK(check_name(root_, name, "scene"));
    return parse_scene(name, root_);
  }

 private:
  [[nodiscard]] std::string resolved(const std::string& path) const {
    return fs::path(path).is_absolute() ? path : (show_.folder / path).lexically_normal().string();
  }

  /// The name, when something of that kind has it.
  template <typename T>
  Result<std::string> existing(const JsonReader& reader, std::string_view what,
                               const std::vector<T>& all) const {
    TS_TRY(std::string name, reader.as_string());
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const T& item) { return item.name == name; });
    if (!known) return unknown_name(reader, what, name, names_of(all));
    return name;
  }

  static Status at_most(const JsonReader& reader, std::size_t count, std::size_t most,
                        std::string_view what) {
    if (count <= most) return ok_status();
    return reader.error(fmt::format("at most {} {}, found {}", most, what, count));
  }

  Status parse_canvas() {
    TS_TRY(const auto canvas, root_.find("canvas"));
    if (!canvas) return ok_status();
    TS_CHECK(canvas->only({"width", "height", "fps", "background"}));
    TS_TRY(const auto width, int_in_or(*canvas, "width", 1280, 160, 3840));
    TS_TRY(const auto height, int_in_or(*canvas, "height", 720, 90, 2160));
    for (const auto& [key, value] : {std::pair{"width", width}, std::pair{"height", height}}) {
      if (value % 2 == 0) continue;
      TS_TRY(const auto member, canvas->at(key));
      return member.error(fmt::format("expected an even number, found {}", value));
    }
    show_.canvas.size = {static_cast<int>(width), static_cast<int>(height)};
    TS_TRY(const auto fps, canvas->find("fps"));
    if (fps) {
      TS_TRY(show_.canvas.rate, read_rate(*fps));
    }
    TS_TRY(show_.canvas.background, color_or(*canvas, "background", 0x000000));
    return ok_status();
  }

  Status parse_sources() {
    TS_TRY(const auto sources, root_.at("sources"));
    TS_TRY(const auto members, sources.members());
    TS_CHECK(at_most(sources, members.size(), kMaxSources, "sources"));
    if (members.empty()) return sources.error("a show needs at least one source");
    for (const auto& [name, member] : members) {
      TS_CHECK(check_name(member, name, "source"));
      TS_TRY(Source source, parse_source(name, member));
      show_.sources.push_back(std::move(source));
    }
    for (const auto& [name, member] : members) {
      TS_TRY(const auto duck, member.find("duck"));
      if (duck) TS_CHECK(check_duck(*duck, name, names_of(show_.sources)));
    }
    return ok_status();
  }

  Result<Source> parse_source(const std::string& name, const JsonReader& reader) {
    TS_CHECK(reader.only({"url", "listen", "device", "size", "fps", "loop", "in", "out", "test",
                          "tone_hz", "color", "room", "gain_db", "muted", "delay", "filter",
                          "follow", "duck", "hot"}));
    Source source{.name = name};
    TS_TRY(const auto url, reader.find("url"));
    TS_TRY(const auto test, reader.find("test"));
    TS_TRY(const auto color, reader.find("color"));
    TS_TRY(const auto room, reader.find("room"));
    TS_TRY(const auto listen, reader.find("listen"));
    TS_TRY(const auto device, reader.find("device"));
    const int kinds = (url ? 1 : 0) + (test ? 1 : 0) + (color ? 1 : 0) + (room ? 1 : 0) +
                      (listen ? 1 : 0) + (device ? 1 : 0);
    if (kinds != 1) {
      Error error = reader.error(kinds == 0 ? "a source needs something to show"
                                            : "a source is one thing only");
      error.hint = "give exactly one of url, listen, device, test, color or room";
      return error;
    }
    if (url) {
      TS_TRY(source.input, parse_media(reader, *url));
    } else {
      for (const char* key : {"loop", "in", "out"}) {
        TS_TRY(const auto misplaced, reader.find(key));
        if (misplaced) return misplaced->error("only a source with a url takes this");
      }
    }
    if (listen) {
      TS_TRY(source.input, parse_listen(*listen));
    }
    if (device) {
      TS_TRY(source.input, parse_device(reader, *device));
    } else {
      for (const char* key : {"size", "fps"}) {
        TS_TRY(const auto misplaced, reader.find(key));
        if (misplaced) return misplaced->error("only a source with a device takes this");
      }
    }
    if (test) {
      TestInput input;
      TS_TRY(input.pattern, one_of<TestPattern>(*test, {{"bars", TestPattern::kBars},
                                                        {"smpte", TestPattern::kSmpte},
                                                        {"moving", TestPattern::kMoving},
                                                        {"gradient", TestPattern::kGradient}}));
      TS_TRY(input.tone_hz, number_in_or(reader, "tone_hz", 0, 0, 20'000));
      source.input = input;
    }
    if (color) {
      TS_TRY(const std::uint32_t rgb, read_color(*color));
      source.input = ColorInput{rgb};
    }
    if (room) {
      TS_CHECK(room->only({"identity", "track"}));
      RoomInput input;
      TS_TRY(const auto identity, room->at("identity"));
      TS_TRY(input.identity, text_at_most(identity, 256));
      if (input.identity.empty()) return identity.error("expected an identity");
      TS_TRY(const auto track, room->find("track"));
      if (track) {
        TS_TRY(input.track, one_of<std::string>(
                                *track, {{"camera", "camera"}, {"screen_share", "screen_share"}}));
      }
      source.input = input;
    }
    TS_TRY(source.gain_db, number_in_or(reader, "gain_db", 0, kMinGain, kMaxGain));
    TS_TRY(source.muted, reader.bool_or("muted", false));
    TS_TRY(source.delay, duration_or(reader, "delay", milliseconds{0}, kMaxDelay));
    TS_TRY(source.filter, text_or(reader, "filter", "", 2000));
    TS_TRY(source.follow, reader.bool_or("follow", false));
    TS_TRY(source.hot, reader.bool_or("hot", false));
    TS_TRY(const auto duck, reader.find("duck"));
    if (duck) {
      TS_TRY(source.duck, read_duck(*duck));
    }
    return source;
  }

  Result<Input> parse_media(const JsonReader& source, const JsonReader& url) {
    static constexpr std::array<std::string_view, 7> kSchemes{"http", "https", "rtmp", "rtmps",
                                                              "srt",  "rtsp",  "unix"};
    MediaInput input;
    TS_TRY(input.url, text_at_most(url, 4096));
    if (input.url.empty()) return url.error("expected a path or an address");
    const auto separator = input.url.find("://");
    if (separator == std::string::npos) {
      input.is_file = true;
      input.url = resolved(input.url);
    } else {
      const std::string scheme = to_lower(std::string_view(input.url).substr(0, separator));
      if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end()) {
        Error error = url.error(fmt::format("protocol '{}' is not allowed", shorten(scheme, 20)));
        error.hint = scheme == "file"
                         ? "write the path alone"
                         : "use a path, or http, https, rtmp, rtmps, srt, rtsp or unix";
        return error;
      }
    }
    TS_TRY(input.loop, source.bool_or("loop", false));
    TS_TRY(input.start, duration_or(source, "in", milliseconds{0}, kMaxAt));
    TS_TRY(const auto end, source.find("out"));
    if (end) {
      TS_TRY(input.end, read_duration(*end, kMaxAt));
      if (*input.end <= input.start) return end->error("\"out\" must come after \"in\"");
    }
    if (!input.is_file && (input.loop || end || input.start > milliseconds{0})) {
      return source.error("loop, in and out are for files only");
    }
    return Input{input};
  }

  static Result<Input> parse_listen(const JsonReader& reader) {
    MediaInput input{.access = Access::kListen};
    TS_TRY(input.url, text_at_most(reader, 4096));
    const std::string_view url = input.url;
    const bool rtmp = url.starts_with("rtmp://");
    const auto host = url.find("://");
    const auto slashes = std::count(url.begin(), url.end(), '/');
    if ((!rtmp && !url.starts_with("srt://")) || (rtmp && slashes < 4) ||
        (!rtmp && url.find(':', host + 3) == std::string_view::npos)) {
      Error error = reader.error("expected an address of this machine to listen on");
      error.hint = "write rtmp://0.0.0.0:1935/live/KEY or srt://0.0.0.0:9000";
      return error;
    }
    return Input{input};
  }

  static Result<Input> parse_device(const JsonReader& source, const JsonReader& reader) {
    MediaInput input{.access = Access::kDevice};
    TS_TRY(const std::string text, text_at_most(reader, 400));
    const auto colon = text.find(':');
    input.device = text.substr(0, colon);
    if (colon == std::string::npos || colon + 1 == text.size() ||
        (input.device != "v4l2" && input.device != "alsa")) {
      Error error = reader.error("expected a capture device");
      error.hint = "write v4l2:/dev/video0 or alsa:hw:0";
      return error;
    }
    input.url = text.substr(colon + 1);
    TS_TRY(input.size, text_or(source, "size", "", 20));
    const bool digits = std::all_of(input.size.begin(), input.size.end(),
                                    [](char c) { return (c >= '0' && c <= '9') || c == 'x'; });
    if (!input.size.empty() &&
        (!digits || std::count(input.size.begin(), input.size.end(), 'x') != 1)) {
      TS_TRY(const auto size, source.at("size"));
      return size.error("expected a size such as 1280x720");
    }
    TS_TRY(input.rate, int_in_or(source, "fps", 0, 1, 240));
    return Input{input};
  }

  Status parse_scenes() {
    TS_TRY(const auto scenes, root_.at("scenes"));
    TS_TRY(const auto members, scenes.members());
    TS_CHECK(at_most(scenes, members.size(), kMaxScenes, "scenes"));
    if (members.empty()) return scenes.error("a show needs at least one scene");
    for (const auto& [name, member] : members) {
      TS_CHECK(check_name(member, name, "scene"));
      TS_TRY(Scene scene, parse_scene(name, member));
      show_.scenes.push_back(std::move(scene));
    }
    return ok_status();
  }

  Result<Scene> parse_scene(const std::string& name, const JsonReader& reader) {
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
      TS_TRY(scene.layers, parse_items(reader));
    } else {
      if (items) return items->error("only the layout \"items\" takes items");
      TS_TRY(scene.layers, parse_slots(reader, scene.layout));
    }
    TS_TRY(const auto gains, reader.find("gains"));
    if (gains) {
      TS_TRY(const auto members, gains->members());
      for (const auto& [source, gain] : members) {
        if (show_.find_source(source) == nullptr) {
          return unknown_name(gain, "source", source, names_of(show_.sources));
        }
        TS_TRY(scene.gains_db[source], number_in(gain, kMinGain, kMaxGain));
      }
    }
    return scene;
  }

  Result<std::vector<Layer>> parse_slots(const JsonReader& reader, LayoutKind kind) {
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
      TS_TRY(std::string source, existing(entry, "source", show_.sources));
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
    TS_TRY(const auto margin, int_in_or(reader, "margin", options.margin, 0, 1000));
    TS_TRY(const auto gap, int_in_or(reader, "gap", 0, 0, 200));
    TS_TRY(const auto border, int_in_or(reader, "border", 0, 0, 64));
    options.margin = static_cast<int>(margin);
    options.gap = static_cast<int>(gap);
    options.border = static_cast<int>(border + border % 2);
    TS_TRY(options.border_rgb, color_or(reader, "border_color", options.border_rgb));
    TS_TRY(const auto fit, reader.find("fit"));
    if (fit) {
      TS_TRY(options.fit, read_fit(*fit));
      options.fit_given = true;
    }
    return arrange(show_.canvas, options);
  }

  static Result<Fit> read_fit(const JsonReader& reader) {
    return one_of<Fit>(
        reader, {{"cover", Fit::kCover}, {"contain", Fit::kContain}, {"stretch", Fit::kStretch}});
  }

  Result<std::vector<Layer>> parse_items(const JsonReader& reader) {
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
      TS_TRY(item.layer.source, existing(source, "source", show_.sources));
      const Size canvas = show_.canvas.size;
      TS_TRY(const auto x, int_in_or(entry, "x", 0, -8000, 8000));
      TS_TRY(const auto y, int_in_or(entry, "y", 0, -8000, 8000));
      TS_TRY(const auto width, int_in_or(entry, "width", canvas.width, 2, 8000));
      TS_TRY(const auto height, int_in_or(entry, "height", canvas.height, 2, 8000));
      item.layer.cell = even_inside({.x = static_cast<int>(x),
                                     .y = static_cast<int>(y),
                                     .width = static_cast<int>(width),
                                     .height = static_cast<int>(height)},
                                    canvas);
      if (item.layer.cell.width < 2 || item.layer.cell.height < 2) {
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
    for (Item& item : parsed) layers.push_back(std::move(item.layer));
    return layers;
  }

  static Result<Crop> read_crop(const JsonReader& reader) {
    TS_CHECK(reader.only({"left", "top", "right", "bottom"}));
    Crop crop;
    TS_TRY(crop.left, number_in_or(reader, "left", 0, 0, 0.95));
    TS_TRY(crop.top, number_in_or(reader, "top", 0, 0, 0.95));
    TS_TRY(crop.right, number_in_or(reader, "right", 0, 0, 0.95));
    TS_TRY(crop.bottom, number_in_or(reader, "bottom", 0, 0, 0.95));
    if (crop.left + crop.right > 0.95 || crop.top + crop.bottom > 0.95) {
      return reader.error("the crop leaves less than a twentieth of the picture");
    }
    return crop;
  }

  Status parse_overlays() {
    TS_TRY(const auto overlays, root_.find("overlays"));
    if (!overlays) return ok_status();
    TS_TRY(const auto members, overlays->members());
    TS_CHECK(at_most(*overlays, members.size(), kMaxOverlays, "overlays"));
    for (const auto& [name, member] : members) {
      TS_CHECK(check_name(member, name, "overlay"));
      TS_TRY(Overlay overlay, parse_overlay(name, member));
      show_.overlays.push_back(std::move(overlay));
    }
    return ok_status();
  }

  Result<Overlay> parse_overlay(const std::string& name, const JsonReader& reader) {
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
      content.path = resolved(path);
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

  Status parse_program() {
    TS_TRY(const auto program, root_.find("program"));
    if (!program) {
      show_.program = show_.scenes.front().name;
      return ok_status();
    }
    TS_TRY(show_.program, existing(*program, "scene", show_.scenes));
    return ok_status();
  }

  Status parse_cues() {
    TS_TRY(const auto cues, root_.find("cues"));
    if (!cues) return ok_status();
    TS_TRY(const auto entries, cues->items());
    TS_CHECK(at_most(*cues, entries.size(), kMaxCues, "cues"));
    for (const auto& entry : entries) {
      TS_TRY(Cue cue, parse_cue(entry));
      show_.cues.push_back(std::move(cue));
    }
    std::stable_sort(show_.cues.begin(), show_.cues.end(),
                     [](const Cue& a, const Cue& b) { return a.at < b.at; });
    return ok_status();
  }

  Result<Cue> parse_cue(const JsonReader& reader) {
    TS_CHECK(reader.only({"at", "take", "transition", "duration", "preview", "show", "hide", "mute",
                          "unmute", "gain", "black", "stop"}));
    Cue cue{.where = reader.path()};
    TS_TRY(const auto at, reader.at("at"));
    TS_TRY(cue.at, read_duration(at, kMaxAt));
    TS_TRY(const auto duration, reader.find("duration"));
    TS_TRY(const auto transition, reader.find("transition"));
    TS_TRY(const auto take, reader.find("take"));
    TS_TRY(const auto black, reader.find("black"));
    if (take) {
      TakeAction action;
      TS_TRY(action.scene, existing(*take, "scene", show_.scenes));
      if (transition) {
        TS_TRY(const std::string word, transition->as_string());
        auto kind = parse_transition(word);
        if (!kind.ok()) return at_path(*transition, std::move(kind).error());
        action.transition.kind = kind.value();
      } else if (duration) {
        action.transition.kind = TransitionKind::kFade;
      }
      if (action.transition.kind != TransitionKind::kCut) {
        TS_TRY(action.transition.duration,
               duration_or(reader, "duration", milliseconds{500}, kMaxTransition));
      } else if (duration) {
        return duration->error("a cut has no duration");
      }
      cue.actions.emplace_back(action);
    } else if (transition) {
      return transition->error("a transition belongs to a \"take\"");
    }
    TS_TRY(const auto preview, reader.find("preview"));
    if (preview) {
      TS_TRY(std::string scene, existing(*preview, "scene", show_.scenes));
      cue.actions.emplace_back(PreviewAction{std::move(scene)});
    }
    TS_CHECK(each_name(reader, "show", "overlay", show_.overlays, [&](std::string name) {
      cue.actions.emplace_back(OverlayAction{std::move(name), true});
    }));
    TS_CHECK(each_name(reader, "hide", "overlay", show_.overlays, [&](std::string name) {
      cue.actions.emplace_back(OverlayAction{std::move(name), false});
    }));
    TS_CHECK(each_name(reader, "mute", "source", show_.sources, [&](std::string name) {
      cue.actions.emplace_back(MuteAction{std::move(name), true});
    }));
    TS_CHECK(each_name(reader, "unmute", "source", show_.sources, [&](std::string name) {
      cue.actions.emplace_back(MuteAction{std::move(name), false});
    }));
    TS_TRY(const auto gain, reader.find("gain"));
    if (gain) {
      TS_TRY(const auto members, gain->members());
      for (const auto& [source, value] : members) {
        if (show_.find_source(source) == nullptr) {
          return unknown_name(value, "source", source, names_of(show_.sources));
        }
        TS_TRY(const double gain_db, number_in(value, kMinGain, kMaxGain));
        cue.actions.emplace_back(GainAction{source, gain_db});
      }
    }
    if (black) {
      BlackAction action;
      TS_TRY(action.black, black->as_bool());
      if (!take) {
        TS_TRY(action.duration, duration_or(reader, "duration", milliseconds{500}, kMaxTransition));
      }
      cue.actions.emplace_back(action);
    } else if (duration && !take) {
      return duration->error("a duration belongs to a \"take\" or to \"black\"");
    }
    TS_TRY(const bool stop, reader.bool_or("stop", false));
    if (stop) cue.actions.emplace_back(StopAction{});
    if (cue.actions.empty()) {
      Error error = reader.error("a cue that does nothing");
      error.hint = "give one of take, preview, show, hide, mute, unmute, gain, black or stop";
      return error;
    }
    return cue;
  }

  /// Calls `use` for each name of a member that is one name or a list of names.
  template <typename T, typename Use>
  Status each_name(const JsonReader& reader, std::string_view key, std::string_view what,
                   const std::vector<T>& all, const Use& use) const {
    TS_TRY(const auto member, reader.find(key));
    if (!member) return ok_status();
    if (!member->is_array()) {
      TS_TRY(std::string name, existing(*member, what, all));
      use(std::move(name));
      return ok_status();
    }
    TS_TRY(const auto entries, member->items());
    for (const auto& entry : entries) {
      TS_TRY(std::string name, existing(entry, what, all));
      use(std::move(name));
    }
    return ok_status();
  }

  Status parse_outputs() {
    TS_TRY(const auto outputs, root_.find("outputs"));
    if (!outputs) return ok_status();
    TS_TRY(const auto entries, outputs->items());
    TS_CHECK(at_most(*outputs, entries.size(), kMaxOutputs, "outputs"));
    std::set<std::string> used;
    for (const auto& entry : entries) {
      TS_TRY(Output output, parse_output_entry(entry));
      std::string name = output.name;
      for (int n = 2; !used.insert(name).second; ++n) name = fmt::format("{}-{}", output.name, n);
      output.name = std::move(name);
      show_.outputs.push_back(std::move(output));
    }
    return ok_status();
  }

  Result<Output> parse_output_entry(const JsonReader& reader) {
    TS_CHECK(reader.only({"file", "rtmp_url_file", "srt_url_file", "hls", "mux", "whip", "room",
                          "name", "segment", "window", "fmp4", "rendition", "renditions"}));
    Output output;
    TS_TRY(output.renditions, read_output_renditions(reader));
    std::vector<std::string_view> kinds;
    for (const std::string_view key :
         {"file", "rtmp_url_file", "srt_url_file", "hls", "mux", "whip", "room"}) {
      TS_TRY(const auto member, reader.find(key));
      if (member) kinds.push_back(key);
    }
    if (kinds.size() != 1) {
      Error error = reader.error(kinds.empty() ? "an output needs a target"
                                               : "an output has one target only");
      error.hint = "give exactly one of file, rtmp_url_file, srt_url_file, hls, mux, whip or room";
      return error;
    }
    const std::string_view kind = kinds.front();
    TS_TRY(const auto target, reader.at(kind));
    std::string value;
    if (kind == "room") {
      TS_TRY(const bool on, target.as_bool());
      if (!on) return target.error("expected true");
      output.target = RoomOutput{};
    } else {
      TS_TRY(value, text_at_most(target, 4096));
      if (value.empty()) return target.error("expected text");
    }
    if (kind == "file") {
      const std::string extension = to_lower(fs::path(value).extension().string());
      if (extension != ".mp4" && extension != ".mkv" && extension != ".mov" && extension != ".ts" &&
          extension != ".flv") {
        Error error = target.error(fmt::format("unknown kind of file '{}'", shorten(value, 80)));
        error.hint = "end the name in .mp4, .mkv, .mov, .ts or .flv";
        return error;
      }
      output.target = FileOutput{resolved(value)};
    } else if (kind == "rtmp_url_file" || kind == "srt_url_file") {
      if (value.find("://") != std::string::npos) {
        Error error = target.error("an address, where the name of a file with it is expected");
        error.hint = "such an address is a secret: put it into a file (chmod 600) and name that";
        return error;
      }
      if (kind == "rtmp_url_file") {
        output.target = RtmpUrlFileOutput{resolved(value)};
      } else {
        output.target = SrtUrlFileOutput{resolved(value)};
      }
    } else if (kind == "hls") {
      HlsOutput hls{.folder = resolved(value)};
      TS_TRY(hls.segment, duration_or(reader, "segment", hls.segment, seconds{60}));
      if (hls.segment < milliseconds{500}) return reader.error("a segment of at least 500ms");
      TS_TRY(const auto window, int_in_or(reader, "window", 0, 0, 10'000));
      hls.window = static_cast<int>(window);
      TS_TRY(hls.fmp4, reader.bool_or("fmp4", false));
      output.target = hls;
    } else if (kind == "mux") {
      output.target = MuxOutput{value};
    } else if (kind == "whip") {
      output.target = WhipOutput{value};
    }
    TS_TRY(output.name, text_or(reader, "name", std::string(kind), 64));
    TS_CHECK(check_name(reader, output.name, "output"));
    if (auto known = check_renditions(output, show_.renditions); !known.ok()) {
      return at_path(reader, std::move(known).error());
    }
    return output;
  }

  JsonReader root_;
  Show show_;
};

}  // namespace

Result<Show> parse_show(std::string_view text, std::string_view what, const fs::path& folder) {
  TS_TRY(const Json json, parse_json(text, what, ErrorKind::kUsage));
  auto show = Parser(JsonReader(json, ErrorKind::kUsage), folder).parse();
  return std::move(show).with_context(what);
}

Result<Source> parse_source(std::string_view name, std::string_view json, const fs::path& folder) {
  TS_TRY(const Json document, parse_json(json, "the source", ErrorKind::kUsage));
  return Parser(JsonReader(document, ErrorKind::kUsage), folder)
      .parse_single_source(std::string(name));
}

Result<Scene> parse_scene(std::string_view name, std::string_view json, const Show& show) {
  TS_TRY(const Json document, parse_json(json, "the scene", ErrorKind::kUsage));
  return Parser(JsonReader(document, ErrorKind::kUsage), {})
      .parse_single_scene(std::string(name), show);
}

Result<Show> load_show(const fs::path& path) {
  TS_TRY(const std::string text, read_file(path, std::size_t{1} << 20U));
  return parse_show(text, path.string(), path.parent_path());
}

}  // namespace ts::scene
