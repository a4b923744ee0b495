// SPDX-License-Identifier: Apache-2.0
#include "common/mask.hpp"

#include "core/json.hpp"

#include <algorithm>
#include <array>

namespace ts::cli {
namespace {

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames{
      "stream_key", "streamKey",      "srt_passphrase", "srtPassphrase", "passphrase",
      "streamId",   "signing_secret", "private_key",    "secret",        "token",
      "password",   "turn_password",  "turnPassword"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// "STREAM_KEY_OF_…": capitals up to the id.
bool is_placeholder(std::string_view text) {
  const auto of = text.find("_OF_");
  return of != std::string_view::npos &&
         text.substr(0, of).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") ==
             std::string_view::npos;
}

}  // namespace

void mask_secrets(Json& json) {
  if (json.is_object()) {
    for (auto& [key, value] : json.items()) {
      if (is_secret_name(key) && value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (!text.empty() && !is_placeholder(text)) value = "***";
      } else {
        mask_secrets(value);
      }
    }
  } else if (json.is_array()) {
    for (Json& item : json) mask_secrets(item);
  }
}

std::string masked_json(std::string_view text) {
  auto json = parse_json(text, "a body");
  if (!json.ok()) return std::string(text);
  Json masked = json.value();
  mask_secrets(masked);
  return masked == json.value() ? std::string(text) : dump_json(masked);
}

}  // namespace ts::cli
