// SPDX-License-Identifier: Apache-2.0
#include "media/encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace ts::media {
namespace {

Result<StreamFormat> format_of(const AVCodecContext& codec) {
  AvCodecParameters parameters(avcodec_parameters_alloc());
  if (!parameters) return av_no_memory();
  if (const int code = avcodec_parameters_from_context(parameters.get(), &codec); code < 0) {
    return av_error(code, "read encoder parameters");
  }
  StreamFormat format;
  format.parameters = std::shared_ptr<const AVCodecParameters>(
      parameters.release(), [](const AVCodecParameters* owned) {
        auto* pointer = const_cast<AVCodecParameters*>(owned);  // NOLINT
        avcodec_parameters_free(&pointer);
      });
  format.time_base = codec.time_base;
  format.rate = codec.framerate;
  return format;
}

Status collect_packets(AVCodecContext& codec, bool video, const PacketSink& sink) {
  while (true) {
    AvPacket packet = make_packet();
    const int code = avcodec_receive_packet(&codec, packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return ok_status();
    if (code < 0) return av_error(code, video ? "encode picture" : "encode sound");
    if (video && packet->duration == 0) packet->duration = 1;
    EncodedPacket out;
    out.video = video;
    out.key = !video || (packet->flags & AV_PKT_FLAG_KEY) != 0;
    out.dts_us = av_rescale_q(packet->dts, codec.time_base, {1, 1'000'000});
    out.packet = std::shared_ptr<const AVPacket>(packet.release(), [](const AVPacket* owned) {
      auto* pointer = const_cast<AVPacket*>(owned);  // NOLINT
      av_packet_free(&pointer);
    });
    sink(std::move(out));
  }
}

}  // namespace

Result<VideoEncoder> VideoEncoder::create(const VideoEncoderOptions& options) {
  const AVCodec* codec = avcodec_find_encoder_by_name(options.encoder.c_str());
  if (codec == nullptr || codec->type != AVMEDIA_TYPE_VIDEO) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("no video encoder '{}' in this FFmpeg", options.encoder),
                 .hint = "use libx264, or see ffmpeg -encoders"};
  }
  if (codec->id != AV_CODEC_ID_H264) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("'{}' encodes {}, not H.264", options.encoder,
                                        avcodec_get_name(codec->id)),
                 .hint = "use libx264, or see ffmpeg -encoders for H.264"};
  }
  const AVPixelFormat* formats = codec->pix_fmts;
  while (formats != nullptr && *formats != AV_PIX_FMT_NONE && *formats != AV_PIX_FMT_YUV420P) {
    ++formats;
  }
  if (formats != nullptr && *formats == AV_PIX_FMT_NONE) {
    return Error{
        .kind = ErrorKind::kMedia,
        .message = fmt::format("'{}' takes no pictures from memory (yuv420p)", options.encoder),
        .hint = "use libx264, h264_nvenc or h264_v4l2m2m"};
  }
  VideoEncoder out;
  out.codec_.reset(avcodec_alloc_context3(codec));
  if (!out.codec_) return av_no_memory();
  AVCodecContext& context = *out.codec_;
  context.width = options.width;
  context.height = options.height;
  context.pix_fmt = AV_PIX_FMT_YUV420P;
  context.time_base = av_inv_q(options.rate);
  context.framerate = options.rate;
  context.sample_aspect_ratio = {1, 1};
  context.bit_rate = options.bitrate;
  context.rc_max_rate = options.bitrate;
  context.rc_buffer_size = static_cast<int>(options.bitrate);
  const auto gop = static_cast<int>(av_rescale_rnd(options.gop.count(), options.rate.num,
                                                   1000LL * options.rate.den, AV_ROUND_NEAR_INF));
  context.gop_size = std::max(1, gop);
  context.keyint_min = context.gop_size;
  context.max_b_frames = 0;
  context.color_range = AVCOL_RANGE_MPEG;
  context.colorspace = AVCOL_SPC_BT709;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = AVCOL_TRC_BT709;
  context.chroma_sample_location = AVCHROMA_LOC_LEFT;
  context.flags |= static_cast<int>(AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP);
  AvDictionary dictionary;
  if (options.encoder == "libx264") {
    context.thread_count = options.threads;
    dictionary.set("preset", options.preset);
    dictionary.set("tune", "zerolatency");
    // Sliced threads cost no CPU and no latency; no key frames beside the fixed ones.
    dictionary.set("x264-params", "sliced-threads=1:scenecut=0:open-gop=0:nal-hrd=none");
    dictionary.set("forced-idr", std::int64_t{1});
    if (!options.profile.empty()) dictionary.set("profile", options.profile);
  }
  if (const int code = avcodec_open2(&context, codec, dictionary.address()); code < 0) {
    Error error = av_error(code, fmt::format("open video encoder '{}'", options.encoder));
    if (options.encoder != "libx264") {
      error.hint = "this machine may have no such device; libx264 needs none";
    }
    return error;
  }
  TS_TRY(out.format_, format_of(context));
  return out;
}

Status VideoEncoder::encode(const AVFrame& frame, std::int64_t number, bool key,
                            const PacketSink& sink) {
  AvFrame input = reference(frame);
  input->pts = number;
  input->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  input->key_frame = 0;
  // Side data of a source (captions, orientation) must not reach the program.
  while (input->nb_side_data > 0) {
    av_frame_remove_side_data(input.get(), input->side_data[0]->type);
  }
  if (const int code = avcodec_send_frame(codec_.get(), input.get()); code < 0) {
    return av_error(code, "encode picture");
  }
  return collect_packets(*codec_, true, sink);
}

Status VideoEncoder::drain(const PacketSink& sink) {
  if (const int code = avcodec_send_frame(codec_.get(), nullptr); code < 0 && code != AVERROR_EOF) {
    return av_error(code, "encode picture");
  }
  return collect_packets(*codec_, true, sink);
}

Result<AudioEncoder> AudioEncoder::create(std::int64_t bitrate) {
  const AVCodec* codec = avcodec_find_encoder_by_name("aac");
  if (codec == nullptr) return av_error(AVERROR_ENCODER_NOT_FOUND, "open audio encoder");
  AudioEncoder out;
  out.codec_.reset(avcodec_alloc_context3(codec));
  if (!out.codec_) return av_no_memory();
  AVCodecContext& context = *out.codec_;
  context.sample_rate = 48'000;
  context.sample_fmt = AV_SAMPLE_FMT_FLTP;
  context.bit_rate = bitrate;
  context.time_base = {1, 48'000};
  context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
  if (const int code = av_channel_layout_copy(&context.ch_layout, &stereo); code < 0) {
    return av_error(code, "open audio encoder");
  }
  if (const int code = avcodec_open2(&context, codec, nullptr); code < 0) {
    return av_error(code, "open audio encoder");
  }
  TS_TRY(out.format_, format_of(context));
  return out;
}

Status AudioEncoder::encode(std::span<const float> samples, const PacketSink& sink) {
  pending_.insert(pending_.end(), samples.begin(), samples.end());
  const auto block = static_cast<std::size_t>(codec_->frame_size) * 2;
  std::size_t used = 0;
  while (pending_.size() - used >= block) {
    TS_CHECK(send(std::span(pending_).subspan(used, block), sink));
    used += block;
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
  return ok_status();
}

Status AudioEncoder::drain(const PacketSink& sink) {
  if (!pending_.empty()) {
    TS_CHECK(send(pending_, sink));
    pending_.clear();
  }
  if (const int code = avcodec_send_frame(codec_.get(), nullptr); code < 0 && code != AVERROR_EOF) {
    return av_error(code, "encode sound");
  }
  return collect_packets(*codec_, false, sink);
}

Status AudioEncoder::send(std::span<const float> samples, const PacketSink& sink) {
  AvFrame frame = make_frame();
  frame->format = AV_SAMPLE_FMT_FLTP;
  frame->sample_rate = 48'000;
  frame->nb_samples = static_cast<int>(samples.size() / 2);
  const AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
  if (av_channel_layout_copy(&frame->ch_layout, &stereo) < 0 ||
      av_frame_get_buffer(frame.get(), 0) < 0) {
    return av_no_memory();
  }
  auto* left = reinterpret_cast<float*>(frame->extended_data[0]);
  auto* right = reinterpret_cast<float*>(frame->extended_data[1]);
  for (std::size_t i = 0; i < samples.size() / 2; ++i) {
    left[i] = samples[2 * i];
    right[i] = samples[2 * i + 1];
  }
  frame->pts = sent_;
  sent_ += frame->nb_samples;
  if (const int code = avcodec_send_frame(codec_.get(), frame.get()); code < 0) {
    return av_error(code, "encode sound");
  }
  return collect_packets(*codec_, false, sink);
}

}  // namespace ts::media
