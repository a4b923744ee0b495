// SPDX-License-Identifier: Apache-2.0
// Calls by path and by the SDK's name.
#include "calls_internal.hpp"
#include "client_internal.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ts::mux {
namespace {

constexpr int kMostPages = 1000;

std::string query_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

/// As the SDK writes them: lists as name[]=a&name[]=b, objects as name[key]=value.
void append_query(Query& query, const std::string& name, const Json& value) {
  if (value.is_array()) {
    for (const Json& item : value) append_query(query, name + "[]", item);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      append_query(query, fmt::format("{}[{}]", name, key), item);
    }
  } else {
    query.emplace_back(name, value.is_null() ? "" : query_text(value));
  }
}

std::string* find_parameter(Query& query, std::string_view name) {
  const auto found = std::find_if(query.begin(), query.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == query.end() ? nullptr : &found->second;
}

void set_parameter(Query& query, const std::string& name, std::string value) {
  if (std::string* present = find_parameter(query, name)) {
    *present = std::move(value);
  } else {
    query.emplace_back(name, std::move(value));
  }
}

}  // namespace

Result<Json> MuxClient::pages(Call call, const std::stop_token& stop) {
  std::uint64_t limit = 0;
  if (const std::string* text = find_parameter(call.query, "limit")) {
    limit = parse_u64(*text).value_or(0);
  }
  std::uint64_t page = 1;
  if (const std::string* text = find_parameter(call.query, "page")) {
    page = parse_u64(*text).value_or(1);
  }
  Json all = Json::array();
  std::set<std::string> seen;
  Json last;
  for (int count = 0; count < kMostPages; ++count) {
    TS_TRY(auto answer, exchange(call, stop));
    const JsonReader reader(answer.json);
    TS_TRY(const auto data, reader.at("data"));
    TS_TRY(const auto items, data.items());
    if (count > 0 && !items.empty() && answer.json["data"] == last) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = fmt::format("{}: the same page comes again and again", call.path),
                   .hint = "check that MUX_BASE_URL is the address of the Mux API",
                   .code = "bad_answer"};
    }
    for (const JsonReader& item : items) {
      // A list that grows while it is read shows its entries again on the next page.
      const Json& json = item.json();
      const bool named = json.is_object() && json.contains("id") && json["id"].is_string();
      if (named && !seen.insert(json["id"].get<std::string>()).second) continue;
      all.push_back(json);
    }
    const bool has_cursor = answer.json.contains("next_cursor");
    std::string cursor;
    if (has_cursor) {
      TS_TRY(cursor, reader.string_or("next_cursor"));
      if (cursor.empty()) return all;
    }
    const std::size_t length = items.size();
    last = std::move(answer.json["data"]);
    if (has_cursor) {
      set_parameter(call.query, "cursor", cursor);
      continue;
    }
    if (length == 0 || length < limit) return all;
    set_parameter(call.query, "page", std::to_string(++page));
  }
  return Error{.kind = ErrorKind::kRemote,
               .message = fmt::format("{} has more than {} pages", call.path, kMostPages),
               .hint = "narrow the list"};
}

Result<Json> MuxClient::api(std::string_view method, std::string_view path, const Query& query,
                            const Json* body, std::stop_token stop) {
  const std::string verb(method);
  constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("method '{}' is unknown", shorten(method, 20)),
                 .hint = "use GET, POST, PUT, PATCH or DELETE"};
  }
  if (!path.starts_with('/') || path.starts_with("//")) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("path '{}' does not begin with one /", shorten(path, 80)),
                 .hint = "write it as /video/v1/live-streams"};
  }
  TS_TRY(const auto url, net::Url::parse(options_.base_url + std::string(path)));
  for (const std::string_view part : split(url.path, '/')) {
    TS_TRY(const auto plain, net::percent_decode(part));
    if (plain == "." || plain == "..") {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("path '{}' holds a dot segment", shorten(path, 80))};
    }
  }
  TS_TRY(auto answer, exchange({.method = verb,
                                .path = std::string(path),
                                .query = query,
                                .body = body,
                                .no_answer = verb == "DELETE"},
                               stop));
  return std::move(answer.json);
}

Result<Json> MuxClient::call(std::string_view name, const Json& arguments, std::stop_token stop) {
  const auto calls = named_calls();
  const auto found = std::find_if(calls.begin(), calls.end(),
                                  [&](const NamedCall& known) { return known.name == name; });
  if (found == calls.end()) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("call '{}' is unknown", name)};
  }
  const JsonReader reader(arguments, ErrorKind::kUsage, "arguments");
  TS_TRY(const auto items, reader.items());
  std::size_t used = 0;
  Call call{.method = std::string(found->method), .what = std::string(name)};
  std::string_view rest = found->path;
  for (auto hole = rest.find("{}"); hole != std::string_view::npos; hole = rest.find("{}")) {
    if (used >= items.size()) return reader.error("expected another path parameter");
    TS_TRY(const auto text, items[used].as_string());
    TS_TRY(const auto segment, net::lenient_path_segment(text, items[used].path()));
    call.path += rest.substr(0, hole);
    call.path += segment;
    rest.remove_prefix(hole + 2);
    ++used;
  }
  call.path += rest;
  if (found->argument != Argument::kNone && used < items.size()) {
    const JsonReader& last = items[used];
    if (!last.is_object()) return last.expected("an object");
    if (found->argument == Argument::kBody) {
      call.body = &last.json();
    } else {
      for (const auto& [key, value] : last.json().items()) append_query(call.query, key, value);
    }
  }
  switch (found->answer) {
    case AnswerShape::kData:
      return data_of(call, stop);
    case AnswerShape::kPages:
      return pages(std::move(call), stop);
    case AnswerShape::kNothing:
      call.no_answer = true;
      TS_CHECK(act(call, stop));
      return Json(nullptr);
    case AnswerShape::kWhole:
      break;
  }
  TS_TRY(auto answer, exchange(call, stop));
  return std::move(answer.json);
}

}  // namespace ts::mux
