// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"

#include "core/file.hpp"
#include "core/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

namespace ts {
namespace {

constexpr std::size_t kMaxSecret = std::size_t{32} << 10U;

Error system_error(std::string message, int number) {
  return Error{.kind = ErrorKind::kInternal,
               .message = fmt::format("{} ({})", message, std::strerror(number)),
               .retryable = true};
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

ssize_t read_retrying(int fd, void* data, std::size_t size) noexcept {
  ssize_t count = 0;
  do {
    count = ::read(fd, data, size);
  } while (count < 0 && errno == EINTR);
  return count;
}

/// What the child tells the parent when it cannot become the program.
enum class Step : std::uint8_t { kSetup, kFolder, kExecute };
struct Failure {
  Step step = Step::kSetup;
  int number = 0;
};

/// Everything the child needs between fork and exec, where only async-signal-safe calls may be
/// made: built by the parent, only read by the child.
struct Plan {
  struct Descriptor {
    int from = -1;
    int to = -1;
    bool optional = false;  // an inherited standard stream that the parent has closed
  };

  std::string program;
  std::string folder;
  std::vector<std::string> argument_texts;
  std::vector<char*> arguments;
  std::vector<std::string> environment_texts;
  std::vector<char*> environment;
  std::vector<Descriptor> descriptors;
  std::vector<int> staged;
  int first_free = 3;  // the lowest number above all targets
  bool own_group = true;
  int parent_death_signal = 0;
  pid_t parent = 0;
  UniqueFd null;
};

void set_pointers(std::vector<std::string>& texts, std::vector<char*>& pointers) {
  pointers.clear();
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
}

Result<std::unique_ptr<Plan>> make_plan(const ProcessOptions& options) {
  auto plan = std::make_unique<Plan>();
  plan->program = options.program.string();
  plan->folder = options.working_directory.string();
  plan->argument_texts.push_back(options.argv0.empty() ? options.program.filename().string()
                                                       : options.argv0);
  plan->argument_texts.insert(plan->argument_texts.end(), options.arguments.begin(),
                              options.arguments.end());
  set_pointers(plan->argument_texts, plan->arguments);
  plan->environment_texts = options.environment;
  set_pointers(plan->environment_texts, plan->environment);
  plan->own_group = options.own_group;
  plan->parent_death_signal = options.parent_death_signal;
  plan->parent = ::getpid();
  plan->null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!plan->null) return system_error("cannot open /dev/null", errno);
  for (const auto& inherited : options.inherited) {
    if (inherited.as < 3) {
      return Error{.kind = ErrorKind::kInternal,
                   .message = "an inherited descriptor needs a number of 3 or above"};
    }
    plan->descriptors.push_back({.from = inherited.fd, .to = inherited.as, .optional = false});
    plan->first_free = std::max(plan->first_free, inherited.as + 1);
  }
  return plan;
}

/// Notes what standard stream `number` is; returns the parent's end of a pipe, if it is one, and
/// keeps the child's end open in `keep` until the fork is done.
Result<UniqueFd> add_stream(Plan& plan, StreamMode mode, int number, UniqueFd& keep) {
  UniqueFd parents_end;
  int from = plan.null.get();
  if (mode == StreamMode::kInherit) from = number;
  if (mode == StreamMode::kStderr) from = STDERR_FILENO;
  if (mode == StreamMode::kPipe) {
    TS_TRY(auto ends, make_pipe());
    const bool child_reads = number == STDIN_FILENO;
    keep = child_reads ? std::move(ends.read) : std::move(ends.write);
    parents_end = child_reads ? std::move(ends.write) : std::move(ends.read);
    from = keep.get();
  }
  plan.descriptors.push_back(
      {.from = from,
       .to = number,
       .optional = mode == StreamMode::kInherit || mode == StreamMode::kStderr});
  return parents_end;
}

void close_on_exec_from(int first) noexcept {
#ifdef SYS_close_range
  constexpr unsigned kCloexec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC, Linux 5.11
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, kCloexec) == 0) return;
#endif
  const long limit = std::min(::sysconf(_SC_OPEN_MAX), 65536L);
  for (int fd = first; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

bool place_descriptors(Plan& plan) noexcept {
  // First everything out of the way of the targets, then into place: no order of copies can then
  // overwrite a descriptor that is still needed.
  for (std::size_t i = 0; i < plan.descriptors.size(); ++i) {
    const auto& descriptor = plan.descriptors[i];
    plan.staged[i] = ::fcntl(descriptor.from, F_DUPFD_CLOEXEC, plan.first_free);
    if (plan.staged[i] < 0 && !descriptor.optional) return false;
  }
  for (int fd = 3; fd < plan.first_free; ++fd) ::close(fd);
  for (std::size_t i = 0; i < plan.descriptors.size(); ++i) {
    if (plan.staged[i] < 0) {
      ::close(plan.descriptors[i].to);
    } else if (::dup2(plan.staged[i], plan.descriptors[i].to) < 0) {
      return false;
    }
  }
  close_on_exec_from(plan.first_free);
  return true;
}

/// Runs in the child; async-signal-safe calls only.
[[noreturn]] void become_program(Plan& plan, int report) noexcept {
  const auto fail = [&](Step step) {
    const Failure failure{.step = step, .number = errno};
    [[maybe_unused]] const auto written = ::write(report, &failure, sizeof failure);
    ::_exit(127);
  };
  report = ::fcntl(report, F_DUPFD_CLOEXEC, plan.first_free);
  if (plan.own_group) ::setpgid(0, 0);
  if (plan.parent_death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, plan.parent_death_signal);
    // The parent may have died before the call above; then no signal comes.
    if (::getppid() != plan.parent) ::_exit(127);
  }
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!place_descriptors(plan)) fail(Step::kSetup);
  if (!plan.folder.empty() && ::chdir(plan.folder.c_str()) != 0) fail(Step::kFolder);
  ::execve(plan.program.c_str(), plan.arguments.data(), plan.environment.data());
  fail(Step::kExecute);
  ::_exit(127);
}

Error start_error(const Plan& plan, const Failure& failure) {
  if (failure.step == Step::kSetup) {
    return system_error(fmt::format("cannot start {}", plan.program), failure.number);
  }
  const bool folder = failure.step == Step::kFolder;
  return Error{
      .kind = ErrorKind::kConfig,
      .message = fmt::format("cannot {} {} ({})", folder ? "enter" : "start",
                             folder ? plan.folder : plan.program, std::strerror(failure.number))};
}

void block_all_signals() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("ended by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exited with code {}", code);
}

Status ExitStatus::to_status(std::string_view program) const {
  if (success()) return ok_status();
  Error error{.kind = signal != 0 ? ErrorKind::kInternal : ErrorKind::kRemote,
              .message = fmt::format("{} {}", program, describe())};
  for (int kind = 0; signal == 0 && kind <= static_cast<int>(ErrorKind::kTerminated); ++kind) {
    if (exit_code(static_cast<ErrorKind>(kind)) == code) error.kind = static_cast<ErrorKind>(kind);
  }
  return error;
}

struct ChildProcess::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { [[maybe_unused]] const auto ignored = send(SIGKILL); }

  Status send(int number) {
    const std::lock_guard lock(mutex);
    if (exit || pid <= 0) return ok_status();  // after reaping, the number may be somebody else's
    if (::kill(plan->own_group ? -pid : pid, number) == 0 || errno == ESRCH) return ok_status();
    return system_error(fmt::format("cannot signal {}", plan->program), errno);
  }

  /// The thread that forks must live as long as the child: the kernel sends the parent-death
  /// signal when the *thread* that forked ends. So each child has one, which also reaps it.
  void run(UniqueFd report, std::stop_token /*unused*/) {
    block_all_signals();
    const pid_t child = ::fork();
    if (child == 0) become_program(*plan, report.get());
    const int number = errno;
    if (child > 0 && plan->own_group) ::setpgid(child, child);
    {
      const std::lock_guard lock(mutex);
      pid = child;
      forked = true;
      if (child < 0) fork_errno = number;
    }
    changed.notify_all();
    report.reset();
    if (child < 0) return;

    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    {
      const std::lock_guard lock(mutex);
      // The child is a zombie still, so its number names its group and nobody else's.
      if (plan->own_group) ::kill(-child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      exit = WIFSIGNALED(status) ? ExitStatus{.code = 0, .signal = WTERMSIG(status)}
                                 : ExitStatus{.code = WEXITSTATUS(status), .signal = 0};
    }
    changed.notify_all();
  }

  std::unique_ptr<Plan> plan;
  UniqueFd standard_input;
  UniqueFd standard_output;
  UniqueFd standard_error;
  mutable std::mutex mutex;
  mutable std::condition_variable_any changed;
  bool forked = false;
  int fork_errno = 0;
  pid_t pid = -1;
  std::optional<ExitStatus> exit;
  std::jthread thread;
};

ChildProcess::ChildProcess(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;
ChildProcess& ChildProcess::operator=(ChildProcess&&) noexcept = default;
ChildProcess::~ChildProcess() = default;

Result<ChildProcess> ChildProcess::spawn(const ProcessOptions& options) {
  auto impl = std::make_unique<Impl>();
  TS_TRY(impl->plan, make_plan(options));
  Plan& plan = *impl->plan;
  std::array<UniqueFd, 3> childs_ends;
  TS_TRY(impl->standard_input,
         add_stream(plan, options.standard_input, STDIN_FILENO, childs_ends[0]));
  TS_TRY(impl->standard_output,
         add_stream(plan, options.standard_output, STDOUT_FILENO, childs_ends[1]));
  TS_TRY(impl->standard_error,
         add_stream(plan, options.standard_error, STDERR_FILENO, childs_ends[2]));
  plan.staged.resize(plan.descriptors.size(), -1);
  TS_TRY(auto report, make_pipe());

  Impl& state = *impl;
  try {
    state.thread =
        std::jthread([&state, end = std::move(report.write)](const std::stop_token& stop) mutable {
          state.run(std::move(end), stop);
        });
  } catch (const std::system_error& error) {
    return system_error("cannot start a thread", error.code().value());
  }
  {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.forked; });
    if (state.pid < 0) return system_error("cannot start a process", state.fork_errno);
  }
  // The pipe closes by itself when the program starts; otherwise the reason comes through it.
  Failure failure;
  if (read_retrying(report.read.get(), &failure, sizeof failure) == sizeof failure) {
    return start_error(plan, failure);
  }
  return ChildProcess(std::move(impl));
}

pid_t ChildProcess::pid() const noexcept { return impl_->pid; }
UniqueFd ChildProcess::take_stdin() noexcept { return std::move(impl_->standard_input); }
UniqueFd ChildProcess::take_stdout() noexcept { return std::move(impl_->standard_output); }
UniqueFd ChildProcess::take_stderr() noexcept { return std::move(impl_->standard_error); }

std::optional<ExitStatus> ChildProcess::poll() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->exit;
}

Result<ExitStatus> ChildProcess::wait(milliseconds limit, std::stop_token stop) const {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, stop, limit, [&] { return impl_->exit.has_value(); });
  if (impl_->exit) return *impl_->exit;
  if (stop.stop_requested()) {
    return Error{.kind = ErrorKind::kInterrupted,
                 .message = fmt::format("interrupted while waiting for {}", impl_->plan->program)};
  }
  return Error{
      .kind = ErrorKind::kDeadline,
      .message = fmt::format("{} (process {}) still runs", impl_->plan->program, impl_->pid)};
}

Status ChildProcess::signal(int number) const { return impl_->send(number); }

ExitStatus ChildProcess::stop(milliseconds grace) const {
  for (const int number : {SIGTERM, SIGKILL}) {
    [[maybe_unused]] const auto sent = impl_->send(number);
    std::unique_lock lock(impl_->mutex);
    const auto ended = [&] { return impl_->exit.has_value(); };
    if (number == SIGKILL) {
      impl_->changed.wait(lock, ended);
    } else if (!impl_->changed.wait_for(lock, grace, ended)) {
      continue;
    }
    return *impl_->exit;
  }
  return {};
}

Result<pid_t> spawn_detached(const ProcessOptions& options) {
  TS_TRY(auto plan, make_plan(options));
  plan->own_group = true;
  plan->parent_death_signal = 0;
  std::array<UniqueFd, 3> unused;
  const std::array modes{options.standard_input, options.standard_output, options.standard_error};
  for (int number = 0; number < 3; ++number) {
    const auto index = static_cast<std::size_t>(number);
    const auto mode = modes[index] == StreamMode::kPipe ? StreamMode::kNull : modes[index];
    TS_TRY(const auto none, add_stream(*plan, mode, number, unused[index]));
  }
  plan->staged.resize(plan->descriptors.size(), -1);
  TS_TRY(auto report, make_pipe());
  TS_TRY(auto number, make_pipe());

  const pid_t middle = ::fork();
  if (middle < 0) return system_error("cannot start a process", errno);
  if (middle == 0) {
    ::setsid();
    const pid_t program = ::fork();
    if (program == 0) become_program(*plan, report.write.get());
    [[maybe_unused]] const auto written = ::write(number.write.get(), &program, sizeof program);
    ::_exit(0);
  }
  while (::waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
  }
  report.write.reset();
  number.write.reset();
  pid_t program = -1;
  if (read_retrying(number.read.get(), &program, sizeof program) != sizeof program || program < 0) {
    return system_error("cannot start a process", EAGAIN);
  }
  Failure failure;
  if (read_retrying(report.read.get(), &failure, sizeof failure) == sizeof failure) {
    return start_error(*plan, failure);
  }
  return program;
}

Result<UniqueFd> secret_pipe(const Secret& secret) {
  if (secret.size() > kMaxSecret) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("a secret is larger than {} bytes", kMaxSecret)};
  }
  TS_TRY(auto ends, make_pipe());
  // Never blocks: a pipe holds at least 64 KiB.
  std::string_view rest = secret.reveal();
  while (!rest.empty()) {
    const ssize_t count = ::write(ends.write.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot pass a secret", errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return std::move(ends.read);
}

Result<Secret> read_secret_fd(int fd) {
  const UniqueFd owned(fd);
  // One array, wiped below: a growing string would leave copies of the secret behind.
  std::vector<char> text(kMaxSecret + 2);
  std::size_t size = 0;
  int number = 0;
  while (size < text.size()) {
    const ssize_t count = read_retrying(fd, text.data() + size, text.size() - size);
    if (count < 0) number = errno;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  std::string_view body(text.data(), size);
  if (body.ends_with('\n')) body.remove_suffix(1);
  Secret secret(body);
  const bool too_large = body.size() > kMaxSecret;
  ::explicit_bzero(text.data(), text.size());
  if (number == 0 && !too_large && !secret.empty()) return secret;
  const auto reason = number != 0 ? std::string(std::strerror(number))
                      : too_large ? fmt::format("larger than {} bytes", kMaxSecret)
                                  : std::string("empty");
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("cannot read a secret from descriptor {} ({})", fd, reason)};
}

LineReader::LineReader(UniqueFd fd, std::size_t capacity, std::size_t max_line)
    : fd_(std::move(fd)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      max_line_(max_line),
      lines_(capacity),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LineReader::~LineReader() {
  thread_.request_stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void LineReader::run(const std::stop_token& stop) {
  block_all_signals();
  std::string line;
  bool skipping = false;
  std::vector<char> chunk(std::size_t{16} << 10U);
  const auto finish_line = [&] {
    if (!skipping) lines_.push_drop_oldest(std::exchange(line, {}));
    skipping = false;
  };
  for (;;) {
    std::array<pollfd, 2> waits{{{.fd = fd_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    if (stop.stop_requested()) break;
    if (waits[0].revents == 0) continue;
    const ssize_t count = ::read(fd_.get(), chunk.data(), chunk.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) break;
    for (std::string_view rest(chunk.data(), static_cast<std::size_t>(count)); !rest.empty();) {
      const auto end = rest.find('\n');
      const auto part = rest.substr(0, end);
      if (!skipping) line.append(part.substr(0, max_line_ - std::min(max_line_, line.size())));
      if (!skipping && line.size() >= max_line_ && end == std::string_view::npos) {
        finish_line();
        skipping = true;
      }
      if (end == std::string_view::npos) break;
      finish_line();
      rest.remove_prefix(end + 1);
    }
  }
  if (!line.empty()) finish_line();
  finished_ = true;
  lines_.close();
}

std::optional<std::string> LineReader::next(milliseconds limit, std::stop_token stop) {
  return lines_.pop_for(limit, std::move(stop));
}

bool LineReader::ended() const { return finished_ && lines_.size() == 0; }

Result<std::filesystem::path> own_program_directory() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return system_error("cannot read /proc/self/exe", error.value());
  return program.parent_path();
}

Result<std::filesystem::path> find_helper_program(std::string_view name,
                                                  const std::filesystem::path& own_directory,
                                                  const std::filesystem::path& override_path,
                                                  const std::filesystem::path& libexec) {
  const auto usable = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
  };
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char letter) {
    if (letter == '-') return '_';
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  if (!override_path.empty()) {
    std::error_code ignored;
    const auto path = std::filesystem::absolute(override_path, ignored);
    if (usable(path)) return path;
    return Error{
        .kind = ErrorKind::kConfig,
        .message = fmt::format("{} names {}, which is no program", upper, override_path.string()),
        .hint = fmt::format("set {} to the path of {}, or unset it", upper, name)};
  }
  std::string places;
  for (const auto& folder : {own_directory, libexec}) {
    if (folder.empty()) continue;
    if (const auto path = folder / name; usable(path)) return path;
    places += (places.empty() ? "" : " or ") + folder.string();
  }
  return Error{.kind = ErrorKind::kConfig,
               .message = fmt::format("{} was not found in {}", name, places),
               .hint = fmt::format("install it beside ts, or set {} to its path", upper)};
}

Result<std::filesystem::path> find_media_program(const std::filesystem::path& own_directory,
                                                 const std::filesystem::path& override_path,
                                                 const std::filesystem::path& libexec) {
  return find_helper_program("ts-media", own_directory, override_path, libexec);
}

std::optional<std::uint64_t> process_start_ticks(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const auto text = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!text) return std::nullopt;
  // The name in parentheses may contain anything, so the fields are counted after its end.
  const std::string_view stat = text.value();
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 > stat.size()) return std::nullopt;
  const auto fields = split(trim(stat.substr(name_end + 2)), ' ');
  constexpr std::size_t kState = 0;   // field 3
  constexpr std::size_t kStart = 19;  // field 22
  if (fields.size() <= kStart || fields[kState] == "Z" || fields[kState] == "X") {
    return std::nullopt;
  }
  return parse_u64(fields[kStart]);
}

bool process_is_running(pid_t pid, std::uint64_t start_ticks) {
  return process_start_ticks(pid) == start_ticks;
}

}  // namespace ts
