// SPDX-License-Identifier: Apache-2.0
#include "sandbox/composite_feed.hpp"

#include "core/json.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace ts::sandbox {
namespace {

constexpr int kBacklog = 4;

Error no_socket(std::string_view what) {
  return {.kind = ErrorKind::kMedia, .message = "cannot make a socket: " + std::string(what)};
}

}  // namespace

Result<CompositeFeed> CompositeFeed::open(std::uint64_t publish, std::string source,
                                          const std::filesystem::path& socket) {
  CompositeFeed feed;
  feed.publish_ = publish;
  feed.source_ = std::move(source);
  feed.socket_ = socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& path = socket.native();
  if (path.size() >= sizeof address.sun_path) return no_socket("its path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  feed.listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!feed.listener_) return no_socket(std::strerror(errno));
  if (::bind(feed.listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 ||
      ::listen(feed.listener_.get(), kBacklog) != 0) {
    return no_socket(std::strerror(errno));
  }
  return feed;
}

Json CompositeFeed::definition() const { return {{"url", "unix://" + socket_.string()}}; }

void CompositeFeed::serve(const std::shared_ptr<Publication>& publication, bool audio, bool video) {
  UniqueFd caller(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  // A publisher that has gone is a stream that ends at once: the compositor asks again.
  if (!caller || publication == nullptr) return;
  pipe_ = std::make_unique<rtmp::FlvPipe>(publication->subscribe(audio, video), std::move(caller));
}

}  // namespace ts::sandbox
