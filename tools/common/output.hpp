// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_fwd.hpp"
#include "core/log.hpp"
#include "core/result.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::cli {

/// What stdout carries: text for people (default), one JSON document (--json), or with -o only
/// the id, the raw value, or NAME=value lines.
enum class Format : std::uint8_t { kText, kJson, kId, kRaw, kEnv };

/// What a command found out, in every form it can be asked for. An empty form is refused with a
/// usage error when asked for.
struct Report {
  const Json* document = nullptr;  ///< With "schema"; borrowed for the call.
  std::string text{};              ///< For people; a final newline is added when missing.
  std::string id{};                ///< -o id: one id a line.
  std::string raw{};               ///< -o raw.
  std::vector<std::pair<std::string, std::string>> env{};  ///< -o env.
};

/// Results on stdout, everything else on stderr. Used by the main thread; `status`, `warn` and
/// `progress` may be called from any thread.
class Output {
 public:
  struct Options {
    Format format = Format::kText;
    bool quiet = false;
    bool color_stdout = false;
    bool color_stderr = false;
    bool terminal_stdout = false;
    bool terminal_stderr = false;
  };
  Output(Options options, Log& log) : options_(options), log_(log) {}

  /// For commands whose -o raw and -o env are a secret: kUsage when one is asked for without
  /// `reveal`. Ask before anything is sent.
  [[nodiscard]] Status check_reveal(bool reveal) const;
  [[nodiscard]] bool json() const noexcept { return options_.format == Format::kJson; }
  [[nodiscard]] Format format() const noexcept { return options_.format; }
  [[nodiscard]] bool quiet() const noexcept { return options_.quiet; }
  /// True when people watch stderr: progress and prompts make sense.
  [[nodiscard]] bool interactive() const noexcept {
    return options_.terminal_stderr && !options_.quiet;
  }
  [[nodiscard]] bool terminal_stdout() const noexcept { return options_.terminal_stdout; }

  /// The command's result, in the form asked for. Call it once.
  /// @return kInterrupted (code "closed_pipe") when nobody reads stdout any more.
  Status report(const Report& report);
  /// The id of what was reported.
  [[nodiscard]] const std::string& result_id() const noexcept { return result_id_; }
  /// One line of JSON, flushed: for long-running verbs with --json.
  Status json_line(const Json& document);
  /// Text to stdout as it is, flushed.
  Status print(std::string_view text);

  /// From now on results go nowhere (--dry-run: they would tell of answers that did not come),
  /// until `release_results`.
  void hold_results() noexcept { held_ = true; }
  void release_results() noexcept { held_ = false; }

  /// "text" and a newline on stderr, unless --quiet. Never in JSON mode.
  void status(std::string_view text);
  /// A warning: shown even with --quiet. In JSON mode, where stderr is kept for one error, it is in
  /// the document's "warnings", or in the error's; what comes after the document is in neither.
  void warn(std::string_view text);
  /// Replaces the progress line; only on a terminal. Empty text clears it.
  void progress(std::string_view text);
  /// "ts: message" and the hint, or the ts.error/1 object in JSON mode.
  void error(std::string_view program, const Error& error);

  /// Text in a color of the terminal's own palette when that stream shows colors.
  enum class Style : std::uint8_t { kBold, kDim, kRed, kGreen, kYellow, kCyan };
  [[nodiscard]] std::string styled(Style style, std::string_view text) const;
  [[nodiscard]] std::string styled_stderr(Style style, std::string_view text) const;

 private:
  void write_stderr(std::string_view text);
  /// `document` with what was warned of so far.
  Json with_warnings(Json document);

  Options options_;
  Log& log_;
  std::mutex stderr_mutex_;
  bool progress_shown_ = false;
  std::vector<std::string> warnings_;  // JSON mode
  std::string result_id_;
  std::atomic<bool> held_{false};
};

/// A text with somebody else's words in it, such as the name of a room: no terminal commands.
/// @param lines   line breaks and tabs stay.
/// @param colors  what Output::styled() made stays, from its color to its end.
std::string printable(std::string_view text, bool lines, bool colors);

/// Columns padded to their widest cell, two blanks between; with no rows only `empty`.
std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows, std::string_view empty);

/// The ts.error/1 document.
Json error_document(const Error& error);

}  // namespace ts::cli
