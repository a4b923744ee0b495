// SPDX-License-Identifier: Apache-2.0
#include "commands/webhook_shared.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {
namespace {

std::string_view secret_setting(webhook::Provider provider) {
  return provider == webhook::Provider::kMux ? "MUX_WEBHOOK_SECRET" : "CLOUDFLARE_WEBHOOK_SECRET";
}

}  // namespace

Result<webhook::Credentials> webhook_credentials(Context& context, webhook::Provider provider,
                                                 const std::vector<std::string>& secret_files) {
  webhook::Credentials credentials;
  for (const auto& file : secret_files) {
    TS_TRY(auto secret, context.secret_from(file));
    credentials.secrets.push_back(std::move(secret));
  }
  if (provider == webhook::Provider::kLivekit) {
    if (credentials.secrets.empty()) {
      TS_TRY(auto key, context.livekit_key());
      credentials.livekit_key = std::move(key.id);
      credentials.secrets.push_back(std::move(key.secret));
      return credentials;
    }
    TS_TRY(credentials.livekit_key, context.settings().text("LIVEKIT_API_KEY"));
    if (credentials.livekit_key.empty()) {
      return Error{
          .kind = ErrorKind::kConfig,
          .message = "LIVEKIT_API_KEY is not set: it names the key that webhooks come from",
          .hint = "set LIVEKIT_API_KEY"};
    }
    return credentials;
  }
  if (credentials.secrets.empty()) {
    TS_TRY(auto secret, context.required_secret(secret_setting(provider)));
    credentials.secrets.push_back(std::move(secret));
    return credentials;
  }
  TS_TRY(auto set, context.settings().secret(secret_setting(provider)));
  if (set) credentials.secrets.push_back(std::move(*set));
  return credentials;
}

Result<std::string> read_webhook_body(Context& context, const std::string& source) {
  return source == "-" ? context.read_stdin(webhook::kMaxBodyBytes)
                       : read_file(source, webhook::kMaxBodyBytes);
}

Result<webhook::Headers> read_headers(const std::vector<std::string>& lines) {
  webhook::Headers headers;
  // The text of a line is never quoted: cf-webhook-auth carries the secret itself, and what has no
  // colon may be the value alone. `where` says which one it is.
  const auto add = [&headers](std::string_view line, const std::string& where) -> Status {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = where + " is no header line",
                   .hint = "write --header 'Mux-Signature: t=…,v1=…'"};
    }
    const auto value = trim(line.substr(colon + 1));
    if (trim(line).find('\n') != std::string_view::npos) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = where + " is more than one line",
                   .hint = "give each its own --header, or a file: --header @FILE"};
    }
    headers.emplace_back(trim(line.substr(0, colon)), value);
    return ok_status();
  };
  int given = 0;
  for (const auto& line : lines) {
    ++given;
    if (!line.starts_with('@')) {
      TS_CHECK(add(line, fmt::format("--header number {}", given)));
      continue;
    }
    TS_TRY(const auto text, read_file(line.substr(1), std::size_t{1} << 20U));
    int number = 0;
    for (const auto part : split(text, '\n')) {
      ++number;
      // A head as curl -D writes it begins with the request or status line.
      if (trim(part).empty() || part.starts_with("HTTP/") ||
          part.find(" HTTP/") != std::string::npos) {
        continue;
      }
      TS_CHECK(add(part, fmt::format("line {} of {}", number, shorten(line.substr(1), 80))));
    }
  }
  return headers;
}

std::string shown_value(const std::string& name, const std::string& value, bool reveal) {
  return reveal || to_lower(name) != "cf-webhook-auth" ? value : "*** (--reveal shows it)";
}

Status check_post_url(std::string_view option, const std::string& url) {
  const auto target = net::Url::parse(url);
  if (target.ok() && (target.value().scheme == "http" || target.value().scheme == "https")) {
    return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("{} '{}' is no address to post to", option,
                                      shorten(masked_url(url), 80)),
               .hint = "write http://… or https://…, such as http://localhost:3000/hook"};
}

Json event_json(const webhook::Event& event) {
  Json json;
  json["provider"] = webhook::to_string(event.provider);
  json["type"] = event.type;
  json["id"] = event.id;
  json["dedupe_key"] = event.dedupe_key;
  json["created_at"] = event.created_at ? Json(format_rfc3339(*event.created_at)) : Json(nullptr);
  const auto put = [&json](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  put("room", event.room);
  put("participant", event.participant);
  put("track", event.track);
  put("egress_id", event.egress);
  put("ingress_id", event.ingress);
  put("live_stream_id", event.live_stream);
  put("asset_id", event.asset);
  put("passthrough", event.passthrough);
  put("status", event.status);
  put("error", event.error);
  return json;
}

Json stored_event_json(const store::EventRow& row) {
  Json json;
  json["seq"] = row.seq;
  json["provider"] = row.provider;
  json["type"] = row.type;
  json["id"] = row.event_id;
  json["received_at"] = format_rfc3339(row.received_at);
  json["handled_at"] = row.handled_at ? Json(format_rfc3339(*row.handled_at)) : Json(nullptr);
  json["body_bytes"] = row.body.size();
  return json;
}

Result<webhook::Provider> provider_of(const std::string& name, const std::string& type) {
  if (!name.empty()) return webhook::parse_provider(name);
  std::vector<std::string> known;
  for (const auto provider :
       {webhook::Provider::kLivekit, webhook::Provider::kMux, webhook::Provider::kCloudflare}) {
    for (const auto candidate : webhook::event_types(provider)) {
      if (candidate == type) return provider;
      known.emplace_back(candidate);
    }
  }
  const auto near = nearest(type, known);
  return Error{
      .kind = ErrorKind::kUsage,
      .message = fmt::format("no provider sends an event '{}'", shorten(type, 80)),
      .hint = near ? fmt::format("did you mean {}?", *near) : "see ts webhook trigger --list"};
}

}  // namespace ts::cli
