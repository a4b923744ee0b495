// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "livekit/access_token.hpp"
#include "webhook/webhook.hpp"

#include <fmt/format.h>

namespace ts::webhook {
namespace {

std::string time_and_tag(std::string_view body, const Secret& secret, WallTime now,
                         std::string_view format) {
  const auto time =
      std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  const auto tag = crypto::hmac_sha256(secret.reveal(), {time, ".", body});
  return fmt::format(fmt::runtime(format), time, crypto::hex_encode(crypto::bytes_of(tag)));
}

}  // namespace

std::string_view to_string(Provider provider) noexcept {
  switch (provider) {
    case Provider::kLivekit:
      return "livekit";
    case Provider::kMux:
      return "mux";
    case Provider::kCloudflare:
      return "cloudflare";
  }
  return "";
}

Result<Provider> parse_provider(std::string_view text) {
  for (const auto provider : {Provider::kLivekit, Provider::kMux, Provider::kCloudflare}) {
    if (text == to_string(provider)) return provider;
  }
  const auto near = nearest(text, {"livekit", "mux", "cloudflare"});
  return Error{
      .kind = ErrorKind::kUsage,
      .message = fmt::format("there is no webhook provider '{}'", shorten(text, 60)),
      .hint = near ? fmt::format("did you mean {}?", *near) : "use livekit, mux or cloudflare"};
}

std::string_view to_string(Alteration alteration) noexcept {
  switch (alteration) {
    case Alteration::kUnknown:
      return "unknown";
    case Alteration::kReserialized:
      return "reserialized";
    case Alteration::kNewlineAdded:
      return "newline_added";
    case Alteration::kNewlineRemoved:
      return "newline_removed";
    case Alteration::kLineEndings:
      return "line_endings";
    case Alteration::kBomAdded:
      return "bom_added";
    case Alteration::kBomRemoved:
      return "bom_removed";
    case Alteration::kCharset:
      return "charset";
    case Alteration::kGzip:
      return "gzip";
    case Alteration::kBlanks:
      return "blanks_added";
    case Alteration::kWrapped:
      return "wrapped";
    case Alteration::kBase64:
      return "base64";
    case Alteration::kEmpty:
      return "empty";
  }
  return "";
}

std::string mux_signature(std::string_view body, const Secret& secret, WallTime now) {
  return time_and_tag(body, secret, now, "t={},v1={}");
}

std::string cloudflare_signature(std::string_view body, const Secret& secret, WallTime now) {
  return time_and_tag(body, secret, now, "time={},sig1={}");
}

Result<Headers> sign(Provider provider, std::string_view body, const Credentials& credentials,
                     WallTime now, std::size_t secret_index) {
  if (secret_index >= credentials.secrets.size() || credentials.secrets[secret_index].empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("there is no secret to sign as {}", to_string(provider))};
  }
  const Secret& secret = credentials.secrets[secret_index];
  switch (provider) {
    case Provider::kLivekit: {
      TS_TRY(auto token, livekit::sign_webhook_token(body, credentials.livekit_key, secret, now));
      return Headers{{"Content-Type", "application/webhook+json"},
                     {"User-Agent", "LiveKit"},
                     {"Authorization", std::move(token)}};
    }
    case Provider::kMux:
      return Headers{{"Content-Type", "application/json"},
                     {"Mux-Signature", mux_signature(body, secret, now)}};
    case Provider::kCloudflare:
      return Headers{{"Content-Type", "application/json"},
                     {"Webhook-Signature", cloudflare_signature(body, secret, now)}};
  }
  return Error{.message = "an unknown provider"};
}

Result<Headers> sign_cloudflare_live(const Credentials& credentials) {
  if (credentials.secrets.empty() || credentials.secrets.front().empty()) {
    return Error{.kind = ErrorKind::kConfig, .message = "there is no secret to sign as cloudflare"};
  }
  return Headers{{"Content-Type", "application/json"},
                 {"cf-webhook-auth", std::string(credentials.secrets.front().reveal())}};
}

}  // namespace ts::webhook
