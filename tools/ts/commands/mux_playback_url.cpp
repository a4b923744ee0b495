// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ts::cli {
namespace in_mux_playback_url {

struct Options {
  std::string id;
  bool live = false;
  bool asset = false;
  std::string kind = "hls";
  std::string format;
  std::vector<std::string> params;
  bool sign = false;
  std::optional<std::string> ttl;
};

/// What a token is for, when one is wanted and there is such an id; else what plays for most.
template <typename Owner>
const mux::PlaybackId* best_id(const Owner& owner, bool sign) {
  const auto found = std::find_if(
      owner.playback_ids.begin(), owner.playback_ids.end(),
      [](const mux::PlaybackId& id) { return id.policy == mux::PlaybackPolicy::kSigned; });
  return sign && found != owner.playback_ids.end() ? &*found : owner.best_playback_id();
}

/// The playback id itself, or the best one of the named live stream or asset.
Result<mux::PlaybackId> find_playback_id(const Options& options, Context& context) {
  if (!options.live && !options.asset) return mux::PlaybackId{.id = options.id};
  TS_TRY(const auto client, mux_client(context));
  if (options.live) {
    TS_TRY(const auto stream, client->get_live_stream(options.id));
    if (const mux::PlaybackId* found = best_id(stream, options.sign)) return *found;
  } else {
    TS_TRY(const auto recording, client->get_asset(options.id));
    if (const mux::PlaybackId* found = best_id(recording, options.sign)) return *found;
  }
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("'{}' has no playback id", options.id),
               .hint = "add one with ts mux playback add LIVE_ID --policy public"};
}

mux::TokenType token_type(mux::PlaybackKind kind) {
  switch (kind) {
    case mux::PlaybackKind::kThumbnail:
      return mux::TokenType::kThumbnail;
    case mux::PlaybackKind::kAnimated:
      return mux::TokenType::kGif;
    case mux::PlaybackKind::kStoryboard:
      return mux::TokenType::kStoryboard;
    default:
      return mux::TokenType::kVideo;
  }
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto kind, mux::parse_playback_kind(options.kind));
  TS_TRY(auto params, parse_pairs(options.params, "--param"));
  for (const auto& [name, value] : params) {
    // A restriction is a claim alone.
    if (options.sign && name == "playback_restriction_id") continue;
    TS_CHECK(mux::check_modifier(kind, name, value));
  }
  TS_TRY(const auto found, find_playback_id(options, context));
  mux::PlaybackUrlRequest request{.playback_id = found.id, .kind = kind, .format = options.format};
  TS_TRY(request.stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  TS_TRY(request.image_base_url, context.settings().base_url("MUX_IMAGE_BASE_URL"));
  if (options.sign || found.policy == mux::PlaybackPolicy::kSigned) {
    TS_TRY(const auto ttl, parse_seconds(options.ttl.value_or("7d"), "--ttl"));
    TS_TRY(const auto key, mux_signing_key(context));
    Json claims = Json::object();
    for (const auto& [name, value] : params) claims[name] = value;
    TS_TRY(request.token,
           mux::sign_token(
               {.type = token_type(kind), .subject = found.id, .lifetime = ttl, .params = &claims},
               key, context.clock()));
  } else if (options.ttl) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the address has no token, so it has no lifetime",
                 .hint = "add --signed, or leave --ttl out"};
  } else {
    request.modifiers = std::move(params);
  }
  TS_TRY(const auto url, mux::playback_url(request));
  Json document{
      {"schema", "ts.mux/1"}, {"playback_id", found.id}, {"kind", options.kind}, {"url", url}};
  return context.out().report({.document = &document,
                               .text = url,
                               .id = found.id,
                               .raw = url,
                               .env = {{"MUX_PLAYBACK_URL", url}}});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ID", options->id, "Playback id (nothing is asked of Mux then)")->required();
  auto* live = app.add_flag("--live", options->live, "ID is a live stream: take its playback id");
  app.add_flag("--asset", options->asset, "ID is an asset: take its playback id")->excludes(live);
  app.add_option("--kind", options->kind, "hls, thumbnail, gif, storyboard, static or player")
      ->capture_default_str();
  app.add_option("--format", options->format,
                 "Format or rendition: png, webp, vtt, json; for static 1080p, highest, audio …");
  app.add_option("--param,--modifier", options->params,
                 "Modifier NAME=VALUE, such as max_resolution=720p or time=12");
  app.add_flag("--signed", options->sign,
               "Add a token; modifiers become its claims (needs MUX_SIGNING_KEY)");
  app.add_option("--ttl", options->ttl, "Lifetime of the token; 7d unless given");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_playback_url

Command mux_playback_url() {
  return {.path = "mux playback url",
          .summary = "Print the address of a stream, thumbnail, GIF, storyboard or MP4",
          .example =
              "ts mux playback url PLAYBACK_ID\n"
              "ts mux playback url PLAYBACK_ID --param max_resolution=720p\n"
              "ts mux playback url PLAYBACK_ID --kind thumbnail --param time=12",
          .bind = in_mux_playback_url::bind};
}

}  // namespace ts::cli
