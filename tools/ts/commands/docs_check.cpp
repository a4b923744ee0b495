// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "common/help.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace in_docs_check {

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

/// The commands of a line, in order: what stands between pipes and "&&".
std::vector<std::vector<std::string>> commands_of(std::string_view line) {
  std::vector<std::vector<std::string>> out;
  while (!line.empty()) {
    const auto pipe = std::min(line.find(" | "), line.find(" && "));
    out.push_back(shell_words(line.substr(0, pipe)));
    if (pipe == std::string_view::npos) break;
    line.remove_prefix(line.find(' ', pipe + 1) + 1);
  }
  return out;
}

/// @return what is wrong with the example, or nothing.
std::string check_example(const Command& command, std::string_view line) {
  const auto path = split(command.path, ' ');
  for (std::vector<std::string> words : commands_of(line)) {
    const auto ours = std::find(words.begin(), words.end(), "ts");
    if (ours == words.end()) continue;
    words.erase(words.begin(), ours + 1);
    std::size_t skip = 0;
    while (skip < path.size() && skip < words.size() && words[skip] == path[skip]) ++skip;
    // The bare noun stands for its main verb.
    if (skip != path.size() && !(command.main_verb && skip == 1)) continue;
    if (command.bind == nullptr) return {};
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(skip));
    CLI::App app;
    app.set_help_flag();
    GlobalOptions options;
    add_global_options(app, options);
    const Runner keeps_the_options = command.bind(app);
    try {
      std::reverse(words.begin(), words.end());
      app.parse(std::move(words));
    } catch (const CLI::ParseError& failure) {
      return fmt::format("'{}' does not parse: {}", line, failure.what());
    }
    return {};
  }
  return fmt::format("'{}' does not run {}", line, command.path);
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

}  // namespace in_docs_check

Command docs_check() {
  using namespace in_docs_check;
  return {.path = "docs check",
          .summary = "Check that every command has a summary and examples that parse; list them",
          .example = "ts docs check",
          .bind = [](CLI::App&) -> Runner { return run; },
          .hidden = true};
}

}  // namespace ts::cli
