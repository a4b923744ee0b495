// SPDX-License-Identifier: Apache-2.0
#include "compose/encode_stage.hpp"

#include <algorithm>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kQueuedPictures = 4;

}  // namespace

Result<std::unique_ptr<EncodeStage>> EncodeStage::start(const scene::Show& show, bool baseline,
                                                        bool patient, FanOut& fan_out) {
  const scene::Canvas& canvas = show.canvas;
  media::VideoEncoderOptions options{
      .width = canvas.size.width,
      .height = canvas.size.height,
      .rate = {static_cast<int>(canvas.rate.num), static_cast<int>(canvas.rate.den)},
      .bitrate = show.encode.video_bitrate,
      .gop = show.encode.gop,
      .preset = show.encode.preset,
      .profile = show.encode.profile,
      .encoder = show.encode.encoder};
  if (baseline && options.profile.empty()) options.profile = "baseline";
  TS_TRY(auto video, media::VideoEncoder::create(options));
  TS_TRY(auto audio, media::AudioEncoder::create(show.encode.audio_bitrate));
  const auto late = static_cast<std::size_t>(2 * canvas.rate.value());
  return std::unique_ptr<EncodeStage>(
      new EncodeStage(std::move(video), std::move(audio), patient, late, fan_out));
}

EncodeStage::EncodeStage(media::VideoEncoder video, media::AudioEncoder audio, bool patient,
                         std::size_t late_limit, FanOut& fan_out)
    : video_(std::move(video)),
      audio_(std::move(audio)),
      patient_(patient),
      late_limit_(std::max(late_limit, kQueuedPictures)),
      fan_out_(fan_out) {
  video_thread_ = std::jthread([this] { encode_video(); });
  audio_thread_ = std::jthread([this] { encode_audio(); });
}

EncodeStage::~EncodeStage() { finish(); }

void EncodeStage::push_picture(Picture picture, std::uint64_t tick, std::stop_token stop) {
  {
    std::unique_lock lock(mutex_);
    if (patient_) {
      changed_.wait(lock, stop,
                    [&] { return closed_ || trouble_ || pictures_.size() < kQueuedPictures; });
    }
    if (closed_ || trouble_) return;
    if (!patient_ && pictures_.size() >= kQueuedPictures) {
      // Encoding is late: the tick keeps its number but repeats the picture before, which costs
      // almost nothing to encode. After 2 s of that a hole is left.
      if (pictures_.size() >= late_limit_) {
        ++counters_.gaps;
        return;
      }
      ++counters_.skipped;
      picture = newest_;
    }
    newest_ = picture;
    pictures_.push_back({std::move(picture), tick});
  }
  changed_.notify_all();
}

void EncodeStage::push_samples(std::vector<float> samples, std::stop_token stop) {
  (void)samples_.push(std::move(samples), std::move(stop));
}

void EncodeStage::encode_video() {
  const media::PacketSink sink = [this](media::EncodedPacket packet) {
    fan_out_.push(std::move(packet));
  };
  Status status = ok_status();
  while (status.ok()) {
    Item item;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !pictures_.empty(); });
      if (pictures_.empty()) break;
      item = std::move(pictures_.front());
      pictures_.pop_front();
    }
    changed_.notify_all();
    const bool key = key_.exchange(false, std::memory_order_relaxed);
    status = video_.encode(*item.picture, static_cast<std::int64_t>(item.tick), key, sink);
    const std::lock_guard lock(mutex_);
    if (status.ok()) ++counters_.frames;
  }
  if (status.ok()) status = video_.drain(sink);
  if (!status.ok()) fail(status.error());
  fan_out_.finish(true);
}

void EncodeStage::encode_audio() {
  const media::PacketSink sink = [this](media::EncodedPacket packet) {
    fan_out_.push(std::move(packet));
  };
  Status status = ok_status();
  while (status.ok()) {
    const auto block = samples_.pop({});
    if (!block) break;
    status = audio_.encode(*block, sink);
    const std::lock_guard lock(mutex_);
    counters_.samples = audio_.samples();
  }
  if (status.ok()) status = audio_.drain(sink);
  if (!status.ok()) fail(status.error());
  fan_out_.finish(false);
}

void EncodeStage::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (!trouble_) trouble_ = error;
  }
  samples_.close();
  changed_.notify_all();
}

void EncodeStage::finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  samples_.close();
  changed_.notify_all();
  if (video_thread_.joinable()) video_thread_.join();
  if (audio_thread_.joinable()) audio_thread_.join();
}

EncodeStage::Counters EncodeStage::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::optional<Error> EncodeStage::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

}  // namespace ts::compose
