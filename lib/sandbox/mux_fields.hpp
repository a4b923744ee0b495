// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// Checks the members of a request body one by one and keeps what is wrong, in words.
class FieldCheck {
 public:
  explicit FieldCheck(const Json& body, std::string prefix = {})
      : body_(&body), prefix_(std::move(prefix)) {
    if (!body.is_object()) errors_.push_back("the request body must be a JSON object");
  }

  /// Each returns true when the member is there and right.
  bool text(std::string_view key, std::size_t max_length);
  bool flag(std::string_view key);
  bool number(std::string_view key, double low, double high);
  bool one_of(std::string_view key, std::initializer_list<std::string_view> words);
  bool list(std::string_view key, std::size_t max_items);
  bool object(std::string_view key);
  /// Every element is one of `words`.
  bool words(std::string_view key, std::initializer_list<std::string_view> words);

  /// Call last: members that no check above has asked for.
  void no_others();
  void fail(std::string text) { errors_.push_back(std::move(text)); }
  void add(const FieldCheck& nested) {
    errors_.insert(errors_.end(), nested.errors_.begin(), nested.errors_.end());
  }
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

 private:
  const Json* member(std::string_view key);
  [[nodiscard]] std::string name(std::string_view key) const;

  const Json* body_;
  std::string prefix_;
  std::vector<std::string> seen_;
  std::vector<std::string> errors_;
};

/// The same without members that are null, at every depth: null says "absent".
Json without_nulls(const Json& json);

/// What creating a live stream accepts.
void check_live_stream(FieldCheck& check, const Json& body);
/// What changing one accepts.
void check_live_stream_update(FieldCheck& check, const Json& body);
/// What creating an asset accepts beside its inputs, which are checked already.
void check_asset(FieldCheck& check, const Json& body);
void check_simulcast_target(FieldCheck& check, const Json& body);

}  // namespace ts::sandbox
