// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "net/url.hpp"
#include "sandbox/mux_fields.hpp"
#include "sandbox/mux_internal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::sandbox {
namespace {

constexpr std::size_t kMaxTargets = 6;

Reply data(int status, Json value) {
  return {status, "application/json", dump_json(Json{{"data", std::move(value)}})};
}
Reply empty() { return {204, "", ""}; }
Reply not_found() {
  return mux_error(404, "not_found",
                   "The requested resource either doesn't exist or you don't "
                   "have access to it.");
}
Reply wrong_method() { return mux_error(405, "invalid_request", "The method is not allowed."); }
Reply invalid(std::string_view message) { return mux_error(400, "invalid_parameters", message); }

std::optional<Reply> refused(const FieldCheck& check) {
  if (check.errors().empty()) return std::nullopt;
  return Reply{
      400, "application/json",
      dump_json(Json{{"error", {{"type", "invalid_parameters"}, {"messages", check.errors()}}}})};
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  for (const auto pair : split(query, '&')) {
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != key || equals == std::string_view::npos) continue;
    auto value = net::percent_decode(pair.substr(equals + 1));
    if (value) return std::move(value).value();
  }
  return std::nullopt;
}

struct Page {
  std::size_t number = 1;
  std::size_t limit = 10;
};

Result<Page> page_of(std::string_view query) {
  Page page;
  const auto read = [&](std::string_view key, std::size_t& into, std::size_t high) {
    const auto text = query_value(query, key);
    if (!text) return true;
    const auto value = parse_u64(*text);
    if (!value || *value < 1 || *value > high) return false;
    into = static_cast<std::size_t>(*value);
    return true;
  };
  if (!read("page", page.number, 1'000'000)) {
    return Error{.kind = ErrorKind::kUsage, .message = "page must be a number from 1"};
  }
  if (!read("limit", page.limit, 100)) {
    return Error{.kind = ErrorKind::kUsage, .message = "limit must be a number from 1 to 100"};
  }
  return page;
}

/// The policies of a request: a list, a bare word, or the deprecated name.
Json policies_of(const Json& body) {
  for (const auto* key : {"playback_policies", "playback_policy"}) {
    const auto found = body.find(key);
    if (found == body.end()) continue;
    return found->is_string() ? Json::array({*found}) : *found;
  }
  Json out = Json::array();
  for (const auto& entry : body.value("advanced_playback_policies", Json::array())) {
    if (entry.is_object()) out.push_back(entry.value("policy", "public"));
  }
  return out;
}

Json settings_of(const Json& body) {
  auto settings = body.value("new_asset_settings", Json::object());
  const auto policies = policies_of(settings);
  settings.erase("playback_policy");
  if (!policies.empty()) settings["playback_policies"] = policies;
  return settings;
}

std::string latency_of(const Json& body) {
  if (body.contains("latency_mode")) return body["latency_mode"].get<std::string>();
  if (body.value("low_latency", false)) return "low";
  return body.value("reduced_latency", false) ? "reduced" : "standard";
}

}  // namespace

Reply mux_error(int status, std::string_view type, std::string_view message) {
  return {status, "application/json",
          dump_json(Json{{"error", {{"type", type}, {"messages", Json::array({message})}}}})};
}

Reply MuxService::call(std::string_view method, std::string_view path, std::string_view query,
                       std::string_view body) {
  return impl_->route(method, path, query, body);
}

Reply MuxService::Impl::route(std::string_view method, std::string_view path,
                              std::string_view query, std::string_view body) {
  std::vector<std::string> parts;
  for (const auto part : split(path, '/')) {
    if (part.empty()) continue;
    auto decoded = net::percent_decode(part);
    if (!decoded) return invalid("the path is not a path");
    parts.push_back(std::move(decoded).value());
  }
  Json parsed = Json::object();
  if (!trim(body).empty()) {
    auto read = parse_json(body, "the request body", ErrorKind::kUsage);
    if (!read) return mux_error(400, "invalid_parameters", "The request body is not JSON.");
    parsed = std::move(read).value();
    if (!parsed.is_object()) return invalid("the request body must be a JSON object");
  }
  if (parts.size() < 3 || parts[1] != "v1") return not_found();
  const std::vector<std::string> rest(parts.begin() + 3, parts.end());
  if (parts[0] == "system") {
    return system_calls(method, std::vector<std::string>(parts.begin() + 2, parts.end()),
                        without_nulls(parsed));
  }
  if (parts[0] != "video") return not_found();
  if (parts[2] == "live-streams") {
    return rest.empty() ? live_streams(method, query, parsed) : live_stream(method, rest, parsed);
  }
  if (parts[2] == "playback-restrictions")
    return restriction_calls(method, rest, without_nulls(parsed));
  if (parts[2] == "assets") return asset_calls(method, rest, query, parsed);
  if (parts[2] == "playback-ids" && rest.size() == 1) {
    if (method != "GET") return wrong_method();
    const auto answer = [&](std::string_view type, const std::string& owner, const Json& ids) {
      for (const auto& id : ids) {
        if (id.value("id", std::string()) != rest[0]) continue;
        return Json{{"id", rest[0]},
                    {"policy", id.value("policy", "public")},
                    {"object", {{"id", owner}, {"type", type}}}};
      }
      return Json();
    };
    for (const auto& [id, stream] : streams) {
      auto found = answer("live_stream", id, stream.playback_ids);
      if (!found.is_null()) return data(200, std::move(found));
    }
    for (const auto& [id, asset] : assets) {
      auto found = answer("asset", id, asset.playback_ids);
      if (!found.is_null()) return data(200, std::move(found));
    }
  }
  return not_found();
}

Reply MuxService::Impl::live_streams(std::string_view method, std::string_view query,
                                     const Json& body) {
  if (method == "POST") return create_stream(body);
  if (method != "GET") return wrong_method();
  const auto page = page_of(query);
  if (!page) return invalid(page.error().message);
  const auto status = query_value(query, "status");
  const auto key = query_value(query, "stream_key");
  std::vector<const LiveStream*> matching;
  // Newest first.
  for (auto id = stream_order.rbegin(); id != stream_order.rend(); ++id) {
    const auto& stream = streams.at(*id);
    if (status && stream.status != *status) continue;
    if (key && stream.stream_key != *key) continue;
    matching.push_back(&stream);
  }
  Json list = Json::array();
  const auto first = (page.value().number - 1) * page.value().limit;
  for (std::size_t i = first; i < std::min(first + page.value().limit, matching.size()); ++i) {
    list.push_back(stream_json(*matching[i]));
  }
  return data(200, std::move(list));
}

Reply MuxService::Impl::create_stream(const Json& body) {
  FieldCheck check(body);
  check_live_stream(check, body);
  if (auto wrong = refused(check)) return *wrong;
  const auto id = new_id();
  LiveStream stream;
  const auto latency = latency_of(body);
  stream.stream_key = fmt::format("{}-{}-{}-{}-{}", options.random(8), options.random(4),
                                  options.random(4), options.random(4), options.random(12));
  stream.playback_ids = make_playback_ids(policies_of(body));
  stream.data = {{"id", id},
                 {"created_at", now_text()},
                 {"latency_mode", latency},
                 {"reconnect_window", latency == "standard" ? 60 : 0},
                 {"max_continuous_duration", 43'200},
                 {"new_asset_settings", settings_of(body)},
                 {"srt_passphrase", options.random(40)}};
  for (const auto* key :
       {"reconnect_window", "max_continuous_duration", "use_slate_for_standard_latency",
        "reconnect_slate_url", "passthrough", "meta", "test", "audio_only", "embedded_subtitles",
        "generated_subtitles"}) {
    if (body.contains(key) && !body[key].is_null()) stream.data[key] = body[key];
  }
  for (const auto& target : body.value("simulcast_targets", Json::array())) {
    SimulcastTarget made{.id = new_id(), .data = target};
    made.data["id"] = made.id;
    made.data["status"] = "idle";
    stream.targets.push_back(std::move(made));
  }
  stream_order.push_back(id);
  const auto& stored = streams[id] = std::move(stream);
  stream_event("created", stored);
  for (const auto& target : stored.targets) target_event("created", target);
  return data(201, stream_json(stored));
}

Reply MuxService::Impl::update_stream(LiveStream& stream, const Json& body) {
  FieldCheck check(body);
  check_live_stream_update(check, body);
  if (body.contains("latency_mode") && (stream.status != "idle" || stream.publish != 0)) {
    check.fail("latency_mode can only be changed while the live stream is idle");
  }
  if (stream.data.value("test", false) && body.contains("max_continuous_duration")) {
    check.fail("max_continuous_duration cannot be set on a test live stream");
  }
  if (auto wrong = refused(check)) return *wrong;
  for (const auto& [key, value] : body.items()) {
    if (key == "new_asset_settings") {
      stream.data[key].update(settings_of(body));
    } else if (value.is_string() && value.get_ref<const std::string&>().empty()) {
      stream.data.erase(key);
    } else {
      stream.data[key] = value;
    }
  }
  stream_event("updated", stream);
  return data(200, stream_json(stream));
}

Reply MuxService::Impl::live_stream(std::string_view method, const std::vector<std::string>& parts,
                                    const Json& body) {
  auto* stream = find_stream(parts[0]);
  if (stream == nullptr) return not_found();
  if (parts.size() == 1) {
    if (method == "GET") return data(200, stream_json(*stream));
    if (method == "PATCH") return update_stream(*stream, body);
    if (method != "DELETE") return wrong_method();
    remove(parts[0]);
    return empty();
  }
  const auto& verb = parts[1];
  if (verb == "playback-ids") {
    return playback_ids_of(method, {parts.begin() + 2, parts.end()}, body, stream->playback_ids);
  }
  if (verb == "simulcast-targets") {
    return targets_of(method, {parts.begin() + 2, parts.end()}, body, *stream);
  }
  if (verb == "new-asset-settings" && parts.size() == 3 && parts[2] == "static-renditions") {
    auto& settings = stream->data["new_asset_settings"];
    if (method == "DELETE") {
      settings.erase("static_renditions");
      return empty();
    }
    if (method != "PUT") return wrong_method();
    FieldCheck check(body);
    if (!check.list("static_renditions", 10)) check.fail("static_renditions is required");
    check.no_others();
    if (auto wrong = refused(check)) return *wrong;
    settings["static_renditions"] = body["static_renditions"];
    return data(200, stream_json(*stream));
  }
  if (parts.size() != 2) return not_found();
  if (verb == "reset-stream-key") {
    if (method != "POST") return wrong_method();
    stream->stream_key = fmt::format("{}-{}-{}-{}-{}", options.random(8), options.random(4),
                                     options.random(4), options.random(4), options.random(12));
    return data(200, stream_json(*stream));
  }
  if (verb == "embedded-subtitles" || verb == "generated-subtitles") {
    if (method != "PUT") return wrong_method();
    const std::string key =
        verb == "embedded-subtitles" ? "embedded_subtitles" : "generated_subtitles";
    FieldCheck check(body);
    if (!check.list(key, verb == "embedded-subtitles" ? 4 : 1)) check.fail(key + " is required");
    check.no_others();
    if (auto wrong = refused(check)) return *wrong;
    stream->data[key] = body[key];
    return data(200, stream_json(*stream));
  }
  if (verb != "complete" && verb != "enable" && verb != "disable") return not_found();
  if (method != "PUT") return wrong_method();
  if (verb == "complete") complete(*stream);
  if (verb == "enable") enable(*stream);
  if (verb == "disable") disable(*stream);
  return data(200, Json::object());
}

Reply MuxService::Impl::playback_ids_of(std::string_view method,
                                        const std::vector<std::string>& parts, const Json& body,
                                        Json& playback_ids) {
  if (parts.empty()) {
    if (method != "POST") return wrong_method();
    FieldCheck check(body);
    check.one_of("policy", {"public", "signed", "drm"});
    check.text("drm_configuration_id", 255);
    check.no_others();
    if (auto wrong = refused(check)) return *wrong;
    playback_ids.push_back({{"id", new_id()}, {"policy", body.value("policy", "public")}});
    return data(201, playback_ids.back());
  }
  for (auto entry = playback_ids.begin(); entry != playback_ids.end(); ++entry) {
    if (parts.size() != 1 || entry->value("id", std::string()) != parts[0]) continue;
    if (method == "GET") return data(200, *entry);
    if (method != "DELETE") return wrong_method();
    playback_ids.erase(entry);
    return empty();
  }
  return not_found();
}

Reply MuxService::Impl::targets_of(std::string_view method, const std::vector<std::string>& parts,
                                   const Json& body, LiveStream& stream) {
  const bool idle = stream.status != "active" && stream.publish == 0;
  if (parts.empty()) {
    if (method != "POST") return wrong_method();
    FieldCheck check(body);
    check_simulcast_target(check, body);
    if (!idle) check.fail("simulcast targets can only be added while the live stream is idle");
    if (stream.targets.size() >= kMaxTargets) {
      check.fail(fmt::format("a live stream has at most {} simulcast targets", kMaxTargets));
    }
    if (auto wrong = refused(check)) return *wrong;
    SimulcastTarget made{.id = new_id(), .data = body};
    made.data["id"] = made.id;
    made.data["status"] = "idle";
    stream.targets.push_back(std::move(made));
    target_event("created", stream.targets.back());
    return data(201, stream.targets.back().data);
  }
  for (auto target = stream.targets.begin(); target != stream.targets.end(); ++target) {
    if (parts.size() != 1 || target->id != parts[0]) continue;
    if (method == "GET") return data(200, target->data);
    if (method != "DELETE") return wrong_method();
    if (!idle) return invalid("simulcast targets can only be deleted while the stream is idle");
    target_event("deleted", *target);
    stream.targets.erase(target);
    return empty();
  }
  return not_found();
}

Reply MuxService::Impl::asset_calls(std::string_view method, const std::vector<std::string>& parts,
                                    std::string_view query, const Json& body) {
  if (parts.empty()) {
    if (method == "POST") return create_asset(without_nulls(body));
    if (method != "GET") return wrong_method();
    const auto page = page_of(query);
    if (!page) return invalid(page.error().message);
    const auto stream = query_value(query, "live_stream_id");
    std::vector<const Asset*> matching;
    for (auto id = asset_order.rbegin(); id != asset_order.rend(); ++id) {
      const auto& asset = assets.at(*id);
      if (!stream || asset.live_stream == *stream) matching.push_back(&asset);
    }
    Json list = Json::array();
    const auto first = (page.value().number - 1) * page.value().limit;
    for (std::size_t i = first; i < std::min(first + page.value().limit, matching.size()); ++i) {
      list.push_back(asset_json(*matching[i]));
    }
    return Reply{200, "application/json",
                 dump_json(Json{{"data", std::move(list)}, {"next_cursor", nullptr}})};
  }
  const auto found = assets.find(parts[0]);
  if (found == assets.end()) return not_found();
  auto& asset = found->second;
  if (parts.size() == 1) {
    if (method == "GET") return data(200, asset_json(asset));
    if (method == "PATCH") {
      FieldCheck check(body);
      check.text("passthrough", 255);
      check.object("meta");
      check.no_others();
      if (auto wrong = refused(check)) return *wrong;
      asset.data.update(body);
      asset_event("updated", asset);
      return data(200, asset_json(asset));
    }
    if (method != "DELETE") return wrong_method();
    if (asset.is_live) {
      return invalid("the asset is being recorded; complete or disable its live stream first");
    }
    asset_event("deleted", asset);
    effects.push_back(RecordingDelete{parts[0]});
    std::erase(asset_order, parts[0]);
    assets.erase(found);
    return empty();
  }
  if (parts[1] == "playback-ids") {
    return playback_ids_of(method, {parts.begin() + 2, parts.end()}, body, asset.playback_ids);
  }
  if (parts[1] == "static-renditions") {
    return rendition_calls(method, {parts.begin() + 2, parts.end()}, without_nulls(body), asset);
  }
  if (parts[1] == "master-access" && parts.size() == 2) {
    return master_access(method, without_nulls(body), asset);
  }
  if (parts[1] == "input-info" && parts.size() == 2 && method == "GET" && asset.imported) {
    Json list = Json::array();
    for (const auto& input : asset.inputs) {
      list.push_back(
          {{"settings", input}, {"file", {{"tracks", asset.data.value("tracks", Json::array())}}}});
    }
    return data(200, std::move(list));
  }
  if (parts[1] == "input-info" && parts.size() == 2 && method == "GET") {
    return data(200, Json::array({{{"settings", {{"url", "rtmp://sandbox"}}},
                                   {"file",
                                    {{"container_format", "flv"},
                                     {"tracks", asset.data.value("tracks", Json::array())}}}}}));
  }
  return not_found();
}

}  // namespace ts::sandbox
