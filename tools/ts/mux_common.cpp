// SPDX-License-Identifier: Apache-2.0
#include "mux_common.hpp"

#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "mux/wire.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {

Result<mux::SigningKey> mux_signing_key(Context& context) {
  TS_TRY(auto id, context.settings().text("MUX_SIGNING_KEY"));
  if (id.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "MUX_SIGNING_KEY is not set",
                 .hint =
                     "set it and MUX_PRIVATE_KEY to a signing key of this environment; "
                     "ts mux api POST /system/v1/signing-keys --reveal makes one"};
  }
  TS_TRY(auto key, context.required_secret("MUX_PRIVATE_KEY"));
  return mux::SigningKey{.id = std::move(id), .private_key = std::move(key)};
}

Result<std::string> mux_ingest_url(Context& context) {
  TS_TRY(auto url, context.settings().text("MUX_INGEST_URL"));
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<std::string> mux_hls_url(Context& context, std::string_view playback_id) {
  mux::PlaybackUrlRequest request{.playback_id = std::string(playback_id)};
  TS_TRY(request.stream_base_url, context.settings().base_url("MUX_STREAM_BASE_URL"));
  return mux::playback_url(request);
}

Result<Json> live_stream_document(Context& context, const mux::LiveStream& live_stream) {
  Json document{{"schema", "ts.mux/1"}};
  document.update(mux::describe(live_stream));
  if (const mux::PlaybackId* id = live_stream.best_playback_id()) {
    TS_TRY(const auto url, mux_hls_url(context, id->id));
    document["playback_id"] = id->id;
    document["playback_url"] = url;
  }
  TS_TRY(const auto ingest, mux_ingest_url(context));
  document["ingest_url"] = ingest;
  return document;
}

Status report_live_stream(Context& context, const mux::LiveStream& live_stream,
                          std::string_view note) {
  TS_TRY(const auto document, live_stream_document(context, live_stream));
  std::string text = fmt::format("live stream  {}{}\n", live_stream.id,
                                 note.empty() ? "" : fmt::format(" ({})", note));
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("{:<12} {}\n", name, printable(value, false, false));
  };
  line("title", live_stream.title);
  line("state", live_stream.state());
  for (const mux::PlaybackId& id : live_stream.playback_ids) {
    line("playback id", fmt::format("{} ({})", id.id, id.policy_text));
  }
  line("watch", document.value("playback_url", ""));
  line("ingest", fmt::format("{} (key: ts mux key {} --reveal)",
                             document["ingest_url"].get<std::string>(), live_stream.id));
  line("latency",
       fmt::format("{}{}", mux::to_string(live_stream.latency),
                   live_stream.reconnect_window_s
                       ? fmt::format(", reconnect window {} s", *live_stream.reconnect_window_s)
                       : ""));
  if (live_stream.test) line("test", "yes: watermark, stops after 5 minutes");
  line("asset", live_stream.active_asset_id);
  line("passthrough", live_stream.passthrough);
  for (const mux::SimulcastTarget& target : live_stream.simulcast_targets) {
    line("simulcast", fmt::format("{} {} {}", target.id, target.status_text, target.passthrough));
  }
  if (live_stream.created_at) line("created", format_rfc3339(*live_stream.created_at));
  Report report{.document = &document,
                .text = std::move(text),
                .id = live_stream.id,
                .raw = document.value("playback_url", ""),
                .env = {{"MUX_LIVE_STREAM_ID", live_stream.id}}};
  if (document.contains("playback_id")) {
    report.env.emplace_back("MUX_PLAYBACK_ID", document["playback_id"].get<std::string>());
    report.env.emplace_back("MUX_PLAYBACK_URL", document["playback_url"].get<std::string>());
  }
  return context.out().report(report);
}

Status report_done(Context& context, std::string_view name, std::string_view id,
                   std::string_view key, std::string_view text) {
  Json document{{"schema", "ts.mux/1"}, {"id", std::string(id)}};
  document[std::string(key)] = true;
  return context.out().report({.document = &document,
                               .text = fmt::format("{} {}: {}", name, id, text),
                               .id = std::string(id)});
}

Runner bind_on_live_stream(CLI::App& app, Status (*act)(const std::string&, Context&)) {
  auto live_id = std::make_shared<std::string>();
  app.add_option("LIVE_ID", *live_id, "Live stream")->required();
  return [live_id, act](Context& context) { return act(*live_id, context); };
}

Runner bind_on_part(CLI::App& app, const std::string& name, const std::string& help,
                    Status (*act)(const std::string&, const std::string&, Context&)) {
  auto ids = std::make_shared<std::pair<std::string, std::string>>();
  app.add_option("LIVE_ID", ids->first, "Live stream")->required();
  app.add_option(name, ids->second, help)->required();
  return [ids, act](Context& context) { return act(ids->first, ids->second, context); };
}

Result<mux::Modifiers> parse_pairs(const std::vector<std::string>& words, std::string_view option) {
  mux::Modifiers out;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("{} '{}' is not NAME=VALUE", option, shorten(word, 60))};
    }
    out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return out;
}

Result<mux::EmbeddedSubtitle> parse_caption(const std::string& text) {
  const auto first = text.find(':');
  if (first == std::string::npos) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("caption '{}' is not CHANNEL:LANGUAGE", shorten(text, 60)),
                 .hint = "write it as cc1:en-US or cc1:en-US:English"};
  }
  const auto second = text.find(':', first + 1);
  mux::EmbeddedSubtitle out{.language_code = text.substr(first + 1, second - first - 1),
                            .language_channel = text.substr(0, first)};
  out.name = second == std::string::npos ? out.language_code : text.substr(second + 1);
  return out;
}

Result<std::chrono::seconds> parse_seconds(std::string_view text, std::string_view option) {
  auto duration = parse_duration(text);
  if (!duration) return std::move(duration).error().with_context(option);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration.value());
  if (whole != duration.value()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} takes whole seconds", option)};
  }
  return whole;
}

}  // namespace ts::cli
