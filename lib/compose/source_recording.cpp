// SPDX-License-Identifier: Apache-2.0
#include "compose/source_recording.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

namespace ts::compose {

namespace fs = std::filesystem;

void SourceRecording::begin(const media::Reader& reader) {
  if (folder_.empty()) return;
  end();
  video_ = reader.info().has_video;
  start_us_ = reader.start_us();
  first_ = reader.format(video_);
  // A source without pictures has its sound as the only stream.
  second_.reset();
  if (video_ && reader.info().has_audio) second_ = reader.format(false);
}

void SourceRecording::begin_anew(const media::Reader& reader) {
  if (first_) begin(reader);
}

void SourceRecording::open() {
  media::MuxTarget target;
  std::error_code ignored;
  fs::path path = fs::path(folder_) / (name_ + ".mkv");
  for (; fs::exists(path, ignored); ++number_) {
    path = fs::path(folder_) / fmt::format("{}-{}.mkv", name_, number_);
  }
  target.path = path.string();
  target.name = fmt::format("recording of source '{}' ({})", name_, path.string());
  auto opened = media::Muxer::open(target, *first_, second_, {});
  if (!opened.ok()) return fail(opened.error());
  muxer_ = std::move(opened).value();
}

void SourceRecording::write(const media::Reader::Packet& packet) {
  if (!first_) return;
  const AVPacket& in = *packet.packet;
  const bool key = (in.flags & AV_PKT_FLAG_KEY) != 0;
  if (in.pts == AV_NOPTS_VALUE && in.dts == AV_NOPTS_VALUE) return;
  if (!muxer_) {
    // Not before: a source that opens and gives nothing, again and again, would leave a file each
    // time.
    if (video_ && !(packet.video && key)) return;
    open();
    if (!muxer_) return;
  }
  media::AvPacket copy = media::reference(in);
  if (copy->pts == AV_NOPTS_VALUE) copy->pts = copy->dts;
  if (copy->dts == AV_NOPTS_VALUE) copy->dts = copy->pts;
  media::EncodedPacket out{.video = packet.video || !video_, .key = key};
  out.packet = std::shared_ptr<const AVPacket>(copy.release(), [](const AVPacket* owned) {
    auto* pointer = const_cast<AVPacket*>(owned);  // NOLINT: av_packet_free wants it
    av_packet_free(&pointer);
  });
  if (const Status written = muxer_->write(out, start_us_); !written.ok()) fail(written.error());
}

void SourceRecording::end() {
  first_.reset();
  if (!muxer_) return;
  const Status finished = muxer_->finish();
  muxer_.reset();
  if (!finished.ok()) fail(finished.error());
}

void SourceRecording::fail(const Error& error) {
  muxer_.reset();
  first_.reset();
  if (log_ != nullptr) log_->warning("compose", "{}", error.message);
}

}  // namespace ts::compose
