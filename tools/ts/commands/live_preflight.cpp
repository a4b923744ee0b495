// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "live_tools.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_live_preflight {

struct Options {
  std::string show;
  bool direct = false;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto show, scene::load_show(options.show));
  TS_TRY(auto outside, live_outside(context, !options.direct));
  live::GoLiveOptions go_live;
  go_live.show_path = options.show;
  go_live.direct = options.direct;
  TS_CHECK(live::preflight(outside.services, show, go_live, context.stop()));
  Json document;
  document["schema"] = "ts.live_preflight/1";
  document["ok"] = true;
  document["show"] = show.name;
  return context.out().report(
      {.document = &document, .text = fmt::format("show '{}' can go live", show.name)});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("show", options->show, "The show file")->required()->type_name("SHOW.json");
  app.add_flag("--direct", options->direct, "Without LiveKit");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_live_preflight

Command live_preflight() {
  return {.path = "live preflight",
          .summary = "Find what would keep a show from going live; changes nothing",
          .example = "ts live preflight examples/rehearsal/show.json",
          .bind = in_live_preflight::bind};
}

}  // namespace ts::cli
