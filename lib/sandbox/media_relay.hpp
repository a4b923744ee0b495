// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "sandbox/media_jobs.hpp"
#include "sandbox/publication.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace ts::sandbox {

/// Forwards a publication to one RTMP(S) server, on a thread of its own.
class MediaRelay {
 public:
  MediaRelay(const MediaOptions& options, const MediaHooks& hooks, RelayStart start,
             std::shared_ptr<Publication> publication)
      : options_(options),
        hooks_(hooks),
        start_(std::move(start)),
        publication_(std::move(publication)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void stop() { stopping_ = true; }
  [[nodiscard]] bool done() const { return done_; }

 private:
  void run(const std::stop_token& stop);
  /// @return why it ended; empty when the source did.
  std::string forward(const std::stop_token& stop);
  /// @return why it cannot be; empty when it can.
  [[nodiscard]] std::string describe_target(Json& add) const;
  [[nodiscard]] std::filesystem::path local_path() const;
  [[nodiscard]] RelayLeft left() const;
  void tell_written();
  void read(const Json& json, std::string& error);

  const MediaOptions& options_;
  const MediaHooks& hooks_;
  RelayStart start_;
  std::shared_ptr<Publication> publication_;
  SteadyTime told_{};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

}  // namespace ts::sandbox
