// SPDX-License-Identifier: Apache-2.0
#include "media/image_series.hpp"

#include "core/file.hpp"
#include "core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace ts::media {
namespace {

constexpr AVRational kMilliseconds{1, 1000};
/// What a manifest lists at most: the newest.
constexpr std::size_t kListed = 10'000;

Result<std::string> to_jpeg(const AVFrame& frame) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  const AvCodecContext encoder(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
  if (!encoder) {
    return Error{.kind = ErrorKind::kMedia, .message = "FFmpeg was built without its JPEG encoder"};
  }
  encoder->width = frame.width;
  encoder->height = frame.height;
  encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
  encoder->time_base = kMilliseconds;
  encoder->flags |= AV_CODEC_FLAG_QSCALE;
  encoder->global_quality = 3 * FF_QP2LAMBDA;
  int code = avcodec_open2(encoder.get(), codec, nullptr);
  const AvFrame input = reference(frame);
  input->quality = encoder->global_quality;
  input->pts = 0;
  const AvPacket packet = make_packet();
  if (code >= 0) code = avcodec_send_frame(encoder.get(), input.get());
  if (code >= 0) code = avcodec_send_frame(encoder.get(), nullptr);
  if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
  if (code < 0) return av_error(code, "encode the still");
  return std::string(reinterpret_cast<const char*>(packet->data),
                     static_cast<std::size_t>(packet->size));
}

std::string scaling(const ImageSeriesTarget& target) {
  if (target.width <= 0 && target.height <= 0) return "[in0]null[out]";
  return fmt::format("[in0]scale={}:{}[out]", target.width > 0 ? target.width : -2,
                     target.height > 0 ? target.height : -2);
}

}  // namespace

Status ImageSeries::begin(const Tracks& tracks) {
  if (decoder_) TS_CHECK(drain());
  if (!tracks.video) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "the stream has no picture to take stills of",
                 .hint = "publish a camera, or leave the stills out"};
  }
  const AVCodec* codec = avcodec_find_decoder(tracks.video->codec_id);
  decoder_.reset(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
  if (!decoder_) return av_error(AVERROR_DECODER_NOT_FOUND, "take stills");
  decoder_->pkt_timebase = kMilliseconds;
  decoder_->thread_count = 1;
  int code = avcodec_parameters_to_context(decoder_.get(), tracks.video.get());
  if (code >= 0) code = avcodec_open2(decoder_.get(), codec, nullptr);
  if (code < 0) return av_error(code, "take stills");
  return ok_status();
}

Status ImageSeries::write(const CodedPacket& coded) {
  if (coded.track != TrackKind::kVideo || !decoder_) return ok_status();
  const AvPacket packet = reference(*coded.packet);
  av_packet_rescale_ts(packet.get(), coded.time_base, kMilliseconds);
  (void)avcodec_send_packet(decoder_.get(), packet.get());  // what is damaged gives no picture
  return drain();
}

Status ImageSeries::finish() {
  if (!decoder_) return ok_status();
  (void)avcodec_send_packet(decoder_.get(), nullptr);
  return drain();
}

Status ImageSeries::drain() {
  while (true) {
    const AvFrame frame = make_frame();
    if (avcodec_receive_frame(decoder_.get(), frame.get()) < 0) return ok_status();
    const milliseconds at{frame->best_effort_timestamp};
    // A publisher that came back may begin at zero again.
    const bool jumped = due_ && *due_ - at > 2 * target_.interval;
    if (due_ && at < *due_ && !jumped) continue;
    TS_CHECK(take(*frame));
    const bool steady = due_ && !jumped && at - *due_ < target_.interval;
    due_ = (steady ? *due_ : at) + target_.interval;
  }
}

Status ImageSeries::take(const AVFrame& frame) {
  if (!graph_ || !graph_->inputs().front().matches(frame)) {
    TS_TRY(graph_, FilterGraph::create(scaling(target_), {filter_input(frame, kMilliseconds)},
                                       AV_PIX_FMT_YUVJ420P));
  }
  TS_CHECK(graph_->push(0, frame, static_cast<std::int64_t>(count_)));
  TS_TRY(const AvFrame shaped, graph_->pull());
  if (!shaped) return ok_status();
  TS_TRY(const std::string bytes, to_jpeg(*shaped));
  const WallTime now = clock_.now();
  const std::filesystem::path file = next_file(now);
  TS_CHECK(write_file_atomic(file, bytes));
  ++count_;
  if (!target_.manifest) return ok_status();
  taken_.push_back({file.filename().string(), now});
  if (taken_.size() > kListed) taken_.erase(taken_.begin());
  return write_manifest();
}

std::filesystem::path ImageSeries::next_file(WallTime at) const {
  std::string name = target_.prefix.filename().string();
  if (target_.naming == ImageSeriesTarget::Naming::kIndex) {
    name += fmt::format("_{:05}", count_);
  } else if (target_.naming == ImageSeriesTarget::Naming::kTimestamp) {
    std::string digits = format_rfc3339(at);
    std::erase_if(digits, [](unsigned char c) { return std::isdigit(c) == 0; });
    name +=
        "_" + digits.substr(0, 14) +
        fmt::format("{:03}",
                    std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count() % 1000);
  }
  return target_.prefix.parent_path() / (name + ".jpeg");
}

Status ImageSeries::write_manifest() const {
  Json images = Json::array();
  for (const Taken& taken : taken_) {
    images.push_back({{"filename", taken.file}, {"timestamp", format_rfc3339(taken.at)}});
  }
  return write_file_atomic(target_.prefix.string() + ".json",
                           dump_json(Json{{"images", std::move(images)}}) + "\n");
}

}  // namespace ts::media
