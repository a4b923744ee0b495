// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/client_internal.hpp"
#include "livekit/egress.hpp"
#include "livekit/twirp_error_internal.hpp"
#include "net/answer_text.hpp"
#include "net/backoff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace ts::livekit {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

/// The key of a stream URL: its last path segment without query, or all of a shorthand.
std::string_view key_part(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('?'));
  const auto slash = url.rfind('/');
  return slash == std::string_view::npos ? url : url.substr(slash + 1);
}

struct CodeRow {
  std::string_view code;
  ErrorKind kind;
  bool retryable;
};
// https://twitchtv.github.io/twirp/docs/errors.html. None is kUsage, which promises that nothing
// was sent.
constexpr std::array<CodeRow, 18> kCodes{{
    {"canceled", ErrorKind::kRemote, false},
    {"unknown", ErrorKind::kRemote, false},
    {"invalid_argument", ErrorKind::kRemote, false},
    {"malformed", ErrorKind::kRemote, false},
    {"deadline_exceeded", ErrorKind::kRemote, false},
    {"not_found", ErrorKind::kNotFound, false},
    {"bad_route", ErrorKind::kRemote, false},
    {"already_exists", ErrorKind::kConflict, false},
    {"permission_denied", ErrorKind::kAuth, false},
    {"unauthenticated", ErrorKind::kAuth, false},
    {"resource_exhausted", ErrorKind::kRemote, true},
    {"failed_precondition", ErrorKind::kConflict, false},
    {"aborted", ErrorKind::kConflict, false},
    {"out_of_range", ErrorKind::kRemote, false},
    {"unimplemented", ErrorKind::kRemote, false},
    {"internal", ErrorKind::kRemote, false},
    {"unavailable", ErrorKind::kRemote, true},
    {"dataloss", ErrorKind::kRemote, false},
}};

/// Says how far this machine's clock is from the server's, when that explains a refused token.
std::string skew_hint(const net::HttpResponse& response, const CallContext& context) {
  const auto date = net::parse_http_date(response.header("Date"));
  if (!date) return {};
  const auto skew = std::chrono::duration_cast<seconds>(context.now - *date).count();
  if (std::abs(skew) <= 30) return {};
  return fmt::format("set the clock: this machine is {} s {} the server", std::abs(skew),
                     skew > 0 ? "ahead of" : "behind");
}

/// Twirp's {"code","msg"}; nullopt when the body is something else.
struct TwirpBody {
  std::string code{};
  std::string message{};
};
std::optional<TwirpBody> twirp_body(std::string_view body) {
  const auto json = parse_json(body, "the answer", ErrorKind::kRemote);
  if (!json.ok() || !json.value().is_object()) return std::nullopt;
  const JsonReader reader(json.value());
  auto code = reader.string_or("code");
  auto message = reader.string_or("msg");
  if (!code.ok() || code.value().empty()) return std::nullopt;
  return TwirpBody{.code = std::move(code).value(),
                   .message = message.ok() ? std::move(message).value() : std::string()};
}

/// Fills kind, message and hint of a Twirp error.
void explain_twirp(Error& error, std::string_view code, const std::string& message,
                   const net::HttpResponse& response, const CallContext& context) {
  const auto row = std::find_if(kCodes.begin(), kCodes.end(),
                                [&](const CodeRow& candidate) { return candidate.code == code; });
  error.kind = row == kCodes.end() ? ErrorKind::kRemote : row->kind;
  error.retryable = row == kCodes.end() ? response.status >= 500 : row->retryable;
  error.code = std::string(code);
  error.message = fmt::format("LiveKit refused {}: {}", context.method,
                              message.empty() ? std::string(code) : message);

  if (code == "unauthenticated" || code == "permission_denied") {
    error.code = contains(message, "permissions denied") ? "missing_grant" : error.code;
    error.message =
        fmt::format("LiveKit refused {}: {}; the call needs {}", context.method,
                    message.empty() ? "not authenticated" : message, describe(*context.grant));
    error.hint = fmt::format("check that the API key '{}' is of this project and may do this",
                             context.key_id);
    if (const auto skew = skew_hint(response, context); !skew.empty()) error.hint = skew;
  } else if (contains(message, "no response from servers") &&
             !context.method.starts_with("Egress") && !context.method.starts_with("Ingress")) {
    error.code = "no_response";
    error.message =
        fmt::format("nobody answered {}: the participant is not there (no response from servers)",
                    context.method);
    error.hint = "see ts room who ROOM for who is in it";
  } else if (contains(message, "no response from servers")) {
    const bool ingress = context.method.starts_with("Ingress");
    error.code = "no_response";
    error.message = fmt::format("no {} worker took the call {} ({})",
                                ingress ? "ingress" : "egress", context.method, message);
    error.hint = fmt::format(
        "check that a livekit-{} worker is running, shares the server's Redis and has free CPU",
        ingress ? "ingress" : "egress");
    if (contains(message, "the sandbox makes no ")) {
      error.retryable = false;
      error.hint = fmt::format(
          "ts sandbox status tells what it makes; for the rest set LIVEKIT_URL to a LiveKit server "
          "with a livekit-{} worker",
          ingress ? "ingress" : "egress");
    }
  } else if (contains(message, "redis required")) {
    error.code = "no_redis";
    error.hint = "run livekit-server and its workers with one common Redis";
  } else if (contains(message, "remote unmute not enabled")) {
    error.code = "remote_unmute_disabled";
    error.hint = "set room.enable_remote_unmute in the server's configuration";
  } else if (code == "failed_precondition" && contains(message, "cannot be")) {
    error.code = "already_ended";
    error.hint = "look at it with ts egress get";
  } else if (code == "deadline_exceeded") {
    error.hint = context.is_start
                     ? may_be_there(context.method)
                     : "the server gave up waiting for a worker: look again in a moment";
  } else if (context.is_start && (code == "internal" || code == "unknown")) {
    error.hint = may_be_there(context.method);
  } else if (code == "bad_route") {
    error.hint = "check that LIVEKIT_URL is a LiveKit server; this call may need a newer one";
  } else if (code == "not_found" && contains(message, "room")) {
    error.hint = "list the rooms with ts room list";
  } else if (code == "not_found" && contains(message, "participant")) {
    error.hint = "see who is there with ts room who ROOM";
  } else if (code == "invalid_argument" || code == "malformed" || code == "out_of_range") {
    error.hint = "correct what the server names and try again";
  } else if (code == "resource_exhausted") {
    error.hint = "wait a little, or look at the project's limits";
  }
}

void explain_text(Error& error, const std::string& text, const net::HttpResponse& response,
                  const CallContext& context) {
  if (response.status == 401 && contains(text, "invalid API key")) {
    error.kind = ErrorKind::kAuth;
    error.code = "unknown_key";
    error.message =
        fmt::format("LiveKit at {} does not know the API key '{}'", context.host, context.key_id);
    error.hint =
        "check that LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET are of one project";
    return;
  }
  const bool page = net::is_web_page(response);
  if (page && (response.status == 401 || response.status == 403)) {
    // LiveKit refuses in plain text: of the token this says nothing.
    error.kind = ErrorKind::kAuth;
    error.code = "web_page";
    error.message = fmt::format("{} answered {} with status {} and {}", context.host,
                                context.method, response.status, text);
    error.hint =
        "a proxy or firewall on the way answered, not LiveKit; allow this machine to reach "
        "LIVEKIT_URL";
    return;
  }
  if (response.status == 401 || response.status == 403) {
    error.kind = ErrorKind::kAuth;
    error.code = "invalid_token";
    error.message = fmt::format("LiveKit at {} refused the token of {}: {}", context.host,
                                context.method, text.empty() ? "no reason given" : text);
    error.hint = skew_hint(response, context);
    if (error.hint.empty()) {
      error.hint = fmt::format("check LIVEKIT_API_SECRET: is it the secret of the key '{}'?",
                               context.key_id);
    }
    return;
  }
  error.kind = ErrorKind::kRemote;
  error.retryable = response.status >= 500 || response.status == 429;
  error.code = fmt::format("http_{}", response.status);
  error.message =
      fmt::format("{} answered {} with status {}{}", context.host, context.method, response.status,
                  text.empty() ? ""
                  : page       ? " and " + text
                               : ": " + text);
  if (response.status == 413) {
    error.hint = "send less: a request holds at most 10 MiB";
  } else if (response.status < 500) {
    error.hint = "check that LIVEKIT_URL is a LiveKit server";
  } else if (context.is_start && response.status != 503) {
    // Of something between: what stands behind it may have done its work.
    error.retryable = false;
    error.hint = may_be_there(context.method);
  }
}

}  // namespace

std::string scrub_answer(std::string_view text, const CallContext& context) {
  std::string out(text.substr(0, std::size_t{64} * 1024));
  replace_all(out, context.token, "{token}");
  if (context.secrets != nullptr) {
    for (const std::string_view secret : *context.secrets) {
      replace_all(out, secret, redact_stream_url(secret));
      const std::string_view key = key_part(secret);
      if (key.size() >= 6) replace_all(out, key, redact_identifier(key));
    }
  }
  out = scrub_stream_keys(out);
  replace_all(out, "twirp error unknown: ", "");
  return shorten(trim(out));
}

bool makes_another(std::string_view method) {
  return method.starts_with("Egress/Start") || method == "Ingress/CreateIngress";
}

std::string may_be_there(std::string_view method) {
  return method.starts_with("Ingress/")
             ? "it may have been made: run ts ingress list before trying again"
             : "it may have started: run ts egress list --active before trying again";
}

Error answer_error(const net::HttpResponse& response, const CallContext& context) {
  Error error;
  error.http_status = response.status;
  error.request_id = std::string(context.request_id);
  if (const auto twirp = twirp_body(response.body)) {
    explain_twirp(error, shorten(twirp->code, 60), scrub_answer(twirp->message, context), response,
                  context);
  } else {
    explain_text(error, scrub_answer(net::answer_text(response), context), response, context);
  }
  return error;
}

Error with_doubt(Error error, const CallContext& context) {
  if (!context.is_start || !context.maybe_done_before) return error;
  error.code = "maybe_done";
  error.retryable = false;
  const std::string look = may_be_there(context.method);
  if (error.hint.empty() || error.hint == look) {
    error.hint = look;
  } else {
    error.hint = fmt::format("{}; {}", look, error.hint);
  }
  return error;
}

/// What to look at after a call whose answer was lost, and that must not simply be made again.
std::string_view doubt_of(std::string_view method) {
  if (method == "Egress/UpdateStream") {
    return "it may have been done: see ts egress outputs EGRESS_ID before trying again";
  }
  if (method == "RoomService/SendData") return "it may have been sent; again, it is sent twice";
  return {};
}

Error transport_error(Error error, const CallContext& context) {
  error.message = fmt::format("{}: {}", context.method, scrub_answer(error.message, context));
  if (error.request_id.empty()) error.request_id = std::string(context.request_id);
  const bool may_have_arrived = error.kind == ErrorKind::kInterrupted ||
                                (error.kind == ErrorKind::kRemote && !net::never_sent(error));
  if (context.is_start && may_have_arrived) {
    error.retryable = false;
    error.hint = may_be_there(context.method);
  } else if (const auto doubt = doubt_of(context.method); may_have_arrived && !doubt.empty()) {
    error.retryable = false;
    error.hint = doubt;
  }
  return error;
}

}  // namespace ts::livekit
