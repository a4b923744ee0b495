// SPDX-License-Identifier: Apache-2.0
// What an egress request must be before it is sent.
#include "core/text.hpp"
#include "livekit/client_internal.hpp"
#include "livekit/egress_client.hpp"
#include "net/url.hpp"

#include <fmt/format.h>

#include <array>

namespace ts::livekit {
namespace {

Error usage(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

Status check_encoding(const std::optional<OpenEnum<EncodingPreset>>& preset,
                      const std::optional<EncodingOptions>& advanced) {
  if (preset && advanced) {
    return usage("a preset and advanced options exclude each other", "give one of them");
  }
  if (!advanced) return ok_status();
  for (const auto& [value, what] : {std::pair(advanced->width, std::string_view("width")),
                                    std::pair(advanced->height, std::string_view("height"))}) {
    if (value != 0 && (value < 16 || value % 2 != 0 || value > 8192)) {
      return usage(fmt::format("the {} {} is not an even number from 16 to 8192", what, value));
    }
  }
  if (advanced->framerate > 120) {
    return usage(fmt::format("{} frames a second are more than 120", advanced->framerate));
  }
  if (advanced->video_bitrate > 100'000) {
    return usage(fmt::format("a video bitrate of {} kbit/s is more than 100 Mbit/s",
                             advanced->video_bitrate),
                 "advanced bitrates are in kbit/s");
  }
  if (advanced->key_frame_interval < 0 || advanced->key_frame_interval > 60) {
    return usage("the key frame interval is not between 0 and 60 seconds");
  }
  if (advanced->depth != 0 && advanced->depth != 8 && advanced->depth != 16 &&
      advanced->depth != 24) {
    return usage(fmt::format("a depth of {} bits is not 8, 16 or 24", advanced->depth));
  }
  return ok_status();
}

Status check_stream(const StreamOutput& stream) {
  if (stream.urls.empty()) return usage("a stream output has no URL");
  std::optional<StreamProtocol> protocol;
  for (std::size_t i = 0; i < stream.urls.size(); ++i) {
    TS_TRY(const auto found, stream_protocol(stream.urls[i]));
    if (protocol && *protocol != found) {
      return usage("stream URLs of different kinds cannot share one output",
                   "use RTMP (rtmp, rtmps, mux, twitch) or SRT for all of them");
    }
    protocol = found;
    for (std::size_t k = 0; k < i; ++k) {
      if (stream.urls[k].reveal() == stream.urls[i].reveal()) {
        return usage(fmt::format("the stream URL {} is given twice",
                                 redact_stream_url(stream.urls[i].reveal())));
      }
    }
  }
  const bool said = !stream.protocol.is_default();
  if (said && stream.protocol.is_known() && !(stream.protocol == *protocol)) {
    return usage(fmt::format("the stream URLs are not of the protocol {}", stream.protocol.text()));
  }
  return ok_status();
}

/// The worker encodes AAC for streams whatever is asked for, and fails where Opus is.
Status check_stream_codec(const std::optional<EncodingOptions>& advanced,
                          const StreamOutput& stream) {
  if (!advanced || !(advanced->audio_codec == AudioCodec::kOpus)) return ok_status();
  for (const Secret& url : stream.urls) {
    const auto protocol = stream_protocol(url);
    if (protocol.ok() && protocol.value() == StreamProtocol::kRtmp) {
      return usage("RTMP carries AAC, not Opus", "leave the audio codec out, or write aac");
    }
  }
  return ok_status();
}

Status check_outputs(const EgressOutputs& outputs) {
  TS_CHECK(check_encoding(outputs.preset, outputs.advanced));
  const std::size_t count = outputs.file_outputs.size() + outputs.stream_outputs.size() +
                            outputs.segment_outputs.size() + outputs.image_outputs.size();
  if (count == 0) {
    return usage("the egress has no output",
                 "give one of --mux, --rtmp-url-file, --file, --hls, --image");
  }
  for (const auto& [size, what] :
       {std::pair(outputs.file_outputs.size(), std::string_view("file")),
        std::pair(outputs.stream_outputs.size(), std::string_view("stream")),
        std::pair(outputs.segment_outputs.size(), std::string_view("segment"))}) {
    if (size > 1) {
      return usage(fmt::format("an egress takes at most one {} output", what),
                   "several stream URLs go into one stream output");
    }
  }
  for (const StreamOutput& stream : outputs.stream_outputs) {
    TS_CHECK(check_stream(stream));
    TS_CHECK(check_stream_codec(outputs.advanced, stream));
  }
  return ok_status();
}

Status check_media(bool audio_only, bool video_only) {
  if (audio_only && video_only) return usage("audio only and video only exclude each other");
  return ok_status();
}

Status check_web_url(std::string_view text, std::string_view what) {
  const auto url = net::Url::parse(text);
  if (url.ok() && (url.value().scheme == "http" || url.value().scheme == "https")) {
    return ok_status();
  }
  return usage(fmt::format("the {} is not http:// or https://", what));
}

}  // namespace

Result<StreamProtocol> stream_protocol(const Secret& url) {
  const std::string_view text = url.reveal();
  const auto scheme_end = text.find("://");
  const std::string scheme =
      scheme_end == std::string_view::npos ? std::string() : to_lower(text.substr(0, scheme_end));
  const std::string_view rest =
      scheme_end == std::string_view::npos ? std::string_view() : text.substr(scheme_end + 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // " live=1" after the key is the one blank the egress worker knows.
    if ((byte <= 0x20 || byte == 0x7F) && !text.ends_with(" live=1")) {
      return usage("a stream URL holds a blank or a control character",
                   "look for a line break in the file it comes from");
    }
  }
  if (scheme == "mux" || scheme == "twitch") {
    if (rest.empty()) return usage(fmt::format("{}:// is followed by no stream key", scheme));
    if (rest.find_first_of("/?#") != std::string_view::npos) {
      return usage(fmt::format("{}:// takes the bare stream key, nothing after it", scheme),
                   "the service would cut the key at the slash or question mark");
    }
    return StreamProtocol::kRtmp;
  }
  if (!has_usable_port(text)) {
    return usage(fmt::format("the port of the {} URL is not 1 to 65535", shorten(scheme, 20)),
                 "correct the number after the host");
  }
  if (scheme == "rtmp" || scheme == "rtmps") {
    const auto slash = rest.find('/');
    const std::string_view path =
        slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    const auto second = path.find('/');
    if (slash == 0 || slash == std::string_view::npos || second == std::string_view::npos ||
        second == 0 || second + 1 >= path.size()) {
      return usage(fmt::format("the {} URL is not host/app/key", scheme),
                   "write it like rtmps://live.example.com/app/KEY");
    }
    return StreamProtocol::kRtmp;
  }
  if (scheme == "srt" || scheme == "ws" || scheme == "wss") {
    if (rest.empty()) return usage(fmt::format("the {} URL names no host", scheme));
    return scheme == "srt" ? StreamProtocol::kSrt : StreamProtocol::kWebsocket;
  }
  return usage(scheme.empty() ? std::string("a stream URL has no scheme")
                              : fmt::format("{}:// is no stream URL", shorten(scheme, 20)),
               "use rtmp, rtmps, mux, twitch, srt, ws or wss");
}

Status check(const RoomCompositeEgressRequest& request) {
  TS_CHECK(check_name(request.room_name, "room name"));
  TS_CHECK(check_media(request.audio_only, request.video_only));
  if (!request.custom_base_url.empty()) {
    TS_CHECK(check_web_url(request.custom_base_url, "template URL"));
  }
  if (request.layout.size() > 256) return usage("the layout has more than 256 bytes");
  return check_outputs(request.outputs);
}

Status check(const WebEgressRequest& request) {
  TS_CHECK(check_web_url(request.url, "page URL"));
  TS_CHECK(check_media(request.audio_only, request.video_only));
  return check_outputs(request.outputs);
}

Status check(const ParticipantEgressRequest& request) {
  TS_CHECK(check_name(request.room_name, "room name"));
  TS_CHECK(check_name(request.identity, "identity"));
  return check_outputs(request.outputs);
}

Status check(const TrackCompositeEgressRequest& request) {
  TS_CHECK(check_name(request.room_name, "room name"));
  if (request.audio_track_id.empty() && request.video_track_id.empty()) {
    return usage("a track composite egress needs a video track, an audio track or both",
                 "see the tracks with ts room who ROOM");
  }
  if (!request.audio_track_id.empty()) {
    TS_CHECK(check_id(request.audio_track_id, "audio track id"));
  }
  if (!request.video_track_id.empty()) {
    TS_CHECK(check_id(request.video_track_id, "video track id"));
  }
  return check_outputs(request.outputs);
}

Status check(const TrackEgressRequest& request) {
  TS_CHECK(check_name(request.room_name, "room name"));
  TS_CHECK(check_id(request.track_id, "track id"));
  if (request.file.has_value() == request.websocket_url.has_value()) {
    return usage("a track egress goes either to a file or to a WebSocket",
                 "for RTMP use --video-track (a track composite egress)");
  }
  if (request.websocket_url) {
    TS_TRY(const auto protocol, stream_protocol(*request.websocket_url));
    if (protocol != StreamProtocol::kWebsocket) {
      return usage("a track egress streams to ws:// or wss:// only",
                   "for RTMP use --video-track (a track composite egress)");
    }
  }
  return ok_status();
}

Status check(const StartEgressRequest& request) {
  const int sources =
      (request.template_source ? 1 : 0) + (request.web ? 1 : 0) + (request.media ? 1 : 0);
  if (sources != 1) return usage("StartEgress takes exactly one of template, web and media");
  if (request.web) {
    TS_CHECK(check_web_url(request.web->url, "page URL"));
    TS_CHECK(check_media(request.web->audio_only, request.web->video_only));
  } else {
    TS_CHECK(check_name(request.room_name, "room name"));
  }
  if (request.template_source) {
    TS_CHECK(check_media(request.template_source->audio_only, request.template_source->video_only));
  }
  TS_CHECK(check_encoding(request.preset, request.advanced));
  if (request.outputs.empty()) return usage("the egress has no output");
  std::array<int, 3> seen{};
  for (const Output& output : request.outputs) {
    const int kinds = (output.file ? 1 : 0) + (output.stream ? 1 : 0) + (output.segments ? 1 : 0) +
                      (output.images ? 1 : 0);
    if (kinds != 1) {
      return usage("each output is exactly one of file, stream, segments and images");
    }
    seen[0] += output.file ? 1 : 0;
    seen[1] += output.stream ? 1 : 0;
    seen[2] += output.segments ? 1 : 0;
    if (!output.stream) continue;
    TS_CHECK(check_stream(*output.stream));
    TS_CHECK(check_stream_codec(request.advanced, *output.stream));
  }
  if (seen[0] > 1 || seen[1] > 1 || seen[2] > 1) {
    return usage("an egress takes at most one file, one stream and one segments output");
  }
  return ok_status();
}

Result<EncodingOptions> ladder(std::string_view rung) {
  EncodingOptions out;
  out.framerate = 30;
  out.audio_codec = AudioCodec::kAac;
  out.audio_frequency = 48'000;
  out.video_codec = VideoCodec::kH264Main;
  out.key_frame_interval = 2;
  if (rung == "high") {
    out.width = 1920;
    out.height = 1080;
    out.video_bitrate = 4500;
    out.audio_bitrate = 192;
  } else if (rung == "medium") {
    out.width = 1280;
    out.height = 720;
    out.video_bitrate = 2500;
    out.audio_bitrate = 128;
  } else if (rung == "low") {
    out.width = 854;
    out.height = 480;
    out.video_bitrate = 1000;
    out.audio_bitrate = 96;
  } else {
    return usage(fmt::format("there is no quality '{}'", shorten(rung, 40)),
                 "use high, medium or low");
  }
  return out;
}

Result<EncodingPreset> parse_preset(std::string_view text) {
  const auto plain = [](std::string_view name) {
    std::string out;
    for (const char c : to_lower(name)) {
      if (c != '_' && c != '-') out.push_back(c);
    }
    if (const auto at = out.find("h264"); at != std::string::npos) out.erase(at, 4);
    return out;
  };
  std::vector<std::string> known;
  for (const EnumName& row : enum_names(EncodingPreset{})) {
    if (plain(row.name) == plain(text)) return static_cast<EncodingPreset>(row.number);
    known.push_back(plain(row.name));
  }
  const auto suggestion = nearest(plain(text), known);
  return usage(fmt::format("there is no preset '{}'", shorten(text, 40)),
               suggestion ? fmt::format("did you mean {}?", *suggestion)
                          : fmt::format("use one of {}", fmt::join(known, ", ")));
}

}  // namespace ts::livekit
