// SPDX-License-Identifier: Apache-2.0
#include "cloudflare/client.hpp"

#include "calls_internal.hpp"

#include "cloudflare/wire.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "net/answer_text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace ts::cloudflare {
namespace {

constexpr JsonLimits kAnswerLimits{.max_bytes = std::size_t{8} << 20U, .max_depth = 64};

/// No secret: it only has to differ from other runs' keys.
std::string fresh_idempotency_key() {
  std::random_device device;
  return fmt::format("ts-{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

/// Follows a creation whose outcome nobody told.
constexpr std::string_view kMaybeThere =
    "it may have been made all the same: look with ts cloudflare input list before you try again";

std::string without(std::string text, std::string_view secret) {
  if (secret.size() < 4) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
    text.replace(at, secret.size(), "...");
  }
  return text;
}

void say_may_be_there(Error& error) {
  error.hint = error.hint.empty() ? std::string(kMaybeThere)
                                  : fmt::format("{}; {}", kMaybeThere, error.hint);
}

struct Refusal {
  std::int64_t code = 0;
  std::string text{};
};

Refusal read_refusal(const Json& json) {
  Refusal out;
  if (!json.is_object() || !json.contains("errors") || !json["errors"].is_array()) return out;
  for (const Json& error : json["errors"]) {
    if (!error.is_object()) continue;
    if (out.code == 0 && error.contains("code") && error["code"].is_number_integer()) {
      out.code = error["code"].get<std::int64_t>();
    }
    if (error.contains("message") && error["message"].is_string()) {
      if (!out.text.empty()) out.text += "; ";
      out.text += error["message"].get_ref<const std::string&>();
    }
  }
  return out;
}

ErrorKind kind_for(int status, std::int64_t code) {
  if (status == 401 || status == 403 || code == 10000) return ErrorKind::kAuth;
  if (status == 404 || code == 10003) return ErrorKind::kNotFound;
  if (status == 408 || status == 429 || status >= 500) return ErrorKind::kRemote;
  // 10005: a field is wrong, whatever the status says.
  if (status == 400 || status == 413 || status == 415 || status == 422 || code == 10005) {
    return ErrorKind::kRemote;  // no kUsage, which promises that nothing was sent
  }
  return status < 300 || status >= 400 ? ErrorKind::kConflict : ErrorKind::kRemote;
}

std::string hint_for(ErrorKind kind, int status) {
  if (kind == ErrorKind::kAuth) {
    return "check CLOUDFLARE_API_TOKEN (it needs the Stream edit permission) and "
           "CLOUDFLARE_ACCOUNT_ID";
  }
  if (kind == ErrorKind::kNotFound) return "list the inputs with ts cloudflare input list";
  if (status == 429) return "wait: Cloudflare blocks every call for up to five minutes";
  if (status >= 500) return "try again later, and see www.cloudflarestatus.com";
  if (kind == ErrorKind::kRemote && status >= 400)
    return "correct what Cloudflare names and try again";
  return {};
}

/// The account's part of every path. A wrong one is a wrong setting.
Result<std::string> account_segment(std::string_view account) {
  auto segment = net::path_segment(account, "CLOUDFLARE_ACCOUNT_ID");
  if (segment.ok()) return segment;
  Error error = std::move(segment).error();
  error.kind = ErrorKind::kConfig;
  error.hint = "copy the account ID from the Cloudflare dashboard";
  return error;
}

bool outcome_unknown(const Error& error) {
  return error.code == "maybe_done" || error.code == "bad_answer" || error.http_status == 408 ||
         (error.http_status >= 500 && error.http_status != 503);
}

}  // namespace

struct CloudflareClient::Call {
  std::string method = "GET";
  std::string path{};  ///< Encoded, from /accounts on, with the query.
  const Json* body = nullptr;
  std::string idempotency_key{};
  std::string what{};
  bool no_answer = false;
};

CloudflareClient::CloudflareClient(net::HttpTransport& transport, Clock& clock,
                                   Credentials credentials, ClientOptions options)
    : retrier_(transport, clock, options.retry),
      clock_(clock),
      credentials_(std::move(credentials)),
      options_(std::move(options)) {
  while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
}

Result<std::string> CloudflareClient::input_path(std::string_view uid,
                                                 std::string_view rest) const {
  TS_TRY(const auto account, account_segment(credentials_.account_id));
  TS_TRY(const auto segment, net::path_segment(uid, "live input id"));
  return fmt::format("/accounts/{}/stream/live_inputs/{}{}", account, segment, rest);
}

Result<Json> CloudflareClient::exchange(const Call& call, const std::stop_token& own) {
  const std::stop_token& stop = own.stop_possible() ? own : options_.stop;
  net::HttpRequest request;
  request.method = call.method;
  request.url = options_.base_url + call.path;
  request.headers.emplace_back("accept", call.no_answer ? "*/*" : "application/json");
  request.authorization = net::Authorization{.scheme = net::Authorization::Scheme::kBearer,
                                             .secret = credentials_.api_token.clone(),
                                             .variable = "CLOUDFLARE_API_TOKEN"};
  request.has_body = call.body != nullptr || call.method == "POST" || call.method == "PUT" ||
                     call.method == "PATCH";
  if (call.body != nullptr) {
    TS_TRY(request.body, request_json(*call.body));
    request.headers.emplace_back("content-type", "application/json");
  }
  if (!call.idempotency_key.empty()) {
    request.headers.emplace_back("idempotency-key", call.idempotency_key);
  }
  request.timeout = options_.timeout;
  const bool create = call.method == "POST" && call.idempotency_key.empty();
  auto answer = retrier_.send(request, create ? net::Repeat::kCreate : net::Repeat::kSafe, stop);
  if (!answer) {
    Error error = std::move(answer).error();
    if (error.kind == ErrorKind::kInterrupted && call.method != "GET") {
      error.hint = "Cloudflare may have done it all the same: look before you send it again";
    }
    const bool keyed = !call.idempotency_key.empty();
    if (keyed && error.kind == ErrorKind::kRemote && !net::never_sent(error)) {
      say_may_be_there(error);
    }
    return error;
  }
  const net::Exchange& sent = answer.value();
  const net::HttpResponse& response = sent.response;
  if (response.ok() && (call.no_answer || response.status == 204) && trim(response.body).empty()) {
    return Json(nullptr);
  }
  if (response.status == 404 && call.method == "DELETE" && sent.maybe_done_before) {
    return Json(nullptr);
  }
  auto json = parse_json(response.body,
                         fmt::format("the answer of Cloudflare to {} {}", call.method, call.path),
                         ErrorKind::kRemote, kAnswerLimits);
  // A DELETE may be answered by nothing; but not by a page, and not by another service's JSON.
  const auto unreadable = [&](Error error) {
    error.code = "bad_answer";
    error.http_status = response.status;
    error.hint = "check that CLOUDFLARE_BASE_URL is the address of the Cloudflare API";
    if (call.method == "DELETE") error.hint += "; it may be gone all the same: look";
    return error;
  };
  if (response.ok() && !json) return unreadable(std::move(json).error());
  const bool object = json.ok() && json.value().is_object();
  const bool envelope =
      object && json.value().contains("success") && json.value()["success"].is_boolean();
  const bool success = envelope && json.value()["success"].get<bool>();
  if (response.ok() && success) {
    if (!json.value().contains("result")) return Json(nullptr);
    return std::move(std::move(json).value()["result"]);
  }
  if (response.ok() && !envelope) {
    const JsonReader reader(json.value());
    const auto word = reader.at("success");
    Error error = word.ok() ? word.value().expected("true or false") : word.error();
    return unreadable(std::move(error))
        .with_context("the answer of Cloudflare to " + call.method + " " + call.path);
  }
  // success:false is a refusal whatever the status says.
  Refusal refusal =
      json.ok() ? read_refusal(json.value()) : Refusal{.text = net::answer_text(response)};
  if (call.body != nullptr && call.body->contains("streamKey")) {
    refusal.text =
        without(std::move(refusal.text), (*call.body)["streamKey"].get_ref<const std::string&>());
  }
  const std::string text = shorten(trim(refusal.text));
  const ErrorKind kind = kind_for(response.status, refusal.code);
  Error error{
      .kind = kind,
      .message =
          fmt::format("{}: {} ({})", call.what.empty() ? call.method + " " + call.path : call.what,
                      text.empty() ? "Cloudflare refused it" : text, response.status),
      .hint = hint_for(kind, response.status),
      .retryable = response.status == 408 || response.status == 429 || response.status >= 500,
      .code = refusal.code != 0 ? fmt::format("cloudflare_{}", refusal.code)
                                : fmt::format("http_{}", response.status),
      .http_status = response.status,
      .request_id = shorten(response.header("cf-ray"), 100)};
  if (kind == ErrorKind::kAuth && !json && net::is_web_page(response)) {
    // Cloudflare's API refuses in JSON: of the token this says nothing.
    error.code = "web_page";
    error.hint =
        "no JSON came: a proxy or firewall on the way answered, not Cloudflare; allow this machine "
        "to reach CLOUDFLARE_BASE_URL";
  }
  const bool keyed = !call.idempotency_key.empty();
  if (keyed && (sent.maybe_done_before || outcome_unknown(error))) say_may_be_there(error);
  return error;
}

Result<LiveInput> CloudflareClient::create_input(const NewLiveInput& wish,
                                                 std::string_view idempotency_key,
                                                 std::stop_token stop) {
  TS_CHECK(validate(wish));
  if (idempotency_key.size() > 255) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the idempotency key is longer than 255 bytes"};
  }
  TS_TRY(const auto account, account_segment(credentials_.account_id));
  const Json body = to_body(wish);
  auto result = exchange({.method = "POST",
                          .path = fmt::format("/accounts/{}/stream/live_inputs", account),
                          .body = &body,
                          .idempotency_key = idempotency_key.empty() ? fresh_idempotency_key()
                                                                     : std::string(idempotency_key),
                          .what = "create live input"},
                         stop);
  if (!result) {
    Error error = std::move(result).error();
    if (error.code == "bad_answer") say_may_be_there(error);
    return error;
  }
  auto input = read_live_input(result.value());
  if (input.ok()) return input;
  Error unreadable = std::move(input).error();
  unreadable.code = "bad_answer";
  unreadable.retryable = false;
  unreadable.hint = kMaybeThere;
  return std::move(unreadable).with_context("create live input");
}

Result<std::vector<LiveInput>> CloudflareClient::list_inputs(std::stop_token stop) {
  TS_TRY(const auto account, account_segment(credentials_.account_id));
  TS_TRY(const auto result,
         exchange({.path = fmt::format("/accounts/{}/stream/live_inputs", account),
                   .what = "live inputs"},
                  stop));
  // {"liveInputs": […]} with include_counts, a plain list in older answers.
  const JsonReader reader(result, ErrorKind::kRemote, "$.result");
  std::vector<JsonReader> items;
  if (reader.is_array()) {
    TS_TRY(items, reader.items());
  } else {
    TS_TRY(const auto list, reader.at("liveInputs"));
    TS_TRY(items, list.items());
  }
  std::vector<LiveInput> out;
  for (const JsonReader& item : items) {
    TS_TRY(auto input, read_live_input(item.json(), item.path()));
    out.push_back(std::move(input));
  }
  return out;
}

Result<std::optional<LiveInput>> CloudflareClient::find_input(std::string_view ref,
                                                              std::stop_token stop) {
  if (ref.empty()) return Error{.kind = ErrorKind::kUsage, .message = "a ref cannot be empty"};
  TS_TRY(const auto inputs, list_inputs(stop));
  for (const LiveInput& input : inputs) {
    if (input.ref != ref) continue;
    // A list leaves the credentials out.
    TS_TRY(auto whole, get_input(input.uid, stop));
    return std::optional(std::move(whole));
  }
  return std::optional<LiveInput>{};
}

Result<LiveInput> CloudflareClient::get_input(std::string_view uid, std::stop_token stop) {
  TS_TRY(auto path, input_path(uid));
  TS_TRY(const auto result,
         exchange({.path = std::move(path), .what = fmt::format("live input '{}'", uid)}, stop));
  return read_live_input(result);
}

Result<LiveInput> CloudflareClient::update_input(std::string_view uid, const NewLiveInput& change,
                                                 std::stop_token stop) {
  TS_CHECK(validate(change));
  TS_TRY(auto path, input_path(uid));
  const std::string what = fmt::format("live input '{}'", uid);
  TS_TRY(const Json present, exchange({.path = path, .what = what}, stop));
  // PUT replaces: everything that is settable goes back, with the change over it.
  Json body = Json::object();
  for (const char* key : {"meta", "recording", "defaultCreator", "deleteRecordingAfterDays",
                          "enabled", "preferLowLatency"}) {
    if (present.is_object() && present.contains(key) && !present[key].is_null()) {
      body[key] = present[key];
    }
  }
  body.merge_patch(to_body(change));
  TS_TRY(const auto result,
         exchange({.method = "PUT", .path = std::move(path), .body = &body, .what = what}, stop));
  return read_live_input(result);
}

Status CloudflareClient::delete_input(std::string_view uid, std::stop_token stop) {
  TS_TRY(auto path, input_path(uid));
  TS_TRY([[maybe_unused]] const auto result, exchange({.method = "DELETE",
                                                       .path = std::move(path),
                                                       .what = fmt::format("live input '{}'", uid),
                                                       .no_answer = true},
                                                      stop));
  return ok_status();
}

Result<Output> CloudflareClient::add_output(std::string_view input_uid, const NewOutput& output,
                                            std::stop_token stop) {
  TS_CHECK(validate(output));
  TS_TRY(auto path, input_path(input_uid, "/outputs"));
  const Json body = to_body(output);
  const Call call{.method = "POST",
                  .path = std::move(path),
                  .body = &body,
                  .what = fmt::format("live input '{}'", input_uid)};
  for (int retries_left = options_.retry.max_retries;; --retries_left) {
    auto result = exchange(call, stop);
    if (result.ok()) {
      auto added = read_output(result.value());
      if (added.ok()) return added;
      result = std::move(added).error();
    }
    if (!outcome_unknown(result.error())) return std::move(result).error();
    // It may be there: look before sending it again.
    TS_TRY(auto outputs, list_outputs(input_uid, stop));
    for (Output& present : outputs) {
      if (present.url == output.url && present.stream_key.reveal() == output.stream_key.reveal()) {
        return std::move(present);
      }
    }
    if (retries_left <= 0) return std::move(result).error();
  }
}

Result<std::vector<Output>> CloudflareClient::list_outputs(std::string_view input_uid,
                                                           std::stop_token stop) {
  TS_TRY(auto path, input_path(input_uid, "/outputs"));
  TS_TRY(
      const auto result,
      exchange({.path = std::move(path), .what = fmt::format("live input '{}'", input_uid)}, stop));
  const JsonReader reader(result, ErrorKind::kRemote, "$.result");
  TS_TRY(const auto items, reader.items());
  std::vector<Output> out;
  for (const JsonReader& item : items) {
    TS_TRY(auto output, read_output(item.json(), item.path()));
    out.push_back(std::move(output));
  }
  return out;
}

Result<Output> CloudflareClient::enable_output(std::string_view input_uid,
                                               std::string_view output_uid, bool enabled,
                                               std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(output_uid, "output id"));
  TS_TRY(auto path, input_path(input_uid, "/outputs/" + segment));
  const Json body{{"enabled", enabled}};
  TS_TRY(const auto result, exchange({.method = "PUT",
                                      .path = std::move(path),
                                      .body = &body,
                                      .what = fmt::format("output '{}'", output_uid)},
                                     stop));
  return read_output(result);
}

Status CloudflareClient::remove_output(std::string_view input_uid, std::string_view output_uid,
                                       std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(output_uid, "output id"));
  TS_TRY(auto path, input_path(input_uid, "/outputs/" + segment));
  TS_TRY([[maybe_unused]] const auto result,
         exchange({.method = "DELETE",
                   .path = std::move(path),
                   .what = fmt::format("output '{}'", output_uid),
                   .no_answer = true},
                  stop));
  return ok_status();
}

Result<Json> CloudflareClient::set_webhook(std::string_view notification_url,
                                           std::stop_token stop) {
  const Json arguments = Json::array({Json{{"account_id", credentials_.account_id},
                                           {"notificationUrl", std::string(notification_url)}}});
  return call("stream.webhooks.update", arguments, std::move(stop));
}

Result<Json> CloudflareClient::get_webhook(std::stop_token stop) {
  const Json arguments = Json::array({Json{{"account_id", credentials_.account_id}}});
  return call("stream.webhooks.get", arguments, std::move(stop));
}

Status CloudflareClient::delete_webhook(std::stop_token stop) {
  const Json arguments = Json::array({Json{{"account_id", credentials_.account_id}}});
  TS_TRY([[maybe_unused]] const auto result,
         call("stream.webhooks.delete", arguments, std::move(stop)));
  return ok_status();
}

Result<Json> CloudflareClient::call(std::string_view name, const Json& arguments,
                                    std::stop_token stop) {
  const auto calls = named_calls();
  const auto found = std::find_if(calls.begin(), calls.end(),
                                  [&](const NamedCall& known) { return known.name == name; });
  if (found == calls.end()) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("call '{}' is unknown", name)};
  }
  const JsonReader reader(arguments, ErrorKind::kUsage, "arguments");
  TS_TRY(const auto items, reader.items());
  Json rest = items.empty() || !items.back().is_object() ? Json::object() : items.back().json();
  std::size_t used = 0;
  Call call{.method = std::string(found->method),
            .what = std::string(name),
            .no_answer = found->no_answer};
  std::string_view path = found->path;
  // {name} is a member of the last argument, {} the next argument.
  for (auto hole = path.find('{'); hole != std::string_view::npos; hole = path.find('{')) {
    const auto close = path.find('}', hole);
    const std::string key(path.substr(hole + 1, close - hole - 1));
    std::string value;
    if (key.empty()) {
      if (used >= items.size()) return reader.error("expected another path parameter");
      TS_TRY(value, items[used++].as_string());
    } else if (rest.contains(key) && rest[key].is_string()) {
      value = rest[key].get<std::string>();
      rest.erase(key);
    } else {
      return reader.error(fmt::format("expected the member {}", key));
    }
    TS_TRY(const auto segment,
           net::lenient_path_segment(value, key.empty() ? "path parameter" : key));
    call.path += path.substr(0, hole);
    call.path += segment;
    path.remove_prefix(close + 1);
  }
  call.path += path;
  if (rest.contains("Idempotency-Key")) {
    if (rest["Idempotency-Key"].is_string()) call.idempotency_key = rest["Idempotency-Key"];
    rest.erase("Idempotency-Key");
  }
  if (name == "stream.liveInputs.create" && call.idempotency_key.empty()) {
    call.idempotency_key = fresh_idempotency_key();
  }
  if (found->takes_body) {
    call.body = &rest;
  } else {
    char separator = '?';
    for (const auto& [key, value] : rest.items()) {
      call.path += fmt::format(
          "{}{}={}", separator, net::percent_encode(key),
          net::percent_encode(value.is_string() ? value.get<std::string>() : dump_json(value)));
      separator = '&';
    }
  }
  return exchange(call, stop);
}

}  // namespace ts::cloudflare
