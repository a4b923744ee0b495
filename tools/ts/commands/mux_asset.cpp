// SPDX-License-Identifier: Apache-2.0
// Recordings: list, get, wait, delete.
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_asset {

Status report_asset(Context& context, const mux::Asset& asset) {
  Json document{{"schema", "ts.mux/1"}};
  document.update(mux::describe(asset));
  std::string url;
  if (const mux::PlaybackId* id = asset.best_playback_id()) {
    TS_TRY(url, mux_hls_url(context, id->id));
    document["playback_url"] = url;
  }
  std::string text = fmt::format("asset        {}\n", asset.id);
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("{:<12} {}\n", name, value);
  };
  line("title", asset.title);
  line("status", asset.status_text + (asset.is_live ? ", live" : ""));
  if (asset.duration_s > 0) line("duration", fmt::format("{:.1f} s", asset.duration_s));
  line("resolution", asset.resolution_tier);
  line("watch", url);
  line("live stream", asset.live_stream_id);
  for (const mux::StaticRendition& rendition : asset.static_renditions) {
    line("rendition",
         fmt::format("{} {}", rendition.name.empty() ? rendition.resolution : rendition.name,
                     rendition.status));
  }
  line("master", asset.master_status);
  for (const std::string& message : asset.error_messages) line("error", message);
  if (asset.created_at) line("created", format_rfc3339(*asset.created_at));
  return context.out().report({.document = &document,
                               .text = std::move(text),
                               .id = asset.id,
                               .raw = url,
                               .env = {{"MUX_ASSET_ID", asset.id}}});
}

Status list(const mux::AssetFilter& filter, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto page, client->list_assets(filter));
  Json document{{"schema", "ts.mux/1"}, {"assets", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const mux::Asset& asset : page.assets) {
    document["assets"].push_back(mux::describe(asset));
    rows.push_back({asset.id, asset.status_text + (asset.is_live ? ", live" : ""),
                    fmt::format("{:.1f} s", asset.duration_s),
                    asset.created_at ? format_rfc3339(*asset.created_at) : "",
                    asset.title.empty() ? asset.passthrough : asset.title});
    ids += asset.id + "\n";
  }
  if (!page.next_cursor.empty()) {
    document["next_cursor"] = page.next_cursor;
    context.out().status(fmt::format("there are more: --cursor {} shows the next, --all every one",
                                     page.next_cursor));
  }
  return context.out().report(
      {.document = &document,
       .text = table({"ID", "STATUS", "DURATION", "CREATED", "TITLE"}, rows, "no assets"),
       .id = ids});
}

struct WaitOptions {
  std::string id;
  std::string state = "final";
  std::string timeout = "10m";
};

Status wait(const WaitOptions& options, Context& context) {
  TS_TRY(const auto timeout, parse_duration(options.timeout));
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto asset,
         client->wait_asset(
             options.id, options.state, timeout,
             [&](const mux::Asset& seen) {
               context.out().status(fmt::format("asset {} is {}{}", seen.id, seen.status_text,
                                                seen.is_live ? ", live" : ""));
             },
             context.stop()));
  return report_asset(context, asset);
}

Runner bind_list(CLI::App& app) {
  auto filter = std::make_shared<mux::AssetFilter>();
  app.add_option("--live", filter->live_stream_id, "Only recordings of this live stream");
  app.add_option("--limit", filter->limit, "Assets a page, 1 to 100")->capture_default_str();
  app.add_option("--cursor", filter->cursor, "Where the last page ended (next_cursor)");
  app.add_flag("--all", filter->all, "Every page");
  return [filter](Context& context) { return list(*filter, context); };
}

Runner bind_get(CLI::App& app) {
  auto id = std::make_shared<std::string>();
  app.add_option("ASSET_ID", *id, "Asset")->required();
  return [id](Context& context) -> Status {
    TS_TRY(const auto client, mux_client(context));
    TS_TRY(const auto asset, client->get_asset(*id));
    return report_asset(context, asset);
  };
}

Runner bind_wait(CLI::App& app) {
  auto options = std::make_shared<WaitOptions>();
  app.add_option("ASSET_ID", options->id, "Asset")->required();
  app.add_option("--for,--wait,--state", options->state,
                 "ready (watchable, perhaps still growing) or final (the live stream has ended)")
      ->capture_default_str();
  app.add_option("--timeout", options->timeout, "Give up after this long (exit 9)")
      ->capture_default_str();
  return [options](Context& context) { return wait(*options, context); };
}

Runner bind_delete(CLI::App& app) {
  auto id = std::make_shared<std::string>();
  app.add_option("ASSET_ID", *id, "Asset")->required();
  return [id](Context& context) -> Status {
    TS_CHECK(context.confirm(fmt::format("delete asset {} for good?", *id)));
    TS_TRY(const auto client, mux_client(context));
    TS_CHECK(client->delete_asset(*id));
    return report_done(context, "asset", *id, "deleted", "deleted");
  };
}

}  // namespace in_mux_asset

Command mux_asset_list() {
  using namespace in_mux_asset;
  return {.path = "mux asset list",
          .summary = "List recordings",
          .example = "ts mux asset list --live LIVE_ID\nts mux asset list --all --json",
          .bind = bind_list};
}

Command mux_asset_get() {
  using namespace in_mux_asset;
  return {.path = "mux asset get",
          .summary = "Show one recording",
          .example = "ts mux asset get ASSET_ID",
          .bind = bind_get};
}

Command mux_asset_wait() {
  using namespace in_mux_asset;
  return {.path = "mux asset wait",
          .summary = "Wait until a recording is ready or final",
          .example = "ts mux asset wait ASSET_ID --for final --timeout 5m",
          .bind = bind_wait};
}

Command mux_asset_delete() {
  using namespace in_mux_asset;
  return {.path = "mux asset delete",
          .summary = "Delete a recording for good",
          .example = "ts mux asset delete ASSET_ID --yes",
          .forms = "id",
          .bind = bind_delete};
}

}  // namespace ts::cli
