// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "database.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "store/maintenance.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_db_migrate {

struct Options {
  std::string database;
  std::string source;
};

Status report(Context& context, const store::MigrationReport& done, bool dry_run,
              const std::vector<store::SourceMention>& mentions) {
  Json document{{"schema", "ts.db/1"},
                {"dry_run", dry_run},
                {"from_version", done.from_version},
                {"to_version", done.to_version}};
  document["dropped_legacy_rows"] =
      done.dropped_legacy_rows ? Json(*done.dropped_legacy_rows) : Json();
  document["mentions"] = Json::array();
  std::string text = done.from_version == done.to_version
                         ? fmt::format("schema {} is up to date\n", done.to_version)
                         : fmt::format("schema {} {} {}\n", done.from_version,
                                       dry_run ? "would become" : "became", done.to_version);
  if (done.dropped_legacy_rows) {
    text += fmt::format("{} table {} with {} rows\n", dry_run ? "would drop" : "dropped",
                        store::kLegacyTable, *done.dropped_legacy_rows);
  }
  for (const auto& mention : mentions) {
    document["mentions"].push_back(
        Json{{"file", mention.file.string()}, {"line", mention.line}, {"text", mention.text}});
    text += fmt::format("{}:{}: still names it: {}\n", mention.file.string(), mention.line,
                        mention.text);
  }
  return context.out().report({.document = &document, .text = text});
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto url, database_url(context, options.database));
  std::vector<store::SourceMention> mentions;
  if (!options.source.empty()) {
    TS_TRY(mentions, store::find_legacy_mentions(options.source));
  }
  TS_TRY(const auto planned, store::migrate_database(url, context.clock(), true));
  if (context.dry_run()) return report(context, planned, true, mentions);
  if (planned.dropped_legacy_rows) {
    TS_CHECK(context.confirm(fmt::format("drop the table {} with {} rows?", store::kLegacyTable,
                                         *planned.dropped_legacy_rows)));
  }
  TS_TRY(const auto done, store::migrate_database(url, context.clock(), false));
  return report(context, done, false, mentions);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--database", options->database,
                 "sqlite:///ABSOLUTE/PATH (default: TS_DATABASE_URL)")
      ->type_name("URL");
  app.add_option("--source", options->source,
                 "Folder of a platform's code: lines that still name the legacy table")
      ->type_name("DIR");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_db_migrate

Command db_migrate() {
  return {.path = "db migrate",
          .summary = "Bring the schema up to date, drop the legacy signaling_message table",
          .example =
              "ts db migrate --dry-run\nts db migrate --database sqlite:///srv/app/data.db --yes",
          .forms = "none",
          .bind = in_db_migrate::bind,
          .details =
              "Other tables are left alone. Dropping the legacy table asks first (--yes off "
              "a terminal); ts db backup before it keeps its rows."};
}

}  // namespace ts::cli
