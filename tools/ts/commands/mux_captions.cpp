// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_captions {

struct Options {
  std::string id;
  std::vector<std::string> embedded;
  std::string generated;
  bool clear = false;
};

Status run(const Options& options, Context& context) {
  if (options.clear != (options.embedded.empty() && options.generated.empty())) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = options.clear ? "--clear excludes the other options" : "no captions were given",
        .hint = "use --embedded cc1:en-US, --generated en, or --clear"};
  }
  std::vector<mux::EmbeddedSubtitle> embedded;
  for (const std::string& text : options.embedded) {
    TS_TRY(auto entry, parse_caption(text));
    embedded.push_back(std::move(entry));
  }
  std::vector<mux::GeneratedSubtitle> generated;
  if (!options.generated.empty()) {
    generated.push_back(
        {.name = options.generated + " (generated)", .language_code = options.generated});
  }
  TS_TRY(const auto client, mux_client(context));
  std::optional<mux::LiveStream> changed;
  if (options.clear || !embedded.empty()) {
    TS_TRY(changed, client->set_embedded_subtitles(options.id, embedded));
  }
  if (options.clear || !generated.empty()) {
    TS_TRY(changed, client->set_generated_subtitles(options.id, generated));
  }
  return report_live_stream(context, *changed, options.clear ? "captions cleared" : "captions set");
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->id, "Live stream")->required();
  app.add_option("--embedded", options->embedded,
                 "Captions inside the video: CHANNEL:LANGUAGE[:NAME], such as cc1:en-US");
  app.add_option("--generated", options->generated, "Language to recognize speech in, such as en");
  app.add_flag("--clear", options->clear, "No captions any more");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_captions

Command mux_captions() {
  return {.path = "mux captions",
          .summary = "Set or clear a live stream's captions",
          .example =
              "ts mux captions LIVE_ID --embedded cc1:en-US\n"
              "ts mux captions LIVE_ID --generated en\n"
              "ts mux captions LIVE_ID --clear",
          .forms = "id raw env",
          .bind = in_mux_captions::bind};
}

}  // namespace ts::cli
