// SPDX-License-Identifier: Apache-2.0
#include "media/muxer.hpp"

#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace ts::media {
namespace {

namespace fs = std::filesystem;

const char* format_name(const MuxTarget& target) {
  switch (target.kind) {
    case MuxTarget::Kind::kRtmp:
      return "flv";
    case MuxTarget::Kind::kHls:
      return "hls";
    case MuxTarget::Kind::kSrt:
      return "mpegts";
    case MuxTarget::Kind::kFile:
      break;
  }
  return nullptr;  // guessed from the file's name
}

/// What was broken off earlier than this is another show.
constexpr std::chrono::minutes kResumeWithin{15};

/// Whether the folder's playlist has no end, and was written to a short time ago.
bool broken_off(const fs::path& folder) {
  const fs::path playlist = folder / "index.m3u8";
  std::error_code failed;
  const auto written = fs::last_write_time(playlist, failed);
  if (failed || fs::file_time_type::clock::now() - written > kResumeWithin) return false;
  const auto text = read_file(playlist);
  return text.ok() && text.value().starts_with("#EXTM3U") &&
         text.value().find("#EXT-X-ENDLIST") == std::string::npos;
}

AvDictionary header_options(const MuxTarget& target) {
  AvDictionary out;
  switch (target.kind) {
    case MuxTarget::Kind::kRtmp:
      out.set("flvflags", "no_duration_filesize");
      break;
    case MuxTarget::Kind::kSrt:
      // Whoever joins late learns quickly what is in it.
      out.set("mpegts_flags", "+resend_headers");
      break;
    case MuxTarget::Kind::kHls: {
      out.set("hls_time", fmt::format("{:.3f}", static_cast<double>(target.segment.count()) / 1e3));
      out.set("hls_list_size", std::int64_t{target.window});
      std::string flags = "independent_segments+program_date_time+temp_file";
      if (target.window > 0) flags += "+delete_segments";
      if (target.resume && broken_off(target.path)) flags += "+append_list";
      out.set("hls_flags", flags);
      if (target.window == 0) out.set("hls_playlist_type", "event");
      if (target.fmp4) {
        out.set("hls_segment_type", "fmp4");
        out.set("hls_fmp4_init_filename", "init.mp4");
      }
      out.set("hls_segment_filename",
              (fs::path(target.path) / (target.fmp4 ? "part%06d.m4s" : "part%06d.ts")).string());
      break;
    }
    case MuxTarget::Kind::kFile: {
      const std::string extension = fs::path(target.path).extension().string();
      if (extension == ".mp4" || extension == ".mov") {
        // Fragments survive a crash, which costs the last second at most; delay_moov keeps the
        // encoder delay of AAC right.
        out.set("frag_duration", std::int64_t{1'000'000});
        out.set("movflags",
                "+frag_keyframe+empty_moov+delay_moov+default_base_moof+negative_cts_offsets");
      } else if (extension == ".mkv") {
        out.set("cluster_time_limit", std::int64_t{1000});
      }
      break;
    }
  }
  return out;
}

}  // namespace

MuxTarget MuxTarget::clone() const {
  MuxTarget copy;
  copy.kind = kind;
  copy.name = name;
  copy.path = path;
  copy.url = url.clone();
  copy.ca_file = ca_file;
  copy.segment = segment;
  copy.window = window;
  copy.fmp4 = fmp4;
  copy.timeout = timeout;
  copy.renditions = renditions;
  copy.program_time = program_time;
  copy.resume = resume;
  return copy;
}

Muxer::Muxer(const MuxTarget& target, std::stop_token stop)
    : target_(target.clone()), interrupt_(std::move(stop)) {}

Muxer::~Muxer() {
  if (format_ == nullptr) return;
  const bool own_io = (format_->oformat->flags & AVFMT_NOFILE) == 0;
  if (own_io && format_->pb != nullptr) avio_closep(&format_->pb);
  avformat_free_context(format_);
}

Error Muxer::failure(int code, const char* doing, const FfmpegErrors& said) const {
  const std::string what = fmt::format("{} {}", doing, target_.name);
  if (interrupt_.timed_out()) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": no answer in time",
                 .hint = "check the network and the other end",
                 .retryable = true};
  }
  Error error = said.explain(code, what, ErrorKind::kMedia);
  if (!target_.remote()) return error;
  // Nothing a network says is final: a refused key may be created a second later.
  error.retryable = !interrupt_.stopped();
  if (const auto refusal = said.after("Server error: "); !refusal.empty()) {
    error.message = fmt::format("{}: the server refused: {}", what, shorten(refusal, 200));
    error.hint = "check the stream key, and that nothing else publishes with it";
  } else if (code == AVERROR_UNKNOWN || code == AVERROR_EOF) {
    error.hint = "check the stream key and that the server takes streams";
  }
  return error;
}

/// Opens files as FFmpeg would; known here so that close_io is told of every one. After a failure
/// no more are: a playlist would name the segment that was not written.
int Muxer::open_io(AVFormatContext* context, AVIOContext** io, const char* url, int flags,
                   AVDictionary** options) {
  auto* self = static_cast<Muxer*>(context->opaque);
  if (self->file_error_ < 0) return self->file_error_;
  const int code = avio_open2(io, url, flags, &context->interrupt_callback, options);
  if (code < 0) {
    self->file_error_ = code;
  } else {
    self->open_files_[*io] = url;
  }
  return code;
}

int Muxer::close_io(AVFormatContext* context, AVIOContext* io) {
  if (io == nullptr) return 0;
  avio_flush(io);
  const int error = io->error;
  const int closed = avio_close(io);
  const int code = error < 0 ? error : closed;
  auto* self = static_cast<Muxer*>(context->opaque);
  const auto file = self->open_files_.extract(io);
  if (code >= 0) return code;
  if (self->file_error_ == 0) self->file_error_ = code;
  // The muxer would give it its name all the same, in place of the playlist that is whole. What was
  // written of a segment is worth keeping.
  const std::string_view path = file ? std::string_view(file.mapped()) : std::string_view{};
  std::error_code ignored;
  if (path.ends_with(".m3u8.tmp")) fs::remove(path, ignored);
  return code;
}

Result<std::unique_ptr<Muxer>> Muxer::open(const MuxTarget& target, const StreamFormat& video,
                                           const std::optional<StreamFormat>& audio,
                                           std::stop_token stop) {
  std::unique_ptr<Muxer> muxer(new Muxer(target, std::move(stop)));
  TS_CHECK(muxer->start(video, audio));
  return muxer;
}

Status Muxer::start(const StreamFormat& video, const std::optional<StreamFormat>& audio) {
  const FfmpegErrors said;
  std::string location = target_.path;
  if (target_.kind == MuxTarget::Kind::kHls) {
    std::error_code made;
    fs::create_directories(target_.path, made);
    if (made) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("open {}: cannot make the folder: {}", target_.name,
                                          made.message()),
                   .hint = "check the path and its permissions"};
    }
    location = (fs::path(target_.path) / "index.m3u8").string();
  }
  if (target_.remote()) {
    location = std::string(target_.url.reveal());
    // FFmpeg would take the rest of the number for another port.
    if (!has_usable_port(location)) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("open {}: the port of its address is not 1 to 65535",
                                          target_.name),
                   .hint = "correct the address"};
    }
  }
  if (const int code =
          avformat_alloc_output_context2(&format_, nullptr, format_name(target_), location.c_str());
      code < 0) {
    Error error = failure(code, "open", said);
    error.hint = "end the file's name in .mp4, .mkv, .mov, .ts or .flv";
    return error;
  }
  format_->interrupt_callback = interrupt_.callback();
  if (target_.kind == MuxTarget::Kind::kHls) {
    format_->opaque = this;
    format_->io_open = &Muxer::open_io;
    format_->io_close2 = &Muxer::close_io;
  }
  format_->flush_packets = target_.remote() ? 1 : -1;
  format_->max_interleave_delta = 0;
  for (const StreamFormat* stream : {&video, audio ? &*audio : nullptr}) {
    if (stream == nullptr) continue;
    AVStream* made = avformat_new_stream(format_, nullptr);
    if (made == nullptr) return av_no_memory();
    if (const int code = avcodec_parameters_copy(made->codecpar, stream->parameters.get());
        code < 0) {
      return failure(code, "open", said);
    }
    made->codecpar->codec_tag = 0;
    made->time_base = stream->time_base;
    if (stream == &video) {
      made->avg_frame_rate = stream->rate;
      made->r_frame_rate = stream->rate;
    }
  }
  video_base_ = video.time_base;
  if (audio) audio_base_ = audio->time_base;

  interrupt_.arm(target_.timeout);
  if ((format_->oformat->flags & AVFMT_NOFILE) == 0) {
    AvDictionary io;
    if (target_.kind == MuxTarget::Kind::kRtmp) {
      io.set("protocol_whitelist", "rtmp,rtmps,tcp,tls");
      io.set("rw_timeout", target_.timeout.count() * 1000);
      io.set("tls_verify", std::int64_t{1});
      if (!target_.ca_file.empty()) io.set("ca_file", target_.ca_file);
      io.set("tcp_nodelay", std::int64_t{1});
    } else if (target_.kind == MuxTarget::Kind::kSrt) {
      io.set("protocol_whitelist", "srt");
    } else {
      location = "file:" + location;
    }
    const AVIOInterruptCB callback = interrupt_.callback();
    if (const int code =
            avio_open2(&format_->pb, location.c_str(), AVIO_FLAG_WRITE, &callback, io.address());
        code < 0) {
      return failure(code, "open", said);
    }
  }
  AvDictionary options = header_options(target_);
  if (const int code = avformat_write_header(format_, options.address()); code < 0) {
    return failure(code, "open", said);
  }
  header_written_ = true;
  return ok_status();
}

Status Muxer::write(const EncodedPacket& packet, std::int64_t offset_us) {
  const FfmpegErrors said;
  AvPacket out = reference(*packet.packet);
  out->stream_index = packet.video ? 0 : 1;
  const AVRational base = packet.video ? video_base_ : audio_base_;
  const AVRational own = format_->streams[out->stream_index]->time_base;
  av_packet_rescale_ts(out.get(), base, own);
  // In the container's units: in pictures it would be off by up to half of one against the sound.
  const std::int64_t offset = av_rescale_q(offset_us, {1, 1'000'000}, own);
  out->pts -= offset;
  out->dts -= offset;
  const int size = out->size;
  interrupt_.arm(target_.timeout);
  int code = av_write_frame(format_, out.get());
  // A crash must cost a recording no more than its last second: nothing waits longer in a buffer.
  if (code >= 0 && target_.kind == MuxTarget::Kind::kFile &&
      std::abs(packet.dts_us - flushed_us_) >= 1'000'000) {
    flushed_us_ = packet.dts_us;
    avio_flush(format_->pb);
  }
  if (code >= 0 && format_->pb != nullptr && format_->pb->error < 0) code = format_->pb->error;
  if (code >= 0) code = file_error_;
  if (code < 0) return failure(code, "write", said);
  bytes_ += size;
  return ok_status();
}

Status Muxer::finish() {
  if (finished_ || !header_written_) return ok_status();
  finished_ = true;
  const FfmpegErrors said;
  interrupt_.arm(target_.timeout);
  int code = av_write_trailer(format_);
  if ((format_->oformat->flags & AVFMT_NOFILE) == 0 && format_->pb != nullptr) {
    const int closed = avio_closep(&format_->pb);
    if (code >= 0) code = closed;
  }
  if (code >= 0) code = file_error_;
  if (code < 0) return failure(code, "finish", said);
  return ok_status();
}

}  // namespace ts::media
