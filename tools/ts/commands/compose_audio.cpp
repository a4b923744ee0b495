// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>

namespace ts::cli {
namespace in_compose_audio {

struct Options {
  ControlFlags control;
  std::string source;
  std::string gain;
  bool mute = false;
  bool unmute = false;
  bool solo = false;
  bool unsolo = false;
  bool follow = false;
  bool unfollow = false;
  std::string delay;
};

/// "-6", "-6dB", "-6 dB".
Result<double> decibels(const std::string& text) {
  std::string number = text;
  if (to_lower(number).ends_with("db")) number = trim(number.substr(0, number.size() - 2));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !(value >= -120 && value <= 24)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("--gain '{}' is not -120 to 24 dB", shorten(text, 20)),
                 .hint = "write --gain=-6, or --mute"};
  }
  return value;
}

Status run(const Options& options, Context& context) {
  Json request{{"command", "audio"}, {"source", options.source}};
  if (!options.gain.empty()) {
    TS_TRY(request["gain_db"], decibels(options.gain));
  }
  if (options.mute || options.unmute) request["mute"] = options.mute;
  if (options.solo || options.unsolo) request["solo"] = options.solo;
  if (options.follow || options.unfollow) request["follow"] = options.follow;
  if (!options.delay.empty()) {
    TS_TRY(const auto delay, parse_duration(options.delay));
    request["delay_ms"] = delay.count();
  }
  if (request.size() == 2) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "nothing to change",
                 .hint =
                     "give --gain DB, --mute, --unmute, --solo, --unsolo, --follow, --unfollow or "
                     "--delay"};
  }
  return run_compositor_command(context, options.control, request);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("source", options->source, "Name of the source")->required()->type_name("SOURCE");
  app.add_option("--gain", options->gain, "Gain in dB, -120 to 24")->type_name("DB");
  auto* mute = app.add_flag("--mute", options->mute, "Not heard");
  app.add_flag("--unmute", options->unmute, "Heard again")->excludes(mute);
  auto* solo = app.add_flag("--solo", options->solo, "Only this source (and other solo ones)");
  app.add_flag("--unsolo", options->unsolo, "No longer solo")->excludes(solo);
  auto* follow = app.add_flag("--follow", options->follow, "Heard only while a scene shows it");
  app.add_flag("--unfollow", options->unfollow, "Heard whatever is shown")->excludes(follow);
  app.add_option("--delay", options->delay, "Its sound this much later, up to 10s");
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_audio

Command compose_audio() {
  return {.path = "compose audio",
          .summary = "Change a source's gain, mute, solo, follow or delay",
          .example = "ts compose audio wide --gain=-6\nts compose audio phone --mute",
          .forms = "raw",
          .bind = in_compose_audio::bind,
          .details =
              "Changes are ramped over 10 ms, so they do not click; all that is given happens "
              "in the same frame."};
}

}  // namespace ts::cli
