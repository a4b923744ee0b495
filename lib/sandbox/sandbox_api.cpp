// SPDX-License-Identifier: Apache-2.0
// What the sandbox's HTTP server answers.
#include "crypto/random.hpp"
#include "sandbox/api_gate.hpp"
#include "sandbox/sandbox_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

httpd::Response to_response(Reply reply) {
  if (reply.body.empty()) return httpd::Response::empty(reply.status);
  httpd::Response out;
  out.status = reply.status;
  out.headers.set("Content-Type", reply.content_type);
  out.body = std::move(reply.body);
  return out;
}

/// Twirp's own refusal, which names the call.
httpd::Response bad_route(const httpd::Request& request, std::string_view message) {
  return to_response(
      twirp_error("bad_route", message,
                  dump_json(Json{{"twirp_invalid_route", request.method + " " + request.path}})));
}

}  // namespace

httpd::Response Sandbox::Impl::livekit_call(const httpd::Request& request) {
  if (request.method != "POST") {
    return bad_route(request,
                     "unsupported method \"" + request.method + "\" (only POST is allowed)");
  }
  auto caller = livekit_caller(request, access.livekit_key, access.livekit_secret, clock.now());
  if (auto* refused = std::get_if<httpd::Response>(&caller)) return std::move(*refused);
  const auto& grants = std::get<std::optional<RoomGrants>>(caller);
  const auto path = request.param("path");
  constexpr std::string_view kPackage = "livekit.";
  const auto slash = std::min(path.find('/'), path.size());
  const auto service = path.starts_with(kPackage)
                           ? path.substr(kPackage.size(), slash - kPackage.size())
                           : std::string_view();
  if (service != "RoomService" && service != "Egress" && service != "Ingress") {
    return httpd::Response::text(404, "404 page not found\n");
  }
  const auto method = path.substr(std::min(slash + 1, path.size()));
  auto type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  if (type != "application/json") {
    return bad_route(request, type == "application/protobuf"
                                  ? "the sandbox speaks JSON only, not protobuf"
                                  : "unexpected Content-Type: \"" + std::string(type) + "\"");
  }
  return with_state(
      [&] { return to_response(livekit->call(service, method, request.body, grants)); });
}

std::optional<httpd::Response> Sandbox::Impl::too_often(RateLimit& limit,
                                                        const Reply& refusal) const {
  if (!options.rate_limits) return std::nullopt;
  const auto wait = limit.take();
  if (!wait) return std::nullopt;
  auto out = to_response(refusal);
  out.headers.set("Retry-After", std::to_string(wait->count()));
  return out;
}

httpd::Response Sandbox::Impl::mux_call(const httpd::Request& request) {
  if (auto refused = mux_refusal(request, access.mux_token_id, access.mux_token_secret)) {
    return std::move(*refused);
  }
  if (auto wait = too_often(request.method == "POST" ? mux_creates : mux_others,
                            mux_error(429, "too_many_requests", "Too many requests."))) {
    return std::move(*wait);
  }
  auto answer = with_state([&] {
    return to_response(mux->call(request.method, request.path, request.query, request.body));
  });
  answer.headers.set("X-Request-Id", crypto::random_uuid());
  return answer;
}

httpd::Response Sandbox::Impl::cloudflare_call(const httpd::Request& request) {
  if (!has_bearer(request, access.cloudflare_token)) {
    const bool none = request.headers.get("Authorization").empty();
    return to_response(none ? cloudflare_error(400, 9106, "Missing Authorization header")
                            : cloudflare_error(401, 10000, "Authentication error"));
  }
  if (auto wait = too_often(cloudflare_calls, cloudflare_error(429, 971,
                                                               "Please wait and consider "
                                                               "throttling your request "
                                                               "speed"))) {
    return std::move(*wait);
  }
  constexpr std::string_view kBase = "/client/v4";
  auto answer = with_state([&] {
    return to_response(
        cloudflare->call({.method = request.method,
                          .path = std::string_view(request.path).substr(kBase.size()),
                          .query = request.query,
                          .body = request.body,
                          .idempotency_key = request.headers.get("Idempotency-Key")}));
  });
  answer.headers.set("CF-Ray", crypto::random_alphanumeric(16) + "-TS");
  return answer;
}

httpd::Response Sandbox::Impl::control_call(const httpd::Request& request) {
  if (!has_bearer(request, access.control_token)) {
    return httpd::Response::text(401, "this needs the sandbox's own token\n");
  }
  const auto verb = request.param("verb");
  if (verb == "status" && request.method == "GET") {
    return httpd::Response::json(200, dump_json(describe()));
  }
  if (request.method != "POST") return httpd::Response::text(405, "use POST\n");
  if (verb == "reset") {
    reset();
    return httpd::Response::json(200, "{}");
  }
  if (verb == "fail") {
    if (auto added = faults.add(request.body); !added) {
      return httpd::Response::text(400, added.error().message);
    }
    return httpd::Response::json(200, "{}");
  }
  if (verb == "down") {
    const std::lock_guard lock(end_mutex);
    end_wanted = true;
    end_changed.notify_all();
    return httpd::Response::json(200, "{}");
  }
  return httpd::Response::text(404, "there is no such verb\n");
}

httpd::Router Sandbox::Impl::routes() {
  httpd::Router router;
  const auto guarded = [this](httpd::Response (Impl::*serve)(const httpd::Request&)) {
    return [this, serve](const httpd::Request& request) {
      return faults.run(request, [&] { return (this->*serve)(request); });
    };
  };
  const httpd::RouteOptions large{.max_body_bytes = std::size_t{10} << 20U};
  router.on("*", "/twirp/{path*}", guarded(&Impl::livekit_call), large);
  // Clients that append "/twirp" to a URL that ends in a slash.
  router.on("*", "//twirp/{path*}", guarded(&Impl::livekit_call), large);
  router.on("*", "/video/{path*}", guarded(&Impl::mux_call));
  router.on("*", "/system/{path*}", guarded(&Impl::mux_call));
  router.on("*", "/client/v4/{path*}", guarded(&Impl::cloudflare_call));
  const std::string customer = "/" + std::string(kCustomer) + "/{uid}";
  router.on("GET", customer + "/lifecycle", [this](const httpd::Request& request) {
    Json found;
    {
      const std::lock_guard lock(mutex);
      found = cloudflare->lifecycle(request.param("uid"));
    }
    if (found.is_null()) return httpd::Response::text(404, "not found\n");
    auto answer = httpd::Response::json(200, dump_json(found));
    answer.headers.set("Access-Control-Allow-Origin", "*");
    return answer;
  });
  router.on("GET", customer + "/manifest/{path*}",
            [this](const httpd::Request& request) { return site->cloudflare(request); });
  router.on("*", customer + "/webRTC/{path*}", [](const httpd::Request&) {
    return httpd::Response::text(501,
                                 "this sandbox has no WebRTC: feed the input by RTMP instead\n");
  });
  router.on("*", "/_sandbox/{verb}",
            [this](const httpd::Request& request) { return control_call(request); });
  const auto no_rtc = [](const httpd::Request&) {
    return httpd::Response::text(
        404, "this sandbox has no WebRTC: media enters its rooms by RTMP ingress\n");
  };
  router.on("GET", "/rtc", no_rtc);
  router.on("GET", "/rtc/{path*}", no_rtc);
  router.on("GET", "/", [](const httpd::Request&) { return httpd::Response::text(200, "OK"); });
  router.on("GET", "/image/{id}/{file}",
            [this](const httpd::Request& request) { return mux_site->image(request); });
  router.on("GET", "/master/{secret}/master.mp4", [this](const httpd::Request& request) {
    std::string asset;
    {
      const std::lock_guard lock(mutex);
      asset = mux->master_at(request.param("secret"));
    }
    if (asset.empty()) return httpd::Response::text(404, "not found\n");
    return httpd::Response::from_file(media->folder(asset) / "master.mp4");
  });
  router.on("GET", "/stats/counts",
            [this](const httpd::Request& request) { return mux_site->counts(request); });
  router.on("GET", "/stats/live-stream-health",
            [this](const httpd::Request& request) { return mux_site->health(request); });
  router.on("GET", "/watch/{id}",
            [this](const httpd::Request& request) { return site->watch(request); });
  router.on("GET", "/{file}",
            [this](const httpd::Request& request) { return site->master(request); });
  router.on("GET", "/{id}/{path*}",
            [this](const httpd::Request& request) { return site->media(request); });
  return router;
}

}  // namespace ts::sandbox
