// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"

namespace ts::cli {

/// The program `ts-media`: every command, one line each, in commands.cpp.
Program media_program_table();

// One function a command, each in commands/<noun>_<verb>.cpp.

Command media_compose_check();
Command media_compose_explain();
Command media_compose_probe();
Command media_compose_run();
Command media_compose_test();
Command media_check();
Command media_import();
Command media_ingest();
Command media_picture();
Command media_png();
Command media_probe();
Command media_relay();
Command media_remux();
Command media_sheet();

}  // namespace ts::cli
