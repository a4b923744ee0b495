// SPDX-License-Identifier: Apache-2.0
#include "media/reader.hpp"

#include "media/devices_internal.hpp"
#include "media/fd_reader.hpp"
#include "media/stream_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <string_view>
#include <utility>

namespace ts::media {
namespace {

constexpr std::int64_t kMaxPixels = 4096LL * 2304;
/// A photograph of a good camera; it is decoded once.
constexpr std::int64_t kMaxStillPixels = 52'000'000;
constexpr int kPipeBuffer = 32 * 1024;
constexpr unsigned kMostStreams = 64;
/// A decoder that worked and gets nothing but errors for so long, and so many, has another codec's
/// packets. Damage on the way is over with the next key frame, and probing again costs nothing but
/// time.
constexpr std::int64_t kAnotherAfterUs = 1'000'000;
constexpr int kAnotherFailures = 8;
constexpr milliseconds kProbeAgain{10'000};

std::string_view protocols_for(const OpenOptions& options) {
  if (options.is_file) return "file,crypto";
  const std::string_view url = options.url;
  if (url.starts_with("http")) return "http,https,tcp,tls,crypto,httpproxy";
  if (url.starts_with("rtmp")) return "rtmp,rtmps,tcp,tls";
  if (url.starts_with("srt")) return "srt";
  if (url.starts_with("unix:")) return "unix";
  return "rtsp,rtp,udp,tcp,tls,srtp";
}

int clockwise_degrees(const AVStream& stream) {
  const auto* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) return 0;
  std::int32_t values[9];
  std::memcpy(values, matrix, sizeof values);
  const double degrees = -av_display_rotation_get(values);
  if (std::isnan(degrees)) return 0;
  const int quarter = static_cast<int>(std::lround(degrees / 90)) % 4;
  return (quarter < 0 ? quarter + 4 : quarter) * 90;
}

}  // namespace

int exif_rotation(const AVFrame& frame) noexcept {
  const AVDictionaryEntry* entry = av_dict_get(frame.metadata, "Orientation", nullptr, 0);
  const int orientation = entry == nullptr ? 1 : std::atoi(entry->value);
  // Mirrored ones come from no camera.
  return orientation == 6 ? 90 : orientation == 3 ? 180 : orientation == 8 ? 270 : 0;
}

Reader::Reader(const OpenOptions& options, std::stop_token stop)
    : options_(options), interrupt_(std::move(stop)) {}

Reader::~Reader() {
  avformat_close_input(&format_);
  if (pipe_ == nullptr) return;
  av_freep(&pipe_->buffer);
  avio_context_free(&pipe_);
}

Status Reader::open_pipe() {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kPipeBuffer));
  if (buffer == nullptr) return av_no_memory();
  pipe_ = avio_alloc_context(buffer, kPipeBuffer, 0, this, &Reader::read_pipe, nullptr, nullptr);
  if (pipe_ == nullptr) {
    av_free(buffer);
    return av_no_memory();
  }
  pipe_->seekable = 0;
  format_->pb = pipe_;
  format_->flags |= AVFMT_FLAG_CUSTOM_IO;
  return ok_status();
}

int Reader::read_pipe(void* self, std::uint8_t* buffer, int size) {
  auto& reader = *static_cast<Reader*>(self);
  const AVIOInterruptCB interrupted = reader.interrupt_.callback();
  while (true) {
    if (interrupted.callback(interrupted.opaque) != 0) return AVERROR_EXIT;
    const auto ready = wait_readable({reader.options_.flv_fd, -1});
    if (!ready.ok()) return AVERROR(EIO);
    if (!ready.value()[0]) continue;
    const auto count = ::read(reader.options_.flv_fd, buffer, static_cast<std::size_t>(size));
    if (count > 0) return static_cast<int>(count);
    if (count == 0) return AVERROR_EOF;
    if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
  }
}

Error Reader::failure(int code, const std::string& what, const FfmpegErrors& said) const {
  if (policy_ && !policy_->refused().empty()) {
    return refused_address(what, policy_->refused(), ErrorKind::kMedia);
  }
  // FFmpeg remembers that it was interrupted: what came before is given first.
  if (interrupt_.timed_out() || (code == AVERROR_EXIT && !interrupt_.stopped())) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": no answer in time",
                 .hint = "check that the other end sends",
                 .retryable = true};
  }
  Error error = said.explain(code, what, ErrorKind::kMedia);
  if (!options_.device.empty()) {
    // ALSA names its device itself.
    if (error.message.find(options_.url) == std::string::npos) {
      error.message = fmt::format("{}: cannot open {} device {} ({})", what,
                                  options_.device == "alsa" ? "audio" : "video", options_.url,
                                  av_error_text(code));
    }
    error.hint = fmt::format("see that it is plugged in and not in use ({} lists what there is)",
                             options_.device == "alsa" ? "arecord -L" : "v4l2-ctl --list-devices");
  }
  if (code == AVERROR_EOF) {
    error.message = what + ": it ends before any media begins";
    error.hint = "check it with ffprobe: it is empty, cut off, or no media";
  }
  return error;
}

Result<std::unique_ptr<Reader>> Reader::open(const OpenOptions& options, std::stop_token stop) {
  std::unique_ptr<Reader> reader(new Reader(options, std::move(stop)));
  TS_CHECK(reader->open_input());
  return reader;
}

Status Reader::open_input() {
  const FfmpegErrors said;
  const bool remote = !options_.is_file && options_.device.empty() && options_.flv_fd < 0;
  if (options_.is_file && options_.device.empty() && options_.flv_fd < 0) {
    // A pipe without a writer would hang, and a device is no film.
    std::error_code ignored;
    const auto status = std::filesystem::status(options_.url, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("open {}: it is no regular file", options_.name),
                   .hint = "name a media file, or an address such as rtmp://…"};
    }
    // Some of FFmpeg's readers say no more than "invalid argument" then.
    if (std::filesystem::file_size(options_.url, ignored) == 0 && !ignored) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("open {}: the file is empty", options_.name),
                   .hint = "see whether what makes it failed, and make it again"};
    }
  }
  if (remote) policy_ = AddressPolicy::for_url(options_.url);
  const ConnectGuard guard(policy_.get());
  format_ = avformat_alloc_context();
  if (format_ == nullptr) return av_no_memory();
  interrupt_.arm(options_.open_timeout);
  format_->interrupt_callback = interrupt_.callback();
  format_->max_streams = kMostStreams;
  AvDictionary dictionary;
  const bool device = !options_.device.empty();
  const AVInputFormat* format = nullptr;
  if (device) {
    register_devices();
    format = av_find_input_format(options_.device.c_str());
    if (format == nullptr) {
      avformat_free_context(std::exchange(format_, nullptr));
      return Error{.kind = ErrorKind::kMedia,
                   .message = fmt::format("open {}: this FFmpeg has no {} devices", options_.name,
                                          options_.device),
                   .hint = "see ffmpeg -devices"};
    }
    for (const auto& [key, value] : options_.device_options) dictionary.set(key.c_str(), value);
  }
  if (options_.flv_fd >= 0) {
    format = av_find_input_format("flv");
    TS_CHECK(open_pipe());
  }
  if (!device) dictionary.set("protocol_whitelist", std::string(protocols_for(options_)));
  set_probing(dictionary);
  if (remote) {
    dictionary.set("rw_timeout", options_.read_timeout.count() * 1000);
    dictionary.set("tls_verify", std::int64_t{1});
    if (!options_.ca_file.empty()) dictionary.set("ca_file", options_.ca_file);
    if (options_.url.starts_with("rtsp")) dictionary.set("rtsp_transport", "tcp");
  }
  const std::string url = options_.is_file ? "file:" + options_.url : options_.url;
  const std::string what = "open " + options_.name;
  // avformat_open_input frees the context itself when it fails.
  if (const int code = avformat_open_input(&format_, url.c_str(), format, dictionary.address());
      code < 0) {
    return failure(code, what, said);
  }
  return open_streams(said);
}

void Reader::set_probing(AvDictionary& dictionary) const {
  dictionary.set("probesize", std::int64_t{options_.low_latency ? 1 << 20 : 5 << 20});
  // RTMP does not say what will come, and a camera without sound would be waited for that long;
  // what comes later is taken then.
  const bool rtmp = options_.flv_fd >= 0 || options_.url.starts_with("rtmp");
  dictionary.set("analyzeduration", std::int64_t{rtmp                   ? 700'000
                                                 : options_.low_latency ? 2'000'000
                                                                        : 5'000'000});
  // No "nobuffer": what is read to find out about the streams would be thrown away, the first key
  // frame with it.
  if (options_.low_latency) dictionary.set("fpsprobesize", std::int64_t{0});
}

Status Reader::open_streams(const FfmpegErrors& said) {
  sound_next_.reset();
  sound_needs_time_ = false;
  const std::string what = "open " + options_.name;
  if (format_->nb_streams > kMostStreams) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": more than 64 streams",
                 .hint = "keep one video and one audio stream"};
  }
  if (const int code = avformat_find_stream_info(format_, nullptr); code < 0) {
    return failure(code, what, said);
  }
  TS_CHECK(open_best(AVMEDIA_TYPE_VIDEO, video_));
  TS_CHECK(open_best(AVMEDIA_TYPE_AUDIO, audio_));
  const bool cover = video_.index >= 0 && (format_->streams[video_.index]->disposition &
                                           AV_DISPOSITION_ATTACHED_PIC) != 0;
  if (cover && audio_.index >= 0) video_ = {};  // music: its one picture would end before it does
  if (video_.index < 0 && audio_.index < 0) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what + ": it has neither picture nor sound",
                 .hint = "check it with ffprobe"};
  }
  known_ = 0;
  const bool promises = format_->iformat->name == std::string_view("mpegts");
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const int index = static_cast<int>(i);
    const AVMediaType type = format_->streams[i]->codecpar->codec_type;
    // It was announced and nothing of it has come: it is taken when something does.
    const bool awaited = promises && ((type == AVMEDIA_TYPE_VIDEO && video_.index < 0) ||
                                      (type == AVMEDIA_TYPE_AUDIO && audio_.index < 0));
    if (awaited) continue;
    known_ |= std::uint64_t{1} << i;
    if (index != video_.index && index != audio_.index) {
      format_->streams[i]->discard = AVDISCARD_ALL;
    }
  }
  describe();
  return ok_status();
}

bool Reader::grows() const noexcept {
  const std::string_view format = format_->iformat->name;
  return format == "flv" || format == "mpegts" || format == "hls";
}

bool Reader::belongs(int index) const noexcept {
  const int present = video_.index >= 0 ? video_.index : audio_.index;
  bool in_none = true;
  const AVProgram* program = nullptr;
  while ((program = av_find_program_from_stream(
              format_, const_cast<AVProgram*>(program),  // NOLINT: FFmpeg only compares it
              present)) != nullptr) {
    in_none = false;
    for (unsigned i = 0; i < program->nb_stream_indexes; ++i) {
      if (program->stream_index[i] == static_cast<unsigned>(index)) return true;
    }
  }
  return in_none;
}

bool Reader::adopt(const AVPacket& packet) {
  const int index = packet.stream_index;
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(index);
  if ((known_ & bit) != 0 || !grows()) return false;
  AVCodecParameters& parameters = *format_->streams[index]->codecpar;
  const AVMediaType type = parameters.codec_type;
  if (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO) return false;
  Stream& into = type == AVMEDIA_TYPE_VIDEO ? video_ : audio_;
  // Once: what cannot be decoded now cannot be later.
  known_ |= bit;
  const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
  if (into.index >= 0 || codec == nullptr || !belongs(index)) return false;
  // Nobody has looked into it while probing.
  complete_parameters(parameters, packet);
  if (!open_decoder(index, *codec, into).ok()) return false;
  sound_needs_time_ = sound_needs_time_ || type == AVMEDIA_TYPE_AUDIO;
  describe();
  return true;
}

Status Reader::open_best(AVMediaType type, Stream& out) {
  const AVCodec* codec = nullptr;
  const int index = av_find_best_stream(format_, type, -1, -1, &codec, 0);
  if (index == AVERROR_STREAM_NOT_FOUND) return ok_status();
  if (index < 0 || codec == nullptr) {
    return av_error(AVERROR_DECODER_NOT_FOUND, "open " + options_.name);
  }
  return open_decoder(index, *codec, out);
}

Status Reader::open_decoder(int index, const AVCodec& codec, Stream& out) {
  const std::string what = "open " + options_.name;
  AvCodecContext context(avcodec_alloc_context3(&codec));
  if (!context) return av_no_memory();
  const AVStream& stream = *format_->streams[index];
  if (const int code = avcodec_parameters_to_context(context.get(), stream.codecpar); code < 0) {
    return av_error(code, what);
  }
  context->pkt_timebase = stream.time_base;
  const std::string_view format = format_->iformat->name;
  const bool still = format.ends_with("_pipe") || format == "image2";
  context->max_pixels = still ? kMaxStillPixels : kMaxPixels;
  if (std::int64_t{context->width} * context->height > context->max_pixels) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("{}: {} x {} is too large a picture", what, context->width,
                                        context->height),
                 .hint = std::string(kSmallerPicture)};
  }
  // Frame threads add latency; only pictures beyond 1080p need them.
  context->thread_count = codec.type == AVMEDIA_TYPE_VIDEO && context->height > 1088 ? 2 : 1;
  if (const int code = avcodec_open2(context.get(), &codec, nullptr); code < 0) {
    return av_error(code, what);
  }
  out.index = index;
  out.codec = std::move(context);
  return ok_status();
}

void Reader::describe() {
  info_.format = format_->iformat->name;
  info_.jumps = (format_->iformat->flags & AVFMT_TS_DISCONT) != 0;
  if (video_.index >= 0) {
    const AVStream& stream = *format_->streams[video_.index];
    const std::string_view format = info_.format;
    info_.has_video = true;
    info_.is_still = (format.ends_with("_pipe") || format == "image2") && stream.nb_frames <= 1;
    info_.width = stream.codecpar->width;
    info_.height = stream.codecpar->height;
    info_.rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
    info_.rotation = clockwise_degrees(stream);
    info_.video_codec = avcodec_get_name(stream.codecpar->codec_id);
  }
  if (audio_.index >= 0) {
    const AVCodecParameters& parameters = *format_->streams[audio_.index]->codecpar;
    info_.has_audio = true;
    info_.audio_codec = avcodec_get_name(parameters.codec_id);
    info_.audio_rate = parameters.sample_rate;
    info_.audio_channels = parameters.ch_layout.nb_channels;
  }
  if (format_->duration != AV_NOPTS_VALUE && format_->duration > 0) {
    info_.duration = milliseconds{format_->duration / 1000};
  }
}

Result<std::optional<Reader::Packet>> Reader::read() {
  const ConnectGuard guard(policy_.get());
  if (is_another()) TS_CHECK(probe_again());
  while (true) {
    AvPacket packet = make_packet();
    interrupt_.arm(options_.read_timeout);
    const FfmpegErrors said;
    const int code = av_read_frame(format_, packet.get());
    // FFmpeg would go on to the next segment without a word.
    if (policy_ && !policy_->refused().empty()) return failure(code, "read " + options_.name, said);
    if (code == AVERROR_EOF) return std::optional<Packet>{};
    if (code == AVERROR(EAGAIN)) continue;
    if (code < 0) {
      if (options_.is_file && !interrupt_.stopped() && !interrupt_.timed_out()) {
        // A file cut off in the middle ends there.
        ++damaged_;
        return std::optional<Packet>{};
      }
      return failure(code, "read " + options_.name, said);
    }
    const bool adopted = adopt(*packet);
    const bool video = packet->stream_index == video_.index;
    if (!video && packet->stream_index != audio_.index) continue;
    const bool renewed = std::exchange((video ? video_ : audio_).renewed, false);
    const bool first = renewed && std::exchange(opened_anew_, false);
    if (video) {
      give_time(*packet);
    } else {
      time_sound(*packet);
    }
    return std::optional<Packet>(
        Packet{std::move(packet), video, adopted || renewed, adopted || first});
  }
}

void Reader::give_time(AVPacket& packet) {
  const bool raw = format_->iformat->raw_codec_id != AV_CODEC_ID_NONE;
  const AVRational rate = info_.rate.num > 0 ? info_.rate : AVRational{25, 1};
  if (!raw || info_.is_still || packet.pts != AV_NOPTS_VALUE || packet.dts != AV_NOPTS_VALUE) {
    return;
  }
  const AVStream& stream = *format_->streams[video_.index];
  // When it is decoded, so many pictures before it may be shown: which one is shown when is the
  // decoder's to find out.
  const std::int64_t number = untimed_++ - stream.codecpar->video_delay;
  packet.dts = av_rescale_q(number, av_inv_q(rate), stream.time_base);
  // Up to where the last picture is over that may be shown by then.
  packet.duration = av_rescale_q(untimed_, av_inv_q(rate), stream.time_base) - packet.dts;
}

void Reader::time_sound(AVPacket& packet) {
  if (!sound_needs_time_) return;
  const AVCodecContext& codec = *audio_.codec;
  const AVRational base = format_->streams[audio_.index]->time_base;
  const int samples = codec.frame_size > 0                ? codec.frame_size
                      : codec.codec_id == AV_CODEC_ID_AAC ? 1024
                                                          : 0;
  const bool known = samples > 0 && codec.sample_rate > 0;
  if (packet.duration <= 0 && known) {
    packet.duration = av_rescale_q(samples, {1, codec.sample_rate}, base);
  }
  if (packet.pts == AV_NOPTS_VALUE && packet.dts == AV_NOPTS_VALUE) {
    if (!known || !sound_next_) return;
    packet.pts = packet.dts = *sound_next_;
  }
  sound_next_ = (packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts) + packet.duration;
}

bool Reader::failed(const Stream& stream) noexcept {
  return stream.gave && stream.failures >= kAnotherFailures &&
         stream.sent_us - stream.since_us >= kAnotherAfterUs;
}

bool Reader::is_another() const noexcept { return failed(video_) || failed(audio_); }

Status Reader::probe_again() {
  const bool pictures = video_.index >= 0 && failed(video_);
  for (Stream* stream : {&video_, &audio_}) {
    // Not again before something could be decoded: it may be damage after all.
    stream->failures = 0;
    stream->gave = false;
  }
  if (format_->iformat->name != std::string_view("mpegts") || format_->pb == nullptr) {
    // An encoder over RTMP sends new headers, and a file, or a film behind an address, is what it
    // is. For the sound alone the picture is not given up.
    const bool film = options_.is_file || info_.duration.has_value();
    if (film || !options_.device.empty() || options_.flv_fd >= 0) return ok_status();
    if (video_.index >= 0 && !pictures) return ok_status();
    return Error{.kind = ErrorKind::kMedia,
                 .message = options_.name + ": what comes cannot be decoded any more",
                 .hint = "see whether its encoder changed the codec",
                 .retryable = true};
  }
  const FfmpegErrors said;
  const std::string what = "read " + options_.name;
  start_us_ = start_us();
  AVIOContext* io = std::exchange(format_->pb, nullptr);
  const AVInputFormat* format = format_->iformat;
  avformat_close_input(&format_);
  Stream video = std::exchange(video_, {});
  Stream audio = std::exchange(audio_, {});
  info_ = {};
  format_ = avformat_alloc_context();
  if (format_ == nullptr) {
    avio_close(io);
    return av_no_memory();
  }
  interrupt_.arm(kProbeAgain);
  format_->interrupt_callback = interrupt_.callback();
  format_->max_streams = kMostStreams;
  format_->pb = io;
  AvDictionary dictionary;
  set_probing(dictionary);
  if (const int code = avformat_open_input(&format_, "", format, dictionary.address()); code < 0) {
    avio_close(io);
    return failure(code, what, said);
  }
  // From here on it is closed with the rest again.
  format_->flags &= ~AVFMT_FLAG_CUSTOM_IO;
  TS_CHECK(open_streams(said));
  keep_decoder(video_, video);
  keep_decoder(audio_, audio);
  video_.renewed = video_.index >= 0;
  audio_.renewed = audio_.index >= 0;
  opened_anew_ = true;
  return ok_status();
}

Status Reader::seek(milliseconds position) {
  const std::int64_t target = start_us() + position.count() * 1000;
  const ConnectGuard guard(policy_.get());
  interrupt_.arm(options_.read_timeout);
  // These have no index: looked for by time, the beginning is found at the second key frame.
  const std::string_view format = format_->iformat->name;
  const bool whole = position == milliseconds{0};
  // At its beginning it is what it was before it changed.
  if (whole && start_us_ && options_.is_file) return open_again();
  untimed_ = 0;
  const bool raw = format_->iformat->raw_codec_id != AV_CODEC_ID_NONE;
  const int code = whole && (raw || format == "mpegts" || format == "mpeg")
                       ? av_seek_frame(format_, -1, 0, AVSEEK_FLAG_BYTE)
                       : avformat_seek_file(format_, -1, INT64_MIN, target, target, 0);
  if (code >= 0) return ok_status();
  if (whole && options_.is_file) return open_again();
  return av_error(code, "rewind " + options_.name);
}

void Reader::keep_decoder(Stream& now, Stream& before) {
  if (now.codec && before.codec && now.codec->codec_id == before.codec->codec_id) {
    now.codec = std::move(before.codec);
  }
}

Status Reader::open_again() {
  avformat_close_input(&format_);
  start_us_.reset();
  Stream video = std::exchange(video_, {});
  Stream audio = std::exchange(audio_, {});
  info_ = {};
  TS_CHECK(open_input());
  keep_decoder(video_, video);
  keep_decoder(audio_, audio);
  return ok_status();
}

void Reader::restart(bool video) {
  Stream& stream = video ? video_ : audio_;
  if (stream.codec) avcodec_flush_buffers(stream.codec.get());
  stream.seen_key = false;
}

void Reader::send(bool video, const AVPacket* packet) {
  Stream& stream = video ? video_ : audio_;
  if (!stream.codec) return;
  const FfmpegErrors said;
  if (packet != nullptr) {
    const std::int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (time != AV_NOPTS_VALUE) {
      stream.sent_us = av_rescale_q(time, time_base(video), {1, 1'000'000});
    }
  }
  const int code = avcodec_send_packet(stream.codec.get(), packet);
  if (code >= 0 || code == AVERROR_EOF || code == AVERROR(EAGAIN)) return;
  note_damage(code, said);
  note_failure(stream);
}

void Reader::note_failure(Stream& stream) noexcept {
  // Times that went back begin the wait anew.
  if (stream.failures++ == 0 || stream.sent_us < stream.since_us) stream.since_us = stream.sent_us;
}

void Reader::note_damage(int code, const FfmpegErrors& said) {
  ++damaged_;
  if (damage_) return;
  damage_ = said.explain(code, "decode " + options_.name, ErrorKind::kMedia);
}

Error Reader::no_picture() const {
  if (damage_) return *damage_;
  return Error{.kind = ErrorKind::kMedia,
               .message = options_.name + ": no picture in it",
               .hint = "check it with ffprobe: it is no media, or damaged"};
}

void Reader::skip_unreferenced(bool skip) noexcept {
  if (video_.codec) video_.codec->skip_frame = skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
}

void Reader::set_loop_filter(LoopFilter filter) noexcept {
  if (!video_.codec) return;
  video_.codec->skip_loop_filter = filter == LoopFilter::kAll          ? AVDISCARD_DEFAULT
                                   : filter == LoopFilter::kReferences ? AVDISCARD_NONREF
                                                                       : AVDISCARD_ALL;
}

AvFrame Reader::receive(bool video) {
  Stream& stream = video ? video_ : audio_;
  if (!stream.codec) return nullptr;
  const FfmpegErrors said;
  while (true) {
    AvFrame frame = make_frame();
    const int code = avcodec_receive_frame(stream.codec.get(), frame.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return nullptr;
    if (code < 0) {
      note_damage(code, said);
      note_failure(stream);
      return nullptr;
    }
    // Joining in the middle of a group of pictures gives grey and green until a key frame.
    stream.seen_key = stream.seen_key || !video || frame->key_frame != 0;
    if (!stream.seen_key && (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      ++damaged_;
      continue;
    }
    frame->pts = frame->best_effort_timestamp;
    stream.gave = true;
    stream.failures = 0;
    return frame;
  }
}

StreamFormat Reader::format(bool video) const {
  const AVStream& stream = *format_->streams[video ? video_.index : audio_.index];
  AVCodecParameters* copy = avcodec_parameters_alloc();
  if (copy == nullptr || avcodec_parameters_copy(copy, stream.codecpar) < 0) throw std::bad_alloc();
  StreamFormat out{.time_base = stream.time_base, .rate = stream.avg_frame_rate};
  out.parameters = std::shared_ptr<const AVCodecParameters>(copy, [](const AVCodecParameters* own) {
    auto* pointer = const_cast<AVCodecParameters*>(own);  // NOLINT: free wants it
    avcodec_parameters_free(&pointer);
  });
  return out;
}

AVRational Reader::time_base(bool video) const noexcept {
  const int index = video ? video_.index : audio_.index;
  return index < 0 ? AVRational{1, 1} : format_->streams[index]->time_base;
}

std::int64_t Reader::start_us() const noexcept {
  if (start_us_) return *start_us_;
  const std::int64_t container = format_->start_time == AV_NOPTS_VALUE ? 0 : format_->start_time;
  if (video_.index < 0) return container;
  const AVStream& stream = *format_->streams[video_.index];
  if (stream.start_time == AV_NOPTS_VALUE) return container;
  // Sound often begins a block early, to prime its decoder: the first picture is time 0.
  const std::int64_t picture = av_rescale_q(stream.start_time, stream.time_base, {1, 1'000'000});
  return picture >= container && picture - container < 100'000 ? picture : container;
}

}  // namespace ts::media
