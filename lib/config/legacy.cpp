// SPDX-License-Identifier: Apache-2.0
#include "config/legacy.hpp"

#include "config/dotenv.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::config {
namespace {

Error refuse(std::string_view what, std::size_t line, std::string_view problem,
             std::string_view hint) {
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("{} line {}: {}", what, line, problem),
               .hint = std::string(hint)};
}

/// Where one assignment was and what stands there now.
struct Change {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text{};
};

/// Rewrites what one legacy name means; what is around it stays.
class Fixer {
 public:
  Fixer(std::string_view text, std::string_view what, const std::vector<Assignment>& all)
      : text_(text), what_(what), all_(all) {}

  Result<FixedFile> fix() {
    for (const Assignment& one : all_) {
      const std::string name = to_lower(one.name);
      if (name == "livekit_websocket_url") TS_CHECK(rename_url(one));
      if (name == "livekit_secret_token") TS_CHECK(split_token(one));
    }
    FixedFile out;
    std::size_t done = 0;
    for (const Change& change : changes_) {
      out.text += text_.substr(done, change.begin - done);
      out.text += change.text;
      done = change.end;
    }
    out.text += text_.substr(done);
    out.changes = std::move(told_);
    return out;
  }

 private:
  /// Whether the file has `name` already: empty, and further up, it would count for nothing.
  [[nodiscard]] bool has(std::string_view name, const Assignment& behind) const {
    return std::any_of(all_.begin(), all_.end(), [&](const Assignment& one) {
      return one.name == name && (!one.value.empty() || one.begin > behind.begin);
    });
  }
  /// Of two the last one counts, and the file would tell so no more.
  Status check_only(const Assignment& one) const {
    const std::string name = to_lower(one.name);
    for (const Assignment& other : all_) {
      if (&other == &one || to_lower(other.name) != name) continue;
      return refuse(what_, std::max(one.line, other.line), name + " is set twice",
                    "remove one of them by hand");
    }
    return ok_status();
  }

  Status rename_url(const Assignment& one) {
    TS_CHECK(check_only(one));
    if (has("LIVEKIT_URL", one)) {
      return refuse(what_, one.line, "both livekit_websocket_url and LIVEKIT_URL are set",
                    "remove one of them by hand");
    }
    const std::size_t name_end = one.name_begin + one.name.size();
    changes_.push_back({.begin = one.name_begin, .end = name_end, .text = "LIVEKIT_URL"});
    told_.emplace_back("livekit_websocket_url -> LIVEKIT_URL");
    return ok_status();
  }

  Status split_token(const Assignment& one) {
    TS_CHECK(check_only(one));
    if (has("LIVEKIT_API_KEY", one) || has("LIVEKIT_API_SECRET", one)) {
      return refuse(what_, one.line, "livekit_secret_token stands beside the new names",
                    "remove livekit_secret_token, or the new names, by hand");
    }
    const std::string_view value = one.value;
    const auto colons = std::count(value.begin(), value.end(), ':');
    const auto colon = value.find(':');
    if (colons != 1 || colon == 0 || colon + 1 == value.size()) {
      return refuse(what_, one.line, "livekit_secret_token is not KEY:SECRET with exactly one ':'",
                    "write LIVEKIT_API_KEY and LIVEKIT_API_SECRET by hand, from the LiveKit "
                    "dashboard (Settings, Keys)");
    }
    const std::string_view before = text_.substr(one.begin, one.name_begin - one.begin);
    const auto line_end = text_.find('\n', one.end);
    const bool crlf =
        line_end != std::string_view::npos && line_end > 0 && text_[line_end - 1] == '\r';
    changes_.push_back(
        {.begin = one.begin,
         .end = one.end,
         .text = fmt::format("{}LIVEKIT_API_KEY={}{}{}LIVEKIT_API_SECRET={}", before,
                             dotenv_value(value.substr(0, colon)), crlf ? "\r\n" : "\n", before,
                             dotenv_value(value.substr(colon + 1)))});
    told_.emplace_back(
        "livekit_secret_token -> LIVEKIT_API_KEY and LIVEKIT_API_SECRET (split at ':')");
    return ok_status();
  }

  std::string_view text_;
  std::string_view what_;
  const std::vector<Assignment>& all_;
  std::vector<Change> changes_;
  std::vector<std::string> told_;
};

}  // namespace

Result<FixedFile> fix_legacy_names(std::string_view text, std::string_view what) {
  TS_TRY(const auto all, parse_assignments(text, what));
  return Fixer(text, what, all).fix();
}

}  // namespace ts::config
