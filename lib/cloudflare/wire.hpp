// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloudflare/client.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <string_view>

namespace ts::cloudflare {

/// Cloudflare's answers; unknown members are ignored. @return kRemote naming the path of a member
/// of the wrong type.
Result<LiveInput> read_live_input(const Json& json, std::string_view path = "$.result");
Result<Output> read_output(const Json& json, std::string_view path = "$.result");

/// Request bodies. They hold stream keys: never log them.
Json to_body(const NewLiveInput& wish);
Json to_body(const NewOutput& output);

}  // namespace ts::cloudflare
