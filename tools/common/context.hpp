// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/output.hpp"
#include "config/settings.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "net/http.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts::cli {

class RequestRecorder;
class SignalWatch;

/// The options every command takes.
struct GlobalOptions {
  std::string format{};  ///< -o: "", text, json, id, raw, env.
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  std::string color = "auto";
  std::string profile{};
  std::string env_file{};
  bool curl = false;
  bool dry_run = false;
  bool yes = false;
};

/// All the outside of one command run: settings, time, output, network, signals. A command that
/// reaches past it for a global fails review. Main thread, except where said.
class Context {
 public:
  struct Parts {
    GlobalOptions options{};
    config::Settings settings{};
    std::map<std::string, std::string> environment{};
    std::filesystem::path program{};  ///< Path of the running executable.
    std::unique_ptr<Clock> clock{};
    Log* log = nullptr;
    Output* out = nullptr;
  };
  explicit Context(Parts parts);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  [[nodiscard]] const GlobalOptions& options() const noexcept { return parts_.options; }
  [[nodiscard]] const config::Settings& settings() const noexcept { return parts_.settings; }
  [[nodiscard]] Clock& clock() noexcept { return *parts_.clock; }
  [[nodiscard]] Log& log() noexcept { return *parts_.log; }
  [[nodiscard]] Output& out() noexcept { return *parts_.out; }
  [[nodiscard]] const std::filesystem::path& program() const noexcept { return parts_.program; }

  /// The network, made at first use; with --dry-run it records instead of sending, with --curl it
  /// shows each request. The transport itself is thread-safe.
  net::HttpTransport& transport();
  /// True with --dry-run: requests are kept instead of sent.
  [[nodiscard]] bool dry_run() const noexcept { return parts_.options.dry_run; }

  /// With --dry-run, once the command ended as `status`: prints the requests it would have sent.
  /// @return `status` itself when there were none, or when the command line or a setting is wrong.
  Status finish_dry_run(Status status);

  /// Requested by the first Ctrl-C or SIGTERM; asking for it installs the handlers (the second
  /// signal ends the process at once). Commands that never ask die by the signal as usual.
  std::stop_token stop();
  /// SIGINT, SIGTERM or 0.
  [[nodiscard]] int stop_signal() const noexcept;

  /// Credentials, registered with the log so that no output can carry them. A LiveKit secret under
  /// 32 bytes gets a warning.
  Result<config::LivekitKey> livekit_key();
  Result<config::MuxToken> mux_token();
  Result<config::CloudflareAccount> cloudflare();
  Result<Secret> required_secret(std::string_view setting);
  /// A secret from a file ("-": stdin), checked for loose permissions and registered for scrubbing.
  Result<Secret> secret_from(const std::string& path_or_dash);

  /// All of stdin. @return kUsage when it is larger than `max_bytes` or a terminal.
  Result<std::string> read_stdin(std::size_t max_bytes = std::size_t{16} << 20U);
  /// A value given as text, "@file" or "-".
  Result<std::string> text_or_file(const std::string& value);

  /// Asks "question [y/N]" on a terminal; elsewhere needs --yes (or --dry-run).
  /// @return kUnconfirmed when the answer is not yes.
  Status confirm(std::string_view question);

  /// A variable of the environment that is no setting (XDG_STATE_HOME, HOME, TERM, COLUMNS).
  [[nodiscard]] std::string environment(const std::string& name) const;
  /// The whole environment as "NAME=value" lines, for starting this program again.
  [[nodiscard]] std::vector<std::string> environment_lines() const;
  /// $XDG_STATE_HOME/ts or ~/.local/state/ts.
  [[nodiscard]] std::filesystem::path state_dir() const;
  /// $XDG_CONFIG_HOME/ts or ~/.config/ts.
  [[nodiscard]] std::filesystem::path config_dir() const;
  /// The ts-media program: TS_MEDIA, else beside ts, else in libexec; never through PATH.
  /// @return kConfig naming what to install when there is none.
  [[nodiscard]] Result<std::filesystem::path> media_program() const;

 private:
  Parts parts_;
  std::unique_ptr<net::HttpTransport> network_;
  std::unique_ptr<net::HttpTransport> bodies_;
  std::unique_ptr<net::HttpTransport> traced_;
  net::HttpTransport* top_ = nullptr;  ///< The outermost of these.
  std::unique_ptr<RequestRecorder> recorder_;
  std::unique_ptr<SignalWatch> signals_;
};

}  // namespace ts::cli
