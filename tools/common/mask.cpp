// SPDX-License-Identifier: Apache-2.0
#include "common/mask.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "net/stream_address.hpp"

#include <algorithm>
#include <array>

namespace ts::cli {
namespace {

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 20> kNames{
      "stream_key",  "streamKey",      "srt_passphrase", "srtPassphrase", "passphrase",
      "streamId",    "signing_secret", "private_key",    "secret",        "token",
      "password",    "turn_password",  "turnPassword",   "account_key",   "accountKey",
      "credentials", "session_token",  "sessionToken",   "authToken",     "accessToken"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// "STREAM_KEY_OF_…": capitals up to the id.
bool is_placeholder(std::string_view text) {
  const auto of = text.find("_OF_");
  return of != std::string_view::npos &&
         text.substr(0, of).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") ==
             std::string_view::npos;
}

/// A text with addresses in it. An RTMP address whose key stands beside it ends in no key.
void mask_addresses(Json& json, bool key_beside) {
  const auto& text = json.get_ref<const std::string&>();
  if (text.find("://") == std::string::npos || is_placeholder(text)) return;
  if (key_beside && text.starts_with("rtmp")) {
    const auto query = text.find('?');
    json = masked_url(text.substr(0, query)) + (query == std::string::npos ? "" : "?***");
    return;
  }
  auto scrubbed = net::scrub_stream_keys(text, [](std::string_view part) {
    return is_placeholder(part) ? std::string(part) : std::string("***");
  });
  if (scrubbed != text) json = std::move(scrubbed);
}

void mask_values(Json& json, bool key_beside) {
  if (json.is_string()) {
    mask_addresses(json, key_beside);
  } else if (json.is_object()) {
    const bool key = std::any_of(json.items().begin(), json.items().end(), [](const auto& member) {
      return (member.key() == "stream_key" || member.key() == "streamKey") &&
             member.value().is_string() &&
             !member.value().template get_ref<const std::string&>().empty();
    });
    for (auto& [name, value] : json.items()) {
      if (is_secret_name(name) && value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (!text.empty() && !is_placeholder(text)) value = "***";
      } else {
        mask_values(value, key);
      }
    }
  } else if (json.is_array()) {
    for (Json& item : json) mask_values(item, key_beside);
  }
}

}  // namespace

void mask_secrets(Json& json) { mask_values(json, false); }

std::string masked_json(std::string_view text) {
  auto json = parse_json(text, "a body");
  if (!json.ok()) return std::string(text);
  Json masked = json.value();
  mask_secrets(masked);
  return masked == json.value() ? std::string(text) : dump_json(masked);
}

std::string masked_url(std::string_view url) {
  const auto scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  // A password with a slash in it makes no URL, and is shown no more than another.
  const auto port = url.substr(begin, end - begin).find(':');
  const bool no_port = port != std::string_view::npos &&
                       url.substr(begin, end - begin).find_first_not_of("0123456789", port + 1) !=
                           std::string_view::npos;
  if (no_port && url.find('@', end) != std::string_view::npos) end = url.rfind('@') + 1;
  const auto authority = url.substr(begin, end - begin);
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const auto colon = authority.substr(0, at).find(':');
  std::string out(url.substr(0, begin));
  if (colon != std::string_view::npos) out.append(authority.substr(0, colon + 1));
  return out.append("***").append(authority.substr(at)).append(url.substr(end));
}

bool is_secret_header(std::string_view name, std::string_view value) {
  const auto lower = to_lower(name);
  // LiveKit's webhooks carry a bare token that vouches for their body alone; with a scheme before
  // it, it is somebody's password.
  if (lower == "authorization") return value.find(' ') != std::string_view::npos;
  return lower == "cf-webhook-auth" || lower == "cookie" || lower == "proxy-authorization";
}

}  // namespace ts::cli
