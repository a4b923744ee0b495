// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_lock.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "mux/same.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_create {

struct Options {
  std::string title;
  std::vector<std::string> policies;
  std::string latency;
  std::string reconnect_window;
  std::string max_duration;
  std::string slate;
  bool use_slate = false;
  bool test = false;
  bool audio_only = false;
  std::vector<std::string> simulcast;
  std::vector<std::string> simulcast_key_files;
  std::vector<std::string> simulcast_url_files;
  std::vector<std::string> captions;
  std::string auto_captions;
  std::vector<std::string> renditions;
  std::string quality;
  std::string passthrough;
  std::string ref;
  std::string request;
  std::optional<std::string> wait;
  std::string timeout = "60s";
};

Status add_simulcast(const Options& options, Context& context, mux::NewLiveStream& wish) {
  if (options.simulcast_key_files.size() > options.simulcast.size()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "more --simulcast-key-file than --simulcast",
                 .hint = "give one key file for each target, in the same order"};
  }
  for (std::size_t i = 0; i < options.simulcast.size(); ++i) {
    mux::NewSimulcastTarget target;
    TS_TRY(target.url, mux::simulcast_url(options.simulcast[i]));
    scrub_address(target.url, context.log());
    TS_CHECK(check_address_in_the_open(target.url, "--simulcast-url-file FILE"));
    if (target.url != options.simulcast[i]) target.passthrough = options.simulcast[i];
    if (i < options.simulcast_key_files.size()) {
      TS_TRY(const auto key, stream_key_from(options.simulcast_key_files[i], context));
      target.stream_key = mux::StreamKey(key.reveal());
    }
    wish.simulcast_targets.push_back(std::move(target));
  }
  for (const std::string& file : options.simulcast_url_files) {
    mux::NewSimulcastTarget target;
    TS_TRY(target.url, address_from(file, context));
    wish.simulcast_targets.push_back(std::move(target));
  }
  return ok_status();
}

Status add_captions(const Options& options, mux::NewLiveStream& wish) {
  for (const std::string& text : options.captions) {
    TS_TRY(auto entry, parse_caption(text));
    wish.embedded_subtitles.push_back(std::move(entry));
  }
  if (!options.auto_captions.empty()) {
    wish.generated_subtitles.push_back(
        {.name = options.auto_captions + " (generated)", .language_code = options.auto_captions});
  }
  return ok_status();
}

Status add_recording(const Options& options, mux::NewLiveStream& wish) {
  std::vector<mux::PlaybackPolicy> policies;
  for (const std::string& text : options.policies) {
    TS_TRY(const auto policy, mux::parse_policy(text));
    policies.push_back(policy);
  }
  if (!policies.empty() || options.request.empty()) {
    if (policies.empty()) policies.push_back(mux::PlaybackPolicy::kPublic);
    wish.playback_policies = policies;
    // Without policies of its own the recording could not be watched.
    if (!wish.new_asset_settings) wish.new_asset_settings.emplace();
    wish.new_asset_settings->playback_policies = std::move(policies);
  }
  if (!options.renditions.empty() || !options.quality.empty()) {
    if (!wish.new_asset_settings) wish.new_asset_settings.emplace();
    for (const std::string& text : options.renditions) {
      wish.new_asset_settings->static_renditions.push_back({.resolution = text});
    }
    if (!options.quality.empty()) wish.new_asset_settings->video_quality = options.quality;
  }
  return ok_status();
}

Result<mux::NewLiveStream> wish_of(const Options& options, Context& context) {
  mux::NewLiveStream wish;
  if (!options.request.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.request));
    TS_TRY(const auto json, parse_json(text, "--request", ErrorKind::kUsage, kWrittenByPeople));
    TS_TRY(wish, mux::read_new_live_stream(json));
    for (const mux::NewSimulcastTarget& target : wish.simulcast_targets) {
      scrub_address(target.url, context.log());
    }
  }
  TS_CHECK(add_recording(options, wish));
  if (!options.title.empty()) wish.title = options.title;
  if (!options.latency.empty()) {
    TS_TRY(wish.latency, mux::parse_latency(options.latency));
  }
  if (!options.reconnect_window.empty()) {
    TS_TRY(wish.reconnect_window, parse_seconds(options.reconnect_window, "--reconnect-window"));
  }
  if (!options.max_duration.empty()) {
    TS_TRY(wish.max_continuous_duration, parse_seconds(options.max_duration, "--max-duration"));
  }
  if (!options.slate.empty()) wish.reconnect_slate_url = options.slate;
  if (options.use_slate) wish.use_slate_for_standard_latency = true;
  if (options.test) wish.test = true;
  if (options.audio_only) wish.audio_only = true;
  if (!options.passthrough.empty()) wish.passthrough = options.passthrough;
  TS_CHECK(add_captions(options, wish));
  TS_CHECK(add_simulcast(options, context, wish));
  TS_CHECK(mux::validate(wish));
  return wish;
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto wish, wish_of(options, context));
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  if (options.wait) TS_CHECK(mux::check_state(*options.wait));
  if (wish.playback_policies.empty() && wish.advanced_playback_policies.empty()) {
    context.out().warn("without a playback policy nobody can watch it: add --policy public");
  }
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto base_url, context.settings().base_url("MUX_BASE_URL"));
  TS_TRY(const auto lock, RefLock::take(context, "mux.live_stream " + base_url, options.ref));
  TS_TRY(auto created, client->create_live_stream(wish, options.ref));
  if (created.existed && !context.dry_run()) {
    TS_CHECK(mux::check_same(wish,
                             {.policies = !options.policies.empty() || !options.request.empty(),
                              .reconnect_window = !options.reconnect_window.empty()},
                             created.live_stream, options.ref));
  }
  const std::string_view note = created.existed ? "found by its ref" : "created";
  if (created.existed && wish.title && *wish.title != created.live_stream.title) {
    context.out().warn(fmt::format("{} keeps its title '{}': ts mux update {} --title changes it",
                                   created.live_stream.id, shorten(created.live_stream.title, 60),
                                   created.live_stream.id));
  }
  if (created.existed && !created.live_stream.new_asset_settings && !context.dry_run() &&
      (!options.renditions.empty() || !options.quality.empty())) {
    context.out().warn(
        fmt::format("Mux does not tell what {} records: --rendition and --quality "
                    "may not be what it has",
                    created.live_stream.id));
  }
  if (!options.wait) return report_live_stream(context, created.live_stream, note);
  auto reached = client->wait_live_stream(
      created.live_stream.id, *options.wait, timeout,
      [&](const mux::LiveStream& seen) {
        context.out().status(fmt::format("{} is {}", seen.id, seen.state()));
      },
      context.stop());
  if (!reached) {
    Error error = std::move(reached).error();
    // Made it is, whatever it waits for: made again, it would be there twice.
    error.residue.push_back("live stream " + created.live_stream.id);
    error.retryable = false;
    return error;
  }
  return report_live_stream(context, reached.value(), note);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--title", options->title, "Title shown in the dashboard, at most 512 characters");
  app.add_option("--policy", options->policies,
                 "Who may watch: public (default) or signed; repeat for one playback id of each");
  app.add_option("--latency", options->latency, "standard (Mux's default), reduced or low");
  app.add_option("--reconnect-window", options->reconnect_window,
                 "How long a lost encoder may take to return, 0s to 30m; 60s unless given");
  app.add_option("--max-duration", options->max_duration, "Longest session, 1m to 12h");
  app.add_option("--slate", options->slate, "Image shown while the encoder is gone");
  app.add_flag("--use-slate", options->use_slate, "Show a slate at standard latency too");
  app.add_flag("--test", options->test, "Free, watermarked, stops after 5 minutes");
  app.add_flag("--audio-only", options->audio_only, "Drop video");
  app.add_option("--simulcast", options->simulcast,
                 "Also push to: twitch, youtube, facebook or an rtmp(s):// or srt:// URL; up to 6");
  app.add_option("--simulcast-key-file", options->simulcast_key_files,
                 "File with the stream key of the --simulcast at the same place");
  app.add_option("--simulcast-url-file", options->simulcast_url_files,
                 "File with an srt:// URL to push to that holds its passphrase or stream id")
      ->type_name("FILE");
  app.add_option("--caption", options->captions,
                 "Captions inside the video: CHANNEL:LANGUAGE[:NAME], such as cc1:en-US");
  app.add_option("--auto-captions", options->auto_captions,
                 "Language to make captions for by speech recognition, such as en");
  app.add_option("--rendition", options->renditions,
                 "MP4 of the recording: highest, audio-only, 1080p …; repeatable");
  app.add_option("--quality", options->quality,
                 "Video quality of the recording: basic, plus, premium");
  app.add_option("--passthrough", options->passthrough, "Your own text, at most 255 characters");
  app.add_option("--ref", options->ref,
                 "Your key for it: the same key finds the same live stream again");
  app.add_option("--request", options->request,
                 "Mux's own request as JSON, @FILE or -; options add to it");
  app.add_option("--wait", options->wait, "Wait for this state: active, connecting, idle");
  app.add_option("--timeout", options->timeout, "Longest --wait")->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_create

Command mux_create() {
  return {.path = "mux create",
          .summary = "Create a Mux live stream",
          .example =
              "ts mux create --title 'Sunday service' --ref sunday\n"
              "ts mux create --latency low --policy signed --reconnect-window 2m\n"
              "ts mux create --simulcast twitch --simulcast-key-file twitch.key",
          .forms = "id raw env",
          .bind = in_mux_create::bind};
}

}  // namespace ts::cli
