// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/http.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace ts::test {

/// Answers from a script and remembers what was asked (authorization as text, for assertions).
class FakeTransport final : public net::HttpTransport {
 public:
  struct Seen {
    std::string method{};
    std::string url{};
    net::Headers headers{};
    std::string body{};
    bool has_body = false;
    std::string authorization{};
  };

  FakeTransport& answer(int status, std::string body = "{}", net::Headers headers = {}) {
    net::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    script_.emplace_back(std::move(response));
    return *this;
  }
  FakeTransport& fail(Error error) {
    script_.emplace_back(std::move(error));
    return *this;
  }

  Result<net::HttpResponse> send(const net::HttpRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    Seen seen{.method = request.method,
              .url = request.url,
              .headers = request.headers,
              .body = request.body,
              .has_body = request.has_body};
    if (request.authorization) {
      seen.authorization = request.authorization->scheme == net::Authorization::Scheme::kBasic
                               ? "Basic " + request.authorization->user + ":"
                               : "Bearer ";
      seen.authorization += request.authorization->secret.reveal();
    }
    requests.push_back(std::move(seen));
    if (script_.empty()) {
      return Error{.kind = ErrorKind::kInternal, .message = "FakeTransport has no answer left"};
    }
    auto next = std::move(script_.front());
    script_.pop_front();
    return next;
  }

  std::vector<Seen> requests;

 private:
  std::mutex mutex_;
  std::deque<Result<net::HttpResponse>> script_;
};

}  // namespace ts::test
