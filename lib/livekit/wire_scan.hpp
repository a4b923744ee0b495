// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_scan.hpp"

namespace ts::livekit {

/// Whether `from_json<T>` (unknown members ignored) takes the next value of `in`, without a
/// document and without the message: for hot paths. False also for what is rare; then ask
/// `from_json`. For what webhooks carry: Room, ParticipantInfo, TrackInfo, EgressInfo, IngressInfo.
template <typename T>
bool scans_as(JsonScanner& in);

}  // namespace ts::livekit
