// SPDX-License-Identifier: Apache-2.0
#include "config/legacy.hpp"

#include "config/dotenv.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::config {
namespace {

/// A line's variable name in lower case and its value without quotes; empty name for other lines.
struct Line {
  std::string name;
  std::string value;
};

Line read_line(std::string_view line) {
  std::string_view body = trim(line);
  if (body.starts_with("export ")) body = trim(body.substr(7));
  const auto equals = body.find('=');
  if (equals == std::string_view::npos || body.starts_with('#')) return {};
  std::string_view value = trim(body.substr(equals + 1));
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  return {to_lower(trim(body.substr(0, equals))), std::string(value)};
}

Error refuse(std::string_view what, std::size_t line, std::string_view problem,
             std::string_view hint) {
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("{} line {}: {}", what, line, problem),
               .hint = std::string(hint)};
}

}  // namespace

Result<FixedFile> fix_legacy_names(std::string_view text, std::string_view what) {
  TS_TRY(const auto pairs, parse_dotenv(text, what));
  const auto has = [&](std::string_view name) {
    return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
      return pair.first == name && !pair.second.empty();
    });
  };
  FixedFile out;
  std::size_t number = 0;
  const auto lines = split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ++number;
    const std::string_view raw = lines[i];
    const Line line = read_line(raw);
    std::string replaced(raw);
    if (line.name == "livekit_websocket_url") {
      if (has("LIVEKIT_URL")) {
        return refuse(what, number, "both livekit_websocket_url and LIVEKIT_URL are set",
                      "remove one of them by hand");
      }
      replaced = "LIVEKIT_URL=" + line.value;
      out.changes.emplace_back("livekit_websocket_url -> LIVEKIT_URL");
    } else if (line.name == "livekit_secret_token") {
      if (has("LIVEKIT_API_KEY") || has("LIVEKIT_API_SECRET")) {
        return refuse(what, number, "livekit_secret_token stands beside the new names",
                      "remove livekit_secret_token, or the new names, by hand");
      }
      const auto colons = std::count(line.value.begin(), line.value.end(), ':');
      const auto colon = line.value.find(':');
      if (colons != 1 || colon == 0 || colon + 1 == line.value.size()) {
        return refuse(what, number, "livekit_secret_token is not KEY:SECRET with exactly one ':'",
                      "write LIVEKIT_API_KEY and LIVEKIT_API_SECRET by hand, from the LiveKit "
                      "dashboard (Settings, Keys)");
      }
      replaced = fmt::format("LIVEKIT_API_KEY={}\nLIVEKIT_API_SECRET={}",
                             line.value.substr(0, colon), line.value.substr(colon + 1));
      out.changes.emplace_back(
          "livekit_secret_token -> LIVEKIT_API_KEY and LIVEKIT_API_SECRET (split at ':')");
    }
    out.text += replaced;
    if (i + 1 < lines.size()) out.text += '\n';
  }
  return out;
}

}  // namespace ts::config
