// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/bounded_queue.hpp"
#include "core/log.hpp"
#include "sandbox/media_jobs.hpp"
#include "sandbox/media_worker.hpp"
#include "sandbox/publication.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace ts::sandbox {

/// Records one asset: a child per publisher connection, then one that ends the playlists. All of
/// it on a thread of its own.
class MediaRecorder {
 public:
  struct Connect {
    std::shared_ptr<Publication> publication;
    bool resume = false;
    bool audio_only = false;
  };
  struct End {};
  using Order = std::variant<Connect, End, AssetImport>;
  using Note = std::function<void(std::string)>;

  MediaRecorder(const MediaOptions& options, const MediaHooks& hooks, Note note, Log& log,
                std::string asset, std::filesystem::path folder)
      : options_(options),
        hooks_(hooks),
        note_(std::move(note)),
        log_(log),
        asset_(std::move(asset)),
        folder_(std::move(folder)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void order(Order order) { orders_.try_push(std::move(order)); }
  [[nodiscard]] bool done() const { return done_; }

 private:
  void run(const std::stop_token& stop);
  void begin(const Connect& connect);
  void begin(AssetImport import);
  /// A file is whole or it is no asset.
  void end_import();
  void describe(const Json& started);
  void read_line(const std::stop_token& stop);
  void drain(const std::stop_token& stop);
  void close_worker();
  void complete(const std::stop_token& stop);
  void fail(std::string why);

  const MediaOptions& options_;
  const MediaHooks& hooks_;
  Note note_;
  Log& log_;
  std::string asset_;
  std::filesystem::path folder_;
  BoundedQueue<Order> orders_{64};
  std::unique_ptr<MediaWorker> worker_;
  std::optional<AssetImport> import_;
  RecordingInfo info_;
  std::string error_;
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

}  // namespace ts::sandbox
