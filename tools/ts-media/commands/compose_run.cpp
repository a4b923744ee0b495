// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "common/control_path.hpp"
#include "common/line_writer.hpp"
#include "common/signals.hpp"
#include "compose/compositor.hpp"
#include "compose/continuation.hpp"
#include "compose/control_bridge.hpp"
#include "compose/wire.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "media/ca_bundle.hpp"
#include "media/ffmpeg_log.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ts::cli {
namespace in_compose_run {

struct Options {
  std::string show;
  std::vector<std::string> outputs;
  std::string room;
  std::string duration;
  std::string engine;
  std::string encoder;
  std::string iso;
  std::string control;
  bool offline = false;
  bool hold = false;
  bool frame_code = false;
  bool stats = false;
  bool economy = false;
  std::vector<std::string> hot;
  int output_fd = -1;
  int continue_fd = -1;
};

/// Lines of {"rtmp_url": …, "name": …} from a descriptor: addresses that must be in no argument
/// list and no environment.
Result<std::vector<media::MuxTarget>> outputs_from_fd(int fd, Context& context,
                                                      const std::string& ca_file) {
  TS_TRY(const Secret text, read_secret_fd(fd));
  std::vector<media::MuxTarget> targets;
  for (const std::string_view line : split(text.reveal(), '\n')) {
    if (trim(line).empty()) continue;
    const auto bad = [](std::string_view reason) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("--output-fd: {}", reason),
                   .hint = "write lines such as {\"rtmp_url\": \"rtmps://…\", \"name\": \"mux\"}"};
    };
    const auto json = parse_json(line, "output line");
    // The parser's own message could quote the line.
    if (!json.ok()) return bad("a line is no JSON object");
    const JsonReader reader(json.value(), ErrorKind::kUsage);
    TS_CHECK(reader.only({"rtmp_url", "name"}));
    TS_TRY(const std::string url, reader.string_or("rtmp_url"));
    if (!url.starts_with("rtmp://") && !url.starts_with("rtmps://")) {
      return bad("a line without an rtmp or rtmps address");
    }
    TS_TRY(const std::string name,
           reader.string_or("name", fmt::format("rtmp-{}", targets.size() + 1)));
    media::MuxTarget target;
    target.kind = media::MuxTarget::Kind::kRtmp;
    target.name = fmt::format("output '{}'", shorten(name, 64));
    target.url = Secret(url);
    target.ca_file = ca_file;
    context.log().scrub(target.url);
    targets.push_back(std::move(target));
  }
  return targets;
}

Result<std::vector<media::MuxTarget>> all_outputs(const Options& options, const scene::Show& show,
                                                  Context& context, const std::string& ca_file) {
  std::vector<scene::Output> wanted;
  for (const std::string& text : options.outputs) {
    TS_TRY(scene::Output output, scene::parse_output(text));
    wanted.push_back(std::move(output));
  }
  std::vector<media::MuxTarget> targets;
  if (options.output_fd >= 0) {
    TS_TRY(targets, outputs_from_fd(options.output_fd, context, ca_file));
  }
  if (wanted.empty() && targets.empty()) wanted = show.outputs;
  for (const scene::Output& output : wanted) {
    TS_CHECK(scene::check_renditions(output, show.renditions)
                 .with_context(fmt::format("output '{}'", output.name)));
    TS_TRY(media::MuxTarget target,
           compose::resolve_output(output, options.offline,
                                   context.settings().allow_loose_permissions(), ca_file));
    if (!target.url.empty()) context.log().scrub(target.url);
    targets.push_back(std::move(target));
  }
  return targets;
}

/// Prints lines of JSON; a reader that stands still or has gone ends the printing, not the show.
class LinePrinter {
 public:
  LinePrinter()
      : writer_(STDOUT_FILENO, [](std::uint64_t count) {
          Json line = compose::compose_line("dropped");
          line["count"] = count;
          return dump_json(line) + "\n";
        }) {}
  void print(const Json& line) { writer_.write(dump_json(line) + "\n"); }

 private:
  LineWriter writer_;
};

Json started_line(const scene::Show& show, const std::vector<media::MuxTarget>& targets,
                  const std::string& engine, bool offline) {
  Json line = compose::compose_line("started");
  line["show"] = show.name;
  line["engine"] = engine;
  line["offline"] = offline;
  line["width"] = show.canvas.size.width;
  line["height"] = show.canvas.size.height;
  line["fps"] = fmt::format("{}/{}", show.canvas.rate.num, show.canvas.rate.den);
  line["frame_code"] = show.frame_code;
  Json outputs = Json::array();
  for (const auto& target : targets) outputs.push_back(target.name);
  line["outputs"] = std::move(outputs);
  return line;
}

Status finish(const compose::Compositor::Report& report, Context& context) {
  if (!report.failed_outputs.empty()) {
    Error error{.kind = ErrorKind::kMedia};
    for (const auto& output : report.last.outputs) {
      if (output.state == compose::OutputState::kFinished) continue;
      const std::string reason =
          output.reason.empty() ? output.name + " did not finish in time" : output.reason;
      error.message += (error.message.empty() ? "" : "; ") + reason;
      if (error.hint.empty()) error.hint = output.hint;
    }
    return error;
  }
  if (!report.stopped && report.failed_sources.empty()) return ok_status();
  if (!report.stopped) {
    Error error = report.failed_sources.front();
    for (std::size_t i = 1; i < report.failed_sources.size(); ++i) {
      error.message += "; " + report.failed_sources[i].message;
    }
    error.message += "; the program went on without it and its files are complete";
    return error;
  }
  return Error{
      .kind = context.stop_signal() == SIGTERM ? ErrorKind::kTerminated : ErrorKind::kInterrupted,
      .message = "the program was stopped; its files are complete"};
}

/// The control socket: where --control says, else one that ts compose finds by itself. A show must
/// not fail for the latter, and an offline run waits for nobody.
Result<std::unique_ptr<compose::ControlBridge>> listen_for_operators(const Options& options,
                                                                     const scene::Show& show,
                                                                     Context& context, Log& log,
                                                                     const std::string& ca_file) {
  std::unique_ptr<compose::ControlBridge> none;
  const bool chosen = !options.control.empty();
  if (!chosen && options.offline) return none;
  auto bridge =
      compose::ControlBridge::listen({.socket = chosen ? std::filesystem::path(options.control)
                                                       : default_control_socket(context, show.name),
                                      .ca_file = ca_file,
                                      .allow_loose = context.settings().allow_loose_permissions(),
                                      .clock = &context.clock(),
                                      .log = &log});
  if (bridge.ok() || chosen) return bridge;
  log.warning("compose", "no ts compose take, overlay … for this run: {}", bridge.error().message);
  return none;
}

/// Marks the sources of --hot. @return whether it said "all".
Result<bool> keep_hot(const std::vector<std::string>& names, scene::Show& show) {
  bool all = false;
  for (const std::string& name : names) {
    const auto found = std::find_if(show.sources.begin(), show.sources.end(),
                                    [&](const auto& source) { return source.name == name; });
    if (found != show.sources.end()) {
      found->hot = true;
    } else if (name == "all") {
      all = true;
    } else {
      std::vector<std::string> known{"all"};
      for (const scene::Source& source : show.sources) known.push_back(source.name);
      Error error{.kind = ErrorKind::kUsage,
                  .message = fmt::format("--hot: the show has no source '{}'", shorten(name, 70)),
                  .hint = fmt::format("known: {}", fmt::join(known, ", "))};
      if (const auto near = nearest(name, known))
        error.hint = fmt::format("did you mean '{}'?", *near);
      return error;
    }
  }
  return all;
}

Status run(const Options& options, Context& context) {
  if (!options.offline) outlive_terminal();
  NonBlockingLog run_log(context.log(), context.clock(),
                         context.environment("TS_LOG_FORMAT") == "json");
  const media::FfmpegLog ffmpeg_log(run_log.log());
  TS_TRY(scene::Show show, scene::load_show(options.show));
  compose::RunOptions run_options;
  run_options.offline = options.offline;
  run_options.hold = options.hold;
  run_options.clock = &context.clock();
  run_options.log = &run_log.log();
  if (!options.engine.empty()) run_options.engine = options.engine;
  if (!options.duration.empty()) {
    TS_TRY(run_options.duration, parse_duration(options.duration));
    if (*run_options.duration <= milliseconds{0}) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--duration must be longer than nothing",
                   .hint = "write --duration 30s"};
    }
  }
  if (options.offline && options.hold) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--hold waits for an operator; --offline waits for nobody",
                 .hint = "leave one of them out"};
  }
  if (!options.room.empty()) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "this build cannot take sources from a LiveKit room",
                 .hint = "use files, addresses and test patterns as sources"};
  }
  if (options.frame_code) show.frame_code = true;
  run_options.economy = options.economy;
  TS_TRY(run_options.hot, keep_hot(options.hot, show));
  if (!options.encoder.empty()) show.encode.encoder = options.encoder;
  TS_TRY(const std::string extra_ca, context.settings().text("TS_CA_FILE"));
  TS_TRY(const media::CaBundle ca, media::CaBundle::open(extra_ca));
  run_options.ca_file = ca.path();
  TS_TRY(run_options.outputs, all_outputs(options, show, context, ca.path()));

  if (!options.iso.empty()) {
    std::error_code made;
    std::filesystem::create_directories(options.iso, made);
    if (made) {
      return Error{
          .kind = ErrorKind::kMedia,
          .message = fmt::format("cannot make the folder {}: {}", options.iso, made.message()),
          .hint = "check the path and its permissions"};
    }
    run_options.iso = options.iso;
  }

  compose::Continuation continued;
  if (options.continue_fd >= 0) {
    TS_TRY(const Secret lines, read_secret_fd(options.continue_fd));
    continued = compose::continue_with(show, lines.reveal());
    for (const std::string& warning : continued.warnings) {
      run_log.log().warning("compose", "not as it was before: {}", warning);
    }
  }

  LinePrinter printer;
  const bool json = context.out().json();
  TS_TRY(auto bridge, listen_for_operators(options, show, context, run_log.log(), ca.path()));
  run_options.on_event = [&](const compose::ProgramEvent& event) {
    if (json) printer.print(compose::event_line(event));
    if (bridge) bridge->publish(event);
  };
  Json started = started_line(show, run_options.outputs, run_options.engine, options.offline);
  started["control"] = bridge ? Json(bridge->socket().string()) : Json();
  const std::stop_token stop = context.stop();
  TS_TRY(const auto compositor,
         compose::Compositor::create(std::move(show), std::move(run_options)));
  if (json) printer.print(started);
  // Before anybody can ask for something else.
  for (const scene::Action& action : continued.actions) (void)compositor->post({action});
  if (bridge) bridge->serve(*compositor);

  std::promise<Result<compose::Compositor::Report>> promise;
  auto future = promise.get_future();
  const std::jthread program([&] { promise.set_value(compositor->run(stop, {})); });
  const milliseconds period{json ? 1000 : 250};
  while (future.wait_for(period) != std::future_status::ready) {
    const compose::Snapshot snapshot = compositor->snapshot();
    if (json) {
      Json line = compose::compose_line("status");
      compose::add_snapshot(line, snapshot);
      printer.print(line);
    } else if (context.out().interactive()) {
      context.out().progress(compose::progress_text(snapshot));
    }
  }
  context.out().progress("");
  auto result = future.get();
  bridge.reset();
  if (!result.ok()) return std::move(result).error();
  const compose::Compositor::Report& report = result.value();
  if (json) {
    Json line = compose::compose_line("ended");
    line["reason"] = report.stopped ? "stopped" : "done";
    compose::add_snapshot(line, report.last);
    printer.print(line);
  } else {
    context.out().status(fmt::format("{} frames, {} samples, {}", report.last.frames,
                                     report.last.samples, format_duration(report.last.elapsed)));
  }
  if (options.stats && !json) context.out().status(compose::stats_text(report.last));
  return finish(report, context);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file (ts help show-file)")->required();
  app.add_option("--out", options->outputs,
                 "Where the program goes, instead of the show's own outputs (repeat): file:F, "
                 "hls:DIR, rtmp-url-file:F, srt-url-file:F; file:F@NAME takes the show's rendition "
                 "NAME, hls:DIR@main,NAME makes a master playlist of both; a live program keeps a "
                 "recording that is there and calls its own F-2")
      ->take_all();
  app.add_option("--room", options->room, "LiveKit room for sources and outputs that need one");
  app.add_option("--duration", options->duration, "End after this long (default: the show's own)");
  app.add_flag("--offline", options->offline,
               "As fast as possible and deterministic, not paced by the clock");
  app.add_option("--engine", options->engine, "native, or filtergraph: the slower reference");
  app.add_option(
      "--encoder", options->encoder,
      "FFmpeg's H.264 encoder, instead of the show's: libx264, or a hardware one such as "
      "h264_nvenc, h264_v4l2m2m (untested: nobody has measured them with ts)");
  app.add_option("--iso", options->iso,
                 "Folder for clean recordings: each network, listening or device source as it "
                 "comes, NAME.mkv, a new file after each reconnection or change of the stream");
  app.add_option("--control", options->control,
                 "Unix socket for ts compose take, overlay, status … (default: one they find)");
  app.add_option("--hot", options->hot,
                 "Keep this source decoded while nobody sees it, for cuts at the very frame "
                 "(repeat), or all");
  app.add_flag("--economy", options->economy,
               "Decode sources that are shown at half their size or less the cheap way");
  app.add_flag("--hold", options->hold, "Cues and duration wait for ts compose go");
  app.add_flag("--frame-code", options->frame_code,
               "Burn a machine-readable frame number into the top left corner");
  app.add_flag("--stats", options->stats, "Counters of everything late or dropped, at the end");
  app.add_option("--output-fd", options->output_fd,
                 "Descriptor with one {\"rtmp_url\": …, \"name\": …} a line")
      ->group("");
  app.add_option("--continue-fd", options->continue_fd,
                 "Descriptor with commands of the control protocol, one a line, that hold from the "
                 "first frame on")
      ->group("");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_run

Command media_compose_run() {
  return {
      .path = "compose run",
      .summary = "Mix the sources of a show into one program and send it",
      .example =
          "ts compose run show.json\n"
          "ts compose run show.json --out file:program.mp4 --out hls:live --duration 30s\n"
          "ts compose run show.json --offline --out file:program.mp4",
      .bind = in_compose_run::bind,
      .main_verb = true,
      .details =
          "Files and HLS are finished on Ctrl-C and ts compose stop, too; a closed terminal ends "
          "nothing. RTMP outputs reconnect for ever, each for "
          "itself; a source that is lost shows its last picture for half a second, then a card "
          "with its name, and returns by itself. A file that does not open is such a source "
          "(the run then ends with 12), unless nothing else is there or the run is offline. With "
          "--json: one line \"started\", a line for "
          "every change on air with the first frame (tick) it holds for, \"status\" once a "
          "second, and \"ended\" with the exact numbers of frames and samples. Exit 12 when a "
          "source, codec or output failed."};
}

}  // namespace ts::cli
