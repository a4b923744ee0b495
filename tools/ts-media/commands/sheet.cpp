// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "media_json.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/png.hpp"
#include "media/viewer_sheet.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <string>

namespace ts::cli {
namespace in_sheet {

struct Options {
  std::string url;
  std::string out;
  std::string timeline;
  std::string every;
  std::string length;
  std::string title = "What viewers got";
  double max_missing = 2;
};

Json document_of(const Options& options, const media::ViewerSheet& sheet) {
  const auto& pictures = sheet.pictures;
  const auto& codes = pictures.codes();
  Json json;
  json["schema"] = "ts.sheet/1";
  json["ok"] = sheet.problems.empty();
  json["verdict"] = sheet.verdict;
  json["problems"] = sheet.problems;
  json["sheet"] = options.out;
  json["url"] = media::without_query(options.url);
  json["duration_s"] = seconds_of(pictures.end());
  json["fps"] = std::round(pictures.fps() * 1000) / 1000;
  json["pictures"] = pictures.count();
  json["numbers"] = nullptr;
  if (!codes.seen().empty()) {
    json["numbers"] = {{"first", codes.seen().front().second}, {"last", codes.seen().back().second},
                       {"missing", codes.missing()},           {"repeated", codes.repeated()},
                       {"backward", codes.backward()},         {"unreadable", codes.unreadable()}};
  }
  json["scenes_expected"] = sheet.scenes_expected;
  json["scenes_seen"] = sheet.scenes_seen;
  Json shown = Json::array();
  for (const auto& picture : sheet.shown) {
    shown.push_back({{"time_s", seconds_of(picture.position)},
                     {"frame", picture.frame ? Json(*picture.frame) : Json(nullptr)},
                     {"scene", picture.scene.empty() ? Json(nullptr) : Json(picture.scene)},
                     {"overlays", picture.overlays}});
  }
  json["thumbnails"] = std::move(shown);
  return json;
}

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  media::ViewerSheetOptions sheet_options{.title = options.title,
                                          .max_missing = options.max_missing / 100};
  TS_TRY(sheet_options.source.fetch.ca_file, context.settings().text("TS_CA_FILE"));
  if (!options.every.empty()) {
    TS_TRY(sheet_options.every, parse_duration(options.every));
  }
  if (!options.length.empty()) {
    TS_TRY(sheet_options.length, parse_duration(options.length));
  }
  if (!options.timeline.empty()) {
    TS_TRY(const auto text, read_file(options.timeline));
    TS_TRY(sheet_options.timeline, media::parse_timeline(text));
  }
  TS_TRY(const auto sheet, media::make_viewer_sheet(options.url, std::move(sheet_options),
                                                    context.clock(), context.stop()));
  TS_CHECK(media::write_png(*sheet.sheet, options.out));
  const auto document = document_of(options, sheet);
  TS_CHECK(context.out().report(
      {.document = &document, .text = fmt::format("{}\n{}\n", sheet.verdict, options.out)}));
  if (sheet.problems.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{} {}", media::without_query(options.url), sheet.verdict),
               .hint = "look at " + options.out};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("url", options->url, "Playlist (http, https), or a folder with a recording")
      ->type_name("URL|DIR")
      ->required();
  app.add_option("--out", options->out, "The picture to write")->type_name("FILE.png")->required();
  app.add_option("--timeline", options->timeline,
                 "The compositor's JSON lines: names the scenes, and the frame numbers must fit");
  app.add_option("--every", options->every, "Distance of the pictures (default: about 12 in all)");
  app.add_option("--for", options->length,
                 "How much to watch (default: a recording whole, 20s of a live stream)");
  app.add_option("--title", options->title, "Title of the sheet")->capture_default_str();
  app.add_option("--max-missing", options->max_missing,
                 "Percent of frames that may be missing or repeated beyond the compositor's own")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_sheet

Command media_sheet() {
  return {.path = "sheet",
          .summary = "Make a contact sheet of what viewers got and check its frame numbers",
          .example =
              "ts-media sheet http://127.0.0.1:8080/ID.m3u8 --out sheet.png --timeline "
              "compositor.jsonl --json",
          .bind = in_sheet::bind,
          .hidden = true,
          .details =
              "Decodes the whole stream. With --timeline the number burnt into every picture "
              "must be readable and rise by one, and every scene of the compositor must "
              "appear. Exit 10 when the picture is wrong or the stream stopped; the sheet "
              "is written all the same."};
}

}  // namespace ts::cli
