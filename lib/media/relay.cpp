// SPDX-License-Identifier: Apache-2.0
#include "media/relay.hpp"

#include "media/flv.hpp"
#include "media/flv_demuxer.hpp"
#include "media/hls_writer.hpp"
#include "media/packet_file.hpp"
#include "media/rtmp_push.hpp"
#include "rtmp/tag_ring.hpp"

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <thread>
#include <utility>

namespace ts::media {
namespace {

constexpr milliseconds kFirstBackoff{500};
constexpr milliseconds kLongestBackoff{8000};
constexpr milliseconds kWaitStep{20};
/// What one output may lag behind: half a minute of a good stream.
constexpr std::size_t kOutputBytes = std::size_t{32} << 20U;

/// Sends a relayed stream into a file, an HLS folder or a series of stills.
class FileOutput {
 public:
  FileOutput(const RelayTarget& target, const Clock& clock) : target_(target), clock_(clock) {}

  Status take(const rtmp::Tag& tag) {
    TS_TRY(auto events, demuxer_.push(tag));
    return take(std::move(events));
  }

  Status finish() {
    TS_TRY(auto events, demuxer_.finish());
    TS_CHECK(take(std::move(events)));
    if (file_) return file_->finish();
    if (images_) return images_->finish();
    if (hls_) {
      TS_CHECK(hls_->finish());
      return HlsWriter::complete(target_.path);
    }
    return Error{.kind = ErrorKind::kMedia,
                 .message = "the stream ended before any picture or sound could be used"};
  }

  [[nodiscard]] bool began() const noexcept { return file_ || hls_ || images_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Status take(std::vector<DemuxEvent> events) {
    for (auto& event : events) {
      if (auto* tracks = std::get_if<Tracks>(&event)) {
        TS_CHECK(begin(std::move(*tracks)));
        continue;
      }
      const auto& coded = std::get<CodedPacket>(event);
      bytes_ += static_cast<std::uint64_t>(coded.packet->size);
      TS_CHECK(file_ ? file_->write(coded) : images_ ? images_->write(coded) : hls_->write(coded));
    }
    return ok_status();
  }

  Status begin(Tracks tracks) {
    if (target_.kind == RelayTarget::Kind::kImages) {
      if (!images_) images_ = std::make_unique<ImageSeries>(target_.images, clock_);
      return images_->begin(tracks);
    }
    if (target_.kind == RelayTarget::Kind::kHls) {
      if (!hls_) {
        TS_TRY(hls_, HlsWriter::open({.directory = target_.path}, clock_, {}));
      }
      return hls_->begin(std::move(tracks));
    }
    if (file_) {
      return Error{
          .kind = ErrorKind::kMedia,
          .message = "the tracks changed to " + describe(tracks) + ", which one file cannot carry",
          .hint = "record as HLS"};
    }
    TS_TRY(file_, PacketFile::open(target_.path, tracks));
    return ok_status();
  }

  const RelayTarget& target_;
  const Clock& clock_;
  FlvDemuxer demuxer_;
  std::unique_ptr<PacketFile> file_;
  std::unique_ptr<HlsWriter> hls_;
  std::unique_ptr<ImageSeries> images_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

struct Relay::Shared {
  RelayOptions options;
  Clock& clock;
  OnStatus on_status;
  rtmp::TagRing ring{{.cache_bytes = kOutputBytes, .reader_bytes = kOutputBytes}};
  std::atomic<bool> closed{false};
};

/// One output and its thread.
class Relay::Output {
 public:
  Output(RelayTarget target, Shared& shared)
      : target_(std::move(target)), shared_(shared), reader_(shared.ring.subscribe()) {
    last_.id = target_.id;
    last_.kind = target_.kind;
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  void remove() {
    removed_ = true;
    thread_.request_stop();
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  void run(const std::stop_token& stop) {
    auto sent = target_.kind == RelayTarget::Kind::kRtmp ? run_rtmp(stop) : run_file(stop);
    if (sent.ok()) {
      report(removed_ ? RelayState::kRemoved : RelayState::kFinished);
    } else {
      report(RelayState::kFailed, std::move(sent).error());
    }
    reader_.reset();
    ended_ = true;
  }

  void report(RelayState state, std::optional<Error> error = {}) {
    last_.state = state;
    last_.error = std::move(error);
    last_.at = shared_.clock.now();
    last_.dropped = dropped_ + (reader_ ? reader_->dropped() : 0);
    if (shared_.on_status) shared_.on_status(last_);
  }

  Status run_rtmp(const std::stop_token& stop) {
    auto backoff = kFirstBackoff;
    std::optional<SteadyTime> lost_since;
    while (true) {
      report(RelayState::kConnecting);
      active_ = false;
      auto sent = connect_and_forward(stop);
      if (sent.ok() || stop.stop_requested()) return removed_ ? ok_status() : std::move(sent);
      const auto now = shared_.clock.steady_now();
      if (active_) {
        lost_since = now;
        backoff = kFirstBackoff;
      }
      // As LiveKit does: a target that never took a byte is wrong, one that did is worth waiting
      // for.
      if (!lost_since || now - *lost_since >= shared_.options.retry_for || shared_.closed) {
        return sent;
      }
      report(RelayState::kReconnecting, std::move(sent).error());
      ++last_.retries;
      if (!shared_.clock.wait_for(backoff, stop)) return stopped();
      backoff = std::min(backoff * 2, kLongestBackoff);
      dropped_ += reader_->dropped();
      reader_ = shared_.ring.subscribe();
    }
  }

  Status connect_and_forward(const std::stop_token& stop) {
    const auto began = shared_.clock.steady_now();
    TS_TRY(const auto push,
           RtmpPush::open(target_.url,
                          {.ca_file = shared_.options.ca_file, .timeout = shared_.options.timeout},
                          stop));
    const auto bytes_before = last_.bytes;
    // The queue still gives tags after a stop; only the end of the stream drains it.
    while (const auto tag = stop.stop_requested() ? nullptr : reader_->pop(stop)) {
      const bool media = is_media(*tag);
      if (media && !origin_ms_) origin_ms_ = tag->timestamp_ms;
      const auto time = tag->timestamp_ms - origin_ms_.value_or(tag->timestamp_ms);
      TS_CHECK(push->write(tag->view(), std::max<std::int64_t>(time, 0)));
      last_.bytes = bytes_before + push->bytes();
      if (!media) continue;
      ++last_.tags;
      if (std::exchange(active_, true)) continue;
      last_.to_first_byte =
          std::chrono::duration_cast<milliseconds>(shared_.clock.steady_now() - began);
      report(RelayState::kActive);
    }
    return push->finish();
  }

  Status run_file(const std::stop_token& stop) {
    FileOutput output(target_, shared_.clock);
    while (const auto tag = stop.stop_requested() ? nullptr : reader_->pop(stop)) {
      TS_CHECK(output.take(*tag));
      last_.bytes = output.bytes();
      if (is_media(*tag)) ++last_.tags;
      if (output.began() && !std::exchange(active_, true)) report(RelayState::kActive);
    }
    return output.finish();
  }

  [[nodiscard]] Status stopped() const {
    if (removed_) return ok_status();
    return Error{.kind = ErrorKind::kInterrupted, .message = "stopped"};
  }

  const RelayTarget target_;
  Shared& shared_;
  std::unique_ptr<rtmp::TagRing::Reader> reader_;
  RelayStatus last_;
  std::optional<std::int64_t> origin_ms_;
  std::uint64_t dropped_ = 0;  ///< By readers of earlier connections.
  bool active_ = false;
  std::atomic<bool> removed_{false};
  std::atomic<bool> ended_{false};
  std::jthread thread_;
};

std::string_view to_string(RelayState state) noexcept {
  switch (state) {
    case RelayState::kConnecting:
      return "connecting";
    case RelayState::kActive:
      return "active";
    case RelayState::kReconnecting:
      return "reconnecting";
    case RelayState::kFinished:
      return "finished";
    case RelayState::kRemoved:
      return "removed";
    case RelayState::kFailed:
      break;
  }
  return "failed";
}

Relay::Relay(RelayOptions options, Clock& clock, OnStatus on_status)
    : shared_(new Shared{std::move(options), clock, std::move(on_status)}) {}

Relay::~Relay() = default;

Status Relay::add(RelayTarget target) {
  if (const auto present = outputs_.find(target.id); present != outputs_.end()) {
    if (!present->second->ended()) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = "the relay has an output '" + target.id + "' already"};
    }
    outputs_.erase(present);
  }
  if (shared_->options.log != nullptr && !target.url.empty()) {
    shared_->options.log->scrub(target.url);
    const auto text = target.url.reveal();
    shared_->options.log->scrub(Secret(text.substr(text.rfind('/') + 1)));
  }
  auto id = target.id;
  outputs_.emplace(std::move(id), std::make_unique<Output>(std::move(target), *shared_));
  return ok_status();
}

Status Relay::remove(const std::string& id) {
  const auto output = outputs_.find(id);
  if (output == outputs_.end() || output->second->ended()) {
    return Error{.kind = ErrorKind::kNotFound, .message = "the relay has no output '" + id + "'"};
  }
  output->second->remove();
  return ok_status();
}

void Relay::push(const rtmp::Tag& tag) {
  const auto& options = shared_->options;
  if (tag.type == rtmp::TagType::kVideo && !options.video) return;
  if (tag.type == rtmp::TagType::kAudio && !options.audio) return;
  // Metadata that announces a track we leave out would make receivers wait for it.
  if (tag.type == rtmp::TagType::kScript && !(options.video && options.audio)) return;
  shared_->ring.push(tag.view());
}

void Relay::close() {
  shared_->closed = true;
  shared_->ring.close();
}

void Relay::wait(milliseconds deadline) {
  const auto until = shared_->clock.steady_now() + deadline;
  const auto ended = [](const auto& entry) { return entry.second->ended(); };
  while (!std::all_of(outputs_.begin(), outputs_.end(), ended) &&
         shared_->clock.steady_now() < until) {
    shared_->clock.wait_for(kWaitStep, {});
  }
  outputs_.clear();
}

}  // namespace ts::media
