// SPDX-License-Identifier: Apache-2.0
// Which command the words of a command line mean.
#include "common/command_line.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

namespace ts::cli {
namespace {

/// True for the global options that take a value in the next word.
bool takes_value(std::string_view word) {
  return word == "-o" || word == "--output" || word == "-P" || word == "--profile" ||
         word == "--env-file" || word == "--color";
}

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
  CommandLine line;
  std::vector<std::string> leading;
  bool noun_seen = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--json" || word == "-ojson") line.wants_json = true;
    if ((word == "-o" || word == "--output") && i + 1 < argc &&
        std::strcmp(argv[i + 1], "json") == 0) {
      line.wants_json = true;
    }
    if (word == "--") {
      for (; i < argc; ++i) line.words.emplace_back(argv[i]);
      break;
    }
    if (!noun_seen && word.size() > 1 && word.front() == '-' && word != "--help" && word != "-h" &&
        word != "--version" && word != "--commands") {
      leading.push_back(word);
      if (takes_value(word) && i + 1 < argc) leading.emplace_back(argv[++i]);
      continue;
    }
    noun_seen = true;
    line.words.push_back(std::move(word));
  }
  // In front of the command's own options: behind a "--" they would be somebody else's words.
  const auto begin = line.words.begin() + (line.words.empty() ? 0 : 1);
  const auto at = line.words.empty() || line.words.front().starts_with('-')
                      ? line.words.end()
                      : std::find_if(begin, line.words.end(),
                                     [](const std::string& word) { return word.starts_with('-'); });
  line.words.insert(at, leading.begin(), leading.end());
  return line;
}

Error unknown_command(const Program& program, const std::vector<std::string>& words) {
  const std::string& noun = words.front();
  std::vector<std::string> nouns;
  std::vector<std::string> verbs;
  std::vector<std::string> inner;  // of a noun of two words, such as "mux asset"
  for (const Command& command : program.commands) {
    const auto parts = split(command.path, ' ');
    nouns.emplace_back(parts[0]);
    if (parts[0] != noun || parts.size() < 2) continue;
    if (verbs.empty() || verbs.back() != parts[1]) verbs.emplace_back(parts[1]);
    if (parts.size() > 2 && words.size() > 1 && parts[1] == words[1]) inner.emplace_back(parts[2]);
  }
  if (!inner.empty()) {
    const std::string both = fmt::format("{} {} {}", program.name, noun, words[1]);
    const bool named = words.size() > 2 && !words[2].starts_with('-');
    Error error{.kind = ErrorKind::kUsage,
                .message = named ? fmt::format("there is no command '{} {} {}'", noun, words[1],
                                               shorten(words[2], 60))
                                 : both + " needs a verb",
                .hint = fmt::format("its verbs: {}", fmt::join(inner, ", "))};
    const auto suggestion = named ? nearest(words[2], inner) : std::nullopt;
    if (suggestion) error.hint = fmt::format("did you mean {} {}?", both, *suggestion);
    return error;
  }
  if (verbs.empty()) {
    Error error{.kind = ErrorKind::kUsage,
                .message = fmt::format("there is no command '{}'", shorten(noun, 60))};
    const auto suggestion = nearest(noun, nouns);
    error.hint = suggestion ? fmt::format("did you mean {} {}?", program.name, *suggestion)
                            : fmt::format("{} --help lists the commands", program.name);
    return error;
  }
  if (words.size() < 2 || words[1].starts_with('-')) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} {} needs a verb", program.name, noun),
                 .hint = fmt::format("{} {} --help lists them: {}", program.name, noun,
                                     fmt::join(verbs, ", "))};
  }
  Error error{.kind = ErrorKind::kUsage,
              .message = fmt::format("there is no command '{} {}'", noun, shorten(words[1], 60))};
  const auto suggestion = nearest(words[1], verbs);
  error.hint = suggestion ? fmt::format("did you mean {} {} {}?", program.name, noun, *suggestion)
                          : fmt::format("{} {} --help lists the verbs", program.name, noun);
  return error;
}

Match find_command(const Program& program, const std::vector<std::string>& words) {
  Match best;
  bool verb_given = false;
  for (const Command& command : program.commands) {
    const auto parts = split(command.path, ' ');
    if (words.size() > 1 && parts.size() > 1 && parts[0] == words[0] && parts[1] == words[1]) {
      verb_given = true;
    }
    if (parts.size() > words.size() || parts.size() <= best.words) continue;
    if (std::equal(parts.begin(), parts.end(), words.begin())) best = {&command, parts.size()};
  }
  if (best.command != nullptr || verb_given || words.empty()) return best;
  for (const Command& command : program.commands) {
    if (command.main_verb && command.path.substr(0, command.path.find(' ')) == words[0]) {
      return {&command, 1};
    }
  }
  return best;
}

bool mistypes_a_verb(const Program& program, const std::vector<std::string>& words,
                     const Match& match) {
  if (match.command == nullptr || match.words != 1 || !match.command->main_verb ||
      words.size() < 2 || words[1].find_first_of("-./:@") != std::string::npos) {
    return false;
  }
  std::vector<std::string> verbs;
  for (const Command& command : program.commands) {
    const auto parts = split(command.path, ' ');
    if (parts.size() > 1 && parts[0] == words[0]) verbs.emplace_back(parts[1]);
  }
  std::error_code ignored;
  return nearest(words[1], verbs) && !std::filesystem::exists(words[1], ignored);
}

}  // namespace ts::cli
