// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "httpd/message.hpp"

#include <functional>
#include <utility>

namespace ts::httpd {

/// The right to answer one request, once. Movable between threads; may outlive the server (the
/// answer then goes nowhere). Destroyed without an answer, it answers 500.
class Responder {
 public:
  /// @param deliver  called exactly once, on the thread of `send` or of the destructor.
  explicit Responder(std::function<void(Response)> deliver) : deliver_(std::move(deliver)) {}
  Responder(Responder&& other) noexcept : deliver_(std::exchange(other.deliver_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  /// Answers; calls after the first do nothing. Thread-safe towards the server, not towards itself.
  void send(Response response);

 private:
  void abandon() noexcept;

  std::function<void(Response)> deliver_;
};

}  // namespace ts::httpd
