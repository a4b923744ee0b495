// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/unique_fd.hpp"

#include <string>

namespace ts::media {

/// The certificates FFmpeg's TLS trusts: the system's and, when given, one more file. FFmpeg takes
/// one path only, so both are joined in memory.
class CaBundle {
 public:
  /// @param extra  PEM file trusted in addition; empty for none.
  /// @return kConfig when `extra` cannot be read or holds no certificate.
  static Result<CaBundle> open(const std::string& extra);
  /// A path for FFmpeg's ca_file, valid while this lives; empty: FFmpeg's own default.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  CaBundle() = default;
  UniqueFd fd_;
  std::string path_;
};

}  // namespace ts::media
