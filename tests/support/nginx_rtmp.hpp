// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unique_fd.hpp"
#include "support/command.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace ts::test {

/// Debian's nginx with its RTMP module as a foreign receiver: unprivileged, on a free loopback
/// port, everything it writes inside `folder`. Records each publish of application "live" as it
/// comes.
class NginxRtmp {
 public:
  explicit NginxRtmp(std::filesystem::path folder) : folder_(std::move(folder)) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = free_port();
      write_configuration();
      const auto root = folder_.string();
      nginx_ = std::make_unique<Command>(std::vector<std::string>{
          "nginx", "-e", root + "/error.log", "-p", root, "-c", root + "/nginx.conf"});
      if (wait_until_listening()) return;
    }
    throw std::runtime_error("nginx does not start; is libnginx-mod-rtmp installed?");
  }

  [[nodiscard]] std::string url(const std::string& key) const {
    return fmt::format("rtmp://127.0.0.1:{}/live/{}", port_, key);
  }
  /// Ends nginx, so that every recording is whole. @return the file of that key.
  std::filesystem::path finished_recording(const std::string& key) {
    if (nginx_) {
      nginx_->signal(SIGTERM);
      nginx_->wait();
      nginx_.reset();
    }
    return folder_ / (key + ".flv");
  }

 private:
  static UniqueFd connect_to(std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = loopback(port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fd.reset();
    }
    return fd;
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  /// nginx cannot be told to let the kernel choose, so the kernel is asked first.
  static std::uint16_t free_port() {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no free port");
    }
    return ntohs(address.sin_port);
  }
  [[nodiscard]] bool wait_until_listening() const {
    for (int i = 0; i < 250; ++i) {
      if (connect_to(port_)) return true;
      ::poll(nullptr, 0, 20);
    }
    return false;
  }
  void write_configuration() const {
    std::ofstream(folder_ / "nginx.conf")
        << "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
           "daemon off; master_process off; worker_processes 1;\n"
        << fmt::format("pid {0}/nginx.pid; error_log {0}/error.log info;\n", folder_.string())
        << "events { worker_connections 64; }\n"
           "rtmp { access_log off; server { chunk_size 4096;\n"
        << fmt::format("listen 127.0.0.1:{};\n", port_)
        << fmt::format(
               "application live {{ live on; record all; record_path {}; record_suffix .flv; }}\n",
               folder_.string())
        << "} }\n";
  }

  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Command> nginx_;
};

}  // namespace ts::test
