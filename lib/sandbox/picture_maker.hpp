// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ts::sandbox {

/// Makes pictures of recordings by `ts-media picture`. Thread-safe; each call blocks until the
/// picture is there.
class PictureMaker {
 public:
  struct Options {
    std::filesystem::path program{};  ///< ts-media; empty: no picture can be made.
    std::filesystem::path scratch{};  ///< Folder for files that live as long as a call.
    std::vector<std::string> environment{};
  };
  struct Picture {
    std::string bytes{};
    std::string account;  ///< What ts-media says about it, as JSON text.
  };
  explicit PictureMaker(Options options) : options_(std::move(options)) {}

  /// @param ending     "png", "jpg", "webp" or "gif".
  /// @param arguments  of `ts-media picture`, besides the folder and the file.
  /// @return kUsage when a size cannot be, kNotFound when the recording has no picture there,
  ///         kMedia or kRemote otherwise.
  [[nodiscard]] Result<Picture> make(const std::filesystem::path& folder, std::string_view ending,
                                     std::vector<std::string> arguments) const;

 private:
  Options options_;
};

}  // namespace ts::sandbox
