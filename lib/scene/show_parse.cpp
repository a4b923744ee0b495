// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "scene/parse_parts.hpp"
#include "scene/parse_values.hpp"
#include "scene/scene_parse.hpp"
#include "scene/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace ts::scene {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{1} << 20U;
constexpr std::size_t kMaxSources = 64;
constexpr std::size_t kMaxScenes = 128;
constexpr std::size_t kMaxOverlays = 64;
constexpr std::size_t kMaxCues = 10'000;
constexpr std::size_t kMaxOutputs = 16;

/// Turns one JSON document into a Show. One method per member of the file.
class Parser {
 public:
  /// @param mistakes  where every mistake is put; without it the first one ends the reading.
  Parser(const JsonReader& root, fs::path folder, std::vector<Error>* mistakes = nullptr)
      : root_(root), mistakes_(mistakes) {
    show_.folder = std::move(folder);
  }

  Result<Show> parse() {
    TS_CHECK(gather(root_.only({"schema", "name", "canvas", "sources", "scenes", "overlays",
                                "program", "cues", "encode", "renditions", "sound", "guards",
                                "filter", "outputs", "duration", "frame_code"})));
    TS_CHECK(parse_schema());
    // Called something else, most likely: that is one mistake.
    if (mistakes_ != nullptr && !mistakes_->empty()) {
      const auto sources = root_.find("sources");
      if (!sources.ok() || !sources.value()) return std::move(show_);
    }
    TS_CHECK(gather(parse_general()));
    TS_CHECK(gather(parse_canvas()));
    TS_CHECK(gather(parse_sources()));
    // Everything else names them.
    if (show_.sources.empty()) return std::move(show_);
    TS_CHECK(gather(parse_scenes()));
    TS_CHECK(gather(parse_overlays()));
    if (show_.scenes.empty()) return std::move(show_);
    TS_CHECK(gather(parse_program()));
    TS_CHECK(gather(parse_cues()));
    TS_CHECK(gather(parse_program_output()));
    TS_CHECK(gather(parse_outputs()));
    return std::move(show_);
  }

  /// The document is one source's object.
  Result<Source> parse_single_source(const std::string& name) {
    TS_CHECK(check_name(root_, name, "source"));
    return read_source(name, root_, show_.folder);
  }

  /// The document is one scene's object, over the canvas and the sources of `show`.
  Result<Scene> parse_single_scene(const std::string& name, const Show& show) {
    show_.canvas = show.canvas;
    show_.sources = show.sources;
    TS_CHECK(check_name(root_, name, "scene"));
    return read_scene(name, root_, show_);
  }

 private:
  /// Notes a mistake and goes on, where all are asked for.
  Status gather(Status status) {
    if (status.ok() || mistakes_ == nullptr) return status;
    mistakes_->push_back(status.error());
    return ok_status();
  }

  /// The value, or where all mistakes are asked for something of that name: others may refer to it.
  template <typename T>
  Result<T> or_named(Result<T> result, const std::string& name) {
    if (result.ok()) return result;
    TS_CHECK(gather(std::move(result).error()));
    T stand_in;
    stand_in.name = name;
    return stand_in;
  }

  Status parse_schema() {
    TS_TRY(const std::string schema, root_.string_or("schema", "ts.show/1"));
    if (schema == "ts.show/1") return ok_status();
    TS_TRY(const auto member, root_.at("schema"));
    Error error = member.error(fmt::format("unknown schema '{}'", shorten(schema, 40)));
    error.hint = "this version reads ts.show/1";
    return error;
  }

  Status parse_general() {
    TS_TRY(show_.name, text_or(root_, "name", "show", 200));
    TS_TRY(show_.frame_code, root_.bool_or("frame_code", false));
    TS_TRY(const auto duration, root_.find("duration"));
    if (duration) {
      TS_TRY(show_.duration, read_duration(*duration, kMaxAt));
      if (*show_.duration <= milliseconds{0}) return duration->error("longer than nothing");
    }
    return ok_status();
  }

  /// How the program is encoded, mixed, watched and filtered.
  Status parse_program_output() {
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
    return ok_status();
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
      TS_CHECK(gather(check_name(member, name, "source")));
      TS_TRY(Source source, or_named(read_source(name, member, show_.folder), name));
      show_.sources.push_back(std::move(source));
    }
    for (const auto& [name, member] : members) {
      TS_TRY(const auto duck, member.find("duck"));
      if (duck) TS_CHECK(gather(check_duck(*duck, name, names_of(show_.sources))));
    }
    return ok_status();
  }

  Status parse_scenes() {
    TS_TRY(const auto scenes, root_.at("scenes"));
    TS_TRY(const auto members, scenes.members());
    TS_CHECK(at_most(scenes, members.size(), kMaxScenes, "scenes"));
    if (members.empty()) return scenes.error("a show needs at least one scene");
    for (const auto& [name, member] : members) {
      TS_CHECK(gather(check_name(member, name, "scene")));
      TS_TRY(Scene scene, or_named(read_scene(name, member, show_), name));
      show_.scenes.push_back(std::move(scene));
    }
    return ok_status();
  }

  Status parse_overlays() {
    TS_TRY(const auto overlays, root_.find("overlays"));
    if (!overlays) return ok_status();
    TS_TRY(const auto members, overlays->members());
    TS_CHECK(at_most(*overlays, members.size(), kMaxOverlays, "overlays"));
    for (const auto& [name, member] : members) {
      TS_CHECK(gather(check_name(member, name, "overlay")));
      TS_TRY(Overlay overlay, or_named(read_overlay(name, member, show_.folder), name));
      show_.overlays.push_back(std::move(overlay));
    }
    return ok_status();
  }

  Status parse_program() {
    TS_TRY(const auto program, root_.find("program"));
    if (!program) {
      show_.program = show_.scenes.front().name;
      return ok_status();
    }
    TS_TRY(show_.program, existing_name(*program, "scene", show_.scenes));
    return ok_status();
  }

  Status parse_cues() {
    TS_TRY(const auto cues, root_.find("cues"));
    if (!cues) return ok_status();
    TS_TRY(const auto entries, cues->items());
    TS_CHECK(at_most(*cues, entries.size(), kMaxCues, "cues"));
    for (const auto& entry : entries) {
      auto cue = read_cue(entry, show_);
      TS_CHECK(gather(cue.ok() ? ok_status() : Status(cue.error())));
      if (cue.ok()) show_.cues.push_back(std::move(cue).value());
    }
    std::stable_sort(show_.cues.begin(), show_.cues.end(),
                     [](const Cue& a, const Cue& b) { return a.at < b.at; });
    return ok_status();
  }

  Status parse_outputs() {
    TS_TRY(const auto outputs, root_.find("outputs"));
    if (!outputs) return ok_status();
    TS_TRY(const auto entries, outputs->items());
    TS_CHECK(at_most(*outputs, entries.size(), kMaxOutputs, "outputs"));
    std::set<std::string> used;
    for (const auto& entry : entries) {
      auto read = read_output(entry, show_);
      TS_CHECK(gather(read.ok() ? ok_status() : Status(read.error())));
      if (!read.ok()) continue;
      Output output = std::move(read).value();
      std::string name = output.name;
      for (int n = 2; !used.insert(name).second; ++n) name = fmt::format("{}-{}", output.name, n);
      output.name = std::move(name);
      show_.outputs.push_back(std::move(output));
    }
    return ok_status();
  }

  JsonReader root_;
  std::vector<Error>* mistakes_;
  Show show_;
};

}  // namespace

Result<Show> parse_show(std::string_view text, std::string_view what, const fs::path& folder) {
  TS_TRY(const Json json, parse_json(text, what, ErrorKind::kUsage, kWrittenByPeople));
  auto show = Parser(JsonReader(json, ErrorKind::kUsage), folder).parse();
  return std::move(show).with_context(what);
}

std::vector<Error> mistakes_in(const fs::path& path) {
  const auto text = read_file(path, kMaxFile);
  if (!text.ok()) return {text.error()};
  const auto json = parse_json(text.value(), path.string(), ErrorKind::kUsage, kWrittenByPeople);
  if (!json.ok()) return {json.error()};
  std::vector<Error> all;
  auto show = Parser(JsonReader(json.value(), ErrorKind::kUsage), path.parent_path(), &all).parse();
  if (!show.ok()) all.push_back(std::move(show).error());
  return all;
}

Result<Source> parse_source(std::string_view name, std::string_view json, const fs::path& folder) {
  TS_TRY(const Json document, parse_json(json, "the source", ErrorKind::kUsage, kWrittenByPeople));
  return Parser(JsonReader(document, ErrorKind::kUsage), folder)
      .parse_single_source(std::string(name));
}

Result<Scene> parse_scene(std::string_view name, std::string_view json, const Show& show) {
  TS_TRY(const Json document, parse_json(json, "the scene", ErrorKind::kUsage, kWrittenByPeople));
  return Parser(JsonReader(document, ErrorKind::kUsage), {})
      .parse_single_scene(std::string(name), show);
}

Result<Show> load_show(const fs::path& path) {
  const auto hinted = [](Error error, const char* hint) {
    if (error.hint.empty()) error.hint = hint;
    return error;
  };
  auto text = read_file(path, kMaxFile);
  if (!text) {
    return hinted(std::move(text).error(),
                  "name the show's JSON file; ts help show-file has an example to begin with");
  }
  auto show = parse_show(text.value(), path.string(), path.parent_path());
  if (!show) {
    return hinted(std::move(show).error(), "correct the file; ts help show-file describes it");
  }
  return show;
}

}  // namespace ts::scene
