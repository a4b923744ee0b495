// SPDX-License-Identifier: Apache-2.0
#include "common/request_trace.hpp"

#include "common/dry_run_answers.hpp"
#include "common/mask.hpp"
#include "common/output.hpp"
#include "core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <mutex>
#include <vector>

namespace ts::cli {
namespace {

class RecordingTransport final : public RequestRecorder {
 public:
  RecordingTransport(Output& out, Log& log) : out_(out), log_(log) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request,
                                 std::stop_token /*stop*/) override {
    const std::lock_guard lock(mutex_);
    // What the command would say about an answer that did not come is no result.
    out_.hold_results();
    Json entry = entry_of(request);
    const bool asked_before =
        std::find(requests_.begin(), requests_.end(), entry) != requests_.end();
    if (!asked_before) requests_.push_back(std::move(entry));
    // Asking the same again is a wait for a change that does not come here.
    if (!asked_before && requests_.size() < kMostRequests) {
      if (auto answer = placeholder_answer(request)) {
        for (std::string& name : answer->placeholders) placeholders_.push_back(std::move(name));
        return std::move(answer->response);
      }
    }
    return Error{
        .kind = ErrorKind::kInterrupted, .message = "dry run: nothing was sent", .code = "dry_run"};
  }

  [[nodiscard]] bool recorded() const override {
    const std::lock_guard lock(mutex_);
    return !requests_.empty();
  }

  Status print() override {
    const std::lock_guard lock(mutex_);
    Json document;
    document["schema"] = "ts.dry_run/1";
    document["requests"] = requests_;
    for (Json& request : document["requests"]) {
      for (const char* part : {"url", "headers", "body"}) {
        if (request.contains(part)) mask_registered(request[part]);
      }
    }
    out_.release_results();
    return out_.print(dump_json(document, 2) + "\n");
  }

 private:
  static constexpr std::size_t kMostRequests = 100;

  static Json entry_of(const net::HttpRequest& request) {
    Json entry;
    entry["method"] = request.method;
    entry["url"] = masked_url(request.url);
    entry["headers"] = Json::object();
    for (const auto& [name, value] : request.headers) {
      entry["headers"][name] = is_secret_header(name, value) ? "***" : value;
    }
    if (request.authorization) {
      entry["headers"]["Authorization"] =
          request.authorization->scheme == net::Authorization::Scheme::kBearer
              ? std::string("Bearer ***")
              : fmt::format("Basic {}:***", request.authorization->user);
    }
    if (request.has_body && !request.body.empty()) {
      auto body = parse_json(request.body, "body");
      if (body.ok()) mask_secrets(body.value());
      entry["body"] = body.ok() ? body.value() : Json(request.body);
    }
    return entry;
  }

  /// Of strings alone: a mask in place of a number would be no JSON.
  void mask_registered(Json& json) const {
    if (json.is_string()) {
      json = without_secrets(json.get<std::string>());
    } else if (json.is_structured()) {
      for (Json& item : json) mask_registered(item);
    }
  }

  /// Masked, but for placeholders: commands register what stands for a key as the key itself.
  std::string without_secrets(std::string text) const {
    for (std::size_t i = 0; i < placeholders_.size(); ++i) {
      replace_all(text, placeholders_[i], fmt::format("\x01{}\x02", i));
    }
    text = log_.scrubbed(std::move(text));
    for (std::size_t i = 0; i < placeholders_.size(); ++i) {
      replace_all(text, fmt::format("\x01{}\x02", i), placeholders_[i]);
    }
    return text;
  }

  static void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }

  Output& out_;
  Log& log_;
  mutable std::mutex mutex_;
  Json requests_ = Json::array();
  std::vector<std::string> placeholders_;
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
    std::string line =
        fmt::format("curl -X {} {}", request.method, shell_quoted(masked_url(request.url)));
    if (request.authorization) {
      if (request.authorization->scheme == net::Authorization::Scheme::kBearer) {
        line += fmt::format(" -H \"Authorization: Bearer ${}\"", request.authorization->variable);
      } else {
        line += fmt::format(" -u {}:\"${}\"", shell_quoted(request.authorization->user),
                            request.authorization->variable);
      }
    }
    for (const auto& [name, value] : request.headers) {
      line += is_secret_header(name, value)
                  ? fmt::format(" -H \"{}: $SECRET\"", name)
                  : " -H " + shell_quoted(fmt::format("{}: {}", name, value));
    }
    if (request.has_body) line += " --data-raw " + shell_quoted(masked_json(request.body));
    std::cerr << log_.scrubbed(std::move(line)) << '\n';
    return next_.send(request, std::move(stop));
  }

 private:
  net::HttpTransport& next_;
  Log& log_;
};

/// Further than mask_secrets(), for what is pasted into a bug report: no query of any address (it
/// may be a token), no password.
void mask_queries(Json& json) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.find("://") == std::string::npos) return;
    std::string masked = masked_url(text);
    const auto query = masked.find('?');
    if (query != std::string::npos) masked.replace(query, masked.npos, "?***");
    json = std::move(masked);
    return;
  }
  if (!json.is_structured()) return;
  for (auto& [name, member] : json.items()) {
    // Whoever has a WHIP address of Cloudflare's may publish.
    if (name == "webRTC" && member.is_object() && member.contains("url")) member["url"] = "***";
    mask_queries(member);
  }
}

class BodyLoggingTransport final : public net::HttpTransport {
 public:
  BodyLoggingTransport(net::HttpTransport& next, Log& log) : next_(next), log_(log) {}

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token stop) override {
    if (request.has_body) say("request", request.body);
    auto response = next_.send(request, std::move(stop));
    if (response.ok()) say("answer", response.value().body);
    return response;
  }

 private:
  static constexpr std::size_t kMostShown = 16'384;

  void say(std::string_view what, std::string_view body) {
    auto json = parse_json(body, "a body");
    if (!json.ok() || !(json.value().is_object() || json.value().is_array())) {
      log_.write(LogLevel::kTrace, "net", fmt::format("{}: {} bytes, no JSON", what, body.size()));
      return;
    }
    mask_secrets(json.value());
    mask_queries(json.value());
    log_.write(LogLevel::kTrace, "net",
               fmt::format("{}: {}", what, shorten(dump_json(json.value()), kMostShown)));
  }

  net::HttpTransport& next_;
  Log& log_;
};

}  // namespace

std::unique_ptr<RequestRecorder> make_recording_transport(Output& out, Log& log) {
  return std::make_unique<RecordingTransport>(out, log);
}

std::unique_ptr<net::HttpTransport> make_curl_printing_transport(net::HttpTransport& next,
                                                                 Log& log) {
  return std::make_unique<CurlPrintingTransport>(next, log);
}

std::unique_ptr<net::HttpTransport> make_body_logging_transport(net::HttpTransport& next,
                                                                Log& log) {
  return std::make_unique<BodyLoggingTransport>(next, log);
}

}  // namespace ts::cli
