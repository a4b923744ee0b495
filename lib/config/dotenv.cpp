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

  Result<std::vector<std::pair<std::string, std::string>>> parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    std::vector<std::pair<std::string, std::string>> out;
    while (!at_end()) {
      skip_blanks();
      if (at_end()) break;
      if (peek() == '\n' || peek() == '#') {
        skip_line();
        continue;
      }
      TS_TRY(auto name, read_name());
      TS_TRY(auto value, read_value());
      out.emplace_back(std::move(name), std::move(value));
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

  Result<std::string> read_name() {
    const auto end = text_.find_first_of("=\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') return fail("there is no '='");
    std::string_view name = trim(text_.substr(at_, end - at_));
    if (name.starts_with("export ")) name = trim(name.substr(7));
    if (!is_name(name)) return fail("the name before '=' is not a variable name");
    at_ = end + 1;
    return std::string(name);
  }

  Result<std::string> read_value() {
    skip_blanks();
    if (at_end()) return std::string();
    const char quote = peek();
    if (quote != '"' && quote != '\'') return read_bare();
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
    skip_blanks();
    if (!at_end() && peek() != '\n' && peek() != '#') return fail("text follows the closing quote");
    skip_line();
    return value;
  }

  Result<std::string> read_bare() {
    const auto end = std::min(text_.find('\n', at_), text_.size());
    std::string_view value = text_.substr(at_, end - at_);
    // A comment needs a blank before its '#': keys may contain one.
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '#' && (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t')) {
        value = value.substr(0, i);
        break;
      }
    }
    at_ = end;
    skip_line();
    return std::string(trim(value));
  }

  std::string_view text_;
  std::string_view what_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_dotenv(std::string_view text,
                                                                      std::string_view what) {
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
    return Error{.kind = ErrorKind::kConfig, .message = fmt::format("{} is not a text file", what)};
  }
  return Parser(text, what).parse();
}

}  // namespace ts::config
