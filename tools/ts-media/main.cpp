// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/main_loop.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <string_view>

int main(int argc, char** argv) {
  // Stream keys pass through this process: no core dumps.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  auto program = ts::cli::media_program_table();
  // `ts` replaced itself: whoever reads the messages typed `ts`.
  if (argc > 0 && std::string_view(argv[0]) == "ts") program.name = "ts";
  return ts::cli::run_program(program, argc, argv);
}
