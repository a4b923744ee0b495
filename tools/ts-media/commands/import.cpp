// SPDX-License-Identifier: Apache-2.0
#include "media/import.hpp"

#include "commands.hpp"
#include "media_json.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/flv_to_hls.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

namespace ts::cli {
namespace in_import {

struct Options {
  std::string directory;
  std::string file;
  int url = -1;
};

Json event(const char* name) { return {{"schema", "ts.import/1"}, {"event", name}}; }

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  if ((options.url >= 0) != options.file.empty()) {
    return Error{
        .kind = ErrorKind::kUsage, .message = "name one input", .hint = "give --url-fd or --file"};
  }
  media::ImportOptions wanted{.path = options.file};
  if (options.url >= 0) {
    TS_TRY(const Secret url, read_secret_fd(options.url));
    wanted.url = std::string(url.reveal());
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{.message = "no pipe can be made", .retryable = true};
  }
  UniqueFd from(ends[0]);
  UniqueFd into(ends[1]);
  Status imported = ok_status();
  const auto stop = context.stop();
  std::jthread reader([&] {
    imported = media::import_as_flv(wanted, into.get(), stop);
    into.reset();
  });
  const auto line = [&](const Json& json) { static_cast<void>(context.out().json_line(json)); };
  auto totals = media::flv_to_hls(from.get(), {.directory = options.directory}, context.clock(),
                                  {.on_tracks =
                                       [&](const media::Tracks& tracks) {
                                         Json json = event("started");
                                         add_tracks(json, tracks);
                                         line(json);
                                       },
                                   .on_segment =
                                       [&](const media::HlsWritten& written) {
                                         Json json = event("segment");
                                         json["file"] = written.file;
                                         json["duration_s"] = seconds_of(written.duration);
                                         json["bytes"] = written.bytes;
                                         line(json);
                                       }},
                                  stop);
  from.reset();
  reader.join();
  const auto outcome = !imported ? imported
                       : totals  ? media::HlsWriter::complete(options.directory)
                                 : Status(totals.error());
  if (!outcome) {
    Json json = event("error");
    json["kind"] = to_string(outcome.error().kind);
    json["message"] = outcome.error().message;
    line(json);
    return outcome;
  }
  Json json = event("ended");
  json["segments"] = totals.value().segments;
  json["recorded_s"] = seconds_of(totals.value().recorded);
  line(json);
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directory, "Folder of the recording; made when missing")
      ->required();
  app.add_option("--url-fd", options->url, "Descriptor with the http address of the input");
  app.add_option("--file", options->file, "A file instead");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_import

Command media_import() {
  return {.path = "import",
          .summary = "Make a whole recording (HLS) of a file or playlist, copied",
          .example = "ts-media import --dir recording --file show.mp4",
          .bind = in_import::bind,
          .hidden = true,
          .details =
              "Prints JSON lines (ts.import/1): started with the tracks, segment, ended, or error. "
              "Nothing is encoded again: the input has to be H.264 and AAC, on this machine. Exit "
              "7 when it cannot be fetched, 12 when it cannot be used."};
}

}  // namespace ts::cli
