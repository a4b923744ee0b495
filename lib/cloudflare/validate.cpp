// SPDX-License-Identifier: Apache-2.0
#include "cloudflare/client.hpp"
#include "core/text.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

namespace ts::cloudflare {
namespace {

Error refuse(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

}  // namespace

std::string_view to_string(RecordingMode mode) noexcept {
  switch (mode) {
    case RecordingMode::kOff:
      return "off";
    case RecordingMode::kAutomatic:
      return "automatic";
    case RecordingMode::kUnknown:
      break;
  }
  return "unknown";
}

Result<RecordingMode> parse_recording_mode(std::string_view text) {
  if (text == "off") return RecordingMode::kOff;
  if (text == "automatic") return RecordingMode::kAutomatic;
  const auto near = nearest(text, {"off", "automatic"});
  return refuse(fmt::format("recording mode '{}' is unknown", shorten(text, 60)),
                near ? fmt::format("did you mean {}?", *near) : "use off or automatic");
}

Status validate(const NewLiveInput& wish) {
  if (wish.name && (!is_utf8(*wish.name) || wish.name->size() > 1024)) {
    return refuse("the name is not UTF-8 or longer than 1024 bytes");
  }
  if (wish.delete_recording_after_days &&
      (*wish.delete_recording_after_days < 30 || *wish.delete_recording_after_days > 1096)) {
    return refuse(fmt::format("recordings cannot be deleted after {} days",
                              *wish.delete_recording_after_days),
                  "use 30 to 1096 days");
  }
  if (wish.recording_timeout_s && *wish.recording_timeout_s < 0) {
    return refuse("the recording timeout is negative");
  }
  if (wish.recording == RecordingMode::kUnknown) {
    return refuse("the recording mode is unknown", "use off or automatic");
  }
  for (const std::string& origin : wish.allowed_origins) {
    if (origin.empty() || origin.find('/') != std::string::npos) {
      return refuse(fmt::format("allowed origin '{}' is no host name", shorten(origin, 60)),
                    "write it as example.com or *.example.com");
    }
  }
  return ok_status();
}

Status validate(const NewOutput& output) {
  auto url = net::Url::parse(output.url);
  if (!url) return std::move(url).error().with_context("output");
  const std::string& scheme = url.value().scheme;
  if (scheme != "rtmp" && scheme != "rtmps" && scheme != "srt") {
    return refuse(fmt::format("an output cannot be {}://", scheme),
                  "use rtmp://, rtmps:// or srt://");
  }
  if (scheme != "srt" && output.stream_key.empty()) {
    return refuse(fmt::format("the output {} has no stream key", url.value().authority()),
                  "give the key with --key-file, apart from the URL");
  }
  return ok_status();
}

Status check_whip(Ingest ingest, bool recording, bool outputs) {
  if (ingest != Ingest::kWhip || (!recording && !outputs)) return ok_status();
  const std::string_view what = recording && outputs ? "neither recorded nor sent to outputs"
                                : recording          ? "not recorded"
                                                     : "not sent to outputs";
  return Error{
      .kind = ErrorKind::kUsage,
      .message = fmt::format("a WHIP (WebRTC) input of Cloudflare is {}", what),
      .hint =
          "use --ingest rtmps (or srt) with --record and a Mux output; or bring WHIP into a "
          "LiveKit room (ts ingress create --whip) and start an egress to Mux; --force if "
          "Cloudflare has lifted the limit",
      .code = "whip_not_recorded"};
}

}  // namespace ts::cloudflare
