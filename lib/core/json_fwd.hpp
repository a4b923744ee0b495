// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ts {

/// The one JSON type: member order is kept, so output is stable.
using Json = nlohmann::ordered_json;

}  // namespace ts
