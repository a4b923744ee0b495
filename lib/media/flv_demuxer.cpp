// SPDX-License-Identifier: Apache-2.0
#include "media/flv_demuxer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

namespace ts::media {
namespace {

/// How long a stream may send one kind of media alone before the other is given up.
constexpr std::int64_t kWaitForTrackMs = 1000;
/// The same bound for streams whose clock stands still.
constexpr std::size_t kMaxHeld = 4096;
constexpr std::size_t kAvcHeaderSize = 5;
constexpr std::size_t kAacHeaderSize = 2;

Error unsupported(std::string_view what, std::string hint) {
  return Error{.kind = ErrorKind::kMedia, .message = std::string(what), .hint = std::move(hint)};
}

/// Copies `bytes` into the parameters' extradata with the padding FFmpeg's readers need.
Status set_extradata(AVCodecParameters& parameters, std::span<const std::uint8_t> bytes) {
  av_freep(&parameters.extradata);
  parameters.extradata_size = 0;
  parameters.extradata =
      static_cast<std::uint8_t*>(av_mallocz(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr) return av_no_memory();
  std::memcpy(parameters.extradata, bytes.data(), bytes.size());
  parameters.extradata_size = static_cast<int>(bytes.size());
  return ok_status();
}

bool same_extradata(const AVCodecParameters* parameters, std::span<const std::uint8_t> bytes) {
  if (parameters == nullptr) return false;
  const std::span<const std::uint8_t> present{parameters->extradata,
                                              static_cast<std::size_t>(parameters->extradata_size)};
  return std::equal(present.begin(), present.end(), bytes.begin(), bytes.end());
}

/// Reads bit fields, most significant bit first; beyond the end it reads zeros.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint32_t read(unsigned count) {
    std::uint32_t value = 0;
    for (; count > 0; --count, ++position_) {
      const auto byte = position_ / 8 < bytes_.size() ? bytes_[position_ / 8] : std::uint8_t{0};
      value = (value << 1U) | ((static_cast<std::uint32_t>(byte) >> (7U - position_ % 8)) & 1U);
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
};

/// Sample rate and channels out of an AudioSpecificConfig (ISO 14496-3, 1.6.2.1).
Result<AvCodecParameters> aac_parameters(std::span<const std::uint8_t> config) {
  static constexpr std::array<int, 13> kRates = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                 22050, 16000, 12000, 11025, 8000,  7350};
  static constexpr std::array<int, 8> kChannels = {0, 1, 2, 3, 4, 5, 6, 8};
  const auto bad = [] { return unsupported("the AAC configuration is damaged", ""); };
  if (config.size() < 2) return bad();
  BitReader bits(config);
  if (bits.read(5) == 31) bits.read(6);
  const auto index = bits.read(4);
  const auto rate = index == 15 ? static_cast<int>(bits.read(24))
                                : (index < kRates.size() ? kRates.at(index) : 0);
  const auto channels = bits.read(4);
  if (rate < 7350 || rate > 96000 || channels == 0 || channels >= kChannels.size()) return bad();

  AvCodecParameters parameters(avcodec_parameters_alloc());
  if (!parameters) return av_no_memory();
  parameters->codec_type = AVMEDIA_TYPE_AUDIO;
  parameters->codec_id = AV_CODEC_ID_AAC;
  parameters->sample_rate = rate;
  parameters->frame_size = 1024;
  av_channel_layout_default(&parameters->ch_layout, kChannels.at(channels));
  TS_CHECK(set_extradata(*parameters, config));
  return parameters;
}

Result<AvCodecParameters> avc_parameters(std::span<const std::uint8_t> config) {
  // An AVCDecoderConfigurationRecord (ISO 14496-15) begins with version 1 and has 7 bytes or more.
  if (config.size() < 7 || config[0] != 1) {
    return unsupported("the H.264 configuration is damaged", "");
  }
  AvCodecParameters parameters(avcodec_parameters_alloc());
  if (!parameters) return av_no_memory();
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_H264;
  parameters->profile = config[1];
  parameters->level = config[3];
  TS_CHECK(set_extradata(*parameters, config));
  return parameters;
}

Result<CodedPacket> make_packet(TrackKind track, const rtmp::Tag& tag, std::size_t header,
                                std::int32_t composition_ms, bool key) {
  const auto payload = std::span(tag.payload).subspan(header);
  CodedPacket coded{.track = track, .time_base = {1, 1000}, .packet = AvPacket(av_packet_alloc())};
  if (!coded.packet || av_new_packet(coded.packet.get(), static_cast<int>(payload.size())) < 0) {
    return av_no_memory();
  }
  std::memcpy(coded.packet->data, payload.data(), payload.size());
  coded.packet->dts = tag.timestamp_ms;
  coded.packet->pts = tag.timestamp_ms + composition_ms;
  if (key) coded.packet->flags |= AV_PKT_FLAG_KEY;
  return coded;
}

Result<AvCodecParameters> clone_parameters(const AvCodecParameters& from) {
  AvCodecParameters copy;
  if (!from) return copy;
  copy.reset(avcodec_parameters_alloc());
  if (!copy || avcodec_parameters_copy(copy.get(), from.get()) < 0) return av_no_memory();
  return copy;
}

std::int32_t read_composition_ms(const rtmp::Tag& tag) {
  const auto raw = (static_cast<std::uint32_t>(tag.payload[2]) << 16U) |
                   (static_cast<std::uint32_t>(tag.payload[3]) << 8U) | tag.payload[4];
  const auto value = static_cast<std::int32_t>(raw);
  return value >= 0x800000 ? value - 0x1000000 : value;
}

}  // namespace

Result<Tracks> Tracks::clone() const {
  Tracks copy;
  TS_TRY(copy.video, clone_parameters(video));
  TS_TRY(copy.audio, clone_parameters(audio));
  return copy;
}

std::string describe(const Tracks& tracks) {
  std::string text;
  if (tracks.video) {
    text = fmt::format("{} {}x{}", avcodec_get_name(tracks.video->codec_id), tracks.video->width,
                       tracks.video->height);
  }
  if (tracks.audio) {
    text += fmt::format("{}{} {} Hz, {} channel{}", text.empty() ? "" : " + ",
                        avcodec_get_name(tracks.audio->codec_id), tracks.audio->sample_rate,
                        tracks.audio->ch_layout.nb_channels,
                        tracks.audio->ch_layout.nb_channels == 1 ? "" : "s");
  }
  return text.empty() ? "no media" : text;
}

Result<std::vector<DemuxEvent>> FlvDemuxer::push(const rtmp::Tag& tag) {
  std::vector<DemuxEvent> out;
  if (tag.type == rtmp::TagType::kScript) {
    const auto announced = announced_tracks(tag);
    if (announced.audio || announced.video) announced_ = announced;
    return out;
  }
  if (tag.payload.empty()) return out;
  last_ms_ = tag.timestamp_ms;
  TS_CHECK(tag.type == rtmp::TagType::kVideo ? push_video(tag, out) : push_audio(tag, out));
  TS_CHECK(start_if_ready(false, out));
  return out;
}

Result<std::vector<DemuxEvent>> FlvDemuxer::finish() {
  std::vector<DemuxEvent> out;
  TS_CHECK(start_if_ready(true, out));
  return out;
}

Status FlvDemuxer::push_video(const rtmp::Tag& tag, std::vector<DemuxEvent>& out) {
  const bool enhanced = (tag.payload[0] & 0x80U) != 0;
  const auto codec = tag.payload[0] & 0x0FU;
  const auto frame_type = (static_cast<unsigned>(tag.payload[0]) >> 4U) & 0x7U;
  if (enhanced && tag.payload.size() >= 5) {
    const std::string fourcc(tag.payload.begin() + 1, tag.payload.begin() + 5);
    return unsupported("video codec '" + shorten(fourcc) + "' is not supported here",
                       "publish H.264");
  }
  if (frame_type == 5) return ok_status();  // A command to players, no picture.
  if (codec != 7) {
    return unsupported(fmt::format("video codec {} of FLV is not supported here", codec),
                       "publish H.264");
  }
  if (tag.payload.size() < kAvcHeaderSize) return ok_status();
  if (rtmp::is_sequence_header(tag.view())) {
    const auto config = std::span(tag.payload).subspan(kAvcHeaderSize);
    if (config.empty() || same_extradata(video_.get(), config)) return ok_status();
    TS_TRY(video_, avc_parameters(config));
    video_flows_ = false;
    return ok_status();
  }
  if (!is_media(tag) || !video_ || tag.payload.size() == kAvcHeaderSize) return ok_status();
  const bool key = is_key_picture(tag);
  if (!video_flows_ && !key) return ok_status();
  TS_TRY(auto coded,
         make_packet(TrackKind::kVideo, tag, kAvcHeaderSize, read_composition_ms(tag), key));
  if (key && (!video_flows_ || video_->width == 0)) TS_CHECK(measure_picture(*coded.packet));

  const bool first_of_configuration = !video_flows_;
  video_flows_ = true;
  if (!started_) {
    if (first_of_configuration) {
      const auto key_dts = coded.packet->dts;
      std::erase_if(held_, [&](const CodedPacket& held) {
        return held.track == TrackKind::kVideo || held.packet->dts < key_dts;
      });
    }
    held_.push_back(std::move(coded));
    return ok_status();
  }
  if (key && (first_of_configuration || (audio_ && !audio_flows_))) TS_CHECK(announce(out));
  out.emplace_back(std::move(coded));
  return ok_status();
}

Status FlvDemuxer::push_audio(const rtmp::Tag& tag, std::vector<DemuxEvent>& out) {
  const auto codec = static_cast<unsigned>(tag.payload[0]) >> 4U;
  if (codec != 10) {
    return unsupported(codec == 2
                           ? "audio codec MP3 is not supported here"
                           : fmt::format("audio codec {} of FLV is not supported here", codec),
                       "publish AAC");
  }
  if (tag.payload.size() <= kAacHeaderSize) return ok_status();
  if (rtmp::is_sequence_header(tag.view())) {
    const auto config = std::span(tag.payload).subspan(kAacHeaderSize);
    if (same_extradata(audio_.get(), config)) return ok_status();
    TS_TRY(audio_, aac_parameters(config));
    audio_flows_ = false;
    return ok_status();
  }
  if (!is_media(tag) || !audio_) return ok_status();
  TS_TRY(auto coded, make_packet(TrackKind::kAudio, tag, kAacHeaderSize, 0, true));
  coded.packet->duration = av_rescale_rnd(1024, 1000, audio_->sample_rate, AV_ROUND_NEAR_INF);
  if (!started_) {
    if (held_.size() >= kMaxHeld) held_.pop_front();
    held_.push_back(std::move(coded));
    return ok_status();
  }
  if (!audio_flows_) {
    if (video_) return ok_status();  // Joins at the next key frame.
    TS_CHECK(announce(out));
  }
  out.emplace_back(std::move(coded));
  return ok_status();
}

Status FlvDemuxer::start_if_ready(bool at_end, std::vector<DemuxEvent>& out) {
  if (started_ || held_.empty()) return ok_status();
  const bool only_video_announced = announced_.video && !announced_.audio;
  const bool only_audio_announced = announced_.audio && !announced_.video;
  const auto held_since = held_.front().packet->dts;
  const bool waited =
      at_end || held_.size() >= kMaxHeld || last_ms_ >= held_since + kWaitForTrackMs;
  const bool video_ready = video_flows_ || (!video_ && (only_audio_announced || waited));
  const bool audio_ready = audio_ != nullptr || only_video_announced || waited;
  if (!video_ready || !audio_ready) return ok_status();

  started_ = true;
  TS_CHECK(announce(out));
  for (auto& coded : held_) out.emplace_back(std::move(coded));
  held_.clear();
  return ok_status();
}

Status FlvDemuxer::announce(std::vector<DemuxEvent>& out) {
  audio_flows_ = audio_ != nullptr;
  Tracks tracks;
  if (video_flows_) {
    TS_TRY(tracks.video, clone_parameters(video_));
  }
  TS_TRY(tracks.audio, clone_parameters(audio_));
  out.emplace_back(std::move(tracks));
  return ok_status();
}

Status FlvDemuxer::measure_picture(const AVPacket& packet) {
  // The parser reads the sizes out of the parameter sets without decoding a picture.
  AvParser parser(av_parser_init(AV_CODEC_ID_H264));
  AvCodecContext context(avcodec_alloc_context3(nullptr));
  if (!parser || !context) return av_no_memory();
  if (const int code = avcodec_parameters_to_context(context.get(), video_.get()); code < 0) {
    return av_error(code, "read the H.264 configuration");
  }
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  std::uint8_t* unused = nullptr;
  int unused_size = 0;
  av_parser_parse2(parser.get(), context.get(), &unused, &unused_size, packet.data, packet.size,
                   packet.pts, packet.dts, 0);
  if (parser->width <= 0 || parser->height <= 0) {
    return unsupported("the H.264 stream does not say its picture size", "");
  }
  video_->width = parser->width;
  video_->height = parser->height;
  video_->format = parser->format;
  return ok_status();
}

}  // namespace ts::media
