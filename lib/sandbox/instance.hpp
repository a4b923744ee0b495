// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "net/http.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ts::sandbox {

/// A running sandbox as another process finds it: a file (0600) in its folder.
struct Instance {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< So that a reused process id is not taken for it.
  std::string url{};
  std::string rtmp_url{};
  std::string env_file{};
  Secret control_token{};
};

/// @return nullopt when there is none, or when its process has ended. kConfig for a file that
///         cannot be read.
Result<std::optional<Instance>> find_instance(const std::filesystem::path& folder);
Status save_instance(const std::filesystem::path& folder, const Instance& instance);
/// Asks a running sandbox: "status" (GET), "reset", "down", "fail" (POST, the spec as body).
/// @return its answer. kRemote when it does not answer, kUsage when it refuses the body.
Result<std::string> ask_instance(const Instance& instance, net::HttpTransport& transport,
                                 std::string_view verb, std::string body, std::stop_token stop);
/// Marks `folder` as a sandbox's own, for good: `ts sandbox reset` deletes in no other.
Status mark_folder(const std::filesystem::path& folder);
/// True for a marked folder, and for one whose sandbox was killed.
bool is_sandbox_folder(const std::filesystem::path& folder);
void remove_instance(const std::filesystem::path& folder) noexcept;

}  // namespace ts::sandbox
