// SPDX-License-Identifier: Apache-2.0
// Files of an asset: static renditions and the master.
#include "sandbox/mux_fields.hpp"
#include "sandbox/mux_internal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::string_view kMaster = "master.mp4";

Reply data(int status, Json value) {
  return {status, "application/json", dump_json(Json{{"data", std::move(value)}})};
}
Reply wrong_method() { return mux_error(405, "invalid_request", "The method is not allowed."); }

std::optional<Reply> refused(const FieldCheck& check) {
  if (check.errors().empty()) return std::nullopt;
  return Reply{
      400, "application/json",
      dump_json(Json{{"error", {{"type", "invalid_parameters"}, {"messages", check.errors()}}}})};
}

}  // namespace

Json& MuxService::Impl::add_rendition(Asset& asset, const Json& wanted) {
  const auto resolution = wanted.value("resolution", std::string());
  const bool audio = resolution == "audio-only";
  // Nothing is encoded again here: the other sizes are what Mux calls skipped.
  const bool made = audio || resolution == "highest";
  Json rendition{{"id", new_id()},
                 {"resolution", resolution},
                 {"type", "standard"},
                 {"resolution_tier", audio ? "audio-only" : "1080p"},
                 {"name", audio ? "audio.m4a" : resolution + ".mp4"},
                 {"ext", audio ? "m4a" : "mp4"},
                 {"status", made ? "preparing" : "skipped"}};
  if (wanted.contains("passthrough")) rendition["passthrough"] = wanted["passthrough"];
  asset.renditions.push_back(std::move(rendition));
  return asset.renditions.back();
}

/// Asks for the files that are wanted and not there yet; a recording has to be over first.
void MuxService::Impl::make_files(Asset& asset) {
  if (asset.is_live || asset.status != "ready") return;
  const auto id = asset.data.value("id", std::string());
  for (const auto& rendition : asset.renditions) {
    if (rendition["status"] != "preparing") continue;
    effects.push_back(FileMake{.asset = id,
                               .name = rendition["name"].get<std::string>(),
                               .audio_only = rendition["resolution"] == "audio-only"});
  }
  if (!asset.master.empty() && !asset.master_ready) {
    effects.push_back(FileMake{.asset = id, .name = std::string(kMaster)});
  }
}

Reply MuxService::Impl::rendition_calls(std::string_view method,
                                        const std::vector<std::string>& parts, const Json& body,
                                        Asset& asset) {
  if (parts.empty()) {
    if (method != "POST") return wrong_method();
    FieldCheck check(body);
    if (!check.one_of("resolution", {"highest", "audio-only", "2160p", "1440p", "1080p", "720p",
                                     "540p", "480p", "360p", "270p"})) {
      check.fail("resolution is required");
    }
    check.text("passthrough", 255);
    check.no_others();
    for (const auto& rendition : asset.renditions) {
      if (rendition["resolution"] == body.value("resolution", Json())) {
        check.fail("the asset has this rendition already");
      }
    }
    if (auto wrong = refused(check)) return *wrong;
    const auto made = add_rendition(asset, body);
    emit("video.asset.static_rendition." +
             std::string(made["status"] == "skipped" ? "skipped" : "created"),
         "asset", made);
    make_files(asset);
    return data(201, made);
  }
  for (auto rendition = asset.renditions.begin(); rendition != asset.renditions.end();
       ++rendition) {
    if (parts.size() != 1 || (*rendition)["id"] != parts[0]) continue;
    if (method != "DELETE") return wrong_method();
    emit("video.asset.static_rendition.deleted", "asset", *rendition);
    asset.renditions.erase(rendition);
    return {204, "", ""};
  }
  return mux_error(404, "not_found", "There is no such static rendition.");
}

Reply MuxService::Impl::master_access(std::string_view method, const Json& body, Asset& asset) {
  if (method != "PUT") return wrong_method();
  FieldCheck check(body);
  if (!check.one_of("master_access", {"none", "temporary"})) {
    check.fail("master_access is required");
  }
  check.no_others();
  if (auto wrong = refused(check)) return *wrong;
  if (body["master_access"] == "none") {
    asset.master.clear();
    asset.master_ready = false;
  } else if (asset.master.empty()) {
    asset.master = options.random(32);
    asset_event("master.preparing", asset);
    make_files(asset);
  }
  return data(200, asset_json(asset));
}

void MuxService::file_made(std::string_view id, std::string_view name, std::int64_t bytes,
                           std::string_view error) {
  const auto found = impl_->assets.find(id);
  if (found == impl_->assets.end()) return;
  auto& asset = found->second;
  if (name == kMaster) {
    if (asset.master.empty()) return;
    asset.master_ready = error.empty();
    impl_->asset_event(error.empty() ? "master.ready" : "master.errored", asset);
    return;
  }
  for (auto& rendition : asset.renditions) {
    if (rendition["name"] != name || rendition["status"] != "preparing") continue;
    rendition["status"] = error.empty() ? "ready" : "errored";
    rendition["filesize"] = std::to_string(bytes);
    if (asset.duration.count() > 0) rendition["bitrate"] = bytes * 8000 / asset.duration.count();
    impl_->emit(error.empty() ? "video.asset.static_rendition.ready"
                              : "video.asset.static_rendition.errored",
                "asset", rendition);
  }
}

void MuxService::set_address(std::string url) { impl_->site_url = std::move(url); }

std::string MuxService::master_at(std::string_view secret) const {
  for (const auto& [id, asset] : impl_->assets) {
    if (!secret.empty() && asset.master == secret && asset.master_ready) return id;
  }
  return {};
}

}  // namespace ts::sandbox
