// SPDX-License-Identifier: Apache-2.0
#pragma once

// Include this only from .cpp files: nlohmann costs 2 s a translation unit. Headers forward-declare
// with core/json_fwd.hpp.
#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts {

/// Limits that hold before outside text is parsed.
struct JsonLimits {
  std::size_t max_bytes = std::size_t{1} << 20U;
  std::size_t max_depth = 64;
  /// A name given twice in one object is an error; otherwise the last one counts.
  bool unique_names = false;
};
/// For what people write: the second "wide" of a show would silently replace the first.
inline constexpr JsonLimits kWrittenByPeople{.unique_names = true};

/// Parses `text`; `what` names it in errors ("show.json", "the answer of Mux").
/// @return an Error of `kind` (kRemote for answers, kUsage for files people write) with line and
///         column on malformed text, on text that is not UTF-8 or beyond the limits, and of the
///         path of a name given twice.
Result<Json> parse_json(std::string_view text, std::string_view what,
                        ErrorKind kind = ErrorKind::kUsage, JsonLimits limits = {});

/// Compact JSON to be sent. @return kUsage with the path of a text that is not UTF-8: the other end
/// would get another one.
Result<std::string> request_json(const Json& json);
/// Compact JSON; invalid UTF-8 in strings is replaced, never thrown.
std::string dump_json(const Json& json, int indent = -1);

/// A view of one JSON value that knows its path, so that errors say
/// "at $.egress[2].started_at: expected a string, found a number".
class JsonReader {
 public:
  /// @param value  must outlive the reader.
  explicit JsonReader(const Json& value, ErrorKind kind = ErrorKind::kRemote,
                      std::string path = "$")
      : value_(&value), kind_(kind), path_(std::move(path)) {}

  [[nodiscard]] const Json& json() const noexcept { return *value_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool is_object() const noexcept { return value_->is_object(); }
  [[nodiscard]] bool is_array() const noexcept { return value_->is_array(); }
  [[nodiscard]] bool is_string() const noexcept { return value_->is_string(); }

  /// A required member.
  [[nodiscard]] Result<JsonReader> at(std::string_view key) const;
  /// An optional member; null counts as absent. Errors only when this is no object.
  [[nodiscard]] Result<std::optional<JsonReader>> find(std::string_view key) const;
  /// The same, under the first spelling present (camelCase and snake_case of protobuf JSON).
  [[nodiscard]] Result<std::optional<JsonReader>> find_any(
      std::initializer_list<std::string_view> keys) const;

  [[nodiscard]] Result<std::string> as_string() const;
  [[nodiscard]] Result<bool> as_bool() const;
  /// A whole number, or a decimal string (64-bit protobuf and Mux numbers arrive as strings).
  [[nodiscard]] Result<std::int64_t> as_int() const;
  [[nodiscard]] Result<double> as_number() const;
  [[nodiscard]] Result<std::vector<JsonReader>> items() const;
  /// The items of the list `key`; none when there is no such member.
  [[nodiscard]] Result<std::vector<JsonReader>> items_of(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::pair<std::string, JsonReader>>> members() const;

  /// Optional members with a fallback; a present member of a wrong type is an error.
  [[nodiscard]] Result<std::string> string_or(std::string_view key,
                                              std::string fallback = {}) const;
  [[nodiscard]] Result<bool> bool_or(std::string_view key, bool fallback) const;
  [[nodiscard]] Result<std::int64_t> int_or(std::string_view key, std::int64_t fallback) const;
  [[nodiscard]] Result<double> number_or(std::string_view key, double fallback) const;

  /// For files people write: an unknown member is an error that suggests the nearest known one.
  [[nodiscard]] Status only(std::initializer_list<std::string_view> known) const;

  /// An Error of this reader's kind whose message starts with the path.
  [[nodiscard]] Error error(std::string_view expectation) const;
  /// "expected `what`, found a number".
  [[nodiscard]] Error expected(std::string_view what) const;

 private:
  const Json* value_;
  ErrorKind kind_;
  std::string path_;
};

}  // namespace ts
