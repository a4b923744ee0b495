// SPDX-License-Identifier: Apache-2.0
#include "sandbox/media_file_writer.hpp"

#include "core/process.hpp"

#include <vector>

namespace ts::sandbox {

std::string MediaFileWriter::write(const std::stop_token& stop) const {
  constexpr milliseconds kLimit{300'000};
  std::vector<std::string> arguments{"remux", folder_.string(), "--json", "--out",
                                     (folder_ / make_.name).string()};
  if (make_.audio_only) arguments.emplace_back("--audio-only");
  auto child = ChildProcess::spawn({.program = options_.program,
                                    .arguments = std::move(arguments),
                                    .environment = options_.environment,
                                    .standard_output = StreamMode::kNull,
                                    .standard_error = StreamMode::kNull});
  if (!child) return child.error().message;
  const auto status = child.value().wait(kLimit, stop);
  if (!status) return "it took too long";
  return status.value().success() ? "" : "ts-media " + status.value().describe();
}

}  // namespace ts::sandbox
