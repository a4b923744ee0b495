// SPDX-License-Identifier: Apache-2.0
#include "config/dotenv.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

namespace ts::config {
namespace {

bool is_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
         std::string_view::npos;
}

/// One pass over the text; knows the line it is on.
class Parser {
 public:
  Parser(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  Result<std::vector<Assignment>> parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    std::vector<Assignment> out;
    while (!at_end()) {
      skip_blanks();
      if (at_end()) break;
      if (peek() == '\n' || peek() == '#') {
        skip_line();
        continue;
      }
      Assignment next{.line = line_, .begin = at_};
      TS_TRY(next.name, read_name(next));
      TS_TRY(next.value, read_value(next));
      out.push_back(std::move(next));
    }
    return out;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) ++at_;
  }
  void skip_line() {
    while (!at_end() && peek() != '\n') ++at_;
    if (!at_end()) {
      ++at_;
      ++line_;
    }
  }
  [[nodiscard]] Error fail(std::string_view problem) const {
    return Error{.kind = ErrorKind::kConfig,
                 .message = fmt::format("{} line {}: {}", what_, line_, problem),
                 .hint = "write one NAME=value a line"};
  }

  Result<std::string> read_name(Assignment& next) {
    const auto end = text_.find_first_of("=\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') return fail("there is no '='");
    std::string_view name = trim(text_.substr(at_, end - at_));
    if (name.starts_with("export ")) name = trim(name.substr(7));
    if (!is_name(name)) return fail("the name before '=' is not a variable name");
    next.name_begin = static_cast<std::size_t>(name.data() - text_.data());
    at_ = end + 1;
    return std::string(name);
  }

  Result<std::string> read_value(Assignment& next) {
    next.end = at_;
    skip_blanks();
    if (at_end()) return std::string();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return read_bare(next);
    ++at_;
    std::string value;
    const std::size_t opened = line_;
    while (!at_end() && peek() != quote) {
      char c = peek();
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        ++at_;
        c = peek();
        if (c == '\n') ++line_;
        if (c == 'n') c = '\n';
        if (c == 'r') c = '\r';
        if (c == 't') c = '\t';
      }
      value.push_back(c);
      ++at_;
    }
    if (at_end()) {
      line_ = opened;
      return fail("the quote is not closed");
    }
    ++at_;
    next.end = at_;
    skip_blanks();
    if (!at_end() && peek() != '\n' && peek() != '#') return fail("text follows the closing quote");
    skip_line();
    return value;
  }

  Result<std::string> read_bare(Assignment& next) {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    std::string_view value = text_.substr(at_, end - at_);
    // A comment needs a blank before its '#': keys may contain one.
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '#' && (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t')) {
        value = value.substr(0, i);
        break;
      }
    }
    value = trim(value);
    if (!value.empty()) {
      next.end = static_cast<std::size_t>(value.data() - text_.data()) + value.size();
    }
    at_ = end;
    skip_line();
    return std::string(value);
  }

  std::string_view text_;
  std::string_view what_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<Assignment>> parse_assignments(std::string_view text, std::string_view what) {
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
    return Error{.kind = ErrorKind::kConfig, .message = fmt::format("{} is not a text file", what)};
  }
  return Parser(text, what).parse();
}

std::string dotenv_value(std::string_view value) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./:@%,";
  if (value.find_first_not_of(kPlain) == std::string_view::npos) return std::string(value);
  // Between '' nothing means anything else, to a shell neither.
  if (value.find_first_of("'\r\n") == std::string_view::npos) return fmt::format("'{}'", value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Result<std::vector<std::pair<std::string, std::string>>> parse_dotenv(std::string_view text,
                                                                      std::string_view what) {
  TS_TRY(auto assignments, parse_assignments(text, what));
  std::vector<std::pair<std::string, std::string>> out;
  out.reserve(assignments.size());
  for (Assignment& one : assignments) out.emplace_back(std::move(one.name), std::move(one.value));
  return out;
}

}  // namespace ts::config
