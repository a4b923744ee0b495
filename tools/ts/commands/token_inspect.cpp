// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/token_shared.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_token_inspect {

struct Options {
  std::string source;
};

/// "valid", "expired" … at `now`, without leeway.
std::string_view state_of(const livekit::Claims& claims, std::int64_t now) {
  if (!claims.expires_at) return "no_expiry";
  if (now >= *claims.expires_at) return "expired";
  if (claims.not_before && now < *claims.not_before) return "not_yet_valid";
  return "valid";
}

std::string lifetime_text(const livekit::Claims& claims, std::int64_t now) {
  if (!claims.expires_at) return "has no expiry: servers refuse it";
  const std::int64_t left = *claims.expires_at - now;
  if (left <= 0) {
    return fmt::format("expired {} ago, at {}", format_duration(std::chrono::seconds{-left}),
                       time_text(*claims.expires_at));
  }
  std::string text = fmt::format("{} s left, until {}", left, time_text(*claims.expires_at));
  if (claims.not_before && now < *claims.not_before) {
    text += fmt::format("; valid only from {}", time_text(*claims.not_before));
  }
  return text;
}

Status run(const Options& options, Context& context) {
  TS_TRY(const auto jwt, read_token(context, options.source));
  TS_TRY(const auto token, livekit::inspect_token(jwt));
  const auto now =
      std::chrono::floor<std::chrono::seconds>(context.clock().now()).time_since_epoch().count();
  const livekit::Claims& claims = token.claims;
  auto words = livekit::explain(claims);
  for (auto& note : livekit::ignored_members(token.claims_json)) {
    words.notes.push_back(std::move(note));
  }

  Json document;
  document["schema"] = "ts.token/1";
  document["algorithm"] = token.algorithm;
  TS_TRY(document["header"], parse_json(token.header_json, "the token's header"));
  TS_TRY(document["claims"], parse_json(token.claims_json, "the token's claims", ErrorKind::kUsage,
                                        {.max_bytes = std::size_t{4} << 20U, .max_depth = 64}));
  document["api_key"] = claims.issuer;
  document["identity"] = claims.identity;
  document["room"] = claims.video ? claims.video->room : "";
  document["state"] = state_of(claims, now);
  if (claims.not_before) document["not_before"] = time_json(*claims.not_before);
  if (claims.expires_at) {
    document["expires_at"] = time_json(*claims.expires_at);
    document["expires_in_s"] = *claims.expires_at - now;
  }
  document["signature_checked"] = false;
  put_explanation(document, words);

  std::string text = fmt::format("{}\n", dump_json(document.at("claims"), 2));
  if (token.algorithm != "HS256") {
    text += fmt::format("algorithm {}: LiveKit takes HS256 only\n", shorten(token.algorithm, 30));
  }
  text += fmt::format("{}\n{}signature not checked: ts token verify does that\n",
                      lifetime_text(claims, now), explanation_text(words));
  return context.out().report(
      {.document = &document, .text = text, .id = claims.identity, .raw = token.claims_json});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("source", options->source, "File with the token, or - for stdin")->required();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_token_inspect

Command token_inspect() {
  return {.path = "token inspect",
          .summary = "Show what a token says and allows, in words",
          .example =
              "ts token inspect token.txt\n"
              "ts token inspect - --json",
          .bind = in_token_inspect::bind,
          .details = "Works without the secret; the signature is not checked.\n"};
}

}  // namespace ts::cli
