// SPDX-License-Identifier: Apache-2.0
#include "service_checks.hpp"

#include "cloudflare/client.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/room_client.hpp"
#include "mux/client.hpp"
#include "net/backoff.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <mutex>

namespace ts::cli {
namespace {

using State = CheckLine::State;

constexpr milliseconds kServicePatience{5000};
/// The Date header counts whole seconds, and an answer takes a while.
constexpr milliseconds kNearEnough{5000};

/// Hands requests on and keeps when the service said it was, and how long the last call took.
class DateWatch final : public net::HttpTransport {
 public:
  DateWatch(net::HttpTransport& next, Clock& clock) : next_(next), clock_(clock) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override {
    net::HttpRequest patient = request_with_patience(request);
    auto response = next_.send(patient, std::move(stop));
    if (!response.ok()) return response;
    const std::lock_guard lock(mutex_);
    elapsed_ = response.value().elapsed;
    if (const auto theirs = net::parse_http_date(response.value().header("date"))) {
      ahead_ = std::chrono::duration_cast<milliseconds>(clock_.now() - *theirs);
    }
    return response;
  }

  [[nodiscard]] std::optional<milliseconds> ahead() const {
    const std::lock_guard lock(mutex_);
    return ahead_;
  }
  [[nodiscard]] milliseconds elapsed() const {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }

 private:
  static net::HttpRequest request_with_patience(const net::HttpRequest& request) {
    net::HttpRequest out{.method = request.method,
                         .url = request.url,
                         .headers = request.headers,
                         .has_body = request.has_body,
                         .body = request.body,
                         .timeout = std::min(request.timeout, kServicePatience),
                         .connect_timeout = std::min(request.connect_timeout, kServicePatience),
                         .max_response_bytes = request.max_response_bytes};
    if (request.authorization) {
      out.authorization = net::Authorization{.scheme = request.authorization->scheme,
                                             .user = request.authorization->user,
                                             .secret = request.authorization->secret.clone(),
                                             .variable = request.authorization->variable};
    }
    return out;
  }

  net::HttpTransport& next_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<milliseconds> ahead_;
  milliseconds elapsed_{};
};

ServiceAnswer failed_answer(std::string name, const Error& error,
                            const DateWatch* watch = nullptr) {
  ServiceAnswer out{.line = {.name = std::move(name),
                             .state = State::kFailed,
                             .message = error.message,
                             .hint = error.hint}};
  if (watch != nullptr) out.clock_ahead = watch->ahead();
  return out;
}

ServiceAnswer answered(std::string name, std::string message, const DateWatch& watch) {
  ServiceAnswer out{.line = {.name = std::move(name),
                             .message = std::move(message),
                             .value = static_cast<double>(watch.elapsed().count()),
                             .unit = "ms"},
                    .clock_ahead = watch.ahead()};
  return out;
}

std::unique_ptr<mux::MuxClient> quick_mux(Context& context, config::MuxToken token,
                                          std::string base_url, net::HttpTransport& transport) {
  mux::ClientOptions options{.base_url = std::move(base_url), .timeout = kServicePatience};
  options.retry.max_retries = 0;
  options.pacing = false;
  return std::make_unique<mux::MuxClient>(
      transport, context.clock(),
      mux::Credentials{.token_id = std::move(token.id), .token_secret = std::move(token.secret)},
      std::move(options));
}

/// "environment 'Production'", where the token may be asked.
std::string environment_of(const Result<Json>& whoami) {
  if (!whoami.ok()) return {};
  const JsonReader reader(whoami.value());
  for (const char* key : {"environment_name", "environment_id"}) {
    const auto text = reader.string_or(key);
    if (text.ok() && !text.value().empty()) {
      return fmt::format(", environment '{}'", shorten(text.value(), 60));
    }
  }
  return {};
}

}  // namespace

std::string clock_text(const std::optional<milliseconds>& ahead) {
  if (!ahead || std::chrono::abs(*ahead) < kNearEnough) return {};
  const auto whole = std::chrono::duration_cast<seconds>(std::chrono::abs(*ahead));
  return fmt::format("this machine's clock is {} {}", format_duration(whole),
                     ahead->count() > 0 ? "ahead" : "behind");
}

ServiceAnswer ask_livekit(Context& context, const std::stop_token& stop) {
  constexpr const char* kName = "LiveKit API";
  const auto url = context.settings().livekit_url();
  if (!url.ok()) return failed_answer(kName, url.error());
  const auto key = context.livekit_key();
  if (!key.ok()) return failed_answer(kName, key.error());
  DateWatch watch(context.transport(), context.clock());
  auto service = livekit::Service::create(url.value(), key.value().id, key.value().secret, watch,
                                          context.clock(), {.call_timeout = kServicePatience});
  if (!service.ok()) return failed_answer(kName, service.error());
  // The plain health page first: it tells a wrong address from a wrong key, and the time.
  const std::string base = service.value().base_url();
  const auto health = watch.send({.method = "GET", .url = base + "/"}, stop);
  if (!health.ok()) return failed_answer(kName, health.error(), &watch);
  livekit::RoomClient rooms(service.value());
  const auto listed = rooms.list({}, stop);
  if (listed.ok()) {
    const auto count = listed.value().size();
    return answered(
        kName,
        fmt::format("{} answers in {}, key {}, {} room{}", base, format_duration(watch.elapsed()),
                    key.value().id, count, count == 1 ? "" : "s"),
        watch);
  }
  ServiceAnswer out = failed_answer(kName, listed.error(), &watch);
  const std::string skew = clock_text(out.clock_ahead);
  if (listed.error().code == "web_page") return out;
  if (listed.error().kind == ErrorKind::kAuth && !skew.empty()) {
    out.line.message += fmt::format(" ({})", skew);
    out.line.hint = "set the clock: tokens are valid for minutes";
  } else if (listed.error().kind != ErrorKind::kAuth && trim(health.value().body) != "OK") {
    out.line.message = fmt::format("{} is no LiveKit server: its page / is not 'OK' (status {})",
                                   base, health.value().status);
    out.line.hint =
        "correct LIVEKIT_URL: it is the address of the project, as wss://NAME.livekit.cloud";
  }
  return out;
}

ServiceAnswer ask_mux(Context& context, const std::stop_token& stop) {
  constexpr const char* kName = "Mux API";
  auto token = context.mux_token();
  if (!token.ok()) return failed_answer(kName, token.error());
  auto base = context.settings().base_url("MUX_BASE_URL");
  if (!base.ok()) return failed_answer(kName, base.error());
  const std::string shown = base.value();
  const std::string id = token.value().id;
  DateWatch watch(context.transport(), context.clock());
  const auto client = quick_mux(context, std::move(token).value(), std::move(base).value(), watch);
  const auto streams = client->list_live_streams({.limit = 1}, stop);
  if (streams.ok()) {
    const auto elapsed = watch.elapsed();
    const std::string environment = environment_of(client->whoami(stop));
    return answered(kName,
                    fmt::format("{} accepts token {} in {}{}", shown, id, format_duration(elapsed),
                                environment),
                    watch);
  }
  ServiceAnswer out = failed_answer(kName, streams.error(), &watch);
  if (streams.error().code == "web_page") return out;
  switch (streams.error().http_status) {
    case 401:
      out.line.message = fmt::format(
          "Mux refused the token '{}': MUX_TOKEN_ID is unknown there, or MUX_TOKEN_SECRET is "
          "another token's",
          id);
      out.line.hint =
          "copy both of one token again from the Mux dashboard, Settings > Access Tokens";
      break;
    case 403:
      out.line.message =
          fmt::format("Mux knows the token '{}', but it may not read live streams", id);
      break;
    case 404:
      out.line.message = fmt::format("{} is no Mux API (404)", shown);
      out.line.hint = "correct MUX_BASE_URL, or unset it for https://api.mux.com";
      break;
    default:
      break;
  }
  return out;
}

CheckLine ask_mux_signing_key(Context& context, const std::stop_token& stop) {
  CheckLine line{.name = "Mux signing key", .state = State::kUnset};
  const auto key = context.settings().text("MUX_SIGNING_KEY");
  auto token = context.settings().mux_token();
  auto base = context.settings().base_url("MUX_BASE_URL");
  if (!key.ok() || key.value().empty()) {
    line.message = key.ok() ? "MUX_SIGNING_KEY is not set" : key.error().message;
    return line;
  }
  if (!token.ok() || !base.ok()) {
    line.message = "not checked: " + (token.ok() ? base.error() : token.error()).message;
    return line;
  }
  DateWatch watch(context.transport(), context.clock());
  const auto client = quick_mux(context, std::move(token).value(), std::move(base).value(), watch);
  const auto answer =
      client->api("GET", "/system/v1/signing-keys", {{"limit", "100"}}, nullptr, stop);
  if (!answer.ok()) {
    line.message = answer.error().http_status == 403 || answer.error().http_status == 404
                       ? "not checked: the token may not list signing keys"
                       : "not checked: " + answer.error().message;
    return line;
  }
  const auto found = JsonReader(answer.value()).find("data");
  const auto items = found.ok() && found.value() ? found.value()->items()
                                                 : Result<std::vector<JsonReader>>{Error{}};
  if (!items.ok()) {
    line.message = "not checked: the list of signing keys cannot be read";
    return line;
  }
  for (const JsonReader& item : items.value()) {
    const auto id = item.string_or("id");
    if (id.ok() && id.value() == key.value()) {
      line.state = State::kOk;
      line.message = fmt::format("{} belongs to the access token's environment", key.value());
      return line;
    }
  }
  line.state = State::kFailed;
  line.message = fmt::format(
      "{} is not among the {} signing keys of the access token's environment: signed playback "
      "would fail",
      key.value(), items.value().size());
  line.hint = "take a signing key and an access token of one environment";
  return line;
}

ServiceAnswer ask_cloudflare(Context& context, const std::stop_token& stop) {
  constexpr const char* kName = "Cloudflare API";
  auto account = context.cloudflare();
  if (!account.ok()) return failed_answer(kName, account.error());
  auto base = context.settings().base_url("CLOUDFLARE_BASE_URL");
  if (!base.ok()) return failed_answer(kName, base.error());
  const std::string id = account.value().account_id;
  DateWatch watch(context.transport(), context.clock());
  cloudflare::ClientOptions options{.base_url = std::move(base).value(),
                                    .timeout = kServicePatience};
  options.retry.max_retries = 0;
  cloudflare::CloudflareClient client(watch, context.clock(),
                                      {.account_id = std::move(account.value().account_id),
                                       .api_token = std::move(account.value().token)},
                                      std::move(options));
  const auto inputs = client.list_inputs(stop);
  if (inputs.ok()) {
    return answered(kName,
                    fmt::format("accepts the token for account {} in {}, {} live input{}", id,
                                format_duration(watch.elapsed()), inputs.value().size(),
                                inputs.value().size() == 1 ? "" : "s"),
                    watch);
  }
  ServiceAnswer out = failed_answer(kName, inputs.error(), &watch);
  const int status = inputs.error().http_status;
  if (inputs.error().code == "web_page") return out;
  if (status == 404 || inputs.error().code == "cloudflare_7003") {
    out.line.message = fmt::format("Cloudflare knows no account {}", id);
    out.line.hint = "copy CLOUDFLARE_ACCOUNT_ID from the dashboard's address or overview page";
  } else if (status == 401 || status == 403) {
    out.line.hint =
        "check that CLOUDFLARE_API_TOKEN is whole, of this account, and has Stream "
        "permission";
  }
  return out;
}

}  // namespace ts::cli
