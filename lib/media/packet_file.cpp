// SPDX-License-Identifier: Apache-2.0
#include "media/packet_file.hpp"

#include <algorithm>
#include <utility>

namespace ts::media {

PacketFile::~PacketFile() {
  if (context_ == nullptr) return;
  avio_closep(&context_->pb);
  avformat_free_context(context_);
}

Error PacketFile::failure(int code) const { return av_error(code, "write " + path_.string()); }

Status PacketFile::add(const AvCodecParameters& parameters, TrackKind kind) {
  if (!parameters) return ok_status();
  AVStream* stream = avformat_new_stream(context_, nullptr);
  if (stream == nullptr || avcodec_parameters_copy(stream->codecpar, parameters.get()) < 0) {
    return av_no_memory();
  }
  stream->codecpar->codec_tag = 0;
  stream->time_base = {1, kind == TrackKind::kAudio ? parameters->sample_rate : 90000};
  stream_.at(static_cast<std::size_t>(kind)) = stream->index;
  return ok_status();
}

Result<std::unique_ptr<PacketFile>> PacketFile::open(const std::filesystem::path& path,
                                                     const Tracks& tracks) {
  std::unique_ptr<PacketFile> file(new PacketFile);  // The constructor is private.
  file->path_ = path;
  const AVOutputFormat* format = av_guess_format(nullptr, path.c_str(), nullptr);
  if (format == nullptr || (format->flags & AVFMT_NOFILE) != 0) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "no video format ends in '" + path.extension().string() + "'",
                 .hint = "name the file .mp4, .mkv, .ts or .flv"};
  }
  if (avformat_alloc_output_context2(&file->context_, format, nullptr, nullptr) < 0) {
    return av_no_memory();
  }
  TS_CHECK(file->add(tracks.video, TrackKind::kVideo));
  TS_CHECK(file->add(tracks.audio, TrackKind::kAudio));
  if (const int code = avio_open(&file->context_->pb, path.c_str(), AVIO_FLAG_WRITE); code < 0) {
    return file->failure(code);
  }
  AvDictionary options;
  const std::string_view name = format->name;
  if (name == "mp4" || name == "mov") {
    options.set("movflags", std::string("+frag_keyframe+empty_moov+delay_moov+default_base_moof"));
  }
  if (const int code = avformat_write_header(file->context_, options.address()); code < 0) {
    return file->failure(code);
  }
  return file;
}

Status PacketFile::write(const CodedPacket& coded) {
  const auto index = static_cast<std::size_t>(coded.track);
  const int stream = stream_.at(index);
  if (stream < 0) return ok_status();
  if (origin_us_ == INT64_MIN) {
    origin_us_ = av_rescale_q(std::min(coded.packet->dts, coded.packet->pts), coded.time_base,
                              AVRational{1, 1'000'000});
  }
  const auto time_base = context_->streams[stream]->time_base;
  const auto origin = av_rescale_q(origin_us_, AVRational{1, 1'000'000}, time_base);
  AvPacket packet = reference(*coded.packet);
  packet->stream_index = stream;
  av_packet_rescale_ts(packet.get(), coded.time_base, time_base);
  packet->dts -= origin;
  packet->pts -= origin;
  // Milliseconds rounded by the publisher may repeat; containers want every time to rise.
  auto& last = last_dts_.at(index);
  if (packet->dts <= last) packet->dts = last + 1;
  packet->pts = std::max(packet->pts, packet->dts);
  last = packet->dts;
  const auto size = packet->size;
  int code = av_interleaved_write_frame(context_, packet.get());
  if (code >= 0) code = context_->pb->error;
  if (code < 0) return failure(code);
  bytes_ += static_cast<std::uint64_t>(size);
  return ok_status();
}

Status PacketFile::finish() {
  int code = av_write_trailer(context_);
  const int closed = avio_closep(&context_->pb);
  if (code >= 0) code = closed;
  if (code < 0) return failure(code);
  return ok_status();
}

}  // namespace ts::media
