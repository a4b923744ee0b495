// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "net/http.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// What one call needs to be allowed; a token with exactly this is minted for it.
struct CallGrant {
  enum class Kind : std::uint8_t {
    kRoomCreate,
    kRoomList,
    kRoomRecord,
    kRoomAdmin,  ///< Bound to `room`.
    kIngressAdmin,
  };
  Kind kind = Kind::kRoomList;
  std::string room{};
  std::string destination_room{};  ///< Where a participant is forwarded or moved to.
};
/// "roomAdmin for room 'main'", as an error names it.
std::string describe(const CallGrant& grant);

struct ServiceOptions {
  std::chrono::milliseconds call_timeout{10'000};
  /// StartEgress waits for a worker: the server itself tries for half a minute.
  std::chrono::milliseconds start_timeout{60'000};
  /// Makes X-Livekit-Request-Id; empty: random UUIDs.
  std::function<std::string()> request_id{};
};

/// The words of a call that an answer may quote and that must not reach an error message.
using Secrets = std::vector<std::string_view>;

/// One LiveKit server as its Twirp API is reached: address, key, transport. Thread-safe. The three
/// clients share one.
///
/// A self-hosted server is asked exactly once: a repeated start may make a second egress. Hosts
/// under .livekit.cloud fail over to other regions after a transport error or a 5xx, with the same
/// body and request id.
class Service {
 public:
  /// @param url        ws, wss, http or https; its path is ignored as the official SDKs do.
  /// @param transport  clock: must outlive the service.
  /// @return kConfig when the URL or the key pair is unusable.
  static Result<Service> create(std::string_view url, std::string key_id, const Secret& key_secret,
                                net::HttpTransport& transport, Clock& clock,
                                ServiceOptions options = {});
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;
  ~Service();

  /// "https://host:port", the address that calls go to.
  [[nodiscard]] const std::string& base_url() const noexcept;
  [[nodiscard]] Clock& clock() const noexcept;
  [[nodiscard]] const ServiceOptions& options() const noexcept;

  /// Calls /twirp/livekit.`method`, such as "Egress/ListEgress".
  ///
  /// @param body     sent as it is; every string in it must be UTF-8 (kUsage otherwise).
  /// @param secrets  stream URLs and keys in `body`, scrubbed from error messages.
  /// @return the answer's JSON object, or
  ///         kAuth when the key, the token or the grant is refused (which one is said),
  ///         kNotFound, kConflict, kUsage (invalid argument) as the server says,
  ///         kRemote (retryable where a repeat is safe and useful) for the rest.
  Result<Json> call(std::string_view method, const Json& body, const CallGrant& grant,
                    std::chrono::milliseconds timeout, const Secrets& secrets,
                    std::stop_token stop);

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ts::livekit
