// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/av_handles.hpp"
#include "media/reader.hpp"

namespace ts::media {

/// The one picture of an input that is a still (`InputInfo::is_still`), decoded.
/// @return kMedia when there is none, or when it is damaged or too large. Any thread.
Result<AvFrame> read_still(Reader& reader);

}  // namespace ts::media
