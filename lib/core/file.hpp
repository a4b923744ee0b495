// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ts {

/// Reads a whole regular file or pipe.
/// @return kUsage naming the path and the system's reason, or when it is larger than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t max_bytes = std::size_t{64} << 20U);

/// Reads a credential file; one trailing newline is not part of the secret.
/// @return kConfig when it cannot be read, is empty, or others may read it (unless `allow_loose`,
///         for secrets mounted by an orchestrator).
Result<Secret> read_secret_file(const std::filesystem::path& path, bool allow_loose);

/// What a symbolic link leads to in the end, so that the file is replaced and not the link; any
/// other path as it is, and the links of /proc, which name no path.
std::filesystem::path link_target(std::filesystem::path path);

/// Replaces `path` atomically: temporary file in the same folder, fsync, rename, fsync of the
/// folder. After a crash the old or the new content is there, never half of one. A symbolic link
/// stays one, and a device or a pipe is written into.
/// @param mode  permissions of the new file, such as 0600 for secrets.
Status write_file_atomic(const std::filesystem::path& path, std::string_view content,
                         unsigned mode = 0644);

/// Whether write_file_atomic(path) would get as far as writing, as can be told beforehand: for what
/// is written after something that cannot be undone. @return kUsage naming the path and the reason.
Status check_writable(const std::filesystem::path& path);

/// Makes `folder` and what is missing above it, each with mode 0700 whatever the umask; folders
/// that are there stay as they are. @return kConfig (code "disk_full" when it is).
Status make_private_folders(const std::filesystem::path& folder);

}  // namespace ts
