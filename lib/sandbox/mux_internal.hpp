// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "sandbox/mux_service.hpp"

#include <list>
#include <map>
#include <vector>

namespace ts::sandbox {

struct SimulcastTarget {
  std::string id{};
  Json data{};  ///< As answered; its stream key is a secret of the owner of the API token.
  RelayId relay = 0;
};

struct LiveStream {
  Json data{};  ///< Settings as answered, without what the members below tell.
  std::string status = "idle";
  std::string stream_key{};
  Json playback_ids = Json::array();
  std::vector<std::string> recent_assets{};
  std::vector<SimulcastTarget> targets{};

  PublishId publish = 0;  ///< The encoder, 0 when none is connected.
  bool draining = false;  ///< Completed: the encoder is still there, its media is not used.
  std::string asset{};    ///< Being recorded.
  bool announced_recording = false;         ///< For this connection.
  bool announced_active = false;            ///< For this connection.
  std::optional<SteadyTime> window_ends{};  ///< Reconnect window.
  std::optional<SteadyTime> kick_at{};      ///< End of `draining`.
  std::optional<SteadyTime> stop_at{};      ///< Longest continuous stream.
  std::string last_asset{};                 ///< Its end is shown for a while after idle.
  std::optional<SteadyTime> last_shown_until{};
};

struct Asset {
  Json data{};  ///< As answered, without what the members below tell.
  std::string status = "preparing";
  bool is_live = true;
  std::string live_stream{};
  Json playback_ids = Json::array();
  Json errors{};
  std::size_t segments = 0;
  milliseconds duration{};
  std::optional<SteadyTime> expires{};
  Json renditions = Json::array();  ///< Static renditions as answered.
  std::string master{};             ///< Secret of the master's address; empty: no access.
  bool master_ready = false;
  bool imported = false;  ///< Of a file, not of a live stream.
  Json inputs{};          ///< Then: as requested.
};

struct SigningKey {
  Json data{};
  std::string encoded_pem{};
};

struct MuxWebhook {
  Json data{};  ///< As answered; the secret is told once.
  std::string secret{};
};

struct MuxService::Impl {
  Impl(Options o, const Clock& c) : options(std::move(o)), clock(c) {}

  // mux_api.cpp
  Reply route(std::string_view method, std::string_view path, std::string_view query,
              std::string_view body);
  Reply live_streams(std::string_view method, std::string_view query, const Json& body);
  Reply live_stream(std::string_view method, const std::vector<std::string>& parts,
                    const Json& body);
  Reply playback_ids_of(std::string_view method, const std::vector<std::string>& parts,
                        const Json& body, Json& playback_ids);
  Reply targets_of(std::string_view method, const std::vector<std::string>& parts, const Json& body,
                   LiveStream& stream);
  Reply asset_calls(std::string_view method, const std::vector<std::string>& parts,
                    std::string_view query, const Json& body);
  Reply create_stream(const Json& body);
  Reply update_stream(LiveStream& stream, const Json& body);

  // mux_import.cpp
  Reply create_asset(const Json& body);

  // mux_files.cpp
  Reply rendition_calls(std::string_view method, const std::vector<std::string>& parts,
                        const Json& body, Asset& asset);
  Reply master_access(std::string_view method, const Json& body, Asset& asset);
  Json& add_rendition(Asset& asset, const Json& wanted);
  void make_files(Asset& asset);

  // mux_system.cpp
  Reply system_calls(std::string_view method, const std::vector<std::string>& parts,
                     const Json& body);
  Reply signing_key_calls(std::string_view method, const std::vector<std::string>& parts);
  Reply webhook_calls(std::string_view method, const std::vector<std::string>& parts,
                      const Json& body);
  Reply restriction_calls(std::string_view method, const std::vector<std::string>& parts,
                          const Json& body);
  void tell_endpoints();

  // mux_service.cpp
  [[nodiscard]] std::string now_text() const;
  std::string new_id() { return options.random(44); }
  [[nodiscard]] Json stream_json(const LiveStream& stream) const;
  [[nodiscard]] Json asset_json(const Asset& asset) const;
  void emit(std::string_view type, std::string_view object, Json data);
  void stream_event(std::string_view name, const LiveStream& stream);
  void asset_event(std::string_view name, const Asset& asset);
  void target_event(std::string_view name, const SimulcastTarget& target);
  LiveStream* by_key(std::string_view key);
  LiveStream* by_publish(PublishId publish);
  LiveStream* find_stream(std::string_view id);
  std::string open_asset(LiveStream& stream);
  Json make_playback_ids(const Json& policies);
  /// Notes the tracks of an asset.
  void describe_asset(Asset& asset, const StreamInfo& info);
  /// Ends the session: the asset is closed, the stream goes idle unless it is disabled.
  void end_session(LiveStream& stream);
  void complete(LiveStream& stream);
  void disable(LiveStream& stream);
  void enable(LiveStream& stream);
  void remove(const std::string& id);
  void start_targets(LiveStream& stream);
  void stop_targets(LiveStream& stream);
  SimulcastTarget* by_relay(RelayId relay);

  Options options;
  const Clock& clock;
  std::string site_url{};  ///< Where files are fetched.
  Effects effects{};
  std::map<std::string, LiveStream, std::less<>> streams{};
  std::vector<std::string> stream_order{};  ///< Oldest first.
  std::map<std::string, Asset, std::less<>> assets{};
  std::vector<std::string> asset_order{};
  std::map<std::string, SigningKey, std::less<>> signing_keys{};
  std::map<std::string, MuxWebhook, std::less<>> webhooks{};
  std::map<std::string, Json, std::less<>> restrictions{};
  /// Not those of the LiveKit side: the high bit tells them apart.
  RelayId next_relay = (RelayId{1} << 63U) + 1;
};

}  // namespace ts::sandbox
