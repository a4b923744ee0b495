// SPDX-License-Identifier: Apache-2.0
#include "mux/types.hpp"

#include <algorithm>
#include <array>

namespace ts::mux {
namespace {

template <typename Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<LiveStreamStatus, 3> kLiveStreamStatuses{
    {{LiveStreamStatus::kIdle, "idle"},
     {LiveStreamStatus::kActive, "active"},
     {LiveStreamStatus::kDisabled, "disabled"}}};
constexpr Names<LatencyMode, 3> kLatencyModes{{{LatencyMode::kStandard, "standard"},
                                               {LatencyMode::kReduced, "reduced"},
                                               {LatencyMode::kLow, "low"}}};
constexpr Names<PlaybackPolicy, 3> kPolicies{{{PlaybackPolicy::kPublic, "public"},
                                              {PlaybackPolicy::kSigned, "signed"},
                                              {PlaybackPolicy::kDrm, "drm"}}};
constexpr Names<AssetStatus, 3> kAssetStatuses{{{AssetStatus::kPreparing, "preparing"},
                                                {AssetStatus::kReady, "ready"},
                                                {AssetStatus::kErrored, "errored"}}};
constexpr Names<SimulcastStatus, 4> kSimulcastStatuses{
    {{SimulcastStatus::kIdle, "idle"},
     {SimulcastStatus::kStarting, "starting"},
     {SimulcastStatus::kBroadcasting, "broadcasting"},
     {SimulcastStatus::kErrored, "errored"}}};

template <typename Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) noexcept {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "unknown";
}

template <typename Enum, std::size_t N>
Enum value_of(const Names<Enum, N>& names, std::string_view text) noexcept {
  for (const auto& [known, name] : names) {
    if (name == text) return known;
  }
  return Enum::kUnknown;
}

const PlaybackId* best_of(const std::vector<PlaybackId>& ids) noexcept {
  const auto open = std::find_if(ids.begin(), ids.end(), [](const PlaybackId& id) {
    return id.policy == PlaybackPolicy::kPublic;
  });
  if (open != ids.end()) return &*open;
  return ids.empty() ? nullptr : &ids.front();
}

}  // namespace

std::string_view to_string(LiveStreamStatus status) noexcept {
  return name_of(kLiveStreamStatuses, status);
}
std::string_view to_string(LatencyMode mode) noexcept { return name_of(kLatencyModes, mode); }
std::string_view to_string(PlaybackPolicy policy) noexcept { return name_of(kPolicies, policy); }
std::string_view to_string(AssetStatus status) noexcept { return name_of(kAssetStatuses, status); }
std::string_view to_string(SimulcastStatus status) noexcept {
  return name_of(kSimulcastStatuses, status);
}
LiveStreamStatus live_stream_status(std::string_view text) noexcept {
  return value_of(kLiveStreamStatuses, text);
}
LatencyMode latency_mode(std::string_view text) noexcept { return value_of(kLatencyModes, text); }
PlaybackPolicy playback_policy(std::string_view text) noexcept { return value_of(kPolicies, text); }
AssetStatus asset_status(std::string_view text) noexcept { return value_of(kAssetStatuses, text); }
SimulcastStatus simulcast_status(std::string_view text) noexcept {
  return value_of(kSimulcastStatuses, text);
}

std::string_view LiveStream::state() const noexcept {
  if (connecting()) return "connecting";
  if (status == LiveStreamStatus::kUnknown && !status_text.empty()) return status_text;
  return to_string(status);
}

const PlaybackId* LiveStream::playback_id(PlaybackPolicy policy) const noexcept {
  const auto found =
      std::find_if(playback_ids.begin(), playback_ids.end(),
                   [&](const PlaybackId& candidate) { return candidate.policy == policy; });
  return found == playback_ids.end() ? nullptr : &*found;
}

const PlaybackId* LiveStream::best_playback_id() const noexcept { return best_of(playback_ids); }
const PlaybackId* Asset::best_playback_id() const noexcept { return best_of(playback_ids); }

}  // namespace ts::mux
