// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace ts::live {

/// What one go-live has made so far: everything that has to be undone or ended. Kept in the
/// session's row, so that another process can end it after a crash. Never a secret.
struct Resources {
  std::string live_stream_id{};   ///< At Mux.
  bool live_stream_made = false;  ///< False for one that existed before: it is never deleted.
  bool was_active = false;        ///< Viewers have seen it: its recording is kept.
  std::string playback_id{};
  std::string playback_url{};
  std::string room{};
  bool room_made = false;
  std::string ingress_id{};
  std::string egress_id{};
  std::string control_socket{};
  std::string folder{};    ///< Session folder: compositor.jsonl, the show's copy.
  std::string asset_id{};  ///< The recording, known once connected.
  std::string asset_playback_id{};
  double recording_s = 0;  ///< Length of the finished recording; 0: not known.
  long compositor_pid = 0;

  [[nodiscard]] std::string to_text() const;
  static Result<Resources> from_text(std::string_view text);
};

}  // namespace ts::live
