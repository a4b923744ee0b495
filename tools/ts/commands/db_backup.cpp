// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "database.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "store/database.hpp"
#include "store/maintenance.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_db_backup {

struct Options {
  std::string target;
  std::string database;
  bool force = false;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto url, database_url(context, options.database));
  TS_TRY(const auto path, store::sqlite_path(url));
  if (!context.dry_run()) {
    TS_CHECK(store::backup_database(url, options.target, options.force));
  }
  const Json document{{"schema", "ts.db/1"},
                      {"dry_run", context.dry_run()},
                      {"database", path.string()},
                      {"backup", options.target}};
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} {} to {}", context.dry_run() ? "would copy" : "copied",
                           path.string(), options.target),
       .raw = options.target});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("file", options->target, "Where the copy goes")->required()->type_name("FILE");
  app.add_option("--database", options->database,
                 "sqlite:///ABSOLUTE/PATH (default: TS_DATABASE_URL)")
      ->type_name("URL");
  app.add_flag("--force", options->force, "Replace FILE when it exists");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_db_backup

Command db_backup() {
  return {.path = "db backup",
          .summary = "Copy the state database consistently, even while shows run",
          .example = "ts db backup /srv/backup/ts.sqlite",
          .forms = "raw",
          .bind = in_db_backup::bind,
          .details = "The copy is checked, whole in itself and readable by its owner only."};
}

}  // namespace ts::cli
