// SPDX-License-Identifier: Apache-2.0
#include "compose/outputs.hpp"

#include "compose/wire.hpp"
#include "core/thread_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace ts::compose {
namespace {

constexpr milliseconds kFirstRetry{250};
/// A receiver that comes back is found within 2 s; after two minutes away it is asked less often.
constexpr milliseconds kSoonRetry{1250};
constexpr milliseconds kLastRetry{10'000};
constexpr milliseconds kSoon{120'000};
constexpr milliseconds kStall{3000};
/// Over both streams: how far one may lead before the other is not waited for.
constexpr std::int64_t kInterleaveUs = 500'000;
constexpr std::int64_t kPrimingUs = 30'000;

}  // namespace

std::string_view to_string(OutputState state) noexcept {
  switch (state) {
    case OutputState::kConnecting:
      return "connecting";
    case OutputState::kLive:
      return "live";
    case OutputState::kStalled:
      return "stalled";
    case OutputState::kRetrying:
      return "retrying";
    case OutputState::kFailed:
      return "failed";
    case OutputState::kFinished:
      return "finished";
  }
  return "failed";
}

OutputRunner::OutputRunner(media::MuxTarget target, media::StreamFormat video,
                           std::optional<media::StreamFormat> audio, Options options)
    : name_(target.name),
      target_(std::move(target)),
      video_(std::move(video)),
      audio_(std::move(audio)),
      options_(std::move(options)),
      retries_(target_.remote()) {
  figures_.name = name_;
  if (!target_.renditions.empty()) figures_.rendition = target_.renditions.front();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

OutputRunner::~OutputRunner() { abort(); }

void OutputRunner::push(const media::EncodedPacket& packet) {
  std::unique_lock lock(mutex_);
  if (ended_ || finishing_) return;
  if (need_key_) {
    if (!packet.video || !packet.key) {
      // Before its first key frame nothing was promised yet.
      if (packet.video && figures_.ever_live && figures_.packets > 0) ++figures_.dropped;
      // The block of sound just before the key frame primes the decoder.
      if (!packet.video) before_key_ = packet;
      return;
    }
    need_key_ = false;
    if (before_key_ && packet.dts_us - before_key_->dts_us < kPrimingUs) {
      queue_.push_back(std::move(*before_key_));
    }
    before_key_.reset();
  }
  if (options_.patient) {
    changed_.wait(lock, [&] { return ended_ || queued_locked() < options_.queue; });
    if (ended_) return;
  } else if (queued_locked() >= options_.queue) {
    make_room_locked();
    if (need_key_ && !(packet.video && packet.key)) {
      ++figures_.dropped;
      // While it is away nobody waits for a key frame; coming back asks for one.
      const bool ask = figures_.state == OutputState::kLive;
      lock.unlock();
      if (ask && options_.request_key) options_.request_key();
      return;
    }
    need_key_ = false;
  }
  bool ask = false;
  if (leave_out_locked(packet, ask)) {
    lock.unlock();
    if (ask && options_.request_key) options_.request_key();
    return;
  }
  queue_.push_back(packet);
  lock.unlock();
  changed_.notify_all();
}

milliseconds OutputRunner::queued_locked() const {
  if (queue_.empty()) return milliseconds{0};
  return milliseconds{(queue_.back().dts_us - queue_.front().dts_us) / 1000};
}

void OutputRunner::make_room_locked() {
  if (figures_.state == OutputState::kLive && queued_locked() < 2 * options_.queue && audio_) {
    // Too slow: the words go on, pictures wait for the next key frame that has room.
    figures_.dropped += std::erase_if(queue_, [](const auto& packet) { return packet.video; });
    pictures_wait_ = true;
    key_asked_ = false;
    return;
  }
  // Away, or nothing leaves at all: the newest group of pictures is what a viewer wants next.
  figures_.dropped += queue_.size();
  queue_.clear();
  pictures_wait_ = false;
  need_key_ = true;
}

bool OutputRunner::leave_out_locked(const media::EncodedPacket& packet, bool& ask) {
  if (!pictures_wait_ || !packet.video) return false;
  if (packet.key && queued_locked() < options_.queue) {
    pictures_wait_ = false;
    return false;
  }
  ++figures_.dropped;
  // There is room again: the next picture may be a key frame.
  ask = !key_asked_ && queued_locked() <= options_.queue / 2;
  key_asked_ = key_asked_ || ask;
  return true;
}

void OutputRunner::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
}

bool OutputRunner::wait(milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return ended_; });
}

void OutputRunner::abort() {
  thread_.request_stop();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

OutputRunner::Status OutputRunner::status() const {
  const std::lock_guard lock(mutex_);
  Status out = figures_;
  out.queued = queued_locked();
  if (!writing_since_ || options_.patient) return out;
  const milliseconds still =
      std::chrono::duration_cast<milliseconds>(SystemClock{}.steady_now() - *writing_since_);
  if (still > kStall) {
    out.state = OutputState::kStalled;
    out.reason = fmt::format("{}: nothing has left for {} s", name_, still.count() / 1000);
    out.hint = "check the network, the disk and the other end";
  }
  return out;
}

void OutputRunner::set_state(OutputState state, const Error* error) {
  const std::lock_guard lock(mutex_);
  writing_since_.reset();
  figures_.state = state;
  if (error != nullptr) {
    figures_.reason = error->message;
    figures_.hint = error->hint;
  }
  if (state == OutputState::kLive) {
    figures_.ever_live = true;
    // It is over; that there was some is told by the reconnects, and what it was by the log.
    figures_.reason.clear();
    figures_.hint.clear();
  }
}

bool OutputRunner::republish_due(const media::EncodedPacket& packet) const {
  return target_.kind == media::MuxTarget::Kind::kRtmp && packet.video && packet.key &&
         packet.dts_us - *offset_us_ >= options_.republish_after.count() * 1000;
}

void OutputRunner::run(const std::stop_token& stop) {
  name_this_thread(short_name(name_));
  SystemClock clock;
  std::mt19937 random(std::random_device{}());
  milliseconds retry = kFirstRetry;
  SteadyTime away = clock.steady_now();
  std::string said;  // the trouble that was logged last, until the output has been live for a while
  while (!stop.stop_requested()) {
    const auto began = clock.steady_now();
    const ts::Status result = session(stop);
    const bool planned = std::exchange(planned_, false);
    if (planned) offset_us_.reset();
    if (planned && result.ok()) {
      away = clock.steady_now();
      retry = kFirstRetry;
      continue;
    }
    if (result.ok() || stop.stop_requested()) {
      set_state(result.ok() ? OutputState::kFinished : OutputState::kFailed,
                result.ok() ? nullptr : &result.error());
      break;
    }
    const Error& error = result.error();
    bool over = !retries_ || !error.retryable;
    {
      const std::lock_guard lock(mutex_);
      over = over || finishing_;
    }
    // Once for every trouble: that it is tried again every second is no news.
    if (options_.log != nullptr && (over || error.message != said)) {
      options_.log->warning("compose", "{}{}", error.message, over ? "" : " (retrying)");
    }
    said = error.message;
    set_state(over ? OutputState::kFailed : OutputState::kRetrying, &error);
    if (over) break;
    if (clock.steady_now() - began > seconds{10}) {
      retry = kFirstRetry;
      away = clock.steady_now();
      said.clear();
    }
    std::uniform_real_distribution<double> jitter(0.8, 1.2);
    const auto pause = milliseconds{
        static_cast<std::int64_t>(static_cast<double>(retry.count()) * jitter(random))};
    // Waits on the queue's own condition, so that finish() ends the pause.
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, pause, [&] { return finishing_; });
    if (finishing_) {
      figures_.state = OutputState::kFailed;
      break;
    }
    ++figures_.reconnects;
    retry = std::min(retry * 3 / 2, clock.steady_now() - away < kSoon ? kSoonRetry : kLastRetry);
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    figures_.dropped += queue_.size();
    queue_.clear();
  }
  changed_.notify_all();
}

ts::Status OutputRunner::session(const std::stop_token& stop) {
  {
    const std::lock_guard lock(mutex_);
    ++figures_.attempts;
  }
  TS_TRY(const auto muxer, media::Muxer::open(target_, video_, audio_, stop));
  bool wants_key = false;
  {
    const std::lock_guard lock(mutex_);
    // After trouble: what was queued is old; begin at a key frame. At first the program begins
    // with one anyway, and an output that joins later asked for one when it was added.
    if (figures_.ever_live && offset_us_) {
      drop_to_key_locked();
      wants_key = need_key_;
    }
  }
  if (wants_key && options_.request_key) options_.request_key();
  set_state(OutputState::kLive, nullptr);
  if (options_.log != nullptr) options_.log->info("compose", "{} is live", name_);
  while (true) {
    media::EncodedPacket packet;
    {
      std::unique_lock lock(mutex_);
      const bool more = changed_.wait(lock, stop, [&] { return finishing_ || !queue_.empty(); });
      if (!more && queue_.empty()) {
        return Error{.kind = ErrorKind::kInterrupted, .message = name_ + ": aborted"};
      }
      if (queue_.empty()) break;
      if (!offset_us_) {
        offset_us_ = target_.program_time ? 0 : std::max<std::int64_t>(queue_.front().dts_us, 0);
      }
      if (republish_due(queue_.front())) {
        planned_ = true;
        ++figures_.republishes;
        break;
      }
      packet = std::move(queue_.front());
      queue_.pop_front();
      writing_since_ = SystemClock{}.steady_now();
    }
    changed_.notify_all();
    TS_CHECK(muxer->write(packet, *offset_us_));
    const std::lock_guard lock(mutex_);
    writing_since_.reset();
    ++figures_.packets;
    if (packet.video) ++figures_.frames;
    figures_.bytes += packet.packet->size;
  }
  return muxer->finish();
}

void OutputRunner::drop_to_key_locked() {
  pictures_wait_ = false;
  // The last key frame in the queue, so that the viewer is as near to now as possible.
  const auto last_key = std::find_if(queue_.rbegin(), queue_.rend(),
                                     [](const auto& packet) { return packet.video && packet.key; });
  if (last_key == queue_.rend()) {
    figures_.dropped += queue_.size();
    queue_.clear();
    need_key_ = true;
    return;
  }
  const auto first = last_key.base() - 1;
  figures_.dropped += static_cast<std::uint64_t>(first - queue_.begin());
  queue_.erase(queue_.begin(), first);
}

void FanOut::add(std::shared_ptr<OutputRunner> output) {
  const std::lock_guard lock(mutex_);
  outputs_.push_back(std::move(output));
}

void FanOut::remove(const OutputRunner* output) {
  const std::lock_guard lock(mutex_);
  std::erase_if(outputs_, [&](const auto& kept) { return kept.get() == output; });
}

void FanOut::push(media::EncodedPacket packet) {
  const std::lock_guard lock(mutex_);
  (packet.video ? video_ : audio_).push_back(std::move(packet));
  emit_locked(false);
}

void FanOut::finish(bool video) {
  const std::lock_guard lock(mutex_);
  (video ? video_done_ : audio_done_) = true;
  emit_locked(video_done_ && (audio_done_ || !with_audio_));
}

void FanOut::emit_locked(bool all) {
  const auto emit = [&](std::deque<media::EncodedPacket>& from) {
    const media::EncodedPacket packet = std::move(from.front());
    from.pop_front();
    for (const auto& output : outputs_) output->push(packet);
  };
  while (!video_.empty() || !audio_.empty()) {
    if (!video_.empty() && !audio_.empty()) {
      emit(video_.front().dts_us <= audio_.front().dts_us ? video_ : audio_);
      continue;
    }
    auto& only = video_.empty() ? audio_ : video_;
    const bool other_done = !with_audio_ || (video_.empty() ? video_done_ : audio_done_);
    const bool too_long = !patient_ && only.back().dts_us - only.front().dts_us > kInterleaveUs;
    if (!all && !other_done && !too_long) return;
    emit(only);
  }
}

}  // namespace ts::compose
