// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/http.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ts::cli {

/// What a request that is not sent is answered with, so that --dry-run can show the requests after
/// it: placeholders in capitals that say what the service would have told (STREAM_KEY_OF_…).
struct PlaceholderAnswer {
  net::HttpResponse response{};
  std::vector<std::string> placeholders{};  ///< Shown as they are: none is a secret.
};

/// @return nullopt where nothing follows, or where what follows depends on what would be told.
std::optional<PlaceholderAnswer> placeholder_answer(const net::HttpRequest& request);

}  // namespace ts::cli
