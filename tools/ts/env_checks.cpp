// SPDX-License-Identifier: Apache-2.0
#include "env_checks.hpp"

#include "services.hpp"

#include "core/duration.hpp"
#include "livekit/room_client.hpp"
#include "net/backoff.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <array>

namespace ts::cli {
namespace {

using State = CheckLine::State;

CheckLine failed(std::string name, const Error& error) {
  return {.name = std::move(name),
          .state = State::kFailed,
          .message = error.message,
          .hint = error.hint};
}

CheckLine check_livekit(Context& context) {
  const auto& settings = context.settings();
  const bool any = settings.find("LIVEKIT_URL") != nullptr ||
                   settings.find("LIVEKIT_API_KEY") != nullptr ||
                   settings.find("LIVEKIT_API_SECRET") != nullptr;
  if (!any) {
    return {.name = "LiveKit",
            .state = State::kUnset,
            .message = "not set",
            .hint = "set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET"};
  }
  const auto url = settings.livekit_url();
  if (!url.ok()) return failed("LiveKit", url.error());
  const auto key = settings.livekit_key();
  if (!key.ok()) return failed("LiveKit", key.error());
  const auto parsed = net::Url::parse(url.value());
  if (!parsed.ok()) return failed("LiveKit", parsed.error());
  const bool plain = parsed.value().scheme == "ws" || parsed.value().scheme == "http";
  if (plain && !parsed.value().is_loopback()) {
    return {.name = "LiveKit",
            .state = State::kWarning,
            .message = fmt::format("{} is not encrypted", url.value()),
            .hint = "use wss:// outside this machine"};
  }
  if (key.value().secret.size() < 32) {
    return {
        .name = "LiveKit",
        .state = State::kWarning,
        .message = fmt::format("{}, key {}; the secret is shorter than 32 bytes", url.value(),
                               key.value().id),
        .hint = "fine for livekit-server --dev; ts env init --generate-keys makes a strong one"};
  }
  return {.name = "LiveKit", .message = fmt::format("{}, key {}", url.value(), key.value().id)};
}

template <typename Pair>
CheckLine check_pair(std::string name, bool any, const Result<Pair>& pair, std::string_view hint,
                     const std::string& shown) {
  if (!any) {
    return {.name = std::move(name),
            .state = State::kUnset,
            .message = "not set",
            .hint = std::string(hint)};
  }
  if (!pair.ok()) return failed(std::move(name), pair.error());
  return {.name = std::move(name), .message = shown};
}

/// A secret that stands alone: set, readable, or absent.
CheckLine check_secret(std::string name, std::string_view variable,
                       const config::Settings& settings) {
  const auto secret = settings.secret(variable);
  if (!secret.ok()) return failed(std::move(name), secret.error());
  if (!secret.value()) {
    return {.name = std::move(name),
            .state = State::kUnset,
            .message = fmt::format("{} is not set", variable)};
  }
  return {.name = std::move(name), .message = fmt::format("{} is set", variable)};
}

/// How far our clock is from the service's, by its Date header; empty when near or unknown.
std::string clock_skew(const net::HttpResponse& response, Clock& clock) {
  const auto theirs = net::parse_http_date(response.header("date"));
  if (!theirs) return {};
  const auto skew = std::chrono::duration_cast<milliseconds>(clock.now() - *theirs);
  if (std::chrono::abs(skew) < seconds(5)) return {};
  return fmt::format("this machine's clock is {} {}", format_duration(std::chrono::abs(skew)),
                     skew.count() > 0 ? "ahead" : "behind");
}

CheckLine ask_livekit(Context& context) {
  auto service = livekit_service(context);
  if (!service.ok()) return failed("LiveKit API", service.error());
  // The plain health page first: it tells a wrong address from a wrong key, and the time.
  const auto health = context.transport().send(
      {.method = "GET", .url = service.value().base_url() + "/"}, context.stop());
  if (!health.ok()) return failed("LiveKit API", health.error());
  const std::string skew = clock_skew(health.value(), context.clock());
  livekit::RoomClient rooms(service.value());
  const auto listed = rooms.list({}, context.stop());
  if (!listed.ok()) {
    CheckLine line = failed("LiveKit API", listed.error());
    if (!skew.empty()) {
      line.message += fmt::format(" ({})", skew);
      line.hint = "set the clock: tokens are valid for minutes";
    }
    return line;
  }
  if (!skew.empty()) {
    return {.name = "LiveKit API",
            .state = State::kWarning,
            .message = skew,
            .hint = "set the clock: tokens are valid for minutes"};
  }
  return {.name = "LiveKit API",
          .message = fmt::format("answers in {}; {} rooms", format_duration(health.value().elapsed),
                                 listed.value().size())};
}

CheckLine ask_mux(Context& context) {
  auto client = mux_client(context);
  if (!client.ok()) return failed("Mux API", client.error());
  const auto streams = client.value()->list_live_streams({.limit = 1}, context.stop());
  if (!streams.ok()) return failed("Mux API", streams.error());
  return {.name = "Mux API", .message = "accepts the token"};
}

CheckLine ask_cloudflare(Context& context) {
  auto account = context.cloudflare();
  if (!account.ok()) return failed("Cloudflare API", account.error());
  const auto base = context.settings().base_url("CLOUDFLARE_BASE_URL");
  const auto segment = net::path_segment(account.value().account_id, "CLOUDFLARE_ACCOUNT_ID");
  if (!base.ok()) return failed("Cloudflare API", base.error());
  if (!segment.ok()) return failed("Cloudflare API", segment.error());
  net::HttpRequest request;
  request.url = fmt::format("{}/accounts/{}/stream/live_inputs", base.value(), segment.value());
  request.authorization = net::Authorization{.scheme = net::Authorization::Scheme::kBearer,
                                             .secret = std::move(account.value().token)};
  const auto response = context.transport().send(request, context.stop());
  if (!response.ok()) return failed("Cloudflare API", response.error());
  if (response.value().ok()) return {.name = "Cloudflare API", .message = "accepts the token"};
  return {.name = "Cloudflare API",
          .state = State::kFailed,
          .message = fmt::format("refused with status {}", response.value().status),
          .hint = "check CLOUDFLARE_ACCOUNT_ID, and that the token has Stream permission"};
}

}  // namespace

std::string_view to_string(CheckLine::State state) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"ok", "unset", "warning", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<CheckLine> check_settings(Context& context) {
  const auto& settings = context.settings();
  const auto set = [&](std::string_view name) { return settings.find(name) != nullptr; };
  std::vector<CheckLine> out;
  out.push_back(check_livekit(context));
  const auto mux = settings.mux_token();
  out.push_back(check_pair("Mux", set("MUX_TOKEN_ID") || set("MUX_TOKEN_SECRET"), mux,
                           "set MUX_TOKEN_ID and MUX_TOKEN_SECRET",
                           mux.ok() ? "token " + mux.value().id : ""));
  const auto cloudflare = settings.cloudflare();
  out.push_back(check_pair("Cloudflare",
                           set("CLOUDFLARE_ACCOUNT_ID") || set("CLOUDFLARE_API_TOKEN"), cloudflare,
                           "only needed for ts cloudflare",
                           cloudflare.ok() ? "account " + cloudflare.value().account_id : ""));
  out.push_back(check_secret("Mux webhook", "MUX_WEBHOOK_SECRET", settings));
  if (set("MUX_SIGNING_KEY") != set("MUX_PRIVATE_KEY")) {
    const bool id = set("MUX_SIGNING_KEY");
    out.push_back(
        {.name = "Mux signing",
         .state = State::kFailed,
         .message = fmt::format("{} is not set ({} is)", id ? "MUX_PRIVATE_KEY" : "MUX_SIGNING_KEY",
                                id ? "MUX_SIGNING_KEY" : "MUX_PRIVATE_KEY"),
         .hint = "set both, or neither"});
  } else {
    out.push_back(check_secret("Mux signing", "MUX_PRIVATE_KEY", settings));
  }
  for (const std::string_view name :
       {"MUX_BASE_URL", "MUX_INGEST_URL", "MUX_STREAM_BASE_URL", "CLOUDFLARE_BASE_URL"}) {
    if (const auto url = settings.base_url(name); !url.ok()) {
      out.push_back(failed("Addresses", url.error()));
    }
  }
  for (const std::string& name : settings.suspicious_names()) {
    out.push_back({.name = "Names",
                   .state = State::kWarning,
                   .message = fmt::format("ts does not read {}", name),
                   .hint = "ts env fix renames the legacy names"});
  }
  return out;
}

std::vector<CheckLine> check_services(Context& context) {
  const auto& settings = context.settings();
  std::vector<CheckLine> out;
  if (settings.find("LIVEKIT_URL") != nullptr) out.push_back(ask_livekit(context));
  if (settings.find("MUX_TOKEN_ID") != nullptr) out.push_back(ask_mux(context));
  if (settings.find("CLOUDFLARE_ACCOUNT_ID") != nullptr) out.push_back(ask_cloudflare(context));
  if (out.empty()) {
    out.push_back({.name = "Services",
                   .state = State::kFailed,
                   .message = "no credentials are set: there is nothing to ask",
                   .hint = "ts sandbox up --write-env .env makes some for this machine"});
  }
  return out;
}

}  // namespace ts::cli
