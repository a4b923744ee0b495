// SPDX-License-Identifier: Apache-2.0
#include "compose/media_source.hpp"

#include "compose/picture_scaler.hpp"
#include "compose/round_reader.hpp"
#include "compose/sound_placer.hpp"
#include "compose/source_recording.hpp"
#include "compose/timeline.hpp"
#include "core/duration.hpp"
#include "core/thread_name.hpp"
#include "media/still.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <utility>

namespace ts::compose {
namespace {

namespace fs = std::filesystem;

constexpr ProgramTime kNetworkDelay = milliseconds{120};
/// How far a source that nobody looks at is read ahead of its time.
constexpr ProgramTime kRestLead = milliseconds{250};
/// What a resting source keeps must be decoded within 130 ms when it is wanted again.
constexpr ProgramTime kMaxRest = seconds{4};
constexpr std::size_t kMaxKeptBytes = std::size_t{12} << 20U;
/// Pictures that are later than this are not worth showing while catching up.
constexpr ProgramTime kCatchUpLate = milliseconds{50};
/// What a file that comes back is read ahead before its first picture is due.
constexpr ProgramTime kBackLead = milliseconds{200};
/// Sound that is followed by what lies so much before it.
constexpr ProgramTime kDamagedTime = milliseconds{500};
constexpr milliseconds kFirstRetry{250};
/// A sender that comes back is found within 2 s; after two minutes away it is asked less often.
constexpr milliseconds kSoonRetry{1000};
constexpr milliseconds kLastRetry{10'000};
constexpr milliseconds kSoon{120'000};

/// Where the decoder of the pictures, or of the sound, is.
struct Lane {
  bool video = false;
  bool draining = false;
  bool done = false;
  ProgramTime round{};
  ProgramTime last_time{};
  ProgramTime last_step{};
};

class MediaSource final : public SourceRunner {
 public:
  MediaSource(const scene::Source& source, const scene::MediaInput& input,
              const SourceContext& context, ProgramTime origin, Timeline::Kind kind)
      : SourceRunner(source, limits(kind, context.canvas.rate, source.delay)),
        input_(input),
        context_(context),
        kind_(kind),
        recording_({.folder = context.iso,
                    .name = source.name,
                    .log = context.log,
                    .now = context.now,
                    .on_trouble = [this](const auto& why) { feed_.set_recording_trouble(why); }}),
        packets_(input_, kind == Timeline::Kind::kFile, what()),
        timeline_(kind, origin,
                  ProgramTime{source.delay} + (kind == Timeline::Kind::kPushed
                                                   ? network_delay(context.canvas.rate)
                                                   : ProgramTime{}),
                  kind == Timeline::Kind::kFile ? ProgramTime{} : tick(context.canvas.rate) / 2) {
    prompt_ = kind == Timeline::Kind::kFile;
    wanted_.store(context.wanted, std::memory_order_relaxed);
  }

  /// Opens a file at once, so that a missing one is an error before anything is on air. A still is
  /// taken over, and needs no thread.
  Result<bool> open_first() {
    TS_TRY(reader_, read(options(), {}));
    return try_still();
  }

  /// Lost from the beginning: the thread tries again, the program does not wait.
  void begin_lost(Error error) {
    reader_.reset();
    prompt_ = false;
    said_ = true;
    feed_.set_lost(error.message);
    trouble_ = std::move(error);
  }

  /// One picture for ever, no thread. False when the input is no still.
  Result<bool> try_still() {
    if (!reader_->info().is_still) return false;
    TS_TRY(auto frame, media::read_still(*reader_));
    const int turned = reader_->info().rotation + media::exif_rotation(*frame);
    PictureConverter converter(source_.filter, turned % 360);
    TS_TRY(frame, converter.still(*frame));
    if (!frame) return Error{.kind = ErrorKind::kMedia, .message = what() + ": no picture came"};
    feed_.set_has(true, false);
    Picture still = share(std::move(frame));
    // More pixels than any canvas has would be scaled again and again for nothing.
    const double large = std::max(still->width / 3840.0, still->height / 2160.0);
    if (large > 1) {
      const auto even = [&](int side) { return static_cast<int>(side / large / 2) * 2; };
      PictureScaler scaler({still->width, still->height},
                           {even(still->width), even(still->height)});
      still = scaler.scale(still);
    }
    feed_.set_still(std::move(still));
    reader_.reset();
    return true;
  }

  void set_wanted(bool wanted) override {
    if (wanted_.exchange(wanted, std::memory_order_relaxed) == wanted) return;
    if (wanted) feed_.wake();
  }

  void set_loop_filter(media::LoopFilter filter) override {
    loop_filter_.store(filter, std::memory_order_relaxed);
  }

  void ask_glimpse() override {
    glimpse_wanted_.store(true, std::memory_order_relaxed);
    feed_.wake();
  }
  [[nodiscard]] Picture glimpse() const override {
    const std::lock_guard lock(glimpse_mutex_);
    return glimpse_;
  }

  [[nodiscard]] bool ready() const noexcept override {
    return !behind_.load(std::memory_order_relaxed);
  }

  /// For a source that waits to be called: its place in the RTMP server.
  Status listen() {
    if (context_.listeners == nullptr) {
      return Error{.kind = ErrorKind::kInternal, .message = what() + ": nothing listens here"};
    }
    TS_TRY(slot_, context_.listeners->open(input_.url).with_context(what()));
    return ok_status();
  }

  void launch() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

 private:
  static ProgramTime tick(const scene::Ratio& rate) {
    return ProgramTime{std::int64_t{1'000'000'000} * rate.den / rate.num};
  }

  /// A tick takes the sound up to the next one: of slow ticks it must have come by then.
  static ProgramTime network_delay(const scene::Ratio& rate) {
    return kNetworkDelay + std::max(ProgramTime{}, tick(rate) - ProgramTime{milliseconds{40}});
  }

  static Feed::Limits limits(Timeline::Kind kind, const scene::Ratio& rate, milliseconds delay) {
    // What is pulled over a network must be asked for well before its time.
    Feed::Limits out;
    if (kind == Timeline::Kind::kFile) {
      // It is read again as soon as a picture is taken: more in store is memory, not safety.
      out.samples = kRate / 2 + kRate * rate.den / rate.num;
      out.pictures = 3;
      out.span = tick(rate);
      out.patient = true;
    }
    if (kind == Timeline::Kind::kPulled) {
      // A playlist forgets what is not fetched in time: what is delayed waits decoded.
      out.span = delay + tick(rate);
      out.samples += kRate * delay.count() / 1000;
    }
    if (kind == Timeline::Kind::kPushed) {
      // What is delayed, or waits for sound that comes late, does so decoded.
      out.pictures = 64;
      out.span = delay + network_delay(rate) + Timeline::kMostPatience + milliseconds{500};
      out.samples += kRate * delay.count() / 1000;
      out.drop_oldest = true;
    }
    return out;
  }

  [[nodiscard]] std::string what() const { return fmt::format("source '{}'", source_.name); }

  [[nodiscard]] media::OpenOptions options() const {
    media::OpenOptions out{
        .url = input_.url,
        .is_file = input_.is_file,
        .name = input_.is_file ? fmt::format("{} ({})", what(), input_.url) : what(),
        .ca_file = context_.ca_file,
        .low_latency = kind_ == Timeline::Kind::kPushed,
        .device = input_.device};
    if (input_.access == scene::Access::kListen && !slot_) {
      // A caller may take its time; stopping the source ends the wait.
      out.url +=
          (out.url.find('?') == std::string::npos ? "?" : "&") + std::string("mode=listener");
      out.open_timeout = std::chrono::hours{24 * 365};
    }
    if (!input_.size.empty()) out.device_options["video_size"] = input_.size;
    if (input_.rate > 0) out.device_options["framerate"] = std::to_string(input_.rate);
    return out;
  }

  /// A file is there, and opening it will not wait for anybody.
  [[nodiscard]] Status check_file() const {
    std::error_code ignored;
    const fs::file_status status = fs::status(input_.url, ignored);
    if (!fs::exists(status)) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = options().name + ": no such file",
                   .hint = "check the path; it is relative to the show file"};
    }
    if (!fs::is_regular_file(status)) {
      return Error{.kind = ErrorKind::kMedia,
                   .message = options().name + ": it is no regular file",
                   .hint = "name a media file, or an address such as rtmp://…"};
    }
    return ok_status();
  }

  /// Opens an input whose "in" is not beyond its end.
  Result<std::unique_ptr<media::Reader>> read(const media::OpenOptions& wanted,
                                              const std::stop_token& stop) const {
    if (input_.is_file) TS_CHECK(check_file());
    TS_TRY(auto reader, media::Reader::open(wanted, stop));
    TS_CHECK(check_in_point(input_, reader->info(), wanted.name));
    return reader;
  }

  Result<std::unique_ptr<media::Reader>> open(const std::stop_token& stop) {
    media::OpenOptions wanted = options();
    if (slot_) {
      TS_TRY(publish_, slot_->wait(stop));
      wanted.flv_fd = publish_.input.get();
    }
    return read(wanted, stop);
  }

  void run(const std::stop_token& stop) {
    name_this_thread(source_.name);
    SystemClock clock;
    milliseconds retry = kFirstRetry;
    SteadyTime away = clock.steady_now();
    const auto longer = [&] {
      return std::min(retry * 3 / 2, clock.steady_now() - away < kSoon ? kSoonRetry : kLastRetry);
    };
    while (!stop.stop_requested()) {
      if (!reader_) {
        auto opened = open(stop);
        if (!opened.ok()) {
          if (stop.stop_requested()) return;
          lose(opened.error());
          if (!clock.wait_for(retry, stop)) return;
          retry = longer();
          continue;
        }
        reader_ = std::move(opened).value();
        if (input_.is_file && !context_.offline) {
          // Its first time is long over: it plays from its beginning.
          timeline_.begin(context_.now() + kBackLead);
          const auto still = try_still();
          if (still.ok() && still.value()) return;
          if (!still.ok()) {
            reader_.reset();
            lose(still.error());
            if (!clock.wait_for(retry, stop)) return;
            retry = longer();
            continue;
          }
        }
        if (!fails_) {
          if (said_ && context_.log != nullptr) context_.log->info("compose", "{} is back", what());
          said_ = false;
        }
      }
      const Status played = play(stop);
      const bool over = played.ok() && (input_.is_file || came_to_its_end());
      recording_.end();
      reader_.reset();
      behind_.store(false, std::memory_order_relaxed);
      if (stop.stop_requested()) return;
      if (over) {
        recording_.finish();
        feed_.set_ended();
        return;
      }
      // A file that opens and fails does so again and again: that is one loss.
      fails_ = input_.is_file || pictures_ + sounds_ == 0;
      if (!fails_) {
        said_ = false;
        retry = kFirstRetry;
        away = clock.steady_now();
      }
      lose(played.ok() ? Error{.kind = ErrorKind::kMedia, .message = what() + ": it ended"}
                       : played.error());
      timeline_.reset();
      if (!clock.wait_for(retry, stop)) return;
      retry = longer();
    }
  }

  /// A film behind an address has a length, and was seen up to there; a live one has none.
  [[nodiscard]] bool came_to_its_end() const {
    const auto length = reader_->info().duration;
    return kind_ == Timeline::Kind::kPulled && length && seen_ + seconds{2} >= *length;
  }

  /// Says it once for every loss: a retry every ten seconds is no news.
  void lose(const Error& error) {
    if (context_.log != nullptr && !said_) {
      // What the network does passes by itself; a device is for somebody to plug in.
      const bool device = input_.access == scene::Access::kDevice && !error.hint.empty();
      context_.log->warning("compose", "{}{} (retrying)", error.message,
                            device ? "; " + error.hint : "");
    }
    said_ = true;
    feed_.set_lost(error.message);
  }

  /// Reads until the end. An ok status is the end of what the input had.
  Status play(const std::stop_token& stop) {
    const media::InputInfo& info = reader_->info();
    video_ = {.video = true};
    audio_ = {.video = false};
    TS_CHECK(packets_.begin(*reader_));
    timeline_.set_film(info.duration.has_value() && !info.jumps);
    // What is delayed is on air long after its packets came, when newer key frames have, too.
    may_rest_ = !context_.offline && packets_.has(true) && source_.filter.empty() &&
                (source_.delay == milliseconds{0} || kind_ == Timeline::Kind::kFile) &&
                (info.video_codec == "h264" || info.video_codec == "hevc");
    resting_ = false;
    catching_up_ = false;
    behind_.store(false, std::memory_order_relaxed);
    kept_.clear();
    kept_bytes_ = 0;
    glimpse_from_.reset();
    feed_.set_has(packets_.has(true), packets_.has(false));
    feed_.set_connecting();
    converter_.emplace(source_.filter, info.rotation);
    placer_.reset();
    held_.reset();
    held_sound_.reset();
    pictures_ = 0;
    sounds_ = 0;
    seen_ = {};
    if (!input_.is_file) recording_.begin(*reader_);
    while (!stop.stop_requested()) {
      const std::uint64_t taken = feed_.taken();
      TS_TRY(bool moved, pump_video());
      TS_TRY(const bool heard, pump_audio());
      moved = moved || heard;
      if (!moved && wants_packets()) {
        const std::pair had{packets_.has(true), packets_.has(false)};
        TS_CHECK(packets_.read(recording_));
        // A track that was promised never came, or one that was not came all the same.
        const std::pair has{packets_.has(true), packets_.has(false)};
        if (has != had) feed_.set_has(has.first, has.second);
        moved = true;
      }
      // So much waits of the one that the other must not be waited for: it comes later in the file.
      if (!moved && packets_.crowded()) {
        for (const bool video : {true, false}) {
          if (packets_.has(video) && packets_.empty(video)) feed_.set_over(video);
        }
      }
      if (finished(video_) && finished(audio_)) return ok_status();
      if (!moved && !feed_.wait_taken(taken, milliseconds{200}, stop)) break;
    }
    return ok_status();
  }

  [[nodiscard]] bool finished(const Lane& lane) const {
    return lane.done || !packets_.has(lane.video);
  }

  [[nodiscard]] bool wants_packets() const {
    if (packets_.full()) return false;
    const bool for_video =
        packets_.has(true) && !held_ && packets_.empty(true) && (resting_ || feed_.picture_room());
    const bool for_audio =
        packets_.has(false) && packets_.empty(false) && (held_sound_ || feed_.sample_room());
    return for_video || for_audio;
  }

  /// Moves the lane's decoder one step on. @return whether anything happened.
  bool feed_decoder(Lane& lane) {
    if (packets_.empty(lane.video)) return false;
    if (packets_.front(lane.video).packet) {
      const QueuedPacket entry = packets_.take(lane.video);
      lane.round = entry.round;
      if (lane.video && catching_up_) {
        const auto due = timeline_.due(packets_.time(*entry.packet, true) + entry.round);
        reader_->skip_unreferenced(due && *due < context_.now() - 2 * kCatchUpLate);
      }
      if (lane.video) reader_->set_loop_filter(loop_filter_.load(std::memory_order_relaxed));
      reader_->send(lane.video, entry.packet.get());
      return true;
    }
    if (!lane.draining) {
      reader_->send(lane.video, nullptr);
      lane.draining = true;
      return true;
    }
    reader_->restart(lane.video);
    lane.last_time = lane.last_step = {};  // what has no time of its own begins the round
    lane.draining = false;
    lane.done = packets_.take(lane.video).last;
    if (lane.done) feed_.set_over(lane.video);
    return true;
  }

  /// Nobody looks: from a key frame on its packets are kept instead of decoded.
  void rest_if_unwanted() {
    if (!may_rest_ || resting_ || catching_up_ || wanted_.load(std::memory_order_relaxed)) return;
    if (held_ || video_.draining || packets_.empty(true)) return;
    const QueuedPacket& next = packets_.front(true);
    if (!next.packet || (next.packet->flags & AV_PKT_FLAG_KEY) == 0) return;
    resting_ = true;
    behind_.store(true, std::memory_order_relaxed);
  }

  /// Takes one packet at its time and keeps it if it belongs to the newest group of pictures.
  bool rest() {
    if (wanted_.load(std::memory_order_relaxed)) return catch_up();
    if (glimpse_wanted_.exchange(false, std::memory_order_relaxed)) take_glimpse();
    if (packets_.empty(true)) return false;
    const QueuedPacket& next = packets_.front(true);
    if (!next.packet) {
      if (next.last) {
        if (!input_.is_file) {
          // Gone: there is nothing to catch up with, and it is called again.
          video_.done = packets_.take(true).last;
          return true;
        }
        // The last picture of a file stays on: it is decoded when somebody looks.
        if (!feed_.ended()) feed_.set_ended();
        return false;
      }
      kept_.clear();
      kept_bytes_ = 0;
      packets_.take(true);
      return true;
    }
    const ProgramTime time = packets_.time(*next.packet, true) + next.round;
    const ProgramTime now = context_.now();
    // Files and playlists are there at once; what is pushed comes at its time.
    const auto due = timeline_.due(time);
    if (kind_ != Timeline::Kind::kPushed && due && *due > now + kRestLead) return false;
    const Timeline::Placed placed = timeline_.place(time, now);
    if (placed.jumped) feed_.discard_queued(placed.due);
    if ((next.packet->flags & AV_PKT_FLAG_KEY) != 0) {
      kept_.clear();
      kept_bytes_ = 0;
      kept_from_ = time;
    }
    seen_ = std::max(seen_, time);
    kept_bytes_ += static_cast<std::size_t>(next.packet->size);
    kept_.push_back(packets_.take(true));
    feed_.keep_alive(std::min(placed.due, now));
    // Key frames so far apart could not be caught up with in time.
    if (kept_bytes_ > kMaxKeptBytes || time - kept_from_ > kMaxRest) {
      may_rest_ = false;
      return catch_up();
    }
    return true;
  }

  /// Decodes the key frame of what is kept; the decoder is idle while it rests.
  void take_glimpse() {
    if (kept_.empty() || glimpse_from_ == kept_from_) return;
    reader_->restart(true);
    reader_->send(true, kept_.front().packet.get());
    reader_->send(true, nullptr);
    media::AvFrame frame = reader_->receive(true);
    reader_->restart(true);
    if (!frame) return;
    // In a converter of its own: what it is for goes on with the pictures before.
    auto converted = PictureConverter(source_.filter, reader_->info().rotation).still(*frame);
    if (!converted.ok() || !converted.value()) return;
    glimpse_from_ = kept_from_;
    const std::lock_guard lock(glimpse_mutex_);
    glimpse_ = share(std::move(converted).value());
  }

  /// Decodes what was kept, without showing what is over already.
  bool catch_up() {
    reader_->restart(true);
    converter_->clear();
    if (!kept_.empty()) timeline_.go_back(kept_from_);
    kept_bytes_ = 0;
    packets_.put_back(std::exchange(kept_, {}));
    resting_ = false;
    catching_up_ = true;
    return true;
  }

  void caught_up() {
    late_.reset();
    catching_up_ = false;
    reader_->skip_unreferenced(false);
    behind_.store(false, std::memory_order_relaxed);
  }

  /// The next decoded picture goes to the converter, or what is decoded next to the decoder.
  Result<bool> convert_next() {
    media::AvFrame frame = reader_->receive(true);
    if (frame) {
      frame->time_base = reader_->time_base(true);
      TS_CHECK(converter_->push(std::move(frame)).with_context(what()));
      return true;
    }
    if (video_.draining && !packets_.empty(true) && !packets_.front(true).packet) {
      TS_CHECK(converter_->finish().with_context(what()));
      if (converter_->ready()) return true;
      if (catching_up_) {
        held_ = std::exchange(late_, std::nullopt);
        caught_up();
        return true;
      }
    }
    return feed_decoder(video_);
  }

  Result<bool> pump_video() {
    if (finished(video_)) return false;
    rest_if_unwanted();
    if (resting_) return rest();
    if (held_) {
      if (!feed_.push_picture(held_->picture, held_->due, held_->arrived)) return false;
      held_.reset();
      return true;
    }
    if (!feed_.picture_room()) return false;
    media::AvFrame frame = converter_->pull();
    if (!frame) return convert_next();
    ProgramTime time = frame->pts == AV_NOPTS_VALUE
                           ? video_.last_time + video_.last_step
                           : packets_.exact_time(frame->pts, frame->time_base);
    // A live clock that begins anew may be before where it was when we came.
    if (kind_ == Timeline::Kind::kFile && time < ProgramTime{} - milliseconds{1}) {
      if (input_.start > milliseconds{0}) return true;  // from the key frame up to the in point
      time = {};
    }
    if (input_.end && time + input_.start >= *input_.end) return true;
    if (time > video_.last_time) video_.last_step = time - video_.last_time;
    video_.last_time = time;
    seen_ = std::max(seen_, time);
    if (catching_up_) {
      const auto due = timeline_.due(time + video_.round);
      if (due && *due < context_.now() - kCatchUpLate) {
        timeline_.go_back(time + video_.round);
        late_ = Held{share(std::move(frame)), *due, *due};
        return true;
      }
      caught_up();
    }
    const ProgramTime arrived = context_.now();
    const Timeline::Placed placed = timeline_.place(time + video_.round, arrived, true);
    if (placed.jumped) feed_.discard_queued(placed.due);
    held_ = Held{share(std::move(frame)), placed.due, arrived};
    ++pictures_;
    return true;
  }

  Result<bool> pump_audio() {
    if (finished(audio_) || !feed_.sample_room()) return false;
    if (held_sound_) {
      if (feed_.push_samples(held_sound_->samples, held_sound_->position)) {
        held_sound_.reset();
        return true;
      }
      // It is far ahead. Where the next one is not, its time was damaged.
      if (packets_.empty(false) || !packets_.front(false).packet) return false;
      const QueuedPacket& next = packets_.front(false);
      if (packets_.time(*next.packet, false) + next.round > held_time_ - kDamagedTime) return false;
      held_sound_.reset();
      placer_.restart();
      return true;
    }
    const media::AvFrame frame = reader_->receive(false);
    if (!frame) return feed_decoder(audio_);
    if (frame->sample_rate <= 0 || frame->nb_samples <= 0) return true;
    const ProgramTime time = frame->pts == AV_NOPTS_VALUE
                                 ? audio_.last_time + audio_.last_step
                                 : packets_.exact_time(frame->pts, reader_->time_base(false));
    audio_.last_time = time;
    seen_ = std::max(seen_, time);
    audio_.last_step =
        ProgramTime{std::int64_t{frame->nb_samples} * 1'000'000'000 / frame->sample_rate};
    if (input_.end && time + input_.start >= *input_.end) return true;
    // What primes the decoder lies before time 0.
    if (kind_ == Timeline::Kind::kFile && time + audio_.last_step <= ProgramTime{}) return true;
    const Timeline::Placed placed = timeline_.place(time + audio_.round, context_.now(), false);
    // Each round of a loop begins on its sample: what hung over the end of the last one gives way.
    if (std::exchange(sound_round_, audio_.round) != audio_.round) placer_.restart();
    // One damaged frame is silence.
    held_sound_ = placer_.place(*frame, placed.due);
    held_time_ = time + audio_.round;
    if (held_sound_) ++sounds_;
    return true;
  }

  struct Held {
    Picture picture;
    ProgramTime due;
    ProgramTime arrived;
  };

  scene::MediaInput input_;
  SourceContext context_;
  Timeline::Kind kind_;
  SourceRecording recording_;
  RoundReader packets_;
  Timeline timeline_;
  std::shared_ptr<media::RtmpSlot> slot_;  // owners: this and a publish under way
  media::IncomingPublish publish_;         // before the reader, which reads from it
  std::unique_ptr<media::Reader> reader_;
  std::optional<PictureConverter> converter_;
  SoundPlacer placer_;
  Lane video_;
  Lane audio_;
  std::optional<Held> held_;
  std::optional<SoundPlacer::Placed> held_sound_;
  ProgramTime held_time_{};   // of it, on the source's own timeline
  std::optional<Held> late_;  // the newest picture that came too late while catching up
  ProgramTime sound_round_{};
  std::atomic<bool> wanted_{true};
  std::atomic<media::LoopFilter> loop_filter_{media::LoopFilter::kAll};
  std::atomic<bool> behind_{false};
  bool may_rest_ = false;
  bool resting_ = false;
  bool catching_up_ = false;
  std::deque<QueuedPacket> kept_;  // since the last key frame, while resting
  std::size_t kept_bytes_ = 0;
  ProgramTime kept_from_{};
  std::atomic<bool> glimpse_wanted_{false};
  std::optional<ProgramTime> glimpse_from_;  // time of the key frame it is
  mutable std::mutex glimpse_mutex_;
  Picture glimpse_{};
  ProgramTime seen_{};  ///< Time of the last that came: the end of a round sets the lanes' back.
  std::uint64_t pictures_ = 0;
  std::uint64_t sounds_ = 0;
  bool said_ = false;
  bool fails_ = false;  ///< The last opening led to nothing.
  std::jthread thread_;
};

Timeline::Kind kind_of(const scene::MediaInput& input, bool offline) {
  if (input.access != scene::Access::kOpen) return Timeline::Kind::kPushed;
  if (input.is_file || offline) return Timeline::Kind::kFile;
  return input.url.starts_with("http") ? Timeline::Kind::kPulled : Timeline::Kind::kPushed;
}

}  // namespace

Status check_in_point(const scene::MediaInput& input, const media::InputInfo& info,
                      const std::string& name) {
  const auto& length = info.duration;
  if (!length || input.start <= milliseconds{0} || input.start < *length) return ok_status();
  return Error{.kind = ErrorKind::kMedia,
               .message = fmt::format("{} has {}, \"in\" is at {}", name, format_duration(*length),
                                      format_duration(input.start)),
               .hint = "give it an in point before its end"};
}

Result<std::unique_ptr<SourceRunner>> start_media_source(const scene::Source& source,
                                                         const SourceContext& context,
                                                         ProgramTime origin) {
  const auto& input = std::get<scene::MediaInput>(source.input);
  auto runner = std::make_unique<MediaSource>(source, input, context, origin,
                                              kind_of(input, context.offline));
  if (input.is_file) {
    auto still = runner->open_first();
    if (!still.ok()) {
      if (!context.go_on) return std::move(still).error();
      runner->begin_lost(std::move(still).error());
    } else if (still.value()) {
      return std::unique_ptr<SourceRunner>(std::move(runner));
    }
  }
  if (input.access == scene::Access::kListen && input.url.starts_with("rtmp")) {
    TS_CHECK(runner->listen());
  }
  runner->launch();
  return std::unique_ptr<SourceRunner>(std::move(runner));
}

}  // namespace ts::compose
