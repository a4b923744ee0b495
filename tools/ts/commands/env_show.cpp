// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_env_show {

struct Options {
  bool all = false;
};

/// What a listing may show of a value: secrets only by their length.
std::string shown(const config::SettingInfo& info, const config::Settings& settings,
                  const config::Settings::Value& value) {
  if (!info.secret) {
    return value.file.empty() ? masked_url(value.text) : fmt::format("in {}", value.file);
  }
  const auto secret = settings.secret(info.name);
  if (!secret.ok()) return fmt::format("unreadable: {}", secret.error().message);
  return fmt::format("set, {} characters", secret.value()->size());
}

Status run(const Options& options, Context& context) {
  const auto& settings = context.settings();
  Json document;
  document["schema"] = "ts.env/1";
  document["settings"] = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const config::SettingInfo& info : config::all_settings()) {
    const auto* value = settings.find(info.name);
    Json entry;
    entry["name"] = std::string(info.name);
    entry["set"] = value != nullptr;
    entry["secret"] = info.secret;
    if (value != nullptr) {
      const std::string text = shown(info, settings, *value);
      entry["value"] = text;
      entry["origin"] = std::string(config::to_string(value->origin));
      entry["from"] = value->where;
      rows.push_back({std::string(info.name), text, value->where});
    } else if (options.all) {
      rows.push_back({std::string(info.name), "-", "not set"});
    }
    document["settings"].push_back(std::move(entry));
  }
  return context.out().report(
      {.document = &document, .text = table({"NAME", "VALUE", "FROM"}, rows, "nothing is set")});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--all", options->all, "List unset variables, too");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_env_show

Command env_show() {
  return {.path = "env show",
          .summary = "Show the effective settings with their origin, secrets masked",
          .example = "ts env show\nts env show -P live --json",
          .bind = in_env_show::bind,
          .main_verb = true};
}

}  // namespace ts::cli
