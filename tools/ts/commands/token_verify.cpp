// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/token_shared.hpp"

#include "common/context.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_token_verify {

struct Options {
  std::string source;
  std::string leeway = "60s";
};

Status run(const Options& options, Context& context) {
  TS_TRY(const auto leeway, parse_duration(options.leeway));
  TS_TRY(const auto jwt, read_token(context, options.source));
  TS_TRY(const auto key, context.livekit_key());
  const auto now = context.clock().now();
  auto verdict =
      livekit::verify_token(jwt, key.id, key.secret, now,
                            {.leeway = std::chrono::duration_cast<std::chrono::seconds>(leeway)});
  if (!verdict.accepted()) {
    return Error{.kind = ErrorKind::kCheckFailed,
                 .message = fmt::format("a server refuses the token ({}): {}",
                                        livekit::to_string(verdict.fault), verdict.detail),
                 .hint = verdict.hint,
                 .code = std::string(livekit::to_string(verdict.fault))};
  }
  TS_TRY(const auto token, livekit::inspect_token(jwt));
  for (auto& warning : livekit::ignored_members(token.claims_json)) {
    verdict.warnings.push_back(std::move(warning));
  }
  const livekit::Claims& claims = verdict.claims;
  // Below 0 within the leeway.
  const auto left =
      *claims.expires_at - std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  Json document;
  document["schema"] = "ts.token/1";
  document["valid"] = true;
  document["reason"] = "ok";
  document["api_key"] = claims.issuer;
  document["identity"] = claims.identity;
  document["room"] = claims.video ? claims.video->room : "";
  document["expires_at"] = time_json(*claims.expires_at);
  document["expires_in_s"] = left;
  document["warnings"] = verdict.warnings;
  put_secret_warning(document, key);
  for (const auto& warning : verdict.warnings) context.out().warn(warning);
  return context.out().report(
      {.document = &document,
       .text = fmt::format("valid: {}, {}, until {}",
                           claims.identity.empty()
                               ? std::string("no identity")
                               : fmt::format("identity '{}'", shorten(claims.identity, 80)),
                           left >= 0 ? fmt::format("{} s left", left)
                                     : fmt::format("over for {} s (within the leeway)", -left),
                           time_text(*claims.expires_at)),
       .id = claims.identity,
       .raw = "ok"});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("source", options->source, "File with the token, or - for stdin")->required();
  app.add_option(
         "--leeway", options->leeway,
         "How far the server's clock may differ; livekit-server allows 60s, the Node SDK 10s")
      ->capture_default_str();
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_token_verify

Command token_verify() {
  return {.path = "token verify",
          .summary = "Check a token's signature, issuer and times as a server does",
          .example =
              "ts token verify token.txt\n"
              "ts token verify - --leeway 10s --json",
          .bind = in_token_verify::bind,
          .details =
              "Exit 0 when LiveKit would take it, 10 with the reason otherwise: malformed,\n"
              "bad_base64, bad_json, alg_none, alg_unknown, alg_not_allowed, wrong_issuer,\n"
              "bad_signature, missing_exp, bad_claim, expired or not_yet_valid.\n"};
}

}  // namespace ts::cli
