// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace ts::cli {

/// The words of a command line, global options before the noun moved behind it.
struct CommandLine {
  std::vector<std::string> words;
  bool wants_json = false;
};

CommandLine read_command_line(int argc, char** argv);

struct Match {
  const Command* command = nullptr;
  std::size_t words = 0;  ///< How many words of the line are the command's path.
};

/// The command with the longest path that the line begins with; else the noun's main verb.
Match find_command(const Program& program, const std::vector<std::string>& words);
/// A mistyped verb must not become the argument of the noun's main verb: "ts compose tak".
bool mistypes_a_verb(const Program& program, const std::vector<std::string>& words,
                     const Match& match);
/// What is wrong with words that name no command, with the nearest that do.
Error unknown_command(const Program& program, const std::vector<std::string>& words);

}  // namespace ts::cli
