// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// "rtmp" of "rtmp://…", lower case; empty when there is none.
std::string scheme_of(std::string_view url);
/// The stream key hidden, as the server writes it into answers.
std::string redact_url(const std::string& url);
/// mux://KEY in full; anything else as it is.
std::string expand_url(const std::string& url);
/// rtmp(s)://host/(path/)app/key.
bool is_rtmp_target(const std::string& url);
/// rtmp, rtmps or mux.
bool is_rtmp_scheme(std::string_view url);
/// Hides what a request carried, for the echo in EgressInfo.
void redact_streams(Json& request);

/// What an egress request wants to be written.
struct WantedOutputs {
  std::vector<std::string> urls{};
  std::size_t streams = 0;       ///< Stream outputs; each may hold several URLs.
  std::vector<Json> files{};     ///< EncodedFileOutput or DirectFileOutput.
  std::vector<Json> segments{};  ///< SegmentedFileOutput.
  std::vector<Json> images{};    ///< ImageOutput.
  bool needs_worker = false;     ///< A websocket, or storage in somebody's cloud.
};
WantedOutputs outputs_of(const Json& request);

/// What the placeholders of a file name stand for.
struct NameParts {
  std::string room_name{};
  std::string room_id{};
  std::string time{};  ///< "2026-11-20T173000".
  std::string publisher{};
  std::string track_id{};
};
/// A requested path with its placeholders filled in, a usual name where there is none, and `ending`
/// (".mp4") where it has none. Relative, without "..".
std::string file_name(std::string wanted, const NameParts& parts, std::string_view ending);

}  // namespace ts::sandbox
