// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/filter_stage.hpp"
#include "compose/source.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "scene/show.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

namespace ts::compose {

/// The program's own filter ("filter" of the show), when it has one: on air in a stage of its own
/// so that the tick never waits, offline in place so that every picture has been through it.
class ProgramFilter {
 public:
  /// On its way to the encoders; from one thread. @return what was sent.
  using Sink = std::function<Picture(Picture, std::uint64_t tick)>;

  ProgramFilter(const scene::Show& show, bool offline, Log* log, Sink sink);
  ProgramFilter(const ProgramFilter&) = delete;
  ProgramFilter& operator=(const ProgramFilter&) = delete;
  ~ProgramFilter() = default;

  /// From the tick's thread. @return what viewers see now.
  Picture push(Picture picture, std::uint64_t tick);
  /// Ticks whose picture the filter had no time for. Any thread.
  [[nodiscard]] std::uint64_t late() const noexcept {
    return late_.load(std::memory_order_relaxed);
  }
  /// No more pictures; returns when all went to the sink.
  void finish();

 private:
  Result<Picture> filtered(const Picture& picture);
  void report(const Error& error) const;

  const scene::Canvas canvas_;
  Log* const log_;
  const Sink sink_;
  // Of the stage's thread on air, of the tick's offline:
  PictureConverter converter_;
  std::int64_t count_ = 0;
  Picture last_{};
  bool in_place_;  // offline, until it fails
  std::atomic<std::uint64_t> late_{0};
  std::optional<FilterStage> stage_{};  // last: its thread uses the others
};

/// Whether the program's filter gives each picture at once and in the program's size: makes it, and
/// gives it a picture.
/// @return kUsage or kMedia with the reason.
Status check_program_filter(const scene::Show& show);

}  // namespace ts::compose
