// SPDX-License-Identifier: Apache-2.0
#include "sandbox/playback_site.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ts::sandbox {
namespace {

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
constexpr std::string_view kPassPrefix = "pass-";
/// Each fetch of a master playlist is a view of its own, which its media playlists are asked for
/// by.
constexpr std::string_view kViewPrefix = "view-";

httpd::Response open_to_all(httpd::Response response) {
  response.headers.set("Access-Control-Allow-Origin", "*");
  return response;
}

httpd::Response open_refusal(int status, std::string_view type, std::string_view message) {
  return open_to_all(httpd::Response::json(status, mux_error(status, type, message).body));
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

/// Whether `address` is in "127.0.0.1" or "127.0.0.0/8"; IPv6 only as a whole.
bool covers_address(std::string_view range, std::string_view address) {
  const auto slash = range.find('/');
  if (slash == std::string_view::npos) return range == address;
  const auto bits = parse_u64(range.substr(slash + 1));
  in_addr wanted{};
  in_addr found{};
  if (!bits || *bits > 32 ||
      ::inet_pton(AF_INET, std::string(range.substr(0, slash)).c_str(), &wanted) != 1 ||
      ::inet_pton(AF_INET, std::string(address).c_str(), &found) != 1) {
    return false;
  }
  const auto mask = *bits == 0 ? 0U : ~0U << (32 - *bits);
  return (ntohl(wanted.s_addr) & mask) == (ntohl(found.s_addr) & mask);
}

/// Cloudflare's accessRules: the first that matches decides; without one the viewer may come in.
/// Nobody knows the country of a loopback address.
bool rules_allow(const Json& claims, std::string_view peer) {
  const auto rules = claims.find("accessRules");
  if (rules == claims.end() || !rules->is_array()) return true;
  for (const auto& rule : *rules) {
    if (!rule.is_object()) return false;
    const auto type = rule.value("type", Json());
    const auto addresses = rule.value("ip", Json::array());
    const bool named =
        addresses.is_array() &&
        std::any_of(addresses.begin(), addresses.end(), [&](const Json& address) {
          return address.is_string() && covers_address(address.get<std::string>(), peer);
        });
    if (type == "any" || (type == "ip.src" && named))
      return rule.value("action", Json()) == "allow";
  }
  return true;
}

constexpr std::string_view kWatchPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>ts sandbox: {id}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{margin:0;background:#111;color:#ddd;font:16px system-ui,sans-serif}}
main{{max-width:60rem;margin:0 auto;padding:1rem}}video{{width:100%;background:#000}}</style></head>
<body><main><video id="video" controls autoplay muted playsinline></video>
<p id="state" role="status">connecting</p></main>
<script src="/watch/hls.min.js"></script>
<script>
const video = document.getElementById('video');
const state = document.getElementById('state');
const source = '/{id}.m3u8' + location.search;
const say = (text) => {{ state.textContent = text; }};
const play = () => {{
  if (!Hls.isSupported()) {{ video.src = source; say('native HLS'); return; }}
  const hls = new Hls({{ liveSyncDurationCount: 2 }});
  hls.on(Hls.Events.MANIFEST_PARSED, () => {{ say('playing'); video.play().catch(() => {{}}); }});
  hls.on(Hls.Events.ERROR, (event, data) => {{
    if (!data.fatal) return;
    say(data.response && data.response.code === 412 ? 'not live yet' : 'error: ' + data.details);
    hls.destroy();
    setTimeout(play, 2000);
  }});
  hls.loadSource(source);
  hls.attachMedia(video);
}};
play();
</script></body></html>
)";

}  // namespace

PlaybackSite::PlaybackSite(Hooks hooks, const PlaybackTokens& tokens,
                           const PlaybackTokens& cloudflare_tokens, Audience& audience,
                           std::filesystem::path web_root)
    : hooks_(std::move(hooks)),
      tokens_(tokens),
      cloudflare_tokens_(cloudflare_tokens),
      audience_(audience),
      web_root_(std::move(web_root)),
      pass_key_(crypto::random_bytes(32)) {}

/// Signed playback: the playlist URL carries the token; what it names carries this pass instead.
std::string PlaybackSite::pass_of(std::string_view playback_id) const {
  const auto tag = crypto::hmac_sha256(pass_key_.reveal(), playback_id);
  return std::string(kPassPrefix) + crypto::hex_encode(crypto::bytes_of(tag)).substr(0, 32);
}

std::optional<httpd::Response> PlaybackSite::refuse(const Playback& playback) const {
  switch (playback.state) {
    case Playback::State::kUnknown:
      return open_refusal(404, "not_found", "The requested resource does not exist.");
    case Playback::State::kNotActive:
      return open_refusal(412, "precondition_failed", "The live stream is not active.");
    case Playback::State::kPlayable:
      break;
  }
  return std::nullopt;
}

httpd::Response PlaybackSite::master(const httpd::Request& request) const {
  constexpr std::string_view kEnding = ".m3u8";
  auto id = request.param("file");
  if (!id.ends_with(kEnding)) return open_refusal(404, "not_found", "The page does not exist.");
  id.remove_suffix(kEnding.size());
  const auto playback = hooks_.find(id);
  if (playback.is_signed && playback.state != Playback::State::kUnknown) {
    const auto opened = tokens_.open(request.query_value("token").value_or(""), "v", id, request);
    if (!opened) return open_refusal(403, "forbidden", opened.error().message);
  }
  if (auto refused = refuse(playback)) return std::move(*refused);
  return master_of(
      playback,
      fmt::format("{}/{}{}{}/{}", id, playback.is_signed ? pass_of(id) + "/" : "", kViewPrefix,
                  crypto::random_alphanumeric(12), playback.live ? "live.m3u8" : "recording.m3u8"));
}

httpd::Response PlaybackSite::master_of(const Playback& playback, const std::string& media) const {
  const auto stream = hooks_.stream(playback.asset);
  std::string text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:";
  text += fmt::format("BANDWIDTH={}", std::max<std::int64_t>(stream.peak_bits_per_s, 100'000));
  if (!stream.codecs.empty()) text += fmt::format(",CODECS=\"{}\"", stream.codecs);
  if (stream.width > 0) text += fmt::format(",RESOLUTION={}x{}", stream.width, stream.height);
  if (stream.frame_rate > 0) text += fmt::format(",FRAME-RATE={:.3f}", stream.frame_rate);
  text += "\n" + media + "\n";
  auto response = open_to_all(httpd::Response::text(200, std::move(text)));
  response.headers.set("Content-Type", std::string(kPlaylistType));
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

httpd::Response PlaybackSite::media(const httpd::Request& request) const {
  const auto id = request.param("id");
  auto path = request.param("path");
  const auto playback = hooks_.find(id);
  auto slash = path.find('/');
  if (slash != std::string_view::npos && path.starts_with(kPassPrefix)) {
    if (!crypto::constant_time_equal(path.substr(0, slash), pass_of(id))) {
      return open_refusal(403, "forbidden", "The pass is not valid.");
    }
    path.remove_prefix(slash + 1);
  } else if (playback.is_signed) {
    // Files are fetched by the token itself, playlists by the pass their master playlist gave.
    const auto opened = tokens_.open(request.query_value("token").value_or(""), "v", id, request);
    if (!path.ends_with(".mp4") && !path.ends_with(".m4a")) {
      return open_refusal(403, "forbidden", "This playback id needs a valid token.");
    }
    if (!opened) return open_refusal(403, "forbidden", opened.error().message);
  }
  // The master has an address of its own.
  if (path == "master.mp4") return open_refusal(404, "not_found", "There is no such file.");
  if (auto refused = refuse(playback)) return std::move(*refused);
  std::string view = request.peer + " " + std::string(request.headers.get("User-Agent"));
  slash = path.find('/');
  if (slash != std::string_view::npos && path.starts_with(kViewPrefix)) {
    view = path.substr(0, slash);
    path.remove_prefix(slash + 1);
  }
  if (!is_plain_name(path)) return open_refusal(404, "not_found", "There is no such file.");
  if (path.ends_with(".m3u8")) audience_.saw(id, view);
  return file_of(playback, path);
}

httpd::Response PlaybackSite::file_of(const Playback& playback, std::string_view name) const {
  auto response =
      open_to_all(httpd::Response::from_file(hooks_.stream(playback.asset).folder / name));
  if (name.ends_with(".m3u8")) response.headers.set("Content-Type", std::string(kPlaylistType));
  response.headers.set("Cache-Control", name.ends_with(".m3u8") ? "no-cache" : "max-age=3600");
  return response;
}

httpd::Response PlaybackSite::cloudflare(const httpd::Request& request) const {
  // A signed URL has its token where others have the id.
  std::string uid(request.param("uid"));
  const bool by_token = uid.find('.') != std::string::npos;
  if (by_token) {
    const auto claims = cloudflare_tokens_.read(uid);
    if (!claims) return open_to_all(httpd::Response::text(401, claims.error().message + "\n"));
    if (!rules_allow(claims.value(), request.peer)) {
      return open_to_all(httpd::Response::text(403, "the token's accessRules block this viewer\n"));
    }
    const auto subject = claims.value().find("sub");
    uid =
        subject != claims.value().end() && subject->is_string() ? subject->get<std::string>() : "";
  }
  const auto playback = hooks_.find_cloudflare(uid);
  const auto path = request.param("path");
  if (playback.state == Playback::State::kUnknown) return httpd::Response::text(404, "not found\n");
  if (playback.is_signed && !by_token) {
    return open_to_all(httpd::Response::text(401, "this video needs a signed URL\n"));
  }
  // "Not started" by Cloudflare's own account; players ask again.
  if (playback.state == Playback::State::kNotActive) return open_to_all(httpd::Response::empty());
  if (path == "video.m3u8") {
    const bool live = playback.live && request.query_value("dvrEnabled").value_or("") != "true";
    return master_of(playback, live ? "live.m3u8" : "recording.m3u8");
  }
  if (!is_plain_name(path)) return httpd::Response::text(404, "not found\n");
  return file_of(playback, path);
}

bool PlaybackSite::has_watch_page() const {
  std::error_code ignored;
  return !web_root_.empty() && std::filesystem::is_regular_file(web_root_ / "hls.min.js", ignored);
}

httpd::Response PlaybackSite::watch(const httpd::Request& request) const {
  const auto id = request.param("id");
  if (!has_watch_page()) {
    return httpd::Response::text(503,
                                 "The watch page is off: it needs hls.js, which the build gets "
                                 "with npm when Node.js is there.\n");
  }
  if (id == "hls.min.js") return httpd::Response::from_file(web_root_ / "hls.min.js");
  if (!is_plain_name(id)) return httpd::Response::text(404, "There is no such page.\n");
  return httpd::Response::html(200, fmt::format(fmt::runtime(kWatchPage), fmt::arg("id", id)));
}

}  // namespace ts::sandbox
