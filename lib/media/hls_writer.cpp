// SPDX-License-Identifier: Apache-2.0
#include "media/hls_writer.hpp"

#include "core/assert.hpp"
#include "core/file.hpp"
#include "core/unique_fd.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ts::media {
namespace {

namespace fs = std::filesystem;

constexpr AVRational kTicks{1, 90000};
constexpr std::int64_t kTicksPerSecond = 90000;
/// Where the first packet of a recording stands: some players dislike timestamps near zero.
constexpr std::int64_t kOrigin = kTicksPerSecond;
/// A key frame this much before the wanted length still ends the segment: publishers round.
constexpr std::int64_t kCutTolerance = kTicksPerSecond / 10;
constexpr std::int64_t kMaxForwardJump = 10 * kTicksPerSecond;
constexpr std::int64_t kMaxBackwardJump = kTicksPerSecond / 2;

Error file_error(std::string_view what, const fs::path& path, int number) {
  return av_error(AVERROR(number), fmt::format("{} {}", what, path.string()));
}

/// Replaces a playlist under the eyes of its readers. No fsync: it is rewritten every segment.
Status replace_file(const fs::path& path, std::string_view content) {
  const auto part = path.string() + ".part";
  const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return file_error("write", path, errno);
  while (!content.empty()) {
    const auto written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int number = errno;
      ::unlink(part.c_str());
      return file_error("write", path, number);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::rename(part.c_str(), path.c_str()) != 0) return file_error("write", path, errno);
  return ok_status();
}

Status append_file(const fs::path& path, std::string_view content) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd) return file_error("write", path, errno);
  const auto written = ::write(fd.get(), content.data(), content.size());
  if (written < 0) return file_error("write", path, errno);
  if (static_cast<std::size_t>(written) < content.size()) return file_error("write", path, ENOSPC);
  return ok_status();
}

Result<HlsMediaPlaylist> read_playlist(const fs::path& path) {
  TS_TRY(const auto text, read_file(path));
  TS_TRY(auto parsed, parse_hls(text));
  if (auto* media = std::get_if<HlsMediaPlaylist>(&parsed)) return std::move(*media);
  return Error{.kind = ErrorKind::kMedia, .message = path.string() + " is no media playlist"};
}

seconds rounded(microseconds duration) { return seconds{(duration.count() + 500'000) / 1'000'000}; }

microseconds from_ticks(std::int64_t ticks) {
  return microseconds{av_rescale_rnd(ticks, 1'000'000, kTicksPerSecond, AV_ROUND_NEAR_INF)};
}

std::int64_t to_ticks(microseconds duration) {
  return av_rescale_rnd(duration.count(), kTicksPerSecond, 1'000'000, AV_ROUND_UP);
}

}  // namespace

/// One MPEG-TS multiplex. It lives through many segments, so its continuity counters do too.
struct HlsWriter::Muxer {
  AVFormatContext* context = nullptr;
  std::array<int, 2> stream{-1, -1};
  fs::path part;
  bool header_written = false;

  Muxer() = default;
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;
  ~Muxer() {
    if (context == nullptr) return;
    abandon();
    avformat_free_context(context);
  }

  Status add(const AvCodecParameters& parameters, TrackKind kind) {
    if (!parameters) return ok_status();
    AVStream* made = avformat_new_stream(context, nullptr);
    if (made == nullptr || avcodec_parameters_copy(made->codecpar, parameters.get()) < 0) {
      return av_no_memory();
    }
    made->codecpar->codec_tag = 0;
    made->time_base = kTicks;
    stream.at(static_cast<std::size_t>(kind)) = made->index;
    return ok_status();
  }

  Status open(const fs::path& path) {
    part = path;
    const int code = avio_open(&context->pb, path.c_str(), AVIO_FLAG_WRITE);
    if (code < 0) return av_error(code, "write " + path.string());
    if (header_written) {
      av_opt_set(context->priv_data, "mpegts_flags", "+resend_headers", 0);
      return ok_status();
    }
    if (const int header = avformat_write_header(context, nullptr); header < 0) {
      return av_error(header, "begin the MPEG-TS stream");
    }
    header_written = true;
    return ok_status();
  }

  /// @return the size of the segment, which is whole on disk under its temporary name.
  Result<std::uint64_t> close() {
    int code = av_write_frame(context, nullptr);
    avio_flush(context->pb);
    if (code >= 0) code = context->pb->error;
    const auto size = avio_tell(context->pb);
    const int closed = avio_closep(&context->pb);
    if (code >= 0) code = closed;
    if (code < 0) {
      ::unlink(part.c_str());
      return av_error(code, "write " + part.string());
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
  }

  void abandon() noexcept {
    if (context->pb == nullptr) return;
    avio_closep(&context->pb);
    ::unlink(part.c_str());
  }
};

HlsWriter::HlsWriter(HlsOptions options, const Clock& clock, OnSegment on_segment)
    : options_(std::move(options)), clock_(clock), on_segment_(std::move(on_segment)) {}

HlsWriter::~HlsWriter() = default;

Result<std::unique_ptr<HlsWriter>> HlsWriter::open(HlsOptions options, const Clock& clock,
                                                   OnSegment on_segment) {
  std::error_code code;
  fs::create_directories(options.directory, code);
  if (code) return file_error("make folder", options.directory, code.value());
  std::unique_ptr<HlsWriter> writer(new HlsWriter(
      std::move(options), clock, std::move(on_segment)));  // The constructor is private.
  TS_CHECK(writer->load());
  return writer;
}

Status HlsWriter::load() {
  const auto path = options_.directory / kHlsRecordingName;
  recording_.type = HlsMediaPlaylist::Type::kEvent;
  recording_.target_duration =
      std::chrono::ceil<seconds>(std::max(options_.segment, milliseconds{1}));
  base_ = kOrigin;
  if (std::error_code code; !fs::exists(path, code)) return ok_status();
  if (!options_.append) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = options_.directory.string() + " holds a recording already",
                 .hint = "use --append to go on with it, or an empty folder"};
  }
  TS_TRY(recording_, read_playlist(path));
  if (recording_.ended) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = "the recording in " + options_.directory.string() + " is complete"};
  }
  // A writer that died may have left half a line or half a segment.
  while (!recording_.segments.empty() &&
         !fs::exists(options_.directory / recording_.segments.back().uri)) {
    recording_.segments.pop_back();
  }
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(options_.directory, ignored)) {
    if (entry.path().extension() == ".part") fs::remove(entry.path(), ignored);
  }
  base_ = kOrigin + to_ticks(recording_.total_duration());
  discontinuity_ = !recording_.segments.empty();
  return write_recording();
}

Status HlsWriter::complete(const fs::path& directory) {
  const auto path = directory / kHlsRecordingName;
  if (std::error_code code; !fs::exists(path, code)) return ok_status();
  TS_TRY(auto recording, read_playlist(path));
  if (!recording.ended) {
    recording.ended = true;
    recording.type = HlsMediaPlaylist::Type::kVod;
    TS_CHECK(replace_file(path, render_hls(recording)));
  }
  const auto live_path = directory / kHlsLiveName;
  TS_TRY(auto live, read_playlist(live_path));
  if (live.ended) return ok_status();
  live.ended = true;
  return replace_file(live_path, render_hls(live));
}

Status HlsWriter::begin(Tracks tracks) {
  if (!tracks.video && !tracks.audio) {
    return Error{.kind = ErrorKind::kMedia, .message = "there is no track to write"};
  }
  TS_CHECK(restart());
  muxer_.reset();
  tracks_ = std::move(tracks);
  return open_muxer();
}

Status HlsWriter::open_muxer() {
  muxer_ = std::make_unique<Muxer>();
  if (const int code = avformat_alloc_output_context2(&muxer_->context, nullptr, "mpegts", nullptr);
      code < 0) {
    return av_error(code, "begin the MPEG-TS stream");
  }
  // No start delay, so that timestamps are the ones given; a reader learns from the flag that a
  // new multiplex begins.
  muxer_->context->max_delay = 0;
  muxer_->context->flags |= AVFMT_FLAG_FLUSH_PACKETS;
  av_opt_set(muxer_->context->priv_data, "mpegts_flags", "+initial_discontinuity", 0);
  TS_CHECK(muxer_->add(tracks_.video, TrackKind::kVideo));
  return muxer_->add(tracks_.audio, TrackKind::kAudio);
}

Status HlsWriter::write(const CodedPacket& coded) {
  auto written = write_packet(coded);
  if (!written.ok()) {
    // The segment is lost; the ones before it stay as they are.
    muxer_->abandon();
    run_open_ = false;
  }
  return written;
}

Status HlsWriter::write_packet(const CodedPacket& coded) {
  const auto index = static_cast<std::size_t>(coded.track);
  TS_ASSERT(muxer_ != nullptr);
  const int stream = muxer_->stream.at(index);
  if (stream < 0) return ok_status();
  auto& clock = clocks_.at(index);
  const auto rescale = [&](std::int64_t value) {
    return av_rescale_q(value, coded.time_base, kTicks);
  };
  const auto dts = rescale(coded.packet->dts);
  const auto pts = rescale(coded.packet->pts);
  if (run_open_ && clock.last_input_dts != INT64_MIN) {
    const auto step = dts - clock.last_input_dts;
    if (step > kMaxForwardJump || step < -kMaxBackwardJump) TS_CHECK(restart());
  }
  const bool key = (coded.packet->flags & AV_PKT_FLAG_KEY) != 0;
  const bool leads = coded.track == TrackKind::kVideo ? key : !tracks_.video;
  if (!run_open_) {
    if (!leads) return ok_status();
    TS_CHECK(start_run(std::min(dts, pts)));
  }
  auto out_dts = dts + offset_;
  auto out_pts = pts + offset_;
  if (out_dts <= clock.last_dts) {
    if (clock.count == 0) return ok_status();  // Sound from before the first picture of this run.
    out_dts = clock.last_dts + 1;
    out_pts = std::max(out_pts, out_dts);
  }
  if (out_dts < base_) return ok_status();
  const auto length = out_pts - segment_start_;
  const auto tolerance = tracks_.video ? kCutTolerance : 0;
  if (leads && length >= to_ticks(options_.segment) - tolerance) {
    TS_CHECK(close_segment(out_pts));
    TS_CHECK(open_segment(out_pts));
  }
  clock.note(dts, out_dts, out_pts, rescale(coded.packet->duration));

  AvPacket packet(av_packet_clone(coded.packet.get()));
  if (!packet) return av_no_memory();
  packet->stream_index = stream;
  packet->dts = out_dts;
  packet->pts = out_pts;
  packet->duration = rescale(coded.packet->duration);
  int code = av_write_frame(muxer_->context, packet.get());
  if (code >= 0) code = muxer_->context->pb->error;
  if (code < 0) return av_error(code, "write " + muxer_->part.string());
  ++packets_.at(index);
  return ok_status();
}

Status HlsWriter::start_run(std::int64_t first_input) {
  run_open_ = true;
  offset_ = base_ - first_input;
  run_started_ = clock_.now();
  return open_segment(base_);
}

Status HlsWriter::restart() {
  if (!run_open_) return ok_status();
  TS_CHECK(finish());
  return open_muxer();
}

Status HlsWriter::finish() {
  if (!run_open_) return ok_status();
  const auto end = std::max({clocks_[0].end(), clocks_[1].end(), segment_start_});
  run_open_ = false;
  TS_CHECK(close_segment(end));
  for (auto& clock : clocks_) clock = TrackClock{.last_dts = clock.last_dts};
  base_ = end;
  discontinuity_ = true;
  return ok_status();
}

Status HlsWriter::open_segment(std::int64_t start) {
  segment_start_ = start;
  const auto name = fmt::format("segment_{:05}.ts", recording_.segments.size());
  return muxer_->open(options_.directory / (name + ".part"));
}

Status HlsWriter::close_segment(std::int64_t end) {
  const auto part = muxer_->part;
  const auto file = part.parent_path() / part.stem();
  TS_TRY(const auto bytes, muxer_->close());
  if (::rename(part.c_str(), file.c_str()) != 0) return file_error("write", file, errno);
  const auto elapsed = from_ticks(segment_start_ - base_);
  HlsSegment segment{.uri = file.filename().string(),
                     .duration = from_ticks(end - kOrigin) - from_ticks(segment_start_ - kOrigin),
                     .discontinuity = std::exchange(discontinuity_, false),
                     .program_date_time = run_started_ + std::chrono::round<milliseconds>(elapsed)};
  const HlsWritten written{.number = recording_.segments.size(),
                           .file = segment.uri,
                           .duration = segment.duration,
                           .discontinuity = segment.discontinuity,
                           .bytes = bytes};
  TS_CHECK(publish(std::move(segment)));
  if (on_segment_) on_segment_(written);
  return ok_status();
}

Status HlsWriter::publish(HlsSegment segment) {
  const auto target = std::max(recording_.target_duration, rounded(segment.duration));
  const bool rewrite = target != recording_.target_duration || recording_.segments.empty();
  recording_.target_duration = target;
  recording_.segments.push_back(std::move(segment));
  TS_CHECK(rewrite ? write_recording()
                   : append_file(options_.directory / kHlsRecordingName,
                                 render_hls(recording_.segments.back())));
  return write_live();
}

Status HlsWriter::write_recording() const {
  return replace_file(options_.directory / kHlsRecordingName, render_hls(recording_));
}

Status HlsWriter::write_live() const {
  const auto& all = recording_.segments;
  const auto hidden = all.size() - std::min(all.size(), options_.live_window);
  const auto visible = all.begin() + static_cast<std::ptrdiff_t>(hidden);
  HlsMediaPlaylist live;
  live.target_duration = recording_.target_duration;
  live.media_sequence = hidden;
  live.discontinuity_sequence = static_cast<std::uint64_t>(
      std::count_if(all.begin(), visible, [](const HlsSegment& s) { return s.discontinuity; }));
  live.segments.assign(visible, all.end());
  return replace_file(options_.directory / kHlsLiveName, render_hls(live));
}

microseconds HlsWriter::recorded() const noexcept { return recording_.total_duration(); }

void HlsWriter::TrackClock::note(std::int64_t input_dts, std::int64_t dts, std::int64_t pts,
                                 std::int64_t duration) {
  if (count == 0) first_dts = dts;
  last_input_dts = input_dts;
  last_dts = dts;
  ++count;
  if (pts >= last_pts) {
    last_pts = pts;
    last_duration = duration;
  }
}

std::int64_t HlsWriter::TrackClock::end() const {
  if (count == 0) return INT64_MIN;
  if (last_duration > 0) return last_pts + last_duration;
  // FLV gives pictures no duration; the mean distance is exact where single steps are rounded.
  const auto steps = static_cast<std::int64_t>(count) - 1;
  return last_pts + (steps > 0 ? (last_dts - first_dts + steps / 2) / steps : 0);
}

}  // namespace ts::media
