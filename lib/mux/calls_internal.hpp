// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ts::mux {

/// What the argument after the path parameters is.
enum class Argument : std::uint8_t { kNone, kQuery, kBody };
/// What the answer is: one object under `data`, a list of pages, the whole document, or nothing.
enum class AnswerShape : std::uint8_t { kData, kPages, kWhole, kNothing };

/// One call of the Mux API under the name its SDK gives it.
struct NamedCall {
  std::string_view name;
  std::string_view method;
  std::string_view path;  ///< "{}" stands for each path parameter.
  Argument argument = Argument::kNone;
  AnswerShape answer = AnswerShape::kData;
};

std::span<const NamedCall> named_calls() noexcept;

}  // namespace ts::mux
