// SPDX-License-Identifier: Apache-2.0
#include "mux/validate.hpp"

#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ts::mux {
namespace {

Error refuse(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// Mux counts characters, not bytes.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

Status check_text(std::string_view text, std::string_view what, std::size_t longest) {
  if (!is_utf8(text)) return refuse(fmt::format("{} is not UTF-8", what));
  if (const auto size = characters(text); size > longest) {
    return refuse(
        fmt::format("{} has {} characters, and at most {} are allowed", what, size, longest));
  }
  return ok_status();
}

template <std::size_t N>
Status check_word(const std::optional<std::string>& word, std::string_view what,
                  const std::array<std::string_view, N>& known) {
  if (!word || std::find(known.begin(), known.end(), *word) != known.end()) return ok_status();
  const std::vector<std::string> candidates(known.begin(), known.end());
  const auto near = nearest(*word, candidates);
  return refuse(fmt::format("{} '{}' is unknown", what, shorten(*word, 60)),
                near ? fmt::format("did you mean {}?", *near)
                     : fmt::format("use one of {}", fmt::join(known, ", ")));
}

Status check_seconds(std::chrono::seconds value, std::string_view what, int least, int most) {
  if (value.count() < least || value.count() > most) {
    return refuse(fmt::format("{} is {} s, outside {} to {} s", what, value.count(), least, most));
  }
  return ok_status();
}

Status check_policies(const std::vector<PlaybackPolicy>& plain,
                      const std::vector<AdvancedPolicy>& advanced, std::string_view where) {
  if (!plain.empty() && !advanced.empty()) {
    return refuse(
        fmt::format("{}playback_policies and advanced_playback_policies exclude each other", where),
        "list every policy in advanced_playback_policies");
  }
  for (const PlaybackPolicy policy : plain) {
    if (policy == PlaybackPolicy::kUnknown) {
      return refuse(fmt::format("{}playback_policies holds an unknown policy", where),
                    "use public or signed");
    }
    if (policy == PlaybackPolicy::kDrm) {
      return refuse(fmt::format("{}the drm policy needs a DRM configuration", where),
                    "use advanced_playback_policies with a drm_configuration_id");
    }
  }
  for (const AdvancedPolicy& item : advanced) {
    const bool drm = item.policy == PlaybackPolicy::kDrm;
    if (item.policy == PlaybackPolicy::kUnknown) {
      return refuse(fmt::format("{}advanced_playback_policies holds an unknown policy", where),
                    "use public, signed or drm");
    }
    if (drm == item.drm_configuration_id.empty()) {
      return refuse(drm ? fmt::format("{}the drm policy needs a drm_configuration_id", where)
                        : fmt::format("{}drm_configuration_id belongs to the drm policy", where));
    }
  }
  return ok_status();
}

Status check_settings(const NewAssetSettings& wish) {
  TS_CHECK(check_policies(wish.playback_policies, wish.advanced_playback_policies,
                          "new_asset_settings: "));
  if (wish.passthrough) {
    TS_CHECK(validate_passthrough(*wish.passthrough, "new_asset_settings.passthrough"));
  }
  TS_CHECK(check_text(wish.meta.title.value_or(""), "new_asset_settings.meta.title", 512));
  TS_CHECK(
      check_text(wish.meta.creator_id.value_or(""), "new_asset_settings.meta.creator_id", 128));
  TS_CHECK(
      check_text(wish.meta.external_id.value_or(""), "new_asset_settings.meta.external_id", 128));
  TS_CHECK(check_word(wish.master_access, "new_asset_settings.master_access",
                      std::to_array<std::string_view>({"none", "temporary"})));
  TS_CHECK(check_word(wish.max_resolution_tier, "new_asset_settings.max_resolution_tier",
                      std::to_array<std::string_view>({"1080p", "1440p", "2160p"})));
  TS_CHECK(check_word(wish.video_quality, "new_asset_settings.video_quality",
                      std::to_array<std::string_view>({"basic", "plus", "premium"})));
  return validate(wish.static_renditions);
}

Status check_slate(const std::optional<std::string>& url) {
  if (!url || url->empty()) return ok_status();
  auto parsed = net::Url::parse(*url);
  if (!parsed) return std::move(parsed).error().with_context("reconnect_slate_url");
  if (parsed.value().scheme != "https" && parsed.value().scheme != "http") {
    return refuse("reconnect_slate_url is not an http(s) URL", "give the address of an image");
  }
  return ok_status();
}

Status check_latency(const std::optional<LatencyMode>& latency) {
  if (latency == LatencyMode::kUnknown) {
    return refuse("latency_mode is unknown", "use standard, reduced or low");
  }
  return ok_status();
}

}  // namespace

Result<LatencyMode> parse_latency(std::string_view text) {
  const LatencyMode mode = latency_mode(text);
  if (mode != LatencyMode::kUnknown) return mode;
  const auto near = nearest(text, {"standard", "reduced", "low"});
  return refuse(fmt::format("latency mode '{}' is unknown", shorten(text, 60)),
                near ? fmt::format("did you mean {}?", *near) : "use standard, reduced or low");
}

Result<PlaybackPolicy> parse_policy(std::string_view text) {
  const PlaybackPolicy policy = playback_policy(text);
  if (policy != PlaybackPolicy::kUnknown) return policy;
  const auto near = nearest(text, {"public", "signed", "drm"});
  return refuse(fmt::format("playback policy '{}' is unknown", shorten(text, 60)),
                near ? fmt::format("did you mean {}?", *near) : "use public or signed");
}

Status check_state(std::string_view state) {
  if (state == "idle" || state == "connecting" || state == "active" || state == "disabled") {
    return ok_status();
  }
  const auto near = nearest(state, {"idle", "connecting", "active", "disabled"});
  return refuse(
      fmt::format("state '{}' is unknown", shorten(state, 60)),
      near ? fmt::format("did you mean {}?", *near) : "use idle, connecting, active or disabled");
}

Status validate_passthrough(std::string_view text, std::string_view what) {
  return check_text(text, what, 255);
}

Status validate(const std::vector<NewStaticRendition>& renditions) {
  std::set<std::string_view> seen;
  for (const NewStaticRendition& rendition : renditions) {
    TS_CHECK(check_word(
        std::optional(rendition.resolution), "static rendition",
        std::to_array<std::string_view>({"highest", "audio-only", "2160p", "1440p", "1080p", "720p",
                                         "540p", "480p", "360p", "270p"})));
    if (!seen.insert(rendition.resolution).second) {
      return refuse(fmt::format("static rendition '{}' is named twice", rendition.resolution));
    }
    if (rendition.passthrough) TS_CHECK(validate_passthrough(*rendition.passthrough));
  }
  return ok_status();
}

Status validate(const std::vector<EmbeddedSubtitle>& subtitles) {
  std::set<std::string_view> channels;
  for (const EmbeddedSubtitle& item : subtitles) {
    TS_CHECK(check_word(std::optional(item.language_channel), "embedded subtitle channel",
                        std::to_array<std::string_view>({"cc1", "cc2", "cc3", "cc4"})));
    if (!channels.insert(item.language_channel).second) {
      return refuse(
          fmt::format("embedded subtitle channel {} is named twice", item.language_channel));
    }
    if (item.language_code.empty()) {
      return refuse(
          fmt::format("the embedded subtitle of {} has no language_code", item.language_channel),
          "give a BCP 47 code such as en-US");
    }
    if (item.passthrough) TS_CHECK(validate_passthrough(*item.passthrough));
  }
  return ok_status();
}

Status validate(const std::vector<GeneratedSubtitle>& subtitles) {
  if (subtitles.size() > 1) {
    return refuse(fmt::format("{} generated subtitle tracks, and Mux makes one", subtitles.size()));
  }
  for (const GeneratedSubtitle& item : subtitles) {
    if (item.language_code.empty()) {
      return refuse("the generated subtitle has no language_code", "give one such as en");
    }
    if (item.passthrough) TS_CHECK(validate_passthrough(*item.passthrough));
  }
  return ok_status();
}

Status validate(const NewSimulcastTarget& target) {
  auto parsed = net::Url::parse(target.url);
  if (!parsed) return std::move(parsed).error().with_context("simulcast target");
  const net::Url& url = parsed.value();
  if (url.scheme != "rtmp" && url.scheme != "rtmps" && url.scheme != "srt") {
    return refuse(fmt::format("a simulcast target cannot be {}://", url.scheme),
                  "use rtmp://, rtmps:// or srt://");
  }
  if (url.scheme != "srt" && target.stream_key.empty()) {
    return refuse(
        fmt::format("the simulcast target {} has no stream key", url.authority()),
        "give the key in a file, apart from the URL: --simulcast-key-file with ts mux create, "
        "--key-file with ts mux simulcast add");
  }
  if (!is_utf8(target.stream_key.reveal())) return refuse("the stream key is not UTF-8");
  if (target.passthrough) TS_CHECK(validate_passthrough(*target.passthrough));
  return ok_status();
}

Status validate(const NewLiveStream& wish) {
  TS_CHECK(check_policies(wish.playback_policies, wish.advanced_playback_policies, ""));
  if (wish.new_asset_settings) TS_CHECK(check_settings(*wish.new_asset_settings));
  TS_CHECK(check_latency(wish.latency));
  TS_CHECK(check_seconds(wish.reconnect_window, "reconnect_window", 0, 1800));
  TS_CHECK(check_slate(wish.reconnect_slate_url));
  if (wish.max_continuous_duration) {
    TS_CHECK(check_seconds(*wish.max_continuous_duration, "max_continuous_duration", 60, 43'200));
    if (wish.test.value_or(false)) {
      return refuse("a test live stream cannot have max_continuous_duration",
                    "leave one of them out: a test stream stops after 5 minutes by itself");
    }
  }
  TS_CHECK(validate(wish.embedded_subtitles));
  TS_CHECK(validate(wish.generated_subtitles));
  if (wish.passthrough) TS_CHECK(validate_passthrough(*wish.passthrough));
  TS_CHECK(check_text(wish.title.value_or(""), "title", 512));
  if (wish.simulcast_targets.size() > 6) {
    return refuse(fmt::format("{} simulcast targets, and at most 6 are allowed",
                              wish.simulcast_targets.size()));
  }
  for (std::size_t i = 0; i < wish.simulcast_targets.size(); ++i) {
    const NewSimulcastTarget& target = wish.simulcast_targets[i];
    TS_CHECK(validate(target));
    for (std::size_t k = 0; k < i; ++k) {
      const NewSimulcastTarget& other = wish.simulcast_targets[k];
      if (other.url != target.url || other.stream_key.reveal() != target.stream_key.reveal()) {
        continue;
      }
      return refuse(fmt::format("simulcast targets {} and {} are the same", k + 1, i + 1),
                    "give each target once");
    }
  }
  return ok_status();
}

Status validate(const LiveStreamUpdate& update) {
  TS_CHECK(check_latency(update.latency));
  if (update.max_continuous_duration) {
    TS_CHECK(check_seconds(*update.max_continuous_duration, "max_continuous_duration", 60, 43'200));
  }
  if (update.reconnect_window) {
    TS_CHECK(check_seconds(*update.reconnect_window, "reconnect_window", 0, 1800));
  }
  TS_CHECK(check_slate(update.reconnect_slate_url));
  if (update.passthrough) TS_CHECK(validate_passthrough(*update.passthrough));
  TS_CHECK(check_text(update.title.value_or(""), "title", 512));
  if (update.new_asset_settings) {
    const NewAssetSettings& settings = *update.new_asset_settings;
    if (!settings.playback_policies.empty() || !settings.advanced_playback_policies.empty() ||
        settings.passthrough || settings.max_resolution_tier ||
        !settings.static_renditions.empty() || settings.normalize_audio) {
      return refuse(
          "new_asset_settings: only mp4_support, master_access, video_quality and meta can change",
          "create a new live stream for the rest");
    }
    TS_CHECK(check_settings(settings));
  }
  return ok_status();
}

Result<std::string> simulcast_url(std::string_view url_or_platform) {
  if (url_or_platform == "twitch") {
    return std::string("rtmps://ingest.global-contribute.live-video.net:443/app");
  }
  if (url_or_platform == "youtube") return std::string("rtmps://a.rtmps.youtube.com:443/live2");
  if (url_or_platform == "facebook") return std::string("rtmps://rtmp-api.facebook.com:443/rtmp");
  if (url_or_platform.find("://") != std::string_view::npos) return std::string(url_or_platform);
  const auto near = nearest(url_or_platform, {"twitch", "youtube", "facebook"});
  return refuse(fmt::format("simulcast target '{}' is neither a URL nor a known platform",
                            shorten(url_or_platform, 60)),
                near ? fmt::format("did you mean {}?", *near)
                     : "use twitch, youtube, facebook or an rtmp(s):// or srt:// URL");
}

}  // namespace ts::mux
