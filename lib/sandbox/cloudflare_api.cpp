// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "net/url.hpp"
#include "sandbox/cloudflare_internal.hpp"
#include "sandbox/mux_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::size_t kMaxOutputs = 50;
constexpr std::size_t kMaxIdempotencyKey = 255;
constexpr std::chrono::hours kIdempotency{6};
using cloudflare::bad;
using cloudflare::not_found;
using cloudflare::ok;
using cloudflare::refused;
using cloudflare::wrong_method;

bool query_flag(std::string_view query, std::string_view key) {
  const auto pairs = split(query, '&');
  return std::find(pairs.begin(), pairs.end(), std::string(key) + "=true") != pairs.end();
}

/// Anything may be in it; only its name is read here.
void check_meta(FieldCheck& check, const Json& body) {
  if (!check.object("meta")) return;
  FieldCheck meta(body["meta"], "meta.");
  meta.text("name", 4096);
  check.add(meta);
}

void check_input(FieldCheck& check, const Json& body) {
  check_meta(check, body);
  check.text("defaultCreator", 64);
  check.flag("enabled");
  check.flag("preferLowLatency");
  check.number("deleteRecordingAfterDays", 30, 1096);
  if (!check.object("recording")) return;
  FieldCheck recording(body["recording"], "recording.");
  recording.one_of("mode", {"off", "automatic"});
  recording.number("timeoutSeconds", 0, 86'400);
  recording.flag("requireSignedURLs");
  recording.flag("hideLiveViewerCount");
  if (recording.list("allowedOrigins", 100)) {
    for (const auto& origin : body["recording"]["allowedOrigins"]) {
      if (!origin.is_string()) recording.fail("recording.allowedOrigins must hold strings");
    }
  }
  check.add(recording);
}

/// The settings of a body over the defaults: what a PUT leaves out is as in a new input.
Json settings_of(const Json& body) {
  Json out{{"meta", Json::object()},
           {"enabled", true},
           {"preferLowLatency", false},
           {"deleteRecordingAfterDays", nullptr},
           {"recording",
            {{"mode", "off"},
             {"timeoutSeconds", 0},
             {"requireSignedURLs", false},
             {"allowedOrigins", nullptr},
             {"hideLiveViewerCount", false}}}};
  for (const auto* key :
       {"meta", "enabled", "preferLowLatency", "deleteRecordingAfterDays", "defaultCreator"}) {
    if (body.contains(key)) out[key] = body[key];
  }
  if (body.contains("recording") && body["recording"].is_object()) {
    for (const auto& [key, value] : out["recording"].items()) {
      if (body["recording"].contains(key)) value = body["recording"][key];
    }
  }
  return out;
}

}  // namespace

namespace cloudflare {

Reply ok(Json result) {
  return {200, "application/json",
          dump_json(Json{{"result", std::move(result)},
                         {"success", true},
                         {"errors", Json::array()},
                         {"messages", Json::array()}})};
}
Reply not_found() { return cloudflare_error(404, 10003, "Not Found"); }
Reply wrong_method() { return cloudflare_error(405, 10405, "Method not allowed"); }
Reply bad(std::string_view why) {
  return cloudflare_error(400, 10005, "Bad Request: " + std::string(why));
}
std::optional<Reply> refused(const FieldCheck& check) {
  if (check.errors().empty()) return std::nullopt;
  return bad(fmt::format("{}", fmt::join(check.errors(), "; ")));
}

}  // namespace cloudflare

Reply cloudflare_error(int status, int code, std::string_view message) {
  return {status, "application/json",
          dump_json(Json{{"result", nullptr},
                         {"success", false},
                         {"errors", Json::array({{{"code", code}, {"message", message}}})},
                         {"messages", Json::array()}})};
}

Reply CloudflareService::call(const Call& call) { return impl_->route(call); }

Reply CloudflareService::Impl::route(const Call& call) {
  std::vector<std::string> parts;
  for (const auto part : split(call.path, '/')) {
    if (part.empty()) continue;
    auto decoded = net::percent_decode(part);
    if (!decoded) return bad("the path is not a path");
    parts.push_back(std::move(decoded).value());
  }
  Json body = Json::object();
  if (!trim(call.body).empty()) {
    auto read = parse_json(call.body, "the request body", ErrorKind::kUsage);
    if (!read || !read.value().is_object()) return bad("the body must be a JSON object");
    body = without_nulls(read.value());
  }
  if (parts.size() == 3 && parts[0] == "user" && parts[1] == "tokens" && parts[2] == "verify") {
    return ok({{"id", options.account_id}, {"status", "active"}});
  }
  if (parts.size() < 3 || parts[0] != "accounts" || parts[2] != "stream") {
    return cloudflare_error(404, 7003,
                            fmt::format("Could not route to {}, perhaps your object identifier is "
                                        "invalid?",
                                        call.path));
  }
  if (parts[1] != options.account_id) {
    return cloudflare_error(403, 10000, "Authentication error");
  }
  std::vector<std::string> rest(parts.begin() + 3, parts.end());
  const auto head = rest.empty() ? std::string() : rest.front();
  if (head == "webhook" && rest.size() == 1) return webhook_calls(call, body);
  if (head == "keys") return key_calls(call, {rest.begin() + 1, rest.end()});
  if (rest.size() == 2 && rest[1] == "token" && head != "live_inputs") {
    return make_token(call, head, body);
  }
  if (head != "live_inputs") return videos(call, rest, body);
  rest.erase(rest.begin());
  return rest.empty() ? live_inputs(call, body) : live_input(call, rest, body);
}

Reply CloudflareService::Impl::live_inputs(const Call& call, const Json& body) {
  if (call.method == "POST") return create_input(call, body);
  if (call.method != "GET") return wrong_method();
  Json list = Json::array();
  // Newest first; the credentials are left out.
  for (auto uid = input_order.rbegin(); uid != input_order.rend(); ++uid) {
    list.push_back(input_json(inputs.at(*uid), false));
  }
  if (!query_flag(call.query, "include_counts")) return ok(std::move(list));
  const auto total = list.size();
  return ok({{"liveInputs", std::move(list)}, {"range", total}, {"total", total}});
}

Reply CloudflareService::Impl::create_input(const Call& call, const Json& body) {
  FieldCheck check(body);
  check_input(check, body);
  if (call.idempotency_key.size() > kMaxIdempotencyKey) {
    check.fail("Idempotency-Key must be at most 255 bytes");
  }
  if (auto wrong = refused(check)) return *wrong;
  const auto now = clock.steady_now();
  std::erase_if(creates, [&](const auto& entry) { return entry.second.second <= now; });
  if (const auto before = creates.find(call.idempotency_key); before != creates.end()) {
    const auto* input = find_input(before->second.first);
    if (input != nullptr) return ok(input_json(*input, true));
    return cloudflare_error(409, 10009, "the Idempotency-Key names a live input that was deleted");
  }
  LiveInputState input;
  input.uid = new_uid();
  input.settings = settings_of(body);
  input.created = now_text();
  input.modified = input.created;
  input.stream_key = new_key();
  input.playback_key = new_key();
  input.srt_passphrase = new_key();
  input.publish_secret = new_key();
  input.play_secret = new_key();
  if (!call.idempotency_key.empty()) {
    creates[std::string(call.idempotency_key)] = {input.uid, now + kIdempotency};
  }
  input_order.push_back(input.uid);
  auto uid = input.uid;
  return ok(input_json(inputs[uid] = std::move(input), true));
}

Reply CloudflareService::Impl::update_input(LiveInputState& input, const Json& body) {
  FieldCheck check(body);
  check_input(check, body);
  if (auto wrong = refused(check)) return *wrong;
  input.settings = settings_of(body);
  input.modified = now_text();
  if (!input.settings["enabled"].get<bool>() && input.publish != 0) {
    effects.push_back(PublisherKick{input.publish, "the live input was disabled"});
  }
  return ok(input_json(input, true));
}

Reply CloudflareService::Impl::live_input(const Call& call, const std::vector<std::string>& parts,
                                          const Json& body) {
  auto* input = find_input(parts[0]);
  if (input == nullptr) return not_found();
  if (parts.size() == 1) {
    if (call.method == "GET") return ok(input_json(*input, true));
    if (call.method == "PUT") return update_input(*input, body);
    if (call.method != "DELETE") return wrong_method();
    remove_input(parts[0]);
    return {200, "application/json", ""};
  }
  if (parts[1] == "outputs") {
    return outputs_of(call, {parts.begin() + 2, parts.end()}, *input, body);
  }
  if (parts.size() != 2) return not_found();
  if (parts[1] == "videos") {
    if (call.method != "GET") return wrong_method();
    Json list = Json::array();
    for (auto uid = video_order.rbegin(); uid != video_order.rend(); ++uid) {
      const auto& video = videos_by_uid.at(*uid);
      if (video.input == input->uid) list.push_back(video_json(video));
    }
    return ok(std::move(list));
  }
  if (parts[1] == "rotate_keys") {
    if (call.method != "POST") return wrong_method();
    input->stream_key = new_key();
    input->playback_key = new_key();
    input->srt_passphrase = new_key();
    input->publish_secret = new_key();
    input->play_secret = new_key();
    input->keys_rotated = now_text();
    return ok(input_json(*input, true));
  }
  return not_found();
}

Reply CloudflareService::Impl::outputs_of(const Call& call, const std::vector<std::string>& parts,
                                          LiveInputState& input, const Json& body) {
  if (parts.empty()) {
    if (call.method == "GET") {
      Json list = Json::array();
      for (const auto& output : input.outputs) list.push_back(output_json(output));
      return ok(std::move(list));
    }
    if (call.method != "POST") return wrong_method();
    FieldCheck check(body);
    if (!check.text("url", 2048)) check.fail("url is required");
    if (!check.text("streamKey", 2048)) check.fail("streamKey is required");
    check.flag("enabled");
    const auto url = check.errors().empty() ? body["url"].get<std::string>() : std::string();
    const bool srt = url.starts_with("srt://");
    if (check.errors().empty() && !url.starts_with("rtmp://") && !url.starts_with("rtmps://") &&
        !srt) {
      check.fail("url must begin with rtmp://, rtmps:// or srt://");
    }
    // An SRT address may hold its stream id itself.
    if (check.errors().empty() && !srt && body["streamKey"].get_ref<const std::string&>().empty()) {
      check.fail("streamKey is required");
    }
    if (input.outputs.size() >= kMaxOutputs) {
      check.fail(fmt::format("a live input has at most {} outputs", kMaxOutputs));
    }
    if (auto wrong = refused(check)) return *wrong;
    input.outputs.push_back({.uid = new_uid(),
                             .url = url,
                             .stream_key = body["streamKey"].get<std::string>(),
                             .enabled = body.value("enabled", true)});
    start_output(input, input.outputs.back());
    return ok(output_json(input.outputs.back()));
  }
  const auto output =
      std::find_if(input.outputs.begin(), input.outputs.end(),
                   [&](const CloudflareOutput& one) { return one.uid == parts[0]; });
  if (parts.size() != 1 || output == input.outputs.end()) return not_found();
  if (call.method == "DELETE") {
    stop_output(*output);
    input.outputs.erase(output);
    return {200, "application/json", ""};
  }
  if (call.method != "PUT") return wrong_method();
  FieldCheck check(body);
  if (!check.flag("enabled")) check.fail("enabled is required");
  if (auto wrong = refused(check)) return *wrong;
  output->enabled = body["enabled"].get<bool>();
  if (output->enabled) {
    start_output(input, *output);
  } else {
    stop_output(*output);
  }
  return ok(output_json(*output));
}

Reply CloudflareService::Impl::videos(const Call& call, const std::vector<std::string>& parts,
                                      const Json& body) {
  if (parts.empty()) {
    if (call.method != "GET") return wrong_method();
    Json list = Json::array();
    for (auto uid = video_order.rbegin(); uid != video_order.rend(); ++uid) {
      list.push_back(video_json(videos_by_uid.at(*uid)));
    }
    return ok(std::move(list));
  }
  if (parts.size() != 1) return not_found();
  if (parts[0] == "storage-usage") {
    if (call.method != "GET") return wrong_method();
    milliseconds stored{};
    for (const auto& [uid, video] : videos_by_uid) stored += video.duration;
    return ok({{"totalStorageMinutes", stored.count() / 60'000},
               {"totalStorageMinutesLimit", 1000},
               {"videoCount", videos_by_uid.size()}});
  }
  const auto found = videos_by_uid.find(parts[0]);
  if (found == videos_by_uid.end()) return not_found();
  auto& video = found->second;
  if (call.method == "GET") return ok(video_json(video));
  if (call.method == "POST") {
    FieldCheck check(body);
    check_meta(check, body);
    check.text("creator", 64);
    check.flag("requireSignedURLs");
    check.list("allowedOrigins", 100);
    if (auto wrong = refused(check)) return *wrong;
    for (const auto* key : {"meta", "creator", "requireSignedURLs", "allowedOrigins"}) {
      if (body.contains(key)) video.settings[key] = body[key];
    }
    video.modified = now_text();
    return ok(video_json(video));
  }
  if (call.method != "DELETE") return wrong_method();
  if (video.state == "live-inprogress") return bad("the video is being recorded");
  remove_video(parts[0]);
  return {200, "application/json", ""};
}

Reply CloudflareService::Impl::webhook_calls(const Call& call, const Json& body) {
  const auto subscription = [&] {
    return ok({{"notificationUrl", webhook_url},
               {"modified", webhook_modified},
               {"secret", options.webhook_secret.reveal()}});
  };
  if (call.method == "GET") return webhook_url.empty() ? not_found() : subscription();
  if (call.method == "PUT") {
    FieldCheck check(body);
    if (!check.text("notificationUrl", 2048)) check.fail("notificationUrl is required");
    if (check.errors().empty() && !net::Url::parse(body["notificationUrl"].get<std::string>())) {
      check.fail("notificationUrl must be a URL");
    }
    if (auto wrong = refused(check)) return *wrong;
    webhook_url = body["notificationUrl"].get<std::string>();
    webhook_modified = now_text();
    tell_endpoints();
    return subscription();
  }
  if (call.method != "DELETE") return wrong_method();
  if (webhook_url.empty()) return not_found();
  webhook_url.clear();
  tell_endpoints();
  return ok("");
}

}  // namespace ts::sandbox
