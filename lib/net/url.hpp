// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ts::net {

/// A URL taken apart. Components keep their percent-encoding.
struct Url {
  std::string scheme{};    ///< Lower case.
  std::string userinfo{};  ///< "user:password", usually empty.
  std::string host{};      ///< Lower case; IPv6 without brackets.
  std::uint16_t port = 0;  ///< 0 when the URL names none.
  std::string path{};      ///< With its leading slash; may be empty.
  std::string query{};     ///< Without "?".
  std::string fragment{};  ///< Without "#".

  /// @return kUsage when `text` is not scheme://host…; control characters, blanks and a port out of
  ///         range are refused.
  static Result<Url> parse(std::string_view text);

  [[nodiscard]] std::string text() const;
  /// For logs: no userinfo, query values as "…", and for rtmp(s) the last path segment (the stream
  /// key) shortened.
  [[nodiscard]] std::string redacted() const;
  /// "host" or "host:port"; IPv6 in brackets.
  [[nodiscard]] std::string authority() const;
  /// The port, or the scheme's own (http 80, https 443, ws, wss, rtmp 1935, rtmps 443, srt none 0).
  [[nodiscard]] std::uint16_t effective_port() const;
  /// True for localhost, 127.0.0.0/8 and ::1.
  [[nodiscard]] bool is_loopback() const;
};

/// One path segment or query value, percent-encoded (RFC 3986 unreserved characters stay).
std::string percent_encode(std::string_view text);
/// @return kUsage on a broken escape.
Result<std::string> percent_decode(std::string_view text);

/// `id` as a path segment of an API call.
/// @return kUsage for an empty id, "." or "..", one with "/" or control characters, or over 1024
///         bytes: each would address something else.
Result<std::string> path_segment(std::string_view id, std::string_view what);

/// The same for ids that a service may give any form: what an SDK would send for it ("/" becomes
/// %2F, sub-delimiters stay).
/// @return kUsage for an empty id, "." or ".." in any spelling, text that is not UTF-8, or over
/// 1024
///         bytes.
Result<std::string> lenient_path_segment(std::string_view id, std::string_view what);

}  // namespace ts::net
