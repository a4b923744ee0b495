// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_host.hpp"

#include "core/bounded_queue.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <thread>
#include <variant>

namespace ts::sandbox {
namespace {

constexpr milliseconds kPoll{100};
/// For a child to write what it has after its input has ended.
constexpr milliseconds kDrain{5'000};
constexpr int kControlDescriptor = 3;
/// So many are remembered.
constexpr std::size_t kTroubles = 8;

/// One line a child printed; an empty object when it is no JSON object.
Json parse_line(const std::string& line) {
  auto json = Json::parse(line, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string word(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

/// A ts-media child that reports in lines, fed from a publication when there is one.
class Worker {
 public:
  static Result<Worker> start(const std::filesystem::path& program,
                              const std::vector<std::string>& environment,
                              std::vector<std::string> arguments,
                              std::vector<InheritedFd> inherited,
                              std::unique_ptr<rtmp::TagRing::Reader> media) {
    TS_TRY(auto child,
           ChildProcess::spawn({.program = program,
                                .arguments = std::move(arguments),
                                .environment = environment,
                                .standard_input = media ? StreamMode::kPipe : StreamMode::kNull,
                                .standard_output = StreamMode::kPipe,
                                .standard_error = StreamMode::kNull,
                                .inherited = std::move(inherited)}));
    return Worker(std::move(child), std::move(media));
  }

  /// The child's next line, or nothing for `kPoll`.
  std::optional<std::string> line(const std::stop_token& stop) { return lines_->next(kPoll, stop); }
  /// True once the child has closed its output and all lines were read.
  [[nodiscard]] bool ended() const { return lines_->ended(); }
  /// No more media: the child writes what it has and ends.
  void close_input() { pipe_.reset(); }
  /// How it ended; ends it when it does not end by itself.
  ExitStatus finish(milliseconds limit) {
    pipe_.reset();
    if (auto status = child_.wait(limit)) return status.value();
    return child_.stop(seconds{1});
  }

 private:
  Worker(ChildProcess child, std::unique_ptr<rtmp::TagRing::Reader> media)
      : child_(std::move(child)),
        lines_(std::make_unique<LineReader>(child_.take_stdout())),
        pipe_(media ? std::make_unique<rtmp::FlvPipe>(std::move(media), child_.take_stdin())
                    : nullptr) {}

  ChildProcess child_;
  std::unique_ptr<LineReader> lines_;
  std::unique_ptr<rtmp::FlvPipe> pipe_;
};

}  // namespace

void Publication::push(const rtmp::TagView& tag) {
  const bool video = tag.type == rtmp::TagType::kVideo;
  const bool audio = tag.type == rtmp::TagType::kAudio;
  const bool muted = (video && video_muted_) || (audio && audio_muted_);
  if (muted && !rtmp::is_sequence_header(tag)) return;
  both_.push(tag);
  if (!audio) video_.push(tag);
  if (!video) audio_.push(tag);
}

void Publication::close() {
  both_.close();
  video_.close();
  audio_.close();
}

std::unique_ptr<rtmp::TagRing::Reader> Publication::subscribe(bool audio, bool video) {
  if (audio && video) return both_.subscribe();
  return video ? video_.subscribe() : audio_.subscribe();
}

void Publication::mute(bool video, bool muted) { (video ? video_muted_ : audio_muted_) = muted; }

/// Records one asset: a child per publisher connection, then one that ends the playlists. All of
/// it on a thread of its own.
class MediaHost::Recorder {
 public:
  struct Connect {
    std::shared_ptr<Publication> publication;
    bool resume = false;
    bool audio_only = false;
  };
  struct End {};
  using Order = std::variant<Connect, End, AssetImport>;
  using Note = std::function<void(std::string)>;

  Recorder(const Options& options, const Hooks& hooks, Note note, Log& log, std::string asset,
           std::filesystem::path folder)
      : options_(options),
        hooks_(hooks),
        note_(std::move(note)),
        log_(log),
        asset_(std::move(asset)),
        folder_(std::move(folder)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void order(Order order) { orders_.try_push(std::move(order)); }
  [[nodiscard]] bool done() const { return done_; }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested() && !done_) {
      std::optional<Order> order;
      if (worker_) {
        read_line(stop);
        if (worker_ && worker_->ended()) {
          close_worker();
          if (import_) end_import();
        }
        order = orders_.try_pop();
      } else {
        order = orders_.pop(stop);
      }
      if (!order) continue;
      if (worker_) drain(stop);
      if (auto* connect = std::get_if<Connect>(&*order)) {
        begin(*connect);
      } else if (auto* import = std::get_if<AssetImport>(&*order)) {
        begin(std::move(*import));
      } else {
        complete(stop);
      }
    }
    if (worker_) drain({});
  }

  void begin(const Connect& connect) {
    std::vector<std::string> arguments{"ingest", "--json", "--dir", folder_.string()};
    if (connect.resume) arguments.emplace_back("--append");
    auto started = Worker::start(options_.program, options_.environment, std::move(arguments), {},
                                 connect.publication->subscribe(true, !connect.audio_only));
    if (!started) {
      fail(started.error().message);
      return;
    }
    worker_ = std::make_unique<Worker>(std::move(started).value());
  }

  void begin(AssetImport import) {
    std::vector<std::string> arguments{"import", "--json", "--dir", folder_.string()};
    // The address may carry a token: it travels on an inherited pipe.
    std::vector<InheritedFd> inherited;
    UniqueFd secret;
    if (import.file.empty()) {
      if (auto pipe = secret_pipe(import.url)) secret = std::move(pipe).value();
      inherited.push_back({.fd = secret.get(), .as = kControlDescriptor});
      arguments.insert(arguments.end(), {"--url-fd", std::to_string(kControlDescriptor)});
    } else {
      arguments.insert(arguments.end(), {"--file", import.file});
    }
    auto started = Worker::start(options_.program, options_.environment, std::move(arguments),
                                 std::move(inherited), nullptr);
    import_ = std::move(import);
    if (!started) {
      fail(started.error().message);
      end_import();
      return;
    }
    worker_ = std::make_unique<Worker>(std::move(started).value());
  }

  /// A file is whole or it is no asset.
  void end_import() {
    std::error_code ignored;
    if (!import_->file.empty()) std::filesystem::remove(import_->file, ignored);
    hooks_.completed(asset_, info_, error_);
    done_ = true;
  }

  void describe(const Json& started) {
    StreamInfo info;
    const auto video = started.value("video", Json());
    const auto audio = started.value("audio", Json());
    if (video.is_object()) {
      info.has_video = true;
      info.video_mime = "video/H264";
      info.width = video.value("width", 0U);
      info.height = video.value("height", 0U);
    }
    if (audio.is_object()) {
      info.has_audio = true;
      info.audio_mime = "audio/aac";
      info.channels = audio.value("channels", 0U);
      info.sample_rate = audio.value("sample_rate", 0U);
    }
    hooks_.described(asset_, info);
  }

  void read_line(const std::stop_token& stop) {
    const auto line = worker_->line(stop);
    if (!line) return;
    const auto json = parse_line(*line);
    const auto event = word(json, "event");
    if (event == "segment") {
      const auto length = number(json, "duration_s");
      ++info_.segments;
      info_.duration += milliseconds{static_cast<std::int64_t>(length * 1000 + 0.5)};
      if (length > 0) {
        const auto rate = number(json, "bytes") * 8 / length;
        info_.peak_bits_per_s =
            std::max(info_.peak_bits_per_s, static_cast<std::int64_t>(rate + 0.5));
      }
      hooks_.progress(asset_, info_);
    } else if (event == "started" && import_) {
      describe(json);
    } else if (event == "error") {
      fail(word(json, "message"));
    }
  }

  void drain(const std::stop_token& stop) {
    worker_->close_input();
    const auto until = std::chrono::steady_clock::now() + kDrain;
    while (!worker_->ended() && std::chrono::steady_clock::now() < until) read_line(stop);
    close_worker();
  }

  void close_worker() {
    const auto status = worker_->finish(seconds{1});
    worker_.reset();
    if (!status.success() && error_.empty()) fail("the recorder " + status.describe());
  }

  void complete(const std::stop_token& stop) {
    if (info_.segments > 0) {
      auto child = ChildProcess::spawn(
          {.program = options_.program,
           .arguments = {"ingest", "--json", "--dir", folder_.string(), "--complete"},
           .environment = options_.environment,
           .standard_error = StreamMode::kNull});
      if (!child) {
        fail(child.error().message);
      } else if (const auto status = child.value().wait(kDrain, stop);
                 !status || !status.value().success()) {
        fail("the playlists could not be ended");
      }
    }
    // What was recorded stays usable: an error counts only when there is nothing.
    hooks_.completed(asset_, info_, info_.segments == 0 ? error_ : std::string());
    done_ = true;
  }

  void fail(std::string why) {
    log_.warning("sandbox", "recording of asset {}: {}", asset_, why);
    note_("recording of asset " + asset_ + ": " + why);
    error_ = std::move(why);
  }

  const Options& options_;
  const Hooks& hooks_;
  Note note_;
  Log& log_;
  std::string asset_;
  std::filesystem::path folder_;
  BoundedQueue<Order> orders_{64};
  std::unique_ptr<Worker> worker_;
  std::optional<AssetImport> import_;
  RecordingInfo info_;
  std::string error_;
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

/// Forwards a publication to one RTMP(S) server, on a thread of its own.
class MediaHost::Relay {
 public:
  Relay(const Options& options, const Hooks& hooks, RelayStart start,
        std::shared_ptr<Publication> publication)
      : options_(options),
        hooks_(hooks),
        start_(std::move(start)),
        publication_(std::move(publication)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void stop() { stopping_ = true; }
  [[nodiscard]] bool done() const { return done_; }

 private:
  void run(const std::stop_token& stop) {
    const auto error = forward(stop);
    hooks_.ended(start_.relay, stopping_ || stop.stop_requested() ? std::string() : error, left());
    done_ = true;
  }

  /// @return why it ended; empty when the source did.
  std::string forward(const std::stop_token& stop) {
    if (publication_ == nullptr) return "the publisher has gone";
    Json add{{"op", "add"}, {"id", "out"}};
    if (auto refused = describe_target(add); !refused.empty()) return refused;
    // The key travels in a control line on an inherited pipe: never in an argument.
    auto secret = secret_pipe(Secret(dump_json(add) + "\n"));
    if (!secret) return secret.error().message;
    auto started =
        Worker::start(options_.program, options_.environment,
                      {"relay", "--json", "--control-fd", std::to_string(kControlDescriptor)},
                      {{.fd = secret.value().get(), .as = kControlDescriptor}},
                      publication_->subscribe(start_.audio, start_.video));
    if (!started) return started.error().message;
    auto worker = std::move(started).value();
    publication_.reset();
    std::string error;
    bool closing = false;
    auto until = SteadyTime::max();
    while (!worker.ended() && std::chrono::steady_clock::now() < until) {
      if (!closing && (stopping_ || stop.stop_requested())) {
        closing = true;
        worker.close_input();
        until = std::chrono::steady_clock::now() + kDrain;
      }
      if (const auto line = worker.line({})) read(parse_line(*line), error);
    }
    const auto status = worker.finish(seconds{1});
    if (!status.success() && error.empty()) error = "the relay " + status.describe();
    return error;
  }

  /// @return why it cannot be; empty when it can.
  [[nodiscard]] std::string describe_target(Json& add) const {
    const auto path = local_path();
    if (!path.empty()) {
      std::error_code failure;
      std::filesystem::create_directories(path.parent_path(), failure);
      add[start_.file.empty() ? "hls" : "file"] = path.string();
      return failure ? "the folder cannot be made: " + failure.message() : std::string();
    }
    const auto url = net::Url::parse(start_.url.reveal());
    if (!url) return "the URL is not an RTMP address";
    if (options_.loopback_only && !url.value().is_loopback()) {
      return "the sandbox sends to this machine only, not to " + url.value().host;
    }
    add["url"] = start_.url.reveal();
    return {};
  }

  [[nodiscard]] std::filesystem::path local_path() const {
    const auto& name = start_.file.empty() ? start_.folder : start_.file;
    return name.empty() ? std::filesystem::path() : options_.files / name;
  }

  [[nodiscard]] RelayLeft left() const {
    RelayLeft out;
    const auto path = local_path();
    std::error_code ignored;
    if (path.empty()) return out;
    if (!start_.file.empty()) {
      const auto size = std::filesystem::file_size(path, ignored);
      out.bytes = ignored ? 0 : static_cast<std::int64_t>(size);
      return out;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
      if (entry.path().extension() == ".m3u8") continue;
      out.bytes += static_cast<std::int64_t>(entry.file_size(ignored));
      ++out.files;
    }
    return out;
  }

  void read(const Json& json, std::string& error) {
    const auto event = word(json, "event");
    if (event == "active") hooks_.connected(start_.relay);
    const auto why = json.find("error");
    if ((event == "failed" || event == "refused") && why != json.end() && why->is_object()) {
      error = word(*why, "message");
    }
  }

  const Options& options_;
  const Hooks& hooks_;
  RelayStart start_;
  std::shared_ptr<Publication> publication_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

/// Copies one recording into a file, on a thread of its own.
class MediaHost::FileWriter {
 public:
  FileWriter(const Options& options, const Hooks& hooks, FileMake make,
             std::filesystem::path folder)
      : options_(options),
        hooks_(hooks),
        make_(std::move(make)),
        folder_(std::move(folder)),
        thread_([this](const std::stop_token& stop) {
          const auto error = write(stop);
          std::error_code ignored;
          const auto size = std::filesystem::file_size(folder_ / make_.name, ignored);
          hooks_.file_made(make_, error.empty() ? static_cast<std::int64_t>(size) : 0, error);
          done_ = true;
        }) {}

  [[nodiscard]] bool done() const { return done_; }

 private:
  [[nodiscard]] std::string write(const std::stop_token& stop) const {
    constexpr milliseconds kLimit{300'000};
    std::vector<std::string> arguments{"remux", folder_.string(), "--json", "--out",
                                       (folder_ / make_.name).string()};
    if (make_.audio_only) arguments.emplace_back("--audio-only");
    auto child = ChildProcess::spawn({.program = options_.program,
                                      .arguments = std::move(arguments),
                                      .environment = options_.environment,
                                      .standard_output = StreamMode::kNull,
                                      .standard_error = StreamMode::kNull});
    if (!child) return child.error().message;
    const auto status = child.value().wait(kLimit, stop);
    if (!status) return "it took too long";
    return status.value().success() ? "" : "ts-media " + status.value().describe();
  }

  const Options& options_;
  const Hooks& hooks_;
  FileMake make_;
  std::filesystem::path folder_;
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

MediaHost::MediaHost(Options options, Hooks hooks, Log& log)
    : options_(std::move(options)), hooks_(std::move(hooks)), log_(log) {}

MediaHost::~MediaHost() {
  std::map<PublishId, std::shared_ptr<Publication>> publications;
  decltype(recorders_) recorders;
  decltype(relays_) relays;
  decltype(writers_) writers;
  {
    const std::lock_guard lock(mutex_);
    publications.swap(publications_);
    recorders.swap(recorders_);
    relays.swap(relays_);
    writers.swap(writers_);
  }
  for (auto& [id, publication] : publications) publication->close();
  for (auto& [id, relay] : relays) relay->stop();
}

std::filesystem::path MediaHost::folder(std::string_view asset) const {
  return options_.recordings / asset;
}

std::shared_ptr<Publication> MediaHost::open(PublishId publish) {
  auto publication = std::make_shared<Publication>();
  const std::lock_guard lock(mutex_);
  publications_[publish] = publication;
  return publication;
}

std::shared_ptr<Publication> MediaHost::publication(PublishId publish) const {
  const std::lock_guard lock(mutex_);
  return find(publish);
}

void MediaHost::close(PublishId publish) {
  const std::lock_guard lock(mutex_);
  publications_.erase(publish);
}

std::shared_ptr<Publication> MediaHost::find(PublishId publish) const {
  const auto found = publications_.find(publish);
  return found == publications_.end() ? nullptr : found->second;
}

/// Lets go of what has ended. Threads that have ended are joined without waiting.
void MediaHost::sweep() {
  std::erase_if(recorders_, [](const auto& entry) { return entry.second->done(); });
  std::erase_if(relays_, [](const auto& entry) { return entry.second->done(); });
  std::erase_if(writers_, [](const auto& writer) { return writer->done(); });
}

std::unique_ptr<MediaHost::Recorder> MediaHost::make_recorder(const std::string& asset) {
  return std::make_unique<Recorder>(
      options_, hooks_, [this](std::string trouble) { note(std::move(trouble)); }, log_, asset,
      folder(asset));
}

void MediaHost::note(std::string trouble) {
  const std::lock_guard lock(troubles_mutex_);
  if (troubles_.size() >= kTroubles) troubles_.erase(troubles_.begin());
  troubles_.push_back(std::move(trouble));
}

std::vector<std::string> MediaHost::troubles() const {
  const std::lock_guard lock(troubles_mutex_);
  return troubles_;
}

void MediaHost::apply(AssetImport import) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto& recorder = recorders_[import.asset];
  if (recorder == nullptr) recorder = make_recorder(import.asset);
  recorder->order(std::move(import));
}

void MediaHost::apply(RecordingStart start) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto publication = find(start.publish);
  if (publication == nullptr) return;
  auto& recorder = recorders_[start.asset];
  if (recorder == nullptr) {
    recorder = make_recorder(start.asset);
  }
  recorder->order(Recorder::Connect{.publication = std::move(publication),
                                    .resume = start.resume,
                                    .audio_only = start.audio_only});
}

void MediaHost::apply(const RecordingEnd& end) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = recorders_.find(end.asset);
    if (found != recorders_.end()) {
      found->second->order(Recorder::End{});
      return;
    }
  }
  hooks_.completed(end.asset, {}, "no media was received");
}

void MediaHost::apply(const RecordingDelete& gone) {
  std::unique_ptr<Recorder> recorder;
  {
    const std::lock_guard lock(mutex_);
    const auto found = recorders_.find(gone.asset);
    if (found != recorders_.end()) {
      recorder = std::move(found->second);
      recorders_.erase(found);
    }
  }
  recorder.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder(gone.asset), ignored);
}

void MediaHost::apply(FileMake make) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto at = folder(make.asset);
  writers_.push_back(
      std::make_unique<FileWriter>(options_, hooks_, std::move(make), std::move(at)));
}

void MediaHost::apply(RelayStart start) {
  const std::lock_guard lock(mutex_);
  sweep();
  auto publication = find(start.publish);
  const auto relay = start.relay;
  relays_[relay] =
      std::make_unique<Relay>(options_, hooks_, std::move(start), std::move(publication));
}

void MediaHost::apply(const RelayStop& stop) {
  const std::lock_guard lock(mutex_);
  const auto found = relays_.find(stop.relay);
  if (found != relays_.end()) found->second->stop();
}

void MediaHost::apply(const TrackMute& mute) {
  const std::lock_guard lock(mutex_);
  if (auto publication = find(mute.publish)) publication->mute(mute.video, mute.muted);
}

MediaHost::Figures MediaHost::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures{.publications = publications_.size()};
  for (const auto& [id, recorder] : recorders_) {
    if (!recorder->done()) ++figures.recordings;
  }
  for (const auto& [id, relay] : relays_) {
    if (!relay->done()) ++figures.relays;
  }
  return figures;
}

}  // namespace ts::sandbox
