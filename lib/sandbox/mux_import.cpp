// SPDX-License-Identifier: Apache-2.0
// Assets from files.
#include "net/url.hpp"
#include "sandbox/mux_fields.hpp"
#include "sandbox/mux_internal.hpp"

#include <fmt/format.h>

namespace ts::sandbox {
namespace {

/// The input that is the picture; others would be overlays and captions, which nobody draws here.
void check_inputs(FieldCheck& check, const Json& body, std::string& url) {
  const auto* key = body.contains("inputs") ? "inputs" : "input";
  const auto found = body.find(key);
  if (found == body.end()) {
    check.fail("inputs is required");
    return;
  }
  // A bare address is tolerated.
  if (found->is_string()) {
    check.text(key, 4096);
    url = found->get<std::string>();
  } else if (check.list(key, 50)) {
    for (std::size_t i = 0; i < found->size(); ++i) {
      FieldCheck input((*found)[i], fmt::format("{}[{}].", key, i));
      const bool named = input.text("url", 4096);
      if (i == 0 && !named) input.fail("inputs[0].url is required");
      if (i > 0) input.fail(fmt::format("inputs[{}]: the sandbox takes one input", i));
      for (const auto* other : {"overlay_settings", "start_time", "end_time", "text_type",
                                "generated_subtitles", "language_code"}) {
        if ((*found)[i].is_object() && (*found)[i].contains(other)) {
          input.fail(fmt::format("inputs[{}].{} is not made in the sandbox", i, other));
        }
      }
      if (i == 0 && named) url = (*found)[i]["url"].get<std::string>();
      check.add(input);
    }
    if (found->empty()) check.fail("inputs must not be empty");
  }
  const auto parsed = net::Url::parse(url);
  if (!url.empty() && (!parsed || !url.starts_with("http"))) {
    check.fail(std::string(key) + "[0].url must be an http or https address");
  }
}

}  // namespace

Reply MuxService::Impl::create_asset(const Json& body) {
  FieldCheck check(body);
  std::string url;
  check_inputs(check, body, url);
  check_asset(check, body);
  if (!check.errors().empty()) {
    return {
        400, "application/json",
        dump_json(Json{{"error", {{"type", "invalid_parameters"}, {"messages", check.errors()}}}})};
  }
  const auto id = new_id();
  Asset asset;
  asset.imported = true;
  asset.is_live = false;
  asset.inputs = Json::array({{{"url", url}}});
  auto policies = body.value("playback_policies", body.value("playback_policy", Json::array()));
  if (policies.is_string()) policies = Json::array({policies});
  for (const auto& entry : body.value("advanced_playback_policies", Json::array())) {
    if (entry.is_object()) policies.push_back(entry.value("policy", "public"));
  }
  asset.playback_ids = make_playback_ids(policies);
  asset.data = {{"id", id},
                {"created_at", now_text()},
                {"ingest_type", "on_demand_url"},
                {"mp4_support", "none"},
                {"max_resolution_tier", body.value("max_resolution_tier", "1080p")},
                {"video_quality", body.value("video_quality", "basic")}};
  for (const auto* key : {"passthrough", "meta", "test"}) {
    if (body.contains(key)) asset.data[key] = body[key];
  }
  for (const auto& rendition : body.value("static_renditions", Json::array())) {
    if (rendition.is_object() && rendition.value("resolution", Json()).is_string()) {
      add_rendition(asset, rendition);
    }
  }
  if (body.value("master_access", "none") == "temporary") asset.master = options.random(32);
  asset_order.push_back(id);
  const auto& stored = assets[id] = std::move(asset);
  asset_event("created", stored);
  effects.push_back(AssetImport{.asset = id, .url = Secret(url)});
  return {201, "application/json", dump_json(Json{{"data", asset_json(stored)}})};
}

void MuxService::asset_described(std::string_view id, const StreamInfo& info) {
  const auto found = impl_->assets.find(id);
  if (found != impl_->assets.end()) impl_->describe_asset(found->second, info);
}

}  // namespace ts::sandbox
