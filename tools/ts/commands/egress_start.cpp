// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "egress_request.hpp"
#include "livekit_view.hpp"
#include "ref_lock.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "crypto/hash.hpp"
#include "store/refs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ts::cli {
namespace in_egress_start {

constexpr std::string_view kScope = "livekit.egress";

Result<livekit::EgressInfo> send(livekit::EgressClient& client, const EgressRequest& request,
                                 Context& context) {
  return std::visit([&](const auto& typed) { return client.start(typed, context.stop()); },
                    request);
}

/// An egress that an earlier, interrupted start with the same request made after all.
Result<std::optional<livekit::EgressInfo>> find_running(livekit::EgressClient& client,
                                                        const std::string& request_text,
                                                        Context& context) {
  TS_TRY(auto running, client.list({.active = true}, context.stop()));
  for (auto& egress : running) {
    if (egress.request_json == request_text) {
      return std::optional<livekit::EgressInfo>(std::move(egress));
    }
  }
  return std::optional<livekit::EgressInfo>{};
}

/// True when the service did not take the start, whatever it or the network said.
bool surely_not_started(const Error& error) {
  if (error.code == "maybe_done") return false;  // a region asked before may have
  if (error.http_status == 0) return net::never_sent(error);
  return error.http_status < 500 || error.http_status == 503;
}

/// What `ref` started before, or a start that it stands for from now on. The lock of `ref` is held.
Result<livekit::EgressInfo> start_under_ref(livekit::EgressClient& client,
                                            const PlannedEgress& plan, const std::string& scope,
                                            const std::string& ref, Context& context) {
  TS_TRY(auto database, open_database(context));
  const std::string request_text = redacted_text(plan.request);
  TS_TRY(const auto claim,
         store::claim_ref(database, scope, ref,
                          crypto::hex_encode(crypto::bytes_of(crypto::sha256(request_text))),
                          context.clock().now()));
  const auto note = [&](const livekit::EgressInfo& egress) {
    return store::complete_ref(database, scope, ref, egress.egress_id, "{}");
  };
  if (!claim.is_new && !claim.ref.pending()) {
    auto known = client.get(claim.ref.object_id, context.stop());
    if (known.ok()) {
      context.out().status(fmt::format("found by --ref {}: nothing was started", ref));
      return known;
    }
    if (known.error().kind != ErrorKind::kNotFound) return known;
    // Forgotten by the service: the key is free again.
    TS_CHECK(store::release_ref(database, scope, ref));
    return start_under_ref(client, plan, scope, ref, context);
  }
  if (!claim.is_new) {
    TS_TRY(auto found, find_running(client, request_text, context));
    if (found) {
      TS_CHECK(note(*found));
      return std::move(*found);
    }
  }
  auto started = send(client, plan.request, context);
  if (started.ok()) {
    TS_CHECK(note(started.value()));
  } else if (surely_not_started(started.error())) {
    TS_CHECK(store::release_ref(database, scope, ref));
  }
  return started;
}

/// Starts, or with --ref finds what the same key started before.
Result<livekit::EgressInfo> start_or_find(livekit::EgressClient& client, const PlannedEgress& plan,
                                          const std::string& ref, Context& context) {
  if (ref.empty() || context.dry_run()) return send(client, plan.request, context);
  TS_TRY(const auto url, context.settings().livekit_url());
  TS_TRY(const auto key, context.livekit_key());
  // A key of one project says nothing of another's.
  const std::string scope = fmt::format("{} {} {}", kScope, url, key.id);
  TS_TRY(const auto lock, RefLock::take(context, scope, ref));
  return start_under_ref(client, plan, scope, ref, context);
}

/// Notes what the egress sends to. One that --ref found has its labels, and perhaps more of them.
Status note_labels(const PlannedEgress& plan, const std::string& egress_id, Context& context) {
  TS_TRY(const auto lock, lock_output_labels(context, egress_id));
  TS_TRY(auto labels, read_output_labels(context, egress_id));
  if (!labels.empty()) return ok_status();
  for (const Target& target : plan.targets) labels.emplace(target.label, target.origin);
  return write_output_labels(context, egress_id, labels);
}

/// kPartial when it runs, but not to all of what was asked for.
Status check_accepted(const livekit::EgressInfo& egress) {
  const auto refused = livekit::refused_outputs(egress);
  if (refused.empty()) return ok_status();
  return Error{
      .kind = ErrorKind::kPartial,
      .message = fmt::format("egress {} runs, but {}", egress.egress_id, fmt::join(refused, "; ")),
      .hint = fmt::format("correct that output and add it with ts egress outputs {} add; or ts "
                          "egress stop {}",
                          egress.egress_id, egress.egress_id),
      .code = "output_refused",
      .residue = {fmt::format("egress {}", egress.egress_id)}};
}

Status run(const EgressStartOptions& options, Context& context) {
  if (!options.wait.empty() && options.wait != "active" && options.wait != "complete") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("cannot wait for the state '{}'", options.wait),
                 .hint = "use --wait active or --wait complete"};
  }
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(const auto plan, plan_egress(context, options));
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  auto started = start_or_find(client, plan, options.ref, context);
  if (!started.ok()) return std::move(started).error();
  livekit::EgressInfo egress = std::move(started).value();

  if (!plan.targets.empty()) {
    const Status noted = note_labels(plan, egress.egress_id, context);
    if (!noted.ok()) {
      context.out().warn(fmt::format("the output labels of {} were not noted: {}", egress.egress_id,
                                     noted.error().message));
    }
  }
  if (!options.wait.empty()) {
    context.out().status(
        fmt::format("egress {} {}", egress.egress_id, livekit::egress_state_word(egress.status)));
    auto waited = client.wait_for(
        egress.egress_id,
        options.wait == "active" ? livekit::EgressStatus::kActive
                                 : livekit::EgressStatus::kComplete,
        timeout, context.stop(), [&](const livekit::EgressInfo& now) {
          context.out().progress(
              fmt::format("egress {} {}", now.egress_id, livekit::egress_state_word(now.status)));
        });
    if (!waited.ok()) {
      // It runs (or ran): whoever started it must know its name.
      Error error = std::move(waited).error();
      if (error.kind == ErrorKind::kDeadline || error.kind == ErrorKind::kInterrupted) {
        error.residue.push_back(fmt::format("egress {}", egress.egress_id));
      }
      return error;
    }
    egress = std::move(waited).value();
    if (options.wait == "active") TS_CHECK(check_accepted(egress));
  }
  const Json document = document_of("egress", egress_json(egress));
  return context.out().report({.document = &document,
                               .text = egress_text(egress, context.out()),
                               .id = egress.egress_id,
                               .env = {{"EGRESS_ID", egress.egress_id}}});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<EgressStartOptions>();
  app.add_option("--room", options->room, "Room to take from");
  app.add_option("--layout", options->layout, "The composed room: grid, speaker, single-speaker");
  app.add_option("--template-url", options->template_url, "Own page that lays the room out")
      ->type_name("URL");
  app.add_flag("--audio-only", options->audio_only, "Sound alone (room or page)");
  app.add_flag("--video-only", options->video_only, "Picture alone (room or page)");
  app.add_option("--web", options->web, "A web page instead of a room")->type_name("URL");
  app.add_flag("--await-start-signal", options->await_start_signal,
               "Wait until the page logs START_RECORDING");
  app.add_option("--participant", options->participant, "Camera and microphone of one identity");
  app.add_flag("--screen-share", options->screen_share, "The participant's screen, not the camera");
  app.add_option("--video-track", options->video_track, "A video track (TR_...)");
  app.add_option("--audio-track", options->audio_track, "An audio track; optional");
  app.add_option("--track", options->track, "One track as it is, not encoded anew");
  app.add_option("--websocket-url-file", options->websocket_url_file,
                 "With --track: PCM to the ws(s) URL in this file")
      ->type_name("FILE");
  add_target_options(app, options->targets);
  app.add_option("--file", options->file, "To an MP4 or OGG file, where the worker stores files");
  app.add_option("--hls", options->hls, "To HLS segments with this prefix");
  app.add_option("--image", options->image, "To still images with this prefix");
  app.add_option("--image-interval", options->image_interval, "Time between two images")
      ->capture_default_str();
  app.add_option("--preset", options->preset, "720p30, 1080p60, portrait-720p30 ...");
  app.add_option("--ladder", options->ladder,
                 "high 1080p 4.5M, medium 720p 2.5M, low 480p 1M; a key frame every 2s");
  app.add_option("--width", options->width, "Pixels");
  app.add_option("--height", options->height, "Pixels");
  app.add_option("--fps", options->fps, "Frames a second");
  app.add_option("--video-bitrate", options->video_bitrate, "Such as 2500k or 4.5M");
  app.add_option("--audio-bitrate", options->audio_bitrate, "Such as 128k");
  app.add_option("--key-frame-interval", options->key_frame_interval,
                 "Such as 2s, which streams get unless a preset is named");
  app.add_option("--video-codec,--profile-h264", options->video_codec,
                 "baseline, main or high (H.264), or vp8; streams are H.264");
  app.add_option("--audio-codec", options->audio_codec, "aac, opus or mp3; streams are AAC");
  app.add_option("--audio-frequency", options->audio_frequency, "Hz, such as 48000");
  app.add_option("--depth", options->depth, "Bits of a pixel: 8, 16 or 24");
  app.add_option("--webhook", options->webhook, "Also tell this URL about the egress")
      ->type_name("URL");
  app.add_option("--webhook-key", options->webhook_key, "Name of the API key that signs it");
  app.add_option("--request", options->request,
                 "LiveKit's own request (@file.json, -, or text); flags are laid over it");
  app.add_option("--kind", options->kind,
                 "What --request is: room-composite, web, participant, track-composite, track, "
                 "egress; guessed otherwise");
  app.add_option("--wait", options->wait, "active or complete");
  app.add_option("--timeout", options->timeout, "Longest wait")->capture_default_str();
  app.add_option("--ref", options->ref, "The same key finds the same egress again")
      ->type_name("KEY");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_start

Command egress_start() {
  return {
      .path = "egress start",
      .summary = "Send a room, a page, a participant or tracks to streams and files",
      .example =
          "ts egress start --room main --video-track TR_VCxx --audio-track TR_AMxx --mux "
          "LIVE_ID --wait active\n"
          "ts egress start --room main --layout speaker --ladder high --rtmp-url-file "
          "primary.txt --rtmp-url-file backup.txt\n"
          "ts egress start --web https://show.example.com/ --file show.mp4\n"
          "ts egress start --request @egress.json --mux LIVE_ID",
      .forms = "id env",
      .bind = in_egress_start::bind,
      .details =
          "The room must exist. Tracks: ts room who ROOM. A start is never repeated by "
          "itself; with --ref a second start finds the first.",
  };
}

}  // namespace ts::cli
