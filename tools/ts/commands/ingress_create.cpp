// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "ref_lock.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/ingress_client.hpp"
#include "livekit/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_ingress_create {

struct Options {
  bool rtmp = false;
  bool whip = false;
  std::string url;
  std::string room;
  std::string identity;
  std::string name;
  std::string participant_name;
  std::string metadata;
  bool no_transcode = false;
  bool transcode = false;
  std::string video_preset;
  std::string audio_preset;
  std::string request;
  std::string ref;
  bool reveal = false;
  std::string save_url;
  std::string wait;
  std::string timeout = "60s";
};

template <typename E>
Result<livekit::OpenEnum<E>> preset_of(const std::string& text, std::string_view what) {
  std::string name;
  for (const char c : text) name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(c)));
  auto preset = livekit::OpenEnum<E>::from_text(name);
  if (preset.is_known()) return preset;
  std::vector<std::string> names;
  for (const auto& row : livekit::enum_names(E{})) names.emplace_back(row.name);
  const auto suggestion = nearest(name, names);
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("there is no {} preset '{}'", what, shorten(text, 60)),
               .hint = suggestion ? fmt::format("did you mean {}?", *suggestion)
                                  : fmt::format("use one of {}", fmt::join(names, ", "))};
}

Result<livekit::CreateIngressRequest> request_of(const Options& options, Context& context) {
  livekit::CreateIngressRequest request;
  const int inputs =
      (options.rtmp ? 1 : 0) + (options.whip ? 1 : 0) + (options.url.empty() ? 0 : 1);
  if (!options.request.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.request));
    TS_TRY(const auto json, parse_json(text, "--request", ErrorKind::kUsage, kWrittenByPeople));
    auto read = livekit::from_json<livekit::CreateIngressRequest>(
        json, livekit::UnknownFields::kRefuse, ErrorKind::kUsage);
    if (!read.ok()) return std::move(read).error().with_context("--request");
    request = std::move(read).value();
  } else if (inputs == 0) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give --rtmp, --whip or --url",
                 .hint = "ts ingress create --rtmp --room ROOM --identity NAME"};
  }
  if (inputs > 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--rtmp, --whip and --url exclude each other"};
  }
  if (options.rtmp) request.input_type = livekit::IngressInput::kRtmp;
  if (options.whip) request.input_type = livekit::IngressInput::kWhip;
  if (!options.url.empty()) {
    request.input_type = livekit::IngressInput::kUrl;
    TS_TRY(auto url, context.text_or_file(options.url));
    if (options.url != "-" && !options.url.starts_with('@')) {
      TS_CHECK(check_address_in_the_open(url, "--url @FILE"));
    }
    request.url = Secret(trim(url));
    // user:password@ and tokens in the query are not for anybody's eyes.
    if (url.find_first_of("@?") != std::string::npos) context.log().scrub(*request.url);
  }
  if (!options.room.empty()) request.room_name = options.room;
  if (!options.identity.empty()) request.participant_identity = options.identity;
  if (!options.participant_name.empty()) request.participant_name = options.participant_name;
  if (!options.name.empty()) request.name = options.name;
  if (!options.ref.empty()) {
    if (!options.name.empty() && options.name != options.ref) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--ref is kept as the ingress's name: leave --name out"};
    }
    request.name = options.ref;
  }
  if (request.room_name.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "no room is named that the ingress publishes into",
                 .hint = "give --room ROOM"};
  }
  if (!options.metadata.empty()) {
    TS_TRY(request.participant_metadata, context.text_or_file(options.metadata));
  }
  if (options.no_transcode && options.transcode) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--transcode and --no-transcode exclude each other"};
  }
  if (options.no_transcode) request.enable_transcoding = false;
  if (options.transcode) request.enable_transcoding = true;
  if (!options.video_preset.empty()) {
    auto& video = request.video ? *request.video : request.video.emplace();
    TS_TRY(video.preset, preset_of<livekit::IngressVideoPreset>(options.video_preset, "video"));
  }
  if (!options.audio_preset.empty()) {
    auto& audio = request.audio ? *request.audio : request.audio.emplace();
    TS_TRY(audio.preset, preset_of<livekit::IngressAudioPreset>(options.audio_preset, "audio"));
  }
  return request;
}

/// What was asked for and is otherwise with the ingress that is there.
std::vector<std::string> differences(const livekit::CreateIngressRequest& request,
                                     const livekit::IngressInfo& ingress) {
  std::vector<std::string> out;
  const auto differs = [](const auto& wish, const auto& present) {
    return wish && wish->preset &&
           (!present || !present->preset || !(*present->preset == *wish->preset));
  };
  if (!request.participant_name.empty() && request.participant_name != ingress.participant_name) {
    out.emplace_back("its participant's name");
  }
  if (!request.participant_metadata.empty() &&
      request.participant_metadata != ingress.participant_metadata) {
    out.emplace_back("its metadata");
  }
  // Told or not, WHIP alone is passed on as it is.
  const bool transcodes = ingress.enable_transcoding.value_or(
      !(ingress.input_type == livekit::IngressInput::kWhip) && !ingress.bypass_transcoding);
  if (request.enable_transcoding && *request.enable_transcoding != transcodes) {
    out.emplace_back(transcodes ? "it transcodes" : "it does not transcode");
  }
  if (differs(request.video, ingress.video)) out.emplace_back("its video preset");
  if (differs(request.audio, ingress.audio)) out.emplace_back("its audio preset");
  return out;
}

/// The ingress of the same name that is there already.
Result<std::optional<livekit::IngressInfo>> find(livekit::IngressClient& client,
                                                 const livekit::CreateIngressRequest& request,
                                                 Context& context) {
  TS_TRY(auto all, client.list({}, context.stop()));
  for (auto& ingress : all) {
    if (ingress.name != request.name) continue;
    if (ingress.participant_identity != request.participant_identity ||
        ingress.room_name != request.room_name || !(ingress.input_type == request.input_type)) {
      return Error{.kind = ErrorKind::kConflict,
                   .message = fmt::format("ref '{}' belongs to another ingress, {}", request.name,
                                          ingress.ingress_id),
                   .hint = "choose another --ref",
                   .code = "ref_mismatch"};
    }
    return std::optional<livekit::IngressInfo>(std::move(ingress));
  }
  return std::optional<livekit::IngressInfo>{};
}

Result<livekit::IngressInfo> create(livekit::IngressClient& client,
                                    const livekit::CreateIngressRequest& request,
                                    const Options& options, Context& context) {
  TS_TRY(const auto url, context.settings().livekit_url());
  TS_TRY(const auto lock, RefLock::take(context, "livekit.ingress " + url, options.ref));
  if (!options.ref.empty()) {
    TS_TRY(auto existing, find(client, request, context));
    if (existing) {
      context.out().status(fmt::format("found by --ref {}: nothing was made", options.ref));
      if (const auto others = differences(request, *existing); !others.empty()) {
        context.out().warn(
            fmt::format("ingress {} is not as asked for: {} (ts ingress update {} changes it)",
                        existing->ingress_id, fmt::join(others, ", "), existing->ingress_id));
      }
      return std::move(*existing);
    }
  }
  return client.create(request, context.stop());
}

/// Waits for what --wait names; the ingress is there, so a failure says its id.
Result<livekit::IngressInfo> wait_for(livekit::IngressClient& client, livekit::IngressInfo ingress,
                                      std::chrono::milliseconds timeout, Context& context) {
  const std::string id = ingress.ingress_id;
  auto reached = client.wait_for(
      id, livekit::IngressStatus::kPublishing, timeout, context.stop(),
      [&](const livekit::IngressInfo& now) {
        context.out().progress(fmt::format(
            "ingress {} {}", now.ingress_id,
            livekit::ingress_state_word(now.state ? now.state->status
                                                  : livekit::IngressStatus::kInactive)));
      });
  if (reached.ok()) return reached;
  Error error = std::move(reached).error();
  error.residue.push_back(fmt::format("ingress {}", id));
  return error;
}

Status run(const Options& options, Context& context) {
  TS_CHECK(context.out().check_reveal(options.reveal));
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(const auto request, request_of(options, context));
  if (!options.save_url.empty() && !context.dry_run()) TS_CHECK(check_writable(options.save_url));
  TS_TRY(auto service, livekit_service(context));
  livekit::IngressClient client(service);
  TS_TRY(auto ingress, create(client, request, options, context));
  if (ingress.url.empty()) {
    context.out().warn(
        "the server has no ingress address configured (rtmp_base_url, whip_base_url)");
  }
  if (!options.save_url.empty()) {
    const Status saved =
        ingress.url.empty()
            ? Status(Error{.message = "there is no publishing address to save"})
            : write_file_atomic(options.save_url,
                                std::string(livekit::publish_target(ingress).reveal()) + "\n",
                                0600);
    if (!saved.ok()) {
      Error error = saved.error();
      error.kind = ErrorKind::kPartial;
      error.hint = fmt::format("its address: ts ingress get {} --reveal", ingress.ingress_id);
      error.residue.push_back(fmt::format("ingress {}", ingress.ingress_id));
      return error;
    }
    context.out().status(fmt::format("the publishing address is in {}", options.save_url));
  }
  if (!options.wait.empty()) {
    // Nobody can publish before knowing where.
    const std::string target =
        options.reveal ? std::string(livekit::publish_target(ingress).reveal())
        : options.save_url.empty()
            ? fmt::format("ts ingress get {} --reveal shows it", ingress.ingress_id)
            : "in " + options.save_url;
    context.out().status(
        fmt::format("ingress {}; its publishing address: {}", ingress.ingress_id, target));
    TS_TRY(ingress, wait_for(client, std::move(ingress), timeout, context));
  }
  if (!options.reveal) context.log().scrub(ingress.stream_key);
  const Json document = document_of("ingress", ingress_json(ingress, options.reveal));
  Report report{.document = &document,
                .text = ingress_text(ingress, options.reveal),
                .id = ingress.ingress_id};
  if (options.reveal) {
    report.raw = std::string(livekit::publish_target(ingress).reveal());
    report.env = {{"INGRESS_ID", ingress.ingress_id},
                  {"INGRESS_URL", ingress.url},
                  {"INGRESS_STREAM_KEY", std::string(ingress.stream_key.reveal())}};
  }
  return context.out().report(report);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--rtmp", options->rtmp, "An address that takes RTMP");
  app.add_flag("--whip", options->whip, "An address that takes WHIP");
  app.add_option("--url", options->url, "Pull from http(s):// or srt:// (text, @file or -)");
  app.add_option("--room", options->room, "Room it publishes into");
  app.add_option("--identity", options->identity, "Participant it becomes");
  app.add_option("--name", options->name, "Name of the ingress");
  app.add_option("--participant-name", options->participant_name, "Display name in the room");
  app.add_option("--metadata", options->metadata, "Participant metadata: text, @file or -");
  app.add_flag("--transcode", options->transcode, "WHIP: encode anew, in several sizes");
  app.add_flag("--no-transcode", options->no_transcode, "WHIP: pass on as it is (the default)");
  app.add_option("--video-preset", options->video_preset, "Such as H264_1080P_30FPS_3_LAYERS");
  app.add_option("--audio-preset", options->audio_preset, "OPUS_STEREO_96KBPS or OPUS_MONO_64KBS");
  app.add_option("--request", options->request,
                 "LiveKit's own request (@file.json, -, or text); flags are laid over it");
  app.add_option("--ref", options->ref,
                 "The same key finds the same ingress again (kept as its "
                 "name)")
      ->type_name("KEY");
  app.add_flag("--reveal", options->reveal, "Show the stream key");
  app.add_option("--save-url", options->save_url,
                 "Write the address with the key into this file (mode 0600)")
      ->type_name("FILE");
  app.add_option("--wait", options->wait, "Wait for this state: publishing")
      ->check(CLI::IsMember({"publishing"}));
  app.add_option("--timeout", options->timeout, "Longest --wait")->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_ingress_create

Command ingress_create() {
  return {
      .path = "ingress create",
      .summary = "Make an address through which RTMP, WHIP or a URL enters a room",
      .example =
          "ts ingress create --rtmp --room main --identity program --save-url publish.txt\n"
          "ts ingress create --whip --room main --identity cam-3 --reveal\n"
          "ts ingress create --url https://example.com/clip.mp4 --room main --identity clip --wait "
          "publishing",
      .forms = "id raw env",
      .bind = in_ingress_create::bind,
  };
}

}  // namespace ts::cli
