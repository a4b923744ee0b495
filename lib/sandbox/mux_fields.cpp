// SPDX-License-Identifier: Apache-2.0
#include "sandbox/mux_fields.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::size_t kMaxPassthrough = 255;
constexpr std::size_t kMaxTargets = 6;

/// Mux counts characters, not bytes.
std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void check_policies(FieldCheck& check, const Json& body) {
  for (const auto* key : {"playback_policies", "playback_policy"}) {
    const auto found = body.find(key);
    // A bare word is tolerated.
    if (found != body.end() && found->is_string()) {
      check.one_of(key, {"public", "signed", "drm"});
    } else {
      check.words(key, {"public", "signed", "drm"});
    }
  }
  if (check.list("advanced_playback_policies", 10) &&
      (body.contains("playback_policies") || body.contains("playback_policy"))) {
    check.fail("advanced_playback_policies and playback_policies exclude each other");
  }
}

void check_meta(FieldCheck& check, const Json& body) {
  if (!check.object("meta")) return;
  FieldCheck meta(body["meta"], "meta.");
  meta.text("title", 512);
  meta.text("creator_id", 128);
  meta.text("external_id", 128);
  meta.no_others();
  check.add(meta);
}

void check_asset_settings(FieldCheck& check, const Json& body) {
  if (!check.object("new_asset_settings")) return;
  const auto& settings = body["new_asset_settings"];
  FieldCheck nested(settings, "new_asset_settings.");
  check_policies(nested, settings);
  nested.text("passthrough", kMaxPassthrough);
  check_meta(nested, settings);
  nested.one_of("master_access", {"none", "temporary"});
  nested.one_of("max_resolution_tier", {"1080p", "1440p", "2160p"});
  nested.one_of("video_quality", {"basic", "plus", "premium"});
  nested.one_of("encoding_tier", {"smart", "baseline", "premium"});
  nested.one_of("mp4_support",
                {"none", "standard", "capped-1080p", "audio-only", "audio-only,capped-1080p"});
  nested.flag("normalize_audio");
  nested.flag("test");
  nested.list("static_renditions", 10);
  nested.list("input", 10);
  nested.list("inputs", 10);
  nested.no_others();
  check.add(nested);
}

void check_common(FieldCheck& check, const Json& body) {
  check.one_of("latency_mode", {"standard", "reduced", "low"});
  check.number("reconnect_window", 0, 1800);
  check.number("max_continuous_duration", 60, 43'200);
  check.flag("use_slate_for_standard_latency");
  check.text("reconnect_slate_url", 2048);
  check.text("passthrough", kMaxPassthrough);
  check_meta(check, body);
  check_asset_settings(check, body);
}

}  // namespace

Json without_nulls(const Json& json) {
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const auto& [key, value] : json.items()) {
    if (!value.is_null()) out[key] = without_nulls(value);
  }
  return out;
}

std::string FieldCheck::name(std::string_view key) const { return prefix_ + std::string(key); }

const Json* FieldCheck::member(std::string_view key) {
  seen_.emplace_back(key);
  if (!body_->is_object()) return nullptr;
  const auto found = body_->find(key);
  return found == body_->end() || found->is_null() ? nullptr : &*found;
}

bool FieldCheck::text(std::string_view key, std::size_t max_length) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (!value->is_string()) {
    fail(name(key) + " must be a string");
    return false;
  }
  if (code_points(value->get_ref<const std::string&>()) > max_length) {
    fail(fmt::format("{} must be at most {} characters", name(key), max_length));
    return false;
  }
  return true;
}

bool FieldCheck::flag(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) fail(name(key) + " must be true or false");
  return value->is_boolean();
}

bool FieldCheck::number(std::string_view key, double low, double high) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (!value->is_number() || value->get<double>() < low || value->get<double>() > high) {
    fail(fmt::format("{} must be a number from {} to {}", name(key), low, high));
    return false;
  }
  return true;
}

bool FieldCheck::one_of(std::string_view key, std::initializer_list<std::string_view> words) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (value->is_string() &&
      std::find(words.begin(), words.end(), value->get_ref<const std::string&>()) != words.end()) {
    return true;
  }
  fail(fmt::format("{} must be one of {}", name(key), fmt::join(words, ", ")));
  return false;
}

bool FieldCheck::list(std::string_view key, std::size_t max_items) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (!value->is_array() || value->size() > max_items) {
    fail(fmt::format("{} must be a list of at most {}", name(key), max_items));
    return false;
  }
  return true;
}

bool FieldCheck::object(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (!value->is_object()) fail(name(key) + " must be an object");
  return value->is_object();
}

bool FieldCheck::words(std::string_view key, std::initializer_list<std::string_view> words) {
  if (!list(key, 10)) return false;
  for (const auto& item : *member(key)) {
    if (item.is_string() &&
        std::find(words.begin(), words.end(), item.get_ref<const std::string&>()) != words.end()) {
      continue;
    }
    fail(fmt::format("{} must hold only {}", name(key), fmt::join(words, ", ")));
    return false;
  }
  return true;
}

void FieldCheck::no_others() {
  if (!body_->is_object()) return;
  for (const auto& [key, value] : body_->items()) {
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) continue;
    const auto near = nearest(key, seen_);
    fail(name(key) + " is not a parameter" + (near ? "; did you mean " + *near + "?" : ""));
  }
}

void check_simulcast_target(FieldCheck& check, const Json& body) {
  const auto url = body.is_object() && body.value("url", Json()).is_string()
                       ? body["url"].get<std::string>()
                       : std::string();
  if (!check.text("url", 2048)) {
    check.fail("url is required");
  } else if (const auto scheme = url.substr(0, url.find("://"));
             scheme != "rtmp" && scheme != "rtmps" && scheme != "srt") {
    check.fail("url must begin with rtmp://, rtmps:// or srt://");
  }
  check.text("stream_key", 2048);
  check.text("passthrough", kMaxPassthrough);
  check.no_others();
}

void check_asset(FieldCheck& check, const Json& body) {
  check_policies(check, body);
  check.text("passthrough", kMaxPassthrough);
  check_meta(check, body);
  check.one_of("master_access", {"none", "temporary"});
  check.one_of("max_resolution_tier", {"1080p", "1440p", "2160p"});
  check.one_of("video_quality", {"basic", "plus", "premium"});
  check.one_of("encoding_tier", {"smart", "baseline", "premium"});
  check.one_of("mp4_support",
               {"none", "standard", "capped-1080p", "audio-only", "audio-only,capped-1080p"});
  check.flag("normalize_audio");
  check.flag("test");
  check.flag("per_title_encode");
  check.list("static_renditions", 10);
  check.text("creator_id", 128);
  check.no_others();
}

void check_live_stream(FieldCheck& check, const Json& body) {
  check_policies(check, body);
  check_common(check, body);
  check.flag("low_latency");
  check.flag("reduced_latency");
  check.flag("audio_only");
  if (check.flag("test") && body["test"].get<bool>() && body.contains("max_continuous_duration")) {
    check.fail("max_continuous_duration cannot be set on a test live stream");
  }
  check.list("embedded_subtitles", 4);
  check.list("generated_subtitles", 1);
  if (check.list("simulcast_targets", kMaxTargets)) {
    for (std::size_t i = 0; i < body["simulcast_targets"].size(); ++i) {
      FieldCheck target(body["simulcast_targets"][i], fmt::format("simulcast_targets[{}].", i));
      check_simulcast_target(target, body["simulcast_targets"][i]);
      check.add(target);
    }
  }
  check.no_others();
}

void check_live_stream_update(FieldCheck& check, const Json& body) {
  check_common(check, body);
  check.no_others();
}

}  // namespace ts::sandbox
