// SPDX-License-Identifier: Apache-2.0
#include "live/compositor.hpp"

#include "control/client.hpp"
#include "core/json.hpp"

#include <fmt/format.h>

namespace ts::live {

Compositor::Compositor(ChildProcess child, std::unique_ptr<LineReader> lines,
                       std::unique_ptr<LineReader> errors, CompositorOptions options)
    : child_(std::move(child)),
      lines_(std::move(lines)),
      errors_(std::move(errors)),
      options_(std::move(options)),
      memory_(options_.before),
      record_(options_.folder / "compositor.jsonl", std::ios::app) {}

Result<Compositor> Compositor::start(const Services& services, CompositorOptions options) {
  constexpr int kOutputFd = 3;
  constexpr int kContinueFd = 4;
  constexpr std::size_t kMostCommands = 32 * 1024;
  Json output;
  output["name"] = "program";
  output["rtmp_url"] = std::string(options.rtmp_url.reveal());
  std::string line = dump_json(output) + "\n";
  TS_TRY(const UniqueFd urls, secret_pipe(Secret(line)));
  explicit_bzero(line.data(), line.size());

  ProcessOptions process{.program = services.media_program};
  process.arguments = {"compose",
                       "run",
                       options.show.string(),
                       "--json",
                       "--output-fd",
                       std::to_string(kOutputFd),
                       "--control",
                       options.control_socket.string()};
  for (const std::string& recording : options.recordings) {
    process.arguments.insert(process.arguments.end(), {"--out", recording});
  }
  if (options.duration) {
    process.arguments.insert(process.arguments.end(),
                             {"--duration", fmt::format("{}ms", options.duration->count())});
  }
  if (!options.engine.empty()) {
    process.arguments.insert(process.arguments.end(), {"--engine", options.engine});
  }
  process.arguments.emplace_back("--hold");
  process.environment = services.child_environment;
  process.standard_output = StreamMode::kPipe;
  process.standard_error = StreamMode::kPipe;
  process.inherited = {{.fd = urls.get(), .as = kOutputFd}};
  UniqueFd continued;
  if (const auto wanted = options.before.commands(options.at); !wanted.empty()) {
    std::string commands;
    for (const Json& command : wanted) {
      const std::string text = dump_json(command) + "\n";
      // The first ones matter most.
      if (commands.size() + text.size() <= kMostCommands) commands += text;
    }
    // Words for overlays are nobody's secret, but a pipe needs no cleaning up.
    TS_TRY(continued, secret_pipe(Secret(commands)));
    process.arguments.insert(process.arguments.end(),
                             {"--continue-fd", std::to_string(kContinueFd)});
    process.inherited.push_back({.fd = continued.get(), .as = kContinueFd});
  }
  TS_TRY(auto child, ChildProcess::spawn(process));
  auto lines = std::make_unique<LineReader>(child.take_stdout());
  auto errors = std::make_unique<LineReader>(child.take_stderr());
  return Compositor(std::move(child), std::move(lines), std::move(errors), std::move(options));
}

void Compositor::read_reports() {
  while (auto line = lines_->next(milliseconds(0))) {
    record_ << *line << '\n';
    memory_.read(*line);
    last_report_ = std::move(*line);
  }
  record_.flush();
  while (auto line = errors_->next(milliseconds(0))) {
    if (!line->empty()) last_error_ = std::move(*line);
  }
}

Error Compositor::failure() const {
  Error error{.kind = ErrorKind::kMedia, .message = "the compositor ended"};
  if (const auto status = child_.poll()) {
    if (auto outcome = status->to_status("ts-media compose"); !outcome.ok()) {
      error = std::move(outcome).error();
    }
  }
  // With --json the child's last words are one ts.error/1 object.
  if (const auto parsed = parse_json(last_error_, "error line"); parsed.ok()) {
    const JsonReader reader(parsed.value());
    if (const auto message = reader.string_or("message");
        message.ok() && !message.value().empty()) {
      error.message = fmt::format("compositor: {}", message.value());
    }
    if (const auto hint = reader.string_or("hint"); hint.ok()) error.hint = hint.value();
  } else if (!last_error_.empty()) {
    error.message += ": " + shorten(last_error_);
  }
  return error;
}

Status Compositor::go() {
  TS_TRY(auto client, control::Client::connect(options_.control_socket, seconds(5)));
  auto reply = client.request(Json{{"command", "go"}}, seconds(5));
  // An operator was faster.
  if (!reply.ok() && reply.error().kind != ErrorKind::kConflict) return std::move(reply).error();
  return ok_status();
}

ExitStatus Compositor::stop() {
  const ExitStatus status = child_.stop(seconds(8));
  read_reports();
  return status;
}

}  // namespace ts::live
