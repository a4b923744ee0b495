// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "compose/compositor.hpp"
#include "compose/golden.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "media/contact_sheet.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/filter_graph.hpp"
#include "media/png.hpp"
#include "media/reader.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_compose_test {

namespace fs = std::filesystem;

constexpr double kLeastSsim = 0.995;
constexpr double kLeastTile = 0.9;

struct Options {
  std::string show;
  std::string golden;
  std::string engine;
  std::string sheet;
  bool update = false;
};

/// One picture beside the one that is kept.
struct Judged {
  const compose::GoldenPicture* made = nullptr;
  std::string verdict = "same";  ///< same, close, different, missing, size.
  compose::PictureDifference difference{};
  /// Nothing was compared with a picture that has just been made.
  [[nodiscard]] bool good() const {
    return verdict.empty() || verdict == "same" || verdict == "close";
  }
};

/// A PNG as RGB; null when there is no such file.
Result<media::AvFrame> read_png(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return media::AvFrame{};
  TS_TRY(const auto reader, media::Reader::open({.url = path.string(), .name = path.string()}, {}));
  TS_TRY(const auto packet, reader->read());
  if (packet) reader->send(true, packet->packet.get());
  media::AvFrame frame = reader->receive(true);
  if (!frame) {
    reader->send(true, nullptr);
    frame = reader->receive(true);
  }
  if (!frame) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("{} is no picture", path.string()),
                 .hint = "make it again with --update"};
  }
  TS_TRY(auto graph,
         media::FilterGraph::create("[in0]null[out]", {media::filter_input(*frame, {1, 1})},
                                    AV_PIX_FMT_RGB24));
  TS_CHECK(graph.push(0, *frame, 0));
  return graph.pull();
}

Result<Judged> judge(const compose::GoldenPicture& made, const fs::path& folder, bool exact) {
  Judged out{.made = &made};
  TS_TRY(const media::AvFrame kept, read_png(folder / made.file));
  if (!kept) {
    out.verdict = "missing";
    return out;
  }
  TS_TRY(const media::AvFrame rgb, media::to_rgb(*made.picture));
  if (kept->width != rgb->width || kept->height != rgb->height) {
    out.verdict = "size";
    return out;
  }
  out.difference = compose::compare_rgb(*rgb, *kept);
  const bool near =
      out.difference.ssim >= kLeastSsim && out.difference.worst_ssim >= kLeastTile && !exact;
  out.verdict = out.difference.largest == 0 ? "same" : near ? "close" : "different";
  return out;
}

/// The engine that made the kept pictures; empty when the folder does not say.
Result<std::string> kept_engine(const fs::path& folder) {
  std::error_code ignored;
  const fs::path path = folder / "golden.json";
  if (!fs::exists(path, ignored)) return std::string();
  TS_TRY(const std::string text, read_file(path));
  TS_TRY(const Json json, parse_json(text, path.string(), ErrorKind::kUsage));
  return JsonReader(json, ErrorKind::kUsage).string_or("engine");
}

/// PNGs of the folder that the show no longer makes.
std::vector<fs::path> stale_files(const fs::path& folder,
                                  const std::vector<compose::GoldenPicture>& made) {
  std::set<std::string> wanted{"sheet.png"};
  for (const auto& picture : made) wanted.insert(picture.file);
  std::vector<fs::path> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".png") continue;
    if (!wanted.contains(entry.path().filename().string())) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Status write_sheet(const fs::path& path, const std::string& title, const std::string& engine,
                   const std::vector<Judged>& judged, bool good) {
  std::vector<media::SheetEntry> entries;
  for (const Judged& one : judged) {
    media::SheetEntry entry;
    entry.picture = compose::copy_pixels(*one.made->picture);
    entry.label = one.made->name;
    entry.detail = one.verdict;
    entry.wrong = !one.good();
    entries.push_back(std::move(entry));
  }
  TS_TRY(const auto sheet,
         media::draw_contact_sheet({.title = title,
                                    .subtitle = "engine " + engine,
                                    .verdict = good ? "OK" : "FAILED",
                                    .reason = fmt::format("{} pictures", judged.size()),
                                    .good = good},
                                   entries));
  return media::write_png(*sheet, path);
}

Status update(const Options& options, const std::string& engine,
              const std::vector<compose::GoldenPicture>& made, Context& context) {
  std::error_code code;
  fs::create_directories(options.golden, code);
  if (code) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{}: {}", options.golden, code.message()),
                 .hint = "name a folder that can be written"};
  }
  for (const fs::path& stale : stale_files(options.golden, made)) fs::remove(stale, code);
  Json list = Json::array();
  std::vector<Judged> judged;
  for (const auto& picture : made) {
    TS_CHECK(media::write_png(*picture.picture, fs::path(options.golden) / picture.file));
    list.push_back({{"name", picture.name}, {"file", picture.file}});
    judged.push_back({.made = &picture, .verdict = ""});
  }
  Json manifest{{"schema", "ts.golden/1"}, {"engine", engine}, {"pictures", std::move(list)}};
  TS_CHECK(write_file_atomic(fs::path(options.golden) / "golden.json", manifest.dump(1) + "\n"));
  const std::string sheet =
      options.sheet.empty() ? (fs::path(options.golden) / "sheet.png").string() : options.sheet;
  TS_CHECK(write_sheet(sheet, fs::path(options.show).filename().string(), engine, judged, true));
  Json document{{"schema", "ts.compose/1"},
                {"ok", true},
                {"engine", engine},
                {"written", made.size()},
                {"sheet", sheet}};
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} pictures written to {}\n{}\n", made.size(), options.golden, sheet)});
}

Json document_of(const std::vector<Judged>& judged, const std::vector<fs::path>& stale,
                 const std::string& engine) {
  Json pictures = Json::array();
  bool good = stale.empty();
  for (const Judged& one : judged) {
    good = good && one.good();
    pictures.push_back({{"name", one.made->name},
                        {"file", one.made->file},
                        {"verdict", one.verdict},
                        {"ssim", std::round(one.difference.ssim * 1e5) / 1e5},
                        {"worst_tile", std::round(one.difference.worst_ssim * 1e5) / 1e5},
                        {"largest_difference", one.difference.largest}});
  }
  Json extra = Json::array();
  for (const fs::path& path : stale) extra.push_back(path.filename().string());
  return {{"schema", "ts.compose/1"},
          {"ok", good},
          {"engine", engine},
          {"pictures", std::move(pictures)},
          {"stale", std::move(extra)}};
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  TS_TRY(const scene::Show show, scene::load_show(options.show));
  const std::string engine = options.engine.empty() ? compose::RunOptions{}.engine : options.engine;
  TS_TRY(const auto made, compose::golden_pictures(show, engine, &context.log(), context.stop()));
  if (options.update) return update(options, engine, made, context);

  TS_TRY(const std::string kept, kept_engine(options.golden));
  // Only our own kernels give the same bytes on every machine.
  const bool exact = engine == "native" && kept == engine;
  std::vector<Judged> judged;
  std::size_t wrong = 0;
  std::string text;
  for (const auto& picture : made) {
    TS_TRY(Judged one, judge(picture, options.golden, exact));
    if (!one.good()) {
      ++wrong;
      text += fmt::format("{}: {}", picture.name, one.verdict);
      if (one.verdict == "different") {
        text += fmt::format(" (SSIM {:.4f}, worst tile {:.4f})", one.difference.ssim,
                            one.difference.worst_ssim);
      }
      text += "\n";
    }
    judged.push_back(std::move(one));
  }
  const auto stale = stale_files(options.golden, made);
  for (const fs::path& path : stale) {
    text += fmt::format("{}: the show no longer makes this\n", path.filename().string());
  }
  wrong += stale.size();
  if (!options.sheet.empty()) {
    TS_CHECK(write_sheet(options.sheet, fs::path(options.show).filename().string(), engine, judged,
                         wrong == 0));
    text += options.sheet + "\n";
  }
  const Json document = document_of(judged, stale, engine);
  text += fmt::format("{} of {} pictures as they were\n", made.size() - (wrong - stale.size()),
                      made.size());
  TS_CHECK(context.out().report({.document = &document, .text = std::move(text)}));
  if (wrong == 0) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{} pictures are not as in {}", wrong, options.golden),
               .hint = options.sheet.empty()
                           ? "look at them with --sheet sheet.png; if they are right, use --update"
                           : "look at " + options.sheet + "; if it is right, use --update"};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file (ts help show-file)")->required();
  app.add_option("--golden", options->golden, "Folder with the pictures as they should be")
      ->type_name("DIR")
      ->required();
  app.add_flag("--update", options->update, "Write the pictures instead of comparing them");
  app.add_option("--sheet", options->sheet,
                 "Contact sheet to write (with --update: DIR/sheet.png by default)")
      ->type_name("FILE.png");
  app.add_option("--engine", options->engine, "native or filtergraph");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_test

Command media_compose_test() {
  return {.path = "compose test",
          .summary = "Compare every scene, overlay and transition step with golden pictures",
          .example =
              "ts compose test show.json --golden golden --update\n"
              "ts compose test show.json --golden golden --sheet sheet.png",
          .bind = in_compose_test::bind,
          .details =
              "Renders, without encoding: each scene, each overlay half and wholly faded in, each "
              "transition of the cues in five steps, and black. Files and test patterns show their "
              "first picture, addresses their card, clocks 12:34:56. Pictures of the native engine "
              "must be the same to the byte; of another engine nearly so (SSIM 0.995, in every "
              "tile of 32 x 32 pixels 0.9). Exit 10 when one differs, is missing or too many."};
}

}  // namespace ts::cli
