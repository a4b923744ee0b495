// SPDX-License-Identifier: Apache-2.0
#include "sandbox/composite_host.hpp"

#include "control/client.hpp"
#include "core/bounded_queue.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "sandbox/composite_feed.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

namespace ts::sandbox {
namespace {

constexpr int kPollMs = 50;
constexpr const char* kWarm = "warm";
constexpr milliseconds kAnswer{5'000};
/// Its outputs have been served by then: nothing is lost.
constexpr milliseconds kGrace{1'500};
/// A picture that comes later than this takes its place as a card with its name.
constexpr milliseconds kFirstPicture{2'500};
constexpr milliseconds kListen{500};
/// For a child that died to be seen as dead, on a busy machine, too.
constexpr milliseconds kLastMoment{1'500};
/// Speech is louder than this (RMS, dBFS), and louder than who spoke before by so much.
constexpr double kSpeech = -50;
constexpr double kLouder = 6;

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A folder of this user's own, gone with its owner.
class OwnFolder {
 public:
  static Result<OwnFolder> make() {
    std::error_code failure;
    auto pattern = (std::filesystem::temp_directory_path(failure) / "ts-mix-XXXXXX").string();
    if (failure || ::mkdtemp(pattern.data()) == nullptr) {
      return Error{.kind = ErrorKind::kMedia, .message = "cannot make a folder for the compositor"};
    }
    OwnFolder out;
    out.path_ = pattern;
    return out;
  }
  OwnFolder(OwnFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  OwnFolder& operator=(OwnFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  ~OwnFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  OwnFolder() = default;
  std::filesystem::path path_;
};

}  // namespace

/// One compositor, on a thread of its own.
class CompositeHost::Composite {
 public:
  Composite(const Options& options, const Hooks& hooks, Log& log, CompositeStart start)
      : options_(options),
        hooks_(hooks),
        log_(log),
        start_(std::move(start)),
        view_(start_.view),
        thread_([this](const std::stop_token& stop) {
          const auto status = run(stop);
          hooks_.over(start_.composite, status.ok() ? std::string() : status.error().message,
                      crashed_);
          done_ = true;
        }) {}

  void change(CompositeView view) { orders_.push_drop_oldest(std::move(view)); }
  void stop() { thread_.request_stop(); }
  [[nodiscard]] bool done() const { return done_; }

 private:
  Status run(const std::stop_token& stop) {
    if (options_.program.empty()) {
      return Error{.kind = ErrorKind::kMedia, .message = "ts-media is not installed"};
    }
    TS_TRY(const auto folder, OwnFolder::make());
    folder_ = folder.path();
    for (const auto& member : view_.members) {
      TS_CHECK(add_feed(member.publish));
    }
    TS_CHECK(write_file_atomic(folder_ / "show.json", dump_json(show()), 0600));
    TS_TRY(auto child,
           ChildProcess::spawn({.program = options_.program,
                                .arguments = {"compose", "run", (folder_ / "show.json").string(),
                                              "--json", "--control", socket().string()},
                                .environment = options_.environment,
                                .standard_error = StreamMode::kPipe}));
    LineReader said(child.take_stderr());
    std::string reason;
    while (!stop.stop_requested()) {
      serve_feeds();
      while (const auto line = said.next(milliseconds{0}, {})) read(*line, reason);
      if (const auto status = child.poll()) {
        while (const auto line = said.next(milliseconds{100}, {})) read(*line, reason);
        return died(*status, reason);
      }
      while (auto order = orders_.try_pop()) {
        view_ = std::move(*order);
        changed_ = true;
      }
      rearrange(stop);
    }
    client_.reset();
    // Its stream may have broken off because it died: then it is over by itself in a moment.
    if (const auto status = child.wait(kLastMoment); status && !status.value().success()) {
      while (const auto line = said.next(milliseconds{100}, {})) read(*line, reason);
      return died(status.value(), reason);
    }
    static_cast<void>(child.stop(kGrace));
    return ok_status();
  }

  Error died(const ExitStatus& status, const std::string& reason) {
    crashed_ = status.signal != 0;
    return {.kind = ErrorKind::kMedia,
            .message = reason.empty() ? "the compositor " + status.describe() : reason};
  }

  [[nodiscard]] std::filesystem::path socket() const { return folder_ / "control"; }

  /// Keeps what the child said went wrong; the rest of its lines are its log.
  void read(const std::string& line, std::string& reason) {
    const auto json = Json::parse(line, nullptr, false);
    if (json.is_object() && text(json, "schema") == "ts.error/1") {
      reason = text(json, "message");
    } else {
      log_.debug("sandbox", "compositor: {}", line);
    }
  }

  [[nodiscard]] CompositeFeed* feed_of(std::uint64_t publish) {
    const auto found = std::find_if(feeds_.begin(), feeds_.end(), [&](const CompositeFeed& feed) {
      return feed.publish() == publish;
    });
    return found == feeds_.end() ? nullptr : &*found;
  }

  /// Under the first name that is free: the compositor keeps a place for every name it has known.
  Status add_feed(std::uint64_t publish) {
    const auto taken = [&](const std::string& name) {
      return std::any_of(feeds_.begin(), feeds_.end(),
                         [&](const CompositeFeed& feed) { return feed.source() == name; });
    };
    std::size_t number = 1;
    while (taken(fmt::format("p{}", number))) ++number;
    TS_TRY(auto feed, CompositeFeed::open(publish, fmt::format("p{}", number),
                                          folder_ / fmt::format("feed-{}", next_socket_++)));
    feeds_.push_back(std::move(feed));
    return ok_status();
  }

  void serve_feeds() {
    std::vector<pollfd> waits;
    for (const auto& feed : feeds_) waits.push_back({feed.fd(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), kPollMs) <= 0) return;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if ((waits[i].revents & POLLIN) == 0) continue;
      feeds_[i].serve(hooks_.publication(feeds_[i].publish()), start_.audio, start_.video);
    }
  }

  [[nodiscard]] Json show() {
    const auto& format = start_.format;
    Json sources{{"dark", {{"color", "#000000"}}}, {"light", {{"color", "#ffffff"}}}};
    for (const auto& feed : feeds_) sources[feed.source()] = feed.definition();
    return {{"schema", "ts.show/1"},
            {"name", "room"},
            {"canvas",
             {{"width", format.width}, {"height", format.height}, {"fps", format.frame_rate}}},
            {"sources", std::move(sources)},
            {"scenes", {{"a", scene()}}},
            {"program", "a"},
            {"encode",
             {{"video_bitrate", format.video_bits_per_s},
              {"audio_bitrate", format.audio_bits_per_s},
              {"gop", fmt::format("{}ms", format.key_interval.count())},
              {"profile", format.profile}}},
            // Until the first pictures are there, for a program needs an output.
            {"outputs", Json::array({{{"file", "warm.ts"}, {"name", kWarm}}})}};
  }

  [[nodiscard]] Json scene() {
    auto items = Json::array();
    for (const auto& tile :
         arrange_composite(view_, start_.format.width, start_.format.height, speaker_)) {
      const auto* feed = feed_of(tile.publish);
      if (tile.publish != 0 && feed == nullptr) continue;
      items.push_back({{"source", feed == nullptr ? "light" : feed->source()},
                       {"x", tile.x},
                       {"y", tile.y},
                       {"width", tile.width},
                       {"height", tile.height},
                       {"fit", tile.whole ? "contain" : "cover"}});
    }
    if (items.empty()) items.push_back({{"source", "dark"}});
    return {{"items", std::move(items)}};
  }

  /// Brings the compositor to what is wanted: first the sources, then, when their pictures are
  /// there, the scene, then without those who have gone.
  void rearrange(const std::stop_token& stop) {
    const auto now = std::chrono::steady_clock::now();
    if (!sending_) {
      begin_sending(now, stop);
      return;
    }
    if (changed_ && connected(stop)) {
      changed_ = false;
      for (const auto& member : view_.members) bring(member.publish, stop);
      arrange_by_ = now + kFirstPicture;
    }
    if (arrange_by_) {
      if (now < *arrange_by_ && !pictures_are_there(stop)) return;
      arrange_by_.reset();
      take(stop);
    } else if (follows_speaker(view_) && view_.members.size() > 1 && now >= listen_at_ &&
               connected(stop)) {
      listen_at_ = now + kListen;
      if (listen(stop)) take(stop);
    }
  }

  /// The viewer's first picture is of people, not of cards with their names. The address holds a
  /// key: it travels in a file of this user's own, never in an argument.
  void begin_sending(SteadyTime now, const std::stop_token& stop) {
    if (!connected(stop)) return;
    if (!arrange_by_) arrange_by_ = now + kFirstPicture;
    if (now < *arrange_by_ && !pictures_are_there(stop)) return;
    const auto address = folder_ / "address";
    if (!write_file_atomic(address, start_.url.reveal(), 0600)) return;
    sending_ = ask({{"command", "output_add"},
                    {"output", "rtmp-url-file:" + address.string()},
                    {"name", "sandbox"}},
                   stop)
                   .has_value();
    if (!sending_) return;
    std::error_code ignored;
    std::filesystem::remove(address, ignored);
    ask({{"command", "output_remove"}, {"name", kWarm}}, stop);
    std::filesystem::remove(folder_ / "warm.ts", ignored);
    arrange_by_.reset();
  }

  bool connected(const std::stop_token& stop) {
    if (client_) return true;
    auto client = control::Client::connect(socket(), milliseconds{200}, stop);
    if (!client) return false;
    client_.emplace(std::move(client).value());
    return true;
  }

  /// Asks the compositor; a refusal is logged, a broken connection made anew later.
  std::optional<Json> ask(const Json& request, const std::stop_token& stop) {
    if (!connected(stop)) return std::nullopt;
    auto answer = client_->request(request, kAnswer, stop);
    if (answer) return std::move(answer).value();
    log_.warning("sandbox", "compositor: {}", answer.error().message);
    if (answer.error().kind == ErrorKind::kRemote) client_.reset();
    return std::nullopt;
  }

  void bring(std::uint64_t publish, const std::stop_token& stop) {
    if (feed_of(publish) != nullptr) return;
    if (const auto added = add_feed(publish); !added) {
      log_.warning("sandbox", "compositor: {}", added.error().message);
      return;
    }
    const auto& feed = feeds_.back();
    if (!ask({{"command", "source_add"}, {"name", feed.source()}, {"source", feed.definition()}},
             stop)) {
      feeds_.pop_back();
    }
  }

  /// The compositor's account of its sources, by their names.
  [[nodiscard]] std::map<std::string, Json> sources(const std::stop_token& stop) {
    std::map<std::string, Json> out;
    const auto answer = ask({{"command", "status"}}, stop);
    if (!answer) return out;
    for (const auto& source : answer->value("status", Json::object()).value("sources", Json())) {
      if (source.is_object()) out[text(source, "name")] = source;
    }
    return out;
  }

  bool pictures_are_there(const std::stop_token& stop) {
    const auto known = sources(stop);
    return std::all_of(view_.members.begin(), view_.members.end(), [&](const auto& member) {
      const auto* feed = feed_of(member.publish);
      if (!member.video || feed == nullptr) return true;
      const auto source = known.find(feed->source());
      if (source == known.end()) return false;
      // One that nobody sees yet is not decoded, but it is there.
      const auto state = text(source->second, "state");
      return state != "connecting" && state != "lost";
    });
  }

  void take(const std::stop_token& stop) {
    const std::string name = on_air_ == "a" ? "b" : "a";
    if (ask({{"command", "scene_set"}, {"name", name}, {"scene", scene()}}, stop) &&
        ask({{"command", "take"}, {"scene", name}}, stop)) {
      on_air_ = name;
    }
    std::vector<CompositeFeed> kept;
    for (auto& feed : feeds_) {
      const bool stays =
          std::any_of(view_.members.begin(), view_.members.end(),
                      [&](const auto& member) { return member.publish == feed.publish(); });
      if (stays || !ask({{"command", "source_remove"}, {"name", feed.source()}}, stop)) {
        kept.push_back(std::move(feed));
      }
    }
    feeds_ = std::move(kept);
  }

  /// @return true when somebody else speaks now. Twice in a row: a cough takes no picture.
  bool listen(const std::stop_token& stop) {
    const auto known = sources(stop);
    const auto level = [&](std::uint64_t publish) {
      const auto* feed = feed_of(publish);
      const auto source = feed == nullptr ? known.end() : known.find(feed->source());
      if (source == known.end()) return -std::numeric_limits<double>::infinity();
      const auto rms = source->second.find("rms_db");
      return rms != source->second.end() && rms->is_number()
                 ? rms->get<double>()
                 : -std::numeric_limits<double>::infinity();
    };
    // Whoever is large now keeps the place against somebody as loud: before anyone spoke, that is
    // the first one with a picture.
    std::uint64_t large = 0;
    std::uint64_t loudest = 0;
    for (const auto& member : view_.members) {
      if (!member.video) continue;
      if (large == 0 || member.publish == speaker_) large = member.publish;
      if (loudest == 0 || level(member.publish) > level(loudest)) loudest = member.publish;
    }
    const double before = level(large);
    const bool other = loudest != 0 && loudest != large && level(loudest) > kSpeech &&
                       (before <= kSpeech || level(loudest) > before + kLouder);
    if (!other || candidate_ != loudest) {
      candidate_ = other ? loudest : 0;
      return false;
    }
    speaker_ = loudest;
    candidate_ = 0;
    return true;
  }

  const Options& options_;
  const Hooks& hooks_;
  Log& log_;
  CompositeStart start_;
  CompositeView view_;
  BoundedQueue<CompositeView> orders_{64};
  std::filesystem::path folder_;
  std::vector<CompositeFeed> feeds_;
  std::size_t next_socket_ = 1;
  std::optional<control::Client> client_;
  std::string on_air_ = "a";
  bool changed_ = false;
  bool sending_ = false;
  std::optional<SteadyTime> arrange_by_;
  SteadyTime listen_at_{};
  std::uint64_t speaker_ = 0;
  std::uint64_t candidate_ = 0;
  bool crashed_ = false;
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

CompositeHost::CompositeHost(Options options, Hooks hooks, Log& log)
    : options_(std::move(options)), hooks_(std::move(hooks)), log_(log) {}

CompositeHost::~CompositeHost() {
  decltype(composites_) composites;
  {
    const std::lock_guard lock(mutex_);
    composites.swap(composites_);
  }
  for (auto& [id, composite] : composites) composite->stop();
}

void CompositeHost::apply(CompositeStart start) {
  const std::lock_guard lock(mutex_);
  std::erase_if(composites_, [](const auto& entry) { return entry.second->done(); });
  const auto id = start.composite;
  composites_[id] = std::make_unique<Composite>(options_, hooks_, log_, std::move(start));
}

void CompositeHost::apply(CompositeChange change) {
  const std::lock_guard lock(mutex_);
  const auto found = composites_.find(change.composite);
  if (found != composites_.end()) found->second->change(std::move(change.view));
}

void CompositeHost::apply(const CompositeStop& stop) {
  const std::lock_guard lock(mutex_);
  const auto found = composites_.find(stop.composite);
  if (found != composites_.end()) found->second->stop();
}

std::size_t CompositeHost::running() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(composites_.begin(), composites_.end(),
                    [](const auto& entry) { return !entry.second->done(); }));
}

}  // namespace ts::sandbox
