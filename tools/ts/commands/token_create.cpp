// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/token_shared.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "crypto/encoding.hpp"
#include "livekit/access_token.hpp"
#include "pairing/qr.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <set>

namespace ts::cli {
namespace in_token_create {

constexpr int kMostTokens = 10000;

struct Options {
  std::string room, identity, role, name, ttl = "6h", metadata, kind, room_preset, room_config,
                                          sha256, grant;
  std::vector<std::string> attributes, kind_details;
  GrantOptions grants;
  int count = 1;
  bool qr = false;
  bool explain = false;
};

Error usage(std::string message, std::string hint) {
  return {.kind = ErrorKind::kUsage, .message = std::move(message), .hint = std::move(hint)};
}

Status add_attributes(const std::vector<std::string>& given, livekit::Claims& claims) {
  std::set<std::string> seen;
  for (const auto& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage(fmt::format("an attribute is KEY=VALUE, not '{}'", shorten(text, 60)),
                   "write --attribute slot=1");
    }
    const std::string key = text.substr(0, equals);
    if (!seen.insert(key).second) {
      return usage(fmt::format("attribute '{}' is given twice", shorten(key, 60)),
                   "leave one of them out");
    }
    // One of a --grant file is replaced.
    std::erase_if(claims.attributes, [&](const auto& pair) { return pair.first == key; });
    claims.attributes.emplace_back(key, text.substr(equals + 1));
  }
  return ok_status();
}

/// What the options ask for, {n} still in place.
Result<livekit::TokenRequest> request_of(const Options& options, Context& context) {
  livekit::TokenRequest request;
  livekit::Claims& claims = request.claims;
  if (!options.grant.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.grant));
    TS_TRY(claims, livekit::claims_from_grant_file(
                       text, options.grant.starts_with('@') ? options.grant.substr(1) : "--grant"));
  }
  if (!options.role.empty()) {
    TS_TRY(const auto role, livekit::parse_role(options.role));
    if (role != livekit::Role::kAdmin && options.room.empty()) {
      return usage(fmt::format("a {} joins a room, and none is given", options.role),
                   "add --room NAME");
    }
    claims.video = livekit::role_grant(role, options.room);
  }
  if (!options.identity.empty()) claims.identity = options.identity;
  if (!options.name.empty()) claims.name = options.name;
  if (!options.kind.empty()) claims.kind = options.kind;
  if (!options.kind_details.empty()) claims.kind_details = options.kind_details;
  if (!options.room_preset.empty()) claims.room_preset = options.room_preset;
  if (!options.sha256.empty()) {
    const auto digest = crypto::base64_decode(options.sha256);
    if (!digest.ok() || digest.value().size() != 32 || options.sha256.size() != 44) {
      return usage(
          fmt::format("--sha256 '{}' is no SHA-256 digest in base64", shorten(options.sha256, 70)),
          "make it with openssl dgst -sha256 -binary body.json | base64");
    }
    claims.sha256 = options.sha256;
  }
  if (!options.metadata.empty()) {
    TS_TRY(claims.metadata, context.text_or_file(options.metadata));
  }
  if (!options.room_config.empty()) {
    TS_TRY(claims.room_config, context.text_or_file(options.room_config));
  }
  TS_CHECK(add_attributes(options.attributes, claims));
  TS_CHECK(options.grants.apply(claims));
  if (!options.room.empty()) {
    if (!claims.video) claims.video.emplace();
    claims.video->room = options.room;
  }
  // `ts token --room R --identity I` means a token to join with.
  const bool plain = options.grant.empty() && options.role.empty() &&
                     !options.grants.names_api_grant() && !options.grants.room_join;
  // So it does beside another grant: who names both wants in. A role, or a file that says
  // roomJoin, has decided it already.
  const bool named = options.role.empty() && !options.room.empty() && !options.identity.empty();
  if (claims.video && (plain || (named && !claims.video->room_join.said()))) {
    claims.video->room_join = true;
  }
  const bool empty = !claims.video && !claims.sip && !claims.agent && !claims.inference &&
                     !claims.observability && claims.sha256.empty();
  if (empty) {
    return usage("the token would permit nothing: no room, role or grant is given",
                 "add --room NAME --identity NAME, or --role admin");
  }
  if (plain && claims.video && claims.video->room.empty()) {
    return usage("a token that joins needs a room, and none is given", "add --room NAME");
  }
  TS_TRY(request.ttl, livekit::parse_token_ttl(options.ttl));
  return request;
}

std::string numbered(const std::string& text, int number) {
  std::string out = text;
  for (std::size_t at = 0; (at = out.find("{n}", at)) != std::string::npos;) {
    const std::string digits = std::to_string(number);
    out.replace(at, 3, digits);
    at += digits.size();
  }
  return out;
}

struct Made {
  livekit::TokenRequest request{};
  livekit::SignedToken token{};
};

Result<std::vector<Made>> make_tokens(const Options& options, Context& context,
                                      const livekit::TokenRequest& base,
                                      const config::LivekitKey& key) {
  if (options.count > 1 && !base.claims.identity.empty() &&
      base.claims.identity.find("{n}") == std::string::npos) {
    return usage("several tokens of one identity throw each other out of the room",
                 "number them: --identity cam-{n}");
  }
  std::vector<Made> made;
  for (int number = 1; number <= options.count; ++number) {
    Made one{.request = base};
    livekit::Claims& claims = one.request.claims;
    if (options.count > 1) {
      claims.identity = numbered(claims.identity, number);
      claims.name = numbered(claims.name, number);
      claims.metadata = numbered(claims.metadata, number);
      if (claims.video) claims.video->room = numbered(claims.video->room, number);
      for (auto& [name, value] : claims.attributes) value = numbered(value, number);
    }
    TS_TRY(one.token, livekit::sign_token(one.request, key.id, key.secret, context.clock().now()));
    made.push_back(std::move(one));
  }
  return made;
}

/// The grants beside the one for rooms, by their claims.
Json other_grants(const livekit::Claims& claims) {
  Json out = Json::object();
  const auto put = [&](const char* claim, const char* name, livekit::Flag flag) {
    if (flag.said()) out[claim][name] = static_cast<bool>(flag);
  };
  if (claims.sip) {
    put("sip", "admin", claims.sip->admin);
    put("sip", "call", claims.sip->call);
  }
  if (claims.agent) {
    put("agent", "admin", claims.agent->admin);
    put("agent", "simulationAdmin", claims.agent->simulation_admin);
    put("agent", "databaseAdmin", claims.agent->database_admin);
  }
  if (claims.inference) put("inference", "perform", claims.inference->perform);
  if (claims.observability) put("observability", "write", claims.observability->write);
  return out;
}

Json describe(const Made& made, const config::LivekitKey& key, const Options& options) {
  const livekit::Claims& claims = made.request.claims;
  Json entry;
  entry["token"] = made.token.jwt;
  entry["api_key"] = key.id;
  entry["identity"] = claims.identity;
  entry["name"] = claims.name;
  entry["room"] = claims.video ? claims.video->room : "";
  entry["role"] = options.role.empty() ? Json(nullptr) : Json(options.role);
  entry["grants"] = claims.video ? livekit::to_json(*claims.video) : Json::object();
  if (Json others = other_grants(claims); !others.empty()) {
    entry["other_grants"] = std::move(others);
  }
  entry["not_before"] = time_json(made.token.not_before);
  entry["expires_at"] = time_json(made.token.expires_at);
  entry["ttl_s"] = made.request.ttl.count();
  entry["warnings"] = livekit::join_warnings(claims);
  put_secret_warning(entry, key);
  if (options.explain) put_explanation(entry, livekit::explain(claims));
  return entry;
}

Status run(const Options& options, Context& context) {
  if (options.count < 1 || options.count > kMostTokens) {
    return usage(fmt::format("--count {} is not between 1 and {}", options.count, kMostTokens), "");
  }
  TS_TRY(const auto request, request_of(options, context));
  TS_CHECK(livekit::check_token_request(request));
  TS_TRY(const auto key, context.livekit_key());
  TS_TRY(const auto made, make_tokens(options, context, request, key));

  Json document;
  document["schema"] = "ts.token/1";
  const auto url = context.settings().text("LIVEKIT_URL");
  if (url.ok() && !url.value().empty()) document["livekit_url"] = url.value();
  std::string tokens;
  std::string identities;
  std::vector<std::pair<std::string, std::string>> environment;
  if (document.contains("livekit_url")) environment.emplace_back("LIVEKIT_URL", url.value());
  for (const auto& one : made) {
    tokens += one.token.jwt + "\n";
    if (!one.request.claims.identity.empty()) identities += one.request.claims.identity + "\n";
    environment.emplace_back(
        made.size() == 1
            ? "LIVEKIT_TOKEN"
            : fmt::format("LIVEKIT_TOKEN_{}",
                          environment.size() - (document.contains("livekit_url") ? 1U : 0U) + 1U),
        one.token.jwt);
    Json entry = describe(one, key, options);
    if (made.size() == 1) {
      document.update(entry);
    } else {
      document["tokens"].push_back(std::move(entry));
    }
  }

  const auto& first = made.front();
  for (const auto& warning : livekit::join_warnings(first.request.claims)) {
    context.out().warn(warning);
  }
  if (options.explain) {
    if (!options.role.empty()) context.out().status(fmt::format("role {}:", options.role));
    context.out().status(explanation_text(livekit::explain(first.request.claims)));
  }
  context.out().status(fmt::format("valid for {}, until {}", format_duration(first.request.ttl),
                                   time_text(first.token.expires_at)));
  TS_CHECK(context.out().report({.document = &document,
                                 .text = tokens,
                                 .id = identities,
                                 .raw = tokens,
                                 .env = environment}));
  if (!options.qr || context.out().format() != Format::kText) return ok_status();
  if (!context.out().terminal_stdout()) {
    context.out().warn("--qr draws on a terminal only, and stdout is none");
    return ok_status();
  }
  for (const auto& one : made) {
    TS_TRY(const auto code, pairing::QrCode::encode(one.token.jwt));
    if (made.size() > 1) {
      TS_CHECK(context.out().print(fmt::format("\n{}\n", one.request.claims.identity)));
    }
    TS_CHECK(context.out().print(pairing::qr_to_terminal(code)));
  }
  return ok_status();
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--room", options->room, "Room the token opens");
  app.add_option("--identity", options->identity,
                 "Participant identity, unique in the room; {n} is its number with --count");
  app.add_option("--role", options->role,
                 "Preset of grants: camera, switcher, viewer, overlay or admin");
  app.add_option("--name", options->name, "Name that others see");
  app.add_option("--ttl", options->ttl, "Lifetime, such as 90s, 30m, 6h or 7d")
      ->capture_default_str();
  app.add_option("--metadata", options->metadata, "Participant metadata: text, @FILE or -");
  app.add_option("--attribute", options->attributes, "Participant attribute KEY=VALUE; repeatable")
      ->allow_extra_args(false);
  app.add_option("--grant", options->grant,
                 "JSON of grants, @FILE or -: a VideoGrant, or {\"video\":…,\"sip\":…}; options "
                 "go over it");
  app.add_option("--kind", options->kind, "Participant kind: standard, agent, egress …");
  app.add_option("--kind-detail", options->kind_details, "Detail of the kind; repeatable")
      ->allow_extra_args(false);
  app.add_option("--room-preset", options->room_preset,
                 "The server's room configuration for a room that this join creates");
  app.add_option("--room-config", options->room_config,
                 "Room configuration as JSON, @FILE or -, for a room that this join creates");
  app.add_option("--sha256", options->sha256, "Digest of a webhook body, in base64");
  app.add_option("--count", options->count, "Make this many tokens, numbered {n} from 1")
      ->capture_default_str();
  app.add_flag("--qr", options->qr, "Draw the token as a QR code on the terminal");
  app.add_flag("--explain", options->explain, "Say in words what the token allows");
  options->grants.bind(app);
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_token_create

Command token_create() {
  return {.path = "token create",
          .summary = "Mint a LiveKit access token",
          .example =
              "ts token create --room main --identity cam-1 --role camera\n"
              "ts token create --room main --identity guest-{n} --role viewer --count 20\n"
              "ts token create --room main --identity me --can-publish=false --explain\n"
              "ts token create --role admin --room main --ttl 10m --json\n"
              "ts token create --room main --identity bot --grant @grant.json",
          .bind = in_token_create::bind,
          .main_verb = true,
          .details =
              "Roles:\n"
              "  camera    join, publish camera and microphone, send data; sees nobody\n"
              "  switcher  join, publish, subscribe, send data, change its own metadata\n"
              "  viewer    join and subscribe only\n"
              "  overlay   join hidden, subscribe and send data\n"
              "  admin     create, list and record rooms, every ingress; participants of --room\n"};
}

}  // namespace ts::cli
