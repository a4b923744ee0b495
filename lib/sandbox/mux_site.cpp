// SPDX-License-Identifier: Apache-2.0
#include "sandbox/mux_site.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ts::sandbox {
namespace {

constexpr double kExcellent = 500;
constexpr double kGood = 1000;

httpd::Response answer(int status, const Json& json) {
  auto out = httpd::Response::json(status, dump_json(json));
  out.headers.set("Access-Control-Allow-Origin", "*");
  return out;
}
httpd::Response site_refusal(int status, std::string_view type, std::string_view message) {
  return answer(status, {{"error", {{"type", type}, {"messages", Json::array({message})}}}});
}

/// One modifier: of the claims when there is a token, else of the query.
class Modifiers {
 public:
  Modifiers(const httpd::Request& request, std::optional<Json> claims)
      : request_(request), claims_(std::move(claims)) {}

  [[nodiscard]] std::optional<std::string> find(const char* name) const {
    if (!claims_) return request_.query_value(name);
    const auto claim = claims_->find(name);
    if (claim == claims_->end()) return std::nullopt;
    return claim->is_string() ? claim->get<std::string>() : dump_json(*claim);
  }
  /// A number in [low, high]; `wrong` is set when it is none.
  [[nodiscard]] std::optional<double> number(const char* name, double low, double high) {
    const auto text = find(name);
    if (!text) return std::nullopt;
    char* end = nullptr;
    const double value = std::strtod(text->c_str(), &end);
    if (text->empty() || *end != '\0' || !(value >= low && value <= high)) {
      wrong_ = fmt::format("{} must be a number from {} to {}", name, low, high);
      return std::nullopt;
    }
    return value;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  void fail(std::string why) { wrong_ = std::move(why); }

 private:
  const httpd::Request& request_;
  std::optional<Json> claims_;
  std::string wrong_;
};

std::string in_milliseconds(double seconds_value) {
  return fmt::format("{}ms", std::llround(seconds_value * 1000));
}

/// The arguments of `ts-media picture` for a thumbnail or an animation.
std::vector<std::string> arguments_of(Modifiers& modifiers, bool animated,
                                      std::optional<double> usual_time) {
  std::vector<std::string> out;
  const auto add = [&](std::string name, std::string value) {
    out.push_back(std::move(name));
    out.push_back(std::move(value));
  };
  for (const auto* side : {"width", "height"}) {
    if (const auto value = modifiers.number(side, 2, 4096)) {
      add("--" + std::string(side), std::to_string(std::lround(*value)));
    }
  }
  if (animated) {
    const auto start = modifiers.number("start", 0, 1e9).value_or(0);
    const auto end = modifiers.number("end", 0, 1e9).value_or(start + 5);
    if (end <= start || end - start > 10) modifiers.fail("end must be up to 10 s after start");
    add("--kind", "animation");
    add("--time", in_milliseconds(start));
    add("--for", in_milliseconds(std::max(end - start, 0.001)));
    add("--fps", std::to_string(std::lround(modifiers.number("fps", 1, 30).value_or(15))));
    return out;
  }
  const auto time = modifiers.number("time", 0, 1e9);
  if (time || usual_time) add("--time", in_milliseconds(time ? *time : *usual_time));
  if (const auto fit = modifiers.find("fit_mode")) {
    if (*fit != "preserve" && *fit != "stretch" && *fit != "crop" && *fit != "smartcrop" &&
        *fit != "pad") {
      modifiers.fail("fit_mode must be preserve, stretch, crop, smartcrop or pad");
    }
    add("--fit", *fit == "smartcrop" ? "crop" : *fit);
  }
  if (const auto turn = modifiers.find("rotate")) {
    if (*turn != "90" && *turn != "180" && *turn != "270") {
      modifiers.fail("rotate must be 90, 180 or 270");
    }
    add("--rotate", *turn);
  }
  for (const auto* flip : {"flip_v", "flip_h"}) {
    if (modifiers.find(flip).value_or("") == "true") {
      out.emplace_back(std::string_view(flip) == "flip_v" ? "--flip-v" : "--flip-h");
    }
  }
  return out;
}

httpd::Response failed(const Error& error) {
  if (error.kind == ErrorKind::kNotFound) return site_refusal(404, "not_found", error.message);
  if (error.kind == ErrorKind::kUsage)
    return site_refusal(400, "invalid_parameters", error.message);
  return site_refusal(500, "internal", error.message);
}

httpd::Response picture_answer(std::string bytes, std::string_view ending) {
  httpd::Response out;
  out.headers.set("Content-Type",
                  std::string("image/") + (ending == "jpg" ? "jpeg" : std::string(ending)));
  out.headers.set("Access-Control-Allow-Origin", "*");
  out.headers.set("Cache-Control", "no-cache");
  out.body = std::move(bytes);
  return out;
}

std::string vtt_time(double at) {
  const auto ms = std::llround(at * 1000);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

}  // namespace

MuxSite::MuxSite(Hooks hooks, const PlaybackTokens& tokens, const Audience& audience,
                 const PictureMaker& pictures, const Clock& clock)
    : hooks_(std::move(hooks)),
      tokens_(tokens),
      audience_(audience),
      pictures_(pictures),
      clock_(clock) {}

httpd::Response MuxSite::image(const httpd::Request& request) const {
  const auto id = request.param("id");
  const auto file = request.param("file");
  const auto dot = file.rfind('.');
  const auto name = file.substr(0, dot);
  const auto ending = dot == std::string_view::npos ? std::string_view() : file.substr(dot + 1);
  const auto* audience = name == "thumbnail"    ? "t"
                         : name == "animated"   ? "g"
                         : name == "storyboard" ? "s"
                                                : "";
  if (*audience == '\0') return site_refusal(404, "not_found", "There is no such picture.");
  const auto playback = hooks_.find(id);
  if (playback.state == Playback::State::kUnknown) {
    return site_refusal(404, "not_found", "The requested resource does not exist.");
  }
  std::optional<Json> claims;
  if (playback.is_signed) {
    auto opened = tokens_.open(request.query_value("token").value_or(""), audience, id, request);
    if (!opened) return site_refusal(403, "forbidden", opened.error().message);
    claims = std::move(opened).value();
  }
  if (playback.state != Playback::State::kPlayable) {
    return site_refusal(412, "precondition_failed", "The live stream is not active.");
  }
  const auto folder = hooks_.folder(playback.asset);
  if (name == "storyboard") return storyboard(request, folder, ending);
  Modifiers modifiers(request, std::move(claims));
  const bool animated = name == "animated";
  std::optional<double> middle;
  if (!playback.live) middle = static_cast<double>(playback.duration.count()) / 2000;
  auto arguments = arguments_of(modifiers, animated, middle);
  const bool known = animated ? ending == "gif" || ending == "webp"
                              : ending == "png" || ending == "jpg" || ending == "webp";
  if (!known) return site_refusal(404, "not_found", "There is no such format.");
  if (!modifiers.wrong().empty()) return site_refusal(400, "invalid_parameters", modifiers.wrong());
  auto made = pictures_.make(folder, ending, std::move(arguments));
  if (!made) return failed(made.error());
  return picture_answer(std::move(made).value().bytes, ending);
}

httpd::Response MuxSite::storyboard(const httpd::Request& request,
                                    const std::filesystem::path& folder,
                                    std::string_view ending) const {
  const bool list = ending == "vtt" || ending == "json";
  if (!list && ending != "png" && ending != "jpg" && ending != "webp") {
    return site_refusal(404, "not_found", "There is no such format.");
  }
  auto made = pictures_.make(folder, list ? "jpg" : ending, {"--kind", "storyboard"});
  if (!made) return failed(made.error());
  if (!list) return picture_answer(std::move(made).value().bytes, ending);
  const auto account = parse_json(made.value().account, "the account of the storyboard");
  if (!account) return failed(account.error());
  auto url = "http://" + std::string(request.headers.get("Host")) + "/image/" +
             std::string(request.param("id")) + "/storyboard.jpg";
  if (const auto token = request.query_value("token")) url += "?token=" + *token;
  const auto& board = account.value();
  const auto tiles = board.value("tiles", Json::array());
  const auto width = board.value("tile_width", 0);
  const auto height = board.value("tile_height", 0);
  if (ending == "json") {
    Json out{{"url", url}, {"tile_width", width}, {"tile_height", height}};
    out["duration"] = board.value("duration_s", 0.0);
    out["tiles"] = Json::array();
    for (const auto& tile : tiles) {
      out["tiles"].push_back({{"start", tile.value("start_s", 0.0)},
                              {"x", tile.value("x", 0)},
                              {"y", tile.value("y", 0)}});
    }
    return answer(200, std::move(out));
  }
  std::string text = "WEBVTT\n";
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const auto end =
        i + 1 < tiles.size() ? tiles[i + 1].value("start_s", 0.0) : board.value("duration_s", 0.0);
    text += fmt::format("\n{} --> {}\n{}#xywh={},{},{},{}\n",
                        vtt_time(tiles[i].value("start_s", 0.0)), vtt_time(end), url,
                        tiles[i].value("x", 0), tiles[i].value("y", 0), width, height);
  }
  auto out = httpd::Response::text(200, std::move(text));
  out.headers.set("Content-Type", "text/vtt");
  out.headers.set("Access-Control-Allow-Origin", "*");
  return out;
}

httpd::Response MuxSite::counts(const httpd::Request& request) const {
  const auto claims = tokens_.read(request.query_value("token").value_or(""));
  if (!claims) return site_refusal(403, "forbidden", claims.error().message);
  const auto audience = claims.value().value("aud", Json());
  if (audience != "playback_id" && audience != "asset_id" && audience != "live_stream_id" &&
      audience != "video_id") {
    return site_refusal(403, "forbidden", "the token's aud is for something else");
  }
  const auto subject = claims.value().value("sub", Json());
  const auto ids = subject.is_string() ? hooks_.playback_ids(audience.get<std::string>(),
                                                             subject.get<std::string>())
                                       : std::vector<std::string>{};
  if (ids.empty()) return site_refusal(404, "not_found", "There is no such stream.");
  Audience::Counts sum;
  for (const auto& id : ids) {
    const auto one = audience_.counts(id);
    sum.views += one.views;
    sum.viewers += one.viewers;
  }
  return answer(200, {{"data", Json::array({{{"views", sum.views},
                                             {"viewers", sum.viewers},
                                             {"updated_at", format_rfc3339(clock_.now())}}})}});
}

httpd::Response MuxSite::health(const httpd::Request& request) const {
  const auto claims = tokens_.read(request.query_value("token").value_or(""));
  if (!claims) return site_refusal(403, "forbidden", claims.error().message);
  if (claims.value().value("aud", Json()) != "live_stream_id") {
    return site_refusal(403, "forbidden", "the token's aud is for something else");
  }
  const auto subject = claims.value().value("sub", Json());
  const auto drift = subject.is_string() ? hooks_.drift(subject.get<std::string>()) : std::nullopt;
  if (!drift) return site_refusal(404, "not_found", "There is no such live stream.");
  Json health{{"status", "unknown"}, {"updated_at", format_rfc3339(clock_.now())}};
  if (drift->known) {
    health = {{"status", drift->session_average_ms <= kExcellent ? "excellent"
                         : drift->session_average_ms <= kGood    ? "good"
                                                                 : "poor"},
              {"stream_drift_session_avg", drift->session_average_ms},
              {"stream_drift_deviation_from_rolling_avg", drift->deviation_ms},
              {"updated_at", format_rfc3339(drift->updated)}};
  }
  return answer(200, {{"data", Json::array({{{"ingest_health", std::move(health)}}})}});
}

}  // namespace ts::sandbox
