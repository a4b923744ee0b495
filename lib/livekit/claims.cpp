// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/access_token_internal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace ts::livekit {
namespace {

/// 2^53: times beyond are for ever, and up to it nothing here can overflow.
constexpr double kLatestTime = 9007199254740992.0;
/// What fits 64 bits; beyond, a Go server reads something else than was meant.
constexpr double kMostTime = 9223372036854774784.0;

std::int64_t whole_seconds(double number, bool up) {
  const double whole = up ? std::ceil(number) : std::floor(number);
  return static_cast<std::int64_t>(std::clamp(whole, -kLatestTime, kLatestTime));
}

/// A NumericDate. A fraction is cut so that a token is never valid longer than it says:
/// @param up  for nbf.
Result<std::optional<std::int64_t>> numeric_date(const JsonReader& in, std::string_view name,
                                                 bool up) {
  // The vendor's SDK takes no null for a time, except that of a missing expiry, refused all the
  // same.
  const bool null = in.json().is_object() && in.json().contains(std::string(name)) &&
                    in.json()[std::string(name)].is_null();
  if (null && name != "exp") {
    return in.error(fmt::format("'{}' is null, expected a number", name));
  }
  TS_TRY(const auto member, in.find(name));
  if (!member) return std::optional<std::int64_t>{};
  const Json& value = member->json();
  if (!value.is_number()) return member->expected("a number");
  const double number = value.get<double>();
  if (!(std::abs(number) <= kMostTime)) return member->error("time is out of range");
  return std::optional(whole_seconds(number, up));
}

/// A text of a list or map. @param strict  false: null is the empty text, as LiveKit's server
/// reads.
Result<std::string> text_item(const JsonReader& item, bool strict) {
  if (!strict && item.json().is_null()) return std::string();
  return item.as_string();
}

Result<std::vector<std::string>> string_list(const JsonReader& in, bool strict) {
  TS_TRY(const auto items, in.items());
  std::vector<std::string> texts;
  for (const auto& item : items) {
    TS_TRY(auto text, text_item(item, strict));
    texts.push_back(std::move(text));
  }
  return texts;
}

/// LiveKit's reader wants aud to be a text or a list of texts, and fails on anything else.
Status check_audience(const JsonReader& in) {
  TS_TRY(const auto audience, in.find("aud"));
  if (!audience || audience->json().is_string()) return ok_status();
  if (!audience->json().is_array()) return audience->expected("a string or a list of strings");
  TS_TRY(const auto texts, string_list(*audience, true));
  (void)texts;
  return ok_status();
}

/// What a file of grants may hold beside a bare VideoGrant.
const std::initializer_list<std::string_view> kGrantFileNames{
    "name", "metadata", "attributes", "kind",          "kindDetails", "sha256",     "video",
    "sip",  "agent",    "inference",  "observability", "roomPreset",  "roomConfig", "identity"};

constexpr std::array<std::string_view, 21> kClaimNames{
    "iss",         "sub",    "aud",      "exp",       "nbf",           "iat",        "jti",
    "identity",    "name",   "metadata", "kind",      "attributes",    "video",      "sip",
    "kindDetails", "sha256", "agent",    "inference", "observability", "roomPreset", "roomConfig"};

/// Go's reader takes EXP for exp, the SDK's does not: the two would read different tokens.
Status check_letter_case(const JsonReader& in, std::span<const std::string_view> names) {
  for (const auto& [name, value] : in.json().items()) {
    const auto right = name_in_other_case(name, names);
    if (right.empty()) continue;
    auto error = in.error(fmt::format(
        "'{}' is not '{}' to every reader: LiveKit's server takes it for that, its SDKs do not",
        shorten(name, 60), right));
    error.hint = fmt::format("mint it again, with '{}'", right);
    return error;
  }
  return ok_status();
}

bool is_grant_name(std::string_view name) {
  Json probe = Json::object();
  probe[std::string(name)] = nullptr;
  return video_grant_from_json(probe, UnknownGrants::kRefuse).ok();
}

/// A NumericDate as `numeric_date` reads it. @return false when that would refuse.
bool scan_date(JsonScanner& in, std::optional<std::int64_t>& date, bool up) {
  date.reset();
  double number = 0;
  if (in.next() == 'n' || !in.read_number(number) || !(std::abs(number) < kLatestTime))
    return false;
  date = whole_seconds(number, up);
  return true;
}

bool scan_text(JsonScanner& in, std::string& text) {
  text.clear();
  return in.take_null() || in.read_string(text);
}

/// {"name":true,…}: a grant of plain bools.
template <typename Grant>
bool scan_bools(JsonScanner& in, std::optional<Grant>& grant,
                std::initializer_list<std::pair<std::string_view, Flag Grant::*>> members) {
  grant.reset();
  if (in.take_null()) return true;
  grant.emplace();
  for (in.enter_object(); in.next_member();) {
    const auto known = std::find_if(members.begin(), members.end(),
                                    [&](const auto& row) { return row.first == in.key(); });
    if (known == members.end()) {
      for (const auto& [name, value] : members) {
        if (!name_in_other_case(in.key(), std::array{name}).empty()) return false;
      }
      in.skip();
      continue;
    }
    Flag& value = (*grant).*(known->second);
    value = {};
    bool read = false;
    if (!in.take_null() && in.read_bool(read)) value = read;
  }
  return in.ok();
}

}  // namespace

std::string_view name_in_other_case(std::string_view key, std::span<const std::string_view> names) {
  std::string folded;
  for (std::size_t at = 0; at < key.size(); ++at) {
    // Two signs beyond ASCII fold to its letters: the long s and the Kelvin sign.
    if (key.substr(at).starts_with("\u017F")) {
      folded.push_back('s');
      at += 1;
    } else if (key.substr(at).starts_with("\u212A")) {
      folded.push_back('k');
      at += 2;
    } else {
      folded.push_back(key[at]);
    }
  }
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::string_view alike;
  for (const std::string_view name : names) {
    if (key == name) return {};
    if (std::equal(folded.begin(), folded.end(), name.begin(), name.end(),
                   [&](char a, char b) { return lower(a) == lower(b); })) {
      alike = name;
    }
  }
  return alike;
}

bool scan_claims(std::string_view text, Claims& claims) {
  JsonScanner in(text);
  std::string token_id;
  for (in.enter_object(); in.next_member();) {
    const std::string_view key = in.key();
    bool fits = true;
    if (key == "video") {
      claims.video.reset();
      if (!in.take_null()) fits = scan_video_grant(in, claims.video.emplace());
    } else if (key == "iss") {
      fits = scan_text(in, claims.issuer);
    } else if (key == "sub") {
      fits = scan_text(in, claims.identity);
    } else if (key == "identity") {
      std::string ignored;
      fits = scan_text(in, ignored);
    } else if (key == "jti") {
      fits = scan_text(in, token_id);
    } else if (key == "exp") {
      fits = scan_date(in, claims.expires_at, false);
    } else if (key == "nbf") {
      fits = scan_date(in, claims.not_before, true);
    } else if (key == "iat") {
      fits = scan_date(in, claims.issued_at, false);
    } else if (key == "name") {
      fits = scan_text(in, claims.name);
    } else if (key == "metadata") {
      fits = scan_text(in, claims.metadata);
    } else if (key == "kind") {
      fits = scan_text(in, claims.kind);
    } else if (key == "sha256") {
      fits = scan_text(in, claims.sha256);
    } else if (key == "roomPreset") {
      fits = scan_text(in, claims.room_preset);
    } else if (key == "attributes") {
      claims.attributes.clear();
      if (!in.take_null()) {
        for (in.enter_object(); in.next_member();) {
          std::string name(in.key());
          // A repeated name is the long way's to settle.
          fits = fits && std::none_of(claims.attributes.begin(), claims.attributes.end(),
                                      [&](const auto& pair) { return pair.first == name; });
          in.read_string(claims.attributes.emplace_back(std::move(name), "").second);
        }
      }
    } else if (key == "sip") {
      fits = scan_bools<SipGrant>(in, claims.sip,
                                  {{"admin", &SipGrant::admin}, {"call", &SipGrant::call}});
    } else if (key == "agent") {
      fits = scan_bools<AgentGrant>(in, claims.agent,
                                    {{"admin", &AgentGrant::admin},
                                     {"simulationAdmin", &AgentGrant::simulation_admin},
                                     {"databaseAdmin", &AgentGrant::database_admin}});
    } else if (key == "inference") {
      fits =
          scan_bools<InferenceGrant>(in, claims.inference, {{"perform", &InferenceGrant::perform}});
    } else if (key == "observability") {
      fits = scan_bools<ObservabilityGrant>(in, claims.observability,
                                            {{"write", &ObservabilityGrant::write}});
    } else if (key == "kindDetails" || key == "roomConfig" || key == "aud") {
      return false;  // rare: the long way reads them
    } else if (!name_in_other_case(key, kClaimNames).empty()) {
      return false;
    } else {
      in.skip();
    }
    if (!fits) return false;
  }
  if (!in.finish()) return false;
  if (claims.identity.empty()) claims.identity = std::move(token_id);
  return true;
}

Result<Claims> claims_from_json(const Json& json, ClaimSource source, ErrorKind kind) {
  const JsonReader in(json, kind);
  if (!in.is_object()) return in.expected("an object");
  const bool strict = source == ClaimSource::kGrantFile;
  if (!strict) TS_CHECK(check_letter_case(in, kClaimNames));
  const auto bools = [&](const JsonReader& grant,
                         std::initializer_list<std::pair<std::string_view, Flag*>> members,
                         std::initializer_list<std::string_view> known) -> Status {
    if (!grant.is_object()) return grant.expected("an object");
    if (strict) TS_CHECK(grant.only(known));
    if (!strict) TS_CHECK(check_letter_case(grant, std::vector<std::string_view>(known)));
    for (const auto& [name, value] : members) {
      TS_TRY(const auto member, grant.find(name));
      if (!member) continue;
      TS_TRY(*value, member->as_bool());
    }
    return ok_status();
  };

  Claims claims;
  if (strict) {
    TS_CHECK(in.only(kGrantFileNames));
    TS_TRY(claims.identity, in.string_or("identity"));
  } else {
    TS_TRY(claims.issuer, in.string_or("iss"));
    TS_TRY(claims.identity, in.string_or("sub"));
    TS_TRY(const auto token_id, in.string_or("jti"));
    // Go's minter writes it beside sub: its reader ignores the text, but wants one.
    TS_TRY([[maybe_unused]] const auto copy, in.string_or("identity"));
    if (claims.identity.empty()) claims.identity = token_id;
    TS_TRY(claims.expires_at, numeric_date(in, "exp", false));
    TS_TRY(claims.not_before, numeric_date(in, "nbf", true));
    TS_TRY(claims.issued_at, numeric_date(in, "iat", false));
    TS_CHECK(check_audience(in));
  }
  TS_TRY(claims.name, in.string_or("name"));
  TS_TRY(claims.metadata, in.string_or("metadata"));
  TS_TRY(claims.kind, in.string_or("kind"));
  TS_TRY(claims.sha256, in.string_or("sha256"));
  TS_TRY(claims.room_preset, in.string_or("roomPreset"));

  TS_TRY(const auto attributes, in.find("attributes"));
  if (attributes) {
    TS_TRY(const auto members, attributes->members());
    for (const auto& [name, value] : members) {
      TS_TRY(auto text, text_item(value, strict));
      claims.attributes.emplace_back(name, std::move(text));
    }
  }
  TS_TRY(const auto details, in.find("kindDetails"));
  if (details) {
    TS_TRY(claims.kind_details, string_list(*details, strict));
  }
  TS_TRY(const auto video, in.find("video"));
  if (video) {
    if (!strict && video->is_object()) TS_CHECK(check_letter_case(*video, video_grant_names()));
    TS_TRY(claims.video,
           video_grant_from_json(video->json(),
                                 strict ? UnknownGrants::kRefuse : UnknownGrants::kIgnore, kind,
                                 video->path()));
  }
  TS_TRY(const auto sip, in.find("sip"));
  if (sip) {
    auto& grant = claims.sip.emplace();
    TS_CHECK(bools(*sip, {{"admin", &grant.admin}, {"call", &grant.call}}, {"admin", "call"}));
  }
  TS_TRY(const auto agent, in.find("agent"));
  if (agent) {
    auto& grant = claims.agent.emplace();
    TS_CHECK(bools(*agent,
                   {{"admin", &grant.admin},
                    {"simulationAdmin", &grant.simulation_admin},
                    {"databaseAdmin", &grant.database_admin}},
                   {"admin", "simulationAdmin", "databaseAdmin"}));
  }
  TS_TRY(const auto inference, in.find("inference"));
  if (inference) {
    auto& grant = claims.inference.emplace();
    TS_CHECK(bools(*inference, {{"perform", &grant.perform}}, {"perform"}));
  }
  TS_TRY(const auto observability, in.find("observability"));
  if (observability) {
    auto& grant = claims.observability.emplace();
    TS_CHECK(bools(*observability, {{"write", &grant.write}}, {"write"}));
  }
  TS_TRY(const auto config, in.find("roomConfig"));
  if (config) {
    if (!config->is_object()) return config->expected("an object");
    if (!strict) {
      // The server reads it as the protobuf message it is, and fails on a wrong type.
      TS_TRY([[maybe_unused]] const auto checked,
             normalized_room_config(config->json(), UnknownFields::kIgnore));
    }
    claims.room_config = dump_json(config->json());
  }
  return claims;
}

std::vector<std::string> ignored_members(std::string_view claims_json) {
  std::vector<std::string> out;
  const auto json = parse_json(claims_json, "the token's claims", ErrorKind::kUsage, kTokenLimits);
  if (!json.ok() || !json.value().is_object()) return out;
  const auto look = [&out](const Json& object, std::string_view where, std::string_view what,
                           std::span<const std::string_view> known) {
    const std::vector<std::string> candidates(known.begin(), known.end());
    for (const auto& member : object.items()) {
      const std::string& key = member.key();
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto near = nearest(key, candidates);
      out.push_back(fmt::format("the server ignores '{}{}': it is no {} of LiveKit's{}", where,
                                shorten(key, 60), what,
                                near ? fmt::format("; did you mean {}?", *near) : ""));
    }
  };
  look(json.value(), "", "claim", kClaimNames);
  constexpr std::array<std::string_view, 2> kSip{"admin", "call"};
  constexpr std::array<std::string_view, 3> kAgent{"admin", "simulationAdmin", "databaseAdmin"};
  constexpr std::array<std::string_view, 1> kInference{"perform"};
  constexpr std::array<std::string_view, 1> kObservability{"write"};
  const std::pair<std::string_view, std::span<const std::string_view>> grants[] = {
      {"video", video_grant_names()},
      {"sip", kSip},
      {"agent", kAgent},
      {"inference", kInference},
      {"observability", kObservability}};
  for (const auto& [name, known] : grants) {
    const auto grant = json.value().find(name);
    if (grant == json.value().end() || !grant->is_object()) continue;
    look(*grant, fmt::format("{}.", name), "grant", known);
    const auto sources = grant->find("canPublishSources");
    if (name != "video" || sources == grant->end() || !sources->is_array()) continue;
    for (const Json& source : *sources) {
      if (!source.is_string()) continue;
      const auto checked = check_publish_source(source.get<std::string>());
      if (checked.ok()) continue;
      out.push_back(fmt::format("{} ({})", checked.error().message, checked.error().hint));
    }
  }
  return out;
}

namespace {

/// A mistyped grant alone ({"canPublsh":true}) is told as a grant, not as an unknown claim.
bool means_bare_grants(const Json& json) {
  std::vector<std::string> known(kGrantFileNames.begin(), kGrantFileNames.end());
  for (const std::string_view name : video_grant_names()) known.emplace_back(name);
  bool grants = false;
  for (const auto& member : json.items()) {
    const std::string& key = member.key();
    if (key == "agent") continue;  // a claim and a grant
    if (std::find(kGrantFileNames.begin(), kGrantFileNames.end(), key) != kGrantFileNames.end()) {
      return false;
    }
    const auto near = nearest(key, known);
    grants = grants || (near && is_grant_name(*near));
  }
  return grants;
}

}  // namespace

Result<Claims> claims_from_grant_file(std::string_view text, std::string_view what) {
  TS_TRY(const auto json, parse_json(text, what, ErrorKind::kUsage, kWrittenByPeople));
  const auto from = [&]() -> Result<Claims> {
    if (!json.is_object()) return JsonReader(json, ErrorKind::kUsage).expected("an object");
    // A bare VideoGrant is what the SDKs' addGrant takes.
    const bool bare = !json.empty() &&
                      std::any_of(json.items().begin(), json.items().end(), [](const auto& member) {
                        return member.key() != "agent" && is_grant_name(member.key());
                      });
    if (!bare && !means_bare_grants(json))
      return claims_from_json(json, ClaimSource::kGrantFile, ErrorKind::kUsage);
    Claims claims;
    TS_TRY(claims.video,
           video_grant_from_json(json, UnknownGrants::kRefuse, ErrorKind::kUsage, "$"));
    return claims;
  };
  auto claims = from();
  if (!claims.ok()) return std::move(claims).error().with_context(what);
  if (!claims.value().room_config.empty()) {
    // The room configuration is checked here, where its path means something to the reader.
    auto config = normalized_room_config(json.at("roomConfig"));
    if (!config.ok()) return std::move(config).error().with_context(what);
  }
  return claims;
}

}  // namespace ts::livekit
