// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sandbox/media_jobs.hpp"

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

namespace ts::sandbox {

/// Copies one recording into a file, on a thread of its own.
class MediaFileWriter {
 public:
  MediaFileWriter(const MediaOptions& options, const MediaHooks& hooks, FileMake make,
                  std::filesystem::path folder)
      : options_(options),
        hooks_(hooks),
        make_(std::move(make)),
        folder_(std::move(folder)),
        thread_([this](const std::stop_token& stop) {
          const auto error = write(stop);
          std::error_code ignored;
          const auto size = std::filesystem::file_size(folder_ / make_.name, ignored);
          hooks_.file_made(make_, error.empty() ? static_cast<std::int64_t>(size) : 0, error);
          done_ = true;
        }) {}

  [[nodiscard]] bool done() const { return done_; }

 private:
  [[nodiscard]] std::string write(const std::stop_token& stop) const;

  const MediaOptions& options_;
  const MediaHooks& hooks_;
  FileMake make_;
  std::filesystem::path folder_;
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

}  // namespace ts::sandbox
