// SPDX-License-Identifier: Apache-2.0
#include "commands/token_shared.hpp"

#include "common/context.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace {

/// "--name", "--name=true" or "--name=false".
void add_tri_state(CLI::App& app, const char* name, std::optional<std::string>& value,
                   const char* help) {
  app.add_option_function<std::string>(
         name, [&value](const std::string& text) { value = text; }, help)
      ->expected(0, 1)
      ->type_name("true|false");
}

Status read_bool(const std::optional<std::string>& text, auto&& set) {
  if (!text) return ok_status();
  if (text->empty() || *text == "true") {
    set(true);
  } else if (*text == "false") {
    set(false);
  } else {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("a grant is true or false, not '{}'", shorten(*text, 40)),
                 .hint = "write --can-publish=true or --can-publish=false"};
  }
  return ok_status();
}

}  // namespace

void GrantOptions::bind(CLI::App& app) {
  app.option_defaults()->group("Grants");
  add_tri_state(app, "--room-join", room_join, "Join --room (implied by --room and --identity)");
  add_tri_state(app, "--can-publish", can_publish, "Publish tracks (absent: yes)");
  add_tri_state(app, "--can-subscribe", can_subscribe, "See and hear others (absent: yes)");
  add_tri_state(app, "--can-publish-data", can_publish_data,
                "Send data messages (absent: the same as --can-publish)");
  app.add_option("--source", sources,
                 "Only these sources: camera, microphone, screen_share, screen_share_audio "
                 "(absent: all)")
      ->delimiter(',')
      ->type_name("LIST");
  add_tri_state(app, "--can-update-own-metadata", can_update_own_metadata,
                "Change its own name, metadata and attributes (absent: no)");
  add_tri_state(app, "--hidden", hidden, "Unseen by the others");
  add_tri_state(app, "--recorder", recorder, "Marks the room as being recorded");
  add_tri_state(app, "--agent", agent, "Register as an agent worker");
  add_tri_state(app, "--can-subscribe-metrics", can_subscribe_metrics,
                "Receive metrics (absent: no)");
  add_tri_state(app, "--can-manage-agent-session", can_manage_agent_session,
                "Manage its agent session (absent: no)");
  add_tri_state(app, "--room-create", room_create, "Create and delete rooms");
  add_tri_state(app, "--room-list", room_list, "List rooms");
  add_tri_state(app, "--room-record", room_record, "Every egress call, for any room");
  add_tri_state(app, "--room-admin", room_admin, "Manage the participants of --room");
  add_tri_state(app, "--ingress-admin", ingress_admin, "Every ingress call");
  app.add_option("--destination-room", destination_room,
                 "Room that participants may be moved or forwarded to");
  add_tri_state(app, "--sip-admin", sip_admin, "Manage SIP trunks and rules");
  add_tri_state(app, "--sip-call", sip_call, "Place SIP calls");
  add_tri_state(app, "--inference-perform", inference_perform, "Call the inference service");
  add_tri_state(app, "--observability-write", observability_write, "Write observability data");
  add_tri_state(app, "--agent-admin", agent_admin, "Manage agents");
  add_tri_state(app, "--agent-simulation-admin", agent_simulation_admin,
                "Manage agent simulations");
  add_tri_state(app, "--agent-database-admin", agent_database_admin, "Manage agent databases");
  app.option_defaults()->group("Options");
}

bool GrantOptions::names_api_grant() const {
  // One that is denied names nothing that the token is for.
  const auto given = [](const std::optional<std::string>& text) {
    return text && *text != "false";
  };
  return given(room_create) || given(room_list) || given(room_record) || given(room_admin) ||
         given(ingress_admin) || given(agent) || given(sip_admin) || given(sip_call) ||
         given(inference_perform) || given(observability_write) || given(agent_admin) ||
         given(agent_simulation_admin) || given(agent_database_admin);
}

Status GrantOptions::apply(livekit::Claims& claims) const {
  livekit::VideoGrant video = claims.video.value_or(livekit::VideoGrant{});
  bool any = claims.video.has_value();
  const auto set = [&any](const std::optional<std::string>& text, auto& target) {
    return read_bool(text, [&](bool value) {
      any = true;
      target = value;
    });
  };
  TS_CHECK(set(room_create, video.room_create));
  TS_CHECK(set(room_list, video.room_list));
  TS_CHECK(set(room_record, video.room_record));
  TS_CHECK(set(room_admin, video.room_admin));
  TS_CHECK(set(room_join, video.room_join));
  TS_CHECK(set(ingress_admin, video.ingress_admin));
  TS_CHECK(set(hidden, video.hidden));
  TS_CHECK(set(recorder, video.recorder));
  TS_CHECK(set(agent, video.agent));
  TS_CHECK(set(can_publish, video.can_publish));
  TS_CHECK(set(can_subscribe, video.can_subscribe));
  TS_CHECK(set(can_publish_data, video.can_publish_data));
  TS_CHECK(set(can_update_own_metadata, video.can_update_own_metadata));
  TS_CHECK(set(can_subscribe_metrics, video.can_subscribe_metrics));
  TS_CHECK(set(can_manage_agent_session, video.can_manage_agent_session));
  if (!sources.empty()) {
    any = true;
    video.can_publish_sources = sources;
  }
  if (!destination_room.empty()) {
    any = true;
    video.destination_room = destination_room;
  }
  if (any) claims.video = std::move(video);

  const auto extra = [](const std::optional<std::string>& text, auto& grant, auto member) {
    return read_bool(text, [&](bool value) {
      if (!grant) grant.emplace();
      (*grant).*member = value;
    });
  };
  TS_CHECK(extra(sip_admin, claims.sip, &livekit::SipGrant::admin));
  TS_CHECK(extra(sip_call, claims.sip, &livekit::SipGrant::call));
  TS_CHECK(extra(inference_perform, claims.inference, &livekit::InferenceGrant::perform));
  TS_CHECK(extra(observability_write, claims.observability, &livekit::ObservabilityGrant::write));
  TS_CHECK(extra(agent_admin, claims.agent, &livekit::AgentGrant::admin));
  TS_CHECK(extra(agent_simulation_admin, claims.agent, &livekit::AgentGrant::simulation_admin));
  return extra(agent_database_admin, claims.agent, &livekit::AgentGrant::database_admin);
}

Result<std::string> read_token(Context& context, const std::string& source) {
  constexpr std::size_t kMaxTokenBytes = std::size_t{4} << 20U;
  if (source.starts_with("eyJ") && source.find('.') != std::string::npos) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "a token on the command line is visible to every process",
                 .hint = "pipe it in: … | ts token verify -"};
  }
  TS_TRY(auto text,
         source == "-" ? context.read_stdin(kMaxTokenBytes) : read_file(source, kMaxTokenBytes));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

void put_explanation(Json& document, const livekit::Explanation& explanation) {
  document["allows"] = explanation.allows;
  document["denies"] = explanation.denies;
  document["notes"] = explanation.notes;
}

std::string explanation_text(const livekit::Explanation& explanation) {
  std::string out;
  const auto section = [&out](std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    out += fmt::format("{}:\n", title);
    for (const auto& line : lines) out += fmt::format("  {}\n", line);
  };
  section("allows", explanation.allows);
  section("does not allow", explanation.denies);
  section("note", explanation.notes);
  return out;
}

namespace {

/// Years 0001 to 9999: others have no RFC 3339 form.
bool has_rfc3339(std::int64_t seconds_since_epoch) {
  constexpr std::int64_t kFirstSecond = -62135596800;
  constexpr std::int64_t kLastSecond = 253402300799;
  return seconds_since_epoch >= kFirstSecond && seconds_since_epoch <= kLastSecond;
}

}  // namespace

std::string time_text(std::int64_t seconds_since_epoch) {
  return has_rfc3339(seconds_since_epoch)
             ? format_rfc3339(WallTime{std::chrono::seconds{seconds_since_epoch}})
             : std::to_string(seconds_since_epoch);
}

Json time_json(std::int64_t seconds_since_epoch) {
  return has_rfc3339(seconds_since_epoch) ? Json(time_text(seconds_since_epoch)) : Json(nullptr);
}

void put_secret_warning(Json& document, const config::LivekitKey& key) {
  if (key.secret.size() >= config::kMinLivekitSecretBytes) return;
  document["warnings"].push_back(config::kShortSecretWarning);
}

}  // namespace ts::cli
