// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "compose_tools.hpp"

#include "common/context.hpp"
#include "core/clock.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ts::cli {
namespace in_compose_overlay {

struct Options {
  ControlFlags control;
  std::string overlay;
  std::optional<std::string> title;
  std::optional<std::string> text;
  std::optional<std::string> subtitle;
  std::string length;
  std::string to;
  std::string in;
};

Status run_switch(const Options& options, const char* command, Context& context) {
  Json request{{"command", command}, {"overlay", options.overlay}};
  if (!options.length.empty()) {
    TS_TRY(const auto length, parse_duration(options.length));
    request["for_ms"] = length.count();
  }
  return run_compositor_command(context, options.control, request);
}

/// Another moment for a countdown.
Status run_moment(const Options& options, Context& context) {
  Json request{{"command", "overlay_set"}, {"overlay", options.overlay}};
  if (!options.to.empty()) {
    TS_CHECK(parse_rfc3339(options.to));
    request["to"] = options.to;
  } else {
    TS_TRY(const auto in, parse_duration(options.in));
    request["in_ms"] = in.count();
  }
  return run_compositor_command(context, options.control, request);
}

Error wrong_words(std::string message, std::string hint) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// What is given goes together and can be seen.
Status check_words(const Options& options) {
  if (options.subtitle && options.text) {
    return wrong_words("a text has no subtitle",
                       "give --title and --subtitle to a lower third, --text to a text overlay");
  }
  if (options.subtitle && !options.title) {
    return wrong_words("a subtitle is set together with its title",
                       "give the title, too: --title T --subtitle S");
  }
  if (options.title.has_value() == options.text.has_value()) {
    return wrong_words(
        "an overlay's new words are either a title or a text",
        "give --title (and --subtitle) to a lower third, --text to a text overlay, --in or "
        "--to to a countdown");
  }
  if (options.title ? options.title->empty() : options.text->empty()) {
    return wrong_words(options.title ? "the title is empty" : "the text is empty",
                       "ts compose overlay hide takes an overlay off the picture");
  }
  return ok_status();
}

Status run_set(const Options& options, Context& context) {
  if (!options.to.empty() || !options.in.empty()) return run_moment(options, context);
  TS_CHECK(check_words(options));
  Json request{{"command", "overlay_set"}, {"overlay", options.overlay}};
  if (options.title) request["title"] = *options.title;
  if (options.text) request["text"] = *options.text;
  if (options.subtitle && !options.subtitle->empty()) request["subtitle"] = *options.subtitle;
  return run_compositor_command(context, options.control, request);
}

template <const char* kCommand>
Runner bind_switch(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("overlay", options->overlay, "Name of the overlay")->required()->type_name("NAME");
  if (std::string_view(kCommand) == "overlay_show") {
    app.add_option("--for", options->length, "Hide it by itself after this long");
  }
  add_control_options(app, options->control);
  return [options](Context& context) { return run_switch(*options, kCommand, context); };
}

Runner bind_set(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("overlay", options->overlay, "Name of the overlay")->required()->type_name("NAME");
  app.add_option("--title", options->title, "First line of a lower third");
  app.add_option("--subtitle", options->subtitle, "Second line of a lower third");
  app.add_option("--text", options->text, "Words of a text overlay");
  auto* in = app.add_option("--in", options->in, "A countdown ends this long from now");
  auto* to = app.add_option("--to", options->to, "A countdown ends at this time (RFC 3339)");
  to->excludes(in);
  for (const char* words : {"--title", "--subtitle", "--text"}) {
    in->excludes(app.get_option(words));
    to->excludes(app.get_option(words));
  }
  add_control_options(app, options->control);
  return [options](Context& context) { return run_set(*options, context); };
}

constexpr char kShow[] = "overlay_show";
constexpr char kHide[] = "overlay_hide";

}  // namespace in_compose_overlay

Command compose_overlay_show() {
  using namespace in_compose_overlay;
  return {.path = "compose overlay show",
          .summary = "Fade an overlay in",
          .example = "ts compose overlay show name\nts compose overlay show name --for 8s",
          .forms = "raw",
          .bind = bind_switch<kShow>};
}

Command compose_overlay_hide() {
  using namespace in_compose_overlay;
  return {.path = "compose overlay hide",
          .summary = "Fade an overlay out",
          .example = "ts compose overlay hide name",
          .forms = "raw",
          .bind = bind_switch<kHide>};
}

Command compose_overlay_set() {
  using namespace in_compose_overlay;
  return {.path = "compose overlay set",
          .summary = "Change an overlay's words, or a countdown's moment, on air or not",
          .example =
              "ts compose overlay set name --title 'Ana Ruiz' --subtitle Officiant\n"
              "ts compose overlay set left --in 10m",
          .forms = "raw",
          .bind = bind_set,
          .details =
              "Warns when viewers will not see all of the words. A countdown's moment is a matter "
              "of the picture alone: cues keep their times."};
}

}  // namespace ts::cli
