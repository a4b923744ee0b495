// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace ts {
namespace {

/// Deepest nesting of brackets outside strings: nlohmann recurses when it destroys values.
std::size_t nesting(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

std::string position(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return fmt::format("line {} column {}", line, column);
}

std::string_view type_phrase(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return "a number";
    default:
      return "something else";
  }
}

/// `path` and ".name", or "['odd name']" where a bare name would not read.
std::string step(std::string_view path, std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  if (!plain) return fmt::format("{}['{}']", path, shorten(key, 60));
  std::string out;
  out.reserve(path.size() + 1 + key.size());
  return out.append(path).append(1, '.').append(key);
}

/// Reads like Json::parse and notes the path of the first name that an object has twice.
class UniqueNames {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
        objects_.emplace_back();
        break;
      case Json::parse_event_t::object_end:
        objects_.pop_back();
        break;
      case Json::parse_event_t::key:
        see(value.get_ref<const std::string&>());
        break;
      default:
        break;
    }
    return true;
  }
  [[nodiscard]] const std::string& twice() const { return twice_; }

 private:
  struct Object {
    std::set<std::string, std::less<>> names{};
    std::string current{};
  };

  void see(const std::string& name) {
    objects_.back().current = name;
    if (objects_.back().names.insert(name).second || !twice_.empty()) return;
    twice_ = "$";
    for (const Object& object : objects_) twice_ = step(twice_, object.current);
  }

  std::vector<Object> objects_;
  std::string twice_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what, ErrorKind kind,
                        JsonLimits limits) {
  const auto fail = [&](std::string problem) {
    return Error{.kind = kind, .message = fmt::format("{} {}", what, problem)};
  };
  if (text.size() > limits.max_bytes) {
    return fail(fmt::format("is larger than {} bytes", limits.max_bytes));
  }
  if (!is_utf8(text)) return fail("is not UTF-8");
  // nlohmann takes a NUL for the end of the text and would not look at what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(fmt::format("is not valid JSON at {}", position(text, nul + 1)));
  }
  if (nesting(text) > limits.max_depth) {
    return fail(fmt::format("nests deeper than {} levels", limits.max_depth));
  }
  try {
    if (!limits.unique_names) return Json::parse(text);
    UniqueNames names;
    auto json = Json::parse(text, std::ref(names));
    if (!names.twice().empty()) return fail(fmt::format("has {} twice", names.twice()));
    return json;
  } catch (const nlohmann::json::parse_error& failure) {
    if (trim(text).empty()) return fail("is empty, expected JSON");
    return fail(fmt::format("is not valid JSON at {}", position(text, failure.byte)));
  } catch (const nlohmann::json::exception&) {
    return fail("holds a number out of range");
  }
}

std::string dump_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

namespace {

/// The path of the first text, or name, that is not UTF-8; empty when all is.
std::string not_utf8(const Json& json, const std::string& path) {
  if (json.is_string()) return is_utf8(json.get_ref<const std::string&>()) ? "" : path;
  for (const auto& [name, value] : json.items()) {
    if (!json.is_structured()) break;
    if (json.is_object() && !is_utf8(name)) return path + " (a name in it)";
    auto found = not_utf8(value, json.is_array() ? fmt::format("{}[{}]", path, name)
                                                 : fmt::format("{}.{}", path, name));
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace

Result<std::string> request_json(const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception&) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the value of {} is not UTF-8", not_utf8(json, "$"))};
  }
}

Error JsonReader::error(std::string_view expectation) const {
  return Error{.kind = kind_, .message = fmt::format("at {}: {}", path_, expectation)};
}

Error JsonReader::expected(std::string_view what) const {
  return error(fmt::format("expected {}, found {}", what, type_phrase(*value_)));
}

Result<JsonReader> JsonReader::at(std::string_view key) const {
  TS_TRY(const auto member, find(key));
  if (!member) return error(fmt::format("member '{}' is missing", key));
  return *member;
}

Result<std::optional<JsonReader>> JsonReader::find(std::string_view key) const {
  if (!value_->is_object()) return expected("an object");
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::optional<JsonReader>{};
  return std::optional<JsonReader>(JsonReader(*found, kind_, step(path_, key)));
}

Result<std::optional<JsonReader>> JsonReader::find_any(
    std::initializer_list<std::string_view> keys) const {
  for (const std::string_view key : keys) {
    TS_TRY(auto member, find(key));
    if (member) return member;
  }
  return std::optional<JsonReader>{};
}

Result<std::string> JsonReader::as_string() const {
  if (!value_->is_string()) return expected("a string");
  return value_->get<std::string>();
}

Result<bool> JsonReader::as_bool() const {
  if (!value_->is_boolean()) return expected("true or false");
  return value_->get<bool>();
}

Result<std::int64_t> JsonReader::as_int() const {
  if (value_->is_number_unsigned()) {
    const auto number = value_->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return error("number is out of range");
    return static_cast<std::int64_t>(number);
  }
  if (value_->is_number_integer()) return value_->get<std::int64_t>();
  if (value_->is_number_float()) {
    const double number = value_->get<double>();
    // 2^53: above it a double no longer names one integer.
    if (std::floor(number) != number || std::abs(number) > 9007199254740992.0) {
      return error("expected a whole number");
    }
    return static_cast<std::int64_t>(number);
  }
  if (value_->is_string()) {
    const auto& text = value_->get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!text.empty() && failure == std::errc{} && end == text.data() + text.size()) return number;
  }
  return expected("a whole number");
}

Result<double> JsonReader::as_number() const {
  if (!value_->is_number()) return expected("a number");
  return value_->get<double>();
}

Result<std::vector<JsonReader>> JsonReader::items() const {
  if (!value_->is_array()) return expected("a list");
  std::vector<JsonReader> out;
  out.reserve(value_->size());
  std::size_t index = 0;
  for (const Json& item : *value_) {
    out.emplace_back(item, kind_, fmt::format("{}[{}]", path_, index++));
  }
  return out;
}

Result<std::vector<JsonReader>> JsonReader::items_of(std::string_view key) const {
  TS_TRY(const auto member, find(key));
  if (!member) return std::vector<JsonReader>{};
  return member->items();
}

Result<std::vector<std::pair<std::string, JsonReader>>> JsonReader::members() const {
  if (!value_->is_object()) return expected("an object");
  std::vector<std::pair<std::string, JsonReader>> out;
  for (const auto& [key, member] : value_->items()) {
    out.emplace_back(key, JsonReader(member, kind_, step(path_, key)));
  }
  return out;
}

Result<std::string> JsonReader::string_or(std::string_view key, std::string fallback) const {
  TS_TRY(const auto member, find(key));
  if (!member) return fallback;
  return member->as_string();
}

Result<bool> JsonReader::bool_or(std::string_view key, bool fallback) const {
  TS_TRY(const auto member, find(key));
  if (!member) return fallback;
  return member->as_bool();
}

Result<std::int64_t> JsonReader::int_or(std::string_view key, std::int64_t fallback) const {
  TS_TRY(const auto member, find(key));
  if (!member) return fallback;
  return member->as_int();
}

Result<double> JsonReader::number_or(std::string_view key, double fallback) const {
  TS_TRY(const auto member, find(key));
  if (!member) return fallback;
  return member->as_number();
}

Status JsonReader::only(std::initializer_list<std::string_view> known) const {
  TS_TRY(const auto all, members());
  for (const auto& [key, member] : all) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == key;
    if (found) continue;
    Error unknown = error(fmt::format("unknown key '{}'", shorten(key, 60)));
    if (const auto suggestion = nearest(key, known)) {
      unknown.hint = fmt::format("did you mean '{}'?", *suggestion);
    } else {
      unknown.hint = fmt::format("known keys: {}", fmt::join(known.begin(), known.end(), ", "));
    }
    return unknown;
  }
  return ok_status();
}

}  // namespace ts
