// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "sandbox_shared.hpp"

#include "common/context.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "sandbox/sandbox.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace ts::cli {
namespace in_sandbox_up {

constexpr unsigned kPrivate = 0600;
constexpr int kReportDescriptor = 3;

struct Options {
  bool detach = false;
  std::string env_file;
  std::string directory;
  std::uint16_t port = 0;
  std::vector<std::string> webhook_urls;
  std::string faults;
  bool rate_limits = false;
  int report_descriptor = -1;
};

/// What the children may see of this process's environment.
std::vector<std::string> child_environment(const Context& context) {
  std::vector<std::string> out;
  for (const auto* name :
       {"PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "XDG_STATE_HOME", "ASAN_OPTIONS"}) {
    if (const auto value = context.environment(name); !value.empty()) {
      out.push_back(fmt::format("{}={}", name, value));
    }
  }
  return out;
}

/// hls.js for the watch page lies beside the program: ../share/ts/web.
std::filesystem::path web_root(const Context& context) {
  return context.program().parent_path().parent_path() / "share" / "ts" / "web";
}

Json summary(const sandbox::Instance& instance) {
  return {{"schema", "ts.sandbox/1"},      {"state", "up"},
          {"pid", instance.pid},           {"url", instance.url},
          {"rtmp_url", instance.rtmp_url}, {"env_file", instance.env_file}};
}

Status announce(const Options& options, Context& context, const sandbox::Instance& instance) {
  const auto document = summary(instance);
  // The other verbs look into the usual folder unless they are told.
  const std::string where = options.directory.empty()
                                ? ""
                                : " --dir " + std::filesystem::absolute(options.directory).string();
  std::error_code ignored;
  const bool watch = std::filesystem::is_regular_file(web_root(context) / "hls.min.js", ignored);
  const auto text = fmt::format(
      "The sandbox is up: LiveKit, Mux and Cloudflare on this machine, nothing leaves it.\n"
      "  APIs      {0}\n"
      "  ingest    {1}/app/STREAM_KEY (Mux), {1}/live/STREAM_KEY (LiveKit ingress),\n"
      "            {1}/cloudflare/STREAM_KEY (Cloudflare input)\n"
      "  playback  {0}/PLAYBACK_ID.m3u8\n"
      "{4}"
      "  settings  {2}\n"
      "Use it:  ts --env-file {2} room list\n"
      "See it:  ts sandbox status{3}        End it:  ts sandbox down{3}",
      instance.url, instance.rtmp_url, instance.env_file, where,
      watch ? fmt::format("  watch     {}/watch/PLAYBACK_ID\n", instance.url) : "");
  return context.out().report({.document = &document,
                               .text = text,
                               .id = std::to_string(instance.pid),
                               .raw = instance.env_file});
}

/// What the detached child says to the process that started it: an empty object, or its error.
void report_to_parent(int descriptor, const Error* error) {
  if (descriptor < 0) return;
  const UniqueFd out(descriptor);
  const auto text = dump_json(error == nullptr ? Json::object()
                                               : Json{{"exit", exit_code(error->kind)},
                                                      {"kind", static_cast<int>(error->kind)},
                                                      {"message", error->message},
                                                      {"hint", error->hint}});
  // A parent that has gone does not mind.
  static_cast<void>(!::write(out.get(), text.data(), text.size()));
}

Status serve(const Options& options, Context& context, const std::filesystem::path& folder,
             bool& announced) {
  auto media = context.media_program();
  if (media && ::access(media.value().c_str(), X_OK) != 0) {
    media = Error{.kind = ErrorKind::kConfig, .message = media.value().string() + " is no program"};
  }
  if (!media) context.out().warn("no media can be made: " + media.error().message);
  auto stop = context.stop();
  TS_TRY(const auto running,
         sandbox::Sandbox::start(
             {.directory = folder,
              .http_port = options.port,
              .rtmp_port = static_cast<std::uint16_t>(options.port == 0 ? 0 : options.port + 1),
              .webhook_urls = options.webhook_urls,
              .faults = options.faults,
              .rate_limits = options.rate_limits,
              .media_program = media ? media.value() : std::filesystem::path(),
              .web_root = web_root(context),
              .child_environment = child_environment(context)},
             context.transport(), context.clock(), context.log()));
  const auto& access = running->access();
  const auto env_file = options.env_file.empty()
                            ? (folder / "env").string()
                            : std::filesystem::absolute(options.env_file).string();
  TS_CHECK(write_file_atomic(env_file, access.environment().reveal(), kPrivate));
  const sandbox::Instance instance{.pid = ::getpid(),
                                   .start_ticks = process_start_ticks(::getpid()).value_or(0),
                                   .url = access.http_url,
                                   .rtmp_url = access.rtmp_url,
                                   .env_file = env_file,
                                   .control_token = access.control_token.clone()};
  TS_CHECK(sandbox::mark_folder(folder));
  TS_CHECK(sandbox::save_instance(folder, instance));
  announced = true;
  report_to_parent(options.report_descriptor, nullptr);
  Status shown = ok_status();
  if (options.report_descriptor < 0) shown = announce(options, context, instance);
  bool asked = false;
  if (shown.ok()) asked = running->wait(stop);
  running->stop();
  sandbox::remove_instance(folder);
  TS_CHECK(std::move(shown));
  context.out().status("the sandbox is down");
  if (asked) return ok_status();
  return Error{
      .kind = context.stop_signal() == SIGTERM ? ErrorKind::kTerminated : ErrorKind::kInterrupted,
      .message = "the sandbox was ended by a signal"};
}

/// Reads what the child reports, until it closes its end. Empty when it died without a word.
std::string read_report(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto count = ::read(descriptor, buffer, sizeof buffer);
    if (count <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
  }
}

Status detach(const Options& options, Context& context, const std::filesystem::path& folder) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return Error{.kind = ErrorKind::kInternal, .message = "no pipe is left", .retryable = true};
  }
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<std::string> arguments{"sandbox",     "up",
                                     "--dir",       folder.string(),
                                     "--report-fd", std::to_string(kReportDescriptor),
                                     "--port",      std::to_string(options.port)};
  if (!options.env_file.empty()) {
    arguments.insert(arguments.end(),
                     {"--write-env", std::filesystem::absolute(options.env_file).string()});
  }
  for (const auto& url : options.webhook_urls) {
    arguments.insert(arguments.end(), {"--webhook-url", url});
  }
  if (!options.faults.empty()) arguments.insert(arguments.end(), {"--fail", options.faults});
  if (options.rate_limits) arguments.emplace_back("--rate-limits");
  auto environment = child_environment(context);
  for (const auto* name : {"TS_MEDIA", "TS_LOG_FORMAT", "XDG_CONFIG_HOME"}) {
    if (const auto value = context.environment(name); !value.empty()) {
      environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  TS_TRY(const auto pid,
         spawn_detached({.program = context.program(),
                         .arguments = std::move(arguments),
                         .environment = std::move(environment),
                         .standard_error = StreamMode::kNull,
                         .inherited = {{.fd = write_end.get(), .as = kReportDescriptor}}}));
  write_end.reset();
  const auto text = read_report(read_end.get());
  const auto report = Json::parse(text, nullptr, false);
  if (!report.is_object()) {
    return Error{.kind = ErrorKind::kInternal,
                 .message = fmt::format("the sandbox (process {}) ended while it started", pid),
                 .hint = "run ts sandbox up without --detach to see why"};
  }
  if (report.contains("message")) {
    return Error{.kind = static_cast<ErrorKind>(report.value("kind", 0)),
                 .message = report.value("message", ""),
                 .hint = report.value("hint", "")};
  }
  TS_TRY(const auto instance, running_sandbox(folder));
  return announce(options, context, instance);
}

Status run(const Options& options, Context& context) {
  const auto folder = sandbox_folder(context, options.directory);
  if (context.dry_run()) {
    const Json document{
        {"schema", "ts.sandbox/1"}, {"state", "down"}, {"would_start_in", folder.string()}};
    return context.out().report(
        {.document = &document, .text = "would start a sandbox in " + folder.string()});
  }
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return Error{
        .kind = ErrorKind::kConfig,
        .message = fmt::format("cannot make the folder {}: {}", folder.string(), failure.message()),
        .hint = "name a folder that can be written with --dir"};
  }
  // Held as long as it runs: of two that start at once, one is the other's.
  const UniqueFd held(options.detach ? -1
                                     : ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool taken = held && ::flock(held.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  TS_TRY(const auto other, sandbox::find_instance(folder));
  if (other || taken) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = other ? fmt::format("a sandbox is running already (process {}, {})",
                                                other->pid, other->url)
                                  : "a sandbox is starting in " + folder.string(),
                 .hint = fmt::format("run ts sandbox status{0} or ts sandbox down{0}, or use "
                                     "another --dir",
                                     options.directory.empty() ? "" : " --dir " + folder.string()),
                 .code = "sandbox_running"};
  }
  // Those of an earlier sandbox are deleted; another's are not.
  if (const auto recordings = folder / "recordings";
      !options.directory.empty() && !sandbox::is_sandbox_folder(folder) &&
      std::filesystem::exists(recordings, failure) &&
      !std::filesystem::is_empty(recordings, failure)) {
    return Error{.kind = ErrorKind::kConflict,
                 .message = recordings.string() +
                            " holds something, and no sandbox has been in that folder: it would "
                            "be deleted",
                 .hint = "name another --dir, or move it away",
                 .code = "not_a_sandbox_folder"};
  }
  if (options.detach) return detach(options, context, folder);
  bool announced = false;
  auto ended = serve(options, context, folder, announced);
  if (!ended && !announced) report_to_parent(options.report_descriptor, &ended.error());
  return ended;
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--detach", options->detach, "Return once it is up; it runs on in the background");
  app.add_option("--write-env", options->env_file,
                 "File for the settings that point ts and the SDKs here (0600)")
      ->type_name("FILE");
  app.add_option("--dir", options->directory, "Folder for its state and recordings")
      ->type_name("DIR");
  app.add_option("--port", options->port,
                 "HTTP port; RTMP takes the next one. 0: the system chooses both")
      ->check(CLI::Range(0, 65534));
  app.add_option("--webhook-url", options->webhook_urls, "Where webhooks go (repeat for more)")
      ->type_name("URL");
  app.add_option("--fail", options->faults, "Faults on purpose, such as 503@CreateRoom*2")
      ->type_name("SPEC");
  app.add_flag("--rate-limits", options->rate_limits,
               "Refuse calls beyond the vendors' own rates, with 429 and Retry-After");
  app.add_option("--report-fd", options->report_descriptor)->group("");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_sandbox_up

Command sandbox_up() {
  return {.path = "sandbox up",
          .summary = "Run LiveKit, Mux and Cloudflare on this machine, real media, no account",
          .example =
              "ts sandbox up --detach --write-env .env.sandbox\n"
              "ts sandbox up --port 7880 --webhook-url http://127.0.0.1:9000/hooks\n"
              "ts sandbox up --fail 429=1@/video/v1/live-streams*3,slow=5s@StopEgress",
          .forms = "id raw",
          .bind = in_sandbox_up::bind,
          .details =
              "Listens on 127.0.0.1 only. Rooms get media by RTMP ingress; egress forwards it to "
              "mux:// and other RTMP targets on this machine, to files and to HLS segments in its "
              "folder; Mux live streams and Cloudflare live inputs become HLS and recordings, and "
              "are sent on to their simulcast targets and outputs. ts sandbox status lists what "
              "can be made and what cannot.\n"
              "--rate-limits refuses what is beyond the vendors' own rates: Mux 1 create and 5 "
              "other calls a second (after a burst of 5 and 25), Cloudflare 1200 in 5 minutes.\n"
              "--fail SPEC is KIND[=VALUE][@TEXT][*COUNT], comma-separated: the next COUNT calls "
              "(1 unless given, or all) whose \"METHOD /path\" contains TEXT get the fault. Kinds: "
              "a status from 400 to 599 (429=2 adds Retry-After: 2), slow=2s, reset (before the "
              "call is carried out), apply-reset (after it), truncate, content-type."};
}

}  // namespace ts::cli
