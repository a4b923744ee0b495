// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ts::livekit {

/// One row of an enum's table: protobuf number and wire name.
struct EnumName {
  int number;
  std::string_view name;
};

/// A protobuf enum as it came over the wire. A value this build does not know keeps its text, so it
/// can be shown and sent back; it compares unequal to every enumerator.
///
/// E's enumerators carry the protobuf numbers, and a function `enum_names(E)` in E's namespace
/// gives the table.
template <typename E>
class OpenEnum {
 public:
  OpenEnum() = default;
  // Implicit on purpose: `status == EgressStatus::kActive` and `.preset = Preset::k…` are the
  // idiom. NOLINTNEXTLINE(google-explicit-constructor)
  OpenEnum(E value) : number_(static_cast<int>(value)) {}

  /// By wire name; unknown names are kept.
  static OpenEnum from_text(std::string_view text) {
    for (const EnumName& row : enum_names(E{})) {
      if (row.name == text) return OpenEnum(static_cast<E>(row.number));
    }
    OpenEnum out;
    out.number_ = kUnknownNumber;
    out.unknown_ = std::string(text);
    return out;
  }
  /// By protobuf number; unknown numbers are kept.
  static OpenEnum from_number(int number) {
    for (const EnumName& row : enum_names(E{})) {
      if (row.number == number) return OpenEnum(static_cast<E>(number));
    }
    OpenEnum out;
    out.number_ = kUnknownNumber;
    out.unknown_ = std::to_string(number);
    return out;
  }

  /// The enumerator; nullopt when this build does not know the value.
  [[nodiscard]] std::optional<E> value() const {
    if (number_ == kUnknownNumber) return std::nullopt;
    return static_cast<E>(number_);
  }
  [[nodiscard]] bool is_known() const noexcept { return number_ != kUnknownNumber; }
  /// True for protobuf's zero, which is what an absent member means.
  [[nodiscard]] bool is_default() const noexcept { return number_ == 0; }
  /// The wire name, or the text that came when it is unknown.
  [[nodiscard]] std::string text() const {
    for (const EnumName& row : enum_names(E{})) {
      if (row.number == number_) return std::string(row.name);
    }
    return unknown_;
  }

  friend bool operator==(const OpenEnum& a, const OpenEnum& b) {
    return a.number_ == b.number_ && a.unknown_ == b.unknown_;
  }
  friend bool operator==(const OpenEnum& a, E b) { return a.number_ == static_cast<int>(b); }

 private:
  static constexpr int kUnknownNumber = -1;
  int number_ = 0;
  std::string unknown_{};
};

}  // namespace ts::livekit
