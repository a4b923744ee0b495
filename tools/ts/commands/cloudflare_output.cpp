// SPDX-License-Identifier: Apache-2.0
// Where a Cloudflare live input is sent on to: add, list, remove.
#include "cloudflare_common.hpp"
#include "commands.hpp"
#include "mux_common.hpp"
#include "ref_note.hpp"
#include "services.hpp"

#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_cloudflare_output {

struct Options {
  std::string input;
  std::string output;
  std::string mux;
  std::string url;
  std::string url_file;
  std::string key_file;
  bool disabled = false;
  std::string ref;
};

Result<cloudflare::NewOutput> wish_of(const Options& options, Context& context) {
  if ((options.mux.empty() ? 0 : 1) + (options.url.empty() ? 0 : 1) +
          (options.url_file.empty() ? 0 : 1) !=
      1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "give either --mux LIVE_ID, --url URL or --url-file F",
                 .hint = "such as --mux LIVE_ID, or --url rtmps://host/app --key-file F"};
  }
  cloudflare::NewOutput wish;
  if (options.disabled) wish.enabled = false;
  if (options.mux.empty()) {
    if (options.url.empty()) {
      TS_TRY(wish.url, address_from(options.url_file, context));
    } else {
      wish.url = options.url;
      scrub_address(wish.url, context.log());
      TS_CHECK(check_address_in_the_open(wish.url, "--url-file FILE"));
    }
    if (!options.key_file.empty()) {
      TS_TRY(wish.stream_key, stream_key_from(options.key_file, context));
    }
    return wish;
  }
  TS_TRY(const auto client, mux_client(context));
  TS_TRY(wish.url, mux_ingest_url(context));
  TS_TRY(const auto live_stream, client->get_live_stream(options.mux));
  wish.stream_key = live_stream.stream_key.clone();
  context.log().scrub(wish.stream_key);
  return wish;
}

/// A key that made an output to another place, or with another stream key, is not this one's.
Status check_ref(cloudflare::CloudflareClient& client, const Options& options,
                 const cloudflare::NewOutput& wish, const RefNote& note) {
  if (note.made().empty()) return ok_status();
  TS_TRY(const auto outputs, client.list_outputs(options.input));
  for (const cloudflare::Output& output : outputs) {
    if (output.uid != note.made()) continue;
    if (goes_where(output, wish)) {
      note.tell_found();
      return ok_status();
    }
    return note.mismatch(fmt::format("output {}", output.uid));
  }
  return ok_status();
}

Status add(const Options& options, Context& context) {
  TS_TRY(const auto wish, wish_of(options, context));
  TS_CHECK(cloudflare::validate(wish));
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto base_url, context.settings().base_url("CLOUDFLARE_BASE_URL"));
  TS_TRY(auto note,
         RefNote::take(context, fmt::format("cloudflare.output {} {}", base_url, options.input),
                       options.ref));
  TS_CHECK(check_ref(*client, options, wish, note));
  TS_TRY(const auto added, add_output_once(*client, options.input, wish));
  note.note(added.uid);
  Json document{{"schema", "ts.cloudflare/1"}};
  document.update(cloudflare::describe(added));
  document["input"] = options.input;
  return context.out().report(
      {.document = &document,
       .text = fmt::format("output {} to {}", added.uid, document["url"].get<std::string>()),
       .id = added.uid});
}

Status list(const Options& options, Context& context) {
  TS_TRY(const auto client, cloudflare_client(context));
  TS_TRY(const auto outputs, client->list_outputs(options.input));
  Json document{{"schema", "ts.cloudflare/1"}, {"outputs", Json::array()}};
  std::vector<std::vector<std::string>> rows;
  std::string ids;
  for (const cloudflare::Output& output : outputs) {
    Json entry = cloudflare::describe(output);
    rows.push_back({output.uid, output.enabled ? "yes" : "no", output.status,
                    entry["url"].get<std::string>()});
    document["outputs"].push_back(std::move(entry));
    ids += output.uid + "\n";
  }
  return context.out().report(
      {.document = &document,
       .text = table({"ID", "ENABLED", "STATUS", "URL"}, rows, "no outputs"),
       .id = ids});
}

Status remove(const Options& options, Context& context) {
  TS_CHECK(context.confirm(fmt::format("remove output {}? It stops within 30 s", options.output)));
  TS_TRY(const auto client, cloudflare_client(context));
  TS_CHECK(client->remove_output(options.input, options.output));
  Json document{{"schema", "ts.cloudflare/1"}, {"uid", options.output}, {"removed", true}};
  return context.out().report({.document = &document,
                               .text = fmt::format("output {}: removed", options.output),
                               .id = options.output});
}

Runner bind_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->input, "Live input")->required();
  app.add_option("--mux", options->mux, "Push to this Mux live stream");
  app.add_option("--url", options->url, "Push to this rtmp(s):// or srt:// URL, without the key");
  app.add_option("--url-file", options->url_file,
                 "File with the URL, where it holds a passphrase or stream id, or -")
      ->type_name("FILE");
  app.add_option("--key-file", options->key_file, "File with the stream key of --url, or -");
  app.add_flag("--disabled", options->disabled, "Made, but not sent to yet");
  app.add_option("--ref", options->ref,
                 "Your key for it, noted on this machine: refused where it made another output")
      ->type_name("KEY");
  return [options](Context& context) { return add(*options, context); };
}

Runner bind_list(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->input, "Live input")->required();
  return [options](Context& context) { return list(*options, context); };
}

Runner bind_remove(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("INPUT", options->input, "Live input")->required();
  app.add_option("OUTPUT", options->output, "Output")->required();
  return [options](Context& context) { return remove(*options, context); };
}

}  // namespace in_cloudflare_output

Command cloudflare_output_add() {
  using namespace in_cloudflare_output;
  return {.path = "cloudflare output add",
          .summary = "Send a live input on to Mux or any RTMP(S) or SRT address",
          .example =
              "ts cloudflare output add INPUT --mux LIVE_ID\n"
              "ts cloudflare output add INPUT --url rtmps://host/app --key-file key.txt",
          .forms = "id",
          .bind = bind_add,
          .details =
              "An output is known by its address and stream key: the same ones again find the\n"
              "output that is there, with or without --ref.\n"};
}

Command cloudflare_output_list() {
  using namespace in_cloudflare_output;
  return {.path = "cloudflare output list",
          .summary = "List where a live input is sent on to",
          .example = "ts cloudflare output list INPUT",
          .bind = bind_list};
}

Command cloudflare_output_remove() {
  using namespace in_cloudflare_output;
  return {.path = "cloudflare output remove",
          .summary = "Stop sending a live input on",
          .example = "ts cloudflare output remove INPUT OUTPUT --yes",
          .forms = "id",
          .bind = bind_remove};
}

}  // namespace ts::cli
