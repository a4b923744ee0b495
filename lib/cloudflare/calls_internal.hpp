// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace ts::cloudflare {

/// One call of Cloudflare Stream under the name its SDK gives it.
struct NamedCall {
  std::string_view name;
  std::string_view method;
  std::string_view path;  ///< "{}" is the next argument, "{name}" a member of the last one.
  bool takes_body = false;
  bool no_answer = false;
};

std::span<const NamedCall> named_calls() noexcept;

}  // namespace ts::cloudflare
