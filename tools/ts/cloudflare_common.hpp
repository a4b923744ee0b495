// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloudflare/client.hpp"
#include "common/context.hpp"
#include "core/result.hpp"

#include <memory>
#include <string_view>

namespace ts::cli {

/// A client of Cloudflare Stream with the settings' account, token and address.
Result<std::unique_ptr<cloudflare::CloudflareClient>> cloudflare_client(Context& context);

/// Whether an output that is there goes where `wish` would, with the same key.
bool goes_where(const cloudflare::Output& output, const cloudflare::NewOutput& wish);

/// Adds an output unless the input has the same one already.
Result<cloudflare::Output> add_output_once(cloudflare::CloudflareClient& client,
                                           std::string_view input,
                                           const cloudflare::NewOutput& wish);

/// Reports one live input; keys and the WHIP address only with `reveal`.
Status report_input(Context& context, const cloudflare::LiveInput& input, bool reveal,
                    std::string_view note, std::string_view backup = {});

}  // namespace ts::cli
