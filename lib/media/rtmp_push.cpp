// SPDX-License-Identifier: Apache-2.0
#include "media/rtmp_push.hpp"

#include "core/text.hpp"
#include "media/av_handles.hpp"
#include "media/ffmpeg_log.hpp"
#include "media/interrupt.hpp"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace ts::media {
namespace {

/// An orderly goodbye is worth this much; the media is out already.
constexpr milliseconds kCloseTimeout{2000};
/// A write that is under way when stop comes may end, so that the goodbye is understood.
constexpr milliseconds kStopGrace{300};

/// rtmp[s]://host[:port]/app[/more]/KEY[?query], cut where RTMP wants it cut.
struct RtmpAddress {
  std::string_view scheme;
  std::string_view app;
  std::string_view key;  ///< With its query.
};

Result<RtmpAddress> split_address(std::string_view url) {
  const Error bad{.kind = ErrorKind::kUsage,
                  .message = "the RTMP address has no form rtmp[s]://host/app/key",
                  .hint = "give server and stream key as one URL"};
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return bad;
  RtmpAddress out{.scheme = url.substr(0, scheme_end), .app = {}, .key = {}};
  if (out.scheme != "rtmp" && out.scheme != "rtmps") return bad;
  if (!has_usable_port(url)) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "the port of the RTMP address is not 1 to 65535"};
  }
  const auto path = url.find('/', scheme_end + 3);
  if (path == std::string_view::npos || path == scheme_end + 3) return bad;
  // A slash inside the key's query does not cut.
  const auto query = url.find('?', path);
  const auto last = url.substr(0, query).rfind('/');
  if (last <= path) return bad;
  out.app = url.substr(path + 1, last - path - 1);
  out.key = url.substr(last + 1);
  if (out.app.empty() || out.key.empty()) return bad;
  return out;
}

}  // namespace

struct RtmpPush::Connection {
  explicit Connection(const std::stop_token& stop_token)
      : stop(stop_token), interrupt(stop_token) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    hurry.reset();
    interrupt.arm(milliseconds{0});  // Whatever closing still wants to say must not block.
    close();
  }
  int close() { return avio_closep(&io); }

  /// Why a call failed, in the words that help most.
  Error failure(int code, std::string_view what, const FfmpegErrors& last) const {
    if (interrupt.stopped()) {
      return Error{.kind = ErrorKind::kInterrupted, .message = std::string(what) + ": stopped"};
    }
    if (interrupt.timed_out()) {
      return Error{.kind = ErrorKind::kRemote,
                   .message = std::string(what) + ": no answer in time",
                   .hint = "check the network and the server",
                   .retryable = true};
    }
    static constexpr std::string_view kRefusal = "Server error: ";
    if (const auto refusal = last.after(kRefusal); !refusal.empty()) {
      return Error{
          .kind = ErrorKind::kAuth,
          .message = fmt::format("{}: the server refused: {}", what, shorten(refusal, 200)),
          .hint = "check the stream key, and that nothing else publishes with it",
          .retryable = true};
    }
    auto error = last.explain(code, what, ErrorKind::kRemote);
    error.retryable = true;
    return error;
  }

  /// Gives the next write `timeout`, or less when stop is (or will be) requested.
  void arm_write(milliseconds timeout) {
    interrupt.arm(timeout);
    hurry.emplace(stop, [this] { interrupt.arm(kStopGrace); });
  }

  std::stop_token stop;
  Interrupt interrupt;
  std::optional<std::stop_callback<std::function<void()>>> hurry;
  AVIOContext* io = nullptr;
};

RtmpPush::RtmpPush(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

RtmpPush::~RtmpPush() = default;

Result<std::unique_ptr<RtmpPush>> RtmpPush::open(const Secret& url, const RtmpPushOptions& options,
                                                 const std::stop_token& stop) {
  TS_TRY(const auto address, split_address(url.reveal()));
  auto connection = std::make_unique<Connection>(stop);
  AvDictionary settings;
  settings.set("rtmp_app", std::string(address.app));
  settings.set("rtmp_playpath", std::string(address.key));
  settings.set("protocol_whitelist", std::string("rtmp,rtmps,tls,tcp"));
  settings.set("tcp_nodelay", std::int64_t{1});
  if (address.scheme == "rtmps") {
    settings.set("tls_verify", std::int64_t{1});
    if (!options.ca_file.empty()) settings.set("ca_file", options.ca_file);
  }
  const FfmpegErrors last;
  connection->interrupt.arm(options.timeout);
  const auto callback = connection->interrupt.callback();
  const int code = avio_open2(&connection->io, std::string(url.reveal()).c_str(), AVIO_FLAG_WRITE,
                              &callback, settings.address());
  if (code < 0) return connection->failure(code, "connect", last);

  connection->interrupt.ignore_stop();
  std::unique_ptr<RtmpPush> push(new RtmpPush(std::move(connection)));  // Private constructor.
  push->timeout_ = options.timeout;
  rtmp::FlvWriter::append_header(push->buffer_);
  TS_CHECK(push->send());
  return push;
}

Status RtmpPush::write(const rtmp::TagView& tag, std::int64_t timestamp_ms) {
  auto stamped = tag;
  stamped.timestamp_ms = timestamp_ms;
  rtmp::FlvWriter::append(buffer_, stamped);
  return send();
}

Status RtmpPush::send() {
  const FfmpegErrors last;
  auto* io = connection_->io;
  connection_->arm_write(timeout_);
  avio_write(io, reinterpret_cast<const unsigned char*>(buffer_.data()),
             static_cast<int>(buffer_.size()));
  avio_flush(io);
  bytes_ += buffer_.size();
  buffer_.clear();
  if (io->error < 0) return connection_->failure(io->error, "send", last);
  return ok_status();
}

Status RtmpPush::finish() {
  const FfmpegErrors last;
  connection_->hurry.reset();
  connection_->interrupt.arm(kCloseTimeout);
  const int code = connection_->close();
  if (code < 0) return connection_->failure(code, "close", last);
  return ok_status();
}

}  // namespace ts::media
