// SPDX-License-Identifier: Apache-2.0
#include "common/control_path.hpp"

#include "common/context.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace ts::cli {

std::filesystem::path control_folder(const Context& context) {
  const auto runtime = context.environment("XDG_RUNTIME_DIR");
  std::error_code ignored;
  if (!runtime.empty() && std::filesystem::is_directory(runtime, ignored)) {
    return std::filesystem::path(runtime) / "ts";
  }
  return context.state_dir() / "run";
}

std::string name_in_socket(std::string_view show) {
  std::string name;
  for (const char letter : show.substr(0, 32)) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
    name += plain ? letter : '-';
  }
  return name.empty() ? "show" : name;
}

std::filesystem::path default_control_socket(const Context& context, std::string_view show) {
  return control_folder(context) / fmt::format("{}.{}.sock", name_in_socket(show), ::getpid());
}

std::string_view show_of_control_socket(std::string_view file_name) {
  return file_name.substr(0, file_name.find('.'));
}

}  // namespace ts::cli
