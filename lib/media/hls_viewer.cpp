// SPDX-License-Identifier: Apache-2.0
#include "media/hls_viewer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace ts::media {
namespace {

constexpr int kIoBuffer = 32 << 10;
constexpr std::int64_t kProbeBytes = 2 << 20;
constexpr std::int64_t kProbeMicroseconds = 2'000'000;
constexpr AVRational kMicroseconds{1, 1'000'000};
/// A player that must wait less than this shows nothing of it.
constexpr milliseconds kNoticeableStall{100};

microseconds to_us(std::int64_t value, AVRational base) {
  return microseconds{av_rescale_q(value, base, kMicroseconds)};
}

}  // namespace

/// One stream's decoder within a run.
struct HlsViewer::Decoder {
  AvCodecContext context;
  AVStream* stream = nullptr;
  std::int64_t last_dts = AV_NOPTS_VALUE;
  bool done = false;  ///< Has given all that was asked for.
  const std::function<void(const ViewedFrame&)>* show = nullptr;
};

/// What is read with one demuxer: the segments up to a discontinuity.
struct HlsViewer::Run {
  AVFormatContext* format = nullptr;
  AVIOContext* io = nullptr;
  Decoder video;
  Decoder audio;

  Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    avformat_close_input(&format);
    if (io != nullptr) av_freep(&io->buffer);
    avio_context_free(&io);
  }

  Status open(HlsViewer* viewer) {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
    if (buffer == nullptr) return av_no_memory();
    io = avio_alloc_context(buffer, kIoBuffer, 0, viewer, &HlsViewer::read_callback, nullptr,
                            nullptr);
    format = avformat_alloc_context();
    if (io == nullptr || format == nullptr) return av_no_memory();
    format->pb = io;
    format->probesize = kProbeBytes;
    format->max_analyze_duration = kProbeMicroseconds;
    if (const int code = avformat_open_input(&format, nullptr, nullptr, nullptr); code < 0) {
      return av_error(code, "open the first segment");
    }
    if (const int code = avformat_find_stream_info(format, nullptr); code < 0) {
      return av_error(code, "read the first segment");
    }
    TS_CHECK(open_decoder(AVMEDIA_TYPE_VIDEO, video));
    TS_CHECK(open_decoder(AVMEDIA_TYPE_AUDIO, audio));
    if (!video.context && !audio.context) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = "the segments hold neither pictures nor sound"};
    }
    return ok_status();
  }

  Status open_decoder(AVMediaType type, Decoder& out) const {
    const AVCodec* codec = nullptr;
    const int index = av_find_best_stream(format, type, -1, -1, &codec, 0);
    if (index < 0) return ok_status();
    out.stream = format->streams[index];
    out.context.reset(avcodec_alloc_context3(codec));
    if (!out.context ||
        avcodec_parameters_to_context(out.context.get(), out.stream->codecpar) < 0) {
      return av_no_memory();
    }
    out.context->pkt_timebase = out.stream->time_base;
    if (const int code = avcodec_open2(out.context.get(), codec, nullptr); code < 0) {
      return av_error(code, std::string("open the decoder of ") + codec->name);
    }
    return ok_status();
  }

  [[nodiscard]] bool done() const {
    return (!video.context || video.done) && (!audio.context || audio.done);
  }

  /// The stream's time of the first medium.
  [[nodiscard]] microseconds start() const {
    return microseconds{format->start_time == AV_NOPTS_VALUE ? 0 : format->start_time};
  }
};

HlsViewer::HlsViewer(HlsSource source, Clock& clock, Callbacks callbacks)
    : source_(std::move(source)), clock_(clock), callbacks_(std::move(callbacks)) {}

HlsViewer::~HlsViewer() = default;

void HlsViewer::note_arrival(const FetchedSegment& segment) {
  if (!playing_since_) {
    playing_since_ = segment.fetched_at;
    first_position_ = segment.position;
    return;
  }
  const auto due = *playing_since_ + (segment.position - first_position_) + stats_.stalled;
  const auto late = std::chrono::duration_cast<milliseconds>(segment.fetched_at - due);
  if (!source_.stats().live || late < kNoticeableStall) return;
  stats_.stalled += late;
  ++stats_.stalls;
}

Result<bool> HlsViewer::next_segment() {
  TS_TRY(segment_, source_.next(deadline_));
  read_offset_ = 0;
  if (!segment_) {
    source_ended_ = true;
    return false;
  }
  note_arrival(*segment_);
  segment_begins_run_ = segment_->new_run;
  return true;
}

int HlsViewer::read_callback(void* self, std::uint8_t* buffer, int size) noexcept {
  try {
    return static_cast<HlsViewer*>(self)->read(buffer, size);
  } catch (...) {
    return AVERROR(ENOMEM);
  }
}

int HlsViewer::read(std::uint8_t* buffer, int size) {
  while (segment_ && read_offset_ == segment_->bytes.size()) {
    auto more = next_segment();
    if (!more.ok()) {
      source_error_ = std::move(more).error();
      segment_.reset();
    }
  }
  // The first segment of another run waits for its own demuxer.
  if (!segment_ || segment_begins_run_) return AVERROR_EOF;
  const auto count =
      std::min(static_cast<std::size_t>(size), segment_->bytes.size() - read_offset_);
  std::memcpy(buffer, segment_->bytes.data() + read_offset_, count);
  read_offset_ += count;
  return static_cast<int>(count);
}

Status HlsViewer::play(std::optional<microseconds> length, SteadyTime deadline) {
  deadline_ = deadline;
  length_ = length;
  TS_TRY(bool more, next_segment());
  while (more) {
    run_position_ = segment_->position;
    segment_begins_run_ = false;
    TS_CHECK(play_run());
    if (source_error_) return *std::exchange(source_error_, std::nullopt);
    more = segment_.has_value() && segment_begins_run_;
  }
  return ok_status();
}

Status HlsViewer::play_run() {
  Run run;
  if (auto opened = run.open(this); !opened.ok()) {
    // A failed fetch is the cause, the demuxer's complaint only its effect.
    if (source_error_) return *std::exchange(source_error_, std::nullopt);
    return opened;
  }
  if (run.video.context && !stats_.video) {
    const auto* parameters = run.video.stream->codecpar;
    stats_.video = ViewedTrack{.codec = avcodec_get_name(parameters->codec_id),
                               .width = parameters->width,
                               .height = parameters->height,
                               .declared_fps = av_q2d(run.video.stream->avg_frame_rate)};
  }
  if (run.audio.context && !stats_.audio) {
    const auto* parameters = run.audio.stream->codecpar;
    stats_.audio = ViewedTrack{.codec = avcodec_get_name(parameters->codec_id),
                               .sample_rate = parameters->sample_rate,
                               .channels = parameters->ch_layout.nb_channels};
  }
  run.video.show = &callbacks_.on_video;
  run.audio.show = &callbacks_.on_audio;
  run_position_ -= run.start();

  const AvPacket packet = make_packet();
  while (av_read_frame(run.format, packet.get()) >= 0) {
    Decoder* decoder = nullptr;
    for (Decoder* candidate : {&run.video, &run.audio}) {
      if (candidate->context && candidate->stream->index == packet->stream_index) {
        decoder = candidate;
      }
    }
    if (decoder != nullptr) {
      const auto time = packet->dts == AV_NOPTS_VALUE
                            ? microseconds{0}
                            : to_us(packet->dts, decoder->stream->time_base) + run_position_;
      if (length_ && time >= *length_) {
        // The tracks are interleaved loosely: each one is read up to the length.
        decoder->done = true;
        if (run.done()) {
          segment_.reset();
          segment_begins_run_ = false;
          break;
        }
        av_packet_unref(packet.get());
        continue;
      }
      if (packet->dts != AV_NOPTS_VALUE) {
        if (decoder->last_dts != AV_NOPTS_VALUE && packet->dts <= decoder->last_dts) {
          ++stats_.backward_dts;
        }
        decoder->last_dts = packet->dts;
      }
      if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) ++stats_.damaged;
      TS_CHECK(decode(*decoder, packet.get()));
    }
    av_packet_unref(packet.get());
  }
  for (Decoder* decoder : {&run.video, &run.audio}) {
    if (decoder->context) TS_CHECK(decode(*decoder, nullptr));
  }
  return ok_status();
}

Status HlsViewer::decode(Decoder& decoder, const AVPacket* packet) {
  if (const int code = avcodec_send_packet(decoder.context.get(), packet); code < 0) {
    if (code == AVERROR(ENOMEM)) return av_no_memory();
    if (code != AVERROR_EOF) ++stats_.damaged;
  }
  const AvFrame frame = make_frame();
  while (true) {
    const int code = avcodec_receive_frame(decoder.context.get(), frame.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return ok_status();
    if (code < 0) {
      ++stats_.damaged;
      return ok_status();
    }
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      ++stats_.damaged;
    }
    const auto time = frame->best_effort_timestamp;
    if (time != AV_NOPTS_VALUE && decoder.show != nullptr && *decoder.show) {
      const auto base = decoder.stream->time_base;
      microseconds duration = to_us(std::max<std::int64_t>(frame->pkt_duration, 0), base);
      if (frame->nb_samples > 0) {
        duration = to_us(frame->nb_samples, {1, std::max(frame->sample_rate, 1)});
      }
      (*decoder.show)({.frame = frame.get(),
                       .position = to_us(time, base) + run_position_,
                       .duration = duration});
    }
    av_frame_unref(frame.get());
  }
}

}  // namespace ts::media
