// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compose/compositor.hpp"
#include "control/server.hpp"
#include "scene/show.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace ts::compose {

/// Tells operators what changes: turns the program's events into lines of the control protocol and
/// works out the tally from them.
class EventBoard {
 public:
  /// @param server  must outlive the board.
  EventBoard(control::Server& server, const scene::Show& show);

  /// On the tick's thread, never blocks.
  void on_event(const ProgramEvent& event);
  /// Publishes sources and outputs whose state is another than last time. On one thread.
  void on_snapshot(const Snapshot& snapshot);

 private:
  using Names = std::set<std::string>;
  void publish_scene(std::uint64_t tick, std::string_view state);
  void publish_tally(std::uint64_t tick);
  void publish_recording(std::uint64_t tick, const Snapshot::SourceInfo& source);
  [[nodiscard]] Names sources_of(const std::string& scene) const;

  control::Server& server_;
  // The tick's thread:
  std::map<std::string, Names> scenes_;  ///< The sources each shows.
  std::string program_;
  std::string outgoing_;
  std::string preview_;
  std::string transition_ = "cut";
  Names tally_program_;
  Names tally_preview_;
  // The snapshot's thread:
  std::map<std::string, std::string> source_states_;
  std::map<std::string, std::string> output_states_;
  Names unrecorded_;  ///< The sources whose recordings are in trouble.
};

}  // namespace ts::compose
