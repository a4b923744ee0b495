// SPDX-License-Identifier: Apache-2.0
#include "common/output.hpp"

#include "core/json.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace ts::cli {
namespace {

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) {
      return Error{.kind = ErrorKind::kInterrupted,
                   .message = "nobody reads the output",
                   .code = "closed_pipe"};
    }
    if (count < 0) {
      return Error{.kind = ErrorKind::kConfig,
                   .message = fmt::format("cannot write the output ({})", std::strerror(errno)),
                   .hint = "check that the disk is not full",
                   .code = "write_failed"};
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok_status();
}

std::string with_newline(std::string text) {
  if (text.empty() || text.back() != '\n') text.push_back('\n');
  return text;
}

std::string_view escape(Output::Style style) {
  switch (style) {
    case Output::Style::kBold:
      return "\033[1m";
    case Output::Style::kDim:
      return "\033[2m";
    case Output::Style::kRed:
      return "\033[31m";
    case Output::Style::kGreen:
      return "\033[32m";
    case Output::Style::kYellow:
      return "\033[33m";
    case Output::Style::kCyan:
      return "\033[36m";
  }
  return "";
}

constexpr std::size_t kMaxWarnings = 100;
constexpr std::string_view kPlain = "\033[0m";
constexpr Output::Style kStyles[] = {Output::Style::kBold,   Output::Style::kDim,
                                     Output::Style::kRed,    Output::Style::kGreen,
                                     Output::Style::kYellow, Output::Style::kCyan};

/// A text that Output::styled() made.
struct StyledRun {
  std::string_view color;
  std::string_view text;
  [[nodiscard]] std::size_t bytes() const { return color.size() + text.size() + kPlain.size(); }
};

/// The one that `text` begins with.
std::optional<StyledRun> styled_run(std::string_view text) {
  for (const Output::Style style : kStyles) {
    const std::string_view color = escape(style);
    if (!text.starts_with(color)) continue;
    const std::size_t end = text.find('\033', color.size());
    if (end == std::string_view::npos || !text.substr(end).starts_with(kPlain)) break;
    return StyledRun{color, text.substr(color.size(), end - color.size())};
  }
  return std::nullopt;
}

/// Columns a UTF-8 text takes, counting code points: close enough for ids and names.
std::size_t columns(std::string_view text) {
  std::size_t out = 0;
  while (!text.empty()) {
    if (const auto run = styled_run(text)) {
      out += columns(run->text);
      text.remove_prefix(run->bytes());
    } else {
      if ((static_cast<unsigned char>(text.front()) & 0xC0U) != 0x80U) ++out;
      text.remove_prefix(1);
    }
  }
  return out;
}

/// A shell-safe value for NAME=value lines.
std::string shell_value(std::string_view value) {
  constexpr std::string_view kSafe =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@%+=,";
  if (!value.empty() && value.find_first_not_of(kSafe) == std::string_view::npos) {
    return std::string(value);
  }
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

/// A list without an entry has no ids to print, which is no mistake.
bool lists_nothing(const Json* document) {
  return document != nullptr && document->is_object() &&
         std::any_of(document->begin(), document->end(),
                     [](const Json& member) { return member.is_array() && member.empty(); });
}

}  // namespace

std::string printable(std::string_view text, bool lines, bool colors) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1B && colors) {
      if (const auto run = styled_run(text.substr(i))) {
        out.append(run->color).append(printable(run->text, false, false)).append(kPlain);
        i += run->bytes() - 1;
        continue;
      }
    }
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (c == 0xC2 && next >= 0x80 && next < 0xA0) {  // the same commands in one code point
      out.push_back('?');
      ++i;
    } else if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7F) {
      out.push_back('?');
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Status Output::check_reveal(bool reveal) const {
  if (reveal || (options_.format != Format::kRaw && options_.format != Format::kEnv)) {
    return ok_status();
  }
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("-o {} prints a secret here",
                                      options_.format == Format::kRaw ? "raw" : "env"),
               .hint = "add --reveal to see it"};
}

Status Output::report(const Report& report) {
  result_id_ = report.id;
  const auto unsupported = [](std::string_view name) {
    return Error{.kind = ErrorKind::kUsage,
                 .message = fmt::format("this command has no -o {} output", name),
                 .hint = "use --json"};
  };
  progress("");
  switch (options_.format) {
    case Format::kJson:
      if (report.document == nullptr) return unsupported("json");
      return print(dump_json(with_warnings(*report.document), 2) + "\n");
    case Format::kId:
      if (report.id.empty() && lists_nothing(report.document)) return ok_status();
      if (report.id.empty()) return unsupported("id");
      return print(with_newline(report.id));
    case Format::kRaw:
      if (report.raw.empty()) return unsupported("raw");
      return print(with_newline(report.raw));
    case Format::kEnv: {
      if (report.env.empty()) return unsupported("env");
      std::string lines;
      for (const auto& [name, value] : report.env) {
        lines += fmt::format("{}={}\n", name, shell_value(value));
      }
      return print(lines);
    }
    case Format::kText:
      break;
  }
  return report.text.empty()
             ? ok_status()
             : print(with_newline(printable(report.text, true, options_.color_stdout)));
}

Json Output::with_warnings(Json document) {
  const std::lock_guard lock(stderr_mutex_);
  if (!document.is_object()) return document;
  for (std::string& warning : std::exchange(warnings_, {})) {
    Json& list = document["warnings"];
    if (std::find(list.begin(), list.end(), Json(warning)) == list.end()) {
      list.push_back(std::move(warning));
    }
  }
  return document;
}

Status Output::json_line(const Json& document) { return print(dump_json(document) + "\n"); }

Status Output::print(std::string_view text) {
  return held_ ? ok_status() : write_all(STDOUT_FILENO, text);
}

void Output::write_stderr(std::string_view text) {
  const std::lock_guard lock(stderr_mutex_);
  std::string line;
  if (progress_shown_) line = "\r\033[K";
  progress_shown_ = false;
  line += text;
  // stderr may be closed: there is nobody left to tell.
  static_cast<void>(write_all(STDERR_FILENO, line).ok());
}

void Output::status(std::string_view text) {
  if (options_.quiet || json() || held_) return;
  write_stderr(printable(log_.scrubbed(std::string(text)), true, options_.color_stderr) + "\n");
}

void Output::warn(std::string_view text) {
  if (json()) {
    const std::lock_guard lock(stderr_mutex_);
    if (warnings_.size() < kMaxWarnings) warnings_.push_back(log_.scrubbed(std::string(text)));
    return;
  }
  write_stderr(
      fmt::format("{} {}\n", styled_stderr(Style::kYellow, "warning:"),
                  printable(log_.scrubbed(std::string(text)), true, options_.color_stderr)));
}

void Output::progress(std::string_view text) {
  if (!interactive() || json()) return;
  const std::lock_guard lock(stderr_mutex_);
  if (text.empty() && !progress_shown_) return;
  static_cast<void>(write_all(STDERR_FILENO, fmt::format("\r\033[K{}", text)).ok());
  progress_shown_ = !text.empty();
}

void Output::error(std::string_view program, const Error& error) {
  if (json()) {
    // Before it is JSON: a mask in place of a number, or behind an escape, would break it.
    Error shown = error;
    shown.message = log_.scrubbed(shown.message);
    shown.hint = log_.scrubbed(shown.hint);
    for (std::string& left : shown.residue) left = log_.scrubbed(left);
    write_stderr(dump_json(with_warnings(error_document(shown))) + "\n");
    return;
  }
  std::string text = fmt::format(
      "{}: {}\n", program, printable(log_.scrubbed(error.message), true, options_.color_stderr));
  for (const std::string& left : error.residue) {
    text += fmt::format("    left behind: {}\n",
                        printable(log_.scrubbed(left), true, options_.color_stderr));
  }
  if (!error.hint.empty()) {
    text +=
        fmt::format("    {}\n", printable(log_.scrubbed(error.hint), true, options_.color_stderr));
  }
  write_stderr(text);
}

std::string Output::styled(Style style, std::string_view text) const {
  if (!options_.color_stdout) return std::string(text);
  return fmt::format("{}{}{}", escape(style), text, kPlain);
}

std::string Output::styled_stderr(Style style, std::string_view text) const {
  if (!options_.color_stderr) return std::string(text);
  return fmt::format("{}{}{}", escape(style), text, kPlain);
}

std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& given, std::string_view empty) {
  if (given.empty()) return std::string(empty);
  std::vector<std::vector<std::string>> rows = given;
  for (auto& row : rows) {
    for (std::string& cell : row) cell = printable(cell, false, true);
  }
  std::vector<std::size_t> widths;
  widths.reserve(header.size());
  for (const std::string& cell : header) widths.push_back(columns(cell));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], columns(row[i]));
    }
  }
  std::string out;
  const auto add_row = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - columns(row[i]) + 2, ' ');
    }
    out.push_back('\n');
  };
  add_row(header);
  for (const auto& row : rows) add_row(row);
  return out;
}

Json error_document(const Error& error) {
  Json document;
  document["schema"] = "ts.error/1";
  document["kind"] = std::string(to_string(error.kind));
  document["code"] = error.code.empty() ? std::string(to_string(error.kind)) : error.code;
  document["message"] = error.message;
  document["hint"] = error.hint;
  document["retryable"] = error.retryable;
  document["exit"] = exit_code(error.kind);
  if (error.http_status != 0) {
    document["http"]["status"] = error.http_status;
    if (!error.request_id.empty()) document["http"]["request_id"] = error.request_id;
  }
  if (!error.residue.empty()) document["residue"] = error.residue;
  return document;
}

}  // namespace ts::cli
