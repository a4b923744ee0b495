// SPDX-License-Identifier: Apache-2.0
#include "livekit/grants.hpp"

#include "core/json.hpp"
#include "core/json_scan.hpp"
#include "core/text.hpp"
#include "livekit/access_token_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::livekit {
namespace {

constexpr std::array<std::string_view, 4> kSources{"camera", "microphone", "screen_share",
                                                   "screen_share_audio"};

/// Every member of the claim, in the order it is written.
template <typename Grant, typename Visitor>
void visit_video(Grant& grant, Visitor&& visit) {
  visit("roomCreate", grant.room_create);
  visit("roomList", grant.room_list);
  visit("roomRecord", grant.room_record);
  visit("roomAdmin", grant.room_admin);
  visit("roomJoin", grant.room_join);
  visit("room", grant.room);
  visit("canPublish", grant.can_publish);
  visit("canSubscribe", grant.can_subscribe);
  visit("canPublishData", grant.can_publish_data);
  visit("canPublishSources", grant.can_publish_sources, grant.sources_said);
  visit("canUpdateOwnMetadata", grant.can_update_own_metadata);
  visit("ingressAdmin", grant.ingress_admin);
  visit("hidden", grant.hidden);
  visit("recorder", grant.recorder);
  visit("agent", grant.agent);
  visit("canSubscribeMetrics", grant.can_subscribe_metrics);
  visit("canManageAgentSession", grant.can_manage_agent_session);
  visit("destinationRoom", grant.destination_room);
}

struct Writer {
  Json& out;
  void operator()(const char* name, Flag value) const {
    if (value.said()) out[name] = static_cast<bool>(value);
  }
  void operator()(const char* name, const std::optional<bool>& value) const {
    if (value) out[name] = *value;
  }
  void operator()(const char* name, const std::string& value) const {
    if (!value.empty()) out[name] = value;
  }
  void operator()(const char* name, const std::vector<std::string>& value, bool said) const {
    if (said || !value.empty()) out[name] = value;
  }
};

struct Reader {
  const JsonReader& in;
  std::vector<std::string>& known;
  std::optional<Error>& failure;
  bool null_is_empty;  ///< In lists of texts, as the server reads them.

  template <typename T, typename Read>
  void member(const char* name, T& value, Read&& read) const {
    known.emplace_back(name);
    if (failure) return;
    auto found = in.find(name);
    if (!found.ok()) {
      failure = found.error();
      return;
    }
    if (!found.value()) return;
    auto got = read(*found.value());
    if (got.ok()) {
      value = std::move(got).value();
    } else {
      failure = got.error();
    }
  }
  void operator()(const char* name, Flag& value) const {
    member(name, value, [](const JsonReader& at) { return at.as_bool(); });
  }
  void operator()(const char* name, std::optional<bool>& value) const {
    member(name, value, [](const JsonReader& at) { return at.as_bool(); });
  }
  void operator()(const char* name, std::string& value) const {
    member(name, value, [](const JsonReader& at) { return at.as_string(); });
  }
  void operator()(const char* name, std::vector<std::string>& value, bool& said) const {
    member(name, value, [&](const JsonReader& at) -> Result<std::vector<std::string>> {
      TS_TRY(const auto items, at.items());
      said = true;
      std::vector<std::string> texts;
      for (const auto& item : items) {
        if (null_is_empty && item.json().is_null()) {
          texts.emplace_back();
          continue;
        }
        TS_TRY(auto text, item.as_string());
        texts.push_back(std::move(text));
      }
      return texts;
    });
  }
};

struct TextWriter {
  std::string& out;
  bool& first;

  void name(std::string_view text) const {
    if (!first) out.push_back(',');
    first = false;
    out.push_back('"');
    out.append(text);
    out.append("\":");
  }
  void operator()(std::string_view key, Flag value) const {
    if (!value.said()) return;
    name(key);
    out.append(value ? "true" : "false");
  }
  void operator()(std::string_view key, const std::optional<bool>& value) const {
    if (!value) return;
    name(key);
    out.append(*value ? "true" : "false");
  }
  void operator()(std::string_view key, const std::string& value) const {
    if (value.empty()) return;
    name(key);
    append_json_string(out, value);
  }
  void operator()(std::string_view key, const std::vector<std::string>& values, bool said) const {
    if (!said && values.empty()) return;
    name(key);
    out.push_back('[');
    for (const auto& value : values) {
      if (out.back() != '[') out.push_back(',');
      append_json_string(out, value);
    }
    out.push_back(']');
  }
};

struct Scanner {
  JsonScanner& in;
  bool& taken;

  template <typename T, typename Read>
  void member(std::string_view key, T& value, Read&& read) const {
    if (taken || in.key() != key) return;
    taken = true;
    value = T{};
    if (!in.take_null()) read();
  }
  void operator()(std::string_view key, Flag& value) const {
    member(key, value, [&] {
      bool read = false;
      if (in.read_bool(read)) value = read;
    });
  }
  void operator()(std::string_view key, std::optional<bool>& value) const {
    member(key, value, [&] {
      bool read = false;
      if (in.read_bool(read)) value = read;
    });
  }
  void operator()(std::string_view key, std::string& value) const {
    member(key, value, [&] { in.read_string(value); });
  }
  void operator()(std::string_view key, std::vector<std::string>& value, bool& said) const {
    member(key, value, [&] {
      said = true;
      for (in.enter_array(); in.next_item();) in.read_string(value.emplace_back());
    });
  }
};

}  // namespace

const std::vector<std::string_view>& video_grant_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    VideoGrant grant;
    visit_video(grant, [&names](const char* name, auto&&...) { names.emplace_back(name); });
    return names;
  }();
  return kNames;
}

void append_json(std::string& out, const VideoGrant& grant) {
  bool first = true;
  out.push_back('{');
  visit_video(grant, TextWriter{out, first});
  out.push_back('}');
}

bool scan_video_grant(JsonScanner& in, VideoGrant& grant) {
  grant = {};
  for (in.enter_object(); in.next_member();) {
    bool taken = false;
    visit_video(grant, Scanner{in, taken});
    if (!taken && !name_in_other_case(in.key(), video_grant_names()).empty()) return false;
    if (!taken) in.skip();
  }
  return in.ok();
}

std::vector<std::string> publish_sources() { return {kSources.begin(), kSources.end()}; }

Status check_publish_source(std::string_view source) {
  if (std::find(kSources.begin(), kSources.end(), source) != kSources.end()) return ok_status();
  const auto near = nearest(source, publish_sources());
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("there is no track source '{}'", shorten(source, 60)),
               .hint = near ? fmt::format("did you mean {}?", *near)
                            : fmt::format("use {}", fmt::join(kSources, ", "))};
}

bool VideoGrant::may_publish_source(std::string_view source) const noexcept {
  return may_publish() && (can_publish_sources.empty() ||
                           std::find(can_publish_sources.begin(), can_publish_sources.end(),
                                     source) != can_publish_sources.end());
}

Json to_json(const VideoGrant& grant) {
  Json json = Json::object();
  visit_video(grant, Writer{json});
  return json;
}

Result<VideoGrant> video_grant_from_json(const Json& json, UnknownGrants unknown, ErrorKind kind,
                                         std::string path) {
  const JsonReader reader(json, kind, std::move(path));
  if (!reader.is_object()) return reader.expected("an object");
  VideoGrant grant;
  std::vector<std::string> known;
  std::optional<Error> failure;
  visit_video(grant, Reader{reader, known, failure, unknown == UnknownGrants::kIgnore});
  if (failure) return *failure;
  if (unknown == UnknownGrants::kIgnore) return grant;
  for (const auto& [name, value] : json.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    return Error{.kind = kind,
                 .message = fmt::format("at {}: LiveKit has no grant '{}'", reader.path(),
                                        shorten(name, 60)),
                 .hint = near ? fmt::format("did you mean {}?", *near)
                              : "see ts token create --help for the grants there are"};
  }
  for (const auto& source : grant.can_publish_sources) TS_CHECK(check_publish_source(source));
  return grant;
}

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::kCamera:
      return "camera";
    case Role::kSwitcher:
      return "switcher";
    case Role::kViewer:
      return "viewer";
    case Role::kOverlay:
      return "overlay";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

Result<Role> parse_role(std::string_view text) {
  for (const auto role :
       {Role::kCamera, Role::kSwitcher, Role::kViewer, Role::kOverlay, Role::kAdmin}) {
    if (text == to_string(role)) return role;
  }
  const auto near = nearest(text, {"camera", "switcher", "viewer", "overlay", "admin"});
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("there is no role '{}'", shorten(text, 60)),
               .hint = near ? fmt::format("did you mean {}?", *near)
                            : "use camera, switcher, viewer, overlay or admin"};
}

VideoGrant role_grant(Role role, std::string room) {
  VideoGrant grant;
  grant.room = std::move(room);
  if (role == Role::kAdmin) {
    grant.room_create = true;
    grant.room_list = true;
    grant.room_record = true;
    grant.ingress_admin = true;
    if (!grant.room.empty()) grant.room_admin = true;  // bound to one room, meaningless without
    return grant;
  }
  grant.room_join = true;
  grant.can_publish = role == Role::kCamera || role == Role::kSwitcher;
  grant.can_subscribe = role != Role::kCamera;
  grant.can_publish_data = role != Role::kViewer;
  if (role == Role::kCamera) grant.can_publish_sources = {"camera", "microphone"};
  if (role == Role::kSwitcher) grant.can_update_own_metadata = true;
  if (role == Role::kOverlay) grant.hidden = true;
  return grant;
}

std::string missing_room_create(const VideoGrant& grant) {
  return grant.room_create ? "" : "roomCreate";
}
std::string missing_room_list(const VideoGrant& grant) { return grant.room_list ? "" : "roomList"; }
std::string missing_room_record(const VideoGrant& grant) {
  return grant.room_record ? "" : "roomRecord";
}
std::string missing_ingress_admin(const VideoGrant& grant) {
  return grant.ingress_admin ? "" : "ingressAdmin";
}
std::string missing_room_admin(const VideoGrant& grant, std::string_view room) {
  return grant.room_admin && grant.room == room ? "" : fmt::format("roomAdmin for room '{}'", room);
}

}  // namespace ts::livekit
