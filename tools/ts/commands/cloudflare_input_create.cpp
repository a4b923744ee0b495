// SPDX-License-Identifier: Apache-2.0
#include "cloudflare_common.hpp"
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_lock.hpp"

#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_cloudflare_input_create {

struct Options {
  std::string name;
  std::string ingest = "rtmps";
  bool record = false;
  bool signed_urls = false;
  bool low_latency = false;
  bool force = false;
  std::vector<std::string> origins;
  std::optional<std::int64_t> delete_after_days;
  std::optional<std::string> backup_to_mux;
  std::string ref;
};

Result<cloudflare::Ingest> ingest_of(const std::string& text) {
  if (text == "rtmps" || text == "rtmp") return cloudflare::Ingest::kRtmps;
  if (text == "srt") return cloudflare::Ingest::kSrt;
  if (text == "whip") return cloudflare::Ingest::kWhip;
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("ingest '{}' is unknown", text),
               .hint = "use rtmps, srt or whip"};
}

/// Where the copy goes; nullopt, with one warning, without any Mux credentials. Half a pair, or a
/// setting that is wrong, is the error that it is elsewhere.
Result<std::optional<cloudflare::NewOutput>> backup_output(const Options& options,
                                                           Context& context) {
  if (!options.backup_to_mux) return std::optional<cloudflare::NewOutput>{};
  auto client = mux_client(context);
  if (!client) {
    if (client.error().code != "missing_credentials") return std::move(client).error();
    context.out().warn(fmt::format("the backup to Mux is off: {}", client.error().message));
    return std::optional<cloudflare::NewOutput>{};
  }
  cloudflare::NewOutput output;
  TS_TRY(output.url, mux_ingest_url(context));
  TS_TRY(const auto live_stream, client.value()->get_live_stream(*options.backup_to_mux));
  output.stream_key = live_stream.stream_key.clone();
  context.log().scrub(output.stream_key);
  return std::optional(std::move(output));
}

/// An input found by its ref must be what was asked for; what is not asked for may be anything.
Status check_same(const cloudflare::NewLiveInput& wish, const cloudflare::LiveInput& found) {
  std::vector<std::string> others;
  if (wish.name && *wish.name != found.name) {
    others.push_back(fmt::format("name is '{}'", shorten(found.name, 60)));
  }
  if (wish.recording && *wish.recording != found.recording) {
    others.push_back(fmt::format("recording is {}", to_string(found.recording)));
  }
  if (wish.require_signed_urls &&
      *wish.require_signed_urls != found.require_signed_urls.value_or(false)) {
    others.push_back(fmt::format("playback is {}",
                                 found.require_signed_urls.value_or(false) ? "signed" : "public"));
  }
  if (wish.prefer_low_latency && *wish.prefer_low_latency != found.prefer_low_latency) {
    others.emplace_back("low latency is off");
  }
  if (!wish.allowed_origins.empty() && wish.allowed_origins != found.allowed_origins) {
    others.push_back(fmt::format("allowed origins are {}",
                                 found.allowed_origins.empty()
                                     ? std::string("any")
                                     : fmt::format("{}", fmt::join(found.allowed_origins, ", "))));
  }
  if (wish.delete_recording_after_days &&
      wish.delete_recording_after_days != found.delete_recording_after_days) {
    others.emplace_back("recordings are kept for another time");
  }
  if (others.empty()) return ok_status();
  return Error{
      .kind = ErrorKind::kConflict,
      .message = fmt::format("ref '{}' belongs to live input {}, which differs: its {}",
                             wish.ref.value_or(""), found.uid, fmt::join(others, ", its ")),
      .hint = fmt::format("choose another --ref, or look at it with ts cloudflare input get {}",
                          found.uid),
      .code = "ref_mismatch"};
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto ingest, ingest_of(options.ingest));
  const bool record = options.record || options.backup_to_mux.has_value();
  if (!options.force) {
    TS_CHECK(cloudflare::check_whip(ingest, record, options.backup_to_mux.has_value()));
  }
  cloudflare::NewLiveInput wish;
  if (!options.name.empty()) wish.name = options.name;
  if (!options.ref.empty()) wish.ref = options.ref;
  if (record) wish.recording = cloudflare::RecordingMode::kAutomatic;
  if (options.signed_urls) wish.require_signed_urls = true;
  if (options.low_latency) wish.prefer_low_latency = true;
  wish.allowed_origins = options.origins;
  wish.delete_recording_after_days = options.delete_after_days;
  TS_CHECK(cloudflare::validate(wish));
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto backup, backup_output(options, context));

  TS_TRY(const auto base_url, context.settings().base_url("CLOUDFLARE_BASE_URL"));
  TS_TRY(const auto account, context.cloudflare());
  TS_TRY(const auto lock,
         RefLock::take(context, fmt::format("cloudflare.input {} {}", base_url, account.account_id),
                       options.ref));
  std::optional<cloudflare::LiveInput> input;
  if (!options.ref.empty()) {
    TS_TRY(input, client->find_input(options.ref));
    if (input && !context.dry_run()) TS_CHECK(check_same(wish, *input));
  }
  const bool existed = input.has_value();
  if (!existed) {
    TS_TRY(input, client->create_input(wish, options.ref));
  }
  if (backup) {
    auto added = add_output_once(*client, input->uid, *backup);
    if (!added) {
      Error error = std::move(added).error();
      if (!existed && !context.dry_run()) {
        error.kind = ErrorKind::kPartial;
        error.residue.push_back("live input " + input->uid);
        error.hint = fmt::format("add the output with ts cloudflare output add {} --mux {}",
                                 input->uid, *options.backup_to_mux);
      }
      return std::move(error).with_context("the backup to Mux");
    }
  }
  if (!record && ingest != cloudflare::Ingest::kWhip) {
    context.out().status("note: without --record there is neither a recording nor HLS playback");
  }
  // Where stderr is kept for one error, the document alone can say that there is no backup.
  const std::string_view state = !options.backup_to_mux ? "" : backup ? "on" : "off";
  return report_input(context, *input, false, existed ? "found by its ref" : "created", state);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--name", options->name, "Name shown in the dashboard");
  app.add_flag("--record", options->record, "Record, and make HLS playback possible");
  app.add_option("--backup-to-mux", options->backup_to_mux,
                 "Also push everything to this Mux live stream (implies --record)");
  app.add_option("--ingest", options->ingest, "How it will be fed: rtmps, srt or whip")
      ->capture_default_str();
  app.add_flag("--signed", options->signed_urls, "Playback needs signed URLs");
  app.add_option("--allowed-origin", options->origins, "Host that may embed it; repeatable");
  app.add_option("--delete-after-days", options->delete_after_days,
                 "Delete recordings after 30 to 1096 days");
  app.add_flag("--low-latency", options->low_latency, "Low-latency HLS (beta)");
  app.add_option("--ref", options->ref, "Your key for it: the same key finds it again");
  app.add_flag("--force", options->force, "Allow recording or outputs with --ingest whip");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_cloudflare_input_create

Command cloudflare_input_create() {
  return {.path = "cloudflare input create",
          .summary = "Create a live input, recorded and backed up to Mux if wanted",
          .example =
              "ts cloudflare input create --name service --record\n"
              "ts cloudflare input create --name service --backup-to-mux LIVE_ID",
          .forms = "id env",
          .bind = in_cloudflare_input_create::bind,
          .details =
              "By Cloudflare's documentation WHIP inputs are neither recorded nor sent to "
              "outputs: feed it by RTMPS or SRT, or bring WHIP into a LiveKit room and "
              "start an egress to Mux."};
}

}  // namespace ts::cli
