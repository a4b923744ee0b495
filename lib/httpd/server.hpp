// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "httpd/router.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace ts::httpd {

/// PEM files: the chain (leaf first) and its private key.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< A literal IPv4 or IPv6 address.
  std::uint16_t port = 0;             ///< 0: the kernel chooses; see `HttpServer::port`.
  std::optional<TlsFiles> tls{};      ///< TLS 1.2 or newer when set.

  std::size_t max_header_bytes = std::size_t{16} << 10U;  ///< Beyond it: 431.
  std::size_t max_body_bytes = std::size_t{1} << 20U;     ///< Beyond it: 413, before it is read.
  milliseconds header_timeout{10'000};  ///< First byte of a request to its blank line (and TLS).
  milliseconds body_timeout{10'000};    ///< Blank line to the end of the body.
  milliseconds idle_timeout{60'000};    ///< Between two requests of one connection.
  milliseconds write_timeout{10'000};   ///< Without any progress while writing an answer.
  /// At this many a new connection replaces the longest idle one, else the oldest that has not
  /// finished its header; when all are at work the new one is closed.
  std::size_t max_connections = 10'000;
  std::size_t worker_threads = 2;
  std::size_t max_queued_requests = 1'024;  ///< Waiting for a worker; beyond it: 503.

  Log* log = nullptr;  ///< Debug line per request, without its query; outlives the server.
};

/// Figures since the start.
struct ServerStats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_evicted = 0;  ///< Closed to make room, or refused for lack of it.
  std::uint64_t requests = 0;             ///< Complete ones that reached a handler.
  std::uint64_t refused = 0;  ///< Answered 400, 408, 413, 417, 431, 501, 503 or 505 by the server.
  std::uint64_t timeouts = 0;
};

/// An HTTP/1.1 server: one event loop for all connections, a small pool for handlers. Keep-alive,
/// pipelining (answered in order), chunked requests, 100-continue. All members are thread-safe.
class HttpServer {
 public:
  /// Binds, listens and serves.
  ///
  /// @return kConflict when the port is in use, kConfig when the address is not an address of this
  ///         machine, when binding is not permitted, or when the TLS files do not fit.
  static Result<std::unique_ptr<HttpServer>> start(ServerOptions options, Router router);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Stops.
  ~HttpServer();

  [[nodiscard]] std::uint16_t port() const noexcept;
  /// "http://127.0.0.1:8080" or "https://[::1]:8080", without a slash at the end.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] ServerStats stats() const;

  /// Reads the certificate files again; connections made from now on use them.
  /// @return kConfig when they do not fit; the old ones then stay.
  Status reload_tls();

  /// Accepts no more, closes idle connections, gives running requests 300 ms to be answered,
  /// closes the rest. Waits for handlers that still run. Must not be called by a handler.
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::httpd
