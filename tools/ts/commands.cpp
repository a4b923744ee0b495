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
              sandbox_down(),
              sandbox_reset(),
              sandbox_status(),
              sandbox_up(),
              version(),
          },
      .topics = help_topics(),
  };
}

}  // namespace ts::cli
