// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "store/events.hpp"
#include "webhook/event.hpp"
#include "webhook/webhook.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {

class Context;

/// The secrets of a provider: files given on the command line first, then its setting. LiveKit
/// takes LIVEKIT_API_KEY and LIVEKIT_API_SECRET.
/// @return kConfig when there is none at all.
Result<webhook::Credentials> webhook_credentials(Context& context, webhook::Provider provider,
                                                 const std::vector<std::string>& secret_files);

/// A body from "-" (stdin) or a file, at most 16 MiB, its bytes untouched.
Result<std::string> read_webhook_body(Context& context, const std::string& source);

/// "Name: value" lines, one an argument; "@FILE" holds several.
Result<webhook::Headers> read_headers(const std::vector<std::string>& lines);

/// A header's value as it is shown: Cloudflare's live notifications carry the secret itself, which
/// takes `reveal`.
std::string shown_value(const std::string& name, const std::string& value, bool reveal);

/// Whether webhooks can be posted to `url`. @return kUsage naming `option`; a password is masked.
Status check_post_url(std::string_view option, const std::string& url);

/// The neutral words of an event.
Json event_json(const webhook::Event& event);

/// A stored webhook: its number, when it came, what it is. Neither body nor headers.
Json stored_event_json(const store::EventRow& row);

/// A provider by its name, or the one whose event types hold `type`.
Result<webhook::Provider> provider_of(const std::string& name, const std::string& type);

}  // namespace ts::cli
