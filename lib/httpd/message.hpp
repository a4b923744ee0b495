// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::httpd {

/// Header fields in their order on the wire. Names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first value of `name`; nullopt when absent. Valid until the headers change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// The first value of `name`, or an empty text.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// Adds one more field.
  void add(std::string name, std::string value);
  /// Replaces every field called `name` by this one.
  void set(std::string name, std::string value);

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

/// One request, whole: a handler never sees a part of one.
struct Request {
  std::string method{};  ///< Upper case as sent: "GET".
  std::string target{};  ///< As sent: "/a%20b?x=1".
  std::string path{};    ///< The target before '?', still percent-encoded, begins with '/'.
  std::string query{};   ///< The target after '?', still percent-encoded; may be empty.
  Headers headers{};
  std::string body{};  ///< The bytes that were sent (chunked coding removed): signatures hold.
  std::string peer{};  ///< Address of the other end, "127.0.0.1"; forwarded headers are ignored.
  std::uint16_t peer_port = 0;
  bool tls = false;
  std::vector<std::pair<std::string, std::string>> params{};  ///< `{name}` of the route, decoded.

  /// The value of `{name}` in the matched pattern, percent-decoded; empty when there is none.
  [[nodiscard]] std::string_view param(std::string_view name) const;
  /// The first query value called `name`, decoded ('+' is a space); nullopt when absent.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
};

/// Misbehavior on purpose, for rehearsing faults.
struct Fault {
  enum class Kind : std::uint8_t {
    kNone,
    kReset,     ///< The connection is reset (RST) instead of an answer.
    kTruncate,  ///< The answer stops after `after_bytes` of its body, then the connection closes.
  };
  Kind kind = Kind::kNone;
  milliseconds delay{0};  ///< Waited before answering or misbehaving; no thread is held.
  std::size_t after_bytes = 0;
};

/// One answer. The server adds Date, Content-Length and Connection; it answers HEAD without a
/// body, and for a file also ranges and If-None-Match.
struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
  UniqueFd file{};  ///< When set, a regular file that is the body instead of `body`.
  Fault fault{};

  static Response text(int status, std::string body);
  static Response html(int status, std::string body);
  static Response json(int status, std::string body);
  static Response empty(int status = 204);
  static Response redirect(std::string location, int status = 302);
  /// The file at `path` (symbolic links in it are followed: the path is the program's own), its
  /// type guessed from the name. 404 when it cannot be opened or is not a regular file.
  static Response from_file(const std::filesystem::path& path);
};

/// "video/mp2t" for ".ts" and so on; "application/octet-stream" when unknown.
std::string_view content_type_of(std::string_view file_name) noexcept;

/// Percent-decodes. @return nullopt on a bad escape or an encoded NUL.
std::optional<std::string> percent_decode(std::string_view text);

/// "Not Found" for 404; "Unknown" for a status without a name.
std::string_view reason_phrase(int status) noexcept;

}  // namespace ts::httpd
