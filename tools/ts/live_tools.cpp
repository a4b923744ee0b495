// SPDX-License-Identifier: Apache-2.0
#include "live_tools.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"

#include <fmt/format.h>

namespace ts::cli {

Result<LiveOutside> live_outside(Context& context, bool with_livekit) {
  LiveOutside out;
  if (with_livekit) {
    TS_TRY(auto service, livekit_service(context));
    out.livekit = std::make_unique<livekit::Service>(std::move(service));
    out.services.livekit = out.livekit.get();
  }
  TS_TRY(out.mux, mux_client(context, OnSignal::kGoOn));
  out.services.mux = out.mux.get();
  out.services.transport = &context.transport();
  out.services.clock = &context.clock();
  out.services.log = &context.log();
  TS_TRY(out.services.mux_ingest_url, context.settings().base_url("MUX_INGEST_URL"));
  TS_TRY(out.services.mux_stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  TS_TRY(out.services.media_program, context.media_program());
  out.services.child_environment = child_environment(context);
  return out;
}

std::vector<std::string> child_environment(const Context& context) {
  std::vector<std::string> out;
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "TS_CA_FILE",
                           "TS_LOG_FORMAT", "ASAN_OPTIONS", "LSAN_OPTIONS"}) {
    const std::string value = context.environment(name);
    if (!value.empty()) out.push_back(fmt::format("{}={}", name, value));
  }
  // TS_CA_FILE may come from .env or a profile as well.
  const auto ca_file = context.settings().text("TS_CA_FILE");
  if (ca_file.ok() && !ca_file.value().empty() && context.environment("TS_CA_FILE").empty()) {
    out.push_back("TS_CA_FILE=" + ca_file.value());
  }
  return out;
}

live::Observer step_printer(Context& context) {
  return [&context](const live::StepEvent& event) {
    Output& out = context.out();
    using State = live::StepEvent::State;
    if (out.json()) {
      Json line;
      line["schema"] = "ts.live_event/1";
      line["time"] = format_rfc3339(context.clock().now());
      line["step"] = event.step;
      line["state"] = std::string(live::to_string(event.state));
      line["text"] = event.text;
      if (event.state == State::kDone || event.state == State::kFailed) {
        line["elapsed_ms"] = event.elapsed.count();
      }
      static_cast<void>(out.json_line(line).ok());
      return;
    }
    switch (event.state) {
      case State::kStarted:
        out.progress(fmt::format("...           {}", event.text));
        break;
      case State::kDone:
        out.status(fmt::format("{} {:>8}  {}", out.styled_stderr(Output::Style::kGreen, "ok  "),
                               format_duration(event.elapsed), event.text));
        break;
      case State::kFailed:
        out.status(fmt::format("{} {:>8}  {}: {}", out.styled_stderr(Output::Style::kRed, "FAIL"),
                               format_duration(event.elapsed), event.step, event.text));
        break;
      case State::kUndone:
        out.status(fmt::format("undone         {}", event.text));
        break;
      case State::kNote:
        out.status(fmt::format("               {}", event.text));
        break;
    }
  };
}

Result<store::Session> find_session(store::Database& database, const std::string& name) {
  if (!name.empty()) return store::latest_session(database, name);
  TS_TRY(const auto open, store::list_sessions(database, {.open_only = true, .limit = 2}));
  if (open.size() == 1) return open.front();
  if (open.size() > 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "more than one show is running",
                 .hint = "name one: ts live list shows them"};
  }
  TS_TRY(const auto all, store::list_sessions(database, {.limit = 1}));
  if (!all.empty()) return all.front();
  return Error{.kind = ErrorKind::kNotFound,
               .message = "there has been no go-live yet",
               .hint = "start one: ts live start SHOW.json"};
}

Json session_document(const store::Session& session, const live::Resources& resources) {
  Json json;
  json["schema"] = "ts.live/1";
  json["name"] = session.name;
  json["session_id"] = session.id;
  json["state"] = session.state;
  json["show"] = session.show_path;
  json["started_at"] = format_rfc3339(session.created_at);
  if (session.closed_at) json["ended_at"] = format_rfc3339(*session.closed_at);
  json["live_stream_id"] = resources.live_stream_id;
  json["playback_id"] = resources.playback_id;
  json["playback_url"] = resources.playback_url;
  json["room"] = resources.room;
  json["ingress_id"] = resources.ingress_id;
  json["egress_id"] = resources.egress_id;
  json["asset_id"] = resources.asset_id;
  json["asset_playback_id"] = resources.asset_playback_id;
  json["control_socket"] = resources.control_socket;
  json["folder"] = resources.folder;
  return json;
}

}  // namespace ts::cli
