// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/source.hpp"

namespace ts::compose {

/// A file, a still or an address. @see SourceRunner::start
Result<std::unique_ptr<SourceRunner>> start_media_source(const scene::Source& source,
                                                         const SourceContext& context,
                                                         ProgramTime origin);

}  // namespace ts::compose
