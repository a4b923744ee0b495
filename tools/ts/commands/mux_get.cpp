// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include <CLI/CLI.hpp>

namespace ts::cli {
namespace in_mux_get {

Status run(const std::string& id, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto live_stream, client->get_live_stream(id));
  return report_live_stream(context, live_stream);
}

Runner bind(CLI::App& app) {
  auto id = std::make_shared<std::string>();
  app.add_option("LIVE_ID", *id, "Live stream")->required();
  return [id](Context& context) { return run(*id, context); };
}

}  // namespace in_mux_get

Command mux_get() {
  return {.path = "mux get",
          .summary = "Show one Mux live stream",
          .example = "ts mux get LIVE_ID\nts mux get LIVE_ID -o env",
          .bind = in_mux_get::bind};
}

}  // namespace ts::cli
