// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::rtmp::amf0 {

enum class Kind : std::uint8_t {
  kNumber,
  kBoolean,
  kString,
  kObject,  ///< Also the "ECMA array": names with values.
  kNull,    ///< Also "undefined" and "unsupported".
  kArray,
  kDate,  ///< `number` is milliseconds since the epoch.
};

/// One AMF0 value. Only the members that its kind uses are set.
struct Value {
  Kind kind = Kind::kNull;
  double number = 0;
  bool boolean = false;
  std::string text{};
  std::vector<std::string> names{};  ///< Of an object, one for each of `items`.
  std::vector<Value> items{};

  /// The member called `name`; nullptr when this is no object or has none. Borrowed from this
  /// value.
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// The text when this is a string, else empty.
  [[nodiscard]] std::string_view text_or_empty() const;
};

struct Limits {
  std::size_t depth = 16;      ///< Objects inside objects.
  std::size_t values = 4'096;  ///< Altogether.
};

/// All values in `bytes`, one after the other.
/// @return kCheckFailed when they are malformed, cut off, of a kind that RTMP publishers do not
///         use (references, AMF3, XML, typed objects), or beyond a limit.
Result<std::vector<Value>> decode(std::span<const std::uint8_t> bytes, Limits limits = {});

/// Writes values one after the other: `Writer().string("_result").number(1).null().take()`.
class Writer {
 public:
  Writer& number(double value);
  Writer& boolean(bool value);
  /// @param value  At most 65535 bytes; the rest is cut off.
  Writer& string(std::string_view value);
  Writer& null();
  Writer& begin_object();
  Writer& key(std::string_view name);
  Writer& end_object();
  Writer& value(const Value& value);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void raw_string(std::string_view value);
  std::string out_;
};

}  // namespace ts::rtmp::amf0
