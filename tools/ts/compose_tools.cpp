// SPDX-License-Identifier: Apache-2.0
#include "compose_tools.hpp"

#include "database.hpp"

#include "common/context.hpp"
#include "common/control_path.hpp"
#include "control/protocol.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "store/database.hpp"
#include "store/sessions.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace ts::cli {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kBusyPause{50};

struct Candidate {
  std::string show;
  fs::path socket;
};

/// Sockets that ts compose run makes by itself.
void add_runs(const Context& context, std::vector<Candidate>& out) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(control_folder(context), ignored)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".sock") || !entry.is_socket(ignored)) continue;
    out.push_back({std::string(show_of_control_socket(name)), entry.path()});
  }
}

/// Sockets of the compositors that ts live start runs.
void add_live_sessions(Context& context, std::vector<Candidate>& out) {
  const auto url = database_url(context);
  if (!url.ok()) return;
  auto database =
      store::Database::open(url.value(), context.clock(), {.create = false, .migrate = false});
  if (!database.ok()) return;
  const auto sessions = store::list_sessions(database.value(), {.open_only = true});
  if (!sessions.ok()) return;
  for (const auto& session : sessions.value()) {
    const auto details = parse_json(session.details, "session");
    if (!details.ok()) continue;
    const auto socket = JsonReader(details.value()).string_or("control_socket");
    if (socket.ok() && !socket.value().empty()) out.push_back({session.name, socket.value()});
  }
}

/// True for "SHOW.PID.sock" whose process is gone: a killed run's. One that lives may be about to
/// listen.
bool left_behind(const std::filesystem::path& socket) {
  const std::string pid = socket.stem().extension().string();
  const auto number = parse_u64(pid.empty() ? pid : pid.substr(1));
  return number && *number <= INT32_MAX && !process_start_ticks(static_cast<pid_t>(*number));
}

/// Those that answer, connected; what a killed run left behind in our own folder is removed.
std::vector<std::pair<Candidate, control::Client>> connect_all(Context& context,
                                                               std::vector<Candidate> candidates,
                                                               milliseconds limit) {
  std::vector<std::pair<Candidate, control::Client>> running;
  for (auto& candidate : candidates) {
    auto client = control::Client::connect(candidate.socket, limit, context.stop());
    if (client.ok()) {
      running.emplace_back(std::move(candidate), std::move(client).value());
    } else if (client.error().kind == ErrorKind::kNotFound &&
               candidate.socket.parent_path() == control_folder(context) &&
               left_behind(candidate.socket)) {
      ::unlink(candidate.socket.c_str());
    }
  }
  return running;
}

}  // namespace

void add_control_options(CLI::App& app, ControlFlags& flags) {
  app.add_option("--control", flags.control, "Control socket (default: the compositor that runs)")
      ->type_name("SOCKET");
  app.add_option("--show", flags.show, "Which show, when several run")->type_name("NAME");
  app.add_option("--timeout", flags.timeout, "Longest wait for the answer")
      ->type_name("DURATION")
      ->capture_default_str();
}

Result<control::Client> connect_compositor(Context& context, const ControlFlags& flags) {
  TS_TRY(const auto limit, parse_duration(flags.timeout));
  if (!flags.control.empty()) {
    return control::Client::connect(flags.control, limit, context.stop());
  }
  std::vector<Candidate> candidates;
  add_runs(context, candidates);
  add_live_sessions(context, candidates);
  if (!flags.show.empty()) {
    const std::string in_socket = name_in_socket(flags.show);
    std::erase_if(candidates, [&](const Candidate& one) {
      return one.show != flags.show && one.show != in_socket;
    });
  }
  auto running = connect_all(context, std::move(candidates), limit);
  if (running.size() == 1) return std::move(running.front().second);
  if (running.empty()) {
    return Error{.kind = ErrorKind::kNotFound,
                 .message = flags.show.empty()
                                ? std::string("no compositor is running")
                                : fmt::format("no compositor runs a show '{}'", flags.show),
                 .hint =
                     "start one with ts compose run SHOW.json, or name its socket with "
                     "--control"};
  }
  std::string list;
  for (const auto& [candidate, client] : running) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", candidate.show,
                        candidate.socket.string());
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("several compositors are running: {}", list),
               .hint = flags.show.empty() ? "choose one with --show or --control"
                                          : "choose one by its socket, with --control"};
}

Result<Json> ask_compositor(Context& context, const ControlFlags& flags, const Json& request) {
  TS_CHECK(control::check_request(request));
  TS_TRY(const auto limit, parse_duration(flags.timeout));
  if (context.dry_run()) {
    const Json document{{"schema", "ts.dry_run/1"}, {"requests", Json::array({request})}};
    TS_CHECK(context.out().print(dump_json(document, 2) + "\n"));
    return Error{
        .kind = ErrorKind::kInterrupted, .message = "dry run: nothing was sent", .code = "dry_run"};
  }
  const SteadyTime deadline = context.clock().steady_now() + limit;
  while (true) {
    TS_TRY(auto client, connect_compositor(context, flags));
    auto reply = client.request(request, limit, context.stop());
    // Somebody else floods it: nothing was done, and a place comes free any moment.
    if (reply.ok() || reply.error().code != "busy") return reply;
    if (context.clock().steady_now() >= deadline) return reply;
    if (!context.clock().wait_for(kBusyPause, context.stop())) return reply;
  }
}

Json compose_document(std::string_view command, const Json& reply) {
  Json document{{"schema", "ts.compose/1"}, {"command", command}};
  for (const auto& [key, value] : reply.items()) {
    if (key != "id" && key != "ok") document[key] = value;
  }
  return document;
}

Status run_compositor_command(Context& context, const ControlFlags& flags, const Json& request,
                              const std::function<std::string(const Json& reply)>& text) {
  TS_TRY(const Json reply, ask_compositor(context, flags, request));
  if (const auto warnings = reply.find("warnings"); warnings != reply.end()) {
    for (const Json& warning : *warnings) {
      if (warning.is_string()) context.out().warn(warning.get<std::string>());
    }
  }
  const auto document = compose_document(request.at("command").get<std::string>(), reply);
  const auto tick = reply.contains("tick") ? dump_json(reply.at("tick")) : std::string();
  return context.out().report({.document = &document,
                               .text = text ? text(reply) : fmt::format("frame {}", tick),
                               .raw = tick});
}

}  // namespace ts::cli
