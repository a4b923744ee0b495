// SPDX-License-Identifier: Apache-2.0
#include "compose/source_recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <utility>

namespace ts::compose {

namespace fs = std::filesystem;

namespace {

/// Less is jitter of the sender and no other clock: the program's timeline takes it so, too.
constexpr std::int64_t kStepBackUs = 500'000;
/// Pictures and sound that lie so far apart are on different clocks.
constexpr std::int64_t kApartUs = 5'000'000;
constexpr ProgramTime kFirstWait = seconds{2};
constexpr ProgramTime kLastWait = seconds{60};
/// What a full disk refuses is noticed when a second of it is written out.
constexpr ProgramTime kHealthy = seconds{3};

void drop_header(AVPacket& packet) {
  for (int i = 0; i < packet.side_data_elems; ++i) {
    if (packet.side_data[i].type != AV_PKT_DATA_NEW_EXTRADATA) continue;
    av_freep(&packet.side_data[i].data);
    std::swap(packet.side_data[i], packet.side_data[packet.side_data_elems - 1]);
    --packet.side_data_elems;
    return;
  }
}

std::int64_t decoded(const AVPacket& packet) {
  return packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
}

}  // namespace

void SourceRecording::begin(const media::Reader& reader) {
  if (options_.folder.empty()) return;
  end();
  recording_ = true;
  video_ = reader.info().has_video;
  start_us_ = reader.start_us();
  stepped_ = anew_ = false;
  first_.emplace(reader.format(video_));
  // A source without pictures has its sound as the only stream.
  if (video_ && reader.info().has_audio) second_.emplace(reader.format(false));
}

void SourceRecording::begin_anew(const media::Reader& reader) {
  if (recording_) begin(reader);
}

std::int64_t SourceRecording::to_us(const Track& track, std::int64_t time) const {
  return av_rescale_q(time, track.watch.format().time_base, {1, 1'000'000});
}

void SourceRecording::open(const AVPacket& first) {
  if (trouble_ && options_.now && options_.now() < retry_at_) return;
  if (stepped_) start_us_ = to_us(*first_, decoded(first));
  media::MuxTarget target;
  std::error_code ignored;
  fs::path path = fs::path(options_.folder) / (options_.name + ".mkv");
  for (; fs::exists(path, ignored); ++number_) {
    path = fs::path(options_.folder) / fmt::format("{}-{}.mkv", options_.name, number_);
  }
  path_ = path.string();
  target.path = path_;
  target.name = fmt::format("recording of source '{}' ({})", options_.name, path_);
  if (!first_->watch.complete()) {
    return fail(Error{.kind = ErrorKind::kMedia,
                      .message = fmt::format("open {}: its headers have not come", target.name)});
  }
  // Sound nobody knows anything of yet: it is not there.
  const bool both = second_ && second_->watch.complete();
  auto opened =
      media::Muxer::open(target, first_->watch.format(),
                         both ? std::optional(second_->watch.format()) : std::nullopt, {});
  if (!opened.ok()) return fail(opened.error());
  muxer_ = std::move(opened).value();
  anew_ = false;
  for (auto* track : {&first_, &second_}) {
    if (!*track) continue;
    (*track)->last.reset();
    (*track)->out = track == &second_ && !both;
    (*track)->offset_us = start_us_;
  }
  if (trouble_ && options_.now) healthy_at_ = options_.now() + kHealthy;
}

bool SourceRecording::see(Track& track, const AVPacket& packet) {
  const bool was_complete = track.watch.complete();
  if (track.watch.see(packet) || (!was_complete && track.watch.complete())) {
    if (muxer_) anew_ = track.out = true;
  }
  if (packet.pts == AV_NOPTS_VALUE && packet.dts == AV_NOPTS_VALUE) return false;
  if (!track.watch.fits(packet)) return false;
  if (track.last && to_us(track, *track.last - decoded(packet)) > kStepBackUs) {
    anew_ = stepped_ = track.out = true;
  }
  return true;
}

bool SourceRecording::place_second(const AVPacket& packet) {
  if (!stepped_ || second_->last || !first_->last) return true;
  const std::int64_t time = to_us(*second_, decoded(packet));
  const std::int64_t now = to_us(*first_, *first_->last);
  // The sound's clock alone began anew, or the pictures' does not do so before long.
  if (std::abs(time - now) > kApartUs) second_->offset_us = time - (now - first_->offset_us);
  return time >= second_->offset_us;
}

void SourceRecording::write(const media::Reader::Packet& packet) {
  if (!recording_) return;
  const AVPacket& in = *packet.packet;
  const bool leads = packet.video || !video_;
  std::optional<Track>& track = leads ? first_ : second_;
  if (!track || !see(*track, in)) return;
  const bool key = (in.flags & AV_PKT_FLAG_KEY) != 0;
  if (!muxer_ || anew_) {
    // Not before: a source that opens and gives nothing, again and again, would leave a file each
    // time. What still fits the file before goes there meanwhile.
    if (leads && (key || !video_)) {
      close();
      open(in);
    }
    if (!muxer_) return;
  }
  if (track->out || (!leads && !place_second(in))) return;
  media::AvPacket copy = media::reference(in);
  drop_header(*copy);
  copy->dts = decoded(in);
  if (track->last && copy->dts <= *track->last) {
    // A file counts milliseconds.
    const AVRational base = track->watch.format().time_base;
    copy->dts = *track->last + std::max<std::int64_t>(1, av_rescale_q(1, {1, 1000}, base));
  }
  copy->pts = std::max(copy->pts == AV_NOPTS_VALUE ? copy->dts : copy->pts, copy->dts);
  track->last = copy->dts;
  media::EncodedPacket out{
      .video = leads, .key = key, .dts_us = to_us(*track, copy->dts) - track->offset_us};
  out.packet = std::shared_ptr<const AVPacket>(copy.release(), [](const AVPacket* owned) {
    auto* pointer = const_cast<AVPacket*>(owned);  // NOLINT: av_packet_free wants it
    av_packet_free(&pointer);
  });
  const Status written = muxer_->write(out, track->offset_us);
  if (!written.ok()) return fail(written.error());
  watch_health();
}

void SourceRecording::watch_health() {
  if (!trouble_ || !options_.now || options_.now() < healthy_at_) return;
  trouble_ = false;
  wait_ = {};
  if (options_.log != nullptr) {
    options_.log->info("compose", "source '{}' is recorded again ({})", options_.name, path_);
  }
  if (options_.on_trouble) options_.on_trouble({});
}

void SourceRecording::close() {
  if (!muxer_) return;
  const Status finished = muxer_->finish();
  if (!finished.ok()) return fail(finished.error());
  muxer_.reset();
}

void SourceRecording::end() {
  close();
  recording_ = false;
  first_.reset();
  second_.reset();
}

void SourceRecording::finish() {
  end();
  wait_ = {};
  if (std::exchange(trouble_, false) && options_.on_trouble) options_.on_trouble({});
}

void SourceRecording::fail(const Error& error) {
  muxer_.reset();
  // A full disk would collect one empty file for each retry.
  std::error_code ignored;
  if (fs::file_size(path_, ignored) == 0 && !ignored) fs::remove(path_, ignored);
  wait_ = wait_ == ProgramTime{} ? kFirstWait : std::min(wait_ * 2, kLastWait);
  if (options_.now) retry_at_ = options_.now() + wait_;
  // Said once: another try that fails is no news.
  if (std::exchange(trouble_, true)) return;
  if (options_.log != nullptr) options_.log->warning("compose", "{} (retrying)", error.message);
  if (options_.on_trouble) options_.on_trouble(error.message);
}

}  // namespace ts::compose
