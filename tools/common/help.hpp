// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace ts::cli {

struct GlobalOptions;

/// Declares the options every command takes.
void add_global_options(CLI::App& app, GlobalOptions& options);

/// Overview of a program: nouns with their summaries.
std::string program_help(const Program& program);
/// The verbs of one noun (or of "noun verb" with second verbs).
std::string noun_help(const Program& program, std::string_view noun);
/// One command: examples first, then its options.
std::string command_help(const Program& program, const Command& command);
/// A completion script. @return kUsage for an unknown shell.
Result<std::string> completion(const Program& program, std::string_view shell);
/// One man page (roff) for a command, or for the program when `command` is nullptr.
std::string man_page(const Program& program, const Command* command);

}  // namespace ts::cli
