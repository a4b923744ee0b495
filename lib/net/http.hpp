// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Credentials of one request; never logged, never in argv.
struct Authorization {
  enum class Scheme : std::uint8_t { kBasic, kBearer };
  Scheme scheme = Scheme::kBearer;
  std::string user{};  ///< Basic only.
  Secret secret{};     ///< Password or token.
  /// The variable that people keep it in, for a line that they run themselves.
  std::string variable = "TOKEN";
};

/// One HTTP request. The URL is http(s) and complete.
struct HttpRequest {
  std::string method = "GET";
  std::string url{};
  Headers headers{};  ///< No credentials here: use `authorization`.
  std::optional<Authorization> authorization{};
  /// True sends the body (an empty one with Content-Length: 0); false sends none.
  bool has_body = false;
  std::string body{};
  std::chrono::milliseconds timeout{10'000};         ///< Whole call: DNS to last byte.
  std::chrono::milliseconds connect_timeout{5'000};  ///< DNS, TCP and TLS.
  std::size_t max_response_bytes = std::size_t{8} << 20U;
};

struct HttpResponse {
  int status = 0;
  Headers headers{};
  std::string body{};
  std::chrono::milliseconds elapsed{};

  /// First header of that name (case-insensitive), empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Sends requests. An answer of any status is a value; an Error means that none came.
class HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport() = default;

  /// @param stop  ends the call with kInterrupted in less than 500 ms.
  /// @return kRemote (retryable) when no answer came: its `code` tells how far the request got:
  ///         "dns", "connect", "tls" (nothing was sent: a create is safe to repeat), "send",
  ///         "receive", "timeout" (it may have been carried out). kConfig for an unusable CA file.
  virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) = 0;
};

/// True when an Error of `send` proves that the service never saw the request.
bool never_sent(const Error& error) noexcept;

struct CurlOptions {
  std::string user_agent = "ts";
  std::string ca_file{};  ///< Trusted in addition to the system's; empty: none.
};

/// The transport over libcurl, which is loaded at the first call. Thread-safe. TLS >= 1.2, always
/// verified; no redirects; HTTP(S) only; no proxy for loopback.
///
/// @param log  receives "GET /path 200 12 ms" lines at debug level; must outlive the transport.
std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options, Log& log);

}  // namespace ts::net
