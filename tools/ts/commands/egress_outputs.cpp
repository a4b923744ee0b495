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

#include <algorithm>

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

/// Whether the egress sends there now, or is about to: what failed or was taken off does not.
Result<bool> sends_to(livekit::EgressClient& client, const std::string& id, const Secret& url,
                      Context& context) {
  TS_TRY(const auto egress, client.get(id, context.stop()));
  // mux://KEY comes back with the address that it stands for: only the key is the same.
  const auto key = [](std::string_view address) { return address.substr(address.rfind('/') + 1); };
  const std::string shown = livekit::redact_stream_url(url.reveal());
  return std::any_of(egress.stream_results.begin(), egress.stream_results.end(),
                     [&](const livekit::StreamInfo& stream) {
                       return key(stream.url) == key(shown) &&
                              stream.status == livekit::StreamStatus::kActive;
                     });
}

/// Makes room for `wish` and for one more output to where `target` goes.
/// @return kConflict when there is one that runs.
Status clear_label(const Options& options, livekit::EgressClient& client, const Target& target,
                   const std::string& wish, bool named, OutputLabels& labels, Context& context) {
  const auto conflict = [&](const std::string& label) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("egress {} has an output '{}' already", options.id, label),
                 .hint = fmt::format("remove it first: ts egress outputs {} remove --label {}",
                                     options.id, label)};
  };
  for (auto entry = labels.begin(); entry != labels.end();) {
    const bool same_place = entry->second == target.origin;
    if (!same_place && !(named && entry->first == wish)) {
      ++entry;
      continue;
    }
    const auto old =
        same_place ? Result<Secret>(target.url.clone()) : resolve_origin(context, entry->second);
    if (!old.ok()) return conflict(entry->first);
    TS_TRY(const bool runs, sends_to(client, options.id, old.value(), context));
    if (runs) return conflict(entry->first);
    entry = labels.erase(entry);  // It failed or was taken off: this one takes its place.
  }
  return ok_status();
}

/// The service has done it; what could not be noted is said with what there is.
Status note_labels(const Options& options, const OutputLabels& labels, std::string_view done,
                   std::string hint, Context& context) {
  const Status noted = write_output_labels(context, options.id, labels);
  if (noted.ok()) return noted;
  return Error{.kind = ErrorKind::kPartial,
               .message = fmt::format("{}, but the labels of egress {} could not be noted: {}",
                                      done, options.id, noted.error().message),
               .hint = std::move(hint),
               .code = "label_not_noted",
               .residue = {fmt::format("egress {}", options.id)}};
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
  for (std::size_t i = 1; i < options.labels.size(); ++i) {
    if (std::find(options.labels.begin(), options.labels.begin() + static_cast<std::ptrdiff_t>(i),
                  options.labels[i]) != options.labels.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Error{
          .kind = ErrorKind::kUsage,
          .message = fmt::format("the label '{}' is given twice", shorten(options.labels[i], 60)),
          .hint = "give each output a --label of its own"};
    }
  }
  // Of two that add at once, the second must see the first one's labels.
  TS_TRY(const auto lock, lock_output_labels(context, options.id));
  OutputLabels labels;
  if (!context.dry_run()) {
    TS_TRY(labels, read_output_labels(context, options.id));
  }
  livekit::UpdateStreamRequest request{.egress_id = options.id};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string wish = options.labels.empty() ? targets[i].label : options.labels[i];
    TS_CHECK(
        clear_label(options, client, targets[i], wish, !options.labels.empty(), labels, context));
    labels.emplace(free_label(labels, wish), targets[i].origin);
    request.add_output_urls.push_back(std::move(targets[i].url));
  }
  TS_TRY(const auto egress, client.update_stream(request, context.stop()));
  TS_CHECK(note_labels(options, labels, targets.size() == 1 ? "the output runs" : "the outputs run",
                       fmt::format("to take one off again, name it as it was added: ts egress "
                                   "outputs {} remove --rtmp-url-file FILE, or --mux LIVE_ID",
                                   options.id),
                       context));
  return show(egress, labels, context);
}

/// Outputs are removed by their full URL: it is made again from what the label stands for.
Status remove(const Options& options, livekit::EgressClient& client, Context& context) {
  if (options.labels.empty() && options.targets.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is no output to remove",
                 .hint = "name it with --label (ts egress outputs ID lists them)"};
  }
  TS_TRY(const auto lock, lock_output_labels(context, options.id));
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
  auto updated = client.update_stream(request, context.stop());
  if (!updated.ok()) {
    Error error = std::move(updated).error();
    if (error.kind == ErrorKind::kNotFound) {
      error.hint = fmt::format(
          "it has ended already, or its file holds another address now: ts egress get {}",
          options.id);
    }
    return error;
  }
  const auto& egress = updated.value();
  TS_CHECK(note_labels(
      options, labels, "the output is taken off",
      fmt::format("its label is still listed: ts egress get {} shows what runs", options.id),
      context));
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
