// SPDX-License-Identifier: Apache-2.0
// What is wrong with a command's arguments, in words that help.
#include "common/arguments.hpp"

#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace ts::cli {

void split_empty_values(const CLI::App& app, std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    std::string& word = arguments[i];
    if (word.size() < 4 || !word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    const CLI::Option* option = app.get_option_no_throw(word.substr(0, word.size() - 1));
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    word.pop_back();
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(++i), "");
  }
}

Status check_values(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") break;
    if (word.size() < 2 || word.front() != '-') continue;
    const CLI::Option* option = app.get_option_no_throw(word);
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    const std::string& next = arguments[i + 1];
    const std::string name = next.substr(0, next.find('='));
    const bool is_option = name.size() > 1 && name.front() == '-' &&
                           (name == "--" || name == "--help" || name == "-h" ||
                            app.get_option_no_throw(name) != nullptr);
    if (is_option || (next.size() > 2 && next.starts_with("--"))) {
      Error error{
          .kind = ErrorKind::kUsage,
          .message = fmt::format("{} needs a value, but '{}' follows", word, shorten(next, 60)),
          .hint = "give it a value"};
      if (word.starts_with("--")) {
        error.hint = fmt::format("give it a value, or write {}={} to mean just that text", word,
                                 shorten(next, 60));
      }
      return error;
    }
    ++i;
  }
  return ok_status();
}

Status check_empty(const CLI::App& app) {
  // What people read, what an update takes away, what goes to somebody else as it is.
  static constexpr std::string_view kTexts[] = {
      "metadata", "name", "participant-name", "title",  "subtitle", "text", "topic", "passthrough",
      "slate",    "data", "payload",          "command"};
  for (const CLI::Option* option : app.get_options()) {
    const auto& results = option->results();
    if (std::none_of(results.begin(), results.end(),
                     [](const std::string& value) { return trim(value).empty(); })) {
      continue;
    }
    // A name that is no option's is never optional.
    const auto names = option->get_positional() && option->get_name() != "name"
                           ? std::vector<std::string>{option->get_name()}
                           : option->get_lnames();
    const bool text = std::any_of(names.begin(), names.end(), [](const std::string& name) {
      return std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts);
    });
    // A flag without its value is no text of the user's.
    if (text || option->get_items_expected_min() == 0) continue;
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("{} is empty", option->get_name()),
                 .hint = "give it a value: is the variable set that it comes from?"};
  }
  return ok_status();
}

Error usage_error(const CLI::App& app, const CLI::ParseError& failure, const Program& program,
                  const Command& command) {
  Error error{.kind = ErrorKind::kUsage, .message = failure.what()};
  error.hint = fmt::format("{} {} --help shows its options", program.name, command.path);
  const auto extras = app.remaining();
  // An option that was mistyped is why its value, or what follows it, is missing.
  const bool mistyped = dynamic_cast<const CLI::RequiredError*>(&failure) != nullptr &&
                        !extras.empty() && extras.front().starts_with('-');
  if (mistyped || dynamic_cast<const CLI::ExtrasError*>(&failure) != nullptr) {
    const std::string extra = extras.empty() ? std::string() : extras.front();
    if (extra.starts_with('-')) {
      const std::string name = extra.substr(0, extra.find('='));
      error.message =
          fmt::format("{} {} has no option {}", program.name, command.path, shorten(name, 60));
      std::vector<std::string> names;
      for (const CLI::Option* option : app.get_options()) {
        for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
      }
      const auto longer = std::find_if(names.begin(), names.end(), [&](const std::string& known) {
        return name.size() > 4 && known.starts_with(name + "-");
      });
      if (const auto suggestion = nearest(name, names)) {
        error.hint = fmt::format("did you mean {}?", *suggestion);
      } else if (longer != names.end()) {
        error.hint = fmt::format("did you mean {}?", *longer);
      }
    } else {
      error.message = fmt::format("{} {} takes no argument '{}'", program.name, command.path,
                                  shorten(extra, 60));
    }
  } else if (const auto more = error.message.find(": At Most 1 required but received");
             more != std::string::npos) {
    error.message = fmt::format("{} is given more than once", error.message.substr(0, more));
  } else if (constexpr std::string_view kConvert = "Could not convert: ";
             error.message.starts_with(kConvert)) {
    const auto equals = error.message.find(" = ");
    error.message = fmt::format(
        "'{}' is no number that {} can be",
        equals == std::string::npos ? "" : shorten(error.message.substr(equals + 3), 60),
        error.message.substr(kConvert.size(), equals - kConvert.size()));
  } else if (!error.message.empty()) {
    error.message = shorten(error.message, 400);
    if (error.message.front() >= 'A' && error.message.front() <= 'Z' && error.message.size() > 1 &&
        error.message[1] >= 'a' && error.message[1] <= 'z') {
      error.message.front() = static_cast<char>(error.message.front() + 32);
    }
    while (error.message.ends_with('.')) error.message.pop_back();
  }
  return error;
}

Status check_form(const Command& command, const GlobalOptions& options) {
  const std::string& form = options.format;
  if (options.json || command.forms.empty() || (form != "id" && form != "raw" && form != "env")) {
    return ok_status();
  }
  const auto known = split(command.forms, ' ');
  if (std::find(known.begin(), known.end(), form) != known.end()) return ok_status();
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("this command has no -o {} output", form),
               .hint = command.forms == "none" ? "use --json"
                                               : fmt::format("use --json or -o {}", known.front())};
}

}  // namespace ts::cli
