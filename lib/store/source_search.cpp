// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"
#include "core/text.hpp"
#include "store/maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace ts::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{4} << 20U;

/// "signaling", at most one of _ - or space, "message"; case does not matter.
bool names_legacy_table(std::string_view line) {
  constexpr std::string_view kFirst = "signaling";
  constexpr std::string_view kSecond = "message";
  const auto lower = to_lower(line);
  for (auto at = lower.find(kFirst); at != std::string::npos; at = lower.find(kFirst, at + 1)) {
    auto rest = std::string_view(lower).substr(at + kFirst.size());
    if (!rest.empty() && std::string_view("_- ").find(rest.front()) != std::string_view::npos) {
      rest.remove_prefix(1);
    }
    if (rest.starts_with(kSecond)) return true;
  }
  return false;
}

bool is_left_out(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name.starts_with('.') || name == "node_modules" || name == "build" || name == "dist" ||
         name == "target" || name == "vendor";
}

void search_file(const fs::path& file, const fs::path& folder, std::vector<SourceMention>& out) {
  const auto text = read_file(file, kMaxFile);
  if (!text || text.value().find('\0') != std::string::npos) return;
  std::int64_t number = 0;
  for (const auto line : split(text.value(), '\n')) {
    ++number;
    if (!names_legacy_table(line)) continue;
    out.push_back({.file = file.lexically_relative(folder),
                   .line = number,
                   .text = shorten(trim(line), 160)});
  }
}

}  // namespace

Result<std::vector<SourceMention>> find_legacy_mentions(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  if (error) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("cannot read the folder {} ({})", folder.string(), error.message()),
        .hint = "give --source the folder of the code"};
  }
  std::vector<SourceMention> mentions;
  while (entry != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    if (entry->is_symlink(ignored)) {
      // A link may lead outside or in circles; what it names is found where it is.
    } else if (entry->is_directory(ignored)) {
      if (is_left_out(entry->path())) entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored)) {
      search_file(entry->path(), folder, mentions);
    }
    entry.increment(error);
    if (error) break;
  }
  std::sort(mentions.begin(), mentions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return mentions;
}

}  // namespace ts::store
