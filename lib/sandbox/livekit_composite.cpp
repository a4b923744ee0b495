// SPDX-License-Identifier: Apache-2.0
// Egress of a whole room: one picture and one sound of everybody in it.
#include "sandbox/livekit_internal.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ts::sandbox {
namespace {

/// A publisher of one track alone: after so long nobody waits for its other one.
constexpr milliseconds kSettle{500};
/// What the compositor takes.
constexpr int kLeastWidth = 160;
constexpr int kLeastHeight = 90;
constexpr int kMostWidth = 3840;
constexpr int kMostHeight = 2160;
constexpr double kMostRate = 60;

Refusal invalid(std::string_view field) {
  return service_error("invalid_argument",
                       "request has missing or invalid field: " + std::string(field));
}

struct Preset {
  std::string_view name;
  int width;
  int height;
  double rate;
  std::int64_t kbps;
};
constexpr auto kPresets = std::to_array<Preset>({
    {"H264_720P_30", 1280, 720, 30, 3000},
    {"H264_720P_60", 1280, 720, 60, 4500},
    {"H264_1080P_30", 1920, 1080, 30, 4500},
    {"H264_1080P_60", 1920, 1080, 60, 6000},
    {"PORTRAIT_H264_720P_30", 720, 1280, 30, 3000},
    {"PORTRAIT_H264_720P_60", 720, 1280, 60, 4500},
    {"PORTRAIT_H264_1080P_30", 1080, 1920, 30, 4500},
    {"PORTRAIT_H264_1080P_60", 1080, 1920, 60, 6000},
});

double decimal_of(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_number() ? member->get<double>() : 0;
}

/// EncodingOptions over the defaults; what is 0 stays as it is.
std::optional<Refusal> apply_options(const Json& options, CompositeFormat& format) {
  for (const auto& [key, side] : {std::pair{"width", &format.width}, {"height", &format.height}}) {
    const auto wanted = number_of(options, key);
    if (wanted == 0) continue;
    if (wanted < 16 || wanted % 2 != 0) return invalid(key);
    *side = static_cast<int>(std::min<std::int64_t>(wanted, 1 << 16));
  }
  const auto positive = [&](const char* key, auto take) {
    const double wanted = decimal_of(options, key);
    if (wanted > 0) take(wanted);
    return wanted >= 0;
  };
  if (!positive("framerate", [&](double v) { format.frame_rate = v; })) return invalid("framerate");
  if (!positive("video_bitrate",
                [&](double v) { format.video_bits_per_s = static_cast<std::int64_t>(v) * 1000; })) {
    return invalid("video_bitrate");
  }
  if (!positive("audio_bitrate",
                [&](double v) { format.audio_bits_per_s = static_cast<std::int64_t>(v) * 1000; })) {
    return invalid("audio_bitrate");
  }
  if (!positive("key_frame_interval", [&](double v) {
        format.key_interval = milliseconds{std::llround(std::min(v, 3600.0) * 1000)};
      })) {
    return invalid("key_frame_interval");
  }
  const auto video = options.value("video_codec", std::string("DEFAULT_VC"));
  if (video == "H264_BASELINE") format.profile = "baseline";
  if (video == "H264_HIGH") format.profile = "high";
  const auto audio = options.value("audio_codec", std::string("DEFAULT_AC"));
  const bool ours = (video == "DEFAULT_VC" || video.starts_with("H264_")) &&
                    (audio == "DEFAULT_AC" || audio == "AAC");
  return ours ? std::nullopt
              : std::optional(no_worker("composite of other codecs than H.264 and AAC"));
}

bool can_be_made(const CompositeFormat& format) {
  return format.width >= kLeastWidth && format.width <= kMostWidth &&
         format.height >= kLeastHeight && format.height <= kMostHeight && format.frame_rate >= 1 &&
         format.frame_rate <= kMostRate && format.key_interval >= milliseconds{100} &&
         format.key_interval <= seconds{20} && format.video_bits_per_s >= 50'000 &&
         format.video_bits_per_s <= 50'000'000 && format.audio_bits_per_s >= 32'000 &&
         format.audio_bits_per_s <= 512'000;
}

}  // namespace

std::optional<Refusal> LiveKitService::Impl::plan_composite(const Json& request, const Json& source,
                                                            Egress& item) {
  item.layout = text_of(source, "layout");
  // A template of one's own is a web page, which needs a browser.
  if (!text_of(source, "custom_base_url").empty())
    return no_worker("composite by a template of one's own");
  if (request.contains("advanced")) {
    if (auto refusal = apply_options(request["advanced"], item.format)) return refusal;
  } else if (const auto preset = request.value("preset", std::string("H264_720P_30"));
             preset != "H264_720P_30") {
    const auto* found = std::find_if(kPresets.begin(), kPresets.end(),
                                     [&](const Preset& one) { return one.name == preset; });
    if (found == kPresets.end()) return no_worker("composite at that preset");
    item.format.width = found->width;
    item.format.height = found->height;
    item.format.frame_rate = found->rate;
    item.format.video_bits_per_s = found->kbps * 1000;
  }
  if (!item.video) {
    // Nobody sees the picture: the smallest is enough.
    item.format = {.width = kLeastWidth,
                   .height = kLeastHeight,
                   .frame_rate = 10,
                   .video_bits_per_s = 50'000,
                   .audio_bits_per_s = item.format.audio_bits_per_s,
                   .key_interval = seconds{1}};
  }
  return can_be_made(item.format)
             ? std::nullopt
             : std::optional(no_worker("composite of that size, frame rate or bitrate"));
}

CompositeView LiveKitService::Impl::view_of(const Egress& item) const {
  CompositeView view{.layout = item.layout};
  const auto room = rooms.find(text_of(item.info, "room_name"));
  if (room == rooms.end()) return view;
  // By publish: in the order they came.
  for (const auto& [publish, feed] : feeds) {
    const auto participant = room->second.participants.find(feed.identity);
    if (feed.room != room->first || participant == room->second.participants.end() ||
        participant->second.publish != publish) {
      continue;
    }
    const auto& stream = feed.info;
    const bool whole = stream.has_video && stream.has_audio;
    if (!whole && clock.steady_now() - feed.described < kSettle) continue;
    CompositeMember member{.publish = publish,
                           .identity = feed.identity,
                           .video = item.video && stream.has_video,
                           .audio = item.audio && stream.has_audio,
                           .portrait = stream.height > stream.width};
    for (const auto& track : participant->second.info.value("tracks", Json::array())) {
      if (text_of(track, "source") == "SCREEN_SHARE") member.screen = true;
    }
    if (member.video || member.audio) view.members.push_back(std::move(member));
  }
  return view;
}

void LiveKitService::Impl::try_to_compose(Egress& item) {
  if (item.composite != 0) return;
  auto view = view_of(item);
  // With nothing to show or to play the real one waits, too.
  if (view.members.empty()) return;
  item.composite = next_relay++;
  item.composite_key = options.random(32);
  item.view = view;
  effects.push_back(CompositeStart{.composite = item.composite,
                                   .url = Secret(options.composite_url + "/" + item.composite_key),
                                   .audio = item.audio,
                                   .video = item.video,
                                   .format = item.format,
                                   .view = std::move(view)});
}

void LiveKitService::Impl::stop_composite(Egress& item) {
  if (item.composite != 0) effects.push_back(CompositeStop{item.composite});
  item.composite = 0;
  item.composite_key.clear();
  item.composed = 0;
}

void LiveKitService::Impl::tell_composites() {
  for (auto& [id, item] : egress) {
    const auto status = text_of(item.info, "status");
    if (item.composite == 0 || is_terminal(status) || status == "EGRESS_ENDING") continue;
    auto view = view_of(item);
    if (view == item.view) continue;
    if (!view.members.empty()) {
      item.view = view;
      effects.push_back(CompositeChange{item.composite, std::move(view)});
    } else if (status == "EGRESS_ACTIVE") {
      begin_end(item, "Source closed");
      // It may have been the last one of the room's own list.
      return tell_composites();
    } else {
      stop_composite(item);
    }
  }
}

Status LiveKitService::Impl::begin_composed(std::string_view key, PublishId publish) {
  for (auto& [id, item] : egress) {
    if (item.composite == 0 || item.composite_key != key || item.composed != 0) continue;
    item.composed = publish;
    return ok_status();
  }
  return Error{.kind = ErrorKind::kAuth, .message = "no egress waits for this"};
}

bool LiveKitService::Impl::describe_composed(PublishId publish, const StreamInfo& info) {
  for (auto& [id, item] : egress) {
    if (item.composed != publish || publish == 0) continue;
    if (text_of(item.info, "status") == "EGRESS_STARTING" && info.has_audio && info.has_video) {
      run(item, publish);
    }
    return true;
  }
  return false;
}

void LiveKitService::Impl::end_composed(PublishId publish) {
  for (auto& [id, item] : egress) {
    if (item.composed != publish || publish == 0) continue;
    item.composed = 0;
    // A compositor whose stream broke off is of no use; when it is over it says why.
    if (item.composite != 0) effects.push_back(CompositeStop{item.composite});
  }
}

void LiveKitService::Impl::composite_is_over(RelayId composite, std::string_view error,
                                             bool crashed) {
  for (auto& [id, item] : egress) {
    if (composite == 0 || item.composite != composite) continue;
    item.composite = 0;
    const auto status = text_of(item.info, "status");
    if (is_terminal(status) || status == "EGRESS_ENDING") return;
    finish(item, "EGRESS_FAILED",
           error.empty() ? std::string("the composite broke off") : std::string(error), 500,
           crashed ? "Process killed" : "Failure");
    return;
  }
}

}  // namespace ts::sandbox
