// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_sign {

struct Options {
  std::string subject;
  std::string type = "video";
  std::string ttl;
  std::string expires_at;
  std::vector<std::string> params;
  std::string params_json;
};

Result<std::chrono::seconds> lifetime_of(const Options& options, const Clock& clock) {
  if (options.expires_at.empty()) {
    const std::string ttl = options.ttl.empty() ? "7d" : options.ttl;
    // Seconds to Mux's SDKs; here, as everywhere, refused: minutes may have been meant.
    if (ttl.find_first_not_of("0123456789") == std::string::npos) {
      TS_TRY([[maybe_unused]] const auto none, parse_duration(ttl).with_context("--ttl"));
    }
    return mux::parse_lifetime(ttl);
  }
  TS_TRY(const auto expiry, parse_rfc3339(options.expires_at));
  const auto lifetime = std::chrono::floor<std::chrono::seconds>(expiry) -
                        std::chrono::floor<std::chrono::seconds>(clock.now());
  if (lifetime.count() < 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("--expires-at {} has passed", options.expires_at),
                 .hint = "give a time to come"};
  }
  return lifetime;
}

Result<Json> claims_of(const Options& options, mux::TokenType type, Context& context) {
  Json claims = Json::object();
  if (!options.params_json.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.params_json));
    TS_TRY(claims, parse_json(text, "--params-json"));
    if (!claims.is_object()) {
      return Error{.kind = ErrorKind::kUsage, .message = "--params-json is no object"};
    }
  }
  TS_TRY(const auto pairs, parse_pairs(options.params, "--param"));
  for (const auto& [name, value] : pairs) {
    if (!is_utf8(name) || !is_utf8(value)) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("--param '{}' is not UTF-8",
                                          is_utf8(name) ? shorten(name, 60) : "")};
    }
    if (claims.contains(name)) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("parameter '{}' is given twice", name)};
    }
    claims[name] = value;
  }
  for (const auto& [name, value] : claims.items()) {
    TS_CHECK(mux::check_claim(type, name,
                              value.is_string() ? value.get<std::string>() : dump_json(value)));
  }
  return claims;
}

/// Where the token belongs, when that is an address.
Result<std::string> address_of(const Options& options, mux::TokenType type,
                               const std::string& token, Context& context) {
  mux::PlaybackUrlRequest request{.playback_id = options.subject, .token = token};
  TS_TRY(request.stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  TS_TRY(request.image_base_url, context.settings().base_url("MUX_IMAGE_BASE_URL"));
  switch (type) {
    case mux::TokenType::kVideo:
      request.kind = mux::PlaybackKind::kHls;
      break;
    case mux::TokenType::kThumbnail:
      request.kind = mux::PlaybackKind::kThumbnail;
      break;
    case mux::TokenType::kGif:
      request.kind = mux::PlaybackKind::kAnimated;
      break;
    case mux::TokenType::kStoryboard:
      request.kind = mux::PlaybackKind::kStoryboard;
      break;
    default:
      return std::string();
  }
  return mux::playback_url(request);
}

Status run(const Options& options, Context& context) {
  if (!is_utf8(options.subject)) {
    return Error{.kind = ErrorKind::kUsage, .message = "PLAYBACK_ID is not UTF-8"};
  }
  TS_TRY(const auto type, mux::parse_token_type(options.type));
  TS_TRY(const auto lifetime, lifetime_of(options, context.clock()));
  TS_TRY(const auto claims, claims_of(options, type, context));
  TS_TRY(const auto key, mux_signing_key(context));
  TS_TRY(const auto token,
         mux::sign_token(
             {.type = type, .subject = options.subject, .lifetime = lifetime, .params = &claims},
             key, context.clock()));
  for (const auto& member : claims.items()) {
    if (mux::knows_claim(type, member.key())) continue;
    context.out().warn(fmt::format("'{}' is signed as it is: Mux makes nothing of it in a {} token",
                                   shorten(member.key(), 60), options.type));
  }
  TS_TRY(const auto url, address_of(options, type, token, context));
  const WallTime expiry =
      std::chrono::floor<std::chrono::seconds>(context.clock().now()) + lifetime;
  Json document{{"schema", "ts.mux/1"},
                {"subject", options.subject},
                {"type", options.type},
                {"token", token},
                {"expires_at", format_rfc3339(expiry)}};
  if (!url.empty()) document["url"] = url;
  Report report{.document = &document,
                .text = token,
                .id = options.subject,
                .raw = token,
                .env = {{"MUX_PLAYBACK_TOKEN", token}}};
  if (!url.empty()) report.env.emplace_back("MUX_PLAYBACK_URL", url);
  if (type == mux::TokenType::kVideo && lifetime < std::chrono::hours(12)) {
    context.out().status(
        "note: a live viewer fetches playlists until the token ends; use 12h or "
        "more for a live session");
  }
  return context.out().report(report);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("PLAYBACK_ID", options->subject, "Playback id (or the id the type names)")
      ->required();
  app.add_option("--type", options->type,
                 "video, thumbnail, gif, storyboard, drm_license; for statistics stats, "
                 "live_stream, asset, video_id")
      ->capture_default_str();
  auto* ttl =
      app.add_option("--ttl", options->ttl, "Lifetime such as 90s, 12h or 7d; 7d unless given");
  app.add_option("--expires-at", options->expires_at, "End of validity, RFC 3339")->excludes(ttl);
  app.add_option("--param", options->params,
                 "Claim NAME=VALUE: modifiers such as max_resolution, time, width, and "
                 "playback_restriction_id");
  app.add_option("--params-json", options->params_json,
                 "Claims as a JSON object (numbers stay numbers), @FILE or -");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_sign

Command mux_sign() {
  return {.path = "mux sign",
          .summary = "Sign a token for a signed playback id",
          .example =
              "ts mux sign PLAYBACK_ID --ttl 12h\n"
              "ts mux sign PLAYBACK_ID --type thumbnail --param time=12 --param width=640\n"
              "ts mux sign PLAYBACK_ID --expires-at 2026-12-24T23:59:59Z --json",
          .bind = in_mux_sign::bind,
          .details =
              "Needs MUX_SIGNING_KEY and MUX_PRIVATE_KEY; nothing is sent. On signed "
              "playback every modifier is a claim: beside a token Mux ignores it."};
}

}  // namespace ts::cli
