// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "core/result.hpp"
#include "core/unique_fd.hpp"
#include "rtmp/tag_ring.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace ts::media {

/// A publish that came in, as an FLV stream to read. Keep it for as long as `input` is read.
struct IncomingPublish {
  UniqueFd input{};
  std::unique_ptr<rtmp::FlvPipe> pipe{};
};

/// One application and key on which a publisher is awaited. Thread-safe.
class RtmpSlot {
 public:
  RtmpSlot(std::string app, std::string key) : app_(std::move(app)), key_(std::move(key)) {}
  RtmpSlot(const RtmpSlot&) = delete;
  RtmpSlot& operator=(const RtmpSlot&) = delete;

  /// Waits until somebody publishes (or still does) and joins at the last key frame.
  /// @return kInterrupted when stopped.
  Result<IncomingPublish> wait(std::stop_token stop);

 private:
  friend class RtmpListeners;
  class Sink;
  const std::string app_;
  const std::string key_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<rtmp::TagRing> ring_;  // owners: this and the publish itself
};

/// The RTMP servers on which sources of a program wait for their cameras: one for every address and
/// port, any number of keys on each. Every other key is refused. Thread-safe.
class RtmpListeners {
 public:
  /// @param log  may be null; outlives this.
  explicit RtmpListeners(Log* log);
  RtmpListeners(const RtmpListeners&) = delete;
  RtmpListeners& operator=(const RtmpListeners&) = delete;
  ~RtmpListeners();

  /// @param url  rtmp://ADDRESS[:PORT]/APP/KEY with a literal address of this machine; port 1935.
  /// @return the same slot for the same address; kUsage for another form; kConflict when the port
  ///         is in use; kConfig when the address is not one of this machine.
  Result<std::shared_ptr<RtmpSlot>> open(const std::string& url);

 private:
  struct Server;
  Log* log_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace ts::media
