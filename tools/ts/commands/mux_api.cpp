// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "mux_common.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {
namespace in_mux_api {

struct Options {
  std::string method;
  std::string path;
  std::vector<std::string> query;
  std::string body;
  bool reveal = false;
};

/// What the verbs for the same calls ask about: mux delete, disable, complete, rotate-key.
bool is_destructive(std::string_view method, std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (method == "DELETE") return true;
  if (method == "PUT") return path.ends_with("/disable") || path.ends_with("/complete");
  return method == "POST" && path.ends_with("/reset-stream-key");
}

/// The targets of a simulcast carry secrets in their addresses.
void scrub_addresses(const Json& body, Log& log) {
  if (body.is_string()) scrub_address(body.get_ref<const std::string&>(), log);
  if (!body.is_structured()) return;
  for (const Json& item : body) scrub_addresses(item, log);
}

/// What Mux tells once, in the answer to this call, and never again; empty for every other call.
std::string_view told_once(std::string_view method, std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (method != "POST") return {};
  if (path.ends_with("/signing-keys")) return "private key";
  return path.ends_with("/system/v1/webhooks") ? "signing secret" : "";
}

Status run(const Options& options, Context& context) {
  std::string method = options.method;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  TS_TRY(const auto query, parse_pairs(options.query, "--query"));
  Json body;
  if (!options.body.empty()) {
    TS_TRY(const auto text, context.text_or_file(options.body));
    TS_TRY(body, parse_json(text, "--body"));
    scrub_addresses(body, context.log());
  }
  const std::string_view once = told_once(method, options.path);
  if (!once.empty() && !options.reveal) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("the {} is told only once, and would be masked", once),
                 .hint = once == "private key"
                             ? "add --reveal, and send the output to a file of mode 0600"
                             : "add --reveal, or use ts webhook endpoint add --secret-to FILE"};
  }
  if (is_destructive(method, options.path)) {
    TS_CHECK(context.confirm(fmt::format("{} {}?", method, options.path)));
  }
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(auto answer,
         client->api(method, options.path, query, options.body.empty() ? nullptr : &body));
  if (!options.reveal) mask_secrets(answer);
  if (answer.is_null()) {
    context.out().status("done; the answer is empty");
    return ok_status();
  }
  return context.out().print(dump_json(answer, 2) + "\n");
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("METHOD", options->method, "GET, POST, PUT, PATCH or DELETE")->required();
  app.add_option("PATH", options->path, "Such as /video/v1/live-streams")->required();
  app.add_option("--query", options->query, "Query parameter NAME=VALUE");
  app.add_option("--body", options->body, "JSON body: text, @FILE or -");
  app.add_flag("--reveal", options->reveal, "Show stream keys and signing keys in the answer");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_mux_api

Command mux_api() {
  return {.path = "mux api",
          .summary = "Make any call of the Mux API and print its answer",
          .example =
              "ts mux api GET /video/v1/live-streams --query limit=5\n"
              "ts mux api POST /system/v1/signing-keys --reveal",
          .bind = in_mux_api::bind,
          .details =
              "Keys in the answer are masked unless --reveal is given. A POST is not "
              "repeated when its answer is lost."};
}

}  // namespace ts::cli
