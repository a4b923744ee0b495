// SPDX-License-Identifier: Apache-2.0
#include "media/rtmp_listener.hpp"

#include "rtmp/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ts::media {
namespace {

struct ListenAddress {
  std::string host{};
  std::uint16_t port = 1935;
  std::string app{};
  std::string key{};
};

Result<ListenAddress> split_listen_address(std::string_view url) {
  const Error bad{.kind = ErrorKind::kUsage,
                  .message = "the address to listen on has no form rtmp://ADDRESS:PORT/APP/KEY",
                  .hint = "write for example rtmp://0.0.0.0:1935/live/camera-1"};
  constexpr std::string_view kScheme = "rtmp://";
  if (!url.starts_with(kScheme)) return bad;
  url.remove_prefix(kScheme.size());
  const auto slash = url.find('/');
  const auto last = url.rfind('/');
  if (slash == std::string_view::npos || last == slash) return bad;
  ListenAddress out{.app = std::string(url.substr(slash + 1, last - slash - 1)),
                    .key = std::string(url.substr(last + 1))};
  std::string_view host = url.substr(0, slash);
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (failed != std::errc{} || end != digits.data() + digits.size() || out.port == 0) return bad;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  out.host = std::string(host);
  if (out.host.empty() || out.app.empty() || out.key.empty()) return bad;
  return out;
}

}  // namespace

/// Feeds one publish to whoever reads the slot.
class RtmpSlot::Sink final : public rtmp::MediaSink {
 public:
  explicit Sink(std::shared_ptr<RtmpSlot> slot)
      : slot_(std::move(slot)), ring_(std::make_shared<rtmp::TagRing>()) {
    {
      const std::lock_guard lock(slot_->mutex_);
      slot_->ring_ = ring_;
    }
    slot_->changed_.notify_all();
  }
  void on_tag(const rtmp::TagView& tag) override { ring_->push(tag); }
  void on_end(rtmp::EndReason /*reason*/, std::string_view /*detail*/) noexcept override {
    ring_->close();
    const std::lock_guard lock(slot_->mutex_);
    if (slot_->ring_ == ring_) slot_->ring_.reset();
  }

 private:
  std::shared_ptr<RtmpSlot> slot_;
  std::shared_ptr<rtmp::TagRing> ring_;
};

struct RtmpListeners::Server final : rtmp::PublishHandler {
  Result<std::unique_ptr<rtmp::MediaSink>> accept(rtmp::PublishRequest request) override {
    const std::lock_guard lock(mutex);
    for (const std::weak_ptr<RtmpSlot>& weak : slots) {
      const auto slot = weak.lock();
      if (!slot || slot->app_ != request.app || slot->key_ != request.key.reveal()) continue;
      return std::unique_ptr<rtmp::MediaSink>(std::make_unique<RtmpSlot::Sink>(slot));
    }
    return Error{.kind = ErrorKind::kAuth, .message = "no source waits for this key"};
  }

  std::string host{};
  std::uint16_t port = 0;
  std::mutex mutex{};
  std::vector<std::weak_ptr<RtmpSlot>> slots{};
  std::unique_ptr<rtmp::RtmpServer> server{};  // last: its callbacks use what is above
};

RtmpListeners::RtmpListeners(Log* log) : log_(log) {}
RtmpListeners::~RtmpListeners() = default;

Result<std::shared_ptr<RtmpSlot>> RtmpListeners::open(const std::string& url) {
  TS_TRY(const ListenAddress address, split_listen_address(url));
  const std::lock_guard lock(mutex_);
  auto found = std::find_if(servers_.begin(), servers_.end(), [&](const auto& server) {
    return server->host == address.host && server->port == address.port;
  });
  if (found == servers_.end()) {
    auto made = std::make_unique<Server>();
    made->host = address.host;
    made->port = address.port;
    TS_TRY(made->server, rtmp::RtmpServer::start(
                             {.address = address.host, .port = address.port, .log = log_}, *made));
    found = servers_.insert(servers_.end(), std::move(made));
  }
  Server& server = **found;
  const std::lock_guard inner(server.mutex);
  std::erase_if(server.slots, [](const auto& slot) { return slot.expired(); });
  for (const auto& weak : server.slots) {
    const auto slot = weak.lock();
    if (slot && slot->app_ == address.app && slot->key_ == address.key) return slot;
  }
  auto slot = std::make_shared<RtmpSlot>(address.app, address.key);
  server.slots.push_back(slot);
  return slot;
}

Result<IncomingPublish> RtmpSlot::wait(std::stop_token stop) {
  std::shared_ptr<rtmp::TagRing> ring;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return ring_ != nullptr; })) {
      return Error{.kind = ErrorKind::kInterrupted, .message = "stopped waiting for a publisher"};
    }
    ring = ring_;
  }
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error{.kind = ErrorKind::kInternal, .message = "no pipe for a publisher"};
  }
  IncomingPublish out{.input = UniqueFd(ends[0])};
  out.pipe = std::make_unique<rtmp::FlvPipe>(ring->subscribe(), UniqueFd(ends[1]));
  return out;
}

}  // namespace ts::media
