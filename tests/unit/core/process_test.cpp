// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"

#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

namespace ts {
namespace {

using std::chrono::steady_clock;

ProcessOptions shell(std::string script) {
  return ProcessOptions{.program = "/bin/sh",
                        .arguments = {"-c", std::move(script)},
                        .standard_error = StreamMode::kNull};
}

/// Reads a descriptor to its end.
std::string drain(const UniqueFd& fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t count = 0; (count = ::read(fd.get(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

TEST(ChildProcess, ReportsTheExitCodeOfItsProgram) {
  auto child = ChildProcess::spawn(shell("exit 12"));
  ASSERT_TRUE(child.ok()) << child.error().message;

  const auto exit = child.value().wait(seconds{10});

  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit.value().code, 12);
  EXPECT_EQ(exit.value().to_status("ts-media").error().kind, ErrorKind::kMedia);
  EXPECT_EQ(exit.value().to_status("ts-media").error().message, "ts-media exited with code 12");
}

TEST(ChildProcess, ReportsTheSignalThatEndedIt) {
  auto child = ChildProcess::spawn(shell("kill -9 $$"));
  ASSERT_TRUE(child.ok());

  const auto exit = child.value().wait(seconds{10});

  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit.value().signal, SIGKILL);
  EXPECT_EQ(exit.value().to_status("x").error().kind, ErrorKind::kInternal);
}

TEST(ChildProcess, NamesAProgramThatDoesNotExist) {
  const auto child = ChildProcess::spawn({.program = "/nonexistent/program"});

  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().kind, ErrorKind::kConfig);
  EXPECT_EQ(child.error().message, "cannot start /nonexistent/program (No such file or directory)");
}

TEST(ChildProcess, NamesAWorkingDirectoryThatDoesNotExist) {
  auto options = shell("exit 0");
  options.working_directory = "/nonexistent";

  const auto child = ChildProcess::spawn(options);

  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().message, "cannot enter /nonexistent (No such file or directory)");
}

TEST(ChildProcess, HasExactlyTheEnvironmentItWasGiven) {
  ProcessOptions options{.program = "/usr/bin/env", .environment = {"A=1", "B=two words"}};
  options.standard_output = StreamMode::kPipe;

  auto child = ChildProcess::spawn(options);

  ASSERT_TRUE(child.ok());
  EXPECT_EQ(drain(child.value().take_stdout()), "A=1\nB=two words\n");
}

TEST(ChildProcess, JoinsItsStandardInputAndOutputThroughPipes) {
  ProcessOptions options{.program = "/bin/cat"};
  options.standard_input = StreamMode::kPipe;
  options.standard_output = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());

  auto input = child.value().take_stdin();
  ASSERT_EQ(::write(input.get(), "hello", 5), 5);
  input.reset();

  EXPECT_EQ(drain(child.value().take_stdout()), "hello");
  EXPECT_TRUE(child.value().wait(seconds{10}).value().success());
}

TEST(ChildProcess, SeesOnlyTheDescriptorsItWasGiven) {
  const UniqueFd leaky(::open("/dev/null", O_RDONLY));  // deliberately without O_CLOEXEC
  const UniqueFd given(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  auto options = shell("for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done");
  options.environment = {"PATH=/usr/bin:/bin"};
  options.standard_output = StreamMode::kPipe;
  options.inherited = {{.fd = given.get(), .as = 7}};

  auto child = ChildProcess::spawn(options);

  ASSERT_TRUE(child.ok());
  const auto text = drain(child.value().take_stdout());
  EXPECT_NE(text.find("7 /dev/zero"), std::string::npos) << text;
  EXPECT_EQ(text.find(std::to_string(leaky.get()) + " /dev/null"), std::string::npos) << text;
}

TEST(ChildProcess, KeepsInheritedDescriptorsApartWhenNumbersCross) {
  auto one = secret_pipe(Secret("one")).value();
  auto two = secret_pipe(Secret("two")).value();
  auto options = shell("cat <&$A; cat <&$B");
  options.standard_output = StreamMode::kPipe;
  // Each goes where the other is.
  options.inherited = {{.fd = one.get(), .as = two.get()}, {.fd = two.get(), .as = one.get()}};
  options.environment = {"PATH=/usr/bin:/bin", "A=" + std::to_string(two.get()),
                         "B=" + std::to_string(one.get())};

  auto child = ChildProcess::spawn(options);

  ASSERT_TRUE(child.ok());
  EXPECT_EQ(drain(child.value().take_stdout()), "onetwo");
}

TEST(ChildProcess, StopsAWillingChildByTerm) {
  auto options = shell("trap 'exit 7' TERM; echo ready; while :; do read x; done");
  options.standard_input = StreamMode::kPipe;
  options.standard_output = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());
  LineReader lines(child.value().take_stdout());
  ASSERT_EQ(lines.next(seconds{10}), "ready");

  const auto exit = child.value().stop();

  EXPECT_TRUE(exit.code == 7 || exit.signal == SIGTERM) << exit.describe();
}

TEST(ChildProcess, KillsAChildThatIgnoresTermAfterTheGrace) {
  auto options = shell("trap '' TERM; echo ready; while :; do read x; done");
  options.standard_input = StreamMode::kPipe;
  options.standard_output = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());
  LineReader lines(child.value().take_stdout());
  ASSERT_EQ(lines.next(seconds{10}), "ready");

  const auto exit = child.value().stop(milliseconds{50});

  EXPECT_EQ(exit.signal, SIGKILL);
}

TEST(ChildProcess, LeavesNothingOfItsGroupRunning) {
  // The shell ends at once and leaves a background child, which keeps the pipe open.
  auto options = shell("(while :; do read x; done) & echo $!");
  options.standard_input = StreamMode::kPipe;
  options.standard_output = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());
  const auto input = child.value().take_stdin();

  const auto text = drain(child.value().take_stdout());  // ends only when the last holder is gone

  EXPECT_FALSE(text.empty());
  EXPECT_TRUE(child.value().wait(seconds{10}).ok());
}

TEST(ChildProcess, WaitNamesTheDeadlineWhileItRuns) {
  ProcessOptions options{.program = "/bin/cat"};
  options.standard_input = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());

  const auto exit = child.value().wait(milliseconds{10});

  ASSERT_FALSE(exit.ok());
  EXPECT_EQ(exit.error().kind, ErrorKind::kDeadline);
  EXPECT_FALSE(child.value().poll().has_value());
}

TEST(ChildProcess, DiesWithAParentThatIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t parent = ::fork();
  if (parent == 0) {
    // The grandchild holds the pipe's write end; it must end when its parent is killed.
    ProcessOptions options{.program = "/bin/cat"};
    options.standard_input = StreamMode::kPipe;
    options.inherited = {{.fd = write_end.get(), .as = 9}};
    const auto child = ChildProcess::spawn(options);
    const char ready = child.ok() ? 'y' : 'n';
    if (::write(write_end.get(), &ready, 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  write_end.reset();
  char ready = 0;
  ASSERT_EQ(::read(read_end.get(), &ready, 1), 1);
  ASSERT_EQ(ready, 'y');

  ::kill(parent, SIGKILL);

  EXPECT_EQ(::read(read_end.get(), &ready, 1), 0);  // end of file: nobody holds the pipe any more
  ::waitpid(parent, nullptr, 0);
}

TEST(ChildProcess, OutlivesTheThreadThatSpawnedIt) {
  std::optional<ChildProcess> child;
  std::thread spawner([&] {
    ProcessOptions options{.program = "/bin/cat"};
    options.standard_input = StreamMode::kPipe;
    auto spawned = ChildProcess::spawn(options);
    if (spawned) child.emplace(std::move(spawned).value());
  });
  spawner.join();
  ASSERT_TRUE(child.has_value());

  child->take_stdin().reset();

  const auto exit = child->wait(seconds{10});
  ASSERT_TRUE(exit.ok());
  EXPECT_TRUE(exit.value().success()) << exit.value().describe();
}

TEST(SpawnDetached, StartsAProgramInItsOwnSession) {
  const test::TempDir folder;
  const auto file = folder.path() / "out";
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  auto options = shell("cut -d' ' -f6 /proc/self/stat > " + file.string());
  options.environment = {"PATH=/usr/bin:/bin"};

  const auto pid = spawn_detached(options);

  ASSERT_TRUE(pid.ok());
  std::ifstream stream(file);  // blocks until the program writes
  long session = 0;
  stream >> session;
  EXPECT_NE(session, ::getsid(0));
  EXPECT_GT(session, 0);
}

TEST(SpawnDetached, NamesAProgramThatDoesNotExist) {
  const auto pid = spawn_detached({.program = "/nonexistent/program"});

  ASSERT_FALSE(pid.ok());
  EXPECT_EQ(pid.error().kind, ErrorKind::kConfig);
}

TEST(SecretPipe, CarriesASecretOfEverySizeUpToTheLimit) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{32} << 10U}) {
    auto end = secret_pipe(Secret(std::string(size, 's')));
    ASSERT_TRUE(end.ok());

    const auto secret = read_secret_fd(end.value().release());

    ASSERT_TRUE(secret.ok()) << secret.error().message;
    EXPECT_EQ(secret.value().size(), size);
  }
}

TEST(SecretPipe, RefusesWhatIsTooLargeOrEmpty) {
  EXPECT_EQ(secret_pipe(Secret(std::string(40000, 's'))).error().kind, ErrorKind::kUsage);
  auto empty = secret_pipe(Secret(""));
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(read_secret_fd(empty.value().release()).error().kind, ErrorKind::kConfig);
}

TEST(LineReader, GivesLinesAndThenTheEnd) {
  auto end = secret_pipe(Secret("one\n\nlast without newline"));
  LineReader lines(std::move(end).value());

  EXPECT_EQ(lines.next(seconds{10}), "one");
  EXPECT_EQ(lines.next(seconds{10}), "");
  EXPECT_EQ(lines.next(seconds{10}), "last without newline");
  EXPECT_EQ(lines.next(seconds{10}), std::nullopt);
  EXPECT_TRUE(lines.ended());
}

TEST(LineReader, CutsALineThatIsTooLongAndGoesOnWithTheNext) {
  auto end = secret_pipe(Secret(std::string(30000, 'x') + "\nnext\nexactly8\n123456789\n"));
  LineReader lines(std::move(end).value(), 16, 8);

  EXPECT_EQ(lines.next(seconds{10}), "xxxxxxxx");
  EXPECT_EQ(lines.next(seconds{10}), "next");
  EXPECT_EQ(lines.next(seconds{10}), "exactly8");
  EXPECT_EQ(lines.next(seconds{10}), "12345678");
  EXPECT_EQ(lines.next(seconds{10}), std::nullopt);
}

TEST(LineReader, DropsTheOldestWhenNobodyReads) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "\n";
  auto options = shell("cat");
  options.environment = {"PATH=/usr/bin:/bin"};
  options.standard_input = StreamMode::kPipe;
  options.standard_output = StreamMode::kPipe;
  auto child = ChildProcess::spawn(options);
  ASSERT_TRUE(child.ok());
  LineReader lines(child.value().take_stdout(), 10);
  auto input = child.value().take_stdin();
  ASSERT_EQ(::write(input.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  input.reset();
  ASSERT_TRUE(child.value().wait(seconds{10}).ok());
  std::string last;

  while (auto line = lines.next(seconds{10})) last = *line;

  EXPECT_EQ(last, "99");
}

TEST(LineReader, EndsWhileItsWriterHangs) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const UniqueFd writer(ends[1]);
  const auto begin = steady_clock::now();

  { LineReader lines{UniqueFd(ends[0])}; }

  EXPECT_LT(steady_clock::now() - begin, seconds{5});
}

TEST(FindHelperProgram, PrefersTheOverrideThenTheOwnFolderThenLibexec) {
  const test::TempDir own;
  const test::TempDir libexec;
  const auto make = [](const std::filesystem::path& path) {
    std::ofstream(path) << "#!/bin/sh\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  make(libexec.path() / "ts-media");
  EXPECT_EQ(find_media_program(own.path(), "", libexec.path()).value(),
            libexec.path() / "ts-media");
  make(own.path() / "ts-media");
  EXPECT_EQ(find_media_program(own.path(), "", libexec.path()).value(), own.path() / "ts-media");
  make(own.path() / "other");
  EXPECT_EQ(find_media_program(own.path(), own.path() / "other", libexec.path()).value(),
            own.path() / "other");
}

TEST(FindHelperProgram, SaysWhereItLookedAndRefusesABadOverride) {
  const test::TempDir own;

  const auto missing = find_media_program(own.path(), "", "/nonexistent/libexec");
  const auto wrong = find_media_program(own.path(), own.path() / "absent", "");

  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kConfig);
  EXPECT_NE(missing.error().message.find("/nonexistent/libexec"), std::string::npos);
  EXPECT_EQ(missing.error().hint, "install it beside ts, or set TS_MEDIA to its path");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().hint, "set TS_MEDIA to the path of ts-media, or unset it");
}

TEST(ProcessIsRunning, TellsAProcessFromALaterOneOfTheSameNumber) {
  const auto start = process_start_ticks(::getpid());

  ASSERT_TRUE(start.has_value());
  EXPECT_TRUE(process_is_running(::getpid(), *start));
  EXPECT_FALSE(process_is_running(::getpid(), *start + 1));
  EXPECT_FALSE(process_start_ticks(-1).has_value());
}

}  // namespace
}  // namespace ts
