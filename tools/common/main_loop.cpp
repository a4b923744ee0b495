// SPDX-License-Identifier: Apache-2.0
#include "common/main_loop.hpp"

#include "common/context.hpp"
#include "common/help.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

// NOLINTNEXTLINE(readability-redundant-declaration): POSIX asks the program to declare it.
extern char** environ;

namespace ts::cli {
namespace {

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      out.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
  }
  return out;
}

/// The words of a command line, global options before the noun moved behind it.
struct CommandLine {
  std::vector<std::string> words;
  bool wants_json = false;
};

/// True for the global options that take a value in the next word.
bool takes_value(std::string_view word) {
  return word == "-o" || word == "--output" || word == "-P" || word == "--profile" ||
         word == "--env-file" || word == "--color";
}

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
  line.words.insert(line.words.end(), leading.begin(), leading.end());
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

struct Match {
  const Command* command = nullptr;
  std::size_t words = 0;  ///< How many words of the line are the command's path.
};

/// The command with the longest path that the line begins with; else the noun's main verb.
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

/// A mistyped verb must not become the argument of the noun's main verb: "ts compose tak".
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

/// CLI11's complaints in our words, with the nearest option where one was mistyped.
Error usage_error(const CLI::App& app, const CLI::ParseError& failure, const Program& program,
                  const Command& command) {
  Error error{.kind = ErrorKind::kUsage, .message = failure.what()};
  error.hint = fmt::format("{} {} --help shows its options", program.name, command.path);
  if (dynamic_cast<const CLI::ExtrasError*>(&failure) != nullptr) {
    const auto extras = app.remaining();
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

/// Takes "--name=" apart: CLI11 would give an option with an empty value the word that follows.
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

/// Refuses "--name --json": an option without its value would take the next option for it.
Status check_values(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") break;
    if (word.size() < 2 || word.front() != '-') continue;
    const CLI::Option* option = app.get_option_no_throw(word);
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    const std::string& next = arguments[i + 1];
    if (word == "--ref" && trim(next).empty()) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = "--ref is empty, so nothing could be found again by it",
                   .hint = "give a key of your own: is the variable set that it comes from?"};
    }
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

Result<std::optional<std::string>> read_env_file(const std::string& given, std::string& path,
                                                 bool& loose) {
  path = given.empty() ? ".env" : given;
  struct stat info {};
  if (given.empty() && ::stat(path.c_str(), &info) != 0) return std::optional<std::string>{};
  auto text = read_file(path, std::size_t{1} << 20U);
  if (!text) {
    Error error = std::move(text).error();
    error.kind = ErrorKind::kConfig;
    return error;
  }
  loose = ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0077U) != 0;
  return std::optional<std::string>(std::move(text).value());
}

/// The profile asked for, or the one `ts env use` chose.
Result<std::optional<std::string>> read_profile(const std::filesystem::path& folder,
                                                std::string& name) {
  const bool asked = !name.empty();
  if (!asked) {
    auto current = read_file(folder / "current", 4096);
    if (!current) return std::optional<std::string>{};
    name = std::string(trim(current.value()));
    if (name.empty()) return std::optional<std::string>{};
  }
  if (name.find('/') != std::string::npos || name.starts_with('.')) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("'{}' is not a profile name", shorten(name, 60))};
  }
  auto text = read_file(folder / "profiles" / (name + ".env"), std::size_t{1} << 20U);
  if (!text) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("there is no profile '{}'", shorten(name, 60)),
                 .hint = "ts env list shows the profiles, ts env add makes one"};
  }
  return std::optional<std::string>(std::move(text).value());
}

bool show_color(const GlobalOptions& options, const std::map<std::string, std::string>& environment,
                bool terminal) {
  if (options.color == "always") return true;
  if (options.color == "never") return false;
  const auto no_color = environment.find("NO_COLOR");
  const auto term = environment.find("TERM");
  return terminal && (no_color == environment.end() || no_color->second.empty()) &&
         (term == environment.end() || term->second != "dumb");
}

Format format_of(const GlobalOptions& options) {
  if (options.json || options.format == "json") return Format::kJson;
  if (options.format == "id") return Format::kId;
  if (options.format == "raw") return Format::kRaw;
  if (options.format == "env") return Format::kEnv;
  return Format::kText;
}

LogLevel level_of(int verbosity) {
  switch (verbosity) {
    case 0:
      return LogLevel::kWarning;
    case 1:
      return LogLevel::kInfo;
    case 2:
      return LogLevel::kDebug;
    default:
      return LogLevel::kTrace;
  }
}

Log::Sink make_sink(bool json_lines) {
  return [json_lines](const Log::Line& line) {
    std::string text;
    if (json_lines) {
      Json entry;
      entry["time"] = format_rfc3339(line.time);
      entry["level"] = std::string(to_string(line.level));
      entry["component"] = std::string(line.component);
      entry["text"] = std::string(line.text);
      text = dump_json(entry) + "\n";
    } else {
      text = fmt::format("{} {}: {}\n", to_string(line.level), line.component, line.text);
    }
    static_cast<void>(::write(STDERR_FILENO, text.data(), text.size()) >= 0);
  };
}

std::filesystem::path program_path(const char* argv0) {
  std::error_code failure;
  auto path = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? std::filesystem::path(argv0) : path;
}

/// For --dry-run: nothing that is waited for comes, so no wait takes time.
class HastyClock final : public Clock {
 public:
  explicit HastyClock(std::unique_ptr<Clock> clock) : clock_(std::move(clock)) {}
  [[nodiscard]] WallTime now() const override { return clock_->now(); }
  [[nodiscard]] SteadyTime steady_now() const override { return clock_->steady_now(); }
  bool wait_until(SteadyTime /*deadline*/, std::stop_token stop) override {
    return !stop.stop_requested();
  }

 private:
  std::unique_ptr<Clock> clock_;
};

/// Everything after the command is known: settings, outputs, the run, the exit code.
class Session {
 public:
  Session(const Program& program, const Command& command, GlobalOptions options, const char* argv0)
      : program_(program), command_(command), options_(std::move(options)), argv0_(argv0) {}

  int run(const Runner& runner) {
    auto environment = read_environment();
    const Output::Options shown{
        .format = format_of(options_),
        .quiet = options_.quiet,
        .color_stdout = show_color(options_, environment, ::isatty(STDOUT_FILENO) == 1),
        .color_stderr = show_color(options_, environment, ::isatty(STDERR_FILENO) == 1),
        .terminal_stdout = ::isatty(STDOUT_FILENO) == 1,
        .terminal_stderr = ::isatty(STDERR_FILENO) == 1};
    const SystemClock log_clock;
    const auto log_format = environment.find("TS_LOG_FORMAT");
    Log log(log_clock, level_of(options_.verbosity),
            make_sink(log_format != environment.end() && log_format->second == "json"));
    Output out(shown, log);
    auto parts = make_parts(std::move(environment), log, out);
    if (!parts) return fail(out, std::move(parts).error(), 0);
    Context context(std::move(parts).value());
    if (!context.out().json()) {
      for (const std::string& warning : context.settings().warnings()) out.warn(warning);
    }
    Status status = context.finish_dry_run(run_guarded(runner, context));
    out.progress("");
    if (status.ok()) return 0;
    return fail(out, std::move(status).error(), context.stop_signal());
  }

 private:
  Result<Context::Parts> make_parts(std::map<std::string, std::string> environment, Log& log,
                                    Output& out) {
    config::Sources sources;
    sources.environment = environment;
    TS_TRY(sources.env_file_text,
           read_env_file(options_.env_file, sources.env_file_path, sources.env_file_loose));
    const auto config_home = environment.find("XDG_CONFIG_HOME");
    const auto home = environment.find("HOME");
    std::filesystem::path folder;
    if (config_home != environment.end() && config_home->second.starts_with('/')) {
      folder = std::filesystem::path(config_home->second) / "ts";
    } else if (home != environment.end()) {
      folder = std::filesystem::path(home->second) / ".config/ts";
    }
    sources.profile_name = options_.profile;
    if (!folder.empty()) {
      TS_TRY(sources.profile_text, read_profile(folder, sources.profile_name));
    }
    TS_TRY(auto settings, config::Settings::resolve(std::move(sources)));
    std::unique_ptr<Clock> clock = std::make_unique<SystemClock>();
    TS_TRY(const auto fake_now, settings.text("TS_FAKE_NOW"));
    if (!fake_now.empty()) {
      auto now = parse_rfc3339(fake_now);
      if (!now) {
        Error error = std::move(now).error();
        error.kind = ErrorKind::kConfig;
        return std::move(error).with_context("TS_FAKE_NOW");
      }
      clock = std::make_unique<FrozenClock>(now.value());
      out.status(fmt::format("the clock is frozen at {} (TS_FAKE_NOW)", fake_now));
    }
    if (options_.dry_run) clock = std::make_unique<HastyClock>(std::move(clock));
    Context::Parts parts;
    parts.options = options_;
    parts.settings = std::move(settings);
    parts.environment = std::move(environment);
    parts.program = program_path(argv0_);
    parts.clock = std::move(clock);
    parts.log = &log;
    parts.out = &out;
    return parts;
  }

  Status run_guarded(const Runner& runner, Context& context) {
    try {
      return runner(context);
    } catch (const std::bad_alloc&) {
      return Error{.kind = ErrorKind::kInternal, .message = "out of memory"};
    } catch (const std::exception& bug) {
      return Error{.kind = ErrorKind::kInternal,
                   .message = fmt::format("a bug in {}: {}", program_.name, bug.what()),
                   .hint = "report it with the command line that led to it"};
    }
  }

  /// What to do next where the error itself does not say.
  [[nodiscard]] std::string fallback_hint(ErrorKind kind) const {
    const std::string noun(command_.path.substr(0, command_.path.find(' ')));
    switch (kind) {
      case ErrorKind::kUsage:
        return fmt::format("{} {} --help shows its options", program_.name, command_.path);
      case ErrorKind::kConfig:
        return "ts env check tells what is set, and what is missing";
      case ErrorKind::kAuth:
        return "ts env check --online tells which credential is refused";
      case ErrorKind::kNotFound: {
        const std::string list = noun + " list";
        for (const Command& command : program_.commands) {
          if (command.path == list)
            return fmt::format("{} {} shows what there is", program_.name, list);
        }
        return "check its name";
      }
      case ErrorKind::kConflict:
        return "look at its state, then try again";
      case ErrorKind::kRemote:
        return "run it again with -vv to see each request";
      case ErrorKind::kDeadline:
        return "give it more time with --timeout";
      case ErrorKind::kCheckFailed:
        return fmt::format("{} {} --help tells what is checked", program_.name, command_.path);
      case ErrorKind::kInternal:
        return "report it with the command line that led to it";
      default:
        return {};
    }
  }

  int fail(Output& out, Error error, int stop_signal) {
    if (error.code == "dry_run") return 0;
    if (error.code == "closed_pipe") return 0;
    if (error.hint.empty()) error.hint = fallback_hint(error.kind);
    if (error.kind == ErrorKind::kInterrupted && stop_signal == SIGTERM) {
      error.kind = ErrorKind::kTerminated;
    }
    out.error(program_.name, error);
    return exit_code(error.kind);
  }

  const Program& program_;
  const Command& command_;
  GlobalOptions options_;
  const char* argv0_;
};

/// Prints `text` to stdout and returns 0.
int show(std::string_view text) {
  std::cout << text << std::flush;
  return 0;
}

int usage_failure(const Program& program, const Error& error, bool json) {
  Log log;
  Output out({.format = json ? Format::kJson : Format::kText}, log);
  out.error(program.name, error);
  return exit_code(error.kind);
}

/// A form of -o that the command does not print must not be found out after it did its work.
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
  const Status form = check_form(command, options);
  if (!form.ok()) return usage_failure(program, form.error(), wants_json);
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
  try {
    return dispatch(program, argc, argv);
  } catch (const std::exception& bug) {
    std::cerr << program.name << ": a bug: " << bug.what() << '\n';
    return 70;
  }
}

}  // namespace ts::cli
