// SPDX-License-Identifier: Apache-2.0
// HTTP requests in pieces: the same requests, or the same refusal, for every cut. The first byte
// chooses the cut.
#include "fuzz/fuzz.hpp"

#include "httpd/parser_internal.hpp"
#include "httpd/router.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using ts::httpd::RequestParser;
using State = RequestParser::State;

constexpr std::size_t kMaxBody = 512;
constexpr std::size_t kMaxHeader = 1024;

const ts::httpd::Router& router() {
  static const ts::httpd::Router kRouter = [] {
    const auto nothing = [](const ts::httpd::Request&) { return ts::httpd::Response::empty(); };
    ts::httpd::Router out;
    out.on("GET", "/a", nothing).on("POST", "/a/{id}", nothing).on("GET", "/f/{path*}", nothing);
    return out;
  }();
  return kRouter;
}

/// Everything that a server would see of the connection, one line per request.
std::vector<std::string> run(std::string_view bytes, std::size_t piece) {
  std::vector<std::string> seen;
  std::string input;
  std::size_t at = 0;
  auto parser = std::make_unique<RequestParser>(kMaxHeader);
  for (;;) {
    auto state = parser->advance(input);
    if (state == State::kHeaderDone) {
      auto& request = parser->request();
      const auto match = router().match(request.method, request.path);
      ts::fuzz::require(match.handler != nullptr);
      static_cast<void>(request.query_value("a"));
      state = parser->begin_body(kMaxBody);
      if (state == State::kBody) continue;
    }
    if (state == State::kFailed) {
      ts::fuzz::require(parser->error_status() >= 400 && parser->error_status() < 600);
      seen.push_back(std::to_string(parser->error_status()));
      return seen;
    }
    if (state == State::kDone) {
      auto& request = parser->request();
      ts::fuzz::require(request.body.size() <= kMaxBody);
      ts::fuzz::require(request.path.starts_with('/') || request.path == "*");
      seen.push_back(request.method + " " + request.path + " " + request.query + " " +
                     request.body + (parser->keep_alive() ? "" : " close"));
      parser = std::make_unique<RequestParser>(kMaxHeader);
      if (!input.empty()) continue;
    }
    if (at >= bytes.size()) return seen;
    const auto part = bytes.substr(at, piece);
    input += part;
    at += part.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = ts::fuzz::as_text(data + 1, size - 1);
  ts::fuzz::require(run(bytes, std::max<std::size_t>(bytes.size(), 1)) == run(bytes, 1U + data[0]));
  return 0;
}
