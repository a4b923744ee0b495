// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_wait {

struct Options {
  std::string id;
  std::string state = "active";
  std::string timeout = "90s";
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto reached,
         client->wait_live_stream(
             options.id, options.state, timeout,
             [&](const mux::LiveStream& seen) {
               context.out().status(fmt::format("live stream {} is {}", seen.id, seen.state()));
             },
             context.stop()));
  return report_live_stream(context, reached);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->id, "Live stream")->required();
  app.add_option("--for,--wait,--state", options->state,
                 "State to wait for: active (watchable), connecting, idle or disabled")
      ->capture_default_str();
  app.add_option("--timeout", options->timeout, "Give up after this long (exit 9)")
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_wait

Command mux_wait() {
  return {.path = "mux wait",
          .summary = "Wait until a live stream is active, connecting, idle or disabled",
          .example =
              "ts mux wait LIVE_ID --for active --timeout 60s\n"
              "ts mux wait LIVE_ID --for idle --timeout 3m",
          .bind = in_mux_wait::bind};
}

}  // namespace ts::cli
