// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_version {

Status run(Context& context) {
  Json document;
  document["schema"] = "ts.version/1";
  document["version"] = TS_VERSION;
  document["media"] = context.media_program().ok();
  return context.out().report(
      {.document = &document, .text = fmt::format("ts {}", TS_VERSION), .raw = TS_VERSION});
}

}  // namespace in_version

Command version() {
  using namespace in_version;
  return {.path = "version",
          .summary = "Print the version",
          .example = "ts version --json",
          .bind = [](CLI::App&) -> Runner { return run; }};
}

}  // namespace ts::cli
