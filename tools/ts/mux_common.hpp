// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services.hpp"

#include "common/command.hpp"
#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"
#include "mux/client.hpp"
#include "mux/playback.hpp"
#include "mux/types.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::cli {

/// The id of MUX_SIGNING_KEY with MUX_PRIVATE_KEY. @return kConfig naming what is missing.
Result<mux::SigningKey> mux_signing_key(Context& context);

/// MUX_INGEST_URL, as encoders are given it.
Result<std::string> mux_ingest_url(Context& context);
/// The HLS address of a playback id under MUX_STREAM_BASE_URL.
Result<std::string> mux_hls_url(Context& context, std::string_view playback_id);

/// The live stream as a ts.mux/1 document, with its playback and ingest addresses.
Result<Json> live_stream_document(Context& context, const mux::LiveStream& live_stream);
/// Reports one live stream in every form; `note` follows its id for people ("created").
Status report_live_stream(Context& context, const mux::LiveStream& live_stream,
                          std::string_view note = {});
/// Reports {"schema":"ts.mux/1","id":ID,KEY:true} and "NAME ID: TEXT" for people.
Status report_done(Context& context, std::string_view name, std::string_view id,
                   std::string_view key, std::string_view text);

/// A verb on one live stream: takes LIVE_ID.
Runner bind_on_live_stream(CLI::App& app, Status (*act)(const std::string& live_id, Context&));
/// A verb on one part of a live stream: takes LIVE_ID and the part's id as `name`.
Runner bind_on_part(CLI::App& app, const std::string& name, const std::string& help,
                    Status (*act)(const std::string& live_id, const std::string& id, Context&));

/// "NAME=VALUE" pairs. @return kUsage for a word without "=".
Result<mux::Modifiers> parse_pairs(const std::vector<std::string>& words, std::string_view option);

/// "cc1:en-US" or "cc1:en-US:English". @return kUsage saying how it is written.
Result<mux::EmbeddedSubtitle> parse_caption(const std::string& text);

/// A duration of whole seconds. @return kUsage for milliseconds.
Result<std::chrono::seconds> parse_seconds(std::string_view text, std::string_view option);

}  // namespace ts::cli
