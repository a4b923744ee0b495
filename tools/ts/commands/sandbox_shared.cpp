// SPDX-License-Identifier: Apache-2.0
#include "sandbox_shared.hpp"

namespace ts::cli {

std::filesystem::path sandbox_folder(const Context& context, const std::string& directory) {
  std::error_code ignored;
  const std::filesystem::path path =
      directory.empty() ? context.state_dir() / "sandbox" : std::filesystem::path(directory);
  const auto absolute = std::filesystem::absolute(path, ignored);
  return absolute.empty() ? path : absolute;
}

Result<sandbox::Instance> running_sandbox(const std::filesystem::path& folder) {
  TS_TRY(auto found, sandbox::find_instance(folder));
  if (found) return std::move(*found);
  return Error{.kind = ErrorKind::kNotFound,
               .message = "no sandbox is running in " + folder.string(),
               .hint = "run ts sandbox up, or name its folder with --dir",
               .code = "sandbox_not_running"};
}

}  // namespace ts::cli
