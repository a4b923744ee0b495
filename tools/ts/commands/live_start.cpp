// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "common/signals.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_live_start {

struct Options {
  std::string show;
  std::string name;
  std::string room;
  std::string live_stream;
  std::string duration;
  std::string timeout = "30s";
  std::string room_grace = "0s";
  std::string latency = "standard";
  std::string engine;
  bool direct = false;
  bool keep_room = false;
  bool detach = false;
};

Result<live::GoLiveOptions> go_live_options(const Options& options, Context& context) {
  live::GoLiveOptions out;
  out.show_path = options.show;
  out.name = options.name;
  out.room = options.room;
  out.live_stream_id = options.live_stream;
  out.direct = options.direct;
  out.keep_room = options.keep_room;
  out.engine = options.engine;
  if (!options.duration.empty()) {
    TS_TRY(out.duration, parse_duration(options.duration));
  }
  TS_TRY(out.step_timeout, parse_duration(options.timeout));
  TS_TRY(out.room_grace, parse_duration(options.room_grace));
  out.latency = mux::latency_mode(options.latency);
  out.folder = context.state_dir() / "live";
  return out;
}

/// Decodes what a viewer gets with `ts-media check`: it must succeed.
std::function<Status(const std::string&, std::stop_token)> decode_check(
    const live::Services& services) {
  return [&services](const std::string& url, std::stop_token stop) -> Status {
    TS_TRY(const auto url_pipe, secret_pipe(Secret(url)));
    const ProcessOptions options{
        .program = services.media_program,
        .arguments = {"check", "--url-fd", "3", "--for", "3s", "--decode", "--json"},
        .environment = services.child_environment,
        .standard_output = StreamMode::kPipe,
        .standard_error = StreamMode::kPipe,
        .inherited = {{.fd = url_pipe.get(), .as = 3}}};
    TS_TRY(auto child, ChildProcess::spawn(options));
    LineReader lines(child.take_stdout());
    LineReader errors(child.take_stderr());
    TS_TRY(const auto status, child.wait(seconds(40), stop));
    if (status.success()) return ok_status();
    std::string last;
    while (auto line = errors.next(milliseconds(200))) last = *line;
    std::string message = "the viewer's stream does not decode";
    if (const auto parsed = parse_json(last, "error"); parsed.ok()) {
      const auto text = JsonReader(parsed.value()).string_or("message");
      if (text.ok()) message += ": " + text.value();
    }
    return Error{.kind = ErrorKind::kCheckFailed,
                 .message = message,
                 .hint = fmt::format("run ts playback check {} --decode", url)};
  };
}

Json summary_document(const live::Summary& summary) {
  Json json;
  json["schema"] = "ts.live/1";
  json["session_id"] = summary.session_id;
  json["state"] = "ended";
  json["live_stream_id"] = summary.resources.live_stream_id;
  json["playback_id"] = summary.resources.playback_id;
  json["playback_url"] = summary.resources.playback_url;
  json["asset_id"] = summary.resources.asset_id;
  json["asset_playback_id"] = summary.resources.asset_playback_id;
  json["time_to_live_ms"] = summary.time_to_live.count();
  json["on_air_ms"] = summary.on_air.count();
  json["ended_by_show"] = summary.ended_by_show;
  json["problems"] = summary.problems;
  return json;
}

/// Starts this program again without --detach and waits until the show is live or has failed.
Status run_detached(const Options& options, Context& context) {
  TS_TRY(const auto show, scene::load_show(options.show));
  const std::string name = options.name.empty() ? show.name : options.name;
  TS_TRY(auto database, open_database(context));
  const auto before = store::latest_session(database, name);
  const std::string old_id = before.ok() ? before.value().id : "";
  ProcessOptions process{.program = context.program()};
  process.arguments = {
      "live",          "start",        std::filesystem::absolute(options.show).string(),
      "--name",        name,           "--timeout",
      options.timeout, "--room-grace", options.room_grace,
      "--latency",     options.latency};
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) process.arguments.insert(process.arguments.end(), {flag, value});
  };
  add("--room", options.room);
  add("--live-stream", options.live_stream);
  add("--duration", options.duration);
  add("--engine", options.engine);
  add("--env-file", context.options().env_file);
  add("--profile", context.options().profile);
  if (options.direct) process.arguments.emplace_back("--direct");
  if (options.keep_room) process.arguments.emplace_back("--keep-room");
  process.environment = context.environment_lines();
  process.standard_error = StreamMode::kNull;
  TS_TRY(const pid_t pid, spawn_detached(process));
  const auto began = process_start_ticks(pid);
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  const auto deadline = context.clock().steady_now() + 5 * timeout;
  std::int64_t shown = 0;
  const auto print = step_printer(context);
  for (;;) {
    auto session = store::latest_session(database, name);
    const bool ours = session.ok() && session.value().id != old_id;
    if (ours) {
      TS_TRY(const auto entries, store::read_journal(database, session.value().id, shown));
      std::string last_failure;
      for (const auto& entry : entries) {
        shown = entry.seq;
        const auto payload = parse_json(entry.payload, "journal");
        const auto text = payload.ok() ? JsonReader(payload.value()).string_or("text")
                                       : Result<std::string>(std::string());
        const auto took = payload.ok() ? JsonReader(payload.value()).int_or("elapsed_ms", 0)
                                       : Result<std::int64_t>(std::int64_t{0});
        // With --json the one document is the result.
        if (!context.out().json() && (entry.kind == "done" || entry.kind == "failed")) {
          print({.step = entry.step,
                 .state = entry.kind == "done" ? live::StepEvent::State::kDone
                                               : live::StepEvent::State::kFailed,
                 .text = text.ok() ? text.value() : "",
                 .elapsed = milliseconds(took.ok() ? took.value() : 0)});
        }
        if (entry.kind == "failed" && text.ok()) last_failure = text.value();
      }
      const std::string& state = session.value().state;
      if (state == live::session_state::kLive) {
        TS_TRY(const auto resources, live::Resources::from_text(session.value().details));
        Json document = session_document(session.value(), resources);
        document["pid"] = pid;
        return context.out().report({.document = &document,
                                     .text = fmt::format("live: {}", resources.playback_url),
                                     .id = session.value().id,
                                     .raw = resources.playback_url});
      }
      if (session.value().closed_at) {
        return Error{.kind = ErrorKind::kRemote,
                     .message = fmt::format("show '{}' did not go live{}{}", name,
                                            last_failure.empty() ? "" : ": ", last_failure),
                     .hint = fmt::format("run ts live report {}", name)};
      }
    }
    if (!began || !process_is_running(pid, *began)) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = fmt::format("the process that runs show '{}' ended at once", name),
                   .hint = "run the same command without --detach to see why"};
    }
    if (context.clock().steady_now() > deadline) {
      return Error{
          .kind = ErrorKind::kDeadline,
          .message = fmt::format("show '{}' is not live yet", name),
          .hint = fmt::format("ts live status {} tells more, ts live end {} ends it", name, name)};
    }
    if (!context.clock().wait_for(milliseconds(200), context.stop())) {
      return Error{.kind = ErrorKind::kInterrupted,
                   .message = fmt::format("stopped waiting; show '{}' goes on", name),
                   .hint = fmt::format("ts live end {} ends it", name)};
    }
  }
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto go_live_options_value, go_live_options(options, context));
  if (options.detach && !context.dry_run()) return run_detached(options, context);
  TS_TRY(auto outside, live_outside(context, !options.direct));
  if (context.dry_run()) {
    TS_TRY(const auto show, scene::load_show(options.show));
    return live::preflight(outside.services, show, go_live_options_value, context.stop());
  }
  outlive_terminal();
  TS_TRY(auto database, open_database(context));
  go_live_options_value.check_playback = decode_check(outside.services);
  Output& out = context.out();
  TS_TRY(const auto summary,
         live::go_live(
             outside.services, database, go_live_options_value, step_printer(context),
             [&](const live::Session& session) {
               out.status(fmt::format("{} watch at {}",
                                      out.styled_stderr(Output::Style::kBold, "LIVE"),
                                      session.resources.playback_url));
               out.status(
                   fmt::format("ts compose tui operates it; Ctrl-C or ts live end {} ends it; "
                               "without this terminal it goes on",
                               session.name()));
             },
             context.stop()));
  const Json document = summary_document(summary);
  if (out.json()) return out.json_line(document);
  std::string text =
      fmt::format("ended after {} on air; recording {}", format_duration(summary.on_air),
                  summary.resources.asset_id.empty() ? "unknown" : summary.resources.asset_id);
  for (const std::string& problem : summary.problems) text += "\n  problem: " + problem;
  return out.report({.document = &document,
                     .text = text,
                     .id = summary.session_id,
                     .raw = summary.resources.playback_url});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file")->required()->type_name("SHOW.json");
  app.add_option("--name", options->name, "Name of the run (default: the show's)")->type_name("N");
  app.add_option("--room", options->room, "LiveKit room (default: one made from the name)");
  app.add_option("--live-stream", options->live_stream, "Use this Mux live stream, make none")
      ->type_name("ID");
  app.add_option("--duration", options->duration, "End by itself after this long")->type_name("D");
  app.add_option("--timeout", options->timeout, "Longest wait of a step")
      ->capture_default_str()
      ->type_name("D");
  app.add_option("--room-grace", options->room_grace, "How long the room stays after the end")
      ->capture_default_str()
      ->type_name("D");
  app.add_option("--latency", options->latency, "standard, reduced or low")
      ->capture_default_str()
      ->check(CLI::IsMember({"standard", "reduced", "low"}));
  app.add_option("--engine", options->engine, "native, or filtergraph: the slower reference");
  app.add_flag("--direct", options->direct, "Push RTMPS straight to Mux, without LiveKit");
  app.add_flag("--keep-room", options->keep_room, "Leave the room when the show ends");
  app.add_flag("--detach", options->detach, "Return once live; the show goes on by itself");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_live_start

Command live_start() {
  return {.path = "live start",
          .summary = "Go live: stream, room, compositor, egress, checked playback, in one step",
          .example =
              "ts live start examples/rehearsal/show.json --duration 30s\n"
              "ts live start show.json --name service --detach\n"
              "ts live start show.json --direct",
          .forms = "id raw",
          .bind = in_live_start::bind,
          .details =
              "Each step that fails undoes what this run made. The run ends with the show, with "
              "Ctrl-C, or with\nts live end (a closed terminal ends nothing); then the egress, the "
              "stream and the room are ended in "
              "order and the recording is waited for."};
}

}  // namespace ts::cli
