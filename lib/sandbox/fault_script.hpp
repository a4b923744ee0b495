// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "httpd/message.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// Faults of the emulated APIs, on purpose. Thread-safe.
///
/// SPEC is a comma-separated list of KIND[=VALUE][@TEXT][*COUNT]: the next COUNT (1 unless given,
/// "all" for every) API calls whose "METHOD /path" contains TEXT get the fault. Kinds: a status
/// (429, 503, 401 …; `429=2` adds Retry-After), `slow=2s` (a late answer), `reset` (the connection
/// is reset, nothing was done), `apply-reset` (done, then reset), `truncate` (done, half an
/// answer), `content-type` (an HTML page instead of JSON).
class FaultScript {
 public:
  /// Adds rules. @return kUsage naming the part that is wrong; nothing is added then.
  Status add(std::string_view spec);

  /// Answers a call: by `serve`, or instead of it, or after it.
  httpd::Response run(const httpd::Request& request, const std::function<httpd::Response()>& serve);
  /// The rules that are left, for `ts sandbox status`.
  [[nodiscard]] std::vector<std::string> describe() const;

 private:
  enum class Kind : std::uint8_t { kStatus, kSlow, kReset, kApplyReset, kTruncate, kContentType };
  struct Rule {
    Kind kind = Kind::kStatus;
    int status = 0;
    int retry_after_s = 0;
    milliseconds delay{};
    std::string text{};
    std::uint64_t left = 1;
    std::string spelled{};
  };
  static Result<Rule> parse(std::string_view part);
  std::optional<Rule> take(const httpd::Request& request);

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
};

}  // namespace ts::sandbox
