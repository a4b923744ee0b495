// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "env_checks.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ts::cli {
namespace {

struct Options {
  bool online = false;
};

Status run(const Options& options, Context& context) {
  std::vector<CheckLine> lines = check_settings(context);
  if (options.online) {
    for (CheckLine& line : check_services(context)) lines.push_back(std::move(line));
  }
  Json document;
  document["schema"] = "ts.env_check/1";
  document["checks"] = Json::array();
  std::string text;
  std::vector<std::string> failed;
  Output& out = context.out();
  for (const CheckLine& line : lines) {
    document["checks"].push_back({{"name", line.name},
                                  {"ok", line.state != CheckLine::State::kFailed},
                                  {"state", std::string(to_string(line.state))},
                                  {"message", line.message},
                                  {"hint", line.hint}});
    std::string mark;
    switch (line.state) {
      case CheckLine::State::kOk:
        mark = out.styled(Output::Style::kGreen, "ok  ");
        break;
      case CheckLine::State::kUnset:
        mark = out.styled(Output::Style::kDim, "-   ");
        break;
      case CheckLine::State::kWarning:
        mark = out.styled(Output::Style::kYellow, "warn");
        break;
      case CheckLine::State::kFailed:
        mark = out.styled(Output::Style::kRed, "FAIL");
        failed.push_back(line.name);
        break;
    }
    text += fmt::format("{}  {:<12} {}\n", mark, line.name, line.message);
    if (!line.hint.empty() && line.state != CheckLine::State::kOk) {
      text += fmt::format("                    {}\n", line.hint);
    }
  }
  document["ok"] = failed.empty();
  TS_CHECK(out.report({.document = &document, .text = text}));
  if (failed.empty()) return ok_status();
  return Error{.kind = ErrorKind::kCheckFailed,
               .message = fmt::format("{} of {} checks failed: {}", failed.size(), lines.size(),
                                      fmt::join(failed, ", ")),
               .hint = "the lines marked FAIL say what to do"};
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--online", options->online,
               "Also ask LiveKit, Mux and Cloudflare (harmless reads)");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace

Command env_check() {
  return {.path = "env check",
          .summary = "Check formats and pairs of the settings, and with --online the services",
          .example = "ts env check\nts env check --online --json",
          .bind = bind};
}

}  // namespace ts::cli
