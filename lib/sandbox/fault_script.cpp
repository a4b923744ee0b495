// SPDX-License-Identifier: Apache-2.0
#include "sandbox/fault_script.hpp"

#include "core/duration.hpp"
#include "core/text.hpp"

#include <limits>

namespace ts::sandbox {
namespace {

constexpr auto kAlways = std::numeric_limits<std::uint64_t>::max();

Error wrong(std::string_view part, std::string_view why) {
  return {.kind = ErrorKind::kUsage,
          .message = "fault '" + std::string(part) + "': " + std::string(why),
          .hint =
              "write KIND[=VALUE][@TEXT][*COUNT], such as 503@CreateRoom*2, slow=3s@/video/ or "
              "apply-reset@StartTrackCompositeEgress"};
}

/// The Twirp code that goes with a status (https://twitchtv.github.io/twirp/docs/errors.html).
std::string_view twirp_code(int status) noexcept {
  switch (status) {
    case 401:
      return "unauthenticated";
    case 403:
      return "permission_denied";
    case 404:
      return "not_found";
    case 408:
      return "deadline_exceeded";
    case 409:
      return "already_exists";
    case 412:
      return "failed_precondition";
    case 429:
      return "resource_exhausted";
    case 500:
      return "internal";
    case 501:
      return "unimplemented";
    default:
      return status < 500 ? "invalid_argument" : "unavailable";
  }
}

}  // namespace

Result<FaultScript::Rule> FaultScript::parse(std::string_view part) {
  Rule rule{.spelled = std::string(part)};
  auto rest = part;
  if (const auto star = rest.rfind('*'); star != std::string_view::npos) {
    const auto count = rest.substr(star + 1);
    const auto number = parse_u64(count);
    if (count != "all" && (!number || *number == 0)) return wrong(part, "COUNT is a number or all");
    rule.left = count == "all" ? kAlways : *number;
    rest = rest.substr(0, star);
  }
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    rule.text = rest.substr(at + 1);
    rest = rest.substr(0, at);
  }
  std::string_view value;
  if (const auto equals = rest.find('='); equals != std::string_view::npos) {
    value = rest.substr(equals + 1);
    rest = rest.substr(0, equals);
  }
  if (const auto status = parse_u64(rest)) {
    if (*status < 400 || *status > 599) return wrong(part, "a status is from 400 to 599");
    rule.status = static_cast<int>(*status);
    if (!value.empty()) {
      const auto after = parse_u64(value);
      if (!after || *after > 3600) return wrong(part, "VALUE is a number of seconds");
      rule.retry_after_s = static_cast<int>(*after);
    }
    return rule;
  }
  if (rest == "slow") {
    auto delay = parse_duration(value.empty() ? "2s" : value);
    if (!delay) return wrong(part, delay.error().message);
    rule.kind = Kind::kSlow;
    rule.delay = delay.value();
    return rule;
  }
  if (!value.empty()) return wrong(part, "this kind takes no value");
  if (rest == "reset") {
    rule.kind = Kind::kReset;
  } else if (rest == "apply-reset") {
    rule.kind = Kind::kApplyReset;
  } else if (rest == "truncate") {
    rule.kind = Kind::kTruncate;
  } else if (rest == "content-type") {
    rule.kind = Kind::kContentType;
  } else {
    return wrong(part, "there is no such kind");
  }
  return rule;
}

Status FaultScript::add(std::string_view spec) {
  std::vector<Rule> rules;
  for (const auto part : split(spec, ',')) {
    if (trim(part).empty()) continue;
    TS_TRY(auto rule, parse(trim(part)));
    rules.push_back(std::move(rule));
  }
  const std::lock_guard lock(mutex_);
  for (auto& rule : rules) rules_.push_back(std::move(rule));
  return ok_status();
}

std::optional<FaultScript::Rule> FaultScript::take(const httpd::Request& request) {
  const std::lock_guard lock(mutex_);
  const auto call = request.method + " " + request.path;
  for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
    if (call.find(rule->text) == std::string::npos) continue;
    const auto found = *rule;
    if (rule->left != kAlways && --rule->left == 0) rules_.erase(rule);
    return found;
  }
  return std::nullopt;
}

httpd::Response FaultScript::run(const httpd::Request& request,
                                 const std::function<httpd::Response()>& serve) {
  const auto rule = take(request);
  if (!rule) return serve();
  using Fault = httpd::Fault;
  switch (rule->kind) {
    case Kind::kStatus: {
      // Every vendor's error shape at once: each reader finds its own.
      auto answer = httpd::Response::json(
          rule->status,
          R"({"code":")" + std::string(twirp_code(rule->status)) +
              R"(","msg":"a fault on purpose","error":{"type":"fault","messages":["a fault on purpose"]},"result":null,"success":false,"errors":[{"code":10001,"message":"a fault on purpose"}],"messages":[]})");
      if (rule->retry_after_s > 0) {
        answer.headers.set("Retry-After", std::to_string(rule->retry_after_s));
      }
      return answer;
    }
    case Kind::kSlow: {
      auto answer = serve();
      answer.fault.delay = rule->delay;
      return answer;
    }
    case Kind::kReset: {
      auto answer = httpd::Response::empty();
      answer.fault.kind = Fault::Kind::kReset;
      return answer;
    }
    case Kind::kApplyReset: {
      auto answer = serve();
      answer.fault.kind = Fault::Kind::kReset;
      return answer;
    }
    case Kind::kTruncate: {
      auto answer = serve();
      answer.fault.kind = Fault::Kind::kTruncate;
      answer.fault.after_bytes = answer.body.size() / 2;
      return answer;
    }
    case Kind::kContentType:
      return httpd::Response::html(200, "<html><body>a page instead of an answer</body></html>");
  }
  return serve();
}

std::vector<std::string> FaultScript::describe() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& rule : rules_) {
    out.push_back(rule.spelled +
                  (rule.left == kAlways ? "" : ", " + std::to_string(rule.left) + " left"));
  }
  return out;
}

}  // namespace ts::sandbox
