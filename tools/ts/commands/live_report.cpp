// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_live_report {

struct Options {
  std::string name;
  std::string sheet;
};

/// The contact sheet of what viewers got, made by ts-media from the recording's playback address.
Result<Json> make_sheet(const Options& options, const live::Resources& resources,
                        Context& context) {
  TS_TRY(const auto media, context.media_program());
  TS_TRY(const auto base, context.settings().base_url("MUX_STREAM_BASE_URL"));
  const std::string& id =
      resources.asset_playback_id.empty() ? resources.playback_id : resources.asset_playback_id;
  ProcessOptions process{.program = media};
  process.arguments = {"sheet",      fmt::format("{}/{}.m3u8", base, id),    "--out", options.sheet,
                       "--timeline", resources.folder + "/compositor.jsonl", "--json"};
  process.environment = child_environment(context);
  process.standard_output = StreamMode::kPipe;
  TS_TRY(auto child, ChildProcess::spawn(process));
  LineReader lines(child.take_stdout(), 65536, std::size_t{4} << 20U);
  TS_TRY(const auto status, child.wait(seconds(120), context.stop()));
  std::string text;
  while (auto line = lines.next(milliseconds(500))) text += *line + "\n";
  auto parsed = parse_json(text, "the sheet's report");
  if (!parsed.ok() && !status.success()) {
    return Error{.kind = ErrorKind::kMedia, .message = "the contact sheet could not be made"};
  }
  if (!parsed.ok()) return std::move(parsed).error();
  Json report = std::move(parsed).value();
  report["ok"] = status.success();
  return report;
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto session, find_session(database, options.name));
  TS_TRY(const auto resources, live::Resources::from_text(session.details));
  TS_TRY(const auto entries, store::read_journal(database, session.id));
  Json document = session_document(session, resources);
  document["timeline"] = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : entries) {
    const auto payload = parse_json(entry.payload, "journal");
    Json line;
    line["time"] = format_rfc3339(entry.time);
    line["step"] = entry.step;
    line["state"] = entry.kind;
    std::string text;
    std::string took;
    if (payload.ok()) {
      const JsonReader reader(payload.value());
      text = reader.string_or("text").ok() ? reader.string_or("text").value() : "";
      if (const auto elapsed = reader.int_or("elapsed_ms", -1);
          elapsed.ok() && elapsed.value() >= 0) {
        line["elapsed_ms"] = elapsed.value();
        took = format_duration(milliseconds(elapsed.value()));
      }
    }
    line["text"] = text;
    document["timeline"].push_back(std::move(line));
    if (entry.kind != "started") {
      rows.push_back({format_duration(entry.time - session.created_at), entry.kind, took, text});
    }
  }
  std::string text = fmt::format("show '{}' {}\n\n{}", session.name, session.state,
                                 table({"AT", "STATE", "TOOK", "WHAT"}, rows, "nothing happened"));
  bool good = true;
  if (!options.sheet.empty()) {
    TS_TRY(const auto sheet, make_sheet(options, resources, context));
    good = sheet.value("ok", false);
    document["sheet"] = sheet;
    text += fmt::format("\npicture    {}\nverdict    {}\n", options.sheet,
                        sheet.value("verdict", std::string(good ? "ok" : "failed")));
  }
  TS_CHECK(context.out().report({.document = &document, .text = text, .id = session.id}));
  if (good) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = "the recording does not show what the compositor sent",
               .hint = fmt::format("look at {}", options.sheet)};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The run (default: the running one, else the last)")
      ->type_name("NAME");
  app.add_option("--sheet", options->sheet,
                 "Write a contact sheet of what viewers got, and check it")
      ->type_name("FILE.png");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_live_report

Command live_report() {
  return {.path = "live report",
          .summary = "Tell how a go-live went: every step with its time, and a picture of it",
          .example = "ts live report rehearsal --sheet sheet.png",
          .bind = in_live_report::bind};
}

}  // namespace ts::cli
