// SPDX-License-Identifier: Apache-2.0
// Request bodies that people write.
#include "core/json.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <cmath>

namespace ts::mux {
namespace {

Result<std::optional<std::string>> text_of(const JsonReader& reader, std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (!member) return std::optional<std::string>{};
  TS_TRY(auto text, member->as_string());
  return std::optional(std::move(text));
}

Result<std::optional<bool>> flag_of(const JsonReader& reader, std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (!member) return std::optional<bool>{};
  TS_TRY(const bool flag, member->as_bool());
  return std::optional(flag);
}

Result<std::optional<std::chrono::seconds>> seconds_of(const JsonReader& reader,
                                                       std::string_view key) {
  TS_TRY(const auto member, reader.find(key));
  if (!member) return std::optional<std::chrono::seconds>{};
  if (member->is_string()) return member->expected("a number of seconds");
  TS_TRY(const double value, member->as_number());
  if (value != std::floor(value) || std::abs(value) > 1e9) {
    return member->error("expected whole seconds");
  }
  return std::optional(std::chrono::seconds(std::llround(value)));
}

Result<PlaybackPolicy> policy_of(const JsonReader& reader) {
  TS_TRY(const auto text, reader.as_string());
  auto policy = parse_policy(text);
  if (!policy) return std::move(policy).error().with_context("at " + reader.path());
  return policy.value();
}

/// A list of policies, or one as bare text, as Mux takes both.
Result<std::vector<PlaybackPolicy>> policies_of(const JsonReader& reader, std::string_view key) {
  std::vector<PlaybackPolicy> out;
  TS_TRY(const auto member, reader.find(key));
  if (!member) return out;
  if (member->is_string()) {
    TS_TRY(const auto policy, policy_of(*member));
    out.push_back(policy);
    return out;
  }
  TS_TRY(const auto items, member->items());
  for (const JsonReader& item : items) {
    TS_TRY(const auto policy, policy_of(item));
    out.push_back(policy);
  }
  return out;
}

/// Under its name of today or its former one.
Result<std::vector<PlaybackPolicy>> any_policies_of(const JsonReader& reader) {
  TS_TRY(auto now, policies_of(reader, "playback_policies"));
  TS_TRY(auto before, policies_of(reader, "playback_policy"));
  return now.empty() ? std::move(before) : std::move(now);
}

Result<std::vector<AdvancedPolicy>> advanced_of(const JsonReader& reader) {
  std::vector<AdvancedPolicy> out;
  TS_TRY(const auto items, reader.items_of("advanced_playback_policies"));
  for (const JsonReader& item : items) {
    TS_CHECK(item.only({"policy", "drm_configuration_id"}));
    TS_TRY(const auto name, item.at("policy"));
    AdvancedPolicy entry;
    TS_TRY(entry.policy, policy_of(name));
    TS_TRY(entry.drm_configuration_id, item.string_or("drm_configuration_id"));
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<NewStaticRendition>> renditions_of(const JsonReader& reader) {
  std::vector<NewStaticRendition> out;
  TS_TRY(const auto items, reader.items_of("static_renditions"));
  for (const JsonReader& item : items) {
    TS_CHECK(item.only({"resolution", "passthrough"}));
    NewStaticRendition entry;
    TS_TRY(const auto resolution, item.at("resolution"));
    TS_TRY(entry.resolution, resolution.as_string());
    TS_TRY(entry.passthrough, text_of(item, "passthrough"));
    out.push_back(std::move(entry));
  }
  return out;
}

Result<AssetMeta> meta_of(const JsonReader& reader, bool with_ids) {
  AssetMeta out;
  TS_TRY(const auto meta, reader.find("meta"));
  if (!meta) return out;
  if (with_ids) {
    TS_CHECK(meta->only({"title", "creator_id", "external_id"}));
  } else {
    TS_CHECK(meta->only({"title"}));
  }
  TS_TRY(out.title, text_of(*meta, "title"));
  TS_TRY(out.creator_id, text_of(*meta, "creator_id"));
  TS_TRY(out.external_id, text_of(*meta, "external_id"));
  return out;
}

Result<std::optional<NewAssetSettings>> settings_of(const JsonReader& parent) {
  TS_TRY(const auto reader, parent.find("new_asset_settings"));
  if (!reader) return std::optional<NewAssetSettings>{};
  TS_CHECK(reader->only({"playback_policies", "playback_policy", "advanced_playback_policies",
                         "passthrough", "meta", "master_access", "max_resolution_tier",
                         "video_quality", "static_renditions", "normalize_audio", "mp4_support"}));
  NewAssetSettings out;
  TS_TRY(out.playback_policies, any_policies_of(*reader));
  TS_TRY(out.advanced_playback_policies, advanced_of(*reader));
  TS_TRY(out.passthrough, text_of(*reader, "passthrough"));
  TS_TRY(out.meta, meta_of(*reader, true));
  TS_TRY(out.master_access, text_of(*reader, "master_access"));
  TS_TRY(out.max_resolution_tier, text_of(*reader, "max_resolution_tier"));
  TS_TRY(out.video_quality, text_of(*reader, "video_quality"));
  TS_TRY(out.static_renditions, renditions_of(*reader));
  TS_TRY(out.normalize_audio, flag_of(*reader, "normalize_audio"));
  TS_TRY(out.mp4_support, text_of(*reader, "mp4_support"));
  return std::optional(std::move(out));
}

Result<std::optional<LatencyMode>> latency_of(const JsonReader& reader) {
  TS_TRY(const auto mode, reader.find("latency_mode"));
  if (mode) {
    TS_TRY(const auto text, mode->as_string());
    auto latency = parse_latency(text);
    if (!latency) return std::move(latency).error().with_context("at " + mode->path());
    return std::optional(latency.value());
  }
  TS_TRY(const bool low, reader.bool_or("low_latency", false));
  TS_TRY(const bool reduced, reader.bool_or("reduced_latency", false));
  if (low) return std::optional(LatencyMode::kLow);
  if (reduced) return std::optional(LatencyMode::kReduced);
  return std::optional<LatencyMode>{};
}

Result<NewSimulcastTarget> target_of(const JsonReader& reader) {
  TS_CHECK(reader.only({"url", "stream_key", "passthrough"}));
  NewSimulcastTarget out;
  TS_TRY(const auto url, reader.at("url"));
  TS_TRY(out.url, url.as_string());
  TS_TRY(const auto key, reader.string_or("stream_key"));
  out.stream_key = StreamKey(key);
  TS_TRY(out.passthrough, text_of(reader, "passthrough"));
  return out;
}

Status read_subtitles(const JsonReader& reader, NewLiveStream& out) {
  TS_TRY(const auto embedded, reader.items_of("embedded_subtitles"));
  for (const JsonReader& item : embedded) {
    TS_CHECK(item.only({"name", "language_code", "language_channel", "passthrough"}));
    EmbeddedSubtitle entry;
    TS_TRY(entry.name, item.string_or("name"));
    TS_TRY(entry.language_code, item.string_or("language_code"));
    TS_TRY(entry.language_channel, item.string_or("language_channel"));
    TS_TRY(entry.passthrough, text_of(item, "passthrough"));
    out.embedded_subtitles.push_back(std::move(entry));
  }
  TS_TRY(const auto generated, reader.items_of("generated_subtitles"));
  for (const JsonReader& item : generated) {
    TS_CHECK(item.only({"name", "language_code", "passthrough", "transcription_vocabulary_ids"}));
    GeneratedSubtitle entry;
    TS_TRY(entry.name, item.string_or("name"));
    TS_TRY(entry.language_code, item.string_or("language_code"));
    TS_TRY(entry.passthrough, text_of(item, "passthrough"));
    TS_TRY(const auto vocabularies, item.items_of("transcription_vocabulary_ids"));
    for (const JsonReader& vocabulary : vocabularies) {
      TS_TRY(auto id, vocabulary.as_string());
      entry.transcription_vocabulary_ids.push_back(std::move(id));
    }
    out.generated_subtitles.push_back(std::move(entry));
  }
  return ok_status();
}

/// Even an empty one is no change that Mux makes: it must not be dropped without a word.
Status only_changeable(const JsonReader& reader) {
  TS_TRY(const auto settings, reader.find("new_asset_settings"));
  if (!settings) return ok_status();
  for (const std::string_view fixed :
       {"playback_policies", "playback_policy", "advanced_playback_policies", "passthrough",
        "max_resolution_tier", "static_renditions", "normalize_audio"}) {
    TS_TRY(const auto member, settings->find(fixed));
    if (!member) continue;
    Error error =
        member->error("only mp4_support, master_access, video_quality and meta can change");
    error.hint = "create a new live stream for the rest";
    return error;
  }
  return ok_status();
}

}  // namespace

Result<NewLiveStream> read_new_live_stream(const Json& json) {
  const JsonReader reader(json, ErrorKind::kUsage);
  TS_CHECK(reader.only({"playback_policies", "playback_policy", "advanced_playback_policies",
                        "new_asset_settings", "latency_mode", "low_latency", "reduced_latency",
                        "reconnect_window", "use_slate_for_standard_latency", "reconnect_slate_url",
                        "max_continuous_duration", "test", "audio_only", "embedded_subtitles",
                        "generated_subtitles", "passthrough", "simulcast_targets", "meta"}));
  NewLiveStream out;
  TS_TRY(out.playback_policies, any_policies_of(reader));
  TS_TRY(out.advanced_playback_policies, advanced_of(reader));
  TS_TRY(out.new_asset_settings, settings_of(reader));
  TS_TRY(out.latency, latency_of(reader));
  TS_TRY(const auto window, seconds_of(reader, "reconnect_window"));
  if (window) out.reconnect_window = *window;
  TS_TRY(out.use_slate_for_standard_latency, flag_of(reader, "use_slate_for_standard_latency"));
  TS_TRY(out.reconnect_slate_url, text_of(reader, "reconnect_slate_url"));
  TS_TRY(out.max_continuous_duration, seconds_of(reader, "max_continuous_duration"));
  TS_TRY(out.test, flag_of(reader, "test"));
  TS_TRY(out.audio_only, flag_of(reader, "audio_only"));
  TS_CHECK(read_subtitles(reader, out));
  TS_TRY(out.passthrough, text_of(reader, "passthrough"));
  TS_TRY(const auto about, meta_of(reader, false));
  out.title = about.title;
  TS_TRY(const auto targets, reader.items_of("simulcast_targets"));
  for (const JsonReader& item : targets) {
    TS_TRY(auto target, target_of(item));
    out.simulcast_targets.push_back(std::move(target));
  }
  return out;
}

Result<LiveStreamUpdate> read_live_stream_update(const Json& json) {
  const JsonReader reader(json, ErrorKind::kUsage);
  TS_CHECK(reader.only({"latency_mode", "max_continuous_duration", "meta", "new_asset_settings",
                        "passthrough", "reconnect_slate_url", "reconnect_window",
                        "use_slate_for_standard_latency"}));
  LiveStreamUpdate out;
  TS_TRY(out.latency, latency_of(reader));
  TS_TRY(out.max_continuous_duration, seconds_of(reader, "max_continuous_duration"));
  TS_TRY(const auto about, meta_of(reader, false));
  out.title = about.title;
  TS_CHECK(only_changeable(reader));
  TS_TRY(out.new_asset_settings, settings_of(reader));
  TS_TRY(out.passthrough, text_of(reader, "passthrough"));
  TS_TRY(out.reconnect_slate_url, text_of(reader, "reconnect_slate_url"));
  TS_TRY(out.reconnect_window, seconds_of(reader, "reconnect_window"));
  TS_TRY(out.use_slate_for_standard_latency, flag_of(reader, "use_slate_for_standard_latency"));
  return out;
}

Result<NewSimulcastTarget> read_new_simulcast_target(const Json& json) {
  return target_of(JsonReader(json, ErrorKind::kUsage));
}

}  // namespace ts::mux
