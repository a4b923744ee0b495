// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.hpp"
#include "common/context.hpp"
#include "common/help.hpp"
#include "core/text.hpp"

namespace ts::cli {
namespace {

/// The words of an example line as a shell would split them: quotes, comments, pipes and
/// redirections end what is ours.
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = 0;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word.push_back(c);
      }
      continue;
    }
    if (c == '\'' || c == '"') {
      quote = c;
      open = true;
    } else if (c == ' ') {
      if (open || !word.empty()) words.push_back(std::move(word));
      word.clear();
      open = false;
    } else if ((c == '|' || c == '>' || c == '<' || c == '#' || c == ';' || c == '&') &&
               word.empty() && !open) {
      return words;
    } else {
      word.push_back(c);
    }
  }
  if (open || !word.empty()) words.push_back(std::move(word));
  return words;
}

/// @return what is wrong with the example, or nothing.
std::string check_example(const Command& command, std::string_view line) {
  auto words = shell_words(line);
  const auto ours = std::find(words.begin(), words.end(), "ts");
  if (ours == words.end()) return fmt::format("'{}' does not run ts", line);
  words.erase(words.begin(), ours + 1);
  const auto path = split(command.path, ' ');
  std::size_t skip = 0;
  while (skip < path.size() && skip < words.size() && words[skip] == path[skip]) ++skip;
  if (skip == 0) return fmt::format("'{}' is not about {}", line, command.path);
  if (command.bind == nullptr) return {};
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(skip));
  CLI::App app;
  app.set_help_flag();
  GlobalOptions options;
  add_global_options(app, options);
  command.bind(app);
  try {
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::ParseError& failure) {
    return fmt::format("'{}' does not parse: {}", line, failure.what());
  }
  return {};
}

Status run(Context& context) {
  std::string listed;
  std::vector<std::string> problems;
  for (const Command& command : ts_program().commands) {
    if (command.hidden) continue;
    listed += fmt::format("{}\n", command.path);
    if (command.summary.empty() || command.summary.ends_with('.')) {
      problems.push_back(fmt::format("{} needs a summary without a period", command.path));
    }
    for (const std::string_view line : split(command.example, '\n')) {
      if (auto problem = check_example(command, line); !problem.empty()) {
        problems.push_back(std::move(problem));
      }
    }
  }
  TS_CHECK(context.out().print(listed));
  if (problems.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{}", fmt::join(problems, "; ")),
               .hint = "mend the command's table entry"};
}

}  // namespace

Command docs_check() {
  return {.path = "docs check",
          .summary = "Check that every command has a summary and examples that parse; list them",
          .example = "ts docs check",
          .bind = [](CLI::App&) -> Runner { return run; },
          .hidden = true};
}

}  // namespace ts::cli
