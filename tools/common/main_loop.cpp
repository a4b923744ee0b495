// SPDX-License-Identifier: Apache-2.0
#include "common/main_loop.hpp"

#include "common/arguments.hpp"
#include "common/command_line.hpp"
#include "common/context.hpp"
#include "common/help.hpp"
#include "common/session.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

namespace ts::cli {
namespace {

/// Prints `text` to stdout and returns 0.
int show(std::string_view text) {
  std::cout << text << std::flush;
  return 0;
}

/// Before there is a session.
int usage_failure(const Program& program, const Error& error, bool json) {
  Log log;
  Output out({.format = json ? Format::kJson : Format::kText}, log);
  out.error(program.name, error);
  return exit_code(error.kind);
}

int run_command(const Program& program, const Command& command, std::vector<std::string> arguments,
                bool wants_json, int argc, char** argv) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  const bool asks_help = std::any_of(arguments.begin(), end, [](const std::string& word) {
    return word == "--help" || word == "-h";
  });
  if (asks_help && !command.delegated) return show(command_help(program, command));
  GlobalOptions options;
  if (command.delegated) {
    // ts replaces itself: same pid, same terminal, same signals, exit code untouched.
    options.json = wants_json;
    Session session(program, command, options, argv[0]);
    return session.run([&](Context& context) -> Status {
      const auto found = context.media_program();
      // It knows the options; without it there is at least the summary.
      if (!found.ok() && asks_help) return context.out().print(command_help(program, command));
      TS_TRY(const auto media, found);
      std::vector<char*> words(argv, argv + argc);
      words.push_back(nullptr);
      // Its messages speak of the program that was typed.
      std::string name(program.name);
      words.front() = name.data();
      ::execv(media.c_str(), words.data());
      return Error{
          .kind = ErrorKind::kConfig,
          .message = fmt::format("cannot start {} ({})", media.string(), std::strerror(errno))};
    });
  }
  CLI::App app;
  app.set_help_flag();
  app.allow_extras(false);
  add_global_options(app, options);
  Runner runner = command.bind(app);
  split_empty_values(app, arguments);
  if (const Status values = check_values(app, arguments); !values.ok()) {
    Error error = values.error();
    error.hint += fmt::format("; {} {} --help shows its options", program.name, command.path);
    return usage_failure(program, error, wants_json);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& failure) {
    return usage_failure(program, usage_error(app, failure, program, command), wants_json);
  }
  for (const Status& checked : {check_empty(app), check_form(command, options)}) {
    if (!checked.ok()) return usage_failure(program, checked.error(), wants_json);
  }
  Session session(program, command, options, argv[0]);
  return session.run(runner);
}

int run_help(const Program& program, const std::vector<std::string>& words, bool json) {
  if (words.size() < 2) return show(program_help(program));
  for (const HelpTopic& topic : program.topics) {
    if (topic.name == words[1]) return show(fmt::format("{}\n", topic.text));
  }
  const std::vector<std::string> path(words.begin() + 1, words.end());
  const Match match = find_command(program, path);
  if (match.command != nullptr && match.words == path.size() &&
      (path.size() > 1 || match.command->path == path[0])) {
    return show(command_help(program, *match.command));
  }
  // The longest noun first: "mux asset", then "mux".
  for (std::string noun = fmt::format("{}", fmt::join(path, " ")); !noun.empty();
       noun.resize(noun.rfind(' ') == std::string::npos ? 0 : noun.rfind(' '))) {
    for (const Command& command : program.commands) {
      if (command.path == noun || command.path.starts_with(noun + " ")) {
        return show(noun_help(program, noun));
      }
    }
  }
  std::vector<std::string> topics;
  for (const HelpTopic& topic : program.topics) topics.emplace_back(topic.name);
  return usage_failure(
      program,
      Error{.kind = ErrorKind::kUsage,
            .message = fmt::format("there is no help for '{}'", shorten(words[1], 60)),
            .hint =
                fmt::format("topics: {}; or {} help NOUN", fmt::join(topics, ", "), program.name)},
      json);
}

int dispatch(const Program& program, int argc, char** argv) {
  const CommandLine line = read_command_line(argc, argv);
  const auto& words = line.words;
  if (words.empty() || words.front() == "--help" || words.front() == "-h") {
    if (words.empty() && ::isatty(STDIN_FILENO) != 1) {
      std::cerr << program.name << ": no command was given (this is not the timestamp filter)\n"
                << "    " << program.name << " --help lists the commands\n";
      return 2;
    }
    return show(program_help(program));
  }
  if (words.front() == "--version") return show(fmt::format("{} {}\n", program.name, TS_VERSION));
  if (words.front() == "--commands") {
    for (const Command& command : program.commands) {
      std::cout << command.path << (command.delegated ? " (delegated)" : "") << '\n';
    }
    return 0;
  }
  if (words.front() == "help") return run_help(program, words, line.wants_json);
  const Match match = find_command(program, words);
  const auto help = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "--help" || word == "-h";
  });
  // Of a noun, or of one of two words such as "mux asset". A command of its own knows its options.
  const auto noun_words = static_cast<std::size_t>(help - words.begin());
  if (help != words.end() && (noun_words == 1 || noun_words == 2) &&
      (match.command == nullptr ||
       (noun_words == 1 && match.command->path.find(' ') != std::string_view::npos))) {
    std::vector<std::string> noun(words.begin(), help);
    const bool known =
        std::any_of(program.commands.begin(), program.commands.end(), [&](const Command& command) {
          return command.path.starts_with(fmt::format("{} ", fmt::join(noun, " ")));
        });
    if (known || noun_words == 1) {
      noun.insert(noun.begin(), "help");
      return run_help(program, noun, line.wants_json);
    }
  }
  if (match.command == nullptr || mistypes_a_verb(program, words, match)) {
    return usage_failure(program, unknown_command(program, words), line.wants_json);
  }
  return run_command(program, *match.command,
                     std::vector<std::string>(
                         words.begin() + static_cast<std::ptrdiff_t>(match.words), words.end()),
                     line.wants_json, argc, argv);
}

}  // namespace

int run_program(const Program& program, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit fails, and what was done is told
  try {
    return dispatch(program, argc, argv);
  } catch (const std::exception& bug) {
    std::cerr << program.name << ": a bug: " << bug.what() << '\n';
    return 70;
  }
}

}  // namespace ts::cli
