// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/unique_fd.hpp"
#include "rtmp/flv.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace ts::rtmp {

/// Shared by the cache and every reader that has yet to write it; constant once made.
using TagPointer = std::shared_ptr<const Tag>;

/// What a late consumer needs to begin: metadata, decoder configurations, and every tag since the
/// last key frame. Single-threaded.
class GopCache {
 public:
  /// @param max_bytes  Bound on the tags since the key frame; a longer group is forgotten and the
  ///                   late consumer begins at the next key frame.
  explicit GopCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void push(const TagPointer& tag);
  /// Metadata and decoder configurations, in this order, those that are known.
  [[nodiscard]] std::vector<TagPointer> headers() const;
  /// Tags since the last key frame; empty when there is none to begin with.
  [[nodiscard]] const std::vector<TagPointer>& group() const { return group_; }
  [[nodiscard]] bool has_video() const { return has_video_; }
  [[nodiscard]] bool has_audio() const { return has_audio_; }

 private:
  std::size_t max_bytes_;
  TagPointer metadata_;
  TagPointer video_header_;
  TagPointer audio_header_;
  std::vector<TagPointer> group_;
  std::size_t group_bytes_ = 0;
  bool has_video_ = false;
  bool has_audio_ = false;
};

/// One publish for many consumers, each at its own pace. One producer pushes and never waits;
/// every reader has a queue bounded in bytes. A reader whose queue is full loses it whole and goes
/// on at the next key frame (with the headers again), so that it always has a decodable stream.
/// Thread-safe; the ring must outlive its readers' use or be closed.
class TagRing {
 public:
  struct Limits {
    std::size_t cache_bytes = std::size_t{32} << 20U;   ///< See GopCache.
    std::size_t reader_bytes = std::size_t{16} << 20U;  ///< Per reader.
  };

  class Reader;

  TagRing() : TagRing(Limits{}) {}
  explicit TagRing(Limits limits);
  TagRing(const TagRing&) = delete;
  TagRing& operator=(const TagRing&) = delete;
  ~TagRing();

  void push(const TagView& tag);
  /// No more tags: readers drain what they have, then end. Idempotent.
  void close();
  /// A consumer that begins with the headers and the current group of pictures.
  [[nodiscard]] std::unique_ptr<Reader> subscribe();

  [[nodiscard]] bool has_video() const;
  [[nodiscard]] bool has_audio() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // Shared with the readers, which may outlive the ring.
};

/// One consumer of a TagRing. Used by one thread; destroying it unsubscribes.
class TagRing::Reader {
 public:
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  /// Waits for the next tag. nullptr when stopped, or when the ring is closed and drained.
  [[nodiscard]] TagPointer pop(std::stop_token stop);
  /// nullptr when there is none now.
  [[nodiscard]] TagPointer try_pop();
  /// Tags lost because this reader was slow.
  [[nodiscard]] std::uint64_t dropped() const;
  /// True when the ring is closed and nothing is left.
  [[nodiscard]] bool finished() const;

 private:
  friend class TagRing;
  struct Queue;
  Reader(std::shared_ptr<State> state, std::shared_ptr<Queue> queue);
  std::shared_ptr<State> state_;
  std::shared_ptr<Queue> queue_;
};

/// Copies a reader as an FLV stream into a pipe or socket (a child's standard input) on a thread
/// of its own. The descriptor is closed when the ring has ended and everything is written, when
/// the other end has gone, or on destruction. Destruction drops what is not written yet, for the
/// reader may be stuck: keep the pipe until `wait` says that it has finished.
class FlvPipe {
 public:
  FlvPipe(std::unique_ptr<TagRing::Reader> reader, UniqueFd out);
  FlvPipe(const FlvPipe&) = delete;
  FlvPipe& operator=(const FlvPipe&) = delete;
  ~FlvPipe();

  /// True once the descriptor is closed.
  [[nodiscard]] bool finished() const noexcept;
  /// Waits for that, at most `limit`. @return finished().
  bool wait(milliseconds limit) const;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept;
  [[nodiscard]] std::uint64_t dropped_tags() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::rtmp
