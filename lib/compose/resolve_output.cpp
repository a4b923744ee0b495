// SPDX-License-Identifier: Apache-2.0
#include "compose/compositor.hpp"
#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace ts::compose {
namespace {

Error needs_service(const scene::Output& output, std::string_view what, std::string_view hint) {
  return Error{.kind = ErrorKind::kMedia,
               .message = fmt::format("output '{}': {}", output.name, what),
               .hint = std::string(hint)};
}

/// Said at once: nobody can be reached there, however often it is tried.
Status check_port(const scene::Output& output, std::string_view file, const Secret& url) {
  if (has_usable_port(url.reveal())) return ok_status();
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("output '{}': the address in {} has a port that is none",
                                      output.name, file),
               .hint = "a port is a number from 1 to 65535"};
}

}  // namespace

Result<media::MuxTarget> resolve_output(const scene::Output& output, bool offline, bool allow_loose,
                                        const std::string& ca_file) {
  media::MuxTarget target;
  target.name = fmt::format("output '{}'", output.name);
  target.ca_file = ca_file;
  target.renditions = output.renditions;
  if (const auto* file = std::get_if<scene::FileOutput>(&output.target)) {
    target.kind = media::MuxTarget::Kind::kFile;
    target.path = file->path;
    target.name += fmt::format(" ({})", file->path);
    return target;
  }
  if (const auto* hls = std::get_if<scene::HlsOutput>(&output.target)) {
    target.kind = media::MuxTarget::Kind::kHls;
    target.path = hls->folder;
    target.segment = hls->segment;
    target.window = offline ? 0 : hls->window;
    target.fmp4 = hls->fmp4;
    target.resume = !offline;
    target.name += fmt::format(" ({})", hls->folder);
    return target;
  }
  if (const auto* srt = std::get_if<scene::SrtUrlFileOutput>(&output.target)) {
    TS_TRY(target.url, read_secret_file(srt->path, allow_loose));
    if (!target.url.reveal().starts_with("srt://")) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("output '{}': the file {} holds no SRT address",
                                          output.name, srt->path),
                   .hint = "write one line: srt://SERVER:PORT?streamid=…&passphrase=…"};
    }
    TS_CHECK(check_port(output, srt->path, target.url));
    target.kind = media::MuxTarget::Kind::kSrt;
    return target;
  }
  if (const auto* rtmp = std::get_if<scene::RtmpUrlFileOutput>(&output.target)) {
    TS_TRY(target.url, read_secret_file(rtmp->path, allow_loose));
    const std::string_view url = target.url.reveal();
    if (!url.starts_with("rtmp://") && !url.starts_with("rtmps://")) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("output '{}': the file {} holds no RTMP address",
                                          output.name, rtmp->path),
                   .hint = "write one line: rtmps://SERVER/APP/STREAM_KEY"};
    }
    TS_CHECK(check_port(output, rtmp->path, target.url));
    target.kind = media::MuxTarget::Kind::kRtmp;
    return target;
  }
  if (std::holds_alternative<scene::MuxOutput>(output.target)) {
    return needs_service(output, "a Mux stream is reached through ts live",
                         "run ts live start, or give the stream's address with rtmp-url-file:F");
  }
  if (std::holds_alternative<scene::WhipOutput>(output.target)) {
    return needs_service(output, "this build cannot send WHIP from a program",
                         "send to an RTMP address (rtmp-url-file:F), or write a file");
  }
  return needs_service(output, "this build cannot publish a program into a room directly",
                       "run ts live start, which publishes through a LiveKit ingress");
}

}  // namespace ts::compose
