// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
}

namespace ts::cli {

class Context;

/// Does the work of a parsed command line.
using Runner = std::function<Status(Context&)>;

/// One command: parsing is testable without running, running without parsing.
struct Command {
  std::string_view path{};     ///< "token create": noun, then verb (then a second verb).
  std::string_view summary{};  ///< One line, imperative, no period.
  std::string_view example{};  ///< One or more lines, each a command line that parses.
  /// What -o prints beside text and JSON, as words of "id raw env", or "none": another one is
  /// refused before anything is sent. Empty where nothing is sent, or the report knows.
  std::string_view forms{};
  /// Declares the options into a value of its own and returns the runner; nullptr when delegated.
  Runner (*bind)(CLI::App&) = nullptr;
  bool main_verb = false;      ///< The bare noun runs this verb.
  bool hidden = false;         ///< Internal: not in help or completions.
  bool delegated = false;      ///< `ts` replaces itself with `ts-media`.
  std::string_view details{};  ///< More help, after the options.
};

/// A line of the table for a command that lives in ts-media.
constexpr Command delegated(std::string_view path, std::string_view summary,
                            std::string_view example, bool main_verb = false, bool hidden = false) {
  return Command{.path = path,
                 .summary = summary,
                 .example = example,
                 .main_verb = main_verb,
                 .hidden = hidden,
                 .delegated = true};
}

/// A page of `ts help TOPIC`.
struct HelpTopic {
  std::string_view name;
  std::string_view summary;
  std::string_view text;
};

/// One executable: its name, its commands in listing order, its help topics.
struct Program {
  std::string_view name;
  std::string_view summary;
  std::vector<Command> commands;
  std::vector<HelpTopic> topics;
};

}  // namespace ts::cli
