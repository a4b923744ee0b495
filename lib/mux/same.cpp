// SPDX-License-Identifier: Apache-2.0
#include "mux/same.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ts::mux {
namespace {

/// Collects what differs, in the words that follow "its".
class Differences {
 public:
  template <typename Has>
  void compare(bool same, std::string_view field, const Has& has) {
    if (!same) others_.push_back(fmt::format("{} is {}", field, has));
  }
  [[nodiscard]] bool none() const noexcept { return others_.empty(); }
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(others_, ", its ")); }

 private:
  std::vector<std::string> others_;
};

void compare_policies(const NewLiveStream& wish, const LiveStream& found, Differences& out) {
  std::set<PlaybackPolicy> wanted(wish.playback_policies.begin(), wish.playback_policies.end());
  for (const AdvancedPolicy& advanced : wish.advanced_playback_policies) {
    wanted.insert(advanced.policy);
  }
  std::set<PlaybackPolicy> present;
  for (const PlaybackId& id : found.playback_ids) present.insert(id.policy);
  out.compare(wanted.empty() || wanted == present, "policy",
              found.playback_ids.empty() ? "none" : policies_text(found.playback_ids));
}

void compare_session(const NewLiveStream& wish, bool window_asked, const LiveStream& found,
                     Differences& out) {
  if (wish.latency) {
    out.compare(*wish.latency == found.latency, "latency", to_string(found.latency));
  }
  if (wish.test) out.compare(*wish.test == found.test, "test", found.test);
  if (wish.audio_only) {
    out.compare(*wish.audio_only == found.audio_only, "audio only", found.audio_only);
  }
  if (window_asked && found.reconnect_window_s) {
    out.compare(static_cast<double>(wish.reconnect_window.count()) == *found.reconnect_window_s,
                "reconnect window", fmt::format("{} s", *found.reconnect_window_s));
  }
  if (wish.max_continuous_duration) {
    out.compare(wish.max_continuous_duration->count() == found.max_continuous_duration_s,
                "max duration", fmt::format("{} s", found.max_continuous_duration_s));
  }
  if (wish.reconnect_slate_url) {
    out.compare(*wish.reconnect_slate_url == found.reconnect_slate_url, "slate",
                found.reconnect_slate_url.empty() ? "Mux's own" : "another");
  }
  if (wish.use_slate_for_standard_latency) {
    const bool on = found.use_slate_for_standard_latency.value_or(false);
    out.compare(*wish.use_slate_for_standard_latency == on, "slate at standard latency",
                on ? "on" : "off");
  }
}

void compare_captions(const NewLiveStream& wish, const LiveStream& found, Differences& out) {
  for (const EmbeddedSubtitle& item : wish.embedded_subtitles) {
    out.compare(std::any_of(found.embedded_subtitles.begin(), found.embedded_subtitles.end(),
                            [&](const EmbeddedSubtitle& present) {
                              return present.language_channel == item.language_channel &&
                                     present.language_code == item.language_code;
                            }),
                "captioning",
                fmt::format("without {}:{}", item.language_channel, item.language_code));
  }
  for (const GeneratedSubtitle& item : wish.generated_subtitles) {
    out.compare(std::any_of(found.generated_subtitles.begin(), found.generated_subtitles.end(),
                            [&](const GeneratedSubtitle& present) {
                              return present.language_code == item.language_code;
                            }),
                "automatic captioning", fmt::format("without {}", item.language_code));
  }
}

void compare_recording(const NewLiveStream& wish, const LiveStream& found, Differences& out) {
  if (!wish.new_asset_settings || !found.new_asset_settings) return;
  const auto& renditions = found.new_asset_settings->static_renditions;
  for (const NewStaticRendition& item : wish.new_asset_settings->static_renditions) {
    out.compare(
        std::find(renditions.begin(), renditions.end(), item.resolution) != renditions.end(),
        "recording", fmt::format("without the rendition {}", item.resolution));
  }
  const std::string& quality = found.new_asset_settings->video_quality;
  if (wish.new_asset_settings->video_quality && !quality.empty()) {
    out.compare(*wish.new_asset_settings->video_quality == quality, "quality", quality);
  }
}

}  // namespace

Status check_same(const NewLiveStream& wish, AskedFor asked, const LiveStream& found,
                  std::string_view ref) {
  Differences differences;
  if (asked.policies) compare_policies(wish, found, differences);
  compare_session(wish, asked.reconnect_window, found, differences);
  const auto has = [&](const NewSimulcastTarget& target) {
    return std::any_of(found.simulcast_targets.begin(), found.simulcast_targets.end(),
                       [&](const auto& present) { return same_target(present, target); });
  };
  differences.compare(
      std::all_of(wish.simulcast_targets.begin(), wish.simulcast_targets.end(), has), "simulcast",
      "without a target that is asked for");
  compare_captions(wish, found, differences);
  compare_recording(wish, found, differences);
  if (differences.none()) return ok_status();
  return Error{
      .kind = ErrorKind::kConflict,
      .message = fmt::format("ref '{}' belongs to {}, which differs: its {}", ref, found.id,
                             differences.text()),
      .hint = fmt::format("choose another --ref, or look at it with ts mux get {}", found.id),
      .code = "ref_mismatch"};
}

bool same_target(const SimulcastTarget& present, const NewSimulcastTarget& wish) {
  return present.url == wish.url && (present.stream_key.empty() || wish.stream_key.empty() ||
                                     present.stream_key.reveal() == wish.stream_key.reveal());
}

std::string policies_text(const std::vector<PlaybackId>& ids) {
  std::string out;
  for (const PlaybackId& id : ids) {
    if (out.find(id.policy_text) != std::string::npos) continue;
    if (!out.empty()) out += ", ";
    out += id.policy_text;
  }
  return out;
}

}  // namespace ts::mux
