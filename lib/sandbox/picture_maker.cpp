// SPDX-License-Identifier: Apache-2.0
#include "sandbox/picture_maker.hpp"

#include "core/clock.hpp"
#include "core/file.hpp"
#include "core/process.hpp"
#include "crypto/random.hpp"

namespace ts::sandbox {
namespace {

constexpr milliseconds kLimit{20'000};
constexpr milliseconds kPoll{100};

}  // namespace

Result<PictureMaker::Picture> PictureMaker::make(const std::filesystem::path& folder,
                                                 std::string_view ending,
                                                 std::vector<std::string> arguments) const {
  if (options_.program.empty()) {
    return Error{.kind = ErrorKind::kMedia, .message = "ts-media is not installed"};
  }
  std::error_code ignored;
  std::filesystem::create_directories(options_.scratch, ignored);
  const auto out = options_.scratch / (crypto::random_alphanumeric(16) + "." + std::string(ending));
  arguments.insert(arguments.begin(),
                   {"picture", folder.string(), "--json", "--out", out.string()});
  TS_TRY(auto child, ChildProcess::spawn({.program = options_.program,
                                          .arguments = std::move(arguments),
                                          .environment = options_.environment,
                                          .standard_output = StreamMode::kPipe,
                                          .standard_error = StreamMode::kNull}));
  LineReader lines(child.take_stdout());
  Picture made;
  const auto until = std::chrono::steady_clock::now() + kLimit;
  while (!lines.ended() && std::chrono::steady_clock::now() < until) {
    if (const auto line = lines.next(kPoll, {})) made.account += *line + "\n";
  }
  const auto status = child.wait(seconds{1});
  if (!status) {
    static_cast<void>(child.stop(milliseconds{0}));
    return Error{.kind = ErrorKind::kMedia, .message = "the picture took too long"};
  }
  if (!status.value().success()) {
    const auto code = status.value().code;
    const auto kind = code == exit_code(ErrorKind::kUsage)      ? ErrorKind::kUsage
                      : code == exit_code(ErrorKind::kNotFound) ? ErrorKind::kNotFound
                                                                : ErrorKind::kMedia;
    return Error{.kind = kind,
                 .message = kind == ErrorKind::kNotFound ? "there is no picture at that time"
                            : kind == ErrorKind::kUsage  ? "such a picture cannot be made"
                                                         : "ts-media " + status.value().describe()};
  }
  auto bytes = read_file(out, std::size_t{64} << 20U);
  std::filesystem::remove(out, ignored);
  TS_TRY(made.bytes, std::move(bytes));
  return made;
}

}  // namespace ts::sandbox
