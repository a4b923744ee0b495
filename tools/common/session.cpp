// SPDX-License-Identifier: Apache-2.0
#include "common/session.hpp"

#include "common/log_sink.hpp"
#include "common/output.hpp"
#include "common/setting_sources.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <system_error>

namespace ts::cli {
namespace {

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

}  // namespace

int Session::run(const Runner& runner) {
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
          stderr_sink(log_format != environment.end() && log_format->second == "json"));
  Output out(shown, log);
  auto parts = make_parts(std::move(environment), log, out);
  if (!parts) return fail(out, std::move(parts).error(), 0);
  Context context(std::move(parts).value());
  for (const std::string& warning : context.settings().warnings()) out.warn(warning);
  Status status = context.finish_dry_run(run_guarded(runner, context));
  out.progress("");
  if (status.ok()) return 0;
  // What it was told to do is done: whoever cannot read the result must know what there is now.
  const Error& failure = status.error();
  if (!command_.forms.empty() && !context.dry_run() && failure.code == "write_failed") {
    Error error{.kind = ErrorKind::kPartial,
                .message = failure.message + ", and what was asked for is done",
                .hint = "look at what there is now before running it again",
                .code = "write_failed"};
    if (!out.result_id().empty()) error.residue.push_back(out.result_id());
    return fail(out, std::move(error), 0);
  }
  return fail(out, std::move(status).error(), context.stop_signal());
}

Result<Context::Parts> Session::make_parts(std::map<std::string, std::string> environment, Log& log,
                                           Output& out) {
  TS_TRY(auto sources, setting_sources(options_, environment));
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

Status Session::run_guarded(const Runner& runner, Context& context) {
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

std::string Session::fallback_hint(ErrorKind kind) const {
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

int Session::fail(Output& out, Error error, int stop_signal) {
  if (error.code == "dry_run") return 0;
  if (error.code == "closed_pipe") return 0;
  if (error.hint.empty()) error.hint = fallback_hint(error.kind);
  if (error.kind == ErrorKind::kInterrupted && stop_signal == SIGTERM) {
    error.kind = ErrorKind::kTerminated;
  }
  out.error(program_.name, error);
  return exit_code(error.kind);
}

}  // namespace ts::cli
