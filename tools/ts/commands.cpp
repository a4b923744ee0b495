// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace ts::cli {

Program ts_program() {
  return {
      .name = "ts",
      .summary = "live streams from a terminal (LiveKit, Mux, RTMP, HLS)",
      .commands =
          {
              completion_command(),
              db_backup(),
              db_check(),
              db_migrate(),
              db_restore(),
              docs_man(),
              env_add(),
              env_fix(),
              env_init(),
              env_list(),
              env_remove(),
              env_show(),
              env_use(),
              mux_complete(),
              mux_create(),
              mux_delete(),
              mux_disable(),
              mux_enable(),
              mux_get(),
              mux_list(),
              mux_playback_url(),
              mux_wait(),
              playback_check(),
              sandbox_down(),
              sandbox_reset(),
              sandbox_status(),
              sandbox_up(),
              token_create(),
              token_inspect(),
              token_verify(),
              version(),
          },
      .topics = help_topics(),
  };
}

}  // namespace ts::cli
