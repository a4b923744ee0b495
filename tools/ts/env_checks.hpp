// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {

/// One line of `ts env check`.
struct CheckLine {
  enum class State : std::uint8_t { kOk, kUnset, kWarning, kFailed };
  std::string name{};
  State state = State::kOk;
  std::string message{};
  std::string hint{};
};
std::string_view to_string(CheckLine::State state) noexcept;

/// Formats and pairs of the settings; nothing is sent.
std::vector<CheckLine> check_settings(Context& context);

/// Asks each vendor whose credentials are set with a harmless read, and explains a refusal: wrong
/// key, wrong secret, wrong address, clock skew.
std::vector<CheckLine> check_services(Context& context);

}  // namespace ts::cli
