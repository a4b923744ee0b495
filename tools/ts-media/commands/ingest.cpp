// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "media_json.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/flv_to_hls.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace ts::cli {
namespace in_ingest {

struct Options {
  std::string directory;
  std::string segment = "2s";
  std::size_t window = 6;
  int input = 0;
  bool append = false;
  bool complete = false;
};

Json event(const char* name) {
  Json line;
  line["schema"] = "ts.ingest/1";
  line["event"] = name;
  return line;
}

/// Prints lines and remembers that nobody reads them any more; recording goes on regardless.
class Reporter {
 public:
  explicit Reporter(Context& context) : context_(context) {}

  void line(const Json& json) {
    if (!gone_) gone_ = !context_.out().json_line(json).ok();
  }
  void started(const media::Tracks& tracks) {
    Json json = event("started");
    json["at"] = format_rfc3339(context_.clock().now());
    add_tracks(json, tracks);
    line(json);
  }
  void segment(const media::HlsWritten& written) {
    Json json = event("segment");
    json["number"] = written.number;
    json["file"] = written.file;
    json["duration_s"] = seconds_of(written.duration);
    json["bytes"] = written.bytes;
    json["discontinuity"] = written.discontinuity;
    line(json);
  }
  void ended(const media::IngestTotals& totals, bool stopped) {
    Json json = event("ended");
    json["reason"] = stopped ? "stopped" : (totals.truncated ? "cut" : "end");
    json["bytes"] = totals.bytes;
    json["video_packets"] = totals.video_packets;
    json["audio_packets"] = totals.audio_packets;
    json["segments"] = totals.segments;
    json["recorded_s"] = seconds_of(totals.recorded);
    line(json);
  }
  void failed(const Error& error) {
    Json json = event("error");
    json["kind"] = to_string(error.kind);
    json["message"] = error.message;
    json["hint"] = error.hint;
    line(json);
  }

 private:
  Context& context_;
  bool gone_ = false;
};

Status run(const Options& options, Context& context) {
  const media::FfmpegLog ffmpeg_log(context.log());
  Reporter reporter(context);
  if (options.complete) {
    TS_CHECK(media::HlsWriter::complete(options.directory));
    reporter.line(event("completed"));
    return ok_status();
  }
  TS_TRY(const auto segment, parse_duration(options.segment));
  const auto stop = context.stop();
  const media::IngestEvents events{
      .on_tracks = [&](const media::Tracks& tracks) { reporter.started(tracks); },
      .on_segment = [&](const media::HlsWritten& written) { reporter.segment(written); }};
  auto totals = media::flv_to_hls(options.input,
                                  {.directory = options.directory,
                                   .segment = segment,
                                   .live_window = options.window,
                                   .append = options.append},
                                  context.clock(), events, stop);
  if (!totals.ok()) {
    reporter.failed(totals.error());
    return std::move(totals).error();
  }
  reporter.ended(totals.value(), stop.stop_requested());
  if (stop.stop_requested()) {
    return Error{.kind = ErrorKind::kInterrupted, .message = "the recording was stopped"};
  }
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directory, "Folder of the recording; made when missing")
      ->required();
  app.add_option("--segment", options->segment,
                 "A segment ends at the first key frame after this long")
      ->capture_default_str();
  app.add_option("--window", options->window, "Segments in the live playlist")
      ->check(CLI::Range(3, 1000))
      ->capture_default_str();
  app.add_option("--fd", options->input, "Descriptor to read from")->capture_default_str();
  app.add_flag("--append", options->append, "Go on with the recording, after a discontinuity");
  app.add_flag("--complete", options->complete,
               "Read nothing; end the playlists for good (ENDLIST, VOD)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_ingest

Command media_ingest() {
  return {.path = "ingest",
          .summary = "Record one RTMP publish (FLV on stdin) as live HLS",
          .example =
              "ts-media ingest --dir recording --append\n"
              "ts-media ingest --dir recording --complete",
          .bind = in_ingest::bind,
          .hidden = true,
          .details =
              "Prints JSON lines (ts.ingest/1): started with the tracks, segment for each one "
              "written, ended with totals, or error. Writes live.m3u8 (the newest segments) "
              "and recording.m3u8 (all of them). One run per publisher connection: the "
              "folder is the state, so the next connection runs with --append, and "
              "--complete closes the playlists when the session is over. Exit 12 when the "
              "stream or the disk refuses; what was recorded stays."};
}

}  // namespace ts::cli
