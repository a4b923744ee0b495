// SPDX-License-Identifier: Apache-2.0
#include "httpd/responder.hpp"

namespace ts::httpd {

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    abandon();
    deliver_ = std::exchange(other.deliver_, nullptr);
  }
  return *this;
}

Responder::~Responder() { abandon(); }

void Responder::send(Response response) {
  if (auto deliver = std::exchange(deliver_, nullptr)) deliver(std::move(response));
}

void Responder::abandon() noexcept {
  if (deliver_) send(Response::text(500, "the request was not answered\n"));
}

}  // namespace ts::httpd
