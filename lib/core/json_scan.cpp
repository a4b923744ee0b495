// SPDX-License-Identifier: Apache-2.0
#include "core/json_scan.hpp"

#include "core/text.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace ts {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The first place from `at` on that ends a plain run inside a string: a quote, a backslash or a
/// control character. Eight bytes at a time.
std::size_t plain_end(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t below_blank = (word - kOnes * 0x20U) & ~word & kHighs;
    if ((below_blank | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\')) != 0) break;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == '"' || c == '\\') break;
  }
  return at;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0U | code >> 6U);
    push(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    push(0xE0U | code >> 12U);
    push(0x80U | (code >> 6U & 0x3FU));
    push(0x80U | (code & 0x3FU));
  } else {
    push(0xF0U | code >> 18U);
    push(0x80U | (code >> 12U & 0x3FU));
    push(0x80U | (code >> 6U & 0x3FU));
    push(0x80U | (code & 0x3FU));
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t at = 0;
  while (true) {
    const std::size_t end = plain_end(text, at);
    out.append(text.substr(at, end - at));
    if (end == text.size()) break;
    at = end + 1;
    const auto c = static_cast<unsigned char>(text[end]);
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        out.append("\\u00");
        out.push_back(kHexDigits[c >> 4U]);
        out.push_back(kHexDigits[c & 15U]);
    }
  }
  out.push_back('"');
}

JsonScanner::JsonScanner(std::string_view text) : text_(text), ok_(is_utf8(text)) {}

bool JsonScanner::finish() {
  blanks();
  return ok_ && depth_ == 0 && at_ == text_.size();
}

void JsonScanner::blanks() noexcept {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    ++at_;
  }
}

bool JsonScanner::take(char c) noexcept {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonScanner::take_word(std::string_view word) noexcept {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool JsonScanner::enter(char open) {
  if (!ok_) return false;
  blanks();
  if (!take(open) || ++depth_ > kMaxDepth) return fail();
  first_ = true;
  return true;
}

bool JsonScanner::enter_object() { return enter('{'); }
bool JsonScanner::enter_array() { return enter('['); }

bool JsonScanner::next_element(char close) {
  if (!ok_) return false;
  blanks();
  if (take(close)) {
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_ && !take(',')) return fail();
  first_ = false;
  return true;
}

bool JsonScanner::next_member() {
  if (!next_element('}')) return false;
  if (!read_text(key_, key_buffer_)) return false;
  blanks();
  return take(':') || fail();
}

bool JsonScanner::next_item() {
  if (!next_element(']')) return false;
  blanks();
  // A comma promises an item.
  return peek() != ']' || fail();
}

bool JsonScanner::take_null() {
  if (!ok_) return false;
  blanks();
  return take_word("null");
}

bool JsonScanner::read_unit(unsigned& out) {
  if (at_ + 4 > text_.size()) return fail();
  const char* const begin = text_.data() + at_;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = begin[i];
    if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) return fail();
  }
  std::from_chars(begin, begin + 4, out, 16);
  at_ += 4;
  return true;
}

bool JsonScanner::read_escape(std::string& out) {
  if (at_ >= text_.size()) return fail();
  switch (text_[at_++]) {
    case '"':
      out.push_back('"');
      return true;
    case '\\':
      out.push_back('\\');
      return true;
    case '/':
      out.push_back('/');
      return true;
    case 'b':
      out.push_back('\b');
      return true;
    case 'f':
      out.push_back('\f');
      return true;
    case 'n':
      out.push_back('\n');
      return true;
    case 'r':
      out.push_back('\r');
      return true;
    case 't':
      out.push_back('\t');
      return true;
    case 'u':
      break;
    default:
      return fail();
  }
  unsigned code = 0;
  if (!read_unit(code)) return false;
  if (code >= 0xDC00 && code < 0xE000) return fail();
  if (code >= 0xD800 && code < 0xDC00) {
    unsigned low = 0;
    if (!take('\\') || !take('u')) return fail();
    if (!read_unit(low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return fail();
    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
  }
  append_utf8(out, code);
  return true;
}

bool JsonScanner::read_text(std::string_view& out, std::string& buffer) {
  if (!ok_) return false;
  blanks();
  if (!take('"')) return fail();
  std::size_t plain = at_;
  at_ = plain_end(text_, at_);
  if (peek() == '"') {
    out = text_.substr(plain, at_++ - plain);
    return true;
  }
  buffer.clear();
  while (take('\\')) {
    buffer.append(text_.substr(plain, at_ - 1 - plain));
    if (!read_escape(buffer)) return false;
    plain = at_;
    at_ = plain_end(text_, at_);
  }
  if (peek() != '"') return fail();
  buffer.append(text_.substr(plain, at_++ - plain));
  out = buffer;
  return true;
}

bool JsonScanner::read_string(std::string& out) {
  std::string_view text;
  if (!read_text(text, scratch_)) return false;
  out.assign(text);
  return true;
}

bool JsonScanner::read_bool(bool& out) {
  if (!ok_) return false;
  blanks();
  if (take_word("true")) {
    out = true;
    return true;
  }
  if (take_word("false")) {
    out = false;
    return true;
  }
  return fail();
}

bool JsonScanner::read_number(double& out) {
  if (!ok_) return false;
  blanks();
  const std::size_t begin = at_;
  const auto digits = [this] {
    const std::size_t first = at_;
    while (is_digit(peek())) ++at_;
    return at_ > first;
  };
  take('-');
  if (!take('0') && !digits()) return fail();
  if (take('.') && !digits()) return fail();
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digits()) return fail();
  }
  const char* const end = text_.data() + at_;
  const auto [stop, problem] = std::from_chars(text_.data() + begin, end, out);
  // Too small for a double counts as zero to some readers and as an error to others: the long way
  // decides.
  return (problem == std::errc{} && stop == end && std::isfinite(out)) || fail();
}

bool JsonScanner::read_integer(std::int64_t& out) {
  if (!ok_) return false;
  blanks();
  const char* const begin = text_.data() + at_;
  const std::size_t sign = peek() == '-' ? 1 : 0;
  const auto [end, problem] = std::from_chars(begin, text_.data() + text_.size(), out);
  const auto length = static_cast<std::size_t>(end - begin);
  if (problem != std::errc{} || (begin[sign] == '0' && length > sign + 1)) return fail();
  at_ += length;
  return (peek() != '.' && peek() != 'e' && peek() != 'E') || fail();
}

bool JsonScanner::skip() {
  if (!ok_) return false;
  blanks();
  switch (peek()) {
    case '{':
      for (enter_object(); next_member();) skip();
      return ok_;
    case '[':
      for (enter_array(); next_item();) skip();
      return ok_;
    case '"': {
      std::string_view ignored;
      return read_text(ignored, scratch_);
    }
    case 't':
    case 'f': {
      bool ignored = false;
      return read_bool(ignored);
    }
    case 'n':
      return take_null() || fail();
    default: {
      double ignored = 0;
      return read_number(ignored);
    }
  }
}

}  // namespace ts
