// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_compose_status {

struct Options {
  ControlFlags control;
};

std::string seconds_text(std::int64_t ms) { return format_duration(seconds{(ms + 999) / 1000}); }

Result<std::string> source_rows(const JsonReader& status) {
  TS_TRY(const auto sources, status.at("sources"));
  TS_TRY(const auto entries, sources.items());
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.string_or("name"));
    TS_TRY(const auto state, entry.string_or("state"));
    TS_TRY(const auto on_air, entry.bool_or("on_air", false));
    TS_TRY(const auto gain, entry.number_or("gain_db", 0));
    TS_TRY(const auto muted, entry.bool_or("muted", false));
    TS_TRY(const auto solo, entry.bool_or("solo", false));
    TS_TRY(const auto source_peak, entry.number_or("peak_db", -120));
    // In the mix; a test tone has none of its own.
    TS_TRY(const auto peak, entry.number_or("level_db", source_peak));
    TS_TRY(const auto losses, entry.int_or("losses", 0));
    TS_TRY(const auto reason, entry.string_or("reason"));
    TS_TRY(const auto recording, entry.string_or("recording_trouble"));
    rows.push_back({name, on_air ? "on air" : "", state, fmt::format("{:+.1f} dB", gain),
                    muted  ? "muted"
                    : solo ? fmt::format("{:.0f} dB solo", peak)
                           : fmt::format("{:.0f} dB", peak),
                    std::to_string(losses), reason.empty() ? recording : reason});
  }
  return table({"SOURCE", "", "STATE", "GAIN", "PEAK", "LOST", "TROUBLE"}, rows, "no sources");
}

Result<std::string> output_rows(const JsonReader& status) {
  TS_TRY(const auto outputs, status.at("outputs"));
  TS_TRY(const auto entries, outputs.items());
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.string_or("name"));
    TS_TRY(const auto state, entry.string_or("state"));
    TS_TRY(const auto bytes, entry.int_or("bytes", 0));
    TS_TRY(const auto dropped, entry.int_or("dropped", 0));
    TS_TRY(const auto reason, entry.string_or("reason"));
    rows.push_back({name, state, fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6),
                    std::to_string(dropped), reason});
  }
  return table({"OUTPUT", "STATE", "SENT", "DROPPED", "TROUBLE"}, rows, "no outputs");
}

/// What the show does by itself; empty when that is nothing.
Result<std::string> plan_rows(const JsonReader& status) {
  std::string out;
  TS_TRY(const bool holding, status.bool_or("holding", false));
  if (holding) out += "next     on hold: ts compose go begins the show\n";
  TS_TRY(const auto next, status.find("next_cue"));
  if (next) {
    TS_TRY(const auto does, next->string_or("does"));
    TS_TRY(const auto in, next->int_or("in_ms", 0));
    out += fmt::format("next     {} in {}\n", does, seconds_text(in));
  }
  TS_TRY(const auto left, status.find("ends_in_ms"));
  if (left) {
    TS_TRY(const auto in, left->as_int());
    out += fmt::format("ends     in {}\n", seconds_text(in));
  }
  return out;
}

/// "scenes   opening, two"; empty when there are none.
Result<std::string> scene_row(const JsonReader& status) {
  TS_TRY(const auto member, status.find("scenes"));
  if (!member) return std::string();
  TS_TRY(const auto entries, member->items());
  std::string out;
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.as_string());
    out += (out.empty() ? "scenes   " : ", ") + name;
  }
  return out.empty() ? out : out + "\n";
}

/// "overlays name (on air), logo (…: no such file)"; empty when there are none.
Result<std::string> overlay_row(const JsonReader& status) {
  TS_TRY(const auto member, status.find("overlays"));
  if (!member) return std::string();
  TS_TRY(const auto entries, member->items());
  std::string out;
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.string_or("name"));
    TS_TRY(const auto on_air, entry.bool_or("on_air", false));
    TS_TRY(const auto trouble, entry.string_or("trouble"));
    out += (out.empty() ? "overlays " : ", ") + name;
    if (on_air) out += " (on air)";
    if (!trouble.empty()) out += " (" + trouble + ")";
  }
  return out.empty() ? out : out + "\n";
}

/// Empty without renditions.
Result<std::string> rendition_rows(const JsonReader& status) {
  TS_TRY(const auto renditions, status.find("renditions"));
  if (!renditions) return std::string();
  TS_TRY(const auto entries, renditions->items());
  if (entries.empty()) return std::string();
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : entries) {
    TS_TRY(const auto name, entry.string_or("name"));
    TS_TRY(const auto width, entry.int_or("width", 0));
    TS_TRY(const auto height, entry.int_or("height", 0));
    TS_TRY(const auto frames, entry.int_or("frames", 0));
    TS_TRY(const auto skipped, entry.int_or("skipped", 0));
    TS_TRY(const auto gaps, entry.int_or("gaps", 0));
    TS_TRY(const auto quality, entry.string_or("quality"));
    TS_TRY(const auto reason, entry.string_or("reason"));
    rows.push_back({name, fmt::format("{}x{}", width, height), std::to_string(frames),
                    std::to_string(skipped + gaps), quality, reason});
  }
  return "\n" + table({"RENDITION", "SIZE", "FRAMES", "LATE", "QUALITY", "TROUBLE"}, rows, "");
}

Result<std::string> text_of(const JsonReader& status) {
  TS_TRY(const auto show, status.string_or("show"));
  TS_TRY(const auto program, status.string_or("program"));
  TS_TRY(const auto preview, status.string_or("preview"));
  TS_TRY(const auto time, status.int_or("time_ms", 0));
  TS_TRY(const auto tick, status.int_or("tick", 0));
  TS_TRY(const auto fps, status.number_or("fps", 0));
  TS_TRY(const auto lagged, status.int_or("lagged", 0));
  TS_TRY(const auto skipped, status.int_or("skipped", 0));
  TS_TRY(const auto sources, source_rows(status));
  TS_TRY(const auto outputs, output_rows(status));
  TS_TRY(const auto renditions, rendition_rows(status));
  TS_TRY(const auto plan, plan_rows(status));
  TS_TRY(const auto scenes, scene_row(status));
  TS_TRY(const auto overlays, overlay_row(status));
  TS_TRY(const auto black, status.bool_or("black", false));
  TS_TRY(const auto quality, status.string_or("quality", "full"));
  TS_TRY(const auto alarms, status.find("alarms"));
  std::string trouble;
  if (alarms && alarms->is_array()) {
    TS_TRY(const auto entries, alarms->items());
    for (const auto& entry : entries) {
      TS_TRY(const auto name, entry.as_string());
      trouble += (trouble.empty() ? "" : ", ") + name;
    }
  }
  if (!trouble.empty()) trouble = "alarms   " + trouble + "\n";
  TS_TRY(const auto slate_for, status.string_or("slate_for"));
  if (!slate_for.empty()) {
    trouble +=
        fmt::format("slate    in place of {}, until that shows something again\n", slate_for);
  }
  if (quality != "full") trouble += fmt::format("quality  {}\n", quality);
  return trouble +
         fmt::format(
             "show     {}\nprogram  {}{}\npreview  {}\ntime     {} (frame {}, {:.1f} fps, {} "
             "late)\n{}{}{}\n{}\n{}{}",
             show, program, black ? " (BLACK)" : "", preview.empty() ? "-" : preview,
             format_duration(milliseconds{time}), tick, fps, lagged + skipped, plan, scenes,
             overlays, sources, outputs, renditions);
}

Status run(const Options& options, Context& context) {
  TS_TRY(const Json reply, ask_compositor(context, options.control, Json{{"command", "status"}}));
  const JsonReader reader(reply);
  TS_TRY(const auto status, reader.at("status"));
  TS_TRY(const auto text, text_of(status));
  const auto document = compose_document("status", status.json());
  return context.out().report({.document = &document, .text = text});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_status

Command compose_status() {
  return {.path = "compose status",
          .summary = "Show what a running compositor is doing",
          .example = "ts compose status\nts compose status --show wedding --json",
          .bind = in_compose_status::bind};
}

}  // namespace ts::cli
