// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "rtmp/tag_ring.hpp"
#include "sandbox/effects.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// One publisher's media, offered to any number of consumers: everything, or one track alone.
/// `push` and `close` belong to the RTMP server's event loop; the rest is thread-safe.
class Publication {
 public:
  void push(const rtmp::TagView& tag);
  void close();
  /// A consumer of both tracks or of one.
  [[nodiscard]] std::unique_ptr<rtmp::TagRing::Reader> subscribe(bool audio, bool video);
  /// A muted track is left out from now on (its decoder configuration is not).
  void mute(bool video, bool muted);

 private:
  rtmp::TagRing both_;
  rtmp::TagRing video_;
  rtmp::TagRing audio_;
  std::atomic<bool> video_muted_{false};
  std::atomic<bool> audio_muted_{false};
};

/// What a recording consists of by now.
struct RecordingInfo {
  std::size_t segments = 0;
  milliseconds duration{};
  std::int64_t peak_bits_per_s = 0;
};

/// Runs the `ts-media` children that record and forward publications. Thread-safe; the hooks are
/// called on its own threads.
class MediaHost {
 public:
  struct Hooks {
    std::function<void(const std::string& asset, const RecordingInfo&)> progress{};
    std::function<void(const std::string& asset, const RecordingInfo&, std::string_view error)>
        completed{};
    /// What an imported asset turned out to be.
    std::function<void(const std::string& asset, const StreamInfo&)> described{};
    /// A file of an asset is there, or is not going to be.
    std::function<void(const FileMake&, std::int64_t bytes, std::string_view error)> file_made{};
    std::function<void(RelayId)> connected{};
    std::function<void(RelayId, std::string_view error, RelayLeft left)> ended{};
  };
  struct Options {
    std::filesystem::path program{};     ///< ts-media; empty: nothing can be recorded or forwarded.
    std::filesystem::path recordings{};  ///< One folder per asset below it.
    std::filesystem::path files{};       ///< Relays into files and folders write below it.
    std::vector<std::string> environment{};
    bool loopback_only = true;  ///< Relays to other machines fail with a clear reason.
  };
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
  class Recorder;
  class FileWriter;
  class Relay;

  std::shared_ptr<Publication> find(PublishId publish) const;
  void sweep();
  void note(std::string trouble);
  std::unique_ptr<Recorder> make_recorder(const std::string& asset);

  Options options_;
  Hooks hooks_;
  Log& log_;
  mutable std::mutex mutex_;
  std::map<PublishId, std::shared_ptr<Publication>> publications_;
  std::map<std::string, std::unique_ptr<Recorder>, std::less<>> recorders_;
  std::map<RelayId, std::unique_ptr<Relay>> relays_;
  std::vector<std::unique_ptr<FileWriter>> writers_;
  mutable std::mutex troubles_mutex_;
  std::vector<std::string> troubles_;
};

}  // namespace ts::sandbox
