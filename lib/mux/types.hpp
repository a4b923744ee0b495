// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::mux {

/// The password of a live stream's ingest. A type of its own, so that no other secret takes its
/// place.
class StreamKey : public Secret {
 public:
  using Secret::Secret;
  [[nodiscard]] StreamKey clone() const {
    return StreamKey(reveal());  // NOLINT(modernize-return-braced-init-list): explicit
  }
};

/// An access token of one Mux environment.
struct Credentials {
  std::string token_id{};
  Secret token_secret{};
};

enum class LiveStreamStatus : std::uint8_t { kIdle, kActive, kDisabled, kUnknown };
enum class LatencyMode : std::uint8_t { kStandard, kReduced, kLow, kUnknown };
enum class PlaybackPolicy : std::uint8_t { kPublic, kSigned, kDrm, kUnknown };
enum class AssetStatus : std::uint8_t { kPreparing, kReady, kErrored, kUnknown };
enum class SimulcastStatus : std::uint8_t { kIdle, kStarting, kBroadcasting, kErrored, kUnknown };

std::string_view to_string(LiveStreamStatus status) noexcept;
std::string_view to_string(LatencyMode mode) noexcept;
std::string_view to_string(PlaybackPolicy policy) noexcept;
std::string_view to_string(AssetStatus status) noexcept;
std::string_view to_string(SimulcastStatus status) noexcept;
LiveStreamStatus live_stream_status(std::string_view text) noexcept;
LatencyMode latency_mode(std::string_view text) noexcept;
PlaybackPolicy playback_policy(std::string_view text) noexcept;
AssetStatus asset_status(std::string_view text) noexcept;
SimulcastStatus simulcast_status(std::string_view text) noexcept;

/// An address that Mux posts events to.
struct WebhookEndpoint {
  std::string id{};
  std::string address{};
  bool enabled = true;
  std::optional<WallTime> created_at{};
  Secret signing_secret{};  ///< Only in the answer that made it; empty otherwise.
};

struct PlaybackId {
  std::string id{};
  PlaybackPolicy policy = PlaybackPolicy::kUnknown;
  std::string policy_text{};  ///< As answered; keeps an unknown policy readable.
};

struct SimulcastTarget {
  std::string id{};
  std::string url{};  ///< May hold a key in its last segment or query: show only redacted.
  StreamKey stream_key{};
  std::string passthrough{};
  SimulcastStatus status = SimulcastStatus::kUnknown;
  std::string status_text{};
  std::string error_severity{};  ///< "normal" (Mux tries again), "fatal", or empty.
};

struct EmbeddedSubtitle {
  std::string name{};
  std::string language_code{};
  std::string language_channel{};  ///< cc1 … cc4
  std::optional<std::string> passthrough{};
};

struct GeneratedSubtitle {
  std::string name{};
  std::string language_code{};
  std::optional<std::string> passthrough{};
  std::vector<std::string> transcription_vocabulary_ids{};
};

/// What the recordings of a live stream get, as far as the answer tells.
struct AssetSettings {
  std::vector<std::string> static_renditions{};  ///< Their resolutions.
  std::string video_quality{};
};

/// A live stream as Mux answers it. Absent and null mean the same.
struct LiveStream {
  std::string id{};
  LiveStreamStatus status = LiveStreamStatus::kUnknown;
  std::string status_text{};
  StreamKey stream_key{};
  Secret srt_passphrase{};
  std::vector<PlaybackId> playback_ids{};
  std::string active_asset_id{};                ///< Set while an encoder is connected.
  std::vector<std::string> recent_asset_ids{};  ///< Newest last.
  std::string active_ingest_protocol{};         ///< "rtmp", "srt" or empty.
  LatencyMode latency = LatencyMode::kStandard;
  std::optional<double> reconnect_window_s{};  ///< nullopt: the answer does not tell.
  std::int64_t max_continuous_duration_s = 43'200;
  std::string reconnect_slate_url{};
  std::optional<bool> use_slate_for_standard_latency{};
  bool test = false;
  bool audio_only = false;
  std::string title{};
  std::string passthrough{};
  std::vector<SimulcastTarget> simulcast_targets{};
  std::vector<EmbeddedSubtitle> embedded_subtitles{};    ///< Channel and language only.
  std::vector<GeneratedSubtitle> generated_subtitles{};  ///< Language only.
  std::optional<AssetSettings> new_asset_settings{};     ///< nullopt: the answer does not tell.
  std::optional<WallTime> created_at{};

  /// Idle with an active asset: an encoder is connected, viewers get 412 still.
  [[nodiscard]] bool connecting() const noexcept {
    return status == LiveStreamStatus::kIdle && !active_asset_id.empty();
  }
  /// "idle", "connecting", "active", "disabled", or the unknown text.
  [[nodiscard]] std::string_view state() const noexcept;
  /// The first playback id of that policy, else nullptr.
  [[nodiscard]] const PlaybackId* playback_id(PlaybackPolicy policy) const noexcept;
  /// The first public id, else the first of any policy, else nullptr.
  [[nodiscard]] const PlaybackId* best_playback_id() const noexcept;
};

struct StaticRendition {
  std::string id{};
  std::string resolution{};  ///< "highest", "audio-only", "1080p" …
  std::string name{};        ///< File name below the playback id, such as "highest.mp4".
  std::string status{};      ///< "preparing", "ready", "errored", "skipped", "deleted".
  std::string passthrough{};
};

struct RecordingTime {
  std::optional<WallTime> started_at{};
  double duration_s = 0;
  std::string type{};  ///< "content" or "slate".
};

struct Asset {
  std::string id{};
  AssetStatus status = AssetStatus::kUnknown;
  std::string status_text{};
  bool is_live = false;
  std::string live_stream_id{};
  std::string ingest_type{};
  double duration_s = 0;
  std::string resolution_tier{};
  std::string aspect_ratio{};
  std::vector<PlaybackId> playback_ids{};
  std::vector<StaticRendition> static_renditions{};
  std::string master_status{};  ///< Empty without master access.
  Secret master_url{};  ///< Temporary download address of the master: whoever has it, has it.
  std::string master_access{};
  std::string progress_state{};
  double progress = -1;
  std::vector<RecordingTime> recording_times{};
  std::string error_type{};
  std::vector<std::string> error_messages{};
  std::string title{};
  std::string passthrough{};
  bool test = false;
  std::optional<WallTime> created_at{};

  /// Nothing will be added to it any more: ready, and its live stream has ended.
  [[nodiscard]] bool final() const noexcept { return status == AssetStatus::kReady && !is_live; }
  [[nodiscard]] const PlaybackId* best_playback_id() const noexcept;
};

struct AdvancedPolicy {
  PlaybackPolicy policy = PlaybackPolicy::kDrm;
  std::string drm_configuration_id{};
};

struct NewSimulcastTarget {
  std::string url{};
  StreamKey stream_key{};  ///< May be empty for srt://, where the url holds everything.
  std::optional<std::string> passthrough{};
};

struct NewStaticRendition {
  std::string resolution{};
  std::optional<std::string> passthrough{};
};

struct AssetMeta {
  std::optional<std::string> title{};
  std::optional<std::string> creator_id{};
  std::optional<std::string> external_id{};
};

/// What the recordings of a live stream get.
struct NewAssetSettings {
  std::vector<PlaybackPolicy> playback_policies{};
  std::vector<AdvancedPolicy> advanced_playback_policies{};
  std::optional<std::string> passthrough{};
  AssetMeta meta{};
  std::optional<std::string> master_access{};        ///< "none", "temporary"
  std::optional<std::string> max_resolution_tier{};  ///< "1080p", "1440p", "2160p"
  std::optional<std::string> video_quality{};        ///< "basic", "plus", "premium"
  std::vector<NewStaticRendition> static_renditions{};
  std::optional<bool> normalize_audio{};
  std::optional<std::string> mp4_support{};  ///< Deprecated by Mux; sent as given.
};

/// The wish for a live stream. `validate` says what Mux would refuse.
struct NewLiveStream {
  std::vector<PlaybackPolicy> playback_policies{};
  std::vector<AdvancedPolicy> advanced_playback_policies{};
  std::optional<NewAssetSettings> new_asset_settings{};
  std::optional<LatencyMode> latency{};
  /// Always sent: Mux's own default differs by latency (60 or 0), and 0 ends the recording at every
  /// drop.
  std::chrono::seconds reconnect_window{60};
  std::optional<bool> use_slate_for_standard_latency{};
  std::optional<std::string> reconnect_slate_url{};
  std::optional<std::chrono::seconds> max_continuous_duration{};
  std::optional<bool> test{};
  std::optional<bool> audio_only{};
  std::vector<EmbeddedSubtitle> embedded_subtitles{};
  std::vector<GeneratedSubtitle> generated_subtitles{};
  std::optional<std::string> passthrough{};
  std::optional<std::string> title{};
  std::vector<NewSimulcastTarget> simulcast_targets{};
};

/// What can change on an existing live stream; absent fields stay as they are, "" clears.
struct LiveStreamUpdate {
  std::optional<LatencyMode> latency{};  ///< Only while idle.
  std::optional<std::chrono::seconds> max_continuous_duration{};
  std::optional<std::string> title{};
  std::optional<std::string> passthrough{};
  std::optional<std::string> reconnect_slate_url{};
  std::optional<std::chrono::seconds> reconnect_window{};
  std::optional<bool> use_slate_for_standard_latency{};
  std::optional<NewAssetSettings> new_asset_settings{};  ///< mp4_support, master_access,
                                                         ///< video_quality and meta only.
};

}  // namespace ts::mux
