// SPDX-License-Identifier: Apache-2.0
#include "client_internal.hpp"

#include "core/text.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ts::mux {
namespace {

constexpr std::string_view kCollection = "/video/v1/live-streams";

Status check_paging(int limit, int page) {
  TS_CHECK(check_page_limit(limit));
  if (page < 1) {
    return Error{.kind = ErrorKind::kUsage, .message = "pages are counted from 1"};
  }
  return ok_status();
}

std::string hint_while(std::string_view wanted, const LiveStream& seen) {
  const std::string_view state = seen.state();
  if (wanted == "idle") return "end the session with ts mux complete, or wait longer";
  if (state == "connecting") {
    return "the encoder is connected: check that it sends H.264 video with a key frame every 2 s";
  }
  if (state == "idle") {
    return "no encoder is connected: check the RTMPS address and key, and that the encoder runs";
  }
  return "wait longer with --timeout";
}

}  // namespace

Result<std::optional<LiveStream>> MuxClient::find_live_stream(std::string_view ref,
                                                              std::stop_token stop) {
  if (ref.empty()) {
    return Error{.kind = ErrorKind::kUsage, .message = "a ref cannot be empty"};
  }
  TS_TRY(auto streams, list_live_streams({.limit = 100, .all = true}, stop));
  // The oldest, should a race ever have made two.
  LiveStream* found = nullptr;
  for (LiveStream& stream : streams) {
    if (stream.passthrough != ref) continue;
    if (found == nullptr || stream.created_at < found->created_at) found = &stream;
  }
  if (found == nullptr) return std::optional<LiveStream>{};
  return std::optional(std::move(*found));
}

Result<std::optional<LiveStream>> MuxClient::look_for_created(const NewLiveStream& wish,
                                                              std::string_view ref,
                                                              WallTime sent_at,
                                                              const std::stop_token& stop) {
  if (!ref.empty()) return find_live_stream(ref, stop);
  const Call call{.path = std::string(kCollection), .query = {{"limit", "100"}}};
  TS_TRY(const auto answer, exchange(call, stop));
  // Creation times are the service's: its Date header says how far its clock is from ours.
  const auto skew = answer.server_now ? *answer.server_now - clock_.now() : milliseconds{0};
  const WallTime since = sent_at + skew - seconds{5};
  const JsonReader reader(answer.json);
  TS_TRY(const auto data, reader.at("data"));
  TS_TRY(const auto streams, read_list(data.json(), &read_live_stream));
  Error error{.kind = ErrorKind::kRemote,
              .message =
                  "the answer to the creation was lost, and a live stream that may be its "
                  "outcome exists",
              .hint = "use or delete the one listed; create with --ref to have this settled",
              .code = "maybe_created"};
  for (const LiveStream& stream : streams) {
    const bool alike = stream.passthrough == wish.passthrough.value_or("") &&
                       stream.title == wish.title.value_or("");
    if (alike && (!stream.created_at || *stream.created_at >= since)) {
      error.residue.push_back("live stream " + stream.id);
    }
  }
  if (!error.residue.empty()) return error;
  return std::optional<LiveStream>{};
}

Result<Created> MuxClient::create_live_stream(const NewLiveStream& wish, std::string_view ref,
                                              std::stop_token stop) {
  TS_CHECK(validate(wish));
  Json body = to_body(wish);
  if (!ref.empty()) {
    TS_CHECK(validate_passthrough(ref, "ref"));
    if (wish.passthrough && *wish.passthrough != ref) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "a ref is kept in passthrough, which holds something else here",
                   .hint = "give either the ref or the passthrough"};
    }
    body["passthrough"] = std::string(ref);
    TS_TRY(auto existing, find_live_stream(ref, stop));
    if (existing) return Created{.live_stream = std::move(*existing), .existed = true};
  }
  const Call call{.method = "POST",
                  .path = std::string(kCollection),
                  .body = &body,
                  .what = "create live stream"};
  const WallTime sent_at = clock_.now();
  Error conflict;
  auto created = create_once<LiveStream>(
      call, &read_live_stream,
      [&]() -> Result<std::optional<LiveStream>> {
        auto found = look_for_created(wish, ref, sent_at, stop);
        if (!found) conflict = found.error();
        return found;
      },
      stop);
  if (!created) {
    if (conflict.code == "maybe_created") return conflict;
    return std::move(created).error();
  }
  return Created{.live_stream = std::move(created).value()};
}

Result<std::vector<LiveStream>> MuxClient::list_live_streams(const LiveStreamFilter& filter,
                                                             std::stop_token stop) {
  TS_CHECK(check_paging(filter.limit, filter.page));
  Call call{
      .path = std::string(kCollection),
      .query = {{"limit", std::to_string(filter.limit)}, {"page", std::to_string(filter.page)}},
      .what = "live streams"};
  if (!filter.status.empty()) {
    if (live_stream_status(filter.status) == LiveStreamStatus::kUnknown) {
      const auto near = nearest(filter.status, {"active", "idle", "disabled"});
      return Error{
          .kind = ErrorKind::kUsage,
          .message = fmt::format("status '{}' is unknown", shorten(filter.status, 60)),
          .hint = near ? fmt::format("did you mean {}?", *near) : "use active, idle or disabled"};
    }
    call.query.emplace_back("status", filter.status);
  }
  if (!filter.stream_key.empty()) call.query.emplace_back("stream_key", filter.stream_key);
  if (filter.all) {
    TS_TRY(const auto data, pages(std::move(call), stop));
    return read_list(data, &read_live_stream);
  }
  TS_TRY(const auto data, data_of(call, stop));
  return read_list(data, &read_live_stream);
}

Result<LiveStream> MuxClient::get_live_stream(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id));
  TS_TRY(const auto data, data_of({.path = std::move(path), .what = live_stream_name(id)}, stop));
  return read_live_stream(data, "$.data");
}

Result<LiveStream> MuxClient::update_live_stream(std::string_view id,
                                                 const LiveStreamUpdate& update,
                                                 std::stop_token stop) {
  TS_CHECK(validate(update));
  const Json body = to_body(update);
  if (body.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "nothing to change was given",
                 .hint = "name at least one field"};
  }
  TS_TRY(auto path, live_stream_path(id));
  TS_TRY(
      const auto data,
      data_of(
          {.method = "PATCH", .path = std::move(path), .body = &body, .what = live_stream_name(id)},
          stop));
  return read_live_stream(data, "$.data");
}

Status MuxClient::delete_live_stream(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id));
  return act({.method = "DELETE",
              .path = std::move(path),
              .what = live_stream_name(id),
              .no_answer = true},
             stop);
}

Status MuxClient::enable_live_stream(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id, "/enable"));
  return act(
      {.method = "PUT", .path = std::move(path), .what = live_stream_name(id), .no_answer = true},
      stop);
}

Status MuxClient::disable_live_stream(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id, "/disable"));
  return act(
      {.method = "PUT", .path = std::move(path), .what = live_stream_name(id), .no_answer = true},
      stop);
}

Status MuxClient::complete_live_stream(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id, "/complete"));
  return act(
      {.method = "PUT", .path = std::move(path), .what = live_stream_name(id), .no_answer = true},
      stop);
}

Result<LiveStream> MuxClient::reset_stream_key(std::string_view id, std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(id, "/reset-stream-key"));
  TS_TRY(const auto before, get_live_stream(id, stop));
  return create_once<LiveStream>(
      {.method = "POST", .path = std::move(path), .what = live_stream_name(id)}, &read_live_stream,
      [&]() -> Result<std::optional<LiveStream>> {
        TS_TRY(auto now, get_live_stream(id, stop));
        if (now.stream_key.reveal() == before.stream_key.reveal()) {
          return std::optional<LiveStream>{};
        }
        return std::optional(std::move(now));
      },
      stop);
}

Result<LiveStream> MuxClient::wait_live_stream(
    std::string_view id, std::string_view state, std::chrono::milliseconds timeout,
    const std::function<void(const LiveStream&)>& on_change, std::stop_token stop) {
  TS_CHECK(check_state(state));
  const SteadyTime deadline = clock_.steady_now() + timeout;
  std::string last;
  std::string hint = "check the network, and status.mux.com";
  for (milliseconds pause{1000};; pause = std::min(pause + milliseconds{250}, milliseconds{3000})) {
    auto polled = get_live_stream(id, stop);
    if (polled.ok()) {
      LiveStream& seen = polled.value();
      if (seen.state() != last) {
        last = seen.state();
        if (on_change) on_change(seen);
      }
      if (last == state || (state == "connecting" && last == "active")) return polled;
      if (last == "disabled") {
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("{} is disabled, so it cannot become {}",
                                            live_stream_name(id), state),
                     .hint = fmt::format("run ts mux enable {}", id),
                     .code = "disabled"};
      }
      hint = hint_while(state, seen);
    } else if (!polled.error().retryable) {
      return std::move(polled).error();
    }
    if (clock_.steady_now() + pause > deadline) {
      return Error{
          .kind = ErrorKind::kDeadline,
          .message = fmt::format("{} is not {} after {} s; last seen {}", live_stream_name(id),
                                 state, timeout.count() / 1000, last.empty() ? "nothing" : last),
          .hint = std::move(hint),
          .retryable = true,
          .code = "wait_timeout"};
    }
    if (!clock_.wait_for(pause, stop)) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "waiting was interrupted"};
    }
  }
}

Result<PlaybackId> MuxClient::add_playback_id(std::string_view live_stream_id,
                                              PlaybackPolicy policy,
                                              std::string_view drm_configuration_id,
                                              std::stop_token stop) {
  TS_TRY(auto path, live_stream_path(live_stream_id, "/playback-ids"));
  const bool drm = policy == PlaybackPolicy::kDrm;
  if (drm == drm_configuration_id.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = drm ? "the drm policy needs a drm_configuration_id"
                                : "drm_configuration_id belongs to the drm policy"};
  }
  Json body{{"policy", std::string(to_string(policy))}};
  if (drm) body["drm_configuration_id"] = std::string(drm_configuration_id);
  TS_TRY(const auto before, get_live_stream(live_stream_id, stop));
  return create_once<PlaybackId>(
      {.method = "POST",
       .path = std::move(path),
       .body = &body,
       .what = live_stream_name(live_stream_id)},
      &read_playback_id,
      [&]() -> Result<std::optional<PlaybackId>> {
        TS_TRY(auto now, get_live_stream(live_stream_id, stop));
        for (PlaybackId& candidate : now.playback_ids) {
          const bool known =
              std::any_of(before.playback_ids.begin(), before.playback_ids.end(),
                          [&](const PlaybackId& former) { return former.id == candidate.id; });
          if (!known && candidate.policy == policy) return std::optional(std::move(candidate));
        }
        return std::optional<PlaybackId>{};
      },
      stop);
}

Result<PlaybackId> MuxClient::get_playback_id(std::string_view live_stream_id,
                                              std::string_view playback_id, std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(playback_id, "playback id"));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/playback-ids/" + segment));
  TS_TRY(const auto data,
         data_of({.path = std::move(path), .what = fmt::format("playback id '{}'", playback_id)},
                 stop));
  return read_playback_id(data, "$.data");
}

Status MuxClient::remove_playback_id(std::string_view live_stream_id, std::string_view playback_id,
                                     std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(playback_id, "playback id"));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/playback-ids/" + segment));
  return act({.method = "DELETE",
              .path = std::move(path),
              .what = fmt::format("playback id '{}'", playback_id),
              .no_answer = true},
             stop);
}

Result<SimulcastTarget> MuxClient::add_simulcast_target(std::string_view live_stream_id,
                                                        const NewSimulcastTarget& target,
                                                        std::stop_token stop) {
  TS_CHECK(validate(target));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/simulcast-targets"));
  TS_TRY(const auto before, get_live_stream(live_stream_id, stop));
  if (before.status == LiveStreamStatus::kActive || before.connecting()) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} is {}: Mux adds simulcast targets only while idle",
                                        live_stream_name(live_stream_id), before.state()),
                 .hint = fmt::format("end the session first: ts mux complete {}", live_stream_id),
                 .code = "not_idle"};
  }
  if (before.simulcast_targets.size() >= 6) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("{} has 6 simulcast targets, the most there can be",
                                        live_stream_name(live_stream_id)),
                 .hint = "remove one with ts mux simulcast remove",
                 .code = "too_many_targets"};
  }
  const Json body = to_body(target);
  return create_once<SimulcastTarget>(
      {.method = "POST",
       .path = std::move(path),
       .body = &body,
       .what = live_stream_name(live_stream_id)},
      &read_simulcast_target,
      [&]() -> Result<std::optional<SimulcastTarget>> {
        TS_TRY(auto now, get_live_stream(live_stream_id, stop));
        for (SimulcastTarget& candidate : now.simulcast_targets) {
          const bool known =
              std::any_of(before.simulcast_targets.begin(), before.simulcast_targets.end(),
                          [&](const SimulcastTarget& former) { return former.id == candidate.id; });
          if (!known && candidate.url == target.url) return std::optional(std::move(candidate));
        }
        return std::optional<SimulcastTarget>{};
      },
      stop);
}

Result<SimulcastTarget> MuxClient::get_simulcast_target(std::string_view live_stream_id,
                                                        std::string_view target_id,
                                                        std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(target_id, "simulcast target id"));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/simulcast-targets/" + segment));
  TS_TRY(const auto data,
         data_of({.path = std::move(path), .what = fmt::format("simulcast target '{}'", target_id)},
                 stop));
  return read_simulcast_target(data, "$.data");
}

Status MuxClient::remove_simulcast_target(std::string_view live_stream_id,
                                          std::string_view target_id, std::stop_token stop) {
  TS_TRY(const auto segment, net::path_segment(target_id, "simulcast target id"));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/simulcast-targets/" + segment));
  return act({.method = "DELETE",
              .path = std::move(path),
              .what = fmt::format("simulcast target '{}'", target_id),
              .no_answer = true},
             stop);
}

Result<LiveStream> MuxClient::set_embedded_subtitles(std::string_view live_stream_id,
                                                     const std::vector<EmbeddedSubtitle>& subtitles,
                                                     std::stop_token stop) {
  TS_CHECK(validate(subtitles));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/embedded-subtitles"));
  const Json body{{"embedded_subtitles", to_body(subtitles)}};
  TS_TRY(const auto data, data_of({.method = "PUT",
                                   .path = std::move(path),
                                   .body = &body,
                                   .what = live_stream_name(live_stream_id)},
                                  stop));
  return read_live_stream(data, "$.data");
}

Result<LiveStream> MuxClient::set_generated_subtitles(
    std::string_view live_stream_id, const std::vector<GeneratedSubtitle>& subtitles,
    std::stop_token stop) {
  TS_CHECK(validate(subtitles));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/generated-subtitles"));
  const Json body{{"generated_subtitles", to_body(subtitles)}};
  TS_TRY(const auto data, data_of({.method = "PUT",
                                   .path = std::move(path),
                                   .body = &body,
                                   .what = live_stream_name(live_stream_id)},
                                  stop));
  return read_live_stream(data, "$.data");
}

Status MuxClient::set_static_renditions(std::string_view live_stream_id,
                                        const std::vector<NewStaticRendition>& renditions,
                                        std::stop_token stop) {
  TS_CHECK(validate(renditions));
  TS_TRY(auto path, live_stream_path(live_stream_id, "/new-asset-settings/static-renditions"));
  Call call{.method = renditions.empty() ? "DELETE" : "PUT",
            .path = std::move(path),
            .what = live_stream_name(live_stream_id),
            .no_answer = renditions.empty()};
  const Json body{{"static_renditions", to_body(renditions)}};
  if (!renditions.empty()) call.body = &body;
  return act(call, stop);
}

}  // namespace ts::mux
