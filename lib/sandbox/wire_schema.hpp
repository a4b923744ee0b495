// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::sandbox {

/// proto3 JSON without protobuf: message shapes given as text, and the three spellings LiveKit's
/// server uses. In between, a message is its *plain* form: a JSON object with snake_case names,
/// enums as their names (unknown numbers as numbers), 64-bit integers as integers, bytes as base64;
/// what was absent is absent. Constant after construction, so it may be shared by threads.
class WireSchema {
 public:
  /// @param text  see livekit_schema.cpp. A mistake in it is a bug in ts (std::logic_error).
  explicit WireSchema(std::string_view text);

  /// Reads a request: camelCase or snake_case names, numbers or strings for 64-bit integers, names
  /// or numbers for enums; unknown members and unknown enum names are skipped; null is absent.
  /// @return kUsage with the path of a member of the wrong type or a oneof that is set twice.
  [[nodiscard]] Result<Json> read(std::string_view message, const Json& input) const;
  /// An answer: snake_case, every unpopulated member written, except those of a oneof and optional
  /// ones. 64-bit integers as strings.
  [[nodiscard]] Json answer(std::string_view message, const Json& plain) const;
  /// A webhook body: camelCase, defaults left out. 64-bit integers as strings.
  [[nodiscard]] Json event(std::string_view message, const Json& plain) const;

 private:
  enum class Kind : std::uint8_t {
    kString,
    kBool,
    kInt32,
    kInt64,
    kDouble,
    kBytes,
    kMap,
    kEnum,
    kMessage
  };
  struct Field {
    std::string name;   ///< snake_case.
    std::string camel;  ///< lowerCamelCase.
    Kind kind = Kind::kString;
    bool is_unsigned = false;
    bool repeated = false;
    bool optional = false;
    std::string group{};  ///< Name of the oneof, or empty.
    std::string type{};   ///< Of enums and messages.
  };
  struct Enum {
    std::vector<std::pair<std::string, std::int64_t>> values;
  };

  void parse_line(std::string_view line, std::vector<Field>*& message, Enum*& enumeration);
  void resolve();
  [[nodiscard]] const std::vector<Field>& fields(std::string_view message) const;
  [[nodiscard]] Result<Json> read_message(std::string_view message, const Json& input,
                                          const std::string& path) const;
  [[nodiscard]] Result<Json> read_value(const Field& field, const Json& input,
                                        const std::string& path) const;
  [[nodiscard]] Json write_value(const Field& field, const Json& value, bool defaults) const;
  [[nodiscard]] Json write_message(std::string_view message, const Json& plain,
                                   bool defaults) const;
  [[nodiscard]] Json default_of(const Field& field) const;

  std::map<std::string, std::vector<Field>, std::less<>> messages_;
  std::map<std::string, Enum, std::less<>> enums_;
};

}  // namespace ts::sandbox
