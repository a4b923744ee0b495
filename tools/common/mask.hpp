// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"

#include <string>
#include <string_view>

namespace ts::cli {

/// Replaces stream keys, passphrases, tokens and secrets by "***", at any depth: by the names that
/// Mux, Cloudflare and LiveKit give them. Placeholders of a dry run stay.
void mask_secrets(Json& json);

/// The same for a text that may be JSON; what is not, or holds none, stays byte for byte.
std::string masked_json(std::string_view text);

/// A URL as it is shown: the password in it is "***", all before the @ when there is no user name.
/// Works on what is no URL, too.
std::string masked_url(std::string_view url);

/// Whether a header carries a credential: Cloudflare's cf-webhook-auth, cookies, passwords.
bool is_secret_header(std::string_view name, std::string_view value);

}  // namespace ts::cli
