// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "egress_targets.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/egress_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_egress_outputs {

struct Options {
  std::string id;
  std::string action = "list";
  TargetOptions targets;
  std::vector<std::string> labels;
};

Status show(const livekit::EgressInfo& egress, const OutputLabels& labels, Context& context) {
  Json body = egress_json(egress);
  body["outputs"] = Json::object();
  std::string text = egress_text(egress, context.out());
  for (const auto& [label, origin] : labels) {
    body["outputs"][label] = origin;
    text += fmt::format("  label {}: {}\n", label, origin);
  }
  const Json document = document_of("egress", body);
  return context.out().report({.document = &document, .text = text, .id = egress.egress_id});
}

Status add(const Options& options, livekit::EgressClient& client, Context& context) {
  if (options.targets.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no output to add",
                 .hint =
                     "name it with --mux, --rtmp-url-file, --twitch-key-file or "
                     "--youtube-key-file"};
  }
  TS_TRY(auto targets, resolve_targets(context, options.targets));
  if (!options.labels.empty() && options.labels.size() != targets.size()) {
    return Error{
        .kind = ErrorKind::kUsage,
        .message = fmt::format("{} labels for {} outputs", options.labels.size(), targets.size())};
  }
  OutputLabels labels;
  if (!context.dry_run()) {
    TS_TRY(labels, read_output_labels(context, options.id));
  }
  livekit::UpdateStreamRequest request{.egress_id = options.id};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string wish = options.labels.empty() ? targets[i].label : options.labels[i];
    if (!options.labels.empty() && labels.contains(wish)) {
      return Error{
          .kind = ErrorKind::kConflict,
          .message = fmt::format("egress {} has an output '{}' already", options.id, wish)};
    }
    labels.emplace(free_label(labels, wish), targets[i].origin);
    request.add_output_urls.push_back(std::move(targets[i].url));
  }
  TS_TRY(const auto egress, client.update_stream(request, context.stop()));
  TS_CHECK(write_output_labels(context, options.id, labels));
  return show(egress, labels, context);
}

/// Outputs are removed by their full URL: it is made again from what the label stands for.
Status remove(const Options& options, livekit::EgressClient& client, Context& context) {
  if (options.labels.empty() && options.targets.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no output to remove",
                 .hint = "name it with --label (ts egress outputs ID lists them)"};
  }
  TS_TRY(auto labels, read_output_labels(context, options.id));
  livekit::UpdateStreamRequest request{.egress_id = options.id};
  for (const std::string& label : options.labels) {
    const auto found = labels.find(label);
    if (found == labels.end()) {
      std::vector<std::string> known;
      for (const auto& [name, origin] : labels) known.push_back(name);
      const auto suggestion = nearest(label, known);
      return Error{
          .kind = ErrorKind::kNotFound,
          .message = fmt::format("egress {} has no output '{}'", options.id, shorten(label, 60)),
          .hint = suggestion      ? fmt::format("did you mean {}?", *suggestion)
                  : known.empty() ? "name it with --mux or --rtmp-url-file"
                                  : fmt::format("known: {}", fmt::join(known, ", "))};
    }
    TS_TRY(auto url, resolve_origin(context, found->second));
    request.remove_output_urls.push_back(std::move(url));
    labels.erase(found);
  }
  TS_TRY(auto targets, resolve_targets(context, options.targets));
  for (Target& target : targets) {
    std::erase_if(labels, [&](const auto& entry) { return entry.second == target.origin; });
    request.remove_output_urls.push_back(std::move(target.url));
  }
  TS_TRY(const auto egress, client.update_stream(request, context.stop()));
  TS_CHECK(write_output_labels(context, options.id, labels));
  return show(egress, labels, context);
}

Status run(const Options& options, Context& context) {
  TS_TRY(auto service, livekit_service(context));
  livekit::EgressClient client(service);
  if (options.action == "add") return add(options, client, context);
  if (options.action == "remove") return remove(options, client, context);
  if (options.action != "list") {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("cannot {} outputs", shorten(options.action, 40)),
                 .hint = "use add, remove or list"};
  }
  TS_TRY(const auto egress, client.get(options.id, context.stop()));
  TS_TRY(const auto labels, read_output_labels(context, options.id));
  return show(egress, labels, context);
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("id", options->id, "Egress id")->required()->type_name("ID");
  app.add_option("action", options->action, "add, remove or list")->capture_default_str();
  add_target_options(app, options->targets);
  app.add_option("--label", options->labels,
                 "Our name of an output: given with add, used by remove")
      ->expected(1, 16)
      ->allow_extra_args(false);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_egress_outputs

Command egress_outputs() {
  return {
      .path = "egress outputs",
      .summary = "Add, remove or list the stream outputs of a running egress",
      .example =
          "ts egress outputs EG_abcdefghijkl add --rtmp-url-file backup.txt --label backup\n"
          "ts egress outputs EG_abcdefghijkl remove --label backup\n"
          "ts egress outputs EG_abcdefghijkl",
      .forms = "id",
      .bind = in_egress_outputs::bind,
      .details =
          "LiveKit shows stream URLs redacted but wants the full one for a removal: ts notes "
          "where each URL came from (never the URL) and reads it there again.",
  };
}

}  // namespace ts::cli
