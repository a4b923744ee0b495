// SPDX-License-Identifier: Apache-2.0
#include "live/go_live.hpp"

#include "core/duration.hpp"
#include "core/text.hpp"
#include "live/compositor.hpp"
#include "live/teardown.hpp"
#include "live/viewer_watch.hpp"
#include "livekit/egress_client.hpp"
#include "livekit/ingress_client.hpp"
#include "livekit/room_client.hpp"
#include "mux/playback.hpp"
#include "playback/check.hpp"

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <thread>

namespace ts::live {
namespace {

constexpr std::string_view kProgramIdentity = "ts-program";
/// Restarts of the compositor or the egress in so short a time: beyond, something is broken for
/// good. In hours of a show each may have its bad moments.
constexpr std::size_t kMostRestarts = 10;
constexpr seconds kRestartsIn{300};
/// Between two looks at the viewers' playlist.
constexpr milliseconds kViewerLook{3'000};
/// A recording may be this much shorter than the time on air before it is a problem.
constexpr double kRecordingSlack_s = 3;

Error interrupted() {
  return Error{.kind = ErrorKind::kInterrupted, .message = "stopped before the show was live"};
}

/// A name LiveKit takes as it is and people can read: letters, digits, dashes.
std::string slug(std::string_view text) {
  std::string out;
  for (const char c : to_lower(text)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "show" : out.substr(0, 80);
}

/// The transaction: owns the session and the compositor while it runs.
class GoLive {
 public:
  GoLive(const Services& services, const GoLiveOptions& options, Session session,
         std::stop_token stop)
      : services_(services),
        options_(options),
        session_(std::move(session)),
        stop_(std::move(stop)) {}

  Result<Summary> run(const scene::Show& show, const std::function<void(const Session&)>& on_live) {
    const auto began = services_.clock->steady_now();
    if (auto up = bring_up(show); !up.ok()) return give_up(std::move(up).error());
    Summary summary;
    summary.session_id = session_.id();
    summary.time_to_live =
        std::chrono::duration_cast<milliseconds>(services_.clock->steady_now() - began);
    session_.note("live", fmt::format("live after {:.1f} s: {}",
                                      static_cast<double>(summary.time_to_live.count()) / 1000.0,
                                      session_.resources.playback_url));
    if (on_live) on_live(session_);
    const auto air = services_.clock->steady_now();
    Status outcome = stay(summary);
    summary.on_air = std::chrono::duration_cast<milliseconds>(services_.clock->steady_now() - air);
    return finish(std::move(summary), std::move(outcome));
  }

 private:
  /// Calls that make something are never cut short, or nobody would know what they made: a stop is
  /// looked at between them.
  [[nodiscard]] Status go_on() const {
    if (stop_.stop_requested()) return interrupted();
    return ok_status();
  }

  Status bring_up(const scene::Show& show) {
    TS_CHECK(make_stream());
    TS_CHECK(go_on());
    if (!options_.direct) {
      TS_CHECK(make_room());
      TS_CHECK(go_on());
      TS_CHECK(make_ingress());
      TS_CHECK(go_on());
    }
    TS_CHECK(start_media(show));
    TS_CHECK(session_.step("wait_active", "wait until the stream is active", [&]() -> Status {
      auto active = services_.mux->wait_live_stream(session_.resources.live_stream_id, "active",
                                                    options_.step_timeout, {}, stop_);
      if (!active.ok()) return std::move(active).error();
      session_.resources.was_active = true;
      session_.resources.asset_id = active.value().active_asset_id;
      return ok_status();
    }));
    TS_CHECK(check_playback());
    // Without cues and a length, too: countdowns run by that clock.
    TS_CHECK(session_.step("go", "start the show's clock", [&] {
      went_ = services_.clock->steady_now();
      return compositor_->go();
    }));
    session_.go_on_without_store();
    return session_.set_state(session_state::kLive);
  }

  Status make_stream() {
    return session_.step("create_stream", "create the live stream", [&]() -> Status {
      Resources& made = session_.resources;
      if (!options_.live_stream_id.empty()) {
        TS_TRY(auto stream, services_.mux->get_live_stream(options_.live_stream_id, stop_));
        if (stream.status == mux::LiveStreamStatus::kDisabled) {
          return Error{.kind = ErrorKind::kConflict,
                       .message = fmt::format("live stream '{}' is disabled", stream.id),
                       .hint = fmt::format("run ts mux enable {}", stream.id)};
        }
        return take_stream(std::move(stream), false);
      }
      mux::NewLiveStream wish;
      wish.playback_policies = {mux::PlaybackPolicy::kPublic};
      mux::NewAssetSettings recording;
      recording.playback_policies = {mux::PlaybackPolicy::kPublic};
      wish.new_asset_settings = std::move(recording);
      wish.latency = options_.latency;
      wish.title = session_.name();
      TS_TRY(auto created, services_.mux->create_live_stream(wish, session_.id()));
      made.live_stream_id = created.live_stream.id;
      return take_stream(std::move(created.live_stream), true);
    });
  }

  Status take_stream(mux::LiveStream stream, bool made_here) {
    Resources& made = session_.resources;
    made.live_stream_id = stream.id;
    made.live_stream_made = made_here;
    // On the disk before anything else can fail.
    TS_CHECK(session_.save());
    const auto* playback = stream.best_playback_id();
    if (playback == nullptr || playback->policy != mux::PlaybackPolicy::kPublic) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("live stream '{}' has no public playback id", stream.id),
                   .hint = fmt::format("run ts mux playback add {} --policy public", stream.id)};
    }
    made.playback_id = playback->id;
    TS_TRY(made.playback_url,
           mux::playback_url(
               {.playback_id = playback->id, .stream_base_url = services_.mux_stream_base_url}));
    services_.log->scrub(stream.stream_key);
    stream_key_ = std::move(stream.stream_key);
    return session_.save();
  }

  Status make_room() {
    Resources& made = session_.resources;
    const std::string room =
        options_.room.empty()
            ? fmt::format("{}-{}", slug(session_.name()), to_lower(session_.id().substr(5, 6)))
            : options_.room;
    return session_.step("create_room", fmt::format("create room {}", room), [&]() -> Status {
      livekit::RoomClient rooms(*services_.livekit);
      TS_TRY(const auto existing, rooms.list({room}, stop_));
      made.room = room;
      made.room_made = existing.empty();
      if (!existing.empty()) return session_.save();
      livekit::CreateRoomRequest request;
      request.name = room;
      // The room outlives a compositor restart.
      request.empty_timeout = 300;
      request.departure_timeout = 120;
      TS_TRY(const auto created, rooms.create(request));
      static_cast<void>(created);
      return session_.save();
    });
  }

  Status make_ingress() {
    return session_.step("create_ingress", "create the program's ingress", [&]() -> Status {
      livekit::IngressClient client(*services_.livekit);
      livekit::CreateIngressRequest request;
      request.name = session_.name();
      request.room_name = session_.resources.room;
      request.participant_identity = std::string(kProgramIdentity);
      request.participant_name = session_.name();
      TS_TRY(auto ingress, client.create(request));
      session_.resources.ingress_id = ingress.ingress_id;
      TS_CHECK(session_.save());
      if (ingress.url.empty()) {
        return Error{
            .kind = ErrorKind::kConflict,
            .message = "the LiveKit server names no RTMP address for its ingress",
            .hint = "set ingress.rtmp_base_url in the server's configuration, or use --direct"};
      }
      services_.log->scrub(ingress.stream_key);
      std::string url = ingress.url;
      if (!url.ends_with('/')) url += '/';
      push_url_ = Secret(url + std::string(ingress.stream_key.reveal()));
      return ok_status();
    });
  }

  /// The egress encodes what the show encodes; a key frame every 2 s, as Mux wants it.
  static livekit::EncodingOptions encoding_of(const scene::Show& show) {
    livekit::EncodingOptions out;
    out.width = static_cast<std::uint32_t>(show.canvas.size.width);
    out.height = static_cast<std::uint32_t>(show.canvas.size.height);
    out.framerate = static_cast<std::uint32_t>(std::lround(show.canvas.rate.value()));
    out.video_codec = livekit::VideoCodec::kH264Main;
    out.video_bitrate = static_cast<std::uint32_t>(show.encode.video_bitrate / 1000);
    out.audio_codec = livekit::AudioCodec::kAac;
    out.audio_bitrate = static_cast<std::uint32_t>(show.encode.audio_bitrate / 1000);
    out.audio_frequency = 48000;
    out.key_frame_interval = 2;
    return out;
  }

  /// Compositor up and, unless direct, its tracks in the room and the egress running. Also the way
  /// back after one of them died.
  Status start_media(const scene::Show& show) {
    encoding_ = encoding_of(show);
    TS_CHECK(start_compositor(show, {}, {}));
    if (options_.direct) return ok_status();
    TS_CHECK(wait_for_tracks());
    TS_CHECK(go_on());
    return start_egress();
  }

  /// @param before  what it goes on with.
  /// @param at      what the show's clock says; nullopt: it waits for "go".
  Status start_compositor(const scene::Show& show, const ProgramMemory& before,
                          std::optional<milliseconds> at) {
    return session_.step("start_compositor", "start the compositor", [&]() -> Status {
      CompositorOptions options;
      options.show = options_.show_path;
      options.folder = session_.resources.folder;
      options.control_socket = session_.resources.control_socket;
      options.engine = options_.engine;
      options.duration = options_.duration;
      options.before = before;
      options.at = at;
      for (const scene::Output& output : show.outputs) {
        if (const auto* file = std::get_if<scene::FileOutput>(&output.target)) {
          options.recordings.push_back("file:" + file->path);
        } else if (const auto* hls = std::get_if<scene::HlsOutput>(&output.target)) {
          options.recordings.push_back("hls:" + hls->folder);
        }
      }
      if (options_.direct) {
        options.rtmp_url =
            Secret(services_.mux_ingest_url + "/" + std::string(stream_key_.reveal()));
      } else {
        options.rtmp_url = push_url_.clone();
      }
      TS_TRY(auto started, Compositor::start(services_, std::move(options)));
      compositor_ = std::make_unique<Compositor>(std::move(started));
      session_.resources.compositor_pid = compositor_->pid();
      return session_.save();
    });
  }

  /// Polls `probe` until it gives true, the compositor dies, the time is over or we are stopped.
  template <typename Probe>
  Status wait_while_composing(std::string_view what, Probe&& probe) {
    const auto deadline = services_.clock->steady_now() + options_.step_timeout;
    for (;;) {
      compositor_->read_reports();
      if (compositor_->ended()) return compositor_->failure();
      TS_TRY(const bool there, probe());
      if (there) return ok_status();
      if (services_.clock->steady_now() > deadline) {
        return Error{.kind = ErrorKind::kDeadline,
                     .message = fmt::format("{} did not happen in {} s (last seen: {})", what,
                                            options_.step_timeout.count() / 1000, last_seen_),
                     .hint = "look at the compositor's log in the session folder"};
      }
      if (!services_.clock->wait_for(milliseconds(200), stop_)) return interrupted();
    }
  }

  Status wait_for_tracks() {
    return session_.step("wait_tracks", "wait for the program in the room", [&]() -> Status {
      livekit::RoomClient rooms(*services_.livekit);
      last_seen_ = "nobody in the room";
      return wait_while_composing("the program's arrival in the room", [&]() -> Result<bool> {
        auto participant = rooms.participant(session_.resources.room, kProgramIdentity, stop_);
        if (!participant.ok()) {
          if (participant.error().kind == ErrorKind::kNotFound) return false;
          return std::move(participant).error();
        }
        video_track_.clear();
        audio_track_.clear();
        for (const livekit::TrackInfo& track : participant.value().tracks) {
          if (track.type == livekit::TrackType::kVideo) video_track_ = track.sid;
          if (track.type == livekit::TrackType::kAudio) audio_track_ = track.sid;
        }
        last_seen_ = fmt::format("{} tracks", participant.value().tracks.size());
        return !video_track_.empty() && !audio_track_.empty();
      });
    });
  }

  Status start_egress() {
    TS_CHECK(session_.step("start_egress", "start the egress to Mux", [&]() -> Status {
      livekit::EgressClient client(*services_.livekit);
      livekit::TrackCompositeEgressRequest request;
      request.room_name = session_.resources.room;
      request.video_track_id = video_track_;
      request.audio_track_id = audio_track_;
      livekit::StreamOutput output;
      output.protocol = livekit::StreamProtocol::kRtmp;
      output.urls.emplace_back("mux://" + std::string(stream_key_.reveal()));
      request.outputs.stream_outputs.push_back(std::move(output));
      request.outputs.advanced = encoding_;
      TS_TRY(const auto started, client.start(request));
      session_.resources.egress_id = started.egress_id;
      return session_.save();
    }));
    return session_.step("wait_egress", "wait until the egress is active", [&]() -> Status {
      livekit::EgressClient client(*services_.livekit);
      auto active = client.wait_for(session_.resources.egress_id, livekit::EgressStatus::kActive,
                                    options_.step_timeout, stop_);
      if (!active.ok()) return std::move(active).error();
      return ok_status();
    });
  }

  Status check_playback() {
    TS_CHECK(
        session_.step("check_playlist", "watch the viewer's playlist advance", [&]() -> Status {
          TS_TRY(const auto report,
                 playback::check(
                     *services_.transport, *services_.clock, session_.resources.playback_url,
                     {.watch = seconds(5), .wait_for_start = options_.step_timeout}, {}, stop_));
          if (report.ok() && report.advancing) return ok_status();
          std::string why = report.advancing ? "" : "the playlist does not advance";
          for (const playback::Finding& finding : report.findings) {
            if (finding.failure) why += (why.empty() ? "" : "; ") + finding.message;
          }
          return Error{.kind = ErrorKind::kCheckFailed,
                       .message = fmt::format("viewers cannot watch: {}", why),
                       .hint = "ts playback check shows more"};
        }));
    if (!options_.check_playback) return ok_status();
    return session_.step("check_decode", "decode what the viewer gets", [&] {
      return options_.check_playback(session_.resources.playback_url, stop_);
    });
  }

  /// On air: heartbeat, end requests, mending what dies, and an eye on what viewers get.
  Status stay(Summary& summary) {
    ViewerWatch viewers(*services_.transport, *services_.clock, session_.resources.playback_url);
    const std::jthread looking([&](const std::stop_token& stop) {
      do {
        viewers.look(stop);
      } while (services_.clock->wait_for(kViewerLook, stop));
    });
    auto next_heartbeat = services_.clock->steady_now();
    auto next_egress_look = next_heartbeat;
    for (;;) {
      if (!services_.clock->wait_for(milliseconds(250), stop_)) return ok_status();
      const auto now = services_.clock->steady_now();
      compositor_->read_reports();
      if (const auto ended = compositor_->ended()) {
        if (ended->success()) {
          summary.ended_by_show = true;
          return ok_status();
        }
        TS_CHECK(unless_it_ended(mend_compositor(summary)));
        continue;
      }
      if (const auto change = viewers.change()) {
        session_.note("viewers", change->text);
        summary.problems.push_back(change->text);
      }
      if (now >= next_heartbeat) {
        next_heartbeat = now + seconds(2);
        TS_CHECK(session_.heartbeat());
        TS_TRY(const bool end, session_.end_requested());
        if (end) return ok_status();
      }
      if (!options_.direct && now >= next_egress_look) {
        next_egress_look = now + seconds(2);
        TS_CHECK(unless_it_ended(look_after_egress(summary)));
      }
    }
  }

  /// A compositor that ended meanwhile, well or not, is the next thing to look at.
  [[nodiscard]] Status unless_it_ended(Status mended) const {
    if (mended.ok()) return mended;
    // Ctrl-C while something is mended ends the show as it does at any other time.
    if (stop_.stop_requested()) return ok_status();
    const bool worn_out = restarts_.size() > kMostRestarts;
    return !worn_out && compositor_->ended() ? ok_status() : mended;
  }

  Status count_restart(const std::string& what, Summary& summary) {
    summary.problems.push_back(what);
    session_.note("mend", what);
    const SteadyTime now = services_.clock->steady_now();
    restarts_.push_back(now);
    while (now - restarts_.front() > kRestartsIn) restarts_.pop_front();
    if (restarts_.size() <= kMostRestarts) return ok_status();
    return Error{.kind = ErrorKind::kMedia,
                 .message = fmt::format("{} (the {}th time in 5 min)", what, restarts_.size()),
                 .hint = fmt::format("see ts live report {}, and {}", session_.name(),
                                     session_.resources.folder + "/compositor.jsonl")};
  }

  Status mend_compositor(Summary& summary) {
    TS_CHECK(count_restart(compositor_->failure().message, summary));
    TS_TRY(const scene::Show show, scene::load_show(options_.show_path));
    std::optional<milliseconds> clock;
    if (went_) {
      clock = std::chrono::duration_cast<milliseconds>(services_.clock->steady_now() - *went_);
    }
    compositor_->read_reports();
    const ProgramMemory memory = compositor_->memory();
    if (!memory.scene().empty()) {
      session_.note("mend", fmt::format("the program goes on with scene '{}'{}", memory.scene(),
                                        clock ? ", the show at " + format_duration(*clock) : ""));
    }
    TS_CHECK(start_compositor(show, memory, clock));
    if (options_.direct) return ok_status();
    TS_CHECK(wait_for_tracks());
    // The former egress ended with its tracks, or will: a second one to the same key must wait.
    if (!session_.resources.egress_id.empty()) {
      livekit::EgressClient client(*services_.livekit);
      static_cast<void>(client.stop(session_.resources.egress_id, stop_).ok());
      static_cast<void>(client
                            .wait_for(session_.resources.egress_id,
                                      livekit::EgressStatus::kComplete, seconds(10), stop_)
                            .ok());
    }
    return start_egress();
  }

  Status look_after_egress(Summary& summary) {
    livekit::EgressClient client(*services_.livekit);
    const auto info = client.get(session_.resources.egress_id, stop_);
    // An unreachable API does not stop the media: look again later.
    if (!info.ok() || !livekit::is_terminal(info.value().status)) return ok_status();
    const auto cause = livekit::failure(info.value());
    TS_CHECK(count_restart(cause ? cause->message : "the egress ended by itself", summary));
    TS_CHECK(wait_for_tracks());
    return start_egress();
  }

  /// A failed start: undo, and say what was undone and what could not be.
  Error give_up(Error error) {
    session_.go_on_without_store();
    session_.note("undo", "undoing what this run made");
    // Undoing goes on after Ctrl-C: leaving things behind would be worse than the second's wait.
    const auto residue = teardown(services_, session_, compositor_.get(),
                                  {.abort = true,
                                   .keep_room = options_.keep_room,
                                   .step_timeout = seconds(8),
                                   .wait_for_asset = false},
                                  {});
    static_cast<void>(
        session_.close(residue.empty() ? session_state::kFailed : session_state::kEndedDirty).ok());
    if (stop_.stop_requested()) error.kind = ErrorKind::kInterrupted;
    const Resources& made = session_.resources;
    if (!residue.empty()) {
      error.kind = ErrorKind::kPartial;
      error.residue = residue;
    } else if (error.hint.empty()) {
      // A stream that was on air is no trial any more: it has a recording.
      error.hint = made.was_active && made.live_stream_made
                       ? fmt::format(
                             "everything was ended; live stream {} and its recording stay "
                             "(ts mux delete {})",
                             made.live_stream_id, made.live_stream_id)
                       : "everything this run made was undone";
      if (!stop_.stop_requested()) error.hint += "; mend the cause and start again";
    }
    return error;
  }

  Result<Summary> finish(Summary summary, Status outcome) {
    static_cast<void>(session_.set_state(session_state::kEnding).ok());
    const bool interrupted_now = stop_.stop_requested();
    const auto residue =
        teardown(services_, session_, compositor_.get(),
                 {.keep_room = options_.keep_room,
                  .room_grace = interrupted_now ? milliseconds(0) : options_.room_grace,
                  .step_timeout = interrupted_now ? milliseconds(8'000) : options_.step_timeout,
                  .wait_for_asset = true},
                 {});
    check_recording(summary);
    const Status closed =
        session_.close(residue.empty() ? session_state::kEnded : session_state::kEndedDirty);
    summary.resources = session_.resources;
    if (!outcome.ok()) {
      Error error = std::move(outcome).error();
      error.residue = residue;
      return error;
    }
    if (!residue.empty()) {
      return Error{.kind = ErrorKind::kPartial,
                   .message = "the show ended, but not everything could be ended with it",
                   .hint = "end these by hand: ts egress stop, ts ingress delete, ts mux complete",
                   .residue = residue};
    }
    TS_CHECK(closed);
    return summary;
  }

  /// Media that viewers lost is lost for the recording as well, and nobody else would say so.
  void check_recording(Summary& summary) {
    const double on_air = static_cast<double>(summary.on_air.count()) / 1000;
    const double recorded = session_.resources.recording_s;
    if (recorded <= 0 || recorded + kRecordingSlack_s >= on_air) return;
    const auto text = fmt::format("the recording has {:.1f} s, the show was on air for {:.1f} s",
                                  recorded, on_air);
    session_.note("wait_asset", text);
    summary.problems.push_back(text);
  }

  const Services& services_;
  const GoLiveOptions& options_;
  Session session_;
  std::stop_token stop_;
  std::unique_ptr<Compositor> compositor_;
  livekit::EncodingOptions encoding_;
  mux::StreamKey stream_key_;
  Secret push_url_;
  std::string video_track_;
  std::string audio_track_;
  std::string last_seen_;
  std::optional<SteadyTime> went_;  ///< When the show's clock began.
  std::deque<SteadyTime> restarts_;
};

}  // namespace

Result<Summary> go_live(const Services& services, store::Database& database,
                        const GoLiveOptions& options, const Observer& observer,
                        const std::function<void(const Session&)>& on_live, std::stop_token stop) {
  TS_TRY(const scene::Show show, scene::load_show(options.show_path));
  GoLiveOptions effective = options;
  if (!effective.duration) effective.duration = show.duration;
  TS_CHECK(preflight(services, show, effective, stop));
  const std::string name = effective.name.empty() ? show.name : effective.name;
  TS_TRY(auto session,
         Session::begin(database, *services.clock, name,
                        std::filesystem::absolute(effective.show_path).string(), observer));
  const auto folder = effective.folder / session.id();
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    static_cast<void>(session.close(session_state::kFailed).ok());
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("cannot make the session folder {} ({})", folder.string(),
                                        failure.message())};
  }
  session.resources.folder = folder.string();
  session.resources.control_socket = (folder / "control").string();
  return GoLive(services, effective, std::move(session), std::move(stop)).run(show, on_live);
}

}  // namespace ts::live
