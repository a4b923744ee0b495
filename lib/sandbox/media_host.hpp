// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/log.hpp"
#include "sandbox/effects.hpp"
#include "sandbox/media_jobs.hpp"
#include "sandbox/publication.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

class MediaFileWriter;
class MediaRecorder;
class MediaRelay;

/// Runs the `ts-media` children that record and forward publications. Thread-safe; the hooks are
/// called on its own threads.
class MediaHost {
 public:
  using Hooks = MediaHooks;
  using Options = MediaOptions;
  MediaHost(Options options, Hooks hooks, Log& log);
  MediaHost(const MediaHost&) = delete;
  MediaHost& operator=(const MediaHost&) = delete;
  /// Stops every child: orderly first, then at once.
  ~MediaHost();

  /// Where an asset's playlists and segments are.
  [[nodiscard]] std::filesystem::path folder(std::string_view asset) const;

  std::shared_ptr<Publication> open(PublishId publish);
  /// null when it has gone.
  [[nodiscard]] std::shared_ptr<Publication> publication(PublishId publish) const;
  /// Forgets it; consumers drain what they have.
  void close(PublishId publish);

  void apply(RecordingStart start);
  void apply(const RecordingEnd& end);
  void apply(AssetImport import);
  void apply(const RecordingDelete& gone);
  void apply(FileMake make);
  void apply(RelayStart start);
  void apply(const RelayStop& stop);
  void apply(const TrackMute& mute);

  struct Figures {
    std::size_t publications = 0;
    std::size_t recordings = 0;
    std::size_t relays = 0;
  };
  [[nodiscard]] Figures figures() const;
  /// What went wrong with recordings and files lately, oldest first: "asset ID: no space left …".
  [[nodiscard]] std::vector<std::string> troubles() const;

 private:
  std::shared_ptr<Publication> find(PublishId publish) const;
  void sweep();
  void note(std::string trouble);
  std::unique_ptr<MediaRecorder> make_recorder(const std::string& asset);

  Options options_;
  Hooks hooks_;
  Log& log_;
  mutable std::mutex mutex_;
  std::map<PublishId, std::shared_ptr<Publication>> publications_;
  std::map<std::string, std::unique_ptr<MediaRecorder>, std::less<>> recorders_;
  std::map<RelayId, std::unique_ptr<MediaRelay>> relays_;
  std::vector<std::unique_ptr<MediaFileWriter>> writers_;
  mutable std::mutex troubles_mutex_;
  std::vector<std::string> troubles_;
};

}  // namespace ts::sandbox
