// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "sandbox_shared.hpp"

#include "common/context.hpp"
#include "core/json.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace ts::cli {
namespace in_sandbox_reset {

struct Options {
  std::string directory;
};

Status run(const Options& options, Context& context) {
  const auto folder = sandbox_folder(context, options.directory);
  TS_TRY(const auto found, sandbox::find_instance(folder));
  if (!found && !sandbox::is_sandbox_folder(folder)) {
    // Its "recordings" may be anybody's.
    return Error{.kind = ErrorKind::kNotFound,
                 .message = "no sandbox has been in " + folder.string() + ": nothing was deleted",
                 .hint = "name the folder given to ts sandbox up with --dir",
                 .code = "no_sandbox_folder"};
  }
  TS_CHECK(context.confirm("delete the recordings in " + (folder / "recordings").string() + "?"));
  if (found) {
    TS_TRY(const auto answer,
           sandbox::ask_instance(*found, context.transport(), "reset", "", context.stop()));
    static_cast<void>(answer);
  } else if (!context.dry_run()) {
    std::error_code failure;
    std::filesystem::remove_all(folder / "recordings", failure);
    if (failure) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = "cannot delete the recordings in " + folder.string() + ": " +
                              failure.message()};
    }
  }
  const Json document{
      {"schema", "ts.sandbox/1"}, {"state", found ? "up" : "down"}, {"reset", !context.dry_run()}};
  return context.out().report(
      {.document = &document,
       .text = context.dry_run() ? "recordings would be deleted"
                                 : "rooms and streams are forgotten, recordings deleted"});
}

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directory, "Folder given to ts sandbox up")->type_name("DIR");
  return [options](Context& context) { return run(*options, context); };
}

}  // namespace in_sandbox_reset

Command sandbox_reset() {
  return {.path = "sandbox reset",
          .summary = "Forget the sandbox's rooms and streams, delete its recordings",
          .example = "ts sandbox reset --yes",
          .forms = "none",
          .bind = in_sandbox_reset::bind,
          .details = "Keys and addresses stay. Publishers are disconnected."};
}

}  // namespace ts::cli
