// SPDX-License-Identifier: Apache-2.0
#include "common/request_trace.hpp"

#include "common/output.hpp"
#include "core/json.hpp"

#include <fmt/format.h>

#include <iostream>

namespace ts::cli {
namespace {

class RecordingTransport final : public net::HttpTransport {
 public:
  RecordingTransport(Output& out, Log& log) : out_(out), log_(log) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request,
                                 std::stop_token /*stop*/) override {
    Json entry;
    entry["method"] = request.method;
    entry["url"] = request.url;
    entry["headers"] = Json::object();
    for (const auto& [name, value] : request.headers) entry["headers"][name] = value;
    if (request.authorization) {
      entry["headers"]["Authorization"] =
          request.authorization->scheme == net::Authorization::Scheme::kBearer
              ? std::string("Bearer ***")
              : fmt::format("Basic {}:***", request.authorization->user);
    }
    if (request.has_body && !request.body.empty()) {
      auto body = parse_json(request.body, "body");
      entry["body"] = body.ok() ? body.value() : Json(request.body);
    }
    Json document;
    document["schema"] = "ts.dry_run/1";
    document["requests"] = Json::array({entry});
    TS_CHECK(out_.print(log_.scrubbed(dump_json(document, 2)) + "\n"));
    return Error{
        .kind = ErrorKind::kInterrupted, .message = "dry run: nothing was sent", .code = "dry_run"};
  }

 private:
  Output& out_;
  Log& log_;
};

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

class CurlPrintingTransport final : public net::HttpTransport {
 public:
  CurlPrintingTransport(net::HttpTransport& next, Log& log) : next_(next), log_(log) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override {
    std::string line = fmt::format("curl -X {} {}", request.method, shell_quoted(request.url));
    if (request.authorization) {
      if (request.authorization->scheme == net::Authorization::Scheme::kBearer) {
        line += " -H \"Authorization: Bearer $TOKEN\"";
      } else {
        line += fmt::format(" -u {}:\"$SECRET\"", shell_quoted(request.authorization->user));
      }
    }
    for (const auto& [name, value] : request.headers) {
      line += " -H " + shell_quoted(fmt::format("{}: {}", name, value));
    }
    if (request.has_body) line += " --data-raw " + shell_quoted(request.body);
    std::cerr << log_.scrubbed(std::move(line)) << '\n';
    return next_.send(request, std::move(stop));
  }

 private:
  net::HttpTransport& next_;
  Log& log_;
};

}  // namespace

std::unique_ptr<net::HttpTransport> make_recording_transport(Output& out, Log& log) {
  return std::make_unique<RecordingTransport>(out, log);
}

std::unique_ptr<net::HttpTransport> make_curl_printing_transport(net::HttpTransport& next,
                                                                 Log& log) {
  return std::make_unique<CurlPrintingTransport>(next, log);
}

}  // namespace ts::cli
