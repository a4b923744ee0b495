// SPDX-License-Identifier: Apache-2.0
#include "common/setting_sources.hpp"

#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

// NOLINTNEXTLINE(readability-redundant-declaration): POSIX asks the program to declare it.
extern char** environ;

namespace ts::cli {
namespace {

Result<std::optional<std::string>> read_env_file(const std::string& given, std::string& path,
                                                 bool& loose) {
  path = given.empty() ? ".env" : given;
  struct stat info {};
  if (given.empty() && ::stat(path.c_str(), &info) != 0) return std::optional<std::string>{};
  auto text = read_file(path, std::size_t{1} << 20U);
  if (!text) {
    Error error = std::move(text).error();
    error.kind = ErrorKind::kConfig;
    return error;
  }
  loose = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0077U) != 0;
  return std::optional<std::string>(std::move(text).value());
}

/// The profile asked for, or the one `ts env use` chose.
Result<std::optional<std::string>> read_profile(const std::filesystem::path& folder,
                                                std::string& name) {
  const bool asked = !name.empty();
  if (!asked) {
    auto current = read_file(folder / "current", 4096);
    if (!current) return std::optional<std::string>{};
    name = std::string(trim(current.value()));
    if (name.empty()) return std::optional<std::string>{};
  }
  if (name.find('/') != std::string::npos || name.starts_with('.')) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("'{}' is not a profile name", shorten(name, 60))};
  }
  auto text = read_file(folder / "profiles" / (name + ".env"), std::size_t{1} << 20U);
  if (!text) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("there is no profile '{}'", shorten(name, 60)),
                 .hint = "ts env list shows the profiles, ts env add makes one"};
  }
  return std::optional<std::string>(std::move(text).value());
}

}  // namespace

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      out.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
  }
  return out;
}

Result<config::Sources> setting_sources(const GlobalOptions& options,
                                        const std::map<std::string, std::string>& environment) {
  config::Sources sources;
  sources.environment = environment;
  TS_TRY(sources.env_file_text,
         read_env_file(options.env_file, sources.env_file_path, sources.env_file_loose));
  const auto config_home = environment.find("XDG_CONFIG_HOME");
  const auto home = environment.find("HOME");
  std::filesystem::path folder;
  if (config_home != environment.end() && config_home->second.starts_with('/')) {
    folder = std::filesystem::path(config_home->second) / "ts";
  } else if (home != environment.end()) {
    folder = std::filesystem::path(home->second) / ".config/ts";
  }
  sources.profile_name = options.profile;
  if (!folder.empty()) {
    TS_TRY(sources.profile_text, read_profile(folder, sources.profile_name));
  }
  return sources;
}

}  // namespace ts::cli
