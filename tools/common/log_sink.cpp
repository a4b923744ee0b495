// SPDX-License-Identifier: Apache-2.0
#include "common/log_sink.hpp"

#include "common/output.hpp"
#include "core/duration.hpp"
#include "core/json.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace ts::cli {

std::string log_text(const Log::Line& line, bool json) {
  if (!json) {
    // It may quote what others sent: no terminal command of theirs, nor a line of its own.
    return fmt::format("{} {}: {}\n", to_string(line.level), line.component,
                       printable(line.text, false, false));
  }
  Json entry;
  entry["time"] = format_rfc3339(line.time);
  entry["level"] = std::string(to_string(line.level));
  entry["component"] = std::string(line.component);
  entry["text"] = std::string(line.text);
  return dump_json(entry) + "\n";
}

Log::Sink stderr_sink(bool json_lines) {
  return [json_lines](const Log::Line& line) {
    const std::string text = log_text(line, json_lines);
    static_cast<void>(::write(STDERR_FILENO, text.data(), text.size()) >= 0);
  };
}

LogLevel level_of(int verbosity) {
  switch (verbosity) {
    case 0:
      return LogLevel::kWarning;
    case 1:
      return LogLevel::kInfo;
    case 2:
      return LogLevel::kDebug;
    default:
      return LogLevel::kTrace;
  }
}

}  // namespace ts::cli
