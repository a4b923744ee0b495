// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/client.hpp"
#include "core/json_fwd.hpp"
#include "core/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace ts::cli {

class Context;

/// Which running compositor a command is for.
struct ControlFlags {
  std::string control{};       ///< --control: its socket.
  std::string show{};          ///< --show: its name, when several run.
  std::string timeout = "5s";  ///< --timeout: longest wait for its answer.
};
void add_control_options(CLI::App& app, ControlFlags& flags);

/// Connects to the compositor that is meant: --control, else the only one that runs (of this
/// --show), be it by ts compose run or by ts live start.
/// @return kNotFound when none runs, kUsage naming them when there are several.
Result<control::Client> connect_compositor(Context& context, const ControlFlags& flags);

/// Sends one command and waits for its reply. The command is checked before anything is sent; with
/// --dry-run it is printed instead.
Result<Json> ask_compositor(Context& context, const ControlFlags& flags, const Json& request);

/// ask_compositor, then reports the reply: the frame it took effect at, or with --json the reply as
/// a ts.compose/1 document.
/// @param text  what people are told; empty for "frame N".
Status run_compositor_command(Context& context, const ControlFlags& flags, const Json& request,
                              const std::function<std::string(const Json& reply)>& text = {});

/// The reply's members as a ts.compose/1 document of this command.
Json compose_document(std::string_view command, const Json& reply);

}  // namespace ts::cli
