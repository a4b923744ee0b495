// SPDX-License-Identifier: Apache-2.0
#include "mux/client.hpp"

#include "client_internal.hpp"

#include "core/text.hpp"
#include "net/answer_text.hpp"
#include "net/backoff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::mux {
namespace {

constexpr JsonLimits kAnswerLimits{.max_bytes = std::size_t{8} << 20U, .max_depth = 64};

/// The texts in `json` that must not come back in a message.
void collect_secrets(const Json& json, std::vector<std::string>& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      if (value.is_string() && (key == "stream_key" || key == "srt_passphrase" || key == "url")) {
        if (const auto& text = value.get_ref<const std::string&>(); text.size() >= 4) {
          out.push_back(text);
        }
      } else {
        collect_secrets(value, out);
      }
    }
  } else if (json.is_array()) {
    for (const Json& item : json) collect_secrets(item, out);
  }
}

std::string scrubbed(std::string text, const Json* body) {
  if (body == nullptr) return text;
  std::vector<std::string> secrets;
  collect_secrets(*body, secrets);
  for (const std::string& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "...");
    }
  }
  return text;
}

struct Refusal {
  std::string type{};
  std::string text{};
};

/// Mux's own words in {"error":{"type","messages"}}, or what else the body says.
Refusal read_refusal(const net::HttpResponse& response, const Json* body) {
  Refusal out;
  auto parsed = parse_json(response.body, "the answer", ErrorKind::kRemote, kAnswerLimits);
  if (parsed.ok() && parsed.value().is_object() && parsed.value().contains("error") &&
      parsed.value()["error"].is_object()) {
    const Json& error = parsed.value()["error"];
    if (error.contains("type") && error["type"].is_string()) out.type = error["type"];
    if (error.contains("messages") && error["messages"].is_array()) {
      for (const Json& message : error["messages"]) {
        if (!message.is_string()) continue;
        if (!out.text.empty()) out.text += "; ";
        out.text += message.get_ref<const std::string&>();
      }
    }
  } else if (!trim(response.body).empty()) {
    out.text = net::answer_text(response);
  }
  out.text = shorten(trim(scrubbed(std::move(out.text), body)));
  return out;
}

/// True when a refusal speaks of the object's state, not of the request's form: Mux answers 400 to
/// both.
bool tells_a_state(const Refusal& refusal) {
  if (refusal.type == "invalid_state" || refusal.type == "conflict") return true;
  const std::string text = to_lower(refusal.text);
  constexpr std::array<std::string_view, 13> kWords{
      " idle",       "is active", "currently",  "already",        "is disabled",
      "not enabled", "in use",    "is taken",   "while the live", "not ready",
      "not be live", " state",    "in progress"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

ErrorKind kind_for(int status, const Refusal& refusal) {
  if (status == 401 || status == 403) return ErrorKind::kAuth;
  if (status == 404 || status == 410) return ErrorKind::kNotFound;
  if (status == 400 || status == 413 || status == 415 || status == 422) {
    // No kUsage, which promises that nothing was sent.
    return tells_a_state(refusal) ? ErrorKind::kConflict : ErrorKind::kRemote;
  }
  if (status == 408 || status == 429) return ErrorKind::kRemote;
  return status >= 400 && status < 500 ? ErrorKind::kConflict : ErrorKind::kRemote;
}

std::string hint_for(int status, ErrorKind kind, std::string_view path) {
  if (status == 401) {
    return "check MUX_TOKEN_ID and MUX_TOKEN_SECRET with ts env check --online";
  }
  if (status == 403) {
    return path.starts_with("/system/")
               ? "make an access token with the System permission in the Mux dashboard"
               : "make an access token with Mux Video read and write in the Mux dashboard";
  }
  if (kind == ErrorKind::kNotFound && path.starts_with("/system/v1/webhooks")) {
    return "list them with ts webhook endpoint list --provider mux; where Mux has no such call, "
           "use "
           "the dashboard, Settings > Webhooks";
  }
  if (kind == ErrorKind::kNotFound) {
    return "list what this access token's environment holds, with ts mux list or ts mux asset list";
  }
  if (status == 429) return "wait a few seconds; Mux allows about one POST a second";
  if (kind == ErrorKind::kConflict) {
    return path.find("/assets") != std::string_view::npos
               ? "look at its state with ts mux asset get"
               : "look at its state with ts mux get; ts mux complete ends a session";
  }
  if (status == 400 || status == 413 || status == 415 || status == 422) {
    return "correct what Mux names and try again";
  }
  if (status >= 500) return "try again later, and see status.mux.com";
  if (status >= 300 && status < 400) return "check MUX_BASE_URL: that address answers a redirect";
  return "run it again with -vv to see each request";
}

std::string stats_hint(int status) {
  if (status == 401 || status == 403) {
    return "check that the signing key belongs to the stream's environment";
  }
  if (status == 404) {
    return "look the id up with ts mux list: statistics are told of this environment's own only";
  }
  return "try again in a few seconds";
}

std::string code_for(int status, const Refusal& refusal) {
  if (status == 429) return "rate_limited";
  if (!refusal.type.empty() && refusal.type.find_first_not_of(
                                   "abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos) {
    return refusal.type;
  }
  return fmt::format("http_{}", status);
}

}  // namespace

Result<std::string> live_stream_path(std::string_view id, std::string_view rest) {
  TS_TRY(const auto segment, net::path_segment(id, "live stream id"));
  return fmt::format("/video/v1/live-streams/{}{}", segment, rest);
}

Result<std::string> asset_path(std::string_view id, std::string_view rest) {
  TS_TRY(const auto segment, net::path_segment(id, "asset id"));
  return fmt::format("/video/v1/assets/{}{}", segment, rest);
}

Status check_page_limit(int limit) {
  if (limit >= 1 && limit <= 100) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("limit is {}, outside 1 to 100", limit)};
}

std::string live_stream_name(std::string_view id) {
  return fmt::format("live stream '{}'", shorten(id, 80));
}
std::string asset_name(std::string_view id) { return fmt::format("asset '{}'", shorten(id, 80)); }

std::string made_by(std::string_view what, const Json& data) {
  if (!data.is_object()) return {};
  const auto id = data.find("id");
  if (id == data.end() || !id->is_string()) return {};
  const std::string made = shorten(id->get<std::string>(), 80);
  constexpr std::string_view kCreate = "create ";
  if (what.starts_with(kCreate)) return fmt::format("{} {}", what.substr(kCreate.size()), made);
  return what.find(made) != std::string_view::npos ? std::string(what)
                                                   : fmt::format("{} {}", what, made);
}

bool outcome_unknown(const Error& error) {
  if (error.code == "maybe_done" || error.code == "bad_answer") return true;
  const int status = error.http_status;
  return error.kind == ErrorKind::kRemote && (status == 408 || (status >= 500 && status != 503));
}

MuxClient::MuxClient(net::HttpTransport& transport, Clock& clock, Credentials credentials,
                     ClientOptions options)
    : retrier_(transport, clock, options.retry),
      clock_(clock),
      credentials_(std::move(credentials)),
      options_(std::move(options)),
      posts_(std::chrono::milliseconds{1000}, 1),
      others_(std::chrono::milliseconds{200}, 10) {
  while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
}

Result<MuxClient::Answer> MuxClient::exchange(const Call& call, const std::stop_token& own) {
  const std::stop_token& stop = own.stop_possible() ? own : options_.stop;
  const bool post = call.method == "POST";
  net::HttpRequest request;
  request.method = call.method;
  request.url = options_.base_url + call.path;
  char separator = call.path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : call.query) {
    request.url += separator + net::percent_encode(name) + "=" + net::percent_encode(value);
    separator = '&';
  }
  request.headers.emplace_back("accept", call.no_answer ? "*/*" : "application/json");
  request.authorization = net::Authorization{.scheme = net::Authorization::Scheme::kBasic,
                                             .user = credentials_.token_id,
                                             .secret = credentials_.token_secret.clone(),
                                             .variable = "MUX_TOKEN_SECRET"};
  request.has_body = post || call.method == "PUT" || call.method == "PATCH" || call.body != nullptr;
  if (call.body != nullptr) {
    TS_TRY(request.body, request_json(*call.body));
    request.headers.emplace_back("content-type", "application/json");
  }
  request.timeout = options_.timeout;
  if (options_.pacing) TS_CHECK((post ? posts_ : others_).wait_turn(clock_, stop));

  auto sent = retrier_.send(request, post ? net::Repeat::kCreate : net::Repeat::kSafe, stop);
  if (!sent) {
    Error error = std::move(sent).error();
    error.message = scrubbed(std::move(error.message), call.body);
    if (error.kind == ErrorKind::kInterrupted && call.method != "GET") {
      error.hint = "Mux may have done it all the same: look before you send it again";
    }
    return error;
  }
  const net::HttpResponse& response = sent.value().response;
  if (response.ok()) {
    Answer answer{.json = nullptr, .server_now = net::parse_http_date(response.header("date"))};
    if (trim(response.body).empty() || (call.no_answer && !net::is_web_page(response))) {
      return answer;
    }
    auto json =
        parse_json(response.body, fmt::format("the answer of Mux to {} {}", call.method, call.path),
                   ErrorKind::kRemote, kAnswerLimits);
    if (!json) {
      Error error = std::move(json).error();
      error.code = "bad_answer";
      error.http_status = response.status;
      error.hint = "check that MUX_BASE_URL is the address of the Mux API";
      return error;
    }
    answer.json = std::move(json).value();
    return answer;
  }
  if (response.status == 404 && call.method == "DELETE" && sent.value().maybe_done_before) {
    return Answer{.json = nullptr};
  }
  const Refusal refusal = read_refusal(response, call.body);
  std::string message =
      call.what.empty() ? fmt::format("{} {}", call.method, call.path) : call.what;
  message += refusal.text.empty() ? fmt::format(": Mux answered {}", response.status)
                                  : fmt::format(": {} ({})", refusal.text, response.status);
  const ErrorKind kind = kind_for(response.status, refusal);
  if (kind == ErrorKind::kAuth && net::is_web_page(response)) {
    // Mux refuses in JSON: of the token this says nothing.
    return Error{.kind = kind,
                 .message = std::move(message),
                 .hint =
                     "no JSON came: a proxy or firewall on the way answered, not Mux; allow "
                     "this machine to reach MUX_BASE_URL",
                 .code = "web_page",
                 .http_status = response.status};
  }
  return Error{.kind = kind,
               .message = std::move(message),
               .hint = hint_for(response.status, kind, call.path),
               .retryable = response.status == 408 || response.status == 409 ||
                            response.status == 429 || response.status >= 500,
               .code = code_for(response.status, refusal),
               .http_status = response.status,
               .request_id = shorten(response.header("x-request-id"), 100)};
}

Result<Json> MuxClient::data_of(const Call& call, const std::stop_token& stop) {
  TS_TRY(auto answer, exchange(call, stop));
  const JsonReader reader(answer.json);
  auto data = reader.at("data");
  if (!data) {
    Error error = std::move(data).error();
    error.code = "bad_answer";
    return std::move(error).with_context("the answer of Mux to " + call.method + " " + call.path);
  }
  return std::move(answer.json["data"]);
}

Status MuxClient::act(const Call& call, const std::stop_token& stop) {
  TS_TRY([[maybe_unused]] const auto answer, exchange(call, stop));
  return ok_status();
}

Result<Json> MuxClient::stats(std::string_view base_url, std::string_view path, const Secret& token,
                              const std::stop_token& own) {
  const std::stop_token& stop = own.stop_possible() ? own : options_.stop;
  net::HttpRequest request;
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  request.url = fmt::format("{}{}?token={}", base_url, path, net::percent_encode(token.reveal()));
  request.headers.emplace_back("accept", "application/json");
  request.timeout = options_.timeout;
  TS_TRY(const auto sent, retrier_.send(request, net::Repeat::kSafe, stop));
  const net::HttpResponse& response = sent.response;
  if (!response.ok()) {
    const Refusal refusal = read_refusal(response, nullptr);
    return Error{.kind = kind_for(response.status, refusal),
                 .message = fmt::format("Mux statistics {} answered {}{}", path, response.status,
                                        refusal.text.empty() ? "" : ": " + refusal.text),
                 .hint = stats_hint(response.status),
                 .retryable = response.status == 429 || response.status >= 500,
                 .code = code_for(response.status, refusal),
                 .http_status = response.status};
  }
  return parse_json(response.body, "the answer of Mux statistics", ErrorKind::kRemote,
                    kAnswerLimits);
}

Result<IngestHealth> MuxClient::ingest_health(std::string_view stats_base_url, const Secret& token,
                                              std::stop_token stop) {
  TS_TRY(const auto json, stats(stats_base_url, "/live-stream-health", token, stop));
  const JsonReader reader(json);
  TS_TRY(const auto data, reader.at("data"));
  TS_TRY(const auto items, data.items());
  IngestHealth out;
  if (items.empty()) return out;
  TS_TRY(const auto health, items.front().find("ingest_health"));
  if (!health) return out;
  TS_TRY(out.status, health->string_or("status", "unknown"));
  TS_TRY(out.updated_at, health->string_or("updated_at"));
  TS_TRY(const auto average, health->find("stream_drift_session_avg"));
  if (average) {
    TS_TRY(out.drift_average_ms, average->as_number());
  }
  TS_TRY(const auto deviation, health->find("stream_drift_deviation_from_rolling_avg"));
  if (deviation) {
    TS_TRY(out.drift_deviation_ms, deviation->as_number());
  }
  return out;
}

Result<ViewerCounts> MuxClient::viewer_counts(std::string_view stats_base_url, const Secret& token,
                                              std::stop_token stop) {
  TS_TRY(const auto json, stats(stats_base_url, "/counts", token, stop));
  // {"data":[{…}]} of the API, {…} of older answers.
  JsonReader reader(json);
  TS_TRY(const auto data, reader.find("data"));
  if (data) {
    TS_TRY(const auto items, data->items());
    if (items.empty()) return ViewerCounts{};
    reader = items.front();
  }
  ViewerCounts out;
  TS_TRY(out.views, reader.int_or("views", 0));
  TS_TRY(out.viewers, reader.int_or("viewers", 0));
  TS_TRY(out.updated_at, reader.string_or("updated_at"));
  return out;
}

Result<std::pair<std::string, std::string>> MuxClient::playback_id_owner(
    std::string_view playback_id, std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(playback_id, "playback id"));
  TS_TRY(const auto data, data_of({.path = "/video/v1/playback-ids/" + segment,
                                   .what = fmt::format("playback id '{}'", playback_id)},
                                  stop));
  const JsonReader reader(data, ErrorKind::kRemote, "$.data");
  TS_TRY(const auto object, reader.at("object"));
  TS_TRY(const auto type, object.at("type"));
  TS_TRY(const auto id, object.at("id"));
  TS_TRY(auto type_text, type.as_string());
  TS_TRY(auto id_text, id.as_string());
  return std::pair{std::move(type_text), std::move(id_text)};
}

Result<Json> MuxClient::whoami(std::stop_token stop) {
  return data_of({.path = "/system/v1/whoami", .what = "access token"}, stop);
}

}  // namespace ts::mux
