// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "config/legacy.hpp"
#include "core/file.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace in_env_fix {

struct Options {
  bool write = false;
};

/// A new name beside the file: an older copy may hold what is nowhere else. One that holds the same
/// is as good.
std::string backup_name(const std::string& path, const std::string& text) {
  std::string name = path + ".bak";
  std::error_code ignored;
  for (int number = 2; std::filesystem::exists(name, ignored); ++number) {
    const auto there = read_file(name, std::size_t{1} << 20U);
    if (there.ok() && there.value() == text) break;
    name = fmt::format("{}.bak{}", path, number);
  }
  return name;
}

Status run(const Options& options, Context& context) {
  const std::string path = context.options().env_file.empty() ? ".env" : context.options().env_file;
  TS_TRY(const auto text, read_file(path, std::size_t{1} << 20U));
  TS_TRY(const auto fixed, config::fix_legacy_names(text, path));
  Json document;
  document["schema"] = "ts.env_fix/1";
  document["file"] = path;
  document["changes"] = fixed.changes;
  const bool write = options.write && !fixed.changes.empty() && !context.dry_run();
  const std::string backup = write ? backup_name(path, text) : std::string();
  if (write) {
    document["backup"] = backup;
    // The old file stays beside the new one: it holds credentials that nobody has elsewhere.
    TS_CHECK(write_file_atomic(backup, text, 0600));
    TS_CHECK(write_file_atomic(path, fixed.text, 0600));
  }
  document["written"] = write;
  std::string shown;
  for (const std::string& change : fixed.changes) shown += change + "\n";
  if (fixed.changes.empty()) {
    shown = fmt::format("{} has no legacy names", path);
  } else {
    shown += write ? fmt::format("wrote {} (the old one is {})", path, backup)
                   : fmt::format("add --write to change {}", path);
  }
  return context.out().report({.document = &document, .text = shown});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--write", options->write,
               "Change the file; the old one is kept as .bak, or .bak2 …");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_env_fix

Command env_fix() {
  return {.path = "env fix",
          .summary = "Rename legacy settings in .env (livekit_websocket_url and friends)",
          .example = "ts env fix\nts env fix --write",
          .forms = "none",
          .bind = in_env_fix::bind};
}

}  // namespace ts::cli
