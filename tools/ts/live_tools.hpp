// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services.hpp"

#include "common/context.hpp"
#include "core/json_fwd.hpp"
#include "live/go_live.hpp"
#include "live/services.hpp"

#include <memory>
#include <string>

namespace ts::cli {

/// What a `ts live` verb talks to, made from the settings; owns what live::Services points at.
struct LiveOutside {
  std::unique_ptr<livekit::Service> livekit;
  std::unique_ptr<mux::MuxClient> mux;
  live::Services services;
};
/// @param with_livekit  false for --direct: LiveKit's settings are not asked for.
Result<LiveOutside> live_outside(Context& context, bool with_livekit);

/// Shows steps as they happen: "ok 1.2s create the live stream" lines, JSON lines with --json.
live::Observer step_printer(Context& context);

/// The environment of a media child: the caller's without any credential.
std::vector<std::string> child_environment(const Context& context);

/// A session as JSON and the name that `ts live` verbs take ("" is the newest session).
Result<store::Session> find_session(store::Database& database, const std::string& name);
Json session_document(const store::Session& session, const live::Resources& resources);

}  // namespace ts::cli
