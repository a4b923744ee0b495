// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ts::cli {

class Context;

/// Where compositors that were given no --control make their sockets, and where ts compose looks
/// for them: $XDG_RUNTIME_DIR/ts, or run/ in the state folder.
std::filesystem::path control_folder(const Context& context);

/// A show's name as far as the name of its socket tells it: other letters are dashes, 32 at most.
std::string name_in_socket(std::string_view show);
/// "NAME.PID.sock" in the control folder, for a show run by this process. NAME has only letters,
/// digits, - and _, and is short enough for a socket where the folder is not long itself.
std::filesystem::path default_control_socket(const Context& context, std::string_view show);

/// The NAME of such a path.
std::string_view show_of_control_socket(std::string_view file_name);

}  // namespace ts::cli
