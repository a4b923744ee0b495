// SPDX-License-Identifier: Apache-2.0
#include "livekit/service.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "crypto/random.hpp"
#include "livekit/access_token.hpp"
#include "livekit/client_internal.hpp"
#include "livekit/twirp_error_internal.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>

namespace ts::livekit {
namespace {

/// Carrying such a call out twice makes a second one.
constexpr std::size_t kMaxRequest = std::size_t{10} << 20U;
constexpr std::size_t kMaxAnswer = std::size_t{8} << 20U;
constexpr int kCloudAttempts = 3;
constexpr milliseconds kRegionsTimeout{2'000};
constexpr milliseconds kFailoverBackoff{200};
/// Official clients give up on failover below this: there is no time for it.
constexpr milliseconds kLeastFailoverTimeout{5'000};

/// "max-age" of a Cache-Control header; 0 when absent.
seconds max_age(std::string_view cache_control) {
  for (std::string_view directive : split(cache_control, ',')) {
    directive = trim(directive);
    if (!directive.starts_with("max-age=")) continue;
    const auto value = parse_u64(directive.substr(8));
    if (value) return seconds{std::min<std::uint64_t>(*value, 86'400)};
  }
  return seconds{0};
}

/// "https://host[:port]" of any URL LiveKit gives out.
Result<std::string> http_base(std::string_view text) {
  TS_TRY(const auto url, net::Url::parse(text));
  std::string scheme = url.scheme;
  if (scheme == "ws") scheme = "http";
  if (scheme == "wss") scheme = "https";
  if ((scheme != "http" && scheme != "https") || url.host.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "LIVEKIT_URL is neither ws(s):// nor http(s)://",
                 .hint = "write it like wss://my-project.livekit.cloud"};
  }
  return fmt::format("{}://{}", scheme, url.authority());
}

/// The least that the call needs.
VideoGrant video_grant(const CallGrant& grant) {
  VideoGrant out;
  switch (grant.kind) {
    case CallGrant::Kind::kRoomCreate:
      out.room_create = true;
      break;
    case CallGrant::Kind::kRoomList:
      out.room_list = true;
      break;
    case CallGrant::Kind::kRoomRecord:
      out.room_record = true;
      break;
    case CallGrant::Kind::kRoomAdmin:
      out.room_admin = true;
      out.room = grant.room;
      out.destination_room = grant.destination_room;
      break;
    case CallGrant::Kind::kIngressAdmin:
      out.ingress_admin = true;
      break;
  }
  return out;
}

}  // namespace

std::string describe(const CallGrant& grant) {
  switch (grant.kind) {
    case CallGrant::Kind::kRoomCreate:
      return "the grant roomCreate";
    case CallGrant::Kind::kRoomList:
      return "the grant roomList";
    case CallGrant::Kind::kRoomRecord:
      return "the grant roomRecord";
    case CallGrant::Kind::kRoomAdmin:
      return fmt::format(
          "the grant roomAdmin for room '{}'{}", shorten(grant.room, 80),
          grant.destination_room.empty()
              ? ""
              : fmt::format(" with destinationRoom '{}'", shorten(grant.destination_room, 80)));
    case CallGrant::Kind::kIngressAdmin:
      return "the grant ingressAdmin";
  }
  return "a grant";
}

struct Service::State {
  std::string base;
  bool cloud = false;
  std::string key_id;
  Secret key_secret;
  net::HttpTransport* transport = nullptr;
  Clock* clock = nullptr;
  ServiceOptions options;

  std::mutex mutex;  // Guards the two below.
  std::vector<std::string> regions;
  SteadyTime regions_expire{};

  [[nodiscard]] net::HttpRequest request(std::string method, std::string url,
                                         const Secret& token) const {
    net::HttpRequest out;
    out.method = std::move(method);
    out.url = std::move(url);
    out.authorization =
        // Made for each call: ts token create makes one to run the line with.
        net::Authorization{.scheme = net::Authorization::Scheme::kBearer,
                           .secret = token.clone(),
                           .variable = "LIVEKIT_TOKEN"};
    out.max_response_bytes = kMaxAnswer;
    return out;
  }

  /// Addresses of the project's regions, nearest first; empty when they cannot be had.
  std::vector<std::string> region_bases(const Secret& token, const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex);
      if (clock->steady_now() < regions_expire) return regions;
    }
    net::HttpRequest ask = request("GET", base + "/settings/regions", token);
    ask.timeout = kRegionsTimeout;
    const auto answer = transport->send(ask, stop);
    if (!answer.ok() || !answer.value().ok()) return {};
    const auto json = parse_json(answer.value().body, "the list of regions", ErrorKind::kRemote);
    if (!json.ok()) return {};
    std::vector<std::string> found;
    const auto list = JsonReader(json.value()).at("regions");
    if (!list.ok()) return {};
    const auto items = list.value().items();
    if (!items.ok()) return {};
    for (const JsonReader& item : items.value()) {
      const auto url = item.string_or("url");
      if (!url.ok()) continue;
      auto region = http_base(url.value());
      // The token goes there too: only to the same operator, and never in the clear.
      if (!region.ok()) continue;
      const auto parsed = net::Url::parse(region.value());
      if (parsed.ok() && parsed.value().scheme == "https" &&
          parsed.value().host.ends_with(".livekit.cloud")) {
        found.push_back(std::move(region).value());
      }
    }
    const std::lock_guard lock(mutex);
    regions = found;
    regions_expire = clock->steady_now() + max_age(answer.value().header("Cache-Control"));
    return found;
  }
};

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() = default;

Result<Service> Service::create(std::string_view url, std::string key_id, const Secret& key_secret,
                                net::HttpTransport& transport, Clock& clock,
                                ServiceOptions options) {
  auto base = http_base(url);
  if (!base.ok()) {
    Error error = std::move(base).error();
    error.kind = ErrorKind::kConfig;
    return error;
  }
  if (key_id.empty() || key_secret.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "the LiveKit API key or its secret is empty",
                 .hint = "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"};
  }
  auto state = std::make_unique<State>();
  state->base = std::move(base).value();
  TS_TRY(const auto parsed, net::Url::parse(state->base));
  state->cloud = parsed.host.ends_with(".livekit.cloud");
  state->key_id = std::move(key_id);
  state->key_secret = key_secret.clone();
  state->transport = &transport;
  state->clock = &clock;
  state->options = std::move(options);
  return Service(std::move(state));
}

const std::string& Service::base_url() const noexcept { return state_->base; }
Clock& Service::clock() const noexcept { return *state_->clock; }
const ServiceOptions& Service::options() const noexcept { return state_->options; }

Result<Json> Service::call(std::string_view method, const Json& body, const CallGrant& grant,
                           std::chrono::milliseconds timeout, const Secrets& secrets,
                           std::stop_token stop) {
  TS_TRY(const auto jwt, sign_api_token(video_grant(grant), state_->key_id, state_->key_secret,
                                        state_->clock->now()));
  const Secret token(jwt);
  const std::string request_id =
      state_->options.request_id ? state_->options.request_id() : crypto::random_uuid();
  net::HttpRequest request =
      state_->request("POST", fmt::format("{}/twirp/livekit.{}", state_->base, method), token);
  request.headers = {{"Content-Type", "application/json"}, {"X-Livekit-Request-Id", request_id}};
  request.has_body = true;
  TS_TRY(request.body, request_json(body));
  request.timeout = timeout;
  if (request.body.size() > kMaxRequest) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the request of {} is larger than 10 MiB", method)};
  }

  CallContext context{.method = method,
                      .host = state_->base,
                      .key_id = state_->key_id,
                      .request_id = request_id,
                      .grant = &grant,
                      .secrets = &secrets,
                      .token = token.reveal(),
                      .now = state_->clock->now(),
                      .is_start = makes_another(method)};
  const bool may_fail_over = state_->cloud && timeout >= kLeastFailoverTimeout;
  std::vector<std::string> tried{state_->base};
  for (int attempt = 0;; ++attempt) {
    auto answer = state_->transport->send(request, stop);
    if (answer.ok() && answer.value().ok()) {
      auto json = parse_json(answer.value().body, fmt::format("the answer of {}", method),
                             ErrorKind::kRemote, {.max_bytes = kMaxAnswer});
      if (json.ok() && json.value().is_object()) return json;
      Error error =
          json.ok() ? JsonReader(json.value()).expected("an object") : std::move(json).error();
      error.http_status = answer.value().status;
      error.request_id = request_id;
      error.code = "bad_answer";
      error.hint = "check that LIVEKIT_URL is a LiveKit server and no proxy answers for it";
      // It says done: what stands behind it may have done its work.
      context.maybe_done_before = true;
      const std::string code = error.code;
      error = with_doubt(std::move(error), context);
      error.code = code;
      return error;
    }
    context.now = state_->clock->now();
    const bool failed_over_worthy =
        answer.ok() ? answer.value().status >= 500 : answer.error().kind == ErrorKind::kRemote;
    const bool may_be_done =
        answer.ok() ? answer.value().status != 503 : !net::never_sent(answer.error());
    Error error = answer.ok() ? answer_error(answer.value(), context)
                              : transport_error(std::move(answer).error(), context);
    error = with_doubt(std::move(error), context);
    if (!may_fail_over || !failed_over_worthy || attempt + 1 >= kCloudAttempts) return error;
    context.maybe_done_before |= may_be_done;
    // Cloud only: the same body and request id at the next region that was not tried yet.
    const auto regions = state_->region_bases(token, stop);
    const auto next = std::find_if(regions.begin(), regions.end(), [&](const std::string& base) {
      return std::find(tried.begin(), tried.end(), base) == tried.end();
    });
    if (next == regions.end()) return error;
    if (!state_->clock->wait_for(kFailoverBackoff * (1 << attempt), stop)) {
      return with_doubt(Error{.kind = ErrorKind::kInterrupted,
                              .message = fmt::format("{} was interrupted", method)},
                        context);
    }
    tried.push_back(*next);
    request.url = fmt::format("{}/twirp/livekit.{}", *next, method);
    context.host = tried.back();
  }
}

}  // namespace ts::livekit
