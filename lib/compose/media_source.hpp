// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/source.hpp"
#include "media/reader.hpp"

#include <string>

namespace ts::compose {

/// A file, a still or an address. @see SourceRunner::start
Result<std::unique_ptr<SourceRunner>> start_media_source(const scene::Source& source,
                                                         const SourceContext& context,
                                                         ProgramTime origin);

/// Whether the input's "in" lies before its end, where that is known.
/// @param name  for the message.
Status check_in_point(const scene::MediaInput& input, const media::InputInfo& info,
                      const std::string& name);

}  // namespace ts::compose
