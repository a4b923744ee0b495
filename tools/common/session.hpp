// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/command.hpp"
#include "common/context.hpp"
#include "core/log.hpp"
#include "core/result.hpp"

#include <map>
#include <string>

namespace ts::cli {

/// One run of one command, all of whose words are understood: settings, outputs, the run itself,
/// the exit code.
class Session {
 public:
  Session(const Program& program, const Command& command, GlobalOptions options, const char* argv0)
      : program_(program), command_(command), options_(std::move(options)), argv0_(argv0) {}

  /// @return the exit code.
  int run(const Runner& runner);

 private:
  Result<Context::Parts> make_parts(std::map<std::string, std::string> environment, Log& log,
                                    Output& out);
  Status run_guarded(const Runner& runner, Context& context);
  /// What to do next where the error itself does not say.
  [[nodiscard]] std::string fallback_hint(ErrorKind kind) const;
  int fail(Output& out, Error error, int stop_signal);

  const Program& program_;
  const Command& command_;
  GlobalOptions options_;
  const char* argv0_;
};

}  // namespace ts::cli
