// SPDX-License-Identifier: Apache-2.0
#include "tui/view.hpp"

#include "core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace ts::cli::tui {
namespace {

constexpr Style kPlain{};
constexpr Style kDim{.front = 0x8A93A0};
constexpr Style kTitle{.front = 0xFFFFFF, .back = 0x1F3A5F, .bold = true};
constexpr Style kHead{.front = 0x7FB0E8, .bold = true};
constexpr Style kProgram{.front = 0xFFFFFF, .back = 0xB02020, .bold = true};
constexpr Style kPreview{.front = 0xFFFFFF, .back = 0x207030, .bold = true};
constexpr Style kGood{.front = 0x50C070};
constexpr Style kWarn{.front = 0xE8B030};
constexpr Style kBad{.front = 0xFF5050, .bold = true};
constexpr int kPanel = 36;  ///< Columns beside the picture.
constexpr int kWide = 110;  ///< Columns that everything has room in, but the keys in words.
constexpr int kWideKeys = 115;
/// How long a message stays: what was done is news for a moment, what went wrong has to be read.
constexpr seconds kMessage{6};
constexpr seconds kTrouble{20};

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
double number_of(const Json& object, const char* key, double fallback = 0) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : fallback;
}
std::int64_t count_of(const Json& object, const char* key) {
  return static_cast<std::int64_t>(number_of(object, key));
}
bool flag_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}
std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> out;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return out;
  for (const Json& entry : *found) {
    if (entry.is_string()) out.push_back(entry.get<std::string>());
  }
  return out;
}
template <typename Use>
void each_object(const Json& object, const char* key, const Use& use) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return;
  for (const Json& entry : *found) {
    if (entry.is_object()) use(entry);
  }
}

std::string clock_text(std::int64_t milliseconds) {
  const std::int64_t total = milliseconds / 1000;
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

std::string level_text(double value) {
  return value <= -100 ? "   -  " : fmt::format("{:6.1f}", value);
}

Style state_style(const std::string& state) {
  if (state == "live" || state == "still") return kGood;
  if (state == "ended" || state == "finished") return kDim;
  if (state == "connecting" || state == "stale" || state == "retrying") return kWarn;
  return kBad;
}

/// A bar from -60 dB to 0 dB: green, above -18 yellow, above -6 red.
void draw_meter(Screen& screen, int column, int row, int width, double db) {
  const double part = std::clamp((db + 60) / 60, 0.0, 1.0);
  const int filled = static_cast<int>(std::lround(part * width));
  for (int i = 0; i < width; ++i) {
    const double at = -60 + 60.0 * i / width;
    const Color color = at >= -6 ? 0xE04040 : at >= -18 ? 0xD8B030 : 0x40B060;
    // Not the whole cell: the bars of two rows stay apart.
    screen.put(column + i, row, i < filled ? U'▇' : U'·',
               {.front = i < filled ? color : Color{0x404850}});
  }
}

/// The last row that may be drawn on, above the message and the keys.
int last_row(const Screen& screen) { return screen.rows() - 3; }

void draw_title(Screen& screen, const Model& model) {
  screen.fill(0, 0, screen.columns(), kTitle);
  int at = screen.text(1, 0, model.show, kTitle, screen.columns() < 60 ? 12 : 30);
  at = screen.text(at + 2, 0, clock_text(model.time_ms), kTitle);
  // A narrow screen ends before the numbers, not before the alarms.
  if (model.black) at = screen.text(at + 2, 0, " BLACK ", {0xFFFFFF, 0x000000, true});
  for (const std::string& alarm : model.alarms) {
    at = screen.text(at + 2, 0, fmt::format(" {} ", alarm), kProgram);
  }
  at = screen.text(at + 2, 0, fmt::format("{:.1f} fps", model.fps), kTitle);
  if (model.late > 0) at = screen.text(at + 2, 0, fmt::format("{} late", model.late), kTitle);
  screen.text(at + 2, 0, model.engine, kTitle);
}

/// @param rgb  3 bytes a pixel; too short, it is left out.
void draw_picture(Screen& screen, const std::string& rgb, PictureSize size, int column, int row) {
  const auto pixel = [&](int x, int y) {
    const auto at = static_cast<std::size_t>(3 * (y * size.width + x));
    const auto part = [&](std::size_t i) {
      return static_cast<Color>(static_cast<unsigned char>(rgb[at + i]));
    };
    return part(0) << 16U | part(1) << 8U | part(2);
  };
  if (rgb.size() < static_cast<std::size_t>(3 * size.width * size.height)) return;
  for (int y = 0; y + 1 < size.height; y += 2) {
    for (int x = 0; x < size.width; ++x) {
      screen.put(column + x, row + y / 2, U'▀', {.front = pixel(x, y), .back = pixel(x, y + 1)});
    }
  }
}

/// How many scenes and overlays a panel shows; a list that is cut has a row that says so.
struct Share {
  std::size_t scenes = 0;
  std::size_t overlays = 0;
  bool more_scenes = false;
  bool more_overlays = false;
};

Share share_rows(const Model& model, int rows) {
  const auto room = static_cast<std::size_t>(std::max(0, rows));
  const std::size_t scenes = model.scenes.size();
  const std::size_t overlays = model.overlays.size();
  if (scenes + (overlays > 0 ? 1 + overlays : 0) <= room) return {scenes, overlays};
  // A row of space, and a third for the overlays at least: all of either list would hide the other.
  const std::size_t both = room > 0 && overlays > 0 ? room - 1 : room;
  const std::size_t for_scenes =
      std::min(scenes, both - std::min({overlays, both / 2, std::max<std::size_t>(1, both / 3)}));
  const auto shown = [](std::size_t all, std::size_t lines) {
    return all <= lines ? all : lines - std::min<std::size_t>(lines, 1);
  };
  const std::size_t for_overlays = both - for_scenes;
  return {.scenes = shown(scenes, for_scenes),
          .overlays = shown(overlays, for_overlays),
          .more_scenes = scenes > for_scenes && for_scenes > 0,
          .more_overlays = overlays > for_overlays && for_overlays > 0};
}

void draw_rest(Screen& screen, int column, int& row, std::size_t left, bool wanted) {
  if (wanted) screen.text(column, row++, fmt::format("… {} more", left), kDim);
}

/// "0:12", "1:02:03": up to the second in which it happens.
std::string left_text(std::int64_t milliseconds) {
  const std::int64_t total = (std::max<std::int64_t>(0, milliseconds) + 999) / 1000;
  if (total < 3600) return fmt::format("{}:{:02}", total / 60, total % 60);
  return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
}

/// What the show does by itself, and when.
void draw_plan(Screen& screen, const Model& model, int column, int row) {
  constexpr int kRoom = kPanel - 10;
  constexpr std::int64_t kNear = 10'000;
  if (model.holding) {
    screen.text(column, row, "HOLD", kHead);
    screen.text(column + 10, row, "g begins the show", kWarn, kRoom);
    return;
  }
  const bool ends =
      model.ends_in_ms >= 0 && (model.next_cue.empty() || model.ends_in_ms < model.next_cue_in_ms);
  if (!ends && model.next_cue.empty()) return;
  const std::int64_t left = ends ? model.ends_in_ms : model.next_cue_in_ms;
  const std::string what = ends ? "the end" : model.next_cue;
  const std::string when = left_text(left);
  screen.text(column, row, "NEXT", kHead);
  const Style style = left <= kNear ? kWarn : kDim;
  const int at = screen.text(column + 10, row, when, style);
  screen.text(at + 1, row, what, style, column + 10 + kRoom - at - 1);
}

void draw_scenes(Screen& screen, const Model& model, int column, int row, int rows) {
  screen.text(column, row, "PROGRAM", kHead);
  screen.text(column + 9, row, fmt::format(" {} ", model.program), kProgram, kPanel - 10);
  screen.text(column, row + 1, "PREVIEW", kHead);
  if (!model.preview.empty()) {
    screen.text(column + 9, row + 1, fmt::format(" {} ", model.preview), kPreview, kPanel - 10);
  }
  draw_plan(screen, model, column, row + 2);
  const Share share = share_rows(model, rows - 3);
  int at = row + 3;
  for (std::size_t i = 0; i < share.scenes; ++i, ++at) {
    const std::string& name = model.scenes[i];
    const Style style = name == model.program   ? kProgram
                        : name == model.preview ? kPreview
                                                : kPlain;
    if (i < 9) screen.text(column, at, fmt::format("{}", i + 1), kDim);
    screen.text(column + 2, at, fmt::format(" {} ", name), style, kPanel - 3);
  }
  draw_rest(screen, column + 3, at, model.scenes.size() - share.scenes, share.more_scenes);
  ++at;
  for (std::size_t i = 0; i < share.overlays; ++i, ++at) {
    const Model::Overlay& overlay = model.overlays[i];
    if (i < 12) screen.text(column, at, fmt::format("F{}", i + 1), kDim);
    screen.text(column + 4, at, overlay.name,
                overlay.broken   ? kBad
                : overlay.on_air ? Style{0x000000, 0xE0A030, true}
                                 : kPlain,
                kPanel - 5);
  }
  draw_rest(screen, column + 4, at, model.overlays.size() - share.overlays, share.more_overlays);
}

/// On a screen of 80 columns: shorter words and meter, and what still has no room is left out
/// whole.
void draw_narrow_sound(Screen& screen, const Model& model, int row, const Style& limited) {
  const auto level = [](double value) {
    return value <= -100 ? "   - " : fmt::format("{:5.1f}", value);
  };
  const std::pair<std::string, Style> parts[] = {
      {level(model.peak_db) + " dB", kPlain},
      {fmt::format("M {} S {} I {} LUFS", level(model.momentary), level(model.short_term),
                   level(model.integrated)),
       kPlain},
      {fmt::format("TP {}", level(model.true_peak_max_db)), kPlain},
      {fmt::format("lim {:.1f}", model.limited_db), limited}};
  constexpr int kMeter = 8;
  constexpr int kLeast = 6;
  int room = screen.columns() - 1 - kMeter - kLeast;
  std::vector<const std::pair<std::string, Style>*> shown;
  for (const auto& part : parts) {
    // All of them are ASCII. Two columns between them.
    const int width = static_cast<int>(part.first.size()) + 2;
    if (width > room) continue;
    room -= width;
    shown.push_back(&part);
  }
  const int meter = std::clamp(kLeast + room, 0, 24);
  draw_meter(screen, kMeter, row, meter, model.peak_db);
  int at = kMeter + meter;
  for (const auto* part : shown) at = screen.text(at + 2, row, part->first, part->second);
}

int draw_sound(Screen& screen, const Model& model, int row) {
  screen.text(1, row, "SOUND", kHead);
  const Style limited = model.limited_db > 3 ? kBad : model.limited_db > 0 ? kWarn : kDim;
  if (screen.columns() < kWide) {
    draw_narrow_sound(screen, model, row, limited);
    return row + 1;
  }
  draw_meter(screen, 8, row, 24, model.peak_db);
  int at = screen.text(33, row, fmt::format("{} dB", level_text(model.peak_db)), kPlain);
  at = screen.text(at + 2, row,
                   fmt::format("M {}  S {}  I {} LUFS", level_text(model.momentary),
                               level_text(model.short_term), level_text(model.integrated)),
                   kPlain);
  at = screen.text(at + 2, row, fmt::format("TP {}", level_text(model.true_peak_max_db)), kPlain);
  screen.text(at + 2, row, fmt::format("limiter {:.1f}", model.limited_db), limited);
  return row + 1;
}

bool in_trouble(const Model::Output& output) {
  return output.state != "live" && output.state != "finished";
}

int draw_sources(Screen& screen, const Model& model, int row) {
  screen.text(1, row, "SOURCES", kHead);
  screen.text(20, row, "level", kDim);
  screen.text(45, row, "gain", kDim);
  ++row;
  // The outputs' head stays in sight, and those in trouble: one that has failed is the worst news.
  const auto bad = std::count_if(model.outputs.begin(), model.outputs.end(), in_trouble);
  const int kept = model.outputs.empty() ? 0 : 1 + std::clamp(static_cast<int>(bad), 1, 3);
  const auto room = static_cast<std::size_t>(std::max(1, last_row(screen) - kept - row + 1));
  const bool all = model.sources.size() <= room;
  const std::size_t shown = all ? model.sources.size() : std::max<std::size_t>(1, room - 1);
  const std::size_t first =
      model.selected >= shown ? std::min(model.selected + 1, model.sources.size()) - shown : 0;
  for (std::size_t i = first; i < first + shown; ++i, ++row) {
    const Model::Source& source = model.sources[i];
    if (i == model.selected) screen.put(0, row, U'▶', kWarn);
    screen.text(1, row, source.name, source.on_air ? kProgram : kPlain, 17);
    const bool heard = !source.muted && !source.left_out;
    draw_meter(screen, 20, row, 16, heard ? source.level_db : -120);
    screen.text(37, row, level_text(source.level_db), kDim);
    screen.text(44, row, fmt::format("{:+5.1f}", source.gain_db), kPlain);
    // A small m is not muted itself: others are solo.
    screen.put(51, row, source.muted ? U'M' : source.left_out ? U'm' : U'·', heard ? kDim : kBad);
    screen.put(52, row, source.solo ? U'S' : U'·', source.solo ? kWarn : kDim);
    screen.put(53, row, source.follow ? U'F' : U'·', source.follow ? kGood : kDim);
    screen.put(54, row, source.ducked_db > 0 ? U'D' : U'·', source.ducked_db > 0 ? kWarn : kDim);
    const int at = screen.text(56, row, source.state, state_style(source.state));
    screen.text(at + 1, row, source.reason, kDim, std::max(0, screen.columns() - at - 2));
  }
  if (!all) screen.text(1, row++, fmt::format("… {} more", model.sources.size() - shown), kDim);
  return row;
}

/// Where there is no room for a path, a file is told from another by its end.
std::string short_path(const std::string& name, std::size_t most) {
  const auto colon = name.find(":/");
  if (name.size() <= most || colon == std::string::npos) return name;
  return name.substr(0, colon + 1) + name.substr(name.rfind('/') + 1);
}

int draw_outputs(Screen& screen, const Model& model, int row) {
  if (row > last_row(screen)) return row;
  screen.text(1, row, "OUTPUTS", kHead);
  const auto room = static_cast<std::size_t>(std::max(0, last_row(screen) - row));
  if (model.outputs.size() > room) {
    screen.text(20, row, fmt::format("… {} more", model.outputs.size() - room), kDim);
  }
  ++row;
  std::vector<Model::Output> sorted = model.outputs;
  std::stable_partition(sorted.begin(), sorted.end(), in_trouble);
  for (const Model::Output& output : sorted) {
    if (row > last_row(screen)) break;
    screen.text(1, row, short_path(output.name, 18), kPlain, 18);
    screen.text(20, row, output.state, state_style(output.state), 14);
    if (screen.columns() < kWide && !output.reason.empty()) {
      // Why nothing leaves says more than how little does.
      int at = 35;
      if (output.dropped > 0) {
        at = screen.text(at, row, fmt::format("{} dropped", output.dropped), kBad) + 2;
      }
      screen.text(at, row++, output.reason, kDim, std::max(0, screen.columns() - at - 1));
      continue;
    }
    screen.text(35, row, fmt::format("{:6.0f} kb/s", output.bits / 1000), kPlain);
    screen.text(48, row, fmt::format("{:8.1f} MB", static_cast<double>(output.bytes) / 1e6),
                kPlain);
    screen.text(61, row, fmt::format("{} dropped", output.dropped),
                output.dropped > 0 ? kBad : kDim);
    screen.text(76, row++, output.reason, kDim, std::max(0, screen.columns() - 77));
  }
  return row;
}

/// A row of small pictures with their names, at the bottom.
void draw_thumbnails(Screen& screen, const Model& model) {
  const int shown = thumbnails_shown(model, screen.columns(), screen.rows());
  const int row = last_row(screen) - kThumbnail.height / 2;
  for (int i = 0; i < shown; ++i) {
    const Model::Source& source = model.sources[static_cast<std::size_t>(i)];
    const int column = 1 + i * (kThumbnail.width + 2);
    screen.fill(column, row, kThumbnail.width, source.on_air ? kProgram : kDim);
    screen.text(column + 1, row, source.name, source.on_air ? kProgram : kDim,
                kThumbnail.width - 2);
    const auto found = model.thumbnails.find(source.name);
    if (found == model.thumbnails.end()) {
      screen.text(column + 5, row + kThumbnail.height / 4, "no picture", kDim);
      continue;
    }
    draw_picture(screen, found->second, kThumbnail, column, row + 1);
  }
}

/// Rows that the picture and the lists beside it take.
int rows_above(const Model& model, int columns, int rows) noexcept {
  const PictureSize size = picture_size(columns, rows);
  const int list =
      3 + static_cast<int>(model.scenes.size()) + 1 + static_cast<int>(model.overlays.size());
  const int used = size.width > 0 ? size.height / 2 : std::min(8, std::max(3, rows / 3));
  return std::max(used, std::min(list, std::max(3, rows - 14)));
}

}  // namespace

int thumbnails_shown(const Model& model, int columns, int rows) noexcept {
  // Title, picture, sound, the lists with their heads; then a row of space and the name's row.
  const auto listed = static_cast<int>(model.sources.size() + model.outputs.size());
  const int below = 2 + rows_above(model, columns, rows) + 1 + 1 + 2 + listed;
  if (picture_size(columns, rows).width == 0 || rows - 3 - below < kThumbnail.height / 2 + 1) {
    return 0;
  }
  return std::min(static_cast<int>(model.sources.size()), (columns - 1) / (kThumbnail.width + 2));
}

void Model::say(std::string text, bool trouble, SteadyTime now) {
  message = std::move(text);
  wrong = trouble;
  said_at = now;
}

void Model::forget_message(SteadyTime now) {
  if (now - said_at >= (wrong ? kTrouble : kMessage)) message.clear();
}

void Model::take_status(const Json& status) {
  if (!status.is_object()) return;
  const std::int64_t before_ms = time_ms;
  show = text_of(status, "show");
  engine = text_of(status, "engine");
  program = text_of(status, "program");
  preview = text_of(status, "preview");
  time_ms = count_of(status, "time_ms");
  fps = number_of(status, "fps");
  late = count_of(status, "lagged") + count_of(status, "skipped");
  black = flag_of(status, "black");
  holding = flag_of(status, "holding");
  const auto next = status.find("next_cue");
  const bool known = next != status.end() && next->is_object();
  next_cue = known ? text_of(*next, "does") : std::string();
  next_cue_in_ms = known ? count_of(*next, "in_ms") : 0;
  ends_in_ms = static_cast<std::int64_t>(number_of(status, "ends_in_ms", -1));
  alarms = texts_of(status, "alarms");
  scenes = texts_of(status, "scenes");
  if (const auto sound = status.find("sound"); sound != status.end() && sound->is_object()) {
    peak_db = number_of(*sound, "peak_db", -120);
    true_peak_max_db = number_of(*sound, "true_peak_max_db", -120);
    limited_db = number_of(*sound, "limited_db");
    momentary = number_of(*sound, "momentary_lufs", -120);
    short_term = number_of(*sound, "short_term_lufs", -120);
    integrated = number_of(*sound, "integrated_lufs", -120);
  }
  sources.clear();
  each_object(status, "sources", [&](const Json& entry) {
    sources.push_back({.name = text_of(entry, "name"),
                       .state = text_of(entry, "state"),
                       .reason = text_of(entry, "reason"),
                       .on_air = flag_of(entry, "on_air"),
                       .muted = flag_of(entry, "muted"),
                       .solo = flag_of(entry, "solo"),
                       .left_out = flag_of(entry, "left_out"),
                       .follow = flag_of(entry, "follow"),
                       .gain_db = number_of(entry, "gain_db"),
                       .level_db = number_of(entry, "level_db", -120),
                       .ducked_db = number_of(entry, "ducked_db")});
  });
  if (selected >= sources.size()) selected = sources.empty() ? 0 : sources.size() - 1;
  overlays.clear();
  each_object(status, "overlays", [&](const Json& entry) {
    overlays.push_back({.name = text_of(entry, "name"),
                        .on_air = flag_of(entry, "on_air"),
                        .broken = !text_of(entry, "trouble").empty()});
  });
  const std::vector<Output> before = std::exchange(outputs, {});
  each_object(status, "outputs", [&](const Json& entry) {
    Output output{.name = text_of(entry, "name"),
                  .state = text_of(entry, "state"),
                  .reason = text_of(entry, "reason"),
                  .bytes = count_of(entry, "bytes"),
                  .dropped = count_of(entry, "dropped")};
    for (const Output& old : before) {
      if (old.name != output.name) continue;
      output.bits = old.bits;
      const double passed = static_cast<double>(time_ms - before_ms) / 1000;
      if (passed <= 0 || output.bytes < old.bytes) break;
      // Outputs write in bursts: a mean over about two seconds is what people can read.
      const double now = static_cast<double>(output.bytes - old.bytes) * 8 / passed;
      const double weight = std::min(1.0, old.bits == 0 ? 1.0 : passed / 2);
      output.bits = old.bits + (now - old.bits) * weight;
    }
    outputs.push_back(std::move(output));
  });
}

PictureSize picture_size(int columns, int rows) noexcept {
  const int width = std::min({columns - kPanel - 3, 128, (rows - 12) * 32 / 9}) & ~1;
  if (width < 16) return {};
  return {.width = width, .height = (width * 9 / 16) & ~1};
}

Screen draw(const Model& model, int columns, int rows) {
  Screen screen(columns, rows);
  draw_title(screen, model);
  const PictureSize size = picture_size(screen.columns(), screen.rows());
  int row = 2;
  const int used = rows_above(model, columns, rows);
  if (size.width > 0) {
    draw_picture(screen, model.picture, {model.picture_width, model.picture_height}, 1, row);
  }
  draw_scenes(screen, model, size.width > 0 ? size.width + 3 : 1, row, used);
  row += used + 1;
  if (row <= last_row(screen)) row = draw_sound(screen, model, row);
  if (row <= last_row(screen)) row = draw_sources(screen, model, row);
  (void)draw_outputs(screen, model, row);
  draw_thumbnails(screen, model);
  screen.text(1, screen.rows() - 2, model.message, model.wrong ? kBad : kGood,
              screen.columns() - 2);
  screen.fill(0, screen.rows() - 1, screen.columns(), kTitle);
  const bool wide = screen.columns() >= kWideKeys;
  screen.text(
      1, screen.rows() - 1,
      wide ? "1-9 ←→ preview  Enter fade  c cut  b black  F1-F12 overlays  ↑↓ source  m mute  "
             "s solo  f follow  +- gain  q quit"
           : "1-9 ←→ preview  Enter fade  c cut  b black  F1- overlay  ↑↓ m s f + -  q quit",
      kTitle, screen.columns() - 2);
  return screen;
}

}  // namespace ts::cli::tui
