// SPDX-License-Identifier: Apache-2.0
#include "media/stream_watch.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace ts::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<int, 13> kAacRates = {96'000, 88'200, 64'000, 48'000, 44'100, 32'000, 24'000,
                                           22'050, 16'000, 12'000, 11'025, 8000,   7350};

Bytes side_data(const AVPacket& packet, AVPacketSideDataType type) {
  std::size_t size = 0;
  const std::uint8_t* data = av_packet_get_side_data(&packet, type, &size);
  return data == nullptr ? Bytes{} : Bytes{data, size};
}

Bytes header_of(const AVCodecParameters& parameters) {
  return {parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)};
}

bool same(Bytes one, Bytes other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end());
}

void set_header(AVCodecParameters& into, Bytes header) {
  av_freep(&into.extradata);
  into.extradata_size = 0;
  if (header.empty()) return;
  into.extradata =
      static_cast<std::uint8_t*>(av_mallocz(header.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (into.extradata == nullptr) throw std::bad_alloc();
  std::memcpy(into.extradata, header.data(), header.size());
  into.extradata_size = static_cast<int>(header.size());
}

void set_sound(AVCodecParameters& into, int rate, int channels) {
  if (rate > 0) into.sample_rate = rate;
  if (channels <= 0) return;
  av_channel_layout_uninit(&into.ch_layout);
  av_channel_layout_default(&into.ch_layout, channels);
}

/// Of H.264 and HEVC: the parameter sets stand in the stream, not in a header of their own.
bool has_start_codes(const AVCodecParameters& parameters) {
  const Bytes header = header_of(parameters);
  return header.size() < 4 || (header[0] == 0 && header[1] == 0);
}

/// AudioSpecificConfig: its first bits are all that a container wants to know.
void read_aac_header(AVCodecParameters& into) {
  const Bytes header = header_of(into);
  if (header.size() < 2 || header[0] >> 3U == 31) return;
  const std::size_t rate = (header[0] & 7U) << 1U | header[1] >> 7U;
  const unsigned channels = header[1] >> 3U & 15U;
  if (rate >= kAacRates.size()) return;
  set_sound(into, kAacRates[rate], channels == 7 ? 8 : static_cast<int>(channels));
}

/// What FFmpeg's parser finds in a packet.
void parse(AVCodecParameters& into, const AVPacket& packet) {
  const AvParser parser(av_parser_init(into.codec_id));
  const AvCodecContext context(avcodec_alloc_context3(nullptr));
  if (!parser || !context || avcodec_parameters_to_context(context.get(), &into) < 0) return;
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  std::uint8_t* out = nullptr;
  int size = 0;
  av_parser_parse2(parser.get(), context.get(), &out, &size, packet.data, packet.size, packet.pts,
                   packet.dts, packet.pos);
  if (into.codec_type == AVMEDIA_TYPE_AUDIO) {
    set_sound(into, context->sample_rate, context->ch_layout.nb_channels);
    return;
  }
  // Most parsers leave it to the context.
  const int width = parser->width > 0 ? parser->width : context->width;
  const int height = parser->height > 0 ? parser->height : context->height;
  if (width <= 0 || height <= 0) return;
  into.width = width;
  into.height = height;
  if (parser->format >= 0) into.format = parser->format;
}

/// The parameter sets in a packet of H.264, HEVC …; empty when it has none.
std::vector<std::uint8_t> parameter_sets(const AVCodecParameters& of, const AVPacket& packet) {
  const AVBitStreamFilter* kind = av_bsf_get_by_name("extract_extradata");
  if (kind == nullptr) return {};
  // It complains about what has none, at each key frame.
  const AVCodecID* knows = kind->codec_ids;
  while (*knows != AV_CODEC_ID_NONE && *knows != of.codec_id) ++knows;
  AVBSFContext* made = nullptr;
  if (*knows == AV_CODEC_ID_NONE || av_bsf_alloc(kind, &made) < 0) return {};
  const AvBitstreamFilter filter(made);
  if (avcodec_parameters_copy(filter->par_in, &of) < 0 || av_bsf_init(filter.get()) < 0) return {};
  AvPacket copy = reference(packet);
  if (av_bsf_send_packet(filter.get(), copy.get()) < 0) return {};
  if (av_bsf_receive_packet(filter.get(), copy.get()) < 0) return {};
  const Bytes found = side_data(*copy, AV_PKT_DATA_NEW_EXTRADATA);
  return {found.begin(), found.end()};
}

struct Adts {
  std::uint16_t kind = 0;  ///< Profile, rate and channels; never 0.
  int rate = 0;
  int channels = 0;
};

Adts adts_of(const AVPacket& packet) {
  if (packet.size < 7 || packet.data[0] != 0xFF || (packet.data[1] & 0xF6U) != 0xF0U) return {};
  const unsigned low = packet.data[2];
  const unsigned high = packet.data[3];
  const std::size_t rate = low >> 2U & 15U;
  if (rate >= kAacRates.size()) return {};
  const unsigned channels = (low & 1U) << 2U | high >> 6U;
  // Without the "private" bit, which says nothing.
  return {.kind = static_cast<std::uint16_t>(0x8000U | (low & 0xFDU) << 2U | high >> 6U),
          .rate = kAacRates[rate],
          .channels = channels == 7 ? 8 : static_cast<int>(channels)};
}

bool is_complete(const AVCodecParameters& parameters) {
  if (parameters.codec_type == AVMEDIA_TYPE_AUDIO) {
    return parameters.sample_rate > 0 && parameters.ch_layout.nb_channels > 0;
  }
  const bool needs_header =
      parameters.codec_id == AV_CODEC_ID_H264 || parameters.codec_id == AV_CODEC_ID_HEVC;
  return parameters.width > 0 && parameters.height > 0 &&
         (!needs_header || parameters.extradata_size > 0);
}

}  // namespace

void complete_parameters(AVCodecParameters& into, const AVPacket& packet) {
  if (is_complete(into)) return;
  if (into.codec_type == AVMEDIA_TYPE_VIDEO) {
    if (has_start_codes(into)) {
      const auto sets = parameter_sets(into, packet);
      if (!sets.empty()) set_header(into, sets);
    }
    parse(into, packet);
  } else if (into.codec_id == AV_CODEC_ID_AAC) {
    const Adts adts = adts_of(packet);
    if (adts.kind != 0) {
      set_sound(into, adts.rate, adts.channels);
    } else {
      read_aac_header(into);
    }
  } else {
    parse(into, packet);
  }
}

StreamWatch::StreamWatch(StreamFormat format) : format_(std::move(format)) {}

bool StreamWatch::complete() const noexcept { return is_complete(*format_.parameters); }

bool StreamWatch::fits(const AVPacket& packet) const {
  const AVCodecParameters& now = *format_.parameters;
  return now.codec_id != AV_CODEC_ID_AAC || now.extradata_size > 0 || adts_of(packet).kind != 0;
}

AvCodecParameters StreamWatch::copy() const {
  AvCodecParameters out(avcodec_parameters_alloc());
  if (!out || avcodec_parameters_copy(out.get(), format_.parameters.get()) < 0) {
    throw std::bad_alloc();
  }
  return out;
}

void StreamWatch::set(AvCodecParameters parameters) { format_.parameters = std::move(parameters); }

bool StreamWatch::see(const AVPacket& packet) {
  const AVCodecParameters& now = *format_.parameters;
  if (const Bytes header = side_data(packet, AV_PKT_DATA_NEW_EXTRADATA); !header.empty()) {
    if (same(header, header_of(now))) return false;
    const bool before = complete();
    AvCodecParameters next = copy();
    set_header(*next, header);
    if (next->codec_type == AVMEDIA_TYPE_VIDEO) {
      parse(*next, packet);
    } else if (next->codec_id == AV_CODEC_ID_AAC) {
      read_aac_header(*next);
    }
    set(std::move(next));
    return before;
  }
  if (now.codec_type == AVMEDIA_TYPE_VIDEO) return see_parameter_sets(packet);
  return see_sound(packet);
}

bool StreamWatch::see_parameter_sets(const AVPacket& packet) {
  const AVCodecParameters& now = *format_.parameters;
  if ((packet.flags & AV_PKT_FLAG_KEY) == 0 || !has_start_codes(now)) return false;
  const auto sets = parameter_sets(now, packet);
  if (sets.empty() || same(sets, header_of(now))) return false;
  const bool before = complete();
  AvCodecParameters next = copy();
  set_header(*next, sets);
  parse(*next, packet);
  // The packets carry the sets themselves: with pictures of the same kind, the file goes on.
  const bool changed = next->width != now.width || next->height != now.height ||
                       (next->format != now.format && now.format >= 0);
  set(std::move(next));
  return before && changed;
}

bool StreamWatch::see_sound(const AVPacket& packet) {
  const bool before = complete();
  if (!before) {
    AvCodecParameters next = copy();
    complete_parameters(*next, packet);
    set(std::move(next));
  }
  return format_.parameters->codec_id == AV_CODEC_ID_AAC && see_adts(packet) && before;
}

bool StreamWatch::see_adts(const AVPacket& packet) {
  if (format_.parameters->extradata_size > 0) return false;
  const Adts adts = adts_of(packet);
  if (adts.kind == 0) return false;
  const std::uint16_t before = std::exchange(adts_, adts.kind);
  // The first one only confirms what the stream's parameters say, in the encoder's own way.
  if (before == 0 || before == adts.kind) return false;
  AvCodecParameters next = copy();
  set_sound(*next, adts.rate, adts.channels);
  set(std::move(next));
  return true;
}

}  // namespace ts::media
