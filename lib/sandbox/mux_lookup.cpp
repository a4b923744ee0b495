// SPDX-License-Identifier: Apache-2.0
// What others ask of the live streams and assets.
#include "sandbox/mux_internal.hpp"

namespace ts::sandbox {

Playback MuxService::find_playback(std::string_view playback_id) const {
  const auto match = [&](const Json& ids) -> const Json* {
    for (const auto& entry : ids) {
      if (entry.value("id", std::string()) == playback_id) return &entry;
    }
    return nullptr;
  };
  for (const auto& [id, stream] : impl_->streams) {
    const auto* entry = match(stream.playback_ids);
    if (entry == nullptr) continue;
    Playback out{.state = Playback::State::kNotActive,
                 .is_signed = entry->value("policy", "public") != "public",
                 .live = true};
    const bool end_shown = stream.last_shown_until && !stream.last_asset.empty() &&
                           impl_->clock.steady_now() < *stream.last_shown_until;
    if (stream.status == "active") {
      out.asset = stream.asset;
    } else if (stream.asset.empty() && end_shown) {
      out.asset = stream.last_asset;
    }
    if (!out.asset.empty()) out.state = Playback::State::kPlayable;
    return out;
  }
  for (const auto& [id, asset] : impl_->assets) {
    const auto* entry = match(asset.playback_ids);
    if (entry == nullptr) continue;
    const bool there = asset.imported ? asset.status == "ready" : asset.segments > 0;
    return {.state = there ? Playback::State::kPlayable : Playback::State::kNotActive,
            .is_signed = entry->value("policy", "public") != "public",
            .asset = id,
            .duration = asset.duration};
  }
  return {};
}

std::optional<std::string> MuxService::signing_key(std::string_view id) const {
  const auto found = impl_->signing_keys.find(id);
  if (found == impl_->signing_keys.end()) return std::nullopt;
  return found->second.encoded_pem;
}

std::vector<std::string> MuxService::playback_ids_of(std::string_view audience,
                                                     std::string_view id) const {
  std::vector<std::string> out;
  const auto take = [&](std::string_view kind, std::string_view owner, const Json& ids) {
    for (const auto& entry : ids) {
      auto one = entry.value("id", std::string());
      const bool itself = audience == "playback_id" || audience == "video_id";
      if (itself ? one == id : audience == kind && owner == id) {
        out.push_back(std::move(one));
      }
    }
  };
  for (const auto& [owner, stream] : impl_->streams) {
    take("live_stream_id", owner, stream.playback_ids);
  }
  for (const auto& [owner, asset] : impl_->assets) take("asset_id", owner, asset.playback_ids);
  return out;
}

std::optional<PublishId> MuxService::publisher_of(std::string_view live_stream) const {
  const auto found = impl_->streams.find(live_stream);
  if (found == impl_->streams.end()) return std::nullopt;
  return found->second.publish;
}

Json MuxService::describe() const {
  Json out{{"live_streams", Json::array()}, {"assets", Json::array()}};
  for (const auto& id : impl_->stream_order) {
    const auto& stream = impl_->streams.at(id);
    out["live_streams"].push_back({{"id", id},
                                   {"status", stream.status},
                                   {"connected", stream.publish != 0},
                                   {"active_asset_id", stream.asset},
                                   {"playback_ids", stream.playback_ids}});
  }
  for (const auto& id : impl_->asset_order) {
    const auto& asset = impl_->assets.at(id);
    out["assets"].push_back({{"id", id},
                             {"status", asset.status},
                             {"is_live", asset.is_live},
                             {"duration_s", static_cast<double>(asset.duration.count()) / 1000.0},
                             {"playback_ids", asset.playback_ids}});
  }
  return out;
}

}  // namespace ts::sandbox
