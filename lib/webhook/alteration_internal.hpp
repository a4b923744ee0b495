// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "webhook/webhook.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace ts::webhook {

/// What was found out about a body that is not the signed one.
struct AlterationFinding {
  Alteration alteration = Alteration::kUnknown;
  std::string detail{};  ///< How it can be told; empty when unknown.
  std::string hint{};
  /// A body was found that has the right signature, or no provider signs one like this; otherwise
  /// it is a sign only, and another secret would explain the mismatch as well.
  bool proven = false;
};

/// Tries what proxies and frameworks do to bodies, until `is_signed_body` recognises the original.
///
/// @param body            as received.
/// @param is_signed_body  whether a candidate is the body that was signed.
AlterationFinding find_alteration(std::string_view body,
                                  const std::function<bool(std::string_view)>& is_signed_body);

/// How a JSON text is laid out.
enum class JsonLayout : std::uint8_t { kCompact, kSpaced, kIndent2, kIndent4, kTab };
/// How characters beyond ASCII are written in a JSON text.
enum class JsonEscapes : std::uint8_t {
  kKeep,
  kRaw,
  kAscii,
  kNoHtml,  ///< Go's escapes of <, >, &, U+2028 and U+2029 taken out.
  kHtml,    ///< … and put in.
};
/// Rewrites the blanks and escapes of a JSON text; numbers, member order and everything else stay
/// as they are, so that it can undo what a parser did. Text that is no JSON comes out as nonsense.
std::string relayout_json(std::string_view text, JsonLayout layout, JsonEscapes escapes);

}  // namespace ts::webhook
