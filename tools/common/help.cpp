// SPDX-License-Identifier: Apache-2.0
#include "common/help.hpp"

#include "common/context.hpp"
#include "core/text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ts::cli {
namespace {

constexpr const char* kGlobalGroup = "Options of every command";

std::string_view noun_of(std::string_view path) { return path.substr(0, path.find(' ')); }

/// Nouns in listing order with the summary of the main verb, or of the only one.
std::vector<std::pair<std::string_view, std::vector<const Command*>>> by_noun(
    const Program& program) {
  std::vector<std::pair<std::string_view, std::vector<const Command*>>> out;
  for (const Command& command : program.commands) {
    if (command.hidden) continue;
    const std::string_view noun = noun_of(command.path);
    auto found =
        std::find_if(out.begin(), out.end(), [&](const auto& e) { return e.first == noun; });
    if (found == out.end()) found = out.insert(out.end(), {noun, {}});
    found->second.push_back(&command);
  }
  return out;
}

/// One option as the help, the completions and the man pages show it.
struct OptionLine {
  std::string names;
  std::string value;
  std::string help;
  bool positional = false;
  bool global = false;
};

std::vector<OptionLine> options_of(const Command& command) {
  CLI::App app;
  app.set_help_flag();
  GlobalOptions unused;
  add_global_options(app, unused);
  // The runner owns what the options were bound to.
  const Runner keeps_the_options = command.bind != nullptr ? command.bind(app) : Runner();
  std::vector<OptionLine> out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    OptionLine line;
    line.positional = option->nonpositional() == false;
    line.names = option->get_name(line.positional, true);
    if (option->get_items_expected_max() > 0 || line.positional) {
      line.value = option->get_type_name();
      if (!option->get_default_str().empty()) line.value += "=" + option->get_default_str();
    }
    line.help = option->get_description();
    if (option->get_required()) line.help += " (required)";
    line.global = option->get_group() == kGlobalGroup;
    out.push_back(std::move(line));
  }
  return out;
}

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
    line_start = c == '\n';
  }
  return out;
}

/// Every option name of a command, "--room" and "-q" alike.
std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> out;
  for (const OptionLine& line : options_of(command)) {
    if (line.positional) continue;
    for (const std::string_view name : split(line.names, ',')) out.emplace_back(trim(name));
  }
  return out;
}

std::string bash_completion(const Program& program) {
  std::string out = fmt::format("# bash completion for {0}\n_{0}_complete() {{\n", program.name);
  out +=
      "  local cur=${COMP_WORDS[COMP_CWORD]} words=() w\n"
      "  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $w == -* ]] || words+=(\"$w\"); done\n"
      "  local path=\"${words[*]}\" list=\"\"\n"
      "  if [[ $cur == -* ]]; then\n    case \"$path \" in\n";
  for (const Command& command : program.commands) {
    if (command.hidden) continue;
    out += fmt::format("      \"{} \"*) list=\"{}\";;\n", command.path,
                       fmt::join(option_names(command), " "));
  }
  out += "    esac\n  else\n    case \"$path\" in\n      \"\") list=\"";
  for (const auto& [noun, commands] : by_noun(program)) out += fmt::format("{} ", noun);
  out += "\";;\n";
  std::map<std::string, std::vector<std::string>> next;
  for (const Command& command : program.commands) {
    if (command.hidden) continue;
    const auto words = split(command.path, ' ');
    std::string prefix;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      prefix += (i == 0 ? "" : " ") + std::string(words[i]);
      auto& list = next[prefix];
      const std::string word(words[i + 1]);
      if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
    }
  }
  for (const auto& [prefix, list] : next) {
    out += fmt::format("      \"{}\") list=\"{}\";;\n", prefix, fmt::join(list, " "));
  }
  out += fmt::format(
      "    esac\n  fi\n  COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
      "  [[ ${{#COMPREPLY[@]}} -eq 0 && $cur != -* ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n"
      "}}\ncomplete -F _{0}_complete {0}\n",
      program.name);
  return out;
}

std::string fish_completion(const Program& program) {
  std::string out = fmt::format("# fish completion for {}\n", program.name);
  const auto quoted = [](std::string_view text) {
    std::string result;
    for (const char c : text) {
      if (c == '\'' || c == '\\') result.push_back('\\');
      result.push_back(c);
    }
    return result;
  };
  for (const auto& [noun, commands] : by_noun(program)) {
    out += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d '{}'\n", program.name,
                       noun, quoted(commands.front()->summary));
  }
  for (const Command& command : program.commands) {
    if (command.hidden) continue;
    const auto words = split(command.path, ' ');
    if (words.size() > 1) {
      out += fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}' -f -a {} -d '{}'\n",
                         program.name, words[0], words[1], quoted(command.summary));
    }
    for (const std::string& name : option_names(command)) {
      if (!name.starts_with("--")) continue;
      out += fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}' -l {}\n", program.name,
                         words[0], name.substr(2));
    }
  }
  return out;
}

}  // namespace

void add_global_options(CLI::App& app, GlobalOptions& options) {
  const auto group = [](CLI::Option* option) { return option->group(kGlobalGroup); };
  group(app.add_flag("--json", options.json, "One JSON document (lines for long-running verbs)"));
  group(app.add_option("-o,--output", options.format, "text, json, id, raw or env")
            ->type_name("FORM")
            ->check(CLI::IsMember({"text", "json", "id", "raw", "env"})));
  group(app.add_flag("-q,--quiet", options.quiet, "No status lines"));
  group(app.add_flag("-v", options.verbosity, "Show steps; -vv HTTP lines; -vvv bodies, redacted"));
  group(app.add_option("--color", options.color, "auto, always or never")
            ->type_name("WHEN")
            ->check(CLI::IsMember({"auto", "always", "never"})));
  group(
      app.add_option("-P,--profile", options.profile, "Profile of ts env add")->type_name("NAME"));
  group(app.add_option("--env-file", options.env_file, "Read this file instead of .env")
            ->type_name("FILE"));
  group(app.add_flag("--curl", options.curl, "Show each request as a curl command on stderr"));
  group(app.add_flag("--dry-run", options.dry_run, "Print the request as JSON, send nothing"));
  group(app.add_flag("-y,--yes", options.yes, "Do not ask before destructive steps"));
}

std::string program_help(const Program& program) {
  std::string out = fmt::format("{}: {}\n\nUsage: {} NOUN VERB [options]\n\nCommands:\n",
                                program.name, program.summary, program.name);
  for (const auto& [noun, commands] : by_noun(program)) {
    std::string verbs;
    for (const Command* command : commands) {
      const auto words = split(command->path, ' ');
      if (words.size() < 2) continue;
      const std::string verb(words[1]);
      if (verbs.find(verb) != std::string::npos && verbs.ends_with(verb)) continue;
      verbs += (verbs.empty() ? "" : " ") + verb;
    }
    out += fmt::format("  {:<12} {}\n", noun, verbs.empty() ? commands.front()->summary : verbs);
  }
  if (!program.topics.empty()) {
    out += fmt::format("\nHelp topics ({} help TOPIC):\n", program.name);
    for (const HelpTopic& topic : program.topics) {
      out += fmt::format("  {:<12} {}\n", topic.name, topic.summary);
    }
  }
  out += fmt::format(
      "\nStart here:  {0} sandbox up        a LiveKit and a Mux on this machine\n"
      "             {0} NOUN --help       the verbs of a noun, with examples\n",
      program.name);
  return out;
}

std::string noun_help(const Program& program, std::string_view noun) {
  std::string out;
  std::string examples;
  for (const Command& command : program.commands) {
    if (command.hidden ||
        !(command.path == noun || command.path.starts_with(std::string(noun) + " "))) {
      continue;
    }
    out += fmt::format("  {} {:<26} {}{}\n", program.name, command.path, command.summary,
                       command.main_verb ? "  (the bare noun runs this)" : "");
    examples += fmt::format("  {}\n", split(command.example, '\n').front());
  }
  return fmt::format("Examples:\n{}\nCommands:\n{}\nEach takes --help.\n", examples, out);
}

std::string command_help(const Program& program, const Command& command) {
  std::string out = fmt::format("{}\n\nExamples:\n", command.summary);
  for (const std::string_view line : split(command.example, '\n')) {
    out += fmt::format("  {}\n", line);
  }
  const auto lines = options_of(command);
  std::string usage = fmt::format("\nUsage: {} {}", program.name, command.path);
  for (const OptionLine& line : lines) {
    if (line.positional) usage += " " + to_lower(line.names).insert(0, "<") + ">";
  }
  out += usage + " [options]\n";
  for (const bool global : {false, true}) {
    std::string block;
    for (const OptionLine& line : lines) {
      if (line.global != global) continue;
      std::string left = line.names;
      if (!line.value.empty()) left += " " + line.value;
      block += left.size() > 34 ? fmt::format("  {}\n  {:<34} {}\n", left, "", line.help)
                                : fmt::format("  {:<34} {}\n", left, line.help);
    }
    if (!block.empty()) {
      out += fmt::format("\n{}:\n{}", global ? kGlobalGroup : "Options", block);
    }
  }
  if (!command.details.empty()) out += fmt::format("\n{}\n", command.details);
  return out;
}

Result<std::string> completion(const Program& program, std::string_view shell) {
  if (shell == "bash") return bash_completion(program);
  if (shell == "zsh") {
    return fmt::format("#compdef {}\nautoload -U +X bashcompinit && bashcompinit\n{}", program.name,
                       bash_completion(program));
  }
  if (shell == "fish") return fish_completion(program);
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("there are no completions for '{}'", shorten(shell, 40)),
               .hint = "use bash, zsh or fish"};
}

std::string man_page(const Program& program, const Command* command) {
  std::string title(program.name);
  if (command != nullptr) {
    title += "-" + std::string(command->path);
    std::replace(title.begin(), title.end(), ' ', '-');
  }
  std::string upper = title;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::string out = fmt::format(".TH {} 1 \"\" \"ts {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
                                upper, TS_VERSION, roff(title),
                                roff(command != nullptr ? command->summary : program.summary));
  if (command == nullptr) {
    out += ".SH COMMANDS\n";
    for (const Command& entry : program.commands) {
      if (entry.hidden) continue;
      out +=
          fmt::format(".TP\n.B {} {}\n{}\n", program.name, roff(entry.path), roff(entry.summary));
    }
    for (const HelpTopic& topic : program.topics) {
      std::string heading(topic.name);
      std::transform(heading.begin(), heading.end(), heading.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      out += fmt::format(".SH {}\n.nf\n{}\n.fi\n", roff(heading), roff(topic.text));
    }
    return out;
  }
  out += fmt::format(".SH SYNOPSIS\n.B {} {}\n[options]\n.SH EXAMPLES\n.nf\n{}\n.fi\n.SH OPTIONS\n",
                     program.name, roff(command->path), roff(command->example));
  for (const OptionLine& line : options_of(*command)) {
    out += fmt::format(".TP\n.B {} {}\n{}\n", roff(line.names), roff(line.value), roff(line.help));
  }
  if (!command->details.empty()) {
    out += fmt::format(".SH DETAILS\n.nf\n{}\n.fi\n", roff(command->details));
  }
  return out + fmt::format(".SH SEE ALSO\n.BR {} (1)\n", program.name);
}

}  // namespace ts::cli
