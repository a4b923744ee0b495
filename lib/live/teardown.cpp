// SPDX-License-Identifier: Apache-2.0
#include "live/teardown.hpp"

#include "livekit/egress_client.hpp"
#include "livekit/ingress_client.hpp"
#include "livekit/room_client.hpp"

#include <fmt/format.h>

#include <csignal>

namespace ts::live {
namespace {

/// Gone already is as good as ended.
Status gone_is_fine(Status status) {
  if (!status.ok() && status.error().kind == ErrorKind::kNotFound) return ok_status();
  return status;
}

template <typename T>
Status status_of(Result<T> result) {
  if (result.ok()) return ok_status();
  return std::move(result).error();
}

/// One ending: its steps, the residue they leave.
class Ending {
 public:
  Ending(const Services& services, Session& session, const TeardownOptions& options,
         std::stop_token stop)
      : services_(services), session_(session), options_(options), stop_(std::move(stop)) {}

  std::vector<std::string> run(Compositor* compositor) {
    stop_egress();
    stop_compositor(compositor);
    remove_ingress();
    end_stream();
    remove_room();
    return std::move(residue_);
  }

 private:
  template <typename Step>
  bool attempt(std::string_view name, const std::string& text, const std::string& left,
               Step&& step) {
    const Status status = session_.step(name, text, [&] { return gone_is_fine(step()); });
    if (!status.ok()) residue_.push_back(left);
    return status.ok();
  }

  void stop_egress() {
    Resources& made = session_.resources;
    if (made.egress_id.empty() || services_.livekit == nullptr) return;
    const std::string id = made.egress_id;
    attempt("stop_egress", fmt::format("stop egress {}", id), "egress " + id, [&]() -> Status {
      livekit::EgressClient client(*services_.livekit);
      auto stopped = client.stop(id, stop_);
      // "Already over" is what is wanted.
      if (!stopped.ok() && stopped.error().kind != ErrorKind::kConflict) {
        return std::move(stopped).error();
      }
      TS_CHECK(wait_until_over(client, id));
      session_.resources.egress_id.clear();
      return ok_status();
    });
  }

  /// Terminal in any way: how it ended is in the journal, that it ended is what counts here.
  Status wait_until_over(livekit::EgressClient& client, const std::string& id) {
    const auto deadline = services_.clock->steady_now() + options_.step_timeout;
    for (;;) {
      TS_TRY(const auto info, client.get(id, stop_));
      if (livekit::is_terminal(info.status)) {
        session_.note("stop_egress",
                      fmt::format("egress {} is {}", id, livekit::egress_state_word(info.status)));
        return ok_status();
      }
      if (services_.clock->steady_now() > deadline) {
        return Error{.kind = ErrorKind::kDeadline,
                     .message = fmt::format("egress '{}' is still {}", id,
                                            livekit::egress_state_word(info.status))};
      }
      if (!services_.clock->wait_for(milliseconds(250), stop_)) {
        return Error{.kind = ErrorKind::kInterrupted, .message = "interrupted"};
      }
    }
  }

  void stop_compositor(Compositor* compositor) {
    Resources& made = session_.resources;
    if (compositor != nullptr) {
      attempt("stop_compositor", "stop the compositor",
              fmt::format("process {}", compositor->pid()), [&]() -> Status {
                const ExitStatus status = compositor->stop();
                if (status.signal == SIGKILL) {
                  session_.note("stop_compositor", "it had to be ended the hard way");
                }
                session_.resources.compositor_pid = 0;
                return ok_status();
              });
    } else if (made.compositor_pid > 0) {
      // Of a dead owner: the child dies with its parent, so only the record is left.
      made.compositor_pid = 0;
    }
  }

  void remove_ingress() {
    Resources& made = session_.resources;
    if (made.ingress_id.empty() || services_.livekit == nullptr) return;
    const std::string id = made.ingress_id;
    attempt("remove_ingress", fmt::format("remove ingress {}", id), "ingress " + id, [&] {
      livekit::IngressClient client(*services_.livekit);
      auto removed = gone_is_fine(status_of(client.remove(id, stop_)));
      if (removed.ok()) session_.resources.ingress_id.clear();
      return removed;
    });
  }

  void end_stream() {
    Resources& made = session_.resources;
    if (made.live_stream_id.empty()) return;
    const std::string id = made.live_stream_id;
    if (options_.abort && made.live_stream_made && !made.was_active) {
      attempt("delete_stream", fmt::format("delete live stream {}", id), "live stream " + id, [&] {
        auto removed = gone_is_fine(services_.mux->delete_live_stream(id, stop_));
        if (removed.ok()) session_.resources.live_stream_id.clear();
        return removed;
      });
      return;
    }
    if (!attempt("complete_stream", fmt::format("complete live stream {}", id),
                 "live stream " + id + " (not completed)",
                 [&] { return services_.mux->complete_live_stream(id, stop_); }) ||
        !options_.wait_for_asset) {
      return;
    }
    attempt("wait_idle", "wait until the stream is idle", "live stream " + id + " (not idle)", [&] {
      return status_of(
          services_.mux->wait_live_stream(id, "idle", options_.step_timeout, {}, stop_));
    });
    wait_asset(id);
  }

  void wait_asset(const std::string& live_stream_id) {
    if (session_.resources.asset_id.empty()) {
      const auto stream = services_.mux->get_live_stream(live_stream_id, stop_);
      if (stream.ok() && !stream.value().recent_asset_ids.empty()) {
        session_.resources.asset_id = stream.value().recent_asset_ids.back();
      }
    }
    const std::string asset = session_.resources.asset_id;
    if (asset.empty()) return;
    // A recording that is not finished yet loses nothing: it is a note, not residue.
    const auto ready = session_.step("wait_asset", "wait for the recording", [&] {
      return services_.mux->wait_asset(asset, "final", options_.step_timeout, {}, stop_);
    });
    if (!ready.ok()) return;
    if (const auto* playback = ready.value().best_playback_id()) {
      session_.resources.asset_playback_id = playback->id;
    }
    session_.resources.recording_s = ready.value().duration_s;
    session_.note("wait_asset",
                  fmt::format("recording {}: {:.1f} s", asset, ready.value().duration_s));
  }

  void remove_room() {
    Resources& made = session_.resources;
    if (made.room.empty() || !made.room_made || services_.livekit == nullptr) return;
    const std::string room = made.room;
    if (options_.keep_room) {
      session_.note("remove_room", fmt::format("room {} is kept", room));
      return;
    }
    if (options_.room_grace.count() > 0) {
      session_.note("remove_room", "waiting the grace period before the room goes");
      services_.clock->wait_for(options_.room_grace, stop_);
    }
    attempt("remove_room", fmt::format("remove room {}", room), "room " + room, [&] {
      livekit::RoomClient client(*services_.livekit);
      auto removed = gone_is_fine(client.remove(room, stop_));
      if (removed.ok()) session_.resources.room.clear();
      return removed;
    });
  }

  const Services& services_;
  Session& session_;
  const TeardownOptions& options_;
  std::stop_token stop_;
  std::vector<std::string> residue_;
};

}  // namespace

std::vector<std::string> teardown(const Services& services, Session& session,
                                  Compositor* compositor, const TeardownOptions& options,
                                  std::stop_token stop) {
  return Ending(services, session, options, std::move(stop)).run(compositor);
}

}  // namespace ts::live
