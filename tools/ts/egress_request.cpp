// SPDX-License-Identifier: Apache-2.0
#include "egress_request.hpp"

#include "services.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ts::cli {
namespace {

using livekit::EgressKind;
using livekit::EgressOutputs;

Error usage(std::string message, std::string hint = {}) {
  return Error{.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

/// The kind that --kind names, or that a request's members can only mean.
Result<EgressKind> kind_of_request(const Json& json, const std::string& kind) {
  if (!kind.empty()) {
    for (const EgressKind candidate :
         {EgressKind::kRoomComposite, EgressKind::kWeb, EgressKind::kParticipant,
          EgressKind::kTrackComposite, EgressKind::kTrack, EgressKind::kEgress}) {
      std::string name(livekit::to_string(candidate));
      std::replace(name.begin(), name.end(), '_', '-');
      if (name == kind) return candidate;
    }
    return usage(fmt::format("there is no egress kind '{}'", shorten(kind, 40)),
                 "use room-composite, web, participant, track-composite, track or egress");
  }
  const auto has = [&](std::string_view camel, std::string_view snake) {
    return json.contains(camel) || json.contains(snake);
  };
  if (has("template", "template") || has("web", "web") || has("media", "media") ||
      has("outputs", "outputs")) {
    return EgressKind::kEgress;
  }
  if (has("url", "url")) return EgressKind::kWeb;
  if (has("identity", "identity")) return EgressKind::kParticipant;
  if (has("trackId", "track_id")) return EgressKind::kTrack;
  if (has("audioTrackId", "audio_track_id") || has("videoTrackId", "video_track_id")) {
    return EgressKind::kTrackComposite;
  }
  return EgressKind::kRoomComposite;
}

/// The kind that the source flags name; kNone when none was given. Two are an error.
Result<EgressKind> kind_of_flags(const EgressStartOptions& options) {
  std::vector<std::pair<EgressKind, std::string_view>> given;
  if (!options.web.empty()) given.emplace_back(EgressKind::kWeb, "--web");
  if (!options.participant.empty()) given.emplace_back(EgressKind::kParticipant, "--participant");
  if (!options.video_track.empty() || !options.audio_track.empty()) {
    given.emplace_back(EgressKind::kTrackComposite,
                       options.video_track.empty() ? "--audio-track" : "--video-track");
  }
  if (!options.track.empty()) given.emplace_back(EgressKind::kTrack, "--track");
  if (!options.layout.empty() || !options.template_url.empty()) {
    given.emplace_back(EgressKind::kRoomComposite,
                       options.layout.empty() ? "--template-url" : "--layout");
  }
  if (given.size() > 1) {
    return usage(fmt::format("{} and {} do not go together", given[0].second, given[1].second),
                 "an egress has one source: a room, a page, a participant or tracks");
  }
  if (given.empty()) return EgressKind::kNone;
  return given.front().first;
}

template <typename Request>
Result<EgressRequest> read_request(const Json& json) {
  TS_TRY(auto request,
         livekit::from_json<Request>(json, livekit::UnknownFields::kRefuse, ErrorKind::kUsage));
  return EgressRequest(std::move(request));
}

Result<EgressRequest> read_request(const Json& json, EgressKind kind) {
  switch (kind) {
    case EgressKind::kWeb:
      return read_request<livekit::WebEgressRequest>(json);
    case EgressKind::kParticipant:
      return read_request<livekit::ParticipantEgressRequest>(json);
    case EgressKind::kTrackComposite:
      return read_request<livekit::TrackCompositeEgressRequest>(json);
    case EgressKind::kTrack:
      return read_request<livekit::TrackEgressRequest>(json);
    case EgressKind::kEgress:
      return read_request<livekit::StartEgressRequest>(json);
    case EgressKind::kNone:
    case EgressKind::kRoomComposite:
      break;
  }
  return read_request<livekit::RoomCompositeEgressRequest>(json);
}

bool holds_secrets(const EgressRequest& request) {
  return std::visit(
      [](const auto& typed) { return livekit::to_json(typed) != livekit::to_redacted_json(typed); },
      request);
}

void scrub_secrets(const EgressRequest& request, Log& log) {
  std::visit(
      [&](const auto& typed) {
        scrub_difference(livekit::to_json(typed), livekit::to_redacted_json(typed), log);
      },
      request);
}

/// What the addresses in `json`, at any depth, carry in secret.
void scrub_addresses(const Json& json, Log& log) {
  if (json.is_string()) {
    scrub_address(json.get_ref<const std::string&>(), log);
  } else if (json.is_structured()) {
    for (const Json& item : json) scrub_addresses(item, log);
  }
}

/// The request of --request, or an empty one of the kind that the flags mean.
Result<EgressRequest> base_request(Context& context, const EgressStartOptions& options) {
  TS_TRY(const auto by_flags, kind_of_flags(options));
  for (const std::string& url : {options.web, options.template_url, options.webhook}) {
    scrub_address(url, context.log());
  }
  if (options.request.empty()) {
    if (!options.kind.empty()) return usage("--kind belongs to --request");
    return read_request(Json::object(), by_flags);
  }
  TS_TRY(const auto text, context.text_or_file(options.request));
  TS_TRY(const auto json, parse_json(text, "--request", ErrorKind::kUsage, kWrittenByPeople));
  if (!json.is_object()) {
    return JsonReader(json, ErrorKind::kUsage).expected("an object").with_context("--request");
  }
  scrub_addresses(json, context.log());
  TS_TRY(const auto kind, kind_of_request(json, options.kind));
  if (by_flags != EgressKind::kNone && by_flags != kind) {
    return usage("the flags name another kind of egress than --request");
  }
  TS_TRY(auto request, read_request(json, kind).with_context("--request"));
  scrub_secrets(request, context.log());
  const bool from_file = options.request == "-" || options.request.starts_with('@');
  if (!from_file && holds_secrets(request)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message =
                     "--request holds a stream key or another secret, and everybody on this "
                     "machine sees a command line (ps)",
                 .hint = "put it into a file of mode 0600 and give --request @FILE"};
  }
  return request;
}

template <typename Codec>
Result<livekit::OpenEnum<Codec>> codec_of(const std::string& text, std::string_view option,
                                          std::string_view hint) {
  std::string name;
  for (const char c : text) name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(c)));
  // The words people use for what LiveKit spells H264_MAIN and AC_MP3.
  if (name == "BASELINE" || name == "MAIN" || name == "HIGH") name = "H264_" + name;
  if (name == "MP3") name = "AC_MP3";
  auto codec = livekit::OpenEnum<Codec>::from_text(name);
  if (codec.is_known()) return codec;
  return usage(fmt::format("{} does not know '{}'", option, shorten(text, 40)), std::string(hint));
}

bool names_advanced_options(const EgressStartOptions& options) {
  return options.width || options.height || options.fps || options.depth ||
         options.audio_frequency || !options.video_bitrate.empty() ||
         !options.audio_bitrate.empty() || !options.key_frame_interval.empty() ||
         !options.video_codec.empty() || !options.audio_codec.empty();
}

Status apply_advanced(const EgressStartOptions& options, livekit::EncodingOptions& encoding) {
  const auto set = [](const std::optional<std::uint32_t>& value, std::string_view option,
                      std::uint32_t& target) -> Status {
    if (!value) return ok_status();
    if (*value == 0) return usage(fmt::format("{} is at least 1", option), "leave it out instead");
    target = *value;
    return ok_status();
  };
  TS_CHECK(set(options.width, "--width", encoding.width));
  TS_CHECK(set(options.height, "--height", encoding.height));
  TS_CHECK(set(options.fps, "--fps", encoding.framerate));
  TS_CHECK(set(options.depth, "--depth", encoding.depth));
  TS_CHECK(set(options.audio_frequency, "--audio-frequency", encoding.audio_frequency));
  if (!options.video_bitrate.empty()) {
    TS_TRY(encoding.video_bitrate, parse_kilobits(options.video_bitrate));
  }
  if (!options.audio_bitrate.empty()) {
    TS_TRY(encoding.audio_bitrate, parse_kilobits(options.audio_bitrate));
  }
  if (!options.key_frame_interval.empty()) {
    TS_TRY(const auto interval, parse_duration(options.key_frame_interval));
    encoding.key_frame_interval = std::chrono::duration<double>(interval).count();
    if (encoding.key_frame_interval <= 0) return usage("--key-frame-interval is longer than 0s");
  }
  if (!options.video_codec.empty()) {
    TS_TRY(encoding.video_codec,
           codec_of<livekit::VideoCodec>(options.video_codec, "--video-codec",
                                         "use baseline, main or high (H.264), or vp8"));
  }
  if (!options.audio_codec.empty()) {
    TS_TRY(encoding.audio_codec, codec_of<livekit::AudioCodec>(options.audio_codec, "--audio-codec",
                                                               "use aac, opus or mp3"));
  }
  return ok_status();
}

/// `outputs`: an EgressOutputs or a StartEgressRequest.
template <typename Outputs>
Status apply_encoding(const EgressStartOptions& options, Outputs& outputs) {
  if (!options.preset.empty() && !options.ladder.empty()) {
    return usage("--preset and --ladder exclude each other");
  }
  if (!options.preset.empty()) {
    TS_TRY(outputs.preset, livekit::parse_preset(options.preset));
    outputs.advanced.reset();
  }
  if (!options.ladder.empty()) {
    TS_TRY(outputs.advanced, livekit::ladder(options.ladder));
    outputs.preset.reset();
  }
  if (!names_advanced_options(options)) return ok_status();
  if (outputs.preset) {
    return usage("a preset fixes size and bitrates: leave --width and the like out",
                 "use --ladder, whose values flags may change");
  }
  return apply_advanced(options, outputs.advanced ? *outputs.advanced : outputs.advanced.emplace());
}

livekit::OpenEnum<livekit::StreamProtocol> protocol_of(const std::vector<Secret>& urls) {
  const auto protocol = livekit::stream_protocol(urls.front());
  return protocol.ok() ? protocol.value() : livekit::StreamProtocol::kDefault;
}

Status apply_outputs(const EgressStartOptions& options, EgressOutputs& outputs) {
  TS_CHECK(apply_encoding(options, outputs));
  if (!options.file.empty()) outputs.file_outputs.push_back({.filepath = options.file});
  if (!options.hls.empty()) {
    outputs.segment_outputs.push_back(
        {.protocol = livekit::SegmentedFileProtocol::kHls, .filename_prefix = options.hls});
  }
  if (!options.image.empty()) {
    TS_TRY(const auto interval, parse_duration(options.image_interval));
    const auto whole = std::chrono::duration_cast<seconds>(interval).count();
    if (whole < 1) return usage("--image-interval is at least 1s");
    if (seconds{whole} != interval) return usage("--image-interval takes whole seconds");
    outputs.image_outputs.push_back(
        {.capture_interval = static_cast<std::uint32_t>(whole), .filename_prefix = options.image});
  }
  if (!options.webhook.empty()) {
    if (options.webhook_key.empty()) {
      return usage("--webhook needs --webhook-key: the name of the API key that signs");
    }
    outputs.webhooks.push_back({.url = options.webhook, .signing_key = options.webhook_key});
  }
  return ok_status();
}

/// Flags of one kind given to another.
Status refuse(bool given, std::string_view flag, std::string_view belongs) {
  if (!given) return ok_status();
  return usage(fmt::format("{} belongs to {}", flag, belongs));
}

/// Lays the flags over each kind of request.
struct Apply {
  Context& context;
  const EgressStartOptions& options;

  Status media_flags(bool& audio_only, bool& video_only) const {
    audio_only = audio_only || options.audio_only;
    video_only = video_only || options.video_only;
    return ok_status();
  }
  Status no_media_flags() const {
    TS_CHECK(refuse(options.audio_only, "--audio-only", "a room or a page"));
    return refuse(options.video_only, "--video-only", "a room or a page");
  }

  Status operator()(livekit::RoomCompositeEgressRequest& request) const {
    if (!options.room.empty()) request.room_name = options.room;
    if (!options.layout.empty()) request.layout = options.layout;
    if (!options.template_url.empty()) request.custom_base_url = options.template_url;
    TS_CHECK(media_flags(request.audio_only, request.video_only));
    return apply_outputs(options, request.outputs);
  }
  Status operator()(livekit::WebEgressRequest& request) const {
    TS_CHECK(refuse(!options.room.empty(), "--room", "an egress of a room, not of a page"));
    if (!options.web.empty()) request.url = options.web;
    if (options.await_start_signal) request.await_start_signal = true;
    TS_CHECK(media_flags(request.audio_only, request.video_only));
    return apply_outputs(options, request.outputs);
  }
  Status operator()(livekit::ParticipantEgressRequest& request) const {
    TS_CHECK(no_media_flags());
    if (!options.room.empty()) request.room_name = options.room;
    if (!options.participant.empty()) request.identity = options.participant;
    if (options.screen_share) request.screen_share = true;
    return apply_outputs(options, request.outputs);
  }
  Status operator()(livekit::TrackCompositeEgressRequest& request) const {
    TS_CHECK(no_media_flags());
    if (!options.room.empty()) request.room_name = options.room;
    if (!options.video_track.empty()) request.video_track_id = options.video_track;
    if (!options.audio_track.empty()) request.audio_track_id = options.audio_track;
    return apply_outputs(options, request.outputs);
  }
  Status operator()(livekit::TrackEgressRequest& request) const {
    TS_CHECK(no_media_flags());
    if (!options.targets.empty() || !options.hls.empty() || !options.image.empty()) {
      return usage("--track saves one track as it is: to --file or --websocket-url-file",
                   "for a stream use --video-track and --audio-track");
    }
    if (!options.preset.empty() || !options.ladder.empty() || names_advanced_options(options) ||
        !options.webhook.empty()) {
      return usage("--track saves one track as it is: nothing encodes it",
                   "for another size or bitrate use --video-track and --audio-track");
    }
    if (!options.room.empty()) request.room_name = options.room;
    if (!options.track.empty()) request.track_id = options.track;
    if (!options.file.empty()) request.file = livekit::DirectFileOutput{.filepath = options.file};
    if (!options.websocket_url_file.empty()) {
      TS_TRY(request.websocket_url, context.secret_from(options.websocket_url_file));
    }
    return ok_status();
  }
  Status operator()(livekit::StartEgressRequest& request) const {
    if (!options.file.empty() || !options.hls.empty() || !options.image.empty() ||
        !options.webhook.empty() || options.audio_only || options.video_only) {
      return usage(
          "with a StartEgress request only --room, quality and stream targets are taken as flags",
          "write the rest into the request");
    }
    if (!options.room.empty()) request.room_name = options.room;
    return apply_encoding(options, request);
  }
};

/// Puts the targets beside the URLs that --request already has.
struct AddStreams {
  const std::vector<Secret>& urls;

  void add(livekit::StreamOutput& stream) const {
    for (const Secret& url : urls) stream.urls.push_back(url.clone());
    if (stream.protocol.is_default()) stream.protocol = protocol_of(stream.urls);
  }
  void operator()(livekit::TrackEgressRequest& /*request*/) const {}
  void operator()(livekit::StartEgressRequest& request) const {
    for (auto& output : request.outputs) {
      if (output.stream) return add(*output.stream);
    }
    add(request.outputs.emplace_back().stream.emplace());
  }
  template <typename Request>
  void operator()(Request& request) const {
    auto& streams = request.outputs.stream_outputs;
    if (streams.empty()) streams.emplace_back();
    add(streams.front());
  }
};

/// Takes the last URL out again.
struct DropLastStream {
  void operator()(livekit::TrackEgressRequest& /*request*/) const {}
  void operator()(livekit::StartEgressRequest& request) const {
    for (auto& output : request.outputs) {
      if (!output.stream) continue;
      output.stream->urls.pop_back();
      if (output.stream->urls.empty()) output.stream->protocol = {};
    }
  }
  template <typename Request>
  void operator()(Request& request) const {
    auto& stream = request.outputs.stream_outputs.front();
    stream.urls.pop_back();
    if (stream.urls.empty()) stream.protocol = {};
  }
};

Status check_request(const EgressRequest& request) {
  return std::visit([](const auto& typed) { return livekit::check(typed); }, request);
}

/// Players want a key frame every 2 s and Mux one every 5 at least; the worker's own is 4. Only for
/// requests made of flags: what --request says is as it was meant.
void space_key_frames(const EgressStartOptions& options, EgressRequest& request) {
  if (options.targets.empty() || !options.request.empty()) return;
  std::visit(
      [&](auto& typed) {
        if constexpr (requires { typed.outputs.stream_outputs; }) {
          auto& outputs = typed.outputs;
          // A preset is taken as it is: it and advanced options exclude each other.
          if (outputs.preset || outputs.stream_outputs.empty()) return;
          if (outputs.stream_outputs.front().protocol == livekit::StreamProtocol::kWebsocket)
            return;
          // Members left out keep the values of 720p30, as without any.
          auto& encoding = outputs.advanced ? *outputs.advanced : outputs.advanced.emplace();
          if (encoding.key_frame_interval == 0) encoding.key_frame_interval = 2;
        }
      },
      request);
}

/// The flags that say the same as a preset; with them the key frames can be spaced.
std::string flags_of(livekit::EncodingPreset preset) {
  using livekit::EncodingPreset;
  switch (preset) {
    case EncodingPreset::kH264_720p30:
      return "--width 1280 --height 720 --fps 30 --video-bitrate 3000k";
    case EncodingPreset::kH264_720p60:
      return "--width 1280 --height 720 --fps 60 --video-bitrate 4500k";
    case EncodingPreset::kH264_1080p30:
      return "--width 1920 --height 1080 --fps 30 --video-bitrate 4500k";
    case EncodingPreset::kH264_1080p60:
      return "--width 1920 --height 1080 --fps 60 --video-bitrate 6000k";
    case EncodingPreset::kPortraitH264_720p30:
      return "--width 720 --height 1280 --fps 30 --video-bitrate 3000k";
    case EncodingPreset::kPortraitH264_720p60:
      return "--width 720 --height 1280 --fps 60 --video-bitrate 4500k";
    case EncodingPreset::kPortraitH264_1080p30:
      return "--width 1080 --height 1920 --fps 30 --video-bitrate 4500k";
    case EncodingPreset::kPortraitH264_1080p60:
      return "--width 1080 --height 1920 --fps 60 --video-bitrate 6000k";
    case EncodingPreset::kPassthrough:
      break;
  }
  return {};
}

/// A preset fixes the key frames too, at the worker's own distance.
void look_at_preset(Context& context, const EgressStartOptions& options) {
  if (options.preset.empty() || options.targets.empty() || !options.request.empty()) return;
  const auto preset = livekit::parse_preset(options.preset);
  const std::string flags = preset.ok() ? flags_of(preset.value()) : std::string();
  if (flags.empty()) return;
  context.out().warn(
      fmt::format("with --preset the worker makes a key frame every 4 s, and Mux and players want "
                  "one every 2 s: in its place give {}",
                  flags));
}

/// A layout that the bundled template does not have. One's own template may: only told.
void look_at_layout(Context& context, const EgressStartOptions& options) {
  if (options.layout.empty() || !options.template_url.empty()) return;
  std::vector<std::string> known;
  for (const std::string_view name : {"grid", "speaker", "single-speaker"}) {
    for (const std::string_view tone : {"", "-light", "-dark"}) {
      known.push_back(fmt::format("{}{}", name, tone));
    }
  }
  if (std::find(known.begin(), known.end(), options.layout) != known.end()) return;
  const auto meant = nearest(options.layout, known);
  context.out().warn(fmt::format(
      "LiveKit's own template has no layout '{}': {}", shorten(options.layout, 40),
      meant ? fmt::format("did you mean {}?", *meant)
            : "it has grid, speaker and single-speaker, each also with -light or -dark"));
}

}  // namespace

void scrub_difference(const Json& full, const Json& redacted, Log& log) {
  if (full.is_string()) {
    if (full == redacted) return;
    const auto& text = full.get_ref<const std::string&>();
    log.scrub(Secret(text));
    // The key alone may turn up too.
    const std::string_view url = std::string_view(text).substr(0, text.find('?'));
    log.scrub(Secret(url.substr(url.rfind('/') + 1)));
  } else if (full.is_structured()) {
    auto other = redacted.begin();
    for (auto it = full.begin(); it != full.end(); ++it, ++other) {
      scrub_difference(*it, *other, log);
    }
  }
}

Result<std::uint32_t> parse_kilobits(std::string_view text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit = to_lower(std::string_view(end, text.data() + text.size()));
  const double factor = unit == "k" || unit == "kbps"   ? 1
                        : unit == "m" || unit == "mbps" ? 1000
                                                        : 0;
  const double kilobits = number * factor;
  if (failure != std::errc{} || factor == 0 || !(kilobits >= 1 && kilobits <= 100'000)) {
    return usage(fmt::format("'{}' is not a bitrate", shorten(text, 40)),
                 "write it with its unit: 2500k or 4.5M");
  }
  return static_cast<std::uint32_t>(std::lround(kilobits));
}

Result<PlannedEgress> plan_egress(Context& context, const EgressStartOptions& options) {
  PlannedEgress plan;
  TS_TRY(plan.request, base_request(context, options));
  const bool is_web = std::holds_alternative<livekit::WebEgressRequest>(plan.request);
  if (options.room.empty() && options.request.empty() && !is_web) {
    return usage("--room is missing", "name the room: ts egress start --room ROOM ...");
  }
  TS_CHECK(refuse(options.await_start_signal && !is_web, "--await-start-signal", "--web"));
  TS_CHECK(refuse(options.screen_share &&
                      !std::holds_alternative<livekit::ParticipantEgressRequest>(plan.request),
                  "--screen-share", "--participant"));
  TS_CHECK(refuse(!options.websocket_url_file.empty() &&
                      !std::holds_alternative<livekit::TrackEgressRequest>(plan.request),
                  "--websocket-url-file", "--track"));
  TS_CHECK(std::visit(Apply{context, options}, plan.request));
  look_at_layout(context, options);
  if (options.targets.empty()) {
    TS_CHECK(check_request(plan.request));
    return plan;
  }
  // What can be refused is refused before a stream key is looked up.
  std::vector<Secret> urls;
  urls.emplace_back("rtmp://stand-in/app/key");
  std::visit(AddStreams{urls}, plan.request);
  const Status shape = check_request(plan.request);
  std::visit(DropLastStream{}, plan.request);
  TS_CHECK(shape);
  TS_TRY(plan.targets, resolve_targets(context, options.targets));
  urls.clear();
  for (const Target& target : plan.targets) urls.push_back(target.url.clone());
  std::visit(AddStreams{urls}, plan.request);
  space_key_frames(options, plan.request);
  look_at_preset(context, options);
  TS_CHECK(check_request(plan.request));
  return plan;
}

std::string redacted_text(const EgressRequest& request) {
  return std::visit([](const auto& typed) { return dump_json(livekit::to_redacted_json(typed)); },
                    request);
}

}  // namespace ts::cli
