// SPDX-License-Identifier: Apache-2.0
#include "egress_targets.hpp"

#include "services.hpp"

#include "core/json.hpp"
#include "core/text.hpp"
#include "livekit/egress_client.hpp"
#include "store/refs.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace ts::cli {
namespace {

constexpr std::string_view kScope = "livekit.egress_outputs";

Result<Secret> mux_url(Context& context, const std::string& live_id) {
  // "--mux --wait": the id was forgotten (an empty shell variable) and the next flag taken for it.
  if (live_id.empty() || live_id.front() == '-') {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "--mux is followed by no live stream id",
                 .hint = "list them with ts mux list"};
  }
  if (context.dry_run() && context.settings().find("MUX_TOKEN_ID") == nullptr) {
    // The key would be looked up; what is done with it can be shown all the same.
    return Secret(fmt::format("mux://STREAM_KEY_OF_{}", live_id));
  }
  TS_TRY(const auto mux, mux_client(context));
  TS_TRY(const auto stream, mux->get_live_stream(live_id, context.stop()));
  if (stream.status == mux::LiveStreamStatus::kDisabled) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = fmt::format("the Mux live stream {} is disabled", live_id),
                 .hint = fmt::format("enable it with ts mux enable {}", live_id)};
  }
  if (stream.stream_key.empty()) {
    return Error{.kind = ErrorKind::kRemote,
                 .message = fmt::format("Mux gave no stream key for {}", live_id)};
  }
  context.log().scrub(stream.stream_key);
  return Secret(fmt::format("mux://{}", stream.stream_key.reveal()));
}

Result<Secret> key_url(Context& context, const std::string& path, std::string_view before) {
  TS_TRY(const auto key, stream_key_from(path, context));
  if (key.reveal().find('/') != std::string_view::npos) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} holds more than the key", path == "-" ? "stdin" : path),
                 .hint = "put the key alone into it, or use --rtmp-url-file for a whole address"};
  }
  return Secret(fmt::format("{}{}", before, key.reveal()));
}

Result<Secret> file_url(Context& context, const std::string& path) {
  TS_TRY(auto url, context.secret_from(path));
  auto protocol = livekit::stream_protocol(url);
  if (!protocol.ok()) {
    Error error = std::move(protocol).error();
    error.kind = ErrorKind::kConfig;
    return std::move(error).with_context(path == "-" ? "stdin" : path);
  }
  // The key alone may turn up in an answer.
  const std::string_view text = url.reveal().substr(0, url.reveal().find('?'));
  context.log().scrub(Secret(text.substr(text.rfind('/') + 1)));
  return url;
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::absolute(path, ignored);
  return path == "-" || full.empty() ? path : full.lexically_normal().string();
}

}  // namespace

void add_target_options(CLI::App& app, TargetOptions& options) {
  app.add_option("--mux", options.mux, "To a Mux live stream: its id; the key is looked up")
      ->type_name("LIVE_ID")
      ->expected(1, 16)
      ->allow_extra_args(false);
  app.add_option("--twitch-key-file", options.twitch_key_file,
                 "To Twitch: a file with the stream key (-: stdin)")
      ->type_name("FILE");
  app.add_option("--youtube-key-file", options.youtube_key_file,
                 "To YouTube: a file with the stream key (-: stdin)")
      ->type_name("FILE");
  app.add_option("--rtmp-url-file", options.rtmp_url_files,
                 "To any address: a file with an rtmp, rtmps or srt URL; repeat for redundancy")
      ->type_name("FILE")
      ->expected(1, 16)
      ->allow_extra_args(false);
}

Result<Secret> resolve_origin(Context& context, const std::string& origin) {
  const auto colon = origin.find(':');
  const std::string kind = origin.substr(0, colon);
  const std::string value = colon == std::string::npos ? std::string() : origin.substr(colon + 1);
  if (kind == "mux") return mux_url(context, value);
  if (kind == "twitch") return key_url(context, value, "twitch://");
  if (kind == "youtube") {
    return key_url(context, value, "rtmps://a.rtmps.youtube.com:443/live2/");
  }
  if (kind == "file") return file_url(context, value);
  return Error{.kind = ErrorKind::kConfig,
               .message = "the noted origin of this output cannot be read",
               .hint = "name the target again with --mux or --rtmp-url-file"};
}

Result<std::vector<Target>> resolve_targets(Context& context, const TargetOptions& options) {
  std::vector<std::pair<std::string, std::string>> wishes;
  for (const std::string& id : options.mux) wishes.emplace_back("mux", "mux:" + id);
  if (!options.twitch_key_file.empty()) {
    wishes.emplace_back("twitch", "twitch:" + absolute(options.twitch_key_file));
  }
  if (!options.youtube_key_file.empty()) {
    wishes.emplace_back("youtube", "youtube:" + absolute(options.youtube_key_file));
  }
  for (const std::string& path : options.rtmp_url_files) {
    wishes.emplace_back("rtmp", "file:" + absolute(path));
  }
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (wishes[k].second != wishes[i].second) continue;
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("the output {} is given twice", wishes[i].second),
                   .hint = "give each output once"};
    }
  }
  std::vector<Target> out;
  OutputLabels taken;
  for (auto& [label, origin] : wishes) {
    TS_TRY(auto url, resolve_origin(context, origin));
    for (const Target& other : out) {
      if (other.url.reveal() != url.reveal()) continue;
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("{} and {} are the same address", other.origin, origin),
                   .hint = "give each output once"};
    }
    const std::string name = free_label(taken, label);
    taken.emplace(name, origin);
    out.push_back(Target{.label = name, .origin = std::move(origin), .url = std::move(url)});
  }
  return out;
}

std::string free_label(const OutputLabels& taken, const std::string& wish) {
  std::string name = wish;
  for (int number = 2; taken.contains(name); ++number) name = fmt::format("{}-{}", wish, number);
  return name;
}

Result<RefLock> lock_output_labels(Context& context, std::string_view egress_id) {
  return RefLock::take(context, kScope, egress_id,
                       fmt::format("the outputs of egress {}", shorten(egress_id, 60)));
}

Result<OutputLabels> read_output_labels(Context& context, std::string_view egress_id) {
  OutputLabels out;
  TS_TRY(auto database, open_database(context));
  TS_TRY(const auto note, store::find_ref(database, kScope, egress_id));
  if (!note) return out;
  const auto json = parse_json(note->result, "the noted outputs", ErrorKind::kConfig);
  if (!json.ok()) return json.error();
  TS_TRY(const auto members, JsonReader(json.value(), ErrorKind::kConfig).members());
  for (const auto& [label, origin] : members) {
    TS_TRY(out[label], origin.as_string());
  }
  return out;
}

Status write_output_labels(Context& context, std::string_view egress_id,
                           const OutputLabels& labels) {
  TS_TRY(auto database, open_database(context));
  TS_CHECK(store::claim_ref(database, kScope, egress_id, "", context.clock().now()));
  Json json = Json::object();
  for (const auto& [label, origin] : labels) json[label] = origin;
  return store::complete_ref(database, kScope, egress_id, egress_id, dump_json(json));
}

}  // namespace ts::cli
