// SPDX-License-Identifier: Apache-2.0
// The simulcast targets of a live stream: add, list, remove.
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_lock.hpp"

#include "core/json.hpp"
#include "mux/same.hpp"
#include "mux/validate.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_mux_simulcast {

struct Options {
  std::string live_id;
  std::string target;
  std::string url_file;
  std::string key_file;
  std::string passthrough;
  std::string ref;
};

/// The target that has this passthrough already, when it goes to the same place with the same key.
Result<std::optional<mux::SimulcastTarget>> find_by_ref(mux::MuxClient& client,
                                                        const Options& options,
                                                        const mux::NewSimulcastTarget& wish) {
  TS_TRY(auto live_stream, client.get_live_stream(options.live_id));
  for (mux::SimulcastTarget& target : live_stream.simulcast_targets) {
    if (target.passthrough != options.ref) continue;
    if (mux::same_target(target, wish)) {
      return std::optional<mux::SimulcastTarget>(std::move(target));
    }
    return Error{
        .kind = ErrorKind::kConflict,
        .message = fmt::format("ref '{}' belongs to another target, {}", options.ref, target.id),
        .hint = "choose another --ref",
        .code = "ref_mismatch"};
  }
  return std::optional<mux::SimulcastTarget>{};
}

Status report_target(const Options& options, const mux::SimulcastTarget& target, Context& context) {
  Json document{{"schema", "ts.mux/1"}};
  document.update(mux::describe(target));
  document["live_stream_id"] = options.live_id;
  return context.out().report(
      {.document = &document,
       .text = fmt::format("simulcast target {} ({})", target.id, target.status_text),
       .id = target.id});
}

Status add(const Options& options, Context& context) {
  if (options.target.empty() == options.url_file.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give either a TARGET or --url-file",
                 .hint = "such as twitch --key-file F, or --url-file F for an srt:// URL"};
  }
  mux::NewSimulcastTarget target;
  if (!options.url_file.empty()) {
    TS_TRY(target.url, address_from(options.url_file, context));
    // rtmp://host/app/KEY, as an egress takes it: Mux wants the key by itself.
    if (const auto slash = target.url.rfind('/'); options.key_file.empty() &&
                                                  target.url.starts_with("rtmp") &&
                                                  target.url.find('/', 8) < slash) {
      target.stream_key = mux::StreamKey(target.url.substr(slash + 1));
      context.log().scrub(Secret(target.url.substr(slash + 1)));
      target.url.resize(slash);
    }
  } else {
    TS_TRY(target.url, mux::simulcast_url(options.target));
    scrub_address(target.url, context.log());
    TS_CHECK(check_address_in_the_open(target.url, "--url-file FILE"));
    if (target.url != options.target) target.passthrough = options.target;
  }
  if (!options.passthrough.empty()) target.passthrough = options.passthrough;
  if (!options.ref.empty()) {
    if (!options.passthrough.empty() && options.passthrough != options.ref) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--ref is kept as the target's passthrough: leave --passthrough out"};
    }
    target.passthrough = options.ref;
  }
  if (!options.key_file.empty()) {
    TS_TRY(const auto key, stream_key_from(options.key_file, context));
    target.stream_key = mux::StreamKey(key.reveal());
  }
  TS_CHECK(mux::validate(target));
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto lock,
         RefLock::take(context, fmt::format("mux.simulcast {}", options.live_id), options.ref));
  // A dry run shows what adding looks at, which is the same stream.
  if (!options.ref.empty() && !context.dry_run()) {
    TS_TRY(const auto existing, find_by_ref(*client, options, target));
    if (existing) {
      context.out().status(fmt::format("found by --ref {}: nothing was made", options.ref));
      return report_target(options, *existing, context);
    }
  }
  TS_TRY(const auto added, client->add_simulcast_target(options.live_id, target));
  return report_target(options, added, context);
}

Status list(const std::string& live_id, Context& context) {
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(const auto live_stream, client->get_live_stream(live_id));
  Json document{{"schema", "ts.mux/1"}, {"simulcast_targets", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const mux::SimulcastTarget& target : live_stream.simulcast_targets) {
    Json entry = mux::describe(target);
    rows.push_back({target.id,
                    target.error_severity.empty()
                        ? target.status_text
                        : target.status_text + " (" + target.error_severity + ")",
                    entry["url"].get<std::string>(), target.passthrough});
    document["simulcast_targets"].push_back(std::move(entry));
    ids += target.id + "\n";
  }
  return context.out().report(
      {.document = &document,
       .text = table({"ID", "STATUS", "URL", "PASSTHROUGH"}, rows, "no simulcast targets"),
       .id = ids});
}

Status remove(const std::string& live_id, const std::string& id, Context& context) {
  TS_CHECK(context.confirm(fmt::format("remove simulcast target {}?", id)));
  TS_TRY(const auto client, mux_client(context));
  auto removed = client->remove_simulcast_target(live_id, id);
  if (!removed.ok()) {
    Error error = std::move(removed).error();
    if (error.kind == ErrorKind::kNotFound) {
      error.hint = fmt::format("list its targets with ts mux simulcast list {}", live_id);
    }
    return error;
  }
  return report_done(context, "simulcast target", id, "removed", "removed");
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("LIVE_ID", options->live_id, "Live stream (must be idle)")->required();
  app.add_option("TARGET", options->target,
                 "twitch, youtube, facebook or an rtmp(s):// or srt:// URL without the key");
  app.add_option("--url-file", options->url_file,
                 "File with the URL instead, where it holds a passphrase or stream id, or -")
      ->type_name("FILE");
  app.add_option("--key-file", options->key_file, "File with the target's stream key, or -");
  app.add_option("--passthrough", options->passthrough, "Your name for it");
  app.add_option("--ref", options->ref,
                 "The same key finds the same target again (kept as its passthrough)")
      ->type_name("KEY");
  return [options](Context& context) { return add(*options, context); };
}

Runner bind_list(CLI::App& app) { return bind_on_live_stream(app, &list); }

Runner bind_remove(CLI::App& app) {
  return bind_on_part(app, "TARGET_ID", "Simulcast target", &remove);
}

}  // namespace in_mux_simulcast

Command mux_simulcast_add() {
  using namespace in_mux_simulcast;
  return {.path = "mux simulcast add",
          .summary = "Push an idle live stream to one more place",
          .example = "ts mux simulcast add LIVE_ID twitch --key-file twitch.key",
          .forms = "id",
          .bind = bind_add};
}

Command mux_simulcast_list() {
  using namespace in_mux_simulcast;
  return {.path = "mux simulcast list",
          .summary = "List where else a live stream is pushed to",
          .example = "ts mux simulcast list LIVE_ID",
          .bind = bind_list};
}

Command mux_simulcast_remove() {
  using namespace in_mux_simulcast;
  return {.path = "mux simulcast remove",
          .summary = "Remove a simulcast target from an idle live stream",
          .example = "ts mux simulcast remove LIVE_ID TARGET_ID --yes",
          .forms = "id",
          .bind = bind_remove};
}

}  // namespace ts::cli
