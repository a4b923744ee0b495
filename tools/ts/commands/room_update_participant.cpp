// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "livekit_view.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/room_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_room_update_participant {

struct Options {
  std::string identity;
  std::string room;
  std::string name;
  std::string metadata;
  std::vector<std::string> attributes;
  std::optional<bool> can_publish;
  std::optional<bool> can_subscribe;
  std::optional<bool> can_publish_data;
  std::optional<bool> can_update_metadata;
  std::optional<bool> can_subscribe_metrics;
  std::optional<bool> hidden;
  std::vector<std::string> sources;

  [[nodiscard]] bool changes_permission() const noexcept {
    return can_publish || can_subscribe || can_publish_data || can_update_metadata ||
           can_subscribe_metrics || hidden || !sources.empty();
  }
};

Result<livekit::ParticipantPermission> permission_of(const Options& options) {
  livekit::ParticipantPermission out;
  out.can_publish = options.can_publish.value_or(false);
  out.can_subscribe = options.can_subscribe.value_or(false);
  out.can_publish_data = options.can_publish_data.value_or(false);
  out.can_update_metadata = options.can_update_metadata.value_or(false);
  out.can_subscribe_metrics = options.can_subscribe_metrics.value_or(false);
  out.hidden = options.hidden.value_or(false);
  for (const std::string& list : options.sources) {
    for (const std::string_view word : split(list, ',')) {
      const auto source = livekit::parse_track_source(trim(word));
      if (!source || *source == livekit::TrackSource::kUnknown) {
        return Error{.kind = ErrorKind::kUsage,
                     .message = fmt::format("there is no source '{}'", shorten(word, 40)),
                     .hint = "use camera, microphone, screen_share or screen_share_audio"};
      }
      out.can_publish_sources.emplace_back(*source);
    }
  }
  return out;
}

/// LiveKit replaces the whole set: what is not named becomes false.
std::string permission_question(const Options& options) {
  std::vector<std::string> lost;
  const auto note = [&](const std::optional<bool>& given, std::string_view name) {
    if (!given) lost.emplace_back(name);
  };
  note(options.can_publish, "can-publish");
  note(options.can_subscribe, "can-subscribe");
  note(options.can_publish_data, "can-publish-data");
  note(options.can_update_metadata, "can-update-metadata");
  note(options.can_subscribe_metrics, "can-subscribe-metrics");
  note(options.hidden, "hidden");
  // No flag gives these.
  for (const char* name : {"recorder", "agent", "can-manage-agent-session"})
    lost.emplace_back(name);
  std::string out = fmt::format("replace every permission of '{}'? these become false: {}",
                                options.identity, fmt::join(lost, ", "));
  if (options.can_publish.value_or(false) && options.sources.empty()) {
    out += "; without --source every source may be published";
  }
  return out;
}

Status run(const Options& options, Context& context) {
  livekit::UpdateParticipantRequest request{
      .room = options.room, .identity = options.identity, .name = options.name};
  TS_TRY(request.metadata, context.text_or_file(options.metadata));
  for (const std::string& attribute : options.attributes) {
    const auto equals = attribute.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{
          .kind = ErrorKind::kUsage,
          .message = fmt::format("--attribute '{}' is not NAME=VALUE", shorten(attribute, 60)),
          .hint = "NAME= deletes an attribute"};
    }
    request.attributes[attribute.substr(0, equals)] = attribute.substr(equals + 1);
  }
  if (options.changes_permission()) {
    TS_TRY(request.permission, permission_of(options));
    TS_CHECK(context.confirm(permission_question(options)));
  } else if (request.name.empty() && request.metadata.empty() && request.attributes.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "there is nothing to change",
                 .hint = "give --name, --metadata, --attribute or a permission"};
  }
  TS_TRY(auto service, livekit_service(context));
  TS_TRY(const auto participant,
         livekit::RoomClient(service).update_participant(request, context.stop()));
  Json body;
  body["name"] = options.room;
  body["participant"] = participant_json(participant);
  const Json document = document_of("room", body);
  return context.out().report({.document = &document,
                               .text = participant_table({participant}),
                               .id = participant.identity});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("identity", options->identity, "Who")->required();
  app.add_option("--room", options->room, "Room name")->required();
  app.add_option("--name", options->name, "Display name");
  app.add_option("--metadata", options->metadata, "Text, @file or -");
  app.add_option("--attribute", options->attributes, "NAME=VALUE; NAME= deletes it")
      ->expected(1, 64)
      ->allow_extra_args(false);
  app.add_option("--can-publish", options->can_publish, "true or false");
  app.add_option("--can-subscribe", options->can_subscribe, "true or false");
  app.add_option("--can-publish-data", options->can_publish_data, "true or false");
  app.add_option("--can-update-metadata", options->can_update_metadata, "true or false");
  app.add_option("--can-subscribe-metrics", options->can_subscribe_metrics, "true or false");
  app.add_option("--hidden", options->hidden, "true or false");
  app.add_option("--source", options->sources, "Only these sources may be published")
      ->type_name("camera,microphone,...")
      ->expected(1, 8)
      ->allow_extra_args(false);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_room_update_participant

Command room_update_participant() {
  return {
      .path = "room update-participant",
      .summary = "Change a participant's name, metadata, attributes or permissions",
      .example =
          "ts room update-participant cam-1 --room main --attribute tally=live\n"
          "ts room update-participant cam-1 --room main --can-publish true --can-subscribe "
          "true --can-publish-data true --yes",
      .forms = "id",
      .bind = in_room_update_participant::bind,
      .details =
          "Permissions are replaced as a whole: what is not given becomes false, and without "
          "--source every source may be published.",
  };
}

}  // namespace ts::cli
