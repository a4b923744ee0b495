// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "database.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "store/database.hpp"
#include "store/maintenance.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>
#include <string>
#include <string_view>

namespace ts::cli {
namespace in_db_check {

struct Options {
  std::string database;
  std::string source;
};

/// Everything that should not stay as it is, with what to do about it.
struct Finding {
  std::string text;
  std::string hint;
};

std::vector<Finding> findings_of(const store::DatabaseReport& report) {
  std::vector<Finding> findings;
  for (const auto& problem : report.problems) {
    findings.push_back({fmt::format("damaged: {}", problem),
                        "keep the file; put a backup in its place with ts db restore FILE"});
  }
  if (report.schema_version > report.newest_schema_version) {
    findings.push_back({fmt::format("schema {} is newer than this ts, which knows {}",
                                    report.schema_version, report.newest_schema_version),
                        "use the newer ts"});
  } else if (report.exists && report.schema_version < report.newest_schema_version) {
    findings.push_back({fmt::format("schema {} is older than {}", report.schema_version,
                                    report.newest_schema_version),
                        "run ts db migrate"});
  }
  if (report.legacy_rows) {
    findings.push_back(
        {fmt::format("legacy table {} with {} rows", store::kLegacyTable, *report.legacy_rows),
         "drop it with ts db migrate"});
  }
  if (report.loose_permissions) {
    findings.push_back(
        {"others may read the file", fmt::format("chmod 600 {}", report.path.string())});
  }
  return findings;
}

Json document_of(const store::DatabaseReport& report,
                 const std::vector<store::SourceMention>& mentions,
                 const std::vector<Finding>& findings) {
  Json document{{"schema", "ts.db/1"},
                {"path", report.path.string()},
                {"exists", report.exists},
                {"schema_version", report.schema_version},
                {"newest_schema_version", report.newest_schema_version}};
  document["tables"] = Json::array();
  for (const auto& [name, rows] : report.tables) {
    document["tables"].push_back(Json{{"name", name}, {"rows", rows}});
  }
  document["legacy_rows"] = report.legacy_rows ? Json(*report.legacy_rows) : Json();
  document["mentions"] = Json::array();
  for (const auto& mention : mentions) {
    document["mentions"].push_back(
        Json{{"file", mention.file.string()}, {"line", mention.line}, {"text", mention.text}});
  }
  document["findings"] = Json::array();
  for (const auto& finding : findings) {
    document["findings"].push_back(Json{{"text", finding.text}, {"hint", finding.hint}});
  }
  document["ok"] = findings.empty();
  return document;
}

std::string text_of(const store::DatabaseReport& report,
                    const std::vector<store::SourceMention>& mentions,
                    const std::vector<Finding>& findings) {
  std::string text =
      fmt::format("database  {}{}\n", report.path.string(), report.exists ? "" : " (not made yet)");
  if (report.exists) {
    text +=
        fmt::format("schema    {} of {}\n", report.schema_version, report.newest_schema_version);
    for (const auto& [name, rows] : report.tables) text += fmt::format("{:<20} {}\n", name, rows);
  }
  for (const auto& mention : mentions) {
    text += fmt::format("{}:{}: {}\n", mention.file.string(), mention.line, mention.text);
  }
  for (const auto& finding : findings)
    text += fmt::format("! {}: {}\n", finding.text, finding.hint);
  if (findings.empty()) text += "ok\n";
  return text;
}

bool begins_as_database(const std::string& url) {
  const auto path = store::sqlite_path(url);
  if (!path.ok()) return false;
  constexpr std::string_view kMagic = "SQLite format 3";
  std::string head(kMagic.size(), '\0');
  std::ifstream file(path.value(), std::ios::binary);
  return file.read(head.data(), static_cast<std::streamsize>(head.size())) && head == kMagic;
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto url, database_url(context, options.database));
  auto checked = store::check_database(url);
  // A database so damaged that it cannot be opened is a finding; any other file a wrong setting.
  if (!checked.ok() && checked.error().code == "corrupt" && begins_as_database(url)) {
    Error error = std::move(checked).error();
    error.kind = ErrorKind::kCheckFailed;
    return error;
  }
  TS_TRY(const auto report, std::move(checked));
  std::vector<store::SourceMention> mentions;
  if (!options.source.empty()) {
    TS_TRY(mentions, store::find_legacy_mentions(options.source));
  }
  auto findings = findings_of(report);
  if (!mentions.empty()) {
    findings.push_back({fmt::format("{} lines of {} still name {}", mentions.size(), options.source,
                                    store::kLegacyTable),
                        "remove them"});
  }
  const auto document = document_of(report, mentions, findings);
  std::string raw;
  for (const auto& mention : mentions) {
    raw += fmt::format("{}:{}\n", mention.file.string(), mention.line);
  }
  TS_CHECK(context.out().report(
      {.document = &document, .text = text_of(report, mentions, findings), .raw = raw}));
  if (findings.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{} finding{} ({})", findings.size(),
                                      findings.size() == 1 ? "" : "s", findings.front().text),
               .hint = findings.front().hint};
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

}  // namespace in_db_check

Command db_check() {
  return {.path = "db check",
          .summary = "Examine the state database, find the legacy signaling_message table",
          .example = "ts db check\nts db check --database sqlite:///srv/app/data.db --source ./src",
          .bind = in_db_check::bind,
          .main_verb = true,
          .details =
              "Reads only. Exit 10 when something was found: damage, another schema, the "
              "legacy table, code that names it, a file that others may read. -o raw prints "
              "FILE:LINE of the code."};
}

}  // namespace ts::cli
