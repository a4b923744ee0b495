// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "live/services.hpp"
#include "live/session.hpp"
#include "scene/show.hpp"
#include "store/database.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::live {

struct GoLiveOptions {
  std::filesystem::path show_path{};
  std::string name{};            ///< Session name; empty: the show's.
  std::string room{};            ///< Empty: "<show>-<id>".
  std::string live_stream_id{};  ///< An existing live stream; empty: a new one is created.
  bool direct = false;           ///< RTMP straight to Mux, without LiveKit.
  std::string engine{};
  std::optional<milliseconds> duration{};  ///< Program length; empty: the show's, else until ended.
  milliseconds step_timeout{30'000};  ///< Of each wait: publishing, egress active, stream active.
  milliseconds room_grace{0};         ///< How long the room stays after the end.
  bool keep_room = false;
  mux::LatencyMode latency = mux::LatencyMode::kStandard;
  std::filesystem::path folder{};  ///< Parent of the session folder.
  /// Decodes what the viewer gets; given by the caller because it runs a program of its own.
  std::function<Status(const std::string& playback_url, std::stop_token)> check_playback{};
};

/// What a finished go-live was.
struct Summary {
  std::string session_id{};
  Resources resources{};
  milliseconds time_to_live{};  ///< From the start to confirmed playback.
  milliseconds on_air{};
  bool ended_by_show = false;           ///< The show's duration was over; else it was stopped.
  std::vector<std::string> problems{};  ///< What went wrong on air, mended or not.
};

/// What would keep a go-live from succeeding, found before anything is made: an unusable show, a
/// file that is missing, LiveKit or Mux not reachable or not accepting the credentials.
Status preflight(const Services& services, const scene::Show& show, const GoLiveOptions& options,
                 std::stop_token stop);

/// The whole go-live as one transaction: stream, room, ingress, compositor, egress, playback; then
/// it stays until the show ends, `stop` is requested or `ts live end` asks for it; then it ends
/// everything in order.
///
/// A step that fails undoes what this run made; what could not be undone is the Error's residue
/// (kPartial). While on air a compositor or an egress that dies is started again inside the
/// stream's reconnect window.
///
/// @param on_live  called once, when viewers can watch.
Result<Summary> go_live(const Services& services, store::Database& database,
                        const GoLiveOptions& options, const Observer& observer,
                        const std::function<void(const Session&)>& on_live, std::stop_token stop);

}  // namespace ts::live
