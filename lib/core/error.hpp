// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts {

/// What went wrong, in the terms a caller can act on. Each kind has one exit code.
enum class ErrorKind : std::uint8_t {
  kInternal,     ///< A bug in ts, and the value nobody chose. Exit 70.
  kUsage,        ///< The command line or an argument is wrong; nothing was sent. Exit 2.
  kConfig,       ///< A setting or credential is missing or malformed; nothing was sent. Exit 3.
  kAuth,         ///< The service refused the credentials or the grant. Exit 4.
  kNotFound,     ///< The named room, egress or stream does not exist. Exit 5.
  kConflict,     ///< It exists already, or is in the wrong state. Exit 6.
  kRemote,       ///< The service failed, or no answer came: DNS, TLS, 5xx. Exit 7.
  kPending,      ///< Not there yet, as asked with --exit-status. Exit 8.
  kDeadline,     ///< The time given ran out; says the last state seen. Exit 9.
  kCheckFailed,  ///< A verification said no: signature, doctor, guard. Exit 10.
  kPartial,      ///< Some of it was done; the residue is listed. Exit 11.
  kMedia,        ///< A source, codec or output refused. Exit 12.
  kUnconfirmed,  ///< A destructive step without --yes off a terminal. Exit 13.
  kInterrupted,  ///< SIGINT ended the work. Exit 130.
  kTerminated,   ///< SIGTERM ended the work. Exit 143.
};

/// The failure of one operation. Holds text for people and data for scripts; never a secret.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message{};     ///< One clause, lower case, no trailing period, names the object.
  std::string hint{};        ///< What to try next, as an imperative; may be empty.
  bool retryable = false;    ///< True when the same call may succeed later.
  std::string code{};        ///< Stable word for scripts; empty means the kind's own name.
  int http_status = 0;       ///< Status of the answer that caused it, 0 when there was none.
  std::string request_id{};  ///< The service's request id, when it gave one.
  std::vector<std::string> residue{};  ///< What was made and could not be undone, "egress EG_x".

  /// The same error with "`context`: " before its message; add at most one per layer.
  [[nodiscard]] Error with_context(std::string_view context) &&;
};

/// The kind's stable name in JSON: "usage", "config", "auth" …
std::string_view to_string(ErrorKind kind) noexcept;

/// The one table from kind to process exit code.
int exit_code(ErrorKind kind) noexcept;

/// `text` cut to at most `limit` bytes at a UTF-8 boundary, control characters as spaces: for
/// quoting a remote body in a message.
std::string shorten(std::string_view text, std::size_t limit = 300);

}  // namespace ts
