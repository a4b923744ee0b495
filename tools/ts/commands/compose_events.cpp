// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "control/protocol.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>

namespace ts::cli {
namespace in_compose_events {

struct Options {
  ControlFlags control;
  std::vector<std::string> kinds;
  std::int64_t count = 0;
  std::string duration;
};

/// "14:03:00Z  frame 4711  scene  program=two preview=one …"
std::string text_of(const Json& event) {
  std::string text;
  for (const auto& [key, value] : event.items()) {
    const auto shown = value.is_string() ? value.get<std::string>() : dump_json(value);
    if (key == "event") {
      text = fmt::format("{:<8}{}", shown, text);
    } else if (key == "tick") {
      text += fmt::format(" frame {:<8}", shown);
    } else if (key != "time" && !shown.empty() && !value.is_null()) {
      text += fmt::format(" {}={}", key, shown);
    }
  }
  return text;
}

Status print(const std::string& line, Context& context) {
  TS_TRY(const Json event, parse_json(line, "an event", ErrorKind::kRemote));
  if (!context.out().json()) return context.out().print(text_of(event) + "\n");
  Json document{{"schema", "ts.compose_event/1"}};
  for (const auto& [key, value] : event.items()) document[key] = value;
  return context.out().json_line(document);
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto limit, parse_duration(options.control.timeout));
  std::optional<SteadyTime> end;
  if (!options.duration.empty()) {
    TS_TRY(const auto duration, parse_duration(options.duration));
    end = context.clock().steady_now() + duration;
  }
  Json request{{"command", "events"}};
  if (!options.kinds.empty()) request["kinds"] = options.kinds;
  TS_CHECK(control::check_request(request));
  TS_TRY(auto client, connect_compositor(context, options.control));
  TS_CHECK(client.request(request, limit, context.stop()));
  for (std::int64_t seen = 0; options.count == 0 || seen < options.count;) {
    auto wait = milliseconds{60'000};
    if (end) {
      wait = std::chrono::ceil<milliseconds>(*end - context.clock().steady_now());
      if (wait <= milliseconds{0}) return ok_status();
    }
    auto line = client.next_event(wait, context.stop());
    if (!line.ok()) {
      // The compositor's end is the end of its events.
      if (line.error().code == "closed" && options.count == 0) return ok_status();
      return std::move(line).error();
    }
    if (!line.value()) continue;
    TS_CHECK(print(*line.value(), context));
    ++seen;
  }
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--kind", options->kinds,
                 "Only these (repeat): scene, tally, overlay, audio, black, source, output, guard, "
                 "quality, go, stop, meters (ten a second, only when named)")
      ->take_all();
  app.add_option("--count", options->count, "End after this many")->check(CLI::PositiveNumber);
  app.add_option("--for", options->duration, "End after this long");
  add_control_options(app, options->control);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_compose_events

Command compose_events() {
  return {
      .path = "compose events",
      .summary = "Follow what changes in a running program, tally included",
      .example = "ts compose events\nts compose events --kind tally --json",
      .bind = in_compose_events::bind,
      .details = "Ends when the program ends. With --json one ts.compose_event/1 object a line."};
}

}  // namespace ts::cli
