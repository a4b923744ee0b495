// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "commands/webhook_shared.hpp"
#include "services.hpp"

#include "common/context.hpp"
#include "common/mask.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "httpd/server.hpp"
#include "serve/forwarder.hpp"
#include "serve/webhook_inbox.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <mutex>

namespace ts::cli {
namespace in_webhook_listen {

struct Options {
  std::string listen = "127.0.0.1:7070", forward_to;
  std::vector<std::string> providers, secret_files, command;
  bool exec = false;
};

/// Secrets of the providers asked for, or of every provider that has one.
Result<std::map<webhook::Provider, webhook::Credentials>> all_credentials(const Options& options,
                                                                          Context& context) {
  std::map<webhook::Provider, webhook::Credentials> out;
  if (!options.secret_files.empty() && options.providers.size() != 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message =
                     "--secret-file holds the secret of one provider, and --provider does "
                     "not name one",
                 .hint = "add --provider mux, or that of another sender"};
  }
  if (!options.providers.empty()) {
    for (const auto& name : options.providers) {
      TS_TRY(const auto provider, webhook::parse_provider(name));
      TS_TRY(out[provider], webhook_credentials(context, provider, options.secret_files));
    }
    return out;
  }
  const auto& settings = context.settings();
  const auto is_set = [&](const char* name) { return settings.find(name) != nullptr; };
  const std::pair<webhook::Provider, bool> found[] = {
      {webhook::Provider::kLivekit, is_set("LIVEKIT_API_KEY") || is_set("LIVEKIT_API_SECRET")},
      {webhook::Provider::kMux, is_set("MUX_WEBHOOK_SECRET")},
      {webhook::Provider::kCloudflare, is_set("CLOUDFLARE_WEBHOOK_SECRET")}};
  for (const auto& [provider, wanted] : found) {
    if (!wanted) continue;
    TS_TRY(out[provider], webhook_credentials(context, provider, {}));
  }
  if (out.empty()) {
    return Error{.kind = ErrorKind::kConfig,
                 .message = "there is no secret to verify webhooks with",
                 .hint =
                     "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, MUX_WEBHOOK_SECRET or "
                     "CLOUDFLARE_WEBHOOK_SECRET"};
  }
  return out;
}

/// The program a shell would run.
Result<std::filesystem::path> find_program(const std::string& name, Context& context) {
  if (name.find('/') != std::string::npos) return std::filesystem::path(name);
  const std::string path = context.environment("PATH");
  for (const auto folder : split(path, ':')) {
    const auto candidate = std::filesystem::path(folder) / name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("there is no program '{}'", shorten(name, 60)),
               .hint = "give its path after --exec --"};
}

/// The child sees the secrets in its environment, so that it can verify what is forwarded.
Result<ChildProcess> start_child(
    const Options& options, Context& context,
    const std::map<webhook::Provider, webhook::Credentials>& credentials) {
  TS_TRY(const auto program, find_program(options.command.front(), context));
  ProcessOptions process{
      .program = program,
      .arguments = {options.command.begin() + 1, options.command.end()},
      .environment = context.environment_lines(),
      .standard_input = StreamMode::kInherit,
      // With --json stdout is ours: one object a line.
      .standard_output = context.out().json() ? StreamMode::kStderr : StreamMode::kInherit};
  const auto set = [&process](std::string_view name, std::string_view value) {
    const std::string prefix = fmt::format("{}=", name);
    std::erase_if(process.environment,
                  [&](const std::string& line) { return line.starts_with(prefix); });
    process.environment.push_back(prefix + std::string(value));
  };
  for (const auto& [provider, secrets] : credentials) {
    const auto secret = secrets.secrets.front().reveal();
    if (provider == webhook::Provider::kLivekit) {
      set("LIVEKIT_API_KEY", secrets.livekit_key);
      set("LIVEKIT_API_SECRET", secret);
    } else {
      set(provider == webhook::Provider::kMux ? "MUX_WEBHOOK_SECRET" : "CLOUDFLARE_WEBHOOK_SECRET",
          secret);
    }
  }
  return ChildProcess::spawn(process);
}

/// Lines of the run, from several threads.
class Lines {
 public:
  explicit Lines(Context& context) : context_(context) {}

  void received(webhook::Provider provider, const serve::Receipt& receipt) {
    const std::string_view what = receipt.status != 200 ? "refused"
                                  : receipt.repeated    ? "repeated"
                                                        : "received";
    Json json = line(what);
    json["provider"] = webhook::to_string(provider);
    json["status"] = receipt.status;
    if (receipt.status == 200) {
      json["seq"] = receipt.row.seq;
      json["event"] = event_json(receipt.event);
    } else {
      json["reason"] = receipt.verdict.reason;
      json["detail"] = receipt.verdict.detail;
    }
    print(json,
          receipt.status == 200
              ? fmt::format("{} {} #{} {} {}", what, webhook::to_string(provider), receipt.row.seq,
                            shorten(receipt.event.type, 80), shorten(receipt.event.id, 60))
              : fmt::format("refused {} ({}): {}", webhook::to_string(provider),
                            receipt.verdict.reason, receipt.verdict.detail));
  }

  void delivered(const serve::Delivery& delivery) {
    Json json = line(delivery.delivered ? "forwarded" : "dead_letter");
    json["seq"] = delivery.seq;
    json["status"] = delivery.status;
    json["tries"] = delivery.tries;
    if (!delivery.problem.empty()) json["problem"] = delivery.problem;
    print(json, delivery.delivered
                    ? fmt::format("forwarded #{} ({})", delivery.seq, delivery.status)
                    : fmt::format("dead letter #{} after {} tries: {}; ts webhook replay {} --to …",
                                  delivery.seq, delivery.tries, delivery.problem, delivery.seq));
  }

 private:
  static Json line(std::string_view what) {
    Json json;
    json["schema"] = "ts.webhook/1";
    json["event_kind"] = what;
    return json;
  }
  void print(const Json& json, const std::string& text) {
    const std::lock_guard lock(mutex_);
    // A closed pipe is noticed at the next line; webhooks go on being answered until then.
    static_cast<void>(context_.out().json()
                          ? context_.out().json_line(json).ok()
                          : context_.out().print(printable(text, false, false) + "\n").ok());
  }

  Context& context_;
  std::mutex mutex_;
};

/// Until Ctrl-C, or until the child ends.
/// @param forwards  events may be left that nobody has had yet.
Status wait_for_end(std::optional<ChildProcess>& child, const std::string& name, bool forwards,
                    Context& context) {
  const auto stop = context.stop();
  if (child) {
    while (true) {
      const auto ended = child->wait(std::chrono::hours{1}, stop);
      // The program is the user's: its crash is no bug of ts, and no exit 70.
      if (ended.ok() && ended.value().signal != 0) {
        return Error{.kind = ErrorKind::kRemote,
                     .message = fmt::format("{} {}", shorten(name, 60), ended.value().describe()),
                     .hint = "look at what the program wrote before it ended",
                     .code = "child_signal"};
      }
      if (ended.ok()) {
        auto status = ended.value().to_status(name);
        if (status.ok()) return status;
        // The code is the program's own and means what the program says.
        Error error = std::move(status).error();
        error.hint = "look at what the program wrote before it ended";
        return error;
      }
      if (ended.error().kind != ErrorKind::kDeadline) break;
    }
    child->stop();
  } else {
    while (context.clock().wait_for(std::chrono::hours{1}, stop)) {
    }
  }
  context.out().status("stopped");
  return Error{
      .kind = ErrorKind::kInterrupted,
      .message = "stopped listening",
      .hint =
          forwards ? "what was not forwarded is kept: ts webhook replay --unhandled --to URL" : ""};
}

Status run(const Options& options, Context& context) {
  if (options.exec == options.command.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = options.exec ? "--exec names no program" : "words after -- need --exec",
                 .hint = "write --exec -- node server.js"};
  }
  const std::size_t colon = options.listen.rfind(':');
  const auto port = colon == std::string::npos || colon == 0
                        ? std::nullopt
                        : parse_u64(options.listen.substr(colon + 1));
  if (!port || *port > 65535) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("'{}' is no ADDRESS:PORT", shorten(options.listen, 60)),
                 .hint = "write --listen 127.0.0.1:7070"};
  }
  std::string address = options.listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  // Names are not looked up; this one is everybody's.
  if (address == "localhost") address = "127.0.0.1";
  TS_TRY(auto credentials, all_credentials(options, context));
  std::map<webhook::Provider, webhook::Credentials> for_child;
  std::string names;
  for (const auto& [provider, secrets] : credentials) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", webhook::to_string(provider));
    if (!options.exec) continue;
    auto& copy = for_child[provider];
    copy.livekit_key = secrets.livekit_key;
    copy.secrets.push_back(secrets.secrets.front().clone());
  }
  if (context.dry_run()) {
    const Json document{{"schema", "ts.webhook/1"},
                        {"would_listen_on", fmt::format("{}:{}", address, *port)},
                        {"providers", names},
                        {"would_run", options.command}};
    return context.out().report(
        {.document = &document,
         .text = fmt::format("would listen on {}:{} for {}{}", address, *port, names,
                             options.exec ? " and run " + options.command.front() : "")});
  }
  TS_TRY(auto database, open_database(context));

  Lines lines(context);
  std::optional<serve::Forwarder> forwarder;
  if (!options.forward_to.empty()) {
    TS_CHECK(check_post_url("--forward-to", options.forward_to));
    forwarder.emplace(serve::ForwarderOptions{.url = options.forward_to}, database,
                      context.transport(), context.clock(),
                      [&lines](const serve::Delivery& delivery) { lines.delivered(delivery); });
  }
  serve::InboxOptions inbox_options{.credentials = std::move(credentials)};
  inbox_options.verify.diagnose = true;
  inbox_options.on_receipt = [&](webhook::Provider provider, const serve::Receipt& receipt) {
    lines.received(provider, receipt);
    if (receipt.status == 200 && !receipt.repeated && forwarder && !forwarder->add(receipt.row)) {
      context.out().warn(
          fmt::format("#{} is kept but not forwarded: the queue is full", receipt.row.seq));
    }
  };
  serve::WebhookInbox inbox(database, context.clock(), std::move(inbox_options));
  httpd::Router router;
  inbox.mount_everywhere(router);
  TS_TRY(const auto server, httpd::HttpServer::start({.address = address,
                                                      .port = static_cast<std::uint16_t>(*port),
                                                      .max_body_bytes = webhook::kMaxBodyBytes,
                                                      .log = &context.log()},
                                                     std::move(router)));
  context.out().status(fmt::format("listening on {} for {}{}", server->url(), names,
                                   options.forward_to.empty()
                                       ? std::string()
                                       : ", forwarding to " + masked_url(options.forward_to)));
  if (context.out().json()) {
    TS_CHECK(context.out().json_line(
        {{"schema", "ts.webhook/1"}, {"event_kind", "listening"}, {"url", server->url()}}));
  }
  std::optional<ChildProcess> child;
  if (options.exec) {
    TS_TRY(child, start_child(options, context, for_child));
  }
  auto status = wait_for_end(child, options.exec ? options.command.front() : "",
                             !options.forward_to.empty(), context);
  server->stop();
  return status;
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--listen", options->listen, "ADDRESS:PORT; port 0 lets the system choose")
      ->capture_default_str();
  app.add_option("--forward-to", options->forward_to,
                 "Hand on each genuine webhook to this URL, its bytes and headers unchanged");
  app.add_option("--provider", options->providers,
                 "Only livekit, mux or cloudflare; repeatable (without: all with a secret)")
      ->allow_extra_args(false);
  app.add_option("--secret-file", options->secret_files,
                 "File with a secret of --provider; repeatable, for a rotation")
      ->allow_extra_args(false);
  app.add_flag("--exec", options->exec,
               "Run the program after --; it finds the secrets in its environment, and listening "
               "ends with it; with --json what it prints goes to stderr");
  app.add_option("command", options->command, "Program and arguments, after --");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_webhook_listen

Command webhook_listen() {
  return {
      .path = "webhook listen",
      .summary = "Receive webhooks: verify, keep, forward",
      .example =
          "ts webhook listen --forward-to http://localhost:3000/api/webhooks/mux\n"
          "ts webhook listen --listen 0.0.0.0:7070 --provider mux --json\n"
          "ts webhook listen --forward-to http://localhost:3000/hook --exec -- node server.js",
      .forms = "none",
      .bind = in_webhook_listen::bind,
      .details =
          "Takes POST at /api/webhooks/livekit, /mux, /cloudflare and at any other path, where\n"
          "the headers say which provider it is. Genuine ones are kept (ts webhook events) before\n"
          "they are answered 200; a repeated delivery is kept once. Forwarding keeps the order "
          "and\n"
          "tries 6 times; what fails then stays unhandled: ts webhook replay --unhandled.\n"
          "With --json one line each: event_kind listening, received, repeated, refused,\n"
          "forwarded or dead_letter.\n"
          "With --exec the exit code is that of the program where ts has it (ts help exit-codes),\n"
          "else 7; so it is when a signal ended the program.\n"};
}

}  // namespace ts::cli
