// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "common/context.hpp"
#include "common/help.hpp"
#include "core/file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace ts::cli {
namespace in_docs_man {

struct Options {
  std::string folder;
};

Runner bind(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("folder", options->folder, "Folder to write into")->required()->type_name("DIR");
  return [options](Context& context) -> Status {
    const Program program = ts_program();
    std::error_code failure;
    std::filesystem::create_directories(options->folder, failure);
    const std::filesystem::path folder(options->folder);
    TS_CHECK(write_file_atomic(folder / "ts.1", man_page(program, nullptr)));
    std::size_t pages = 1;
    for (const Command& command : program.commands) {
      if (command.hidden) continue;
      std::string name = fmt::format("ts-{}.1", command.path);
      std::replace(name.begin(), name.end(), ' ', '-');
      TS_CHECK(write_file_atomic(folder / name, man_page(program, &command)));
      ++pages;
    }
    context.out().status(fmt::format("wrote {} man pages to {}", pages, options->folder));
    return ok_status();
  };
}

}  // namespace in_docs_man

Command docs_man() {
  return {.path = "docs man",
          .summary = "Write the man pages, generated from the command table",
          .example = "ts docs man build/man",
          .bind = in_docs_man::bind,
          .hidden = true};
}

}  // namespace ts::cli
