// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "net/http.hpp"

#include <memory>

namespace ts::cli {

class Output;

/// For --dry-run: prints the first request as a ts.dry_run/1 document, credentials masked, sends
/// nothing, and ends the command with an Error of code "dry_run", which main takes for success.
std::unique_ptr<net::HttpTransport> make_recording_transport(Output& out, Log& log);

/// For --curl: shows each request on stderr as a curl command line whose credentials are shell
/// variables, then sends it through `next`.
std::unique_ptr<net::HttpTransport> make_curl_printing_transport(net::HttpTransport& next,
                                                                 Log& log);

}  // namespace ts::cli
