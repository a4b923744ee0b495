// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/bounded_queue.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ts {

/// What one of a child's three standard streams is.
enum class StreamMode : std::uint8_t {
  kNull,     ///< /dev/null.
  kInherit,  ///< The parent's own.
  kStderr,   ///< The parent's standard error: for an output that may not mix into its results.
  kPipe,     ///< A pipe; the parent's end is taken with `take_stdin` and its kin.
};

/// One descriptor of the parent that the child sees under the number `as` (3 or above). The parent
/// keeps and closes its own. Everything not listed is closed in the child.
struct InheritedFd {
  int fd = -1;
  int as = -1;
};

struct ProcessOptions {
  std::filesystem::path program{};         ///< Path of the executable; `PATH` is never searched.
  std::vector<std::string> arguments{};    ///< After argv[0]; visible to everybody: never a secret.
  std::string argv0{};                     ///< Empty: the program's file name.
  std::vector<std::string> environment{};  ///< The whole environment, "NAME=value" each.
  std::filesystem::path working_directory{};  ///< Empty: the parent's.
  StreamMode standard_input = StreamMode::kNull;
  StreamMode standard_output = StreamMode::kNull;
  StreamMode standard_error = StreamMode::kInherit;
  std::vector<InheritedFd> inherited{};
  /// Its own process group: signals from here reach its children too, a Ctrl-C on the terminal
  /// does not reach it, and what it leaves behind in the group dies with it.
  bool own_group = true;
  /// What the child gets when this process dies without stopping it; 0 lets it live on.
  int parent_death_signal = SIGKILL;
};

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< Its exit code; 0 when a signal ended it.
  int signal = 0;  ///< The signal that ended it, or 0.

  [[nodiscard]] bool success() const noexcept { return code == 0 && signal == 0; }
  /// "exited with code 3", "ended by signal 9 (Killed)".
  [[nodiscard]] std::string describe() const;
  /// Ok for success. Otherwise an Error that names `program`: the kind belonging to the exit code
  /// when that is one of ts's own (so that a `ts-media` child's failure passes through), else
  /// kInternal for a crash and kRemote for other codes.
  [[nodiscard]] Status to_status(std::string_view program) const;
};

/// A child process. One owner; `signal`, `poll`, `wait` and `stop` may be called from any thread.
/// Destroying it aborts the child (SIGKILL to its group) and waits for it: call `stop` for an
/// orderly end.
class ChildProcess {
 public:
  /// Starts the program.
  /// @return kConfig naming the program when it does not exist or cannot be executed, kInternal
  ///         (retryable) when the system has no process, pipe or thread left.
  static Result<ChildProcess> spawn(const ProcessOptions& options);

  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const noexcept;
  /// The parent's ends of the pipes asked for; none when taken already or not a pipe.
  [[nodiscard]] UniqueFd take_stdin() noexcept;
  [[nodiscard]] UniqueFd take_stdout() noexcept;
  [[nodiscard]] UniqueFd take_stderr() noexcept;

  /// How it ended, or nullopt while it runs.
  [[nodiscard]] std::optional<ExitStatus> poll() const;
  /// Waits for its end. @return kDeadline while it still runs after `limit`, kInterrupted when
  /// `stop` was requested first; the child runs on in both cases.
  Result<ExitStatus> wait(milliseconds limit, std::stop_token stop = {}) const;
  /// Sends a signal to its group (or to it alone without `own_group`). Ok when it ended already.
  Status signal(int number) const;
  /// Orderly end: SIGTERM, `grace`, SIGKILL. Returns how it ended; ok when it ended already.
  ExitStatus stop(milliseconds grace = seconds{5}) const;

 private:
  struct Impl;
  explicit ChildProcess(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Starts a program that belongs to nobody: own session, no controlling terminal, never a zombie
/// of ours, lives on after us (`own_group` and `parent_death_signal` are ignored, kPipe counts as
/// kNull). For `--detach`. @return its process id, or what `ChildProcess::spawn` returns.
Result<pid_t> spawn_detached(const ProcessOptions& options);

/// The read end of a pipe that holds `secret` and then ends: pass it as an InheritedFd, so that
/// the text is in no argument list, environment or file. @return kUsage above 32 KiB.
Result<UniqueFd> secret_pipe(const Secret& secret);

/// The other side of `secret_pipe`: reads the descriptor to its end and closes it. One trailing
/// newline is not part of the secret. @return kConfig when it is no open descriptor, is empty or
/// holds more than 32 KiB.
Result<Secret> read_secret_fd(int fd);

/// Reads lines from a descriptor on its own thread. When the reader falls behind by `capacity`
/// lines the oldest is dropped and counted, so the writer never blocks. A line longer than
/// `max_line` bytes is cut there and the rest of it skipped.
class LineReader {
 public:
  explicit LineReader(UniqueFd fd, std::size_t capacity = 1024,
                      std::size_t max_line = std::size_t{64} << 10U);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

  /// The next line without its newline. Empty when `limit` passed, `stop` was requested, or the
  /// writer closed and all lines were read (`ended` tells).
  std::optional<std::string> next(milliseconds limit, std::stop_token stop = {});
  [[nodiscard]] bool ended() const;
  [[nodiscard]] std::uint64_t dropped() const { return lines_.dropped(); }

 private:
  void run(const std::stop_token& stop);

  UniqueFd fd_;
  UniqueFd wake_;
  std::size_t max_line_;
  BoundedQueue<std::string> lines_;
  std::atomic<bool> finished_{false};
  std::jthread thread_;
};

/// The folder this program's executable is in (/proc/self/exe, not argv[0]).
Result<std::filesystem::path> own_program_directory();

/// Finds the program `name` that belongs to this installation: `override_path` when given (it must
/// work then), else beside `own_directory`'s own program, else in `libexec`. Never through PATH.
/// @param override_path  the value of TS_MEDIA, or empty.
/// @return kConfig naming the places looked at.
Result<std::filesystem::path> find_helper_program(std::string_view name,
                                                  const std::filesystem::path& own_directory,
                                                  const std::filesystem::path& override_path,
                                                  const std::filesystem::path& libexec);

/// `find_helper_program` for "ts-media".
Result<std::filesystem::path> find_media_program(const std::filesystem::path& own_directory,
                                                 const std::filesystem::path& override_path,
                                                 const std::filesystem::path& libexec);

/// Whether process `pid` runs and began at `start_ticks` (field 22 of /proc/PID/stat), so that a
/// reused process id is not taken for the old owner. A zombie counts as ended.
bool process_is_running(pid_t pid, std::uint64_t start_ticks);
/// Start time of a process in clock ticks since boot, or nullopt when there is none.
std::optional<std::uint64_t> process_start_ticks(pid_t pid);

}  // namespace ts
