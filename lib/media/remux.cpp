// SPDX-License-Identifier: Apache-2.0
#include "media/remux.hpp"

#include "media/av_handles.hpp"

#include <algorithm>
#include <map>

namespace ts::media {
namespace {

constexpr AVRational kMicroseconds{1, 1'000'000};
constexpr std::int64_t kLongestGap = 5'000'000;

using Input = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using Output = std::unique_ptr<AVFormatContext, FreeByPointer<avformat_free_context>>;

Result<Input> open_input(const std::filesystem::path& folder) {
  const auto list = folder / "recording.m3u8";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(list, ignored)) {
    return Error{.kind = ErrorKind::kNotFound, .message = "there is no recording"};
  }
  AVFormatContext* context = nullptr;
  AvDictionary settings;
  settings.set("protocol_whitelist", "file");
  int code = avformat_open_input(&context, list.c_str(), nullptr, settings.address());
  if (code < 0) return av_error(code, "open the recording");
  Input input(context);
  code = avformat_find_stream_info(context, nullptr);
  if (code < 0) return av_error(code, "read the recording");
  return input;
}

/// The tracks that are copied: where each goes.
using Tracks = std::map<int, AVStream*>;

Result<Tracks> add_tracks(AVFormatContext& input, AVFormatContext& output, bool audio_only) {
  Tracks tracks;
  for (const auto type : {AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO}) {
    if (type == AVMEDIA_TYPE_VIDEO && audio_only) continue;
    const int index = av_find_best_stream(&input, type, -1, -1, nullptr, 0);
    if (index < 0) continue;
    auto* stream = avformat_new_stream(&output, nullptr);
    if (stream == nullptr) return av_no_memory();
    avcodec_parameters_copy(stream->codecpar, input.streams[index]->codecpar);
    stream->codecpar->codec_tag = 0;
    tracks[index] = stream;
  }
  if (tracks.empty()) {
    return Error{.kind = ErrorKind::kNotFound, .message = "the recording has no such track"};
  }
  return tracks;
}

/// Closes gaps: one timeline from 0 on for all tracks.
class Timeline {
 public:
  /// What to add to the times of a packet at `dts`, in microseconds.
  std::int64_t shift(std::int64_t dts) {
    if (!begun_ || dts + shift_ < newest_ - kLongestGap || dts + shift_ > newest_ + kLongestGap) {
      shift_ = (begun_ ? newest_ + 20'000 : 0) - dts;
      begun_ = true;
    }
    newest_ = std::max(newest_, dts + shift_);
    return shift_;
  }
  [[nodiscard]] std::int64_t newest() const { return newest_; }

 private:
  bool begun_ = false;
  std::int64_t shift_ = 0;
  std::int64_t newest_ = 0;
};

Result<RemuxMade> copy(AVFormatContext& input, AVFormatContext& output, const Tracks& tracks,
                       const std::stop_token& stop) {
  RemuxMade made;
  Timeline timeline;
  std::map<int, std::int64_t> last;
  for (;;) {
    if (stop.stop_requested()) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "the copy was stopped"};
    }
    const auto packet = make_packet();
    int code = av_read_frame(&input, packet.get());
    if (code == AVERROR_EOF) break;
    if (code < 0) return av_error(code, "read the recording");
    const auto track = tracks.find(packet->stream_index);
    if (track == tracks.end() || packet->dts == AV_NOPTS_VALUE) continue;
    av_packet_rescale_ts(packet.get(), input.streams[packet->stream_index]->time_base,
                         kMicroseconds);
    const auto shift = timeline.shift(packet->dts);
    packet->dts += shift;
    packet->pts = packet->pts == AV_NOPTS_VALUE ? packet->dts : packet->pts + shift;
    av_packet_rescale_ts(packet.get(), kMicroseconds, track->second->time_base);
    if (const auto before = last.find(track->first); before != last.end()) {
      packet->dts = std::max(packet->dts, before->second + 1);
      packet->pts = std::max(packet->pts, packet->dts);
    }
    last[track->first] = packet->dts;
    packet->stream_index = track->second->index;
    packet->pos = -1;
    code = av_interleaved_write_frame(&output, packet.get());
    if (code < 0) return av_error(code, "write the file");
    ++made.packets;
  }
  made.duration = std::chrono::microseconds{timeline.newest()};
  return made;
}

}  // namespace

Result<RemuxMade> remux_recording(const std::filesystem::path& folder,
                                  const std::filesystem::path& out, bool audio_only,
                                  const std::stop_token& stop) {
  TS_TRY(const auto input, open_input(folder));
  const auto part = out.string() + ".part";
  AVFormatContext* context = nullptr;
  int code = avformat_alloc_output_context2(&context, nullptr, "mp4", part.c_str());
  if (code < 0) return av_error(code, "write the file");
  const Output output(context);
  TS_TRY(const auto tracks, add_tracks(*input, *context, audio_only));
  AvDictionary settings;
  settings.set("movflags", "+faststart");
  code = avio_open(&context->pb, part.c_str(), AVIO_FLAG_WRITE);
  if (code >= 0) code = avformat_write_header(context, settings.address());
  Result<RemuxMade> made = RemuxMade{};
  if (code >= 0) made = copy(*input, *context, tracks, stop);
  if (code >= 0 && made.ok()) code = av_write_trailer(context);
  avio_closep(&context->pb);
  std::error_code failure;
  if (code >= 0 && made.ok()) std::filesystem::rename(part, out, failure);
  if (code < 0 || !made.ok() || failure) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    if (!made.ok()) return made;
    return av_error(code < 0 ? code : AVERROR(EIO), "write the file");
  }
  auto whole = made.value();
  whole.bytes = std::filesystem::file_size(out, failure);
  return whole;
}

}  // namespace ts::media
