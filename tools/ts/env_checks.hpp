// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/context.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {

/// One line of `ts env check` and `ts doctor`.
struct CheckLine {
  enum class State : std::uint8_t { kOk, kUnset, kWarning, kFailed };
  std::string name{};
  State state = State::kOk;
  std::string message{};
  std::string hint{};
  std::string area{};             ///< Of doctor: "dns", "tls" …
  std::optional<double> value{};  ///< What was measured, in `unit`.
  std::string unit{};
};
std::string_view to_string(CheckLine::State state) noexcept;

/// Reports the lines in every form. @return kCheckFailed naming what failed, when something did.
Status report_checks(Context& context, std::string_view schema,
                     const std::vector<CheckLine>& lines);

/// Formats and pairs of the settings; nothing is sent.
std::vector<CheckLine> check_settings(Context& context);

/// Asks each vendor whose credentials are set with a harmless read, and explains a refusal: wrong
/// key, wrong secret, wrong address, clock skew.
std::vector<CheckLine> check_services(Context& context);

}  // namespace ts::cli
