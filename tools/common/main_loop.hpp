// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"

namespace ts::cli {

/// Runs one program: finds the command, parses, runs, prints the error, and returns the exit code.
/// The only place that reads the environment and that catches the exceptions of bugs.
int run_program(const Program& program, int argc, char** argv);

}  // namespace ts::cli
