// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ts::webhook {

/// Whether `parse_event` takes this LiveKit body, without building a document: what servers send.
/// False also for what is rare; then ask `parse_event`.
bool is_usual_livekit_event(std::string_view body);

}  // namespace ts::webhook
