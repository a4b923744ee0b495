// SPDX-License-Identifier: Apache-2.0
#include "cloudflare_common.hpp"

#include "services.hpp"

#include "core/json.hpp"

#include <fmt/format.h>

namespace ts::cli {

Result<std::unique_ptr<cloudflare::CloudflareClient>> cloudflare_client(Context& context) {
  TS_TRY(auto account, context.cloudflare());
  cloudflare::ClientOptions options;
  TS_TRY(options.base_url, context.settings().base_url("CLOUDFLARE_BASE_URL"));
  options.stop = context.stop();
  options.retry.on_wait = wait_teller(context, "Cloudflare");
  return std::make_unique<cloudflare::CloudflareClient>(
      context.transport(), context.clock(),
      cloudflare::Credentials{.account_id = std::move(account.account_id),
                              .api_token = std::move(account.token)},
      std::move(options));
}

bool goes_where(const cloudflare::Output& output, const cloudflare::NewOutput& wish) {
  return output.url == wish.url && output.stream_key.reveal() == wish.stream_key.reveal();
}

Result<cloudflare::Output> add_output_once(cloudflare::CloudflareClient& client,
                                           std::string_view input,
                                           const cloudflare::NewOutput& wish) {
  TS_TRY(auto outputs, client.list_outputs(input));
  for (cloudflare::Output& output : outputs) {
    if (!goes_where(output, wish)) continue;
    // One that was switched off would be found, and send nothing.
    if (output.enabled || !wish.enabled.value_or(true)) return std::move(output);
    return client.enable_output(input, output.uid, true);
  }
  return client.add_output(input, wish);
}

Status report_input(Context& context, const cloudflare::LiveInput& input, bool reveal,
                    std::string_view note, std::string_view backup) {
  Json document{{"schema", "ts.cloudflare/1"}};
  document.update(cloudflare::describe(input));
  if (!backup.empty()) document["backup_to_mux"] = backup;
  const auto shown = [&](const Secret& secret) {
    return reveal ? std::string(secret.reveal()) : redact_identifier(secret.reveal());
  };
  std::string text =
      fmt::format("live input  {}{}\n", input.uid, note.empty() ? "" : fmt::format(" ({})", note));
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("{:<11} {}\n", name, printable(value, false, false));
  };
  line("name", input.name);
  line("status", input.status.empty() ? "never connected" : input.status);
  line("recording", input.recording_word);
  if (!input.rtmps.url.empty()) {
    line("rtmps", fmt::format("{} key {}", input.rtmps.url, shown(input.rtmps.key)));
  }
  if (!input.srt.url.empty()) {
    line("srt", fmt::format("{} stream id {}", input.srt.url, shown(input.srt.key)));
  }
  line("hls", input.hls_url);
  std::vector<std::pair<std::string, std::string>> env{{"CLOUDFLARE_LIVE_INPUT", input.uid}};
  if (reveal) {
    document["rtmps"]["stream_key"] = std::string(input.rtmps.key.reveal());
    document["srt"]["stream_id"] = std::string(input.srt.key.reveal());
    document["srt"]["passphrase"] = std::string(input.srt.passphrase.reveal());
    document["whip_url"] = std::string(input.whip_url.reveal());
    document["whep_url"] = std::string(input.whep_url.reveal());
    line("passphrase", input.srt.passphrase.reveal());
    line("whip", input.whip_url.reveal());
    line("whep", input.whep_url.reveal());
    env.emplace_back("CLOUDFLARE_STREAM_KEY", std::string(input.rtmps.key.reveal()));
  } else if (!input.rtmps.key.empty()) {
    text +=
        fmt::format("keys and the WHIP address: ts cloudflare input get {} --reveal\n", input.uid);
  }
  return context.out().report(
      {.document = &document, .text = std::move(text), .id = input.uid, .env = std::move(env)});
}

}  // namespace ts::cli
