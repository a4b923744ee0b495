// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ts::net {

/// A stream URL with its key redacted the way LiveKit does: "mux://{abc...xyz}",
/// "rtmps://host/app/{abc...xyz}", query values as "{k...v}". Text that is no URL becomes "{...}".
std::string redact_stream_url(std::string_view url);

/// `text` with everything that looks like a stream URL redacted: errors of services quote raw ones.
std::string scrub_stream_keys(std::string_view text);

}  // namespace ts::net
