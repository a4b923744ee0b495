// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ts::net {

/// A stream URL with its key redacted the way LiveKit does: "mux://{abc...xyz}",
/// "rtmps://host/app/{abc...xyz}", query values as "{k...v}". Text that is no URL becomes "{...}".
std::string redact_stream_url(std::string_view url);

/// What stands for a key, or the value of a query.
using Redact = std::function<std::string(std::string_view)>;

/// `text` with everything that looks like a stream URL redacted: errors of services quote raw ones.
/// @param redact  the default is redact_stream_url's.
std::string scrub_stream_keys(std::string_view text, const Redact& redact = {});

}  // namespace ts::net
