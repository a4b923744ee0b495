// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

namespace ts::cli {

Program media_program_table() {
  return {
      .name = "ts-media",
      .summary = "the media half of ts (compositor, ingest, checks); ts runs it for you",
      .commands =
          {
              media_compose_check(),
              media_compose_explain(),
              media_compose_probe(),
              media_compose_run(),
              media_compose_test(),
              media_check(),
              media_import(),
              media_ingest(),
              media_picture(),
              media_png(),
              media_probe(),
              media_relay(),
              media_remux(),
              media_sheet(),
          },
      .topics = {},
  };
}

}  // namespace ts::cli
