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
namespace in_db_restore {

struct Options {
  std::string backup;
  std::string database;
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto url, database_url(context, options.database));
  TS_TRY(const auto path, store::sqlite_path(url));
  TS_CHECK(context.confirm(fmt::format("replace {} with {}?", path.string(), options.backup)));
  store::RestoreReport done;
  if (!context.dry_run()) {
    TS_TRY(done, store::restore_database(url, options.backup, context.clock()));
  }
  Json document{{"schema", "ts.db/1"},
                {"dry_run", context.dry_run()},
                {"database", path.string()},
                {"backup", options.backup}};
  std::string text =
      fmt::format("{} {} with {}\n", context.dry_run() ? "would replace" : "replaced",
                  path.string(), options.backup);
  if (!context.dry_run()) document["schema_version"] = done.schema_version;
  if (!done.previous.empty()) {
    document["previous"] = done.previous.string();
    text += fmt::format("what was there is kept as {}\n", done.previous.string());
  }
  return context.out().report({.document = &document, .text = text});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("file", options->backup, "A file made by ts db backup")
      ->required()
      ->type_name("FILE");
  app.add_option("--database", options->database,
                 "sqlite:///ABSOLUTE/PATH (default: TS_DATABASE_URL)")
      ->type_name("URL");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_db_restore

Command db_restore() {
  return {.path = "db restore",
          .summary = "Put a backup in the state database's place",
          .example = "ts db restore /srv/backup/ts.sqlite --yes",
          .forms = "none",
          .bind = in_db_restore::bind,
          .details =
              "The backup is checked first; what was there is kept beside it. Refused while a "
              "show runs (exit 6)."};
}

}  // namespace ts::cli
