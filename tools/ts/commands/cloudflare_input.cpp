// SPDX-License-Identifier: Apache-2.0
// Cloudflare's live inputs: list, get, update, delete.
#include "cloudflare_common.hpp"
#include "commands.hpp"

#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_cloudflare_input {

struct Options {
  std::string uid;
  bool reveal = false;
};

struct UpdateOptions {
  std::string uid;
  std::optional<std::string> name;
  std::string recording;
  std::optional<bool> enabled;
  std::optional<bool> low_latency;
};

Status list(Context& context) {
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto inputs, client->list_inputs());
  Json document{{"schema", "ts.cloudflare/1"}, {"inputs", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const cloudflare::LiveInput& input : inputs) {
    document["inputs"].push_back(cloudflare::describe(input));
    rows.push_back({input.uid, input.status.empty() ? "-" : input.status,
                    input.recording == cloudflare::RecordingMode::kUnknown
                        ? "-"
                        : std::string(cloudflare::to_string(input.recording)),
                    input.created, input.name});
    ids += input.uid + "\n";
  }
  return context.out().report(
      {.document = &document,
       .text = table({"ID", "STATUS", "RECORDING", "CREATED", "NAME"}, rows, "no live inputs"),
       .id = ids});
}

Status update(const UpdateOptions& options, Context& context) {
  if (!options.name && options.recording.empty() && !options.enabled && !options.low_latency) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "nothing to change",
                 .hint = "ts cloudflare input update --help lists what can be changed"};
  }
  cloudflare::NewLiveInput change{
      .name = options.name, .enabled = options.enabled, .prefer_low_latency = options.low_latency};
  if (!options.recording.empty()) {
    TS_TRY(change.recording, cloudflare::parse_recording_mode(options.recording));
  }
  // Cloudflare ends what is being fed at once.
  if (options.enabled == false) {
    TS_CHECK(context.confirm(
        fmt::format("disable live input {}? Whoever feeds it is cut off", options.uid)));
  }
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto input, client->update_input(options.uid, change));
  return report_input(context, input, false, "updated");
}

Runner bind_list(CLI::App& /*app*/) {
  return [](Context& context) { return list(context); };
}

Runner bind_get(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->uid, "Live input")->required();
  app.add_flag("--reveal", options->reveal, "Show keys and the WHIP address");
  return [options](Context& context) -> Status {
    TS_TRY(const auto client, cloudflare_client(context));
    TS_TRY(const auto input, client->get_input(options->uid));
    return report_input(context, input, options->reveal, "");
  };
}

Runner bind_update(CLI::App& app) {
  auto options = std::make_shared<UpdateOptions>();
  app.add_option("INPUT", options->uid, "Live input")->required();
  app.add_option("--name", options->name, "Name");
  app.add_option("--recording", options->recording, "off or automatic");
  app.add_option("--enabled", options->enabled,
                 "true or false: whether it may be fed; false asks, as it cuts off who feeds it");
  app.add_option("--low-latency", options->low_latency, "true or false: low-latency HLS (beta)");
  return [options](Context& context) { return update(*options, context); };
}

Runner bind_delete(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->uid, "Live input")->required();
  return [options](Context& context) -> Status {
    TS_CHECK(context.confirm(fmt::format("delete live input {}?", options->uid)));
    TS_TRY(const auto client, cloudflare_client(context));
    TS_CHECK(client->delete_input(options->uid));
    Json document{{"schema", "ts.cloudflare/1"}, {"uid", options->uid}, {"deleted", true}};
    return context.out().report(
        {.document = &document,
         .text = fmt::format("live input {}: deleted; its recordings stay", options->uid),
         .id = options->uid});
  };
}

}  // namespace in_cloudflare_input

Command cloudflare_input_list() {
  using namespace in_cloudflare_input;
  return {.path = "cloudflare input list",
          .summary = "List Cloudflare live inputs",
          .example = "ts cloudflare input list",
          .bind = bind_list};
}

Command cloudflare_input_get() {
  using namespace in_cloudflare_input;
  return {.path = "cloudflare input get",
          .summary = "Show one live input, with --reveal its keys",
          .example = "ts cloudflare input get INPUT --reveal",
          .bind = bind_get};
}

Command cloudflare_input_update() {
  using namespace in_cloudflare_input;
  return {.path = "cloudflare input update",
          .summary = "Change a live input: recording, name, enabled",
          .example = "ts cloudflare input update INPUT --recording automatic",
          .forms = "id",
          .bind = bind_update};
}

Command cloudflare_input_delete() {
  using namespace in_cloudflare_input;
  return {.path = "cloudflare input delete",
          .summary = "Delete a live input; its recordings stay",
          .example = "ts cloudflare input delete INPUT --yes",
          .forms = "id",
          .bind = bind_delete};
}

}  // namespace ts::cli
