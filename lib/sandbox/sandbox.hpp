// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "net/http.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::sandbox {

struct SandboxOptions {
  std::filesystem::path directory{};  ///< Recordings live below it; made when missing.
  std::uint16_t http_port = 0;        ///< 0: the kernel chooses.
  std::uint16_t rtmp_port = 0;        ///< 0: the kernel chooses.
  std::vector<std::string> webhook_urls{};
  std::string faults{};                   ///< See FaultScript.
  bool rate_limits = false;               ///< Refuse calls beyond the vendors' rates with 429.
  std::filesystem::path media_program{};  ///< ts-media; empty: no media, only API answers.
  std::filesystem::path web_root{};       ///< Folder with hls.min.js, or empty.
  std::vector<std::string> child_environment{};
};

/// Where a sandbox is and what opens it.
struct SandboxAccess {
  std::string http_url{};  ///< "http://127.0.0.1:8080": every API, playback, the watch page.
  std::string rtmp_url{};  ///< "rtmp://127.0.0.1:1935".
  std::string livekit_key{};
  Secret livekit_secret{};
  std::string mux_token_id{};
  Secret mux_token_secret{};
  Secret mux_webhook_secret{};
  std::string mux_signing_key{};
  Secret mux_private_key{};  ///< Base64 of PEM.
  std::string cloudflare_account{};
  Secret cloudflare_token{};
  Secret cloudflare_webhook_secret{};
  Secret control_token{};  ///< Opens the /_sandbox/ endpoints.

  /// The environment that points every other command here, as NAME=value lines.
  [[nodiscard]] Secret environment() const;
};

/// LiveKit, Mux and Cloudflare Stream on this machine, on loopback only, with real media.
/// Thread-safe.
class Sandbox {
 public:
  /// Listens and serves.
  ///
  /// @param transport  sends webhooks; like `clock` and `log` it outlives the sandbox.
  /// @return kConflict when a port is in use, kUsage for a fault script that is none, kConfig when
  ///         the folder cannot be made.
  static Result<std::unique_ptr<Sandbox>> start(SandboxOptions options,
                                                net::HttpTransport& transport, Clock& clock,
                                                Log& log);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  /// Stops.
  ~Sandbox();

  [[nodiscard]] const SandboxAccess& access() const;
  /// What runs and what can be made here, as `ts sandbox status --json` prints it ("schema"
  /// "ts.sandbox/1"). No secrets.
  [[nodiscard]] Json describe() const;
  /// Forgets rooms and streams, deletes recordings.
  void reset();
  /// Waits until `ts sandbox down` asks for the end (true) or `stop` is requested (false).
  bool wait(std::stop_token stop);
  /// Ends publishers, relays, recordings and listeners. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit Sandbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::sandbox
