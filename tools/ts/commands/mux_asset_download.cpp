// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "playback/download.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {
namespace in_mux_asset_download {

struct Options {
  std::string id;
  std::string rendition = "highest";
  std::string to;
  std::string timeout = "15m";
};

const mux::StaticRendition* find_rendition(const mux::Asset& asset, std::string_view resolution) {
  const auto found =
      std::find_if(asset.static_renditions.begin(), asset.static_renditions.end(),
                   [&](const mux::StaticRendition& rendition) {
                     return rendition.resolution == resolution && rendition.status != "deleted";
                   });
  return found == asset.static_renditions.end() ? nullptr : &*found;
}

/// Polls the asset until `ready` says where the file is.
template <typename Ready>
Result<std::string> wait_for_file(mux::MuxClient& client, const Options& options,
                                  milliseconds timeout, Context& context, Ready ready) {
  const SteadyTime deadline = context.clock().steady_now() + timeout;
  for (;;) {
    TS_TRY(const auto asset, client.get_asset(options.id));
    TS_TRY(auto url, ready(asset));
    if (!url.empty()) return url;
    context.out().progress(fmt::format("Mux prepares {}", options.rendition));
    if (context.clock().steady_now() + seconds{2} > deadline) {
      return Error{.kind = ErrorKind::kDeadline,
                   .message = fmt::format("{} of asset {} is still being prepared",
                                          options.rendition, options.id),
                   .hint = "run the same command again later",
                   .retryable = true};
    }
    if (!context.clock().wait_for(seconds{2}, context.stop())) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "waiting was interrupted"};
    }
  }
}

Result<std::string> rendition_url(mux::MuxClient& client, const Options& options,
                                  milliseconds timeout, Context& context) {
  TS_TRY(const auto asset, client.get_asset(options.id));
  const mux::PlaybackId* id = asset.best_playback_id();
  if (id == nullptr) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("asset {} has no playback id, so nothing can be fetched",
                                        options.id),
                 .hint = "use --rendition master, or add a playback id in the dashboard"};
  }
  if (find_rendition(asset, options.rendition) == nullptr) {
    context.out().status(
        fmt::format("asking Mux for {} of asset {}", options.rendition, options.id));
    TS_TRY([[maybe_unused]] const auto asked,
           client.add_static_rendition(options.id, {.resolution = options.rendition}));
  }
  mux::PlaybackUrlRequest request{
      .playback_id = id->id,
      .kind = mux::PlaybackKind::kStatic,
      .format = options.rendition == "audio-only" ? "audio" : options.rendition};
  TS_TRY(request.stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  if (id->policy == mux::PlaybackPolicy::kSigned) {
    TS_TRY(const auto key, mux_signing_key(context));
    TS_TRY(request.token, mux::sign_token({.subject = id->id, .lifetime = std::chrono::hours(12)},
                                          key, context.clock()));
  }
  return wait_for_file(
      client, options, timeout, context, [&](const mux::Asset& now) -> Result<std::string> {
        const mux::StaticRendition* rendition = find_rendition(now, options.rendition);
        if (rendition == nullptr || rendition->status == "preparing") return std::string();
        if (rendition->status == "ready") return mux::playback_url(request);
        return Error{.kind = ErrorKind::kMedia,
                     .message = fmt::format("Mux could not make {}: {}", options.rendition,
                                            rendition->status),
                     .hint =
                         "a rendition above the recording's own resolution is skipped; use "
                         "--rendition highest"};
      });
}

Result<std::string> master_url(mux::MuxClient& client, const Options& options, milliseconds timeout,
                               Context& context) {
  TS_TRY(const auto asset, client.get_asset(options.id));
  if (asset.master_access != "temporary") {
    context.out().status("asking Mux for the master; its address holds for 24 hours");
    TS_TRY([[maybe_unused]] const auto asked, client.set_master_access(options.id, "temporary"));
  }
  return wait_for_file(
      client, options, timeout, context, [&](const mux::Asset& now) -> Result<std::string> {
        if (now.master_status == "errored") {
          return Error{.kind = ErrorKind::kMedia, .message = "Mux could not make the master"};
        }
        if (now.master_status != "ready") return std::string();
        return std::string(now.master_url.reveal());
      });
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  if (options.to == "-") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a recording is not written to stdout, where the result goes",
                 .hint = "name a file or a named pipe: --to service.mp4"};
  }
  TS_TRY(const auto client, mux_client(context));
  const bool master = options.rendition == "master";
  TS_TRY(const auto url, master ? master_url(*client, options, timeout, context)
                                : rendition_url(*client, options, timeout, context));
  const std::string to =
      options.to.empty()
          ? fmt::format("{}.{}", options.id, options.rendition == "audio-only" ? "m4a" : "mp4")
          : options.to;
  TS_TRY(const auto bytes,
         playback::download(
             context.transport(), context.clock(), url, to,
             [&](std::uint64_t done, std::uint64_t total) {
               context.out().progress(fmt::format("{} of {} MB", done >> 20U, total >> 20U));
             },
             context.stop()));
  context.out().progress("");
  Json document{{"schema", "ts.mux/1"},
                {"id", options.id},
                {"rendition", options.rendition},
                {"file", to},
                {"bytes", bytes}};
  return context.out().report({.document = &document,
                               .text = fmt::format("{} ({} bytes)", to, bytes),
                               .id = options.id,
                               .raw = to});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ASSET_ID", options->id, "Asset")->required();
  app.add_option("--rendition", options->rendition,
                 "highest, audio-only, 2160p … 270p (asked of Mux if missing), or master")
      ->capture_default_str();
  app.add_option("--to", options->to, "File to write; ASSET_ID.mp4 unless given");
  app.add_option("--timeout", options->timeout, "How long Mux may take to prepare it")
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_asset_download

Command mux_asset_download() {
  return {.path = "mux asset download",
          .summary = "Fetch a recording as MP4, as sound alone, or as its master",
          .example =
              "ts mux asset download ASSET_ID --to service.mp4\n"
              "ts mux asset download ASSET_ID --rendition audio-only",
          .forms = "id raw",
          .bind = in_mux_asset_download::bind};
}

}  // namespace ts::cli
