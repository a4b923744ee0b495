// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ts::media {

/// Makes FFmpeg's capture devices known, once for the process and before any is looked for. Any
/// thread.
void register_devices();

}  // namespace ts::media
