// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/message.hpp"

#include <cstdint>
#include <string_view>

namespace ts::httpd {

/// The part of a file that an answer carries.
struct FilePart {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Makes `response` (which has a file) answer the conditions of the request: adds ETag,
/// Last-Modified and Accept-Ranges; turns 200 into 304, 206 or 416 where If-None-Match and Range
/// ask for it. Of several ranges at once none is honored: the whole file is sent.
FilePart prepare_file(Response& response, std::string_view method, const Headers& request);

/// "Fri, 20 Nov 2026 14:07:21 GMT".
std::string http_date(std::int64_t seconds_since_epoch);

}  // namespace ts::httpd
