// SPDX-License-Identifier: Apache-2.0
// ts env add | list | use | remove: profiles are .env files in the configuration folder.
#include "commands.hpp"

#include "common/context.hpp"
#include "config/dotenv.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ts::cli {
namespace in_env_profiles {

namespace fs = std::filesystem;

struct Options {
  std::string name;
  std::string from;
};

Status check_name(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 64 && name.front() != '.' &&
                     name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789_.-") == std::string::npos;
  if (plain) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("'{}' is not a profile name", shorten(name, 60)),
               .hint = "use letters, digits, '-', '_' and '.'"};
}

fs::path profile_path(const Context& context, const std::string& name) {
  return context.config_dir() / "profiles" / (name + ".env");
}

std::string current_profile(const Context& context) {
  const auto text = read_file(context.config_dir() / "current", 4096);
  return text.ok() ? std::string(trim(text.value())) : std::string();
}

Status make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
  if (!failure) return ok_status();
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("cannot make {} ({})", folder.string(), failure.message())};
}

/// Writes what the effective settings hold of the vendors' variables, or a given .env file.
Status add(const Options& options, Context& context) {
  TS_CHECK(check_name(options.name));
  if (options.name == "none") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "no profile can be called 'none': ts env use none means no default",
                 .hint = "give it another name"};
  }
  const fs::path path = profile_path(context, options.name);
  std::string text;
  if (!options.from.empty()) {
    TS_TRY(text, read_file(options.from, std::size_t{1} << 20U));
    TS_TRY(const auto parsed, config::parse_dotenv(text, options.from));
    if (parsed.empty()) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("{} sets nothing", options.from)};
    }
  } else {
    for (const config::SettingInfo& info : config::all_settings()) {
      const auto* value = context.settings().find(info.name);
      if (value == nullptr || value->origin == config::Origin::kDefault || info.group == "ts")
        continue;
      std::string escaped;
      for (const char c : value->file.empty() ? value->text : value->file) {
        if (c == '"' || c == '\\') escaped.push_back('\\');
        escaped.push_back(c);
      }
      text += fmt::format("{}{}=\"{}\"\n", info.name, value->file.empty() ? "" : "_FILE", escaped);
    }
    if (text.empty()) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = "no credentials are set, so there is nothing to keep",
                   .hint = "set them, or give a file with --from"};
    }
  }
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    TS_CHECK(context.confirm(fmt::format("overwrite profile {}?", options.name)));
  }
  Json document;
  document["schema"] = "ts.env_profile/1";
  document["name"] = options.name;
  document["file"] = path.string();
  if (!context.dry_run()) {
    TS_CHECK(make_folder(context.config_dir()));
    TS_CHECK(make_folder(path.parent_path()));
    TS_CHECK(write_file_atomic(path, text, 0600));
  }
  return context.out().report(
      {.document = &document,
       .text = context.dry_run()
                   ? fmt::format("would keep profile {}", options.name)
                   : fmt::format("profile {} is kept; ts env use {} makes it the default",
                                 options.name, options.name),
       .id = options.name});
}

Status list(Context& context) {
  Json document;
  document["schema"] = "ts.env_profile/1";
  document["profiles"] = Json::array();
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(context.config_dir() / "profiles", ignored)) {
    if (entry.path().extension() == ".env") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  const std::string current = current_profile(context);
  std::string text;
  std::string ids;
  for (const std::string& name : names) {
    document["profiles"].push_back({{"name", name}, {"current", name == current}});
    text += fmt::format("{} {}\n", name == current ? "*" : " ", name);
    ids += name + "\n";
  }
  if (names.empty()) text = "no profiles; ts env add NAME keeps the current settings as one";
  return context.out().report({.document = &document, .text = text, .id = ids});
}

Status use(const Options& options, Context& context) {
  if (options.name != "none") {
    TS_CHECK(check_name(options.name));
    std::error_code ignored;
    if (!fs::exists(profile_path(context, options.name), ignored)) {
      return Error{.kind = ErrorKind::kNotFound,
                   .message = fmt::format("there is no profile '{}'", options.name),
                   .hint = "ts env list shows the profiles"};
    }
  }
  if (!context.dry_run()) {
    TS_CHECK(make_folder(context.config_dir()));
    TS_CHECK(write_file_atomic(context.config_dir() / "current",
                               options.name == "none" ? "" : options.name + "\n", 0600));
  }
  Json document;
  document["schema"] = "ts.env_profile/1";
  document["name"] = options.name;
  document["current"] = !context.dry_run();
  return context.out().report(
      {.document = &document,
       .text =
           fmt::format("{} profile {}", context.dry_run() ? "would use" : "using", options.name),
       .id = options.name});
}

Status remove(const Options& options, Context& context) {
  TS_CHECK(check_name(options.name));
  std::error_code failure;
  const fs::path path = profile_path(context, options.name);
  if (!fs::exists(path, failure)) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = fmt::format("there is no profile '{}'", options.name),
                 .hint = "ts env list shows the profiles"};
  }
  TS_CHECK(context.confirm(fmt::format("remove profile {} and its credentials?", options.name)));
  if (!context.dry_run()) {
    fs::remove(path, failure);
    if (current_profile(context) == options.name)
      fs::remove(context.config_dir() / "current", failure);
  }
  Json document;
  document["schema"] = "ts.env_profile/1";
  document["name"] = options.name;
  document["removed"] = !context.dry_run();
  return context.out().report(
      {.document = &document,
       .text = fmt::format("{} profile {}", context.dry_run() ? "would remove" : "removed",
                           options.name),
       .id = options.name});
}

template <Status (*Run)(const Options&, Context&)>
Runner bind_named(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The profile")->required()->type_name("NAME");
  return [options](Context& context) { return Run(*options, context); };
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The profile")->required()->type_name("NAME");
  app.add_option("--from", options->from, "Take this .env file (default: the effective settings)")
      ->type_name("F");
  return [options](Context& context) { return add(*options, context); };
}

}  // namespace in_env_profiles

Command env_add() {
  using namespace in_env_profiles;
  return {.path = "env add",
          .summary = "Keep the current credentials as a named profile",
          .example = "ts env add live\nts env add sandbox --from sandbox.env",
          .forms = "id",
          .bind = bind_add};
}
Command env_list() {
  using namespace in_env_profiles;
  return {.path = "env list",
          .summary = "List the profiles",
          .example = "ts env list",
          .bind = [](CLI::App&) -> Runner { return list; }};
}
Command env_use() {
  using namespace in_env_profiles;
  return {.path = "env use",
          .summary = "Make a profile the default (none: no default)",
          .example = "ts env use live\nts env use none",
          .forms = "id",
          .bind = bind_named<use>};
}
Command env_remove() {
  using namespace in_env_profiles;
  return {.path = "env remove",
          .summary = "Forget a profile and its credentials",
          .example = "ts env remove live --yes",
          .forms = "id",
          .bind = bind_named<remove>};
}

}  // namespace ts::cli
