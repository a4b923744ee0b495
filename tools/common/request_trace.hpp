// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "net/http.hpp"

#include <memory>

namespace ts::cli {

class Output;

/// For --dry-run: keeps each request and sends none. One whose answer others depend on is answered
/// with placeholders (dry_run_answers.hpp), any other ends the command with an Error of code
/// "dry_run". Thread-safe.
class RequestRecorder : public net::HttpTransport {
 public:
  [[nodiscard]] virtual bool recorded() const = 0;
  /// The requests as one ts.dry_run/1 document on stdout, credentials masked.
  virtual Status print() = 0;
};
std::unique_ptr<RequestRecorder> make_recording_transport(Output& out, Log& log);

/// For --curl: shows each request on stderr as a curl command line whose credentials are shell
/// variables, then sends it through `next`.
std::unique_ptr<net::HttpTransport> make_curl_printing_transport(net::HttpTransport& next,
                                                                 Log& log);

/// For -vvv: writes the bodies of each request and its answer into the log, credentials masked,
/// and sends it through `next`. What is no JSON is told by its size.
std::unique_ptr<net::HttpTransport> make_body_logging_transport(net::HttpTransport& next, Log& log);

}  // namespace ts::cli
