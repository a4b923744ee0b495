// SPDX-License-Identifier: Apache-2.0
#pragma once

// A `ts-media` child as the media host's jobs use it. Private to media_*.cpp.
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/result.hpp"
#include "rtmp/tag_ring.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace ts::sandbox {

/// For a child to write what it has after its input has ended.
inline constexpr milliseconds kDrain{5'000};
/// Where a child finds what must not be an argument.
inline constexpr int kControlDescriptor = 3;

/// One line a child printed; an empty object when it is no JSON object.
Json parse_line(const std::string& line);
/// A member of it; empty, or 0, when there is none of that type.
std::string word(const Json& json, const char* key);
double number(const Json& json, const char* key);

/// A ts-media child that reports in lines, fed from a publication when there is one.
class MediaWorker {
 public:
  static Result<MediaWorker> start(const std::filesystem::path& program,
                                   const std::vector<std::string>& environment,
                                   std::vector<std::string> arguments,
                                   std::vector<InheritedFd> inherited,
                                   std::unique_ptr<rtmp::TagRing::Reader> media) {
    TS_TRY(auto child,
           ChildProcess::spawn({.program = program,
                                .arguments = std::move(arguments),
                                .environment = environment,
                                .standard_input = media ? StreamMode::kPipe : StreamMode::kNull,
                                .standard_output = StreamMode::kPipe,
                                .standard_error = StreamMode::kNull,
                                .inherited = std::move(inherited)}));
    return MediaWorker(std::move(child), std::move(media));
  }

  /// The child's next line, or nothing for 100 ms.
  std::optional<std::string> line(const std::stop_token& stop) {
    return lines_->next(milliseconds{100}, stop);
  }
  /// True once the child has closed its output and all lines were read.
  [[nodiscard]] bool ended() const { return lines_->ended(); }
  /// No more media: the child writes what it has and ends.
  void close_input() { pipe_.reset(); }
  /// How it ended; ends it when it does not end by itself.
  ExitStatus finish(milliseconds limit) {
    pipe_.reset();
    if (auto status = child_.wait(limit)) return status.value();
    return child_.stop(seconds{1});
  }

 private:
  MediaWorker(ChildProcess child, std::unique_ptr<rtmp::TagRing::Reader> media)
      : child_(std::move(child)),
        lines_(std::make_unique<LineReader>(child_.take_stdout())),
        pipe_(media ? std::make_unique<rtmp::FlvPipe>(std::move(media), child_.take_stdin())
                    : nullptr) {}

  ChildProcess child_;
  std::unique_ptr<LineReader> lines_;
  std::unique_ptr<rtmp::FlvPipe> pipe_;
};

}  // namespace ts::sandbox
