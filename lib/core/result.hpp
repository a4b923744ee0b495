// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"

#include <utility>
#include <variant>

namespace ts {

/// Either a value or the Error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return error;` are the idiom.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  /// The same result with `context` before an error's message.
  [[nodiscard]] Result with_context(std::string_view context) && {
    if (ok()) return std::move(*this);
    return std::get<1>(std::move(state_)).with_context(context);
  }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;
inline Status ok_status() { return std::monostate{}; }

#define TS_CONCAT_INNER(a, b) a##b
#define TS_CONCAT(a, b) TS_CONCAT_INNER(a, b)

/// Evaluates `expression`; on failure returns its Error from the enclosing
/// function, otherwise binds the value. With TS_CHECK the only control-flow macros in ts.
#define TS_TRY(declaration, expression) \
  TS_TRY_INNER(TS_CONCAT(try_, __LINE__), declaration, expression)
#define TS_TRY_INNER(temporary, declaration, expression)    \
  auto temporary = (expression);                            \
  if (!temporary.ok()) return std::move(temporary).error(); \
  declaration = std::move(temporary).value()

/// TS_TRY for a Status: evaluates and returns the Error on failure, binds nothing.
#define TS_CHECK(expression)                                                           \
  do {                                                                                 \
    if (auto status_ = (expression); !status_.ok()) return std::move(status_).error(); \
  } while (false)

}  // namespace ts
