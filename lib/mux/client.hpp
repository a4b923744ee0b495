// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "mux/types.hpp"
#include "net/http.hpp"
#include "net/retry.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::mux {

using Query = std::vector<std::pair<std::string, std::string>>;

struct ClientOptions {
  std::string base_url = "https://api.mux.com";
  std::chrono::milliseconds timeout{60'000};  ///< Of each try.
  net::RetryOptions retry{};
  bool pacing = true;  ///< 1 POST and 5 other calls a second, as Mux allows.
  /// Ends every call that is given no stop token of its own. Whoever undoes things with this
  /// client leaves it out.
  std::stop_token stop{};
};

/// One page or, with `all`, every page.
struct LiveStreamFilter {
  std::string status{};  ///< "active", "idle", "disabled"; empty: any.
  std::string stream_key{};
  int limit = 25;  ///< Of one page, 1 to 100.
  int page = 1;
  bool all = false;
};

struct AssetFilter {
  std::string live_stream_id{};
  int limit = 25;
  std::string cursor{};
  bool all = false;
};

struct AssetPage {
  std::vector<Asset> assets{};
  std::string next_cursor{};  ///< Empty at the end.
};

/// A live stream, and whether it was there already (found by its ref).
struct Created {
  LiveStream live_stream{};
  bool existed = false;
};

/// Ingest health of the last 30 s or so, as Mux measures it.
struct IngestHealth {
  std::string status = "unknown";  ///< "excellent", "good", "poor", "unknown"
  std::optional<double> drift_average_ms{};
  std::optional<double> drift_deviation_ms{};
  std::string updated_at{};
};

struct ViewerCounts {
  std::int64_t views = 0;
  std::int64_t viewers = 0;
  std::string updated_at{};
};

/// The Mux Video API. Every call validates its arguments before anything is sent, is paced, and is
/// repeated only when that is safe. Thread-safe; the transport and clock must outlive it.
///
/// Errors: kUsage for what is refused locally, and for 400, 413, 415 and 422 (the service cannot
/// take the request as it is; code is Mux's error type) unless its words tell a wrong state; kAuth
/// for 401 and 403; kNotFound; kConflict for 409, 412 and wrong states; kRemote for 429, 5xx,
/// unreadable answers and no answer.
class MuxClient {
 public:
  MuxClient(net::HttpTransport& transport, Clock& clock, Credentials credentials,
            ClientOptions options = {});

  // --- live streams

  /// Creates a live stream.
  ///
  /// @param ref  when not empty, stored as `passthrough`: an existing live stream that carries it
  /// is
  ///             returned instead of making a second, also after an answer that was lost.
  /// @return kRemote with code "maybe_created" and the candidates as residue when, without a ref,
  ///         the answer was lost and a listing shows live streams that may be this one.
  Result<Created> create_live_stream(const NewLiveStream& wish, std::string_view ref = {},
                                     std::stop_token stop = {});
  Result<std::vector<LiveStream>> list_live_streams(const LiveStreamFilter& filter = {},
                                                    std::stop_token stop = {});
  /// The live stream whose passthrough is `ref`; nullopt when there is none.
  Result<std::optional<LiveStream>> find_live_stream(std::string_view ref,
                                                     std::stop_token stop = {});
  Result<LiveStream> get_live_stream(std::string_view id, std::stop_token stop = {});
  Result<LiveStream> update_live_stream(std::string_view id, const LiveStreamUpdate& update,
                                        std::stop_token stop = {});
  Status delete_live_stream(std::string_view id, std::stop_token stop = {});
  Status enable_live_stream(std::string_view id, std::stop_token stop = {});
  Status disable_live_stream(std::string_view id, std::stop_token stop = {});
  /// Ends the current session at once, ignoring the reconnect window; the stream stays usable.
  Status complete_live_stream(std::string_view id, std::stop_token stop = {});
  /// A new key; the old one stops at the next connect. Not repeated after a lost answer.
  Result<LiveStream> reset_stream_key(std::string_view id, std::stop_token stop = {});

  /// Polls until `state` ("idle", "connecting", "active", "disabled") holds. "connecting" also
  /// accepts active.
  ///
  /// @param on_change  called with each new state; may be null.
  /// @return kDeadline naming the last state seen, kConflict when it can never come (disabled).
  Result<LiveStream> wait_live_stream(std::string_view id, std::string_view state,
                                      std::chrono::milliseconds timeout,
                                      const std::function<void(const LiveStream&)>& on_change = {},
                                      std::stop_token stop = {});

  // --- parts of a live stream

  Result<PlaybackId> add_playback_id(std::string_view live_stream_id, PlaybackPolicy policy,
                                     std::string_view drm_configuration_id = {},
                                     std::stop_token stop = {});
  Result<PlaybackId> get_playback_id(std::string_view live_stream_id, std::string_view playback_id,
                                     std::stop_token stop = {});
  Status remove_playback_id(std::string_view live_stream_id, std::string_view playback_id,
                            std::stop_token stop = {});
  /// Looks first: refuses (kConflict) when the stream is not idle or has 6 already.
  Result<SimulcastTarget> add_simulcast_target(std::string_view live_stream_id,
                                               const NewSimulcastTarget& target,
                                               std::stop_token stop = {});
  Result<SimulcastTarget> get_simulcast_target(std::string_view live_stream_id,
                                               std::string_view target_id,
                                               std::stop_token stop = {});
  Status remove_simulcast_target(std::string_view live_stream_id, std::string_view target_id,
                                 std::stop_token stop = {});
  /// An empty list clears.
  Result<LiveStream> set_embedded_subtitles(std::string_view live_stream_id,
                                            const std::vector<EmbeddedSubtitle>& subtitles,
                                            std::stop_token stop = {});
  Result<LiveStream> set_generated_subtitles(std::string_view live_stream_id,
                                             const std::vector<GeneratedSubtitle>& subtitles,
                                             std::stop_token stop = {});
  /// Renditions of future recordings; an empty list removes them.
  Status set_static_renditions(std::string_view live_stream_id,
                               const std::vector<NewStaticRendition>& renditions,
                               std::stop_token stop = {});

  // --- assets

  Result<AssetPage> list_assets(const AssetFilter& filter = {}, std::stop_token stop = {});
  Result<Asset> get_asset(std::string_view id, std::stop_token stop = {});
  Status delete_asset(std::string_view id, std::stop_token stop = {});
  /// Polls until the asset is `state`: "ready" or "final" (ready, and no longer live).
  Result<Asset> wait_asset(std::string_view id, std::string_view state,
                           std::chrono::milliseconds timeout,
                           const std::function<void(const Asset&)>& on_change = {},
                           std::stop_token stop = {});
  Result<StaticRendition> add_static_rendition(std::string_view asset_id,
                                               const NewStaticRendition& rendition,
                                               std::stop_token stop = {});
  /// @param access  "temporary" (a download of the master, 24 h) or "none".
  Result<Asset> set_master_access(std::string_view asset_id, std::string_view access,
                                  std::stop_token stop = {});

  // --- webhooks: the token needs the System permission

  /// Mux posts the environment's events to `address` from now on. An address is there once only:
  /// after a lost answer the endpoint that is found comes without its secret.
  Result<WebhookEndpoint> create_webhook(std::string_view address, std::stop_token stop = {});
  Result<std::vector<WebhookEndpoint>> list_webhooks(std::stop_token stop = {});
  Status delete_webhook(std::string_view id, std::stop_token stop = {});

  // --- neighbours

  /// What a playback id belongs to: {"live_stream" | "asset", its id}.
  Result<std::pair<std::string, std::string>> playback_id_owner(std::string_view playback_id,
                                                                std::stop_token stop = {});
  /// The environment the token belongs to, as Mux tells it.
  Result<Json> whoami(std::stop_token stop = {});

  /// Ingest health; `token` is signed for the live stream (playback.hpp, TokenType::kLiveStream).
  Result<IngestHealth> ingest_health(std::string_view stats_base_url, const Secret& token,
                                     std::stop_token stop = {});
  Result<ViewerCounts> viewer_counts(std::string_view stats_base_url, const Secret& token,
                                     std::stop_token stop = {});

  /// Any call: `path` begins with "/", `body` null means none. The whole answer as sent, or null
  /// for an empty one.
  Result<Json> api(std::string_view method, std::string_view path, const Query& query,
                   const Json* body, std::stop_token stop = {});

  /// A call by the name the Mux SDK gives it ("video.liveStreams.create"), with the SDK's
  /// arguments: path parameters in order, then one object that is the query of a GET and the body
  /// otherwise. Validates path parameters only. The answer without its envelope; lists follow their
  /// pages.
  Result<Json> call(std::string_view name, const Json& arguments, std::stop_token stop = {});

 private:
  struct Call;
  struct Answer;
  Result<Answer> exchange(const Call& call, const std::stop_token& stop);
  Result<Json> data_of(const Call& call, const std::stop_token& stop);
  Status act(const Call& call, const std::stop_token& stop);
  template <typename T>
  Result<T> create_once(const Call& call, Result<T> (*read)(const Json&, std::string_view),
                        const std::function<Result<std::optional<T>>()>& look,
                        const std::stop_token& stop);
  Result<Json> stats(std::string_view base_url, std::string_view path, const Secret& token,
                     const std::stop_token& stop);
  Result<Json> pages(Call call, const std::stop_token& stop);
  Result<std::optional<LiveStream>> look_for_created(const NewLiveStream& wish,
                                                     std::string_view ref, WallTime sent_at,
                                                     const std::stop_token& stop);

  net::Retrier retrier_;
  Clock& clock_;
  Credentials credentials_;
  ClientOptions options_;
  net::Pacer posts_;
  net::Pacer others_;
};

}  // namespace ts::mux
