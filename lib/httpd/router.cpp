// SPDX-License-Identifier: Apache-2.0
#include "httpd/router.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <compare>
#include <optional>
#include <set>

namespace ts::httpd {
namespace {

enum class SegmentKind : std::uint8_t { kLiteral, kParam, kRest };

SegmentKind kind_of(std::string_view segment) {
  if (segment.size() < 2 || segment.front() != '{' || segment.back() != '}') {
    return SegmentKind::kLiteral;
  }
  return segment[segment.size() - 2] == '*' ? SegmentKind::kRest : SegmentKind::kParam;
}

std::string name_of(std::string_view segment) {
  const auto rest = kind_of(segment) == SegmentKind::kRest ? std::size_t{1} : std::size_t{0};
  return std::string(segment.substr(1, segment.size() - 2 - rest));
}

std::vector<std::string_view> segments_of(std::string_view path) {
  return split(path.empty() ? path : path.substr(1), '/');
}

struct Fit {
  std::vector<SegmentKind> kinds;  // Compared lexicographically: literals are the best fit.
  std::vector<std::pair<std::string, std::string>> params;
};

/// A percent-encoded slash stays inside its parameter; it never separates segments.
std::optional<Fit> fit(const std::vector<std::string>& pattern,
                       const std::vector<std::string_view>& path) {
  Fit out;
  std::size_t at = 0;
  for (const auto& segment : pattern) {
    const auto kind = kind_of(segment);
    out.kinds.push_back(kind);
    if (kind == SegmentKind::kRest) {
      std::string rest;
      for (std::size_t i = at; i < path.size(); ++i) {
        if (i > at) rest += '/';
        rest += path[i];  // Still encoded: the handler must see the difference of "/" and "%2f".
      }
      out.params.emplace_back(name_of(segment), std::move(rest));
      return out;
    }
    if (at >= path.size()) return std::nullopt;
    auto value = percent_decode(path[at]);
    if (!value) return std::nullopt;
    if (kind == SegmentKind::kLiteral) {
      if (*value != segment) return std::nullopt;
    } else {
      if (value->empty()) return std::nullopt;
      out.params.emplace_back(name_of(segment), *std::move(value));
    }
    ++at;
  }
  if (at != path.size()) return std::nullopt;
  return out;
}

AsyncHandler answer_at_once(Handler handler) {
  return [handler = std::move(handler)](const Request& request, Responder responder) {
    responder.send(handler(request));
  };
}

}  // namespace

Router& Router::on(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  return on_async(std::move(method), std::move(pattern), answer_at_once(std::move(handler)),
                  options);
}

Router& Router::on_async(std::string method, std::string pattern, AsyncHandler handler,
                         RouteOptions options) {
  Route route{std::move(method), {}, std::move(handler), options};
  for (const auto segment : segments_of(pattern)) route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
  return *this;
}

Router& Router::not_found(Handler handler) {
  not_found_ = answer_at_once(std::move(handler));
  return *this;
}

Router& Router::method_not_allowed(Handler handler) {
  method_not_allowed_ = answer_at_once(std::move(handler));
  return *this;
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  static const AsyncHandler kNotFound =
      answer_at_once([](const Request&) { return Response::text(404, "not found\n"); });
  static const AsyncHandler kNotAllowed =
      answer_at_once([](const Request&) { return Response::text(405, "method not allowed\n"); });

  const auto segments = segments_of(path);
  const Route* best = nullptr;
  std::optional<Fit> best_fit;
  std::set<std::string> allowed;
  for (const auto& route : routes_) {
    auto candidate = fit(route.segments, segments);
    if (!candidate) continue;
    const bool answers = route.method == "*" || route.method == method ||
                         (route.method == "GET" && method == "HEAD");
    if (!answers) {
      allowed.insert(route.method);
      if (route.method == "GET") allowed.insert("HEAD");
      continue;
    }
    if (best == nullptr || candidate->kinds < best_fit->kinds) {
      best = &route;
      best_fit = std::move(candidate);
    }
  }
  Match match;
  if (best != nullptr) {
    match.handler = &best->handler;
    match.params = std::move(best_fit->params);
    match.max_body_bytes = best->options.max_body_bytes;
  } else if (!allowed.empty()) {
    match.handler = method_not_allowed_ ? &method_not_allowed_ : &kNotAllowed;
    for (const auto& one : allowed) match.allow += (match.allow.empty() ? "" : ", ") + one;
  } else {
    match.handler = not_found_ ? &not_found_ : &kNotFound;
  }
  return match;
}

}  // namespace ts::httpd
