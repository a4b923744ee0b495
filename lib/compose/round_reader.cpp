// SPDX-License-Identifier: Apache-2.0
#include "compose/round_reader.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kMaxQueuedBytes = std::size_t{64} << 20U;
/// A first packet before time zero has none; a raw stream never has.
constexpr int kMostUntimed = 8;
/// Times of containers are rounded to milliseconds.
constexpr ProgramTime kRounding = milliseconds{1};

ProgramTime from_us(std::int64_t us) { return std::chrono::microseconds{us}; }

/// AVI tells only when a picture is decoded, for some of them.
std::int64_t stamp_of(const AVPacket& packet) {
  return packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
}

}  // namespace

Status RoundReader::begin(media::Reader& reader) {
  const media::InputInfo& info = reader.info();
  reader_ = &reader;
  tracks_ = {};
  track(true).present = info.has_video && !info.is_still;
  track(false).present = info.has_audio;
  queued_bytes_ = 0;
  done_ = false;
  round_ = round_end_ = sound_end_ = {};
  spliced_.reset(info.jumps);
  if (input_.start > milliseconds{0}) return reader.seek(input_.start);
  return ok_status();
}

Status RoundReader::read(SourceRecording& recording) {
  TS_TRY(auto read, reader_->read());
  if (!read) return end_of_round();
  if (read->anew) recording.begin_anew(*reader_);
  recording.write(*read);
  const bool video = read->video;
  Track& into = track(video);
  into.present = into.present || read->late;
  if (!into.present) return ok_status();
  const AVPacket& packet = *read->packet;
  if (stamp_of(packet) != AV_NOPTS_VALUE) into.untimed = -1;
  if (into.untimed >= 0 && ++into.untimed > kMostUntimed && input_.is_file) {
    return Error{
        .kind = ErrorKind::kMedia,
        .message = what_ + (video ? ": its pictures carry" : ": its sound carries") + " no times",
        .hint = "put it into a container: ffmpeg -i FILE -c copy OUT.mp4"};
  }
  into.came = true;
  if (splice_) splice(*read);
  const ProgramTime begin = time(stamp_of(packet), video);
  if (!input_.end || begin + input_.start < *input_.end) {
    // A loop is as long as its picture; sound that hangs over the end is cut.
    if (stamp_of(packet) != AV_NOPTS_VALUE) {
      ProgramTime& last = video || !has(true) ? round_end_ : sound_end_;
      last = std::max(last, begin + length(packet, video));
    }
    into.begun = into.begun || begin >= ProgramTime{} - kRounding;
    queued_bytes_ += static_cast<std::size_t>(packet.size);
    into.queue.push_back({std::move(read->packet), round_, false});
    return ok_status();
  }
  if (!video && has(true)) return ok_status();
  // A picture beyond the out point: with B-frames a few more may still belong before it.
  if (packet.dts == AV_NOPTS_VALUE || time(packet.dts, video) + input_.start < *input_.end) {
    return ok_status();
  }
  round_end_ = std::min<ProgramTime>(round_end_, *input_.end - input_.start);
  return end_of_round();
}

Status RoundReader::end_of_round() {
  const bool pictures = track(true).came;
  // A track that is promised and never comes would be waited for.
  if (!pictures && !track(false).came) return reader_->no_picture();
  const bool part = input_.start > milliseconds{0} || input_.end;
  if (part && pictures && !std::exchange(track(true).begun, false)) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = what_ + ": no picture of it begins between \"in\" and \"out\"",
                 .hint = "move them further apart, or the in point to an earlier picture"};
  }
  if (!pictures) round_end_ = std::max(round_end_, sound_end_);
  for (Track& one : tracks_) one.present = one.present && one.came;
  const bool again = input_.loop && round_end_ > ProgramTime{};
  if (again) {
    TS_CHECK(reader_->seek(input_.start));
    round_ += round_end_;
    round_end_ = sound_end_ = {};
    spliced_.reset(reader_->info().jumps);
  } else {
    done_ = true;
  }
  for (Track& one : tracks_) {
    if (one.present) one.queue.push_back({nullptr, round_, !again});
  }
  return ok_status();
}

bool RoundReader::full() const { return done_ || crowded(); }

bool RoundReader::crowded() const { return !done_ && queued_bytes_ > kMaxQueuedBytes; }

QueuedPacket RoundReader::take(bool video) {
  auto& queue = track(video).queue;
  QueuedPacket out = std::move(queue.front());
  queue.pop_front();
  if (out.packet) queued_bytes_ -= static_cast<std::size_t>(out.packet->size);
  return out;
}

void RoundReader::put_back(std::deque<QueuedPacket> pictures) {
  for (const QueuedPacket& one : pictures) {
    queued_bytes_ += static_cast<std::size_t>(one.packet->size);
  }
  auto& queue = track(true).queue;
  queue.insert(queue.begin(), std::make_move_iterator(pictures.begin()),
               std::make_move_iterator(pictures.end()));
}

ProgramTime RoundReader::time(std::int64_t pts, bool video) const {
  if (pts == AV_NOPTS_VALUE) return {};
  const std::int64_t us = av_rescale_q(pts, reader_->time_base(video), {1, 1'000'000});
  return from_us(us - reader_->start_us()) - ProgramTime{input_.start};
}

ProgramTime RoundReader::exact_time(std::int64_t pts, AVRational time_base) const {
  const std::int64_t ns = av_rescale_q_rnd(pts, time_base, {1, 1'000'000'000}, AV_ROUND_NEAR_INF);
  return ProgramTime{ns} - from_us(reader_->start_us()) - ProgramTime{input_.start};
}

ProgramTime RoundReader::time(const AVPacket& packet, bool video) const {
  return time(packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts, video);
}

ProgramTime RoundReader::length(const AVPacket& packet, bool video) const {
  return from_us(av_rescale_q(packet.duration, reader_->time_base(video), {1, 1'000'000}));
}

void RoundReader::splice(media::Reader::Packet& read) {
  AVPacket& packet = *read.packet;
  const bool timed = stamp_of(packet) != AV_NOPTS_VALUE;
  const ProgramTime shift =
      timed ? spliced_.shift(read.video, {.decode = time(packet, read.video),
                                          .show = time(stamp_of(packet), read.video),
                                          .length = length(packet, read.video)})
            : spliced_.shift(read.video);
  const std::int64_t by =
      av_rescale_q(shift.count(), {1, 1'000'000'000}, reader_->time_base(read.video));
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += by;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += by;
}

}  // namespace ts::compose
