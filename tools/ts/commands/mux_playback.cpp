// SPDX-License-Identifier: Apache-2.0
// The playback ids of a live stream: add, list, remove.
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_note.hpp"

#include "core/json.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_playback {

struct Options {
  std::string live_id;
  std::string policy = "public";
  std::string drm_configuration;
  std::string ref;
};

/// The playback id that the key made before; nullopt when it made none, or that one was removed.
Result<std::optional<mux::PlaybackId>> find_by_ref(mux::MuxClient& client, const Options& options,
                                                   mux::PlaybackPolicy policy,
                                                   const RefNote& note) {
  if (note.made().empty()) return std::optional<mux::PlaybackId>{};
  TS_TRY(auto live_stream, client.get_live_stream(options.live_id));
  for (mux::PlaybackId& id : live_stream.playback_ids) {
    if (id.id != note.made()) continue;
    if (id.policy != policy) return note.mismatch(fmt::format("{} ({})", id.id, id.policy_text));
    return std::optional<mux::PlaybackId>(std::move(id));
  }
  return std::optional<mux::PlaybackId>{};
}

Result<mux::PlaybackId> add_or_find(const Options& options, mux::PlaybackPolicy policy,
                                    Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto base_url, context.settings().base_url("MUX_BASE_URL"));
  TS_TRY(auto note,
         RefNote::take(context, fmt::format("mux.playback_id {} {}", base_url, options.live_id),
                       options.ref));
  TS_TRY(auto found, find_by_ref(*client, options, policy, note));
  if (found) {
    note.tell_found();
    return *std::move(found);
  }
  TS_TRY(auto added, client->add_playback_id(options.live_id, policy, options.drm_configuration));
  note.note(added.id);
  return added;
}

Status add(const Options& options, Context& context) {
  TS_TRY(const auto policy, mux::parse_policy(options.policy));
  TS_TRY(const auto id, add_or_find(options, policy, context));
  TS_TRY(const auto url, mux_hls_url(context, id.id));
  Json document{{"schema", "ts.mux/1"}};
  document.update(mux::describe(id));
  document["live_stream_id"] = options.live_id;
  document["url"] = url;
  return context.out().report(
      {.document = &document,
       .text = fmt::format("playback id {} ({})\n{}", id.id, id.policy_text, url),
       .id = id.id,
       .raw = url,
       .env = {{"MUX_PLAYBACK_ID", id.id}, {"MUX_PLAYBACK_URL", url}}});
}

Status list(const std::string& live_id, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto live_stream, client->get_live_stream(live_id));
  Json document{{"schema", "ts.mux/1"}, {"playback_ids", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const mux::PlaybackId& id : live_stream.playback_ids) {
    TS_TRY(const auto url, mux_hls_url(context, id.id));
    Json entry = mux::describe(id);
    entry["url"] = url;
    document["playback_ids"].push_back(std::move(entry));
    rows.push_back({id.id, id.policy_text, url});
    ids += id.id + "\n";
  }
  return context.out().report({.document = &document,
                               .text = table({"ID", "POLICY", "URL"}, rows, "no playback ids"),
                               .id = ids});
}

Status remove(const std::string& live_id, const std::string& id, Context& context) {
  TS_CHECK(context.confirm(fmt::format("remove playback id {}? New views fail at once", id)));
  TS_TRY(const auto client, mux_client(context));
  TS_CHECK(client->remove_playback_id(live_id, id));
  return report_done(context, "playback id", id, "removed", "removed");
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->live_id, "Live stream")->required();
  app.add_option("--policy", options->policy, "public, signed or drm")->capture_default_str();
  app.add_option("--drm-configuration", options->drm_configuration, "For the drm policy");
  app.add_option("--ref", options->ref,
                 "The same key finds the same playback id again (noted on this machine)")
      ->type_name("KEY");
  return [options](Context& context) { return add(*options, context); };
}

Runner bind_list(CLI::App& app) { return bind_on_live_stream(app, &list); }

Runner bind_remove(CLI::App& app) {
  return bind_on_part(app, "PLAYBACK_ID", "Playback id", &remove);
}

}  // namespace in_mux_playback

Command mux_playback_add() {
  using namespace in_mux_playback;
  return {.path = "mux playback add",
          .summary = "Add a playback id to a live stream",
          .example =
              "ts mux playback add LIVE_ID --policy signed\n"
              "ts mux playback add LIVE_ID --policy signed --ref members",
          .forms = "id raw env",
          .bind = bind_add};
}

Command mux_playback_list() {
  using namespace in_mux_playback;
  return {.path = "mux playback list",
          .summary = "List a live stream's playback ids",
          .example = "ts mux playback list LIVE_ID",
          .bind = bind_list};
}

Command mux_playback_remove() {
  using namespace in_mux_playback;
  return {.path = "mux playback remove",
          .summary = "Remove a playback id from a live stream",
          .example = "ts mux playback remove LIVE_ID PLAYBACK_ID --yes",
          .forms = "id",
          .bind = bind_remove};
}

}  // namespace ts::cli
