// SPDX-License-Identifier: Apache-2.0
#include "common/context.hpp"

#include "common/request_trace.hpp"
#include "common/signals.hpp"
#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <iostream>

namespace ts::cli {

Context::Context(Parts parts) : parts_(std::move(parts)) {}
Context::~Context() = default;

net::HttpTransport& Context::transport() {
  if (parts_.options.dry_run) {
    if (!recorder_) recorder_ = make_recording_transport(*parts_.out, *parts_.log);
    return *recorder_;
  }
  if (!network_) {
    const auto ca_file = parts_.settings.text("TS_CA_FILE");
    network_ = net::make_curl_transport(
        {.user_agent = "ts/" TS_VERSION, .ca_file = ca_file.ok() ? ca_file.value() : ""},
        *parts_.log);
    top_ = network_.get();
    if (parts_.log->enabled(LogLevel::kTrace)) {
      bodies_ = make_body_logging_transport(*top_, *parts_.log);
      top_ = bodies_.get();
    }
    if (parts_.options.curl) {
      traced_ = make_curl_printing_transport(*top_, *parts_.log);
      top_ = traced_.get();
    }
  }
  return *top_;
}

Status Context::finish_dry_run(Status status) {
  if (!recorder_ || !recorder_->recorded()) return status;
  // Anything else a command says of placeholders is about what did not happen.
  if (!status.ok() &&
      (status.error().kind == ErrorKind::kUsage || status.error().kind == ErrorKind::kConfig ||
       status.error().kind == ErrorKind::kInternal)) {
    return status;
  }
  return recorder_->print();
}

std::stop_token Context::stop() {
  if (!signals_) signals_ = std::make_unique<SignalWatch>(*parts_.out);
  return signals_->token();
}

int Context::stop_signal() const noexcept { return signals_ ? signals_->signal() : 0; }

Result<config::LivekitKey> Context::livekit_key() {
  TS_TRY(auto key, parts_.settings.livekit_key());
  parts_.log->scrub(key.secret);
  if (key.secret.size() < config::kMinLivekitSecretBytes) {
    parts_.out->warn(std::string(config::kShortSecretWarning));
  }
  return key;
}

Result<config::MuxToken> Context::mux_token() {
  TS_TRY(auto token, parts_.settings.mux_token());
  parts_.log->scrub(token.secret);
  return token;
}

Result<config::CloudflareAccount> Context::cloudflare() {
  TS_TRY(auto account, parts_.settings.cloudflare());
  parts_.log->scrub(account.token);
  return account;
}

Result<Secret> Context::required_secret(std::string_view setting) {
  TS_TRY(auto secret, parts_.settings.required_secret(setting));
  parts_.log->scrub(secret);
  return secret;
}

Result<Secret> Context::secret_from(const std::string& path_or_dash) {
  if (path_or_dash != "-") {
    TS_TRY(auto secret, read_secret_file(path_or_dash, parts_.settings.allow_loose_permissions()));
    parts_.log->scrub(secret);
    return secret;
  }
  TS_TRY(auto text, read_stdin(std::size_t{64} * 1024));
  std::string_view body = text;
  if (body.ends_with('\n')) body.remove_suffix(1);
  if (body.ends_with('\r')) body.remove_suffix(1);
  Secret secret(body);
  explicit_bzero(text.data(), text.size());
  if (secret.empty()) {
    return Error{.kind = ErrorKind::kConfig, .message = "the secret on stdin is empty"};
  }
  parts_.log->scrub(secret);
  return secret;
}

Result<std::string> Context::read_stdin(std::size_t max_bytes) {
  if (::isatty(STDIN_FILENO) == 1) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = "stdin is a terminal, expected piped input",
                 .hint = "pipe the text in, or give a file"};
  }
  std::string out;
  std::string chunk(std::size_t{64} * 1024, '\0');
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{.kind = ErrorKind::kUsage, .message = "cannot read stdin"};
    if (count == 0) return out;
    out.append(chunk, 0, static_cast<std::size_t>(count));
    if (out.size() > max_bytes) {
      return Error{.kind = ErrorKind::kUsage,
                   .message = fmt::format("stdin is larger than {} bytes", max_bytes)};
    }
  }
}

Result<std::string> Context::text_or_file(const std::string& value) {
  if (value == "-") return read_stdin();
  if (value.starts_with('@')) return read_file(value.substr(1));
  return value;
}

Status Context::confirm(std::string_view question) {
  if (parts_.options.yes || parts_.options.dry_run) return ok_status();
  const Error refused{.kind = ErrorKind::kUnconfirmed,
                      .message = fmt::format("not confirmed: {}", question),
                      .hint = "add --yes to do it without asking"};
  if (::isatty(STDIN_FILENO) != 1 || parts_.out->json()) return refused;
  parts_.out->progress("");
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return refused;
  answer = to_lower(trim(answer));
  if (answer == "y" || answer == "yes") return ok_status();
  return refused;
}

std::string Context::environment(const std::string& name) const {
  const auto found = parts_.environment.find(name);
  return found == parts_.environment.end() ? std::string() : found->second;
}

std::vector<std::string> Context::environment_lines() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : parts_.environment) out.push_back(name + "=" + value);
  return out;
}

namespace {

std::filesystem::path xdg(const Context& context, const std::string& variable,
                          std::string_view fallback) {
  const std::string given = context.environment(variable);
  // The XDG specification: relative paths are to be ignored.
  if (given.starts_with('/')) return std::filesystem::path(given) / "ts";
  const std::string home = context.environment("HOME");
  return std::filesystem::path(home.empty() ? "/tmp" : home) / fallback / "ts";
}

}  // namespace

std::filesystem::path Context::state_dir() const {
  return xdg(*this, "XDG_STATE_HOME", ".local/state");
}

std::filesystem::path Context::config_dir() const {
  return xdg(*this, "XDG_CONFIG_HOME", ".config");
}

Result<std::filesystem::path> Context::media_program() const {
  TS_TRY(const auto given, parts_.settings.text("TS_MEDIA"));
  if (!given.empty()) return std::filesystem::path(given);
  for (const auto& candidate : {parts_.program.parent_path() / "ts-media",
                                std::filesystem::path(TS_LIBEXEC_DIR) / "ts-media"}) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Error{
      .kind = ErrorKind::kConfig,
      .message = "the ts-media program is not installed",
      .hint = "build it with scripts/build.sh, or install the media part of the ts package"};
}

}  // namespace ts::cli
