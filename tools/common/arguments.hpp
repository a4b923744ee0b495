// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"
#include "common/context.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
class ParseError;
}  // namespace CLI

namespace ts::cli {

/// Takes "--name=" apart: CLI11 would give an option with an empty value the word that follows.
void split_empty_values(const CLI::App& app, std::vector<std::string>& arguments);
/// Refuses "--name --json": an option without its value would take the next option for it.
Status check_values(const CLI::App& app, const std::vector<std::string>& arguments);
/// After parsing: refuses an argument, or an option's value, that is empty, which mostly comes from
/// a variable that is not set and would read as not given. Texts may be empty.
Status check_empty(const CLI::App& app);
/// CLI11's complaints in our words, with the nearest option where one was mistyped.
Error usage_error(const CLI::App& app, const CLI::ParseError& failure, const Program& program,
                  const Command& command);
/// A form of -o that the command does not print must not be found out after it did its work.
Status check_form(const Command& command, const GlobalOptions& options);

}  // namespace ts::cli
