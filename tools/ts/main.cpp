// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/main_loop.hpp"

int main(int argc, char** argv) { return ts::cli::run_program(ts::cli::ts_program(), argc, argv); }
