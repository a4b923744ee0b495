// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "rtmp/flv.hpp"

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace ts::media {

struct RtmpPushOptions {
  std::string ca_file{};         ///< Trusted beside the system's authorities, for rtmps.
  milliseconds timeout{10'000};  ///< Of the connect as a whole, and of each write.
};

/// One RTMP(S) publish that forwards tags byte for byte; nothing is decoded or muxed anew. The
/// certificate of an rtmps server is always verified. Owned and called by one thread.
class RtmpPush {
 public:
  /// Connects and publishes; returns when the server has accepted.
  ///
  /// @param url   rtmp:// or rtmps:// with the stream key as last segment. A Secret because the key
  ///              is a password: it is in no message and no log.
  /// @param stop  Ends connecting within 100 ms, a blocked write within 400 ms.
  /// @return kUsage when it is no such URL; kAuth with the server's words when it refused; kRemote
  ///         (retryable) when no answer came, the connection broke or the certificate is not
  ///         trusted; kInterrupted when stopped.
  static Result<std::unique_ptr<RtmpPush>> open(const Secret& url, const RtmpPushOptions& options,
                                                const std::stop_token& stop);
  RtmpPush(const RtmpPush&) = delete;
  RtmpPush& operator=(const RtmpPush&) = delete;
  /// Closes the connection without a word.
  ~RtmpPush();

  /// @param timestamp_ms  In place of the tag's own; not negative.
  /// @return kRemote (retryable) once the connection is lost: open another, begin with a key frame.
  Status write(const rtmp::TagView& tag, std::int64_t timestamp_ms);
  /// Unpublishes and closes.
  Status finish();

  /// FLV bytes given to the connection.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Connection;
  explicit RtmpPush(std::unique_ptr<Connection> connection);
  Status send();

  std::unique_ptr<Connection> connection_;
  milliseconds timeout_{};
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

}  // namespace ts::media
