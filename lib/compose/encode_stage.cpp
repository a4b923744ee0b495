// SPDX-License-Identifier: Apache-2.0
#include "compose/encode_stage.hpp"

#include "core/thread_name.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ts::compose {
namespace {

constexpr std::size_t kQueuedPictures = 4;
constexpr std::size_t kCalmSeconds = 15;
constexpr std::size_t kMostCalmSeconds = 240;
constexpr int kMostSoundFailures = 100;  // blocks of a tick or more

}  // namespace

std::string_view to_string(Quality quality) noexcept {
  switch (quality) {
    case Quality::kFull:
      return "full";
    case Quality::kEconomy:
      return "economy";
    case Quality::kReduced:
      return "reduced";
    case Quality::kHalf:
      return "half";
  }
  return "full";
}

EncodeSettings encode_settings(const scene::Show& show) {
  return {.canvas = show.canvas, .size = show.canvas.size, .encode = show.encode};
}

Result<std::unique_ptr<EncodeStage>> EncodeStage::start(EncodeSettings settings, FanOut& fan_out) {
  const scene::Encode& encode = settings.encode;
  const scene::Ratio rate = settings.canvas.rate;
  media::VideoEncoderOptions options{
      .width = settings.size.width,
      .height = settings.size.height,
      .rate = {static_cast<int>(rate.num), static_cast<int>(rate.den)},
      .bitrate = encode.video_bitrate,
      .gop = encode.gop,
      .preset = encode.preset,
      .profile = encode.profile,
      .encoder = encode.encoder,
      // Whoever renders off-line wants the same file every time.
      .threads = settings.patient ? 1 : 2};
  if (settings.baseline && options.profile.empty()) options.profile = "baseline";
  std::string called = settings.name.empty() ? "encoder" : "rendition '" + settings.name + "'";
  TS_TRY(auto video, LastingEncoder::create({std::move(options), std::move(called), settings.log}));
  std::optional<media::AudioEncoder> audio;
  if (settings.sound) {
    TS_TRY(audio, media::AudioEncoder::create(encode.audio_bitrate));
  }
  return std::unique_ptr<EncodeStage>(
      new EncodeStage(std::move(video), std::move(audio), settings, fan_out));
}

EncodeStage::EncodeStage(LastingEncoder video, std::optional<media::AudioEncoder> audio,
                         const EncodeSettings& settings, FanOut& fan_out)
    : video_(std::move(video)),
      name_(settings.name),
      log_(settings.log),
      audio_(std::move(audio)),
      audio_format_(audio_ ? audio_->format() : media::StreamFormat{}),
      audio_bitrate_(settings.encode.audio_bitrate),
      patient_(settings.patient),
      late_limit_(
          std::max(static_cast<std::size_t>(2 * settings.canvas.rate.value()), kQueuedPictures)),
      fan_out_(fan_out),
      calm_wanted_(kCalmSeconds * late_limit_ / 2) {
  if (settings.size != settings.canvas.size) scaler_.emplace(settings.canvas.size, settings.size);
  video_thread_ = std::jthread([this] { encode_video(); });
  if (!audio_) return;
  sound_to_.push_back(&fan_out);
  audio_thread_ = std::jthread([this] { encode_audio(); });
}

EncodeStage::~EncodeStage() { finish(); }

void EncodeStage::share_sound(FanOut& with) {
  const std::lock_guard lock(sound_mutex_);
  sound_to_.push_back(&with);
}

void EncodeStage::push_picture(Picture picture, std::uint64_t tick, bool key,
                               std::stop_token stop) {
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
      judge_locked(true);
      if (pictures_.size() >= late_limit_) {
        ++counters_.gaps;
        key_owed_ = key_owed_ || key;
        return;
      }
      ++counters_.skipped;
      picture = newest_;
    } else if (!patient_) {
      judge_locked(false);
    }
    newest_ = picture;
    pictures_.push_back(
        {std::move(picture), tick, std::exchange(key_owed_, false) || key, clock_.steady_now()});
  }
  changed_.notify_all();
}

void EncodeStage::note_late() {
  const std::lock_guard lock(mutex_);
  if (!patient_ && !closed_) judge_locked(true);
}

void EncodeStage::judge_locked(bool late) {
  ++judged_;
  calm_ = late ? 0 : calm_ + 1;
  if (late) ++judged_late_;
  const Quality now = counters_.quality;
  if (calm_ >= calm_wanted_ && now != Quality::kFull) {
    set_quality_locked(better_than(now));
    return;
  }
  // late_limit_ is what 2 s hold.
  if (judged_ < late_limit_) return;
  const bool bad = judged_late_ * 10 > judged_;
  judged_ = judged_late_ = 0;
  if (!bad || now == Quality::kHalf) return;
  // Too soon up again: wait longer the next time.
  calm_wanted_ = std::min(calm_wanted_ * 2, kMostCalmSeconds * late_limit_ / 2);
  set_quality_locked(worse_than(now));
}

Quality EncodeStage::worse_than(Quality quality) const noexcept {
  if (quality >= Quality::kReduced) return Quality::kHalf;
  const bool economy = economy_possible_.load(std::memory_order_relaxed);
  return quality == Quality::kFull && economy ? Quality::kEconomy : Quality::kReduced;
}

Quality EncodeStage::better_than(Quality quality) const noexcept {
  if (quality == Quality::kHalf) return Quality::kReduced;
  const bool economy = economy_possible_.load(std::memory_order_relaxed);
  return quality == Quality::kReduced && economy ? Quality::kEconomy : Quality::kFull;
}

void EncodeStage::set_quality_locked(Quality quality) {
  const bool worse = quality > counters_.quality;
  counters_.quality = quality;
  judged_ = judged_late_ = calm_ = 0;
  if (log_ == nullptr) return;
  const std::string of = name_.empty() ? "" : " of rendition '" + name_ + "'";
  if (worse) {
    log_->warning("compose", "this machine cannot keep up: quality{} is {} now", of,
                  to_string(quality));
  } else {
    log_->info("compose", "quality{} is {} again", of, to_string(quality));
  }
}

bool EncodeStage::wait_open(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [&] { return closed_; });
}

void EncodeStage::push_samples(std::vector<float> samples, std::stop_token stop) {
  (void)samples_.push(std::move(samples), std::move(stop));
}

void EncodeStage::encode_video() {
  name_this_thread("encode picture");
  const media::PacketSink sink = [this](media::EncodedPacket packet) {
    fan_out_.push(std::move(packet));
  };
  Status status = ok_status();
  bool fast = false;
  Picture shown;
  while (status.ok()) {
    Item item;
    Quality quality{};
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return closed_ || !pictures_.empty(); });
      if (pictures_.empty()) break;
      item = std::move(pictures_.front());
      pictures_.pop_front();
      quality = counters_.quality;
    }
    changed_.notify_all();
    if (fast != (quality >= Quality::kReduced)) {
      fast = !fast;
      video_.set_fast(fast, sink);
    }
    if (quality == Quality::kHalf && item.tick % 2 == 1 && shown) item.picture = shown;
    shown = item.picture;
    const Picture scaled = scaler_ ? scaler_->scale(item.picture) : std::move(item.picture);
    status = video_.encode(scaled, static_cast<std::int64_t>(item.tick), item.key, sink,
                           [this](milliseconds time) { return wait_open(time); });
    const std::lock_guard lock(mutex_);
    if (!status.ok()) break;
    ++counters_.frames;
    latency_.add(clock_.steady_now() - item.pushed);
  }
  if (status.ok()) status = video_.drain(sink);
  if (!status.ok()) fail(status.error());
  fan_out_.finish(true);
}

void EncodeStage::encode_audio() {
  name_this_thread("encode sound");
  const media::PacketSink sink = [this](const media::EncodedPacket& packet) {
    const std::lock_guard lock(sound_mutex_);
    for (FanOut* to : sound_to_) to->push(packet);
  };
  Status status = ok_status();
  while (status.ok()) {
    const auto block = samples_.pop({});
    if (!block) break;
    status = encode_sound(*block, sink);
  }
  if (status.ok()) status = audio_->drain(sink);
  if (!status.ok()) fail(status.error());
  const std::lock_guard lock(sound_mutex_);
  for (FanOut* to : sound_to_) to->finish(false);
}

ts::Status EncodeStage::encode_sound(const std::vector<float>& block,
                                     const media::PacketSink& sink) {
  const auto samples = static_cast<std::int64_t>(block.size() / 2);
  ts::Status status = audio_->encode(block, sink);
  sound_at_ += samples;
  if (status.ok()) {
    sound_failures_ = 0;
    const std::lock_guard lock(mutex_);
    counters_.samples += samples;
    return status;
  }
  if (++sound_failures_ > kMostSoundFailures) return status;
  if (log_ != nullptr && sound_failures_ == 1) {
    log_->warning("compose", "{} (making another encoder)", status.error().message);
  }
  TS_TRY(auto other, media::AudioEncoder::create(audio_bitrate_));
  other.begin_at(sound_at_);
  audio_ = std::move(other);
  return ok_status();
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

Latency EncodeStage::latency() const {
  const std::lock_guard lock(mutex_);
  return latency_.summary();
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
