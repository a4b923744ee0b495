// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unique_fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace ts::test {

/// A web server for a handful of fixed answers on one address of the loopback network. One request
/// a connection.
class PlainHttp {
 public:
  /// @param address  "127.0.0.1", or another one of 127/8 to be somebody else.
  explicit PlainHttp(const std::string& address)
      : address_(address), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in bound{};
    bound.sin_family = AF_INET;
    socklen_t size = sizeof bound;
    if (::inet_pton(AF_INET, address.c_str(), &bound.sin_addr) != 1 ||
        ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&bound), sizeof bound) != 0 ||
        ::listen(fd_.get(), 16) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
      throw std::runtime_error("cannot listen on " + address);
    }
    port_ = ntohs(bound.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  /// Before the first request of it.
  void page(const std::string& path, std::string body) { pages_[path] = std::move(body); }
  void redirect(const std::string& path, const std::string& to) { redirects_[path] = to; }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://" + address_ + ":" + std::to_string(port_) + path;
  }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] int connections() const { return connections_.load(); }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd ready{fd_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.get() < 0) continue;
      ++connections_;
      serve(client.get());
    }
  }

  void serve(int client) {
    std::string request;
    std::array<char, 4096> buffer{};
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto count = ::recv(client, buffer.data(), buffer.size(), 0);
      if (count <= 0) return;
      request.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const auto from = request.find(' ') + 1;
    const std::string path = request.substr(from, request.find(' ', from) - from);
    std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (const auto to = redirects_.find(path); to != redirects_.end()) {
      answer = "HTTP/1.1 302 Found\r\nLocation: " + to->second +
               "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    } else if (const auto page = pages_.find(path); page != pages_.end()) {
      answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page->second.size()) +
               "\r\nConnection: close\r\n\r\n" + page->second;
    }
    std::size_t sent = 0;
    while (sent < answer.size()) {
      const auto count = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  std::string address_;
  UniqueFd fd_;
  int port_ = 0;
  std::map<std::string, std::string> pages_;
  std::map<std::string, std::string> redirects_;
  std::atomic<int> connections_{0};
  std::jthread thread_;
};

}  // namespace ts::test
