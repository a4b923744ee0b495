// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/process.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "live/program_memory.hpp"
#include "live/services.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace ts::live {

struct CompositorOptions {
  std::filesystem::path show{};
  std::filesystem::path folder{};  ///< Gets compositor.jsonl and compositor.log.
  std::filesystem::path control_socket{};
  Secret rtmp_url{};                       ///< Where the program is pushed.
  std::vector<std::string> recordings{};   ///< "file:F", "hls:DIR" of the show itself.
  std::optional<milliseconds> duration{};  ///< Program length; empty: until stopped.
  std::string engine{};                    ///< Empty: the program's default.
  ProgramMemory before{};                  ///< What it goes on with from its first frame on.
  std::optional<milliseconds> at{};        ///< What the show's clock says; without: it waits.
};

/// The compositor as a child process: `ts-media compose run`. A crash of a codec ends it and not
/// us, who still have an egress to stop. One owner, one thread.
class Compositor {
 public:
  /// Starts it. The push address goes through a pipe, never through argv or the environment.
  static Result<Compositor> start(const Services& services, CompositorOptions options);

  /// Reads what it reported since the last call: keeps the newest status line and the journal file.
  void read_reports();
  /// How it ended, or nullopt while it runs.
  [[nodiscard]] std::optional<ExitStatus> ended() const { return child_.poll(); }
  /// What is on air, and what was set.
  [[nodiscard]] const ProgramMemory& memory() const noexcept { return memory_; }
  /// The newest JSON status line; empty before the first.
  [[nodiscard]] const std::string& last_report() const noexcept { return last_report_; }
  /// Why it ended badly, from its own error line where it wrote one.
  [[nodiscard]] Error failure() const;
  [[nodiscard]] long pid() const noexcept { return static_cast<long>(child_.pid()); }
  /// Begins the show: until then its cues and its duration wait.
  Status go();
  /// Orderly end: files are finalised. @return how it ended.
  ExitStatus stop();

 private:
  Compositor(ChildProcess child, std::unique_ptr<LineReader> lines,
             std::unique_ptr<LineReader> errors, CompositorOptions options);

  ChildProcess child_;
  std::unique_ptr<LineReader> lines_;
  std::unique_ptr<LineReader> errors_;
  CompositorOptions options_;
  ProgramMemory memory_;
  std::ofstream record_;
  std::string last_report_;
  std::string last_error_;
};

}  // namespace ts::live
