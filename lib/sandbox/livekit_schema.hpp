// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/wire_schema.hpp"

namespace ts::sandbox {

/// The messages of LiveKit's room, egress, ingress and webhook services (protocol of August 2026).
const WireSchema& livekit_schema();

}  // namespace ts::sandbox
