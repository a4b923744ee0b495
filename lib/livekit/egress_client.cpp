// SPDX-License-Identifier: Apache-2.0
#include "livekit/egress_client.hpp"

#include "core/text.hpp"
#include "livekit/client_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ts::livekit {
namespace {

const CallGrant kEgressGrant{.kind = CallGrant::Kind::kRoomRecord};

void add_storage(Secrets& out, const Storage& storage) {
  if (storage.s3) {
    out.push_back(storage.s3->secret.reveal());
    out.push_back(storage.s3->session_token.reveal());
  }
  if (storage.gcp) out.push_back(storage.gcp->credentials.reveal());
  if (storage.azure) out.push_back(storage.azure->account_key.reveal());
  if (storage.ali_oss) out.push_back(storage.ali_oss->secret.reveal());
}

void add_urls(Secrets& out, const std::vector<Secret>& urls) {
  for (const Secret& url : urls) out.push_back(url.reveal());
}

Secrets secrets_of(const EgressOutputs& outputs) {
  Secrets out;
  for (const StreamOutput& stream : outputs.stream_outputs) add_urls(out, stream.urls);
  for (const auto& file : outputs.file_outputs) add_storage(out, file.storage);
  for (const auto& segments : outputs.segment_outputs) add_storage(out, segments.storage);
  for (const auto& images : outputs.image_outputs) add_storage(out, images.storage);
  return out;
}

template <typename Request>
Result<EgressInfo> start_call(Service& service, std::string_view method, const Request& request,
                              const Secrets& secrets, std::stop_token stop) {
  TS_CHECK(check(request));
  auto info =
      typed_call<EgressInfo>(service, method, request, kEgressGrant, secrets, std::move(stop),
                             /*is_start=*/true);
  if (info.ok() && info.value().egress_id.empty()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("the answer of {} holds no egress id", method),
                 .hint = "it may have started: run ts egress list --active before trying again",
                 .code = "bad_answer"};
  }
  return info;
}

/// The last state for people, outputs included.
std::string describe_state(const EgressInfo& egress) {
  std::string out = egress_state_word(egress.status);
  if (!(egress.status == EgressStatus::kActive)) return out;
  for (const StreamInfo& stream : egress.stream_results) {
    if (stream.status == StreamStatus::kActive && stream.started_at == 0) {
      out += fmt::format(", {} has not accepted the stream", stream.url);
    }
  }
  return out;
}

std::string waiting_hint(const EgressInfo& egress) {
  if (egress.status == EgressStatus::kStarting) {
    return egress.kind == EgressKind::kRoomComposite
               ? "publish a track: a room composite starts with the first one (ts room who ROOM)"
               : "check that the tracks are published: ts room who ROOM";
  }
  if (egress.status == EgressStatus::kActive) {
    const bool refused = std::any_of(
        egress.stream_results.begin(), egress.stream_results.end(), [](const StreamInfo& stream) {
          return stream.status == StreamStatus::kFailed || stream.started_at == 0;
        });
    if (refused) return "check the address and the key of the output";
    return fmt::format("it runs until it is stopped: ts egress stop {}", egress.egress_id);
  }
  return fmt::format("look again with ts egress get {}", egress.egress_id);
}

}  // namespace

Result<EgressInfo> EgressClient::start(const RoomCompositeEgressRequest& request,
                                       std::stop_token stop) {
  return start_call(*service_, "Egress/StartRoomCompositeEgress", request,
                    secrets_of(request.outputs), std::move(stop));
}

Result<EgressInfo> EgressClient::start(const WebEgressRequest& request, std::stop_token stop) {
  return start_call(*service_, "Egress/StartWebEgress", request, secrets_of(request.outputs),
                    std::move(stop));
}

Result<EgressInfo> EgressClient::start(const ParticipantEgressRequest& request,
                                       std::stop_token stop) {
  return start_call(*service_, "Egress/StartParticipantEgress", request,
                    secrets_of(request.outputs), std::move(stop));
}

Result<EgressInfo> EgressClient::start(const TrackCompositeEgressRequest& request,
                                       std::stop_token stop) {
  return start_call(*service_, "Egress/StartTrackCompositeEgress", request,
                    secrets_of(request.outputs), std::move(stop));
}

Result<EgressInfo> EgressClient::start(const TrackEgressRequest& request, std::stop_token stop) {
  Secrets secrets;
  if (request.websocket_url) secrets.push_back(request.websocket_url->reveal());
  if (request.file) add_storage(secrets, request.file->storage);
  return start_call(*service_, "Egress/StartTrackEgress", request, secrets, std::move(stop));
}

Result<EgressInfo> EgressClient::start(const StartEgressRequest& request, std::stop_token stop) {
  Secrets secrets;
  for (const Output& output : request.outputs) {
    if (output.stream) add_urls(secrets, output.stream->urls);
    if (output.file) add_storage(secrets, output.file->storage);
    if (output.segments) add_storage(secrets, output.segments->storage);
    if (output.images) add_storage(secrets, output.images->storage);
    if (output.storage) add_storage(secrets, *output.storage);
  }
  if (request.storage) add_storage(secrets, *request.storage);
  return start_call(*service_, "Egress/StartEgress", request, secrets, std::move(stop));
}

Result<EgressInfo> EgressClient::stop(std::string_view egress_id, std::stop_token stop) {
  TS_CHECK(check_id(egress_id, "egress id"));
  return typed_call<EgressInfo>(*service_, "Egress/StopEgress",
                                StopEgressRequest{.egress_id = std::string(egress_id)},
                                kEgressGrant, {}, std::move(stop));
}

Result<std::vector<EgressInfo>> EgressClient::list(const ListEgressRequest& request,
                                                   std::stop_token stop) {
  if (!request.room_name.empty()) TS_CHECK(check_name(request.room_name, "room name"));
  if (!request.egress_id.empty()) TS_CHECK(check_id(request.egress_id, "egress id"));
  ListEgressRequest page = request;
  std::vector<EgressInfo> all;
  std::set<std::string> seen;
  for (;;) {
    TS_TRY(auto answer, typed_call<ListEgressResponse>(*service_, "Egress/ListEgress", page,
                                                       kEgressGrant, {}, stop));
    for (EgressInfo& item : answer.items) {
      // A list that grows, or a page told twice, shows items again.
      if (seen.insert(item.egress_id).second) all.push_back(std::move(item));
    }
    // A server that repeats its token would keep us here for ever.
    const std::string before = page.page_token ? page.page_token->token : "";
    if (!answer.next_page_token || answer.next_page_token->token.empty() ||
        answer.next_page_token->token == before) {
      return all;
    }
    page.page_token = answer.next_page_token;
  }
}

Result<EgressInfo> EgressClient::get(std::string_view egress_id, std::stop_token stop) {
  TS_CHECK(check_id(egress_id, "egress id"));
  TS_TRY(auto all, list({.egress_id = std::string(egress_id)}, std::move(stop)));
  for (EgressInfo& item : all) {
    if (item.egress_id == egress_id) return std::move(item);
  }
  return Error{.kind = ErrorKind::kNotFound,
               .message = fmt::format("there is no egress '{}'", egress_id),
               .hint = "list them with ts egress list; ended ones are kept for a day"};
}

Result<EgressInfo> EgressClient::update_stream(const UpdateStreamRequest& request,
                                               std::stop_token stop) {
  TS_CHECK(check_id(request.egress_id, "egress id"));
  if (request.add_output_urls.empty() && request.remove_output_urls.empty()) {
    return Error{.kind = ErrorKind::kUsage, .message = "there is no output to add or remove"};
  }
  Secrets secrets;
  for (const auto* urls : {&request.add_output_urls, &request.remove_output_urls}) {
    for (const Secret& url : *urls) TS_CHECK(stream_protocol(url));
    add_urls(secrets, *urls);
  }
  return typed_call<EgressInfo>(*service_, "Egress/UpdateStream", request, kEgressGrant, secrets,
                                std::move(stop));
}

Result<EgressInfo> EgressClient::update_layout(std::string_view egress_id, std::string_view layout,
                                               std::stop_token stop) {
  TS_CHECK(check_id(egress_id, "egress id"));
  TS_CHECK(check_name(layout, "layout"));
  return typed_call<EgressInfo>(
      *service_, "Egress/UpdateLayout",
      UpdateLayoutRequest{.egress_id = std::string(egress_id), .layout = std::string(layout)},
      kEgressGrant, {}, std::move(stop));
}

bool streams_connected(const EgressInfo& egress) noexcept {
  for (const StreamInfo& stream : egress.stream_results) {
    const bool rtmp = stream.url.starts_with("rtmp") || stream.url.starts_with("mux:") ||
                      stream.url.starts_with("twitch:");
    if (rtmp && stream.status == StreamStatus::kActive && stream.started_at == 0) return false;
  }
  return true;
}

std::vector<std::string> refused_outputs(const EgressInfo& egress) {
  std::vector<std::string> out;
  for (const StreamInfo& stream : egress.stream_results) {
    if (!(stream.status == StreamStatus::kFailed)) continue;
    out.push_back(fmt::format(
        "{} refused the stream{}", stream.url,
        stream.error.empty() ? std::string() : ": " + shorten(scrub_stream_keys(stream.error))));
  }
  return out;
}

std::optional<Error> failure(const EgressInfo& egress) {
  if (!is_terminal(egress.status) || egress.status == EgressStatus::kComplete) return std::nullopt;
  const std::string reason =
      scrub_stream_keys(egress.error.empty() ? egress.details : egress.error);
  const std::string lowered = to_lower(reason + " " + egress.details);
  const auto says = [&](std::string_view text) { return lowered.find(text) != std::string::npos; };
  Error error{
      .kind = ErrorKind::kRemote,
      .message = fmt::format("egress {} {}: {}", egress.egress_id, egress_state_word(egress.status),
                             reason.empty() ? "no reason given" : shorten(reason)),
      .code = "egress_failed"};
  const auto refused = refused_outputs(egress);
  if (egress.status == EgressStatus::kLimitReached || says("session limit reached")) {
    error.kind = ErrorKind::kConflict;
    error.code = "limit_reached";
    error.hint = "the worker's or the project's time or size limit ended it; start a new one";
  } else if (says("start signal not received")) {
    error.kind = ErrorKind::kMedia;
    error.code = "start_signal";
    error.hint =
        "publish a track before starting; if there was one, the worker cannot reach the server or "
        "the template never says START_RECORDING";
  } else if (says("stop called before")) {
    error.kind = ErrorKind::kConflict;
    error.code = "stopped_early";
    error.hint = "it was stopped before any media came: publish a track first";
  } else if (says("cpu exhausted")) {
    error.code = "capacity";
    error.retryable = true;
    error.hint = "the egress worker ran out of CPU: give it more, or record less at once";
  } else if (!refused.empty()) {
    error.kind = ErrorKind::kMedia;
    error.code = "output_refused";
    error.message = fmt::format("egress {} failed: {}", egress.egress_id, refused.back());
    error.hint = "check the address and the key of the output";
  } else if (egress.error_code == 404 || says("not found") || says("not_found") ||
             says("does not exist")) {
    error.kind = ErrorKind::kNotFound;
    error.code = "no_tracks";
    error.hint = "the room, participant or track was not there within 30 s: ts room who ROOM";
  } else if (says("process killed") || egress.error_code == 500) {
    error.code = "worker_died";
    error.retryable = true;
    error.hint = "the egress worker died: look at its log, then start again";
  }
  return error;
}

Result<EgressInfo> EgressClient::wait_for(std::string_view egress_id, EgressStatus wanted,
                                          std::chrono::milliseconds timeout, std::stop_token stop,
                                          const Progress& progress) {
  Clock& clock = service_->clock();
  const SteadyTime deadline = clock.steady_now() + timeout;
  PollPause pause;
  std::optional<EgressInfo> last;
  for (;;) {
    auto info = get(egress_id, stop);
    if (info.ok()) {
      const EgressInfo& now = info.value();
      if (progress && (!last || describe_state(*last) != describe_state(now))) progress(now);
      const bool there = wanted == EgressStatus::kActive
                             ? now.status == wanted && streams_connected(now)
                             : now.status == wanted;
      if (there) return info;
      if (is_terminal(now.status)) {
        if (auto failed = failure(now)) return std::move(*failed);
        return Error{.kind = ErrorKind::kConflict,
                     .message = fmt::format("egress {} is complete{}", egress_id,
                                            now.details.empty()
                                                ? std::string()
                                                : ": " + shorten(scrub_stream_keys(now.details))),
                     .hint = "its source or its outputs ended",
                     .code = "already_ended"};
      }
      last = std::move(info).value();
    } else if (info.error().kind != ErrorKind::kRemote || !info.error().retryable) {
      return info;
    }
    if (clock.steady_now() >= deadline) {
      if (!last) return info;
      return Error{.kind = ErrorKind::kDeadline,
                   .message = fmt::format("egress {} is still {} after {} s", egress_id,
                                          describe_state(*last),
                                          std::chrono::ceil<seconds>(timeout).count()),
                   .hint = waiting_hint(*last)};
    }
    if (!pause.wait(clock, deadline, stop)) {
      return Error{.kind = ErrorKind::kInterrupted,
                   .message = fmt::format("waiting for egress {} was interrupted", egress_id)};
    }
  }
}

}  // namespace ts::livekit
